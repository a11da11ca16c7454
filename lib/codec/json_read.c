#include "codec/json_read.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"

enum { MAX_DEPTH = 512 };

void
jr_init(struct jsonr *r, const char *text, size_t len)
{
	r->start = r->p = text;
	r->end = text + len;
}

static int
fail(struct jsonr *r, struct err *e, const char *want)
{
	size_t col = (size_t)(r->p - r->start) + 1;

	if (r->p >= r->end)
		return err_set(e, ERR_DATA,
		    "column %zu: the text ends, want %s", col, want);
	return err_set(e, ERR_DATA, "column %zu: want %s, got '%.*s'", col,
	    want, (int)(r->end - r->p > 12 ? 12 : r->end - r->p), r->p);
}

static void
space(struct jsonr *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' ||
				    *r->p == '\r' || *r->p == '\n'))
		r->p++;
}

char
jr_peek(struct jsonr *r)
{
	space(r);
	if (r->p >= r->end)
		return '\0';
	switch (*r->p) {
	case '{':
	case '[':
	case '"':
	case 't':
	case 'f':
	case 'n':
		return *r->p;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return '0';
	default:
		return '?';
	}
}

int
jr_open(struct jsonr *r, char bracket, struct err *e)
{
	if (jr_peek(r) != bracket)
		return fail(r, e, bracket == '{' ? "an object" : "an array");
	r->p++;
	return 0;
}

/*
 * In front of a member: step over the comma, or over the closing bracket. A
 * member is the first if its opening bracket stands right before it.
 */
static int
next(struct jsonr *r, char opening, char closing, struct err *e)
{
	const char *q = r->p - 1;

	space(r);
	while (q > r->start &&
	       (*q == ' ' || *q == '\t' || *q == '\r' || *q == '\n'))
		q--;
	if (r->p < r->end && *r->p == closing) {
		if (*q == ',')
			return fail(r, e, "a value");
		r->p++;
		return 0;
	}
	if (*q == opening)
		return 1;
	if (r->p >= r->end || *r->p != ',')
		return fail(r, e, closing == '}' ? "',' or '}'" : "',' or ']'");
	r->p++;
	space(r);
	return 1;
}

int
jr_key(struct jsonr *r, struct jstr *key, struct err *e)
{
	int rc = next(r, '{', '}', e);

	if (rc != 1)
		return rc;
	if (jr_str(r, key, e) == -1)
		return -1;
	space(r);
	if (r->p >= r->end || *r->p != ':')
		return fail(r, e, "':'");
	r->p++;
	space(r);
	return 1;
}

int
jr_item(struct jsonr *r, struct err *e)
{
	return next(r, '[', ']', e);
}

/* Looks at each byte twice at most, however many are escaped. */
int
jr_str(struct jsonr *r, struct jstr *s, struct err *e)
{
	const char *p, *quote = NULL, *bs;

	if (jr_peek(r) != '"')
		return fail(r, e, "a string");
	p = ++r->p;
	for (s->esc = 0;; p = bs + 2, s->esc = 1) {
		if (p > r->end)
			break;
		if (quote == NULL || quote < p)
			quote = memchr(p, '"', (size_t)(r->end - p));
		if (quote == NULL)
			break;
		bs = memchr(p, '\\', (size_t)(quote - p));
		if (bs == NULL) {
			s->ptr = r->p;
			s->len = (size_t)(quote - r->p);
			r->p = quote + 1;
			return 0;
		}
	}
	r->p = r->end;
	return fail(r, e, "'\"'");
}

static int
of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
	       c == 'e' || c == 'E';
}

int
jr_num(struct jsonr *r, struct span *s, struct err *e)
{
	const char *p;

	if (jr_peek(r) != '0')
		return fail(r, e, "a number");
	for (p = r->p; p < r->end && of_number(*p); p++)
		continue;
	s->ptr = r->p;
	s->len = (size_t)(p - r->p);
	r->p = p;
	return 0;
}

int
jr_lit(struct jsonr *r, const char *word, struct err *e)
{
	size_t n = strlen(word);

	space(r);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return fail(r, e, word);
	r->p += n;
	return 0;
}

static inline int
has_zero(uint64_t x)
{
	return ((x - 0x0101010101010101) & ~x & 0x8080808080808080) != 0;
}

/*
 * The place of the next quote or bracket, or the end. Looks at eight bytes at a
 * time: each bracket becomes 0x7f, and few other bytes do.
 */
static const char *
next_mark(const char *p, const char *end)
{
	uint64_t x;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, sizeof x);
		if (has_zero(x ^ 0x2222222222222222) ||
		    has_zero((x | 0x2626262626262626) ^ 0x7f7f7f7f7f7f7f7f))
			break;
	}
	while (p < end && *p != '"' && *p != '[' && *p != ']' && *p != '{' &&
	       *p != '}')
		p++;
	return p;
}

