#include "codec/json_minify.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/json_write.h"

enum { MAX_DEPTH = 250 }; /* jq 1.6 takes 256, the line has a few */

struct text {
	const char *p, *end;
	struct buf *b;             /* or NULL */
	uint8_t object[MAX_DEPTH]; /* what is open, from outside in */
	size_t depth;
};

static void
space(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t' ||
				    *t->p == '\n' || *t->p == '\r'))
		t->p++;
}

static void
copy(struct text *t, size_t n)
{
	if (t->b != NULL)
		buf_add(t->b, t->p, n);
	t->p += n;
}

/* The next token is this character: copied, 1; else 0. */
static int
token(struct text *t, char c)
{
	space(t);
	if (t->p == t->end || *t->p != c)
		return 0;
	copy(t, 1);
	return 1;
}

static size_t
digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

static int
number(struct text *t)
{
	const char *p = t->p, *end = t->end;
	size_t n;

	p += p < end && *p == '-';
	if ((n = digits(p, end)) == 0 || (*p == '0' && n > 1))
		return -1;
	p += n;
	if (p < end && *p == '.') {
		if ((n = digits(++p, end)) == 0)
			return -1;
		p += n;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		if ((n = digits(p, end)) == 0)
			return -1;
		p += n;
	}
	copy(t, (size_t)(p - t->p));
	return 0;
}

static int
hex(const char *p)
{
	for (int i = 0; i < 4; i++)
		if (p[i] == '\0' ||
		    strchr("0123456789abcdefABCDEF", p[i]) == NULL)
			return 0;
	return 1;
}

/* DEL and what C1 begins with: escaped then, as everywhere in JSON. */
static int
may_act(char c)
{
	return c == 0x7f || (unsigned char)c == 0xc2;
}

/* 0xD8 to 0xDB of an escape at p, "uXXXX": half of a pair; 0xDC: the other. */
static int
half(const char *p)
{
	if (p[1] != 'd' && p[1] != 'D')
		return 0;
	return strchr("89abAB", p[2]) != NULL     ? 0xd8
	       : strchr("cdefCDEF", p[2]) != NULL ? 0xdc
						  : 0;
}

/*
 * How many bytes an escape of \u has from its u on; 0 if it is none, or half
 * of a surrogate pair alone: RFC 8259 8.2 allows it, and jq ends at it.
 */
static size_t
escape(const char *p, const char *end)
{
	if (end - p < 5 || !hex(p + 1))
		return 0;
	if (half(p) == 0)
		return 5;
	if (half(p) == 0xdc || end - p < 11 || p[5] != '\\' || p[6] != 'u' ||
	    !hex(p + 7) || half(p + 6) != 0xdc)
		return 0;
	return 11;
}

static int
string(struct text *t)
{
	const char *p = t->p + 1, *end = t->end;
	size_t n;
	int odd = 0;

	for (; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return -1;
		odd |= may_act(*p);
		if (*p != '\\')
			continue;
		if (++p == end || *p == '\0' ||
		    strchr("\"\\/bfnrtu", *p) == NULL)
			return -1;
		if (*p == 'u') {
			if ((n = escape(p, end)) == 0)
				return -1;
			p += n - 1;
		}
	}
	if (p == end)
		return -1;
	if (odd && t->b != NULL) {
		jw_lines(t->b, t->p, (size_t)(p + 1 - t->p));
		t->p = p + 1;
	} else
		copy(t, (size_t)(p + 1 - t->p));
	return 0;
}

static int
literal(struct text *t)
{
	static const char *const word[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(word[i]);

		if ((size_t)(t->end - t->p) >= n &&
		    memcmp(t->p, word[i], n) == 0) {
			copy(t, n);
			return 0;
		}
	}
	return -1;
}

static int
key(struct text *t)
{
	space(t);
	if (t->p == t->end || *t->p != '"' || string(t) == -1)
		return -1;
	return token(t, ':') ? 0 : -1;
}

/* A bracket opens: 1 if a value must follow, 0 if it closed at once. */
static int
opens(struct text *t)
{
	int object = *t->p == '{';

	copy(t, 1);
	if (token(t, object ? '}' : ']'))
		return 0;
	if (t->depth == MAX_DEPTH)
		return -1;
	t->object[t->depth++] = (uint8_t)object;
	if (object && key(t) == -1)
		return -1;
	return 1;
}

/* Behind a value: 1 if another must follow, 0 at the end of all. */
static int
behind(struct text *t)
{
	while (t->depth > 0) {
		int object = t->object[t->depth - 1];

		if (token(t, ','))
			return object && key(t) == -1 ? -1 : 1;
		if (!token(t, object ? '}' : ']'))
			return -1;
		t->depth--;
	}
	return 0;
}

static int
value(struct text *t)
{
	space(t);
	if (t->p == t->end)
		return -1;
	if (*t->p == '{' || *t->p == '[')
		return opens(t);
	if (*t->p == '"')
		return string(t);
	if (*t->p == '-' || (*t->p >= '0' && *t->p <= '9'))
		return number(t);
	return literal(t);
}

int
jsonmin_add(struct buf *b, const void *p, size_t n)
{
	struct text t = { .b = b };
	size_t start = b == NULL ? 0 : b->len;
	int rc = 1;

	t.p = p;
	t.end = t.p + n;
	if (n == 0 || !utf8_is(p, n))
		return -1;
	while (rc == 1) {
		rc = value(&t);
		if (rc == 0)
			rc = behind(&t);
	}
	space(&t);
	if (rc == 0 && t.p == t.end)
		return 0;
	if (b != NULL && b->ptr != NULL) {
		b->len = start;
		b->ptr[start] = '\0';
	}
	return -1;
}
