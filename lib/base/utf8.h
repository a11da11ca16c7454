#ifndef CDC_BASE_UTF8_H
#define CDC_BASE_UTF8_H

#include <stddef.h>

/*
 * Text from outside, for people: messages of servers, names, keys. What is
 * shown of it is UTF-8, whatever it was: cut between characters, and a byte
 * that is no part of one is U+FFFD. Data are never changed: jw_bytes().
 */

/* Length of the UTF-8 sequence that s begins with, 0 if it is none. */
size_t utf8_seq(const void *s, size_t n);
/* Are these n bytes UTF-8 (RFC 3629: no surrogates, nothing overlong)? */
int utf8_is(const void *p, size_t n);
/* How many of n bytes to take, at most `most`, and no part of a character. */
size_t utf8_cut(const char *s, size_t n, size_t most);
/* n bytes into cap, of which the last is a NUL: mended, and cut. */
void utf8_copy(char *to, size_t cap, const char *s, size_t n);
/* A string of less than cap bytes, in its place; cut: it was longer once. */
void utf8_mend(char *s, size_t cap, int cut);

#endif
