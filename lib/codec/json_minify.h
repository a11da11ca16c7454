#ifndef CDC_CODEC_JSON_MINIFY_H
#define CDC_CODEC_JSON_MINIFY_H

#include <stddef.h>

struct buf;

/*
 * Append a JSON text (RFC 8259) without the white space between its tokens, so
 * that it fits in a line; everything else stays byte for byte, numbers too. -1,
 * and nothing is appended, if it is not valid JSON or not UTF-8, or if jq would
 * stop at it: half of a surrogate pair in an escape, or more than 250 levels.
 * With b NULL it is only checked.
 */
int jsonmin_add(struct buf *b, const void *p, size_t n);

#endif
