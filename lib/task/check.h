#ifndef CDC_TASK_CHECK_H
#define CDC_TASK_CHECK_H

#include <stdint.h>

#include <jansson.h>

struct buf;
struct err;

/*
 * Look at what a definition names before it is kept: etcd and the catalogue
 * (through cdc-meta), the brokers, their topics, whether they still have what
 * the task begins with. What is found is appended to *found, a line each. A
 * "from" of now becomes the source's present time, so that it means the same
 * at each start; a position in it gets the topics that it leaves out: from
 * where an included collection begins, else from the end. -1 with the kind
 * that fits. A pattern that meets nothing is ERR_DATA, or with allow_none a
 * line, also of the definition's "warnings" if it has them.
 */
int task_check_source(json_t *task, const char *dir, int allow_none,
    struct buf *found, struct err *e);

/*
 * The same of the target, which is not to be the source, if that was looked
 * at before. token: user:password, or NULL for what the
 * definition names. wait_ms: for the connection, 0 for the default.
 */
int task_check_target(json_t *task, const char *token, int wait_ms,
    struct buf *found, struct err *e);

/*
 * "born": {"source":"…","target":"…"} of a definition: which Milvus they were
 * (milvus/born.h) when the task was made. 0: not known.
 */
void task_note_born(json_t *task, const char *which, uint64_t born);
uint64_t task_born(const json_t *task, const char *which);

/* One finding, for people: a line of its own. */
void check_found(struct buf *found, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Only what needs no server: patterns, names, WHERE. */
int task_check_words(const json_t *task, const char *dir, struct err *e);

#endif
