#ifndef CDC_CODEC_PB_READ_H
#define CDC_CODEC_PB_READ_H

#include <stddef.h>
#include <stdint.h>

/*
 * Protobuf's wire format (protobuf.dev/programming-guides/encoding) read in
 * place, field by field, for messages too large to unpack. Nothing is copied,
 * and each length is checked: one that does not fit is -1. Groups, gone since
 * proto3, are refused.
 */
enum { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pbwalk {
	const uint8_t *p; /* here */
	const uint8_t *end;
};

/*
 * One field: num for varints and fixed numbers; ptr and len are the bytes of
 * the value, for PB_BYTES without the length.
 */
struct pbfield {
	uint32_t field; /* its number, 1 or more */
	int wire;       /* PB_… */
	uint64_t num;
	const uint8_t *ptr; /* borrowed from the message */
	size_t len;
};

struct pbwalk pbwalk_init(const void *p, size_t len);

/* The next field: 1 and *f, 0 at the end, -1 if the bytes are broken. */
int pbwalk_next(struct pbwalk *r, struct pbfield *f);

/* One bare varint, as in a packed field: 1, 0 at the end, -1. */
int pbwalk_varint(struct pbwalk *r, uint64_t *v);

/* How many varints a packed run holds; -1 if it is broken. */
ptrdiff_t pbwalk_count(const void *p, size_t len);

#endif
