#ifndef CDC_MODEL_OP_WRITE_H
#define CDC_MODEL_OP_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "codec/json_write.h"
#include "model/op.h"

struct out;

/*
 * Writes operation lines, cdc-ndjson(5). emit_open begins a line with op and
 * ts, and drops a line that was begun and not closed. The caller adds the rest
 * to e->w; emit_close ends the line and hands it to out. All zero but out is
 * valid.
 */
struct emit {
	struct out *out; /* borrowed; NULL: lines are counted, not written */
	int time;        /* add "time" after ts */
	unsigned char skip[OP_MAX]; /* operations that --ops leaves out */
	struct jsonw w;
	struct buf line;
	enum opname op;         /* of the open line */
	uint64_t lines[OP_MAX]; /* so far */
	uint64_t rows, keys;    /* so far */
};

void emit_fini(struct emit *e);

struct jsonw *emit_open(struct emit *e, enum opname op, uint64_t ts);
/* End the line; rows or keys on it are added to the counts. */
void emit_close(struct emit *e, size_t rows);
/* {"insert":1,"rows":2,…}: the counts that are not zero. */
void emit_counts(const struct emit *e, struct jsonw *w, const char *key);

/* How many lines of operations there were. */
uint64_t emit_operations(const struct emit *e);

#endif
