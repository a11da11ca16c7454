#ifndef CDC_MODEL_OP_READ_H
#define CDC_MODEL_OP_READ_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "codec/json_read.h"
#include "model/mq_id.h"
#include "model/op.h"

struct err;

/*
 * One line of the stream, parsed. All zero is valid; reading the next line into
 * it reuses its memory. Spans are borrowed from the line's text.
 */
struct opline {
	enum opname op;
	struct buf name; /* the name as written, for OP_OTHER */
	uint64_t ts;
	int64_t v; /* version, of begin */
	struct buf db, coll, coll_id, part, task, cluster;
	int has_db, has_coll, has_part;
	int late, gone, lossy, json_inline, ensure, partial, stopped;
	struct buf src_topic;         /* empty if there is none */
	struct buf src_text;          /* of src_id */
	struct mq_id src_id;          /* or none */
	struct span rows, keys;       /* arrays, not parsed yet */
	struct span pos, known, from; /* len 0 if absent; valid JSON */
	json_t *doc; /* the whole line; NULL for lines of rows and deletes */
};

void opline_fini(struct opline *o);

/*
 * Parse a line of n bytes, without its newline. Keys may be in any order;
 * unknown keys are ignored; keys that the operation needs must be there. -1
 * with ERR_DATA that names the column or the key.
 */
int opline_read(struct opline *o, const char *text, size_t n, struct err *e);

/* A text of the line. -1 with ERR_DATA if it is absent. */
int opline_str(
    const struct opline *o, const char *key, const char **s, struct err *e);
/* A number, or digits in a string; fallback if it is absent. */
int opline_int(const struct opline *o, const char *key, int64_t fallback,
    int64_t *v, struct err *e);

#endif
