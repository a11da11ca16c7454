#ifndef CDC_MODEL_OP_H
#define CDC_MODEL_OP_H

#include <stddef.h>

struct err;

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

/*
 * Lists such as "insert,delete" of what alone is wanted, and of what is not:
 * skip is by enum opname. begin, tick and end are always wanted. ERR_USAGE.
 */
int op_only(unsigned char skip[OP_MAX], const char *list, struct err *e);
int op_without(unsigned char skip[OP_MAX], const char *list, struct err *e);

#endif
