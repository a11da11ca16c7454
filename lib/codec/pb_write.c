#include "codec/pb_write.h"

#include "base/buf.h"

static size_t
put_varint(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

size_t
pbw_varint_len(uint64_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

void
pbw_varint(struct buf *b, uint64_t v)
{
	b->len += put_varint((uint8_t *)buf_room(b, PBW_VARINT_MAX), v);
}

void
pbw_u64(struct buf *b, uint32_t field, uint64_t v)
{
	pbw_varint(b, (uint64_t)field << 3 | PBW_VARINT);
	pbw_varint(b, v);
}

void
pbw_head(struct buf *b, uint32_t field, size_t n)
{
	pbw_varint(b, (uint64_t)field << 3 | PBW_LEN);
	pbw_varint(b, n);
}

size_t
pbw_head_len(uint32_t field, size_t n)
{
	return pbw_varint_len((uint64_t)field << 3) + pbw_varint_len(n);
}

void
pbw_bytes(struct buf *b, uint32_t field, const void *p, size_t n)
{
	pbw_head(b, field, n);
	buf_add(b, p, n);
}
