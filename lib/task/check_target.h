#ifndef CDC_TASK_CHECK_TARGET_H
#define CDC_TASK_CHECK_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct milvus;

/* The questions of task_check_target, each by itself: 5 s and one retry. */

/* Is there a server? wait_ms 0: the default. ERR_TEMP. */
int target_reach(const json_t *task, int wait_ms, struct err *e);
/*
 * token: user:password, or NULL for what the definition names, else
 * $CDC_TOKEN. login 0: without any.
 */
struct milvus *target_open(
    const json_t *task, const char *token, int login, struct err *e);
/* Does the definition say that there is no login? Then $CDC_TOKEN is none. */
int target_without_token(const json_t *task);
/* The same with its own login, for two seconds and one try. */
struct milvus *target_open_brief(const json_t *task, struct err *e);
/* The first call: a wrong login is found here. */
int target_version(struct milvus *m, char *version, size_t cap, struct err *e);
/* ERR_DATA if it is a standby, which takes rows from ReplicateMessage alone. */
int target_mode(struct milvus *m, struct err *e);

/*
 * Who it is (milvus/born.h), in *born; ERR_DATA if that is the source, which is
 * 0 if it is not known.
 */
int target_itself(
    struct milvus *m, uint64_t source, uint64_t *born, struct err *e);

#endif
