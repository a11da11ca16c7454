#ifndef CDC_STATE_REDO_H
#define CDC_STATE_REDO_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct jsonw;

/*
 * What cdc-apply was about to change at the target since the checkpoint, but
 * for rows: tasks/NAME/redo.ndjson of the state directory, cdc-state(5). The
 * source may have undone it before the next start, and etcd has forgotten
 * that it ever was; so whoever compares the source with what the target
 * `known` to have must also take what it may have.
 *
 * A line stands there before its operation is tried. A tick's line says that
 * a checkpoint of that timestamp knows all above it.
 */
struct redo;

enum { REDO_LINES_MAX = 1000 }; /* then those that are over are dropped */

/*
 * To add to it; forgets what a checkpoint at `from` knows. NULL with
 * ERR_OUTPUT or ERR_DATA.
 */
struct redo *redo_open(
    const char *dir, const char *task, uint64_t from, struct err *e);
void redo_close(struct redo *r);

/* A line, without its newline; durable when it returns 0. ERR_OUTPUT. */
int redo_add(struct redo *r, const char *line, size_t n, struct err *e);
/* All so far stands before this tick of the stream. */
int redo_tick(struct redo *r, uint64_t ts, struct err *e);

/*
 * The lines that a checkpoint at `from` does not know, in order: an array of
 * objects, the caller's; empty if there are none. NULL with ERR_DATA.
 */
json_t *redo_read(
    const char *dir, const char *task, uint64_t from, struct err *e);

#endif
