#ifndef CDC_STATE_REDO_H
#define CDC_STATE_REDO_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct pos;

/*
 * What cdc-apply was about to change at the target since the checkpoint, except
 * rows: tasks/NAME/redo.ndjson of the state directory, cdc-state(5). The source
 * may undo such a change before the next start, and etcd may forget it
 * completely; so a comparison of the source with what the target is `known` to
 * have must include what it may have.
 *
 * A line is written before its operation is tried. A tick's line says that a
 * checkpoint which covers its position (pos_covers) covers all lines above it.
 */
struct redo;

/* then lines that a checkpoint covers are dropped */
enum { REDO_LINES_MAX = 1000 };

/*
 * Open for appending; drops lines that a checkpoint at `from` covers. NULL with
 * ERR_OUTPUT or ERR_DATA.
 */
struct redo *redo_open(
    const char *dir, const char *task, const struct pos *from, struct err *e);
void redo_close(struct redo *r);

/* Add a line, without newline; durable when it returns 0. ERR_OUTPUT. */
int redo_add(struct redo *r, const char *line, size_t n, struct err *e);
/* Note that all lines so far stand before this tick of the stream. */
int redo_tick(struct redo *r, const struct pos *at, struct err *e);

/*
 * The lines that a checkpoint at `from` lacks, in order: an array of objects
 * for the caller to free, empty if there are none. NULL with ERR_DATA.
 */
json_t *redo_read(
    const char *dir, const char *task, const struct pos *from, struct err *e);

#endif
