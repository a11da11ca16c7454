#ifndef CDC_BASE_UTF8_H
#define CDC_BASE_UTF8_H

#include <stddef.h>

/*
 * Text from outside that is shown to people: messages of servers, names, keys.
 * What is shown is always UTF-8: it is cut between characters, and a byte that
 * belongs to no character becomes U+FFFD. Data are never changed, see
 * jw_bytes().
 */

/* Length of the UTF-8 sequence that s begins with, 0 if it is none. */
size_t utf8_seq(const void *s, size_t n);
/* Are these n bytes UTF-8 (RFC 3629: no surrogates, nothing overlong)? */
int utf8_is(const void *p, size_t n);
/* How many of n bytes to take, `most` at most, so that no character is cut. */
size_t utf8_cut(const char *s, size_t n, size_t most);
/*
 * Copy n bytes into cap bytes, with a NUL behind them: mended, and cut if too
 * long.
 */
void utf8_copy(char *to, size_t cap, const char *s, size_t n);
/*
 * Mend a string of less than cap bytes in its place; cut: it was longer before.
 */
void utf8_mend(char *s, size_t cap, int cut);

#endif
