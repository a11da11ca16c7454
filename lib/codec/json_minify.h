#ifndef CDC_CODEC_JSON_MINIFY_H
#define CDC_CODEC_JSON_MINIFY_H

#include <stddef.h>

struct buf;

/*
 * Append a JSON text (RFC 8259) without the white space between its tokens,
 * so that it can stand in a line; all else, numbers too, byte for byte.
 * -1, and nothing is added, if it is not valid JSON or not UTF-8, or jq would
 * end at it: half of a surrogate pair in an escape, more than 250 levels. b
 * NULL only checks.
 */
int jsonmin_add(struct buf *b, const void *p, size_t n);

#endif
