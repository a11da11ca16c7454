#ifndef CDC_CODEC_PB_WRITE_H
#define CDC_CODEC_PB_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Protobuf's wire format, written field by field for messages of rows, which
 * are too large to be built as structs and then packed. The caller leaves out
 * fields equal to zero.
 */
enum { PBW_VARINT = 0, PBW_LEN = 2 };
enum { PBW_VARINT_MAX = 10 };

size_t pbw_varint_len(uint64_t v);

void pbw_varint(struct buf *b, uint64_t v);
/* Tag and value of a varint field. */
void pbw_u64(struct buf *b, uint32_t field, uint64_t v);
/* Tag and length; the caller writes the n bytes. */
void pbw_head(struct buf *b, uint32_t field, size_t n);
size_t pbw_head_len(uint32_t field, size_t n);
/* A whole string or bytes field. */
void pbw_bytes(struct buf *b, uint32_t field, const void *p, size_t n);

#endif
