#ifndef CDC_CODEC_BASE64_H
#define CDC_CODEC_BASE64_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* Standard base64 with padding, RFC 4648 section 4. Appends the text. */
void b64_add(struct buf *b, const void *p, size_t n);

/* The most bytes that n characters of text can give. */
size_t b64_max(size_t n);

/*
 * Decode n characters to out, which has room for b64_max(n). Returns the
 * number of bytes, or -1 if the text is not canonical base64.
 */
ptrdiff_t b64_get(const char *s, size_t n, void *out);

#endif
