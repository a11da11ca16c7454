#ifndef CDC_CODEC_JSON_MINIFY_H
#define CDC_CODEC_JSON_MINIFY_H

#include <stddef.h>

struct buf;

/*
 * 1 for a JSON text (RFC 8259) in UTF-8 at which jq does not stop: without half
 * of a surrogate pair in an escape, and of 250 levels at most.
 */
int jsonmin_is(const void *p, size_t n);
/*
 * Append such a text without the white space between its tokens, so that it
 * fits in a line. DEL and C1 become escapes, as everywhere in JSON of ours;
 * everything else stays byte for byte, numbers too.
 */
void jsonmin_add(struct buf *b, const void *p, size_t n);

#endif
