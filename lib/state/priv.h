#ifndef CDC_STATE_PRIV_H
#define CDC_STATE_PRIV_H

#include "state/state.h"

struct buf;

/* file.c: reading and writing of checkpoints. */

/*
 * Write the file `name` of the folder at. Returns its descriptor, still locked,
 * or -1 and errno.
 */
int state_write_new(
    int at, const char *name, const void *p, size_t n, int durable);
/* -1 and errno. */
int state_sync_folder(int at);
/*
 * Read a whole file: 1, 0 if it is absent, -1. ERR_TEMP: it cannot be read now,
 * and may be good.
 */
int state_slurp(const char *dir, const char *sub, struct buf *b, struct err *e);
/* A JSON object, or NULL with ERR_DATA and the place. */
json_t *state_parse(
    const char *dir, const char *sub, const struct buf *b, struct err *e);

#endif
