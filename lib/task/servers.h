#ifndef CDC_TASK_SERVERS_H
#define CDC_TASK_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct grpc_conf;
struct milvus;

/*
 * Questions to the Milvus on either side, one by one, each with 5 s and one
 * retry.
 */

/*
 * How to connect to that of --source, which is there; borrowed from task,
 * except the login, which is in *own: for trust_forget. It is only that of
 * --source-token-file: one of the environment would go to each source that
 * anybody names.
 */
int source_conf(
    const json_t *task, struct grpc_conf *c, char **own, struct err *e);
struct milvus *source_open(const json_t *task, struct err *e);
/* Its version and its time. ERR_DATA if it refuses the login. */
int source_ask(const json_t *task, char *version, size_t cap, uint64_t *now,
    struct err *e);

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
