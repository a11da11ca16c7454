#ifndef CDC_TASK_CHECK_TARGET_H
#define CDC_TASK_CHECK_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct milvus;

/* The single questions of task_check_target, each with 5 s and one retry. */

/* ERR_TEMP if no server answers there. wait_ms 0: the default. */
int target_reach(const json_t *task, int wait_ms, struct err *e);
/*
 * token: user:password, or NULL for what the definition names, else
 * $CDC_TOKEN. login 0: without any.
 */
struct milvus *target_open(
    const json_t *task, const char *token, int login, struct err *e);
/*
 * 1 if the definition says that there is no login, so that $CDC_TOKEN is not
 * used.
 */
int target_without_token(const json_t *task);
/* The same with its own login, for two seconds and one try. */
struct milvus *target_open_brief(const json_t *task, struct err *e);
/* The first call; it finds a wrong login. */
int target_version(struct milvus *m, char *version, size_t cap, struct err *e);
/* ERR_DATA if it is a standby, which takes rows from ReplicateMessage alone. */
int target_mode(struct milvus *m, struct err *e);

/*
 * Ask for its identity (milvus/born.h), in *born. ERR_DATA if it is that of the
 * source; 0: the source's is not known.
 */
int target_itself(
    struct milvus *m, uint64_t source, uint64_t *born, struct err *e);

#endif
