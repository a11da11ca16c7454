#ifndef CDC_CODEC_JSON_READ_H
#define CDC_CODEC_JSON_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct buf;
struct err;

/*
 * JSON read in place, token by token: for lines of rows, which are too long and
 * too many to build a tree of. Lenient where it costs nothing to be (white
 * space, order of keys), strict in what it hands out. Errors are ERR_DATA with
 * the column.
 *
 *	while ((rc = jr_key(&r, &key, e)) == 1)
 *		… one value: jr_str, jr_num, jr_skip, jr_open …
 */
struct jsonr {
	const char *p; /* the next byte */
	const char *end;
	const char *start;
};

/* The inside of a string; if esc, with its escapes. */
struct jstr {
	const char *ptr;
	size_t len;
	int esc;
};

void jr_init(struct jsonr *r, const char *text, size_t len);

/*
 * The kind of the next value: one of { [ " 0 (a number) t f n, or '\0' at
 * the end of the text, or '?' for a byte that begins no value.
 */
char jr_peek(struct jsonr *r);

/* Step over the opening bracket. */
int jr_open(struct jsonr *r, char bracket, struct err *e);

/* In an object: 1 and the next key; 0 at the end, which is stepped over; -1. */
int jr_key(struct jsonr *r, struct jstr *key, struct err *e);

/*
 * In an array: 1 if a value follows; 0 at the end, which is stepped over; -1.
 */
int jr_item(struct jsonr *r, struct err *e);

int jr_str(struct jsonr *r, struct jstr *s, struct err *e);
int jr_num(struct jsonr *r, struct span *s, struct err *e);
int jr_lit(struct jsonr *r, const char *word, struct err *e); /* true … */

/* Step over one value of any kind; its text in *s if s is not NULL. */
int jr_skip(struct jsonr *r, struct span *s, struct err *e);

/* Only white space may be left. */
int jr_end(struct jsonr *r, struct err *e);

/* An integer as a number or as a string of digits. */
int jr_i64(
    struct jsonr *r, int64_t min, int64_t max, int64_t *v, struct err *e);
int jr_u64(struct jsonr *r, uint64_t max, uint64_t *v, struct err *e);

/* 1 if the unescaped string is equal to text. */
int jr_is(const struct jstr *s, const char *text);

/*
 * Append the unescaped bytes. -1 with ERR_DATA for a broken escape or a lone
 * surrogate, which UTF-8 cannot encode.
 */
int jr_unescape(const struct jstr *s, struct buf *b, struct err *e);

#endif