/* One bit a level tells which kind of bracket closes it. */
static int
skip_nested(struct jsonr *r, struct err *e)
{
	uint8_t kind[MAX_DEPTH / 8] = { 0 };
	size_t depth = 0;
	struct jstr s;

	do {
		r->p = next_mark(r->p, r->end);
		if (r->p >= r->end)
			return fail(r, e, "'}' or ']'");
		if (*r->p == '"') {
			if (jr_str(r, &s, e) == -1)
				return -1;
			continue;
		}
		if (*r->p == '{' || *r->p == '[') {
			if (depth == MAX_DEPTH)
				return fail(r, e, "fewer levels");
			if (*r->p == '{')
				kind[depth / 8] |= (uint8_t)(1 << depth % 8);
			else
				kind[depth / 8] &= (uint8_t) ~(1 << depth % 8);
			depth++;
		} else {
			int obj = kind[(depth - 1) / 8] >> (depth - 1) % 8 & 1;

			if (obj != (*r->p == '}'))
				return fail(r, e, obj ? "'}'" : "']'");
			depth--;
		}
		r->p++;
	} while (depth > 0);
	return 0;
}

int
jr_skip(struct jsonr *r, struct span *s, struct err *e)
{
	char kind = jr_peek(r);
	const char *from = r->p;
	struct jstr str;
	struct span num;
	int rc;

	switch (kind) {
	case '{':
	case '[':
		rc = skip_nested(r, e);
		break;
	case '"':
		rc = jr_str(r, &str, e);
		break;
	case '0':
		rc = jr_num(r, &num, e);
		break;
	case 't':
		rc = jr_lit(r, "true", e);
		break;
	case 'f':
		rc = jr_lit(r, "false", e);
		break;
	case 'n':
		rc = jr_lit(r, "null", e);
		break;
	default:
		return fail(r, e, "a value");
	}
	if (s != NULL) {
		s->ptr = from;
		s->len = (size_t)(r->p - from);
	}
	return rc;
}

int
jr_end(struct jsonr *r, struct err *e)
{
	space(r);
	return r->p == r->end ? 0 : fail(r, e, "the end of the line");
}

/* The text of an integer, quoted or not. */
static int
integer(struct jsonr *r, struct span *s, struct err *e)
{
	struct jstr str;

	if (jr_peek(r) != '"')
		return jr_num(r, s, e);
	if (jr_str(r, &str, e) == -1)
		return -1;
	s->ptr = str.ptr;
	s->len = str.len;
	return 0;
}

int
jr_i64(struct jsonr *r, int64_t min, int64_t max, int64_t *v, struct err *e)
{
	struct span s;
	size_t col = (size_t)(r->p - r->start) + 1;

	if (integer(r, &s, e) == -1)
		return -1;
	if (num_i64n(s.ptr, s.len, min, max, v, e) == -1)
		return err_wrap(e, "column %zu", col);
	return 0;
}

int
jr_u64(struct jsonr *r, uint64_t max, uint64_t *v, struct err *e)
{
	struct span s;
	size_t col = (size_t)(r->p - r->start) + 1;

	if (integer(r, &s, e) == -1)
		return -1;
	if (num_u64n(s.ptr, s.len, 0, max, v, e) == -1)
		return err_wrap(e, "column %zu", col);
	return 0;
}

int
jr_is(const struct jstr *s, const char *text)
{
	struct buf b = { 0 };
	struct err e;
	int same;

	if (!s->esc)
		return strlen(text) == s->len &&
		       memcmp(text, s->ptr, s->len) == 0;
	same = jr_unescape(s, &b, &e) == 0 && strlen(text) == b.len &&
	       memcmp(text, b.ptr, b.len) == 0;
	buf_fini(&b);
	return same;
}

static int
hex4(const char *s, const char *end, uint32_t *v)
{
	*v = 0;
	if (end - s < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = s[i];
		uint32_t d;

		if (c >= '0' && c <= '9')
			d = (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			d = (uint32_t)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			d = (uint32_t)(c - 'A') + 10;
		else
			return -1;
		*v = *v << 4 | d;
	}
	return 0;
}

static void
add_utf8(struct buf *b, uint32_t c)
{
	char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; c >>= 6)
		s[i] = (char)(0x80 | (c & 0x3f));
	s[0] = (char)(n == 1 ? c : (uint32_t)(0xf00 >> n & 0xff) | c);
	buf_add(b, s, n);
}

/* \uXXXX, or a pair of them, at *s, behind the u. */
static int
unicode(const char **s, const char *end, struct buf *b)
{
	uint32_t c, d;

	if (hex4(*s, end, &c) == -1 || (c >= 0xdc00 && c <= 0xdfff))
		return -1;
	*s += 4;
	if (c >= 0xd800 && c <= 0xdbff) {
		if (end - *s < 6 || (*s)[0] != '\\' || (*s)[1] != 'u' ||
		    hex4(*s + 2, end, &d) == -1 || d < 0xdc00 || d > 0xdfff)
			return -1;
		*s += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
	}
	add_utf8(b, c);
	return 0;
}

int
jr_unescape(const struct jstr *str, struct buf *b, struct err *e)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *s = str->ptr, *end = s + str->len;

	buf_room(b, str->len);
	while (s < end) {
		const char *q = memchr(s, '\\', (size_t)(end - s)), *k;

		if (q == NULL)
			q = end;
		buf_add(b, s, (size_t)(q - s));
		if (q == end)
			break;
		if (end - q < 2)
			goto bad;
		s = q + 2;
		if (q[1] == 'u') {
			if (unicode(&s, end, b) == -1)
				goto bad;
			continue;
		}
		if (q[1] == '\0' || (k = strchr(from, q[1])) == NULL)
			goto bad;
		buf_addc(b, to[k - from]);
	}
	return 0;
bad:
	return err_set(e, ERR_DATA, "a broken escape in a string");
}
