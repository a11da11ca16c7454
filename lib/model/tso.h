#ifndef CDC_MODEL_TSO_H
#define CDC_MODEL_TSO_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

/* Milvus's hybrid timestamp: Unix milliseconds << 18 | a logical counter. */
uint64_t tso_from_ms(int64_t ms);
int64_t tso_ms(uint64_t ts);

/* Append "2026-01-02T03:04:05.678Z". */
void tso_add_time(struct buf *b, uint64_t ts);

/*
 * A decimal TSO, or an RFC 3339 time ("…T…Z" or with an offset, fraction
 * optional), which gives the first TSO of that millisecond. -1 with ERR_DATA.
 */
int tso_parse_time(const char *s, uint64_t *ts, struct err *e);

#endif
