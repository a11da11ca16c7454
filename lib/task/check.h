#ifndef CDC_TASK_CHECK_H
#define CDC_TASK_CHECK_H

#include <stdint.h>

#include <jansson.h>

struct buf;
struct err;

/*
 * Check what a definition names before it is kept: etcd and the catalogue
 * (through cdc-meta), the brokers, their topics, and whether these still have
 * what the task begins with. Findings are appended to *found, a line each. A
 * "from" of now becomes the source's present time, so that it means the same at
 * each start. A position in "from" gets the topics that it lacks: from the
 * start of an included collection, else from the end. -1 with the fitting kind.
 * A pattern that matches nothing is ERR_DATA; with allow_none it is a line,
 * also in the definition's "warnings" if it has them.
 */
int task_check_source(json_t *task, const char *dir, int allow_none,
    struct buf *found, struct err *e);

/*
 * The same for the target; it must not be the source, if that was asked before.
 * token: user:password, or NULL for what the definition names. wait_ms: for the
 * connection, 0 for the default.
 */
int task_check_target(json_t *task, const char *token, int wait_ms,
    struct buf *found, struct err *e);

/*
 * Set "born": {"source":"…","target":"…"} of a definition: the identities of
 * both Milvus (milvus/born.h) when the task was made. 0: not known.
 */
void task_note_born(json_t *task, const char *which, uint64_t born);
uint64_t task_born(const json_t *task, const char *which);

/* Append one finding, a line for people. */
void check_found(struct buf *found, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Check what needs no server: patterns, names, WHERE. */
int task_check_words(const json_t *task, const char *dir, struct err *e);

#endif
