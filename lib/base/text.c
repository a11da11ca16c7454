#include "base/text.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

static const char bad[] = "\xef\xbf\xbd"; /* U+FFFD */

void
text_utf8(struct buf *b, const char *s, size_t n)
{
	for (size_t k; n > 0; s += k, n -= k) {
		k = utf8_seq(s, n);
		if (k > 0)
			buf_add(b, s, k);
		else {
			buf_adds(b, bad);
			k = 1;
		}
	}
}

int
text_acts(const void *p, size_t len, uint32_t *to)
{
	const unsigned char *s = p;
	uint32_t u = len == 1 ? s[0] : s[0] & (0xffU >> (len + 1));

	for (size_t i = 1; i < len; i++)
		u = u << 6 | (s[i] & 0x3f);
	*to = u;
	return u < ' ' || (u >= 0x7f && u <= 0x9f) ||
	       (u >= 0x2028 && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069);
}

void
text_plain(struct buf *b, const char *s, size_t n)
{
	uint32_t u;

	for (size_t k; n > 0; s += k, n -= k) {
		k = utf8_seq(s, n);
		if (k > 0 && text_acts(s, k, &u))
			buf_addc(b, ' ');
		else {
			k += k == 0;
			text_utf8(b, s, k);
		}
	}
}

size_t
text_width(const char *s)
{
	size_t n = strlen(s), width = 0;

	for (size_t k; n > 0; s += k, n -= k, width++)
		if ((k = utf8_seq(s, n)) == 0)
			k = 1;
	return width;
}

void
text_cell(struct buf *b, const char *s, size_t width)
{
	text_plain(b, s, strlen(s));
	for (size_t w = text_width(s); w < width; w++)
		buf_addc(b, ' ');
	buf_addc(b, ' ');
}

void
text_label(struct buf *b, const char *s)
{
	for (size_t n; *s != '\0'; s += n) {
		n = strcspn(s, "\"\\\n");
		text_utf8(b, s, n);
		if (n > 0)
			continue;
		n = 1;
		buf_adds(b, *s == '\n' ? "\\n" : *s == '"' ? "\\\"" : "\\\\");
	}
}
