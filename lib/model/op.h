#ifndef CDC_MODEL_OP_H
#define CDC_MODEL_OP_H

#include <stddef.h>

enum { STREAM_VERSION = 1 }; /* written, and the newest one that is read */

/* The operations of the stream; cdc-ndjson(5). */
enum opname {
#define OP(id, name, needs, count) OP_##id,
#include "model/ops.def"
#undef OP
	OP_OTHER, /* a name that this version does not know */
	OP_MAX
};
const char *op_name(enum opname op);
enum opname op_by_name(const char *name, size_t n); /* OP_OTHER if none */

#endif
