#ifndef CDC_PBMAKE_H
#define CDC_PBMAKE_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"

/* Protobuf messages written by hand, for tests. */

/* commonpb.MsgType, as 2.3 writes it. */
enum {
	WIRE_CREATE_COLLECTION = 100,
	WIRE_DROP_COLLECTION = 101,
	WIRE_INSERT = 400,
	WIRE_DELETE = 401,
	WIRE_FLUSH = 402,
	WIRE_TIMETICK = 1200,
	WIRE_CREATE_DATABASE = 1801,
};

static inline void
pm_raw(struct buf *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_addc(b, (char)(v | 0x80));
	buf_addc(b, (char)v);
}

static inline void
pm_int(struct buf *b, uint32_t field, int64_t v)
{
	pm_raw(b, (uint64_t)field << 3);
	pm_raw(b, (uint64_t)v);
}

static inline void
pm_bytes(struct buf *b, uint32_t field, const void *p, size_t n)
{
	pm_raw(b, (uint64_t)field << 3 | 2);
	pm_raw(b, n);
	buf_add(b, p, n);
}

static inline void
pm_str(struct buf *b, uint32_t field, const char *s)
{
	pm_bytes(b, field, s, strlen(s));
}

/* A message, or a packed run; it is emptied. */
static inline void
pm_sub(struct buf *b, uint32_t field, struct buf *sub)
{
	pm_bytes(b, field, sub->ptr, sub->len);
	buf_fini(sub);
}

static inline void
pm_f32(struct buf *b, float f)
{
	uint8_t bytes[4];
	uint32_t u;

	memcpy(&u, &f, sizeof u);
	num_put_le32(bytes, u);
	buf_add(b, bytes, sizeof bytes);
}

static inline void
pm_f64(struct buf *b, double f)
{
	uint8_t bytes[8];
	uint64_t u;

	memcpy(&u, &f, sizeof u);
	num_put_le64(bytes, u);
	buf_add(b, bytes, sizeof bytes);
}

/*
 * FieldData, lib/format/FORMATS 3: a column whose VectorField or ScalarField,
 * by kind, is in body, which is emptied.
 */
static inline void
pm_column(struct buf *b, int type, const char *name, int64_t id, uint32_t kind,
    struct buf *body)
{
	struct buf fd = { 0 };

	pm_int(&fd, 1, type);
	pm_str(&fd, 2, name);
	pm_sub(&fd, kind, body);
	pm_int(&fd, 5, id);
	pm_sub(b, 13, &fd);
}

#endif
