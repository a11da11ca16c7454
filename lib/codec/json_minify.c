#include "codec/json_minify.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "codec/json_read.h"
#include "codec/json_write.h"

enum { MAX_DEPTH = 250 }; /* jq 1.6 takes 256, the line has a few */

struct minify {
	struct jsonr r;
	struct buf *out; /* or NULL */
	struct buf text; /* of a string with escapes, to try them */
	struct err *e;   /* why the text is no JSON; not used */
};

static void
add(struct minify *m, const char *p, size_t n)
{
	if (m->out != NULL)
		buf_add(m->out, p, n);
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
is_number(const char *p, const char *end)
{
	size_t n;

	p += *p == '-';
	if ((n = digits(p, end)) == 0 || (*p == '0' && n > 1))
		return 0;
	p += n;
	if (p < end && *p == '.') {
		if ((n = digits(++p, end)) == 0)
			return 0;
		p += n;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		if ((n = digits(p, end)) == 0)
			return 0;
		p += n;
	}
	return p == end;
}

static int
number(struct minify *m)
{
	struct span s;

	if (jr_num(&m->r, &s, m->e) == -1 ||
	    !is_number(s.ptr, (const char *)s.ptr + s.len))
		return -1;
	add(m, s.ptr, s.len);
	return 0;
}

/*
 * A string with its quotes. DEL and what C1 begins with become escapes, as
 * everywhere in JSON of ours.
 */
static int
string(struct minify *m, const struct jstr *s)
{
	int odd = 0;

	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->ptr[i];

		if (c < 0x20)
			return -1;
		odd |= c == 0x7f || c == 0xc2;
	}
	buf_clear(&m->text);
	if (s->esc && jr_unescape(s, &m->text, m->e) == -1)
		return -1;
	if (odd && m->out != NULL)
		jw_lines(m->out, s->ptr - 1, s->len + 2);
	else
		add(m, s->ptr - 1, s->len + 2);
	return 0;
}

static int value(struct minify *m, int depth);

/* The next member, its key copied: 1, 0 behind the last one, -1. */
static int
member(struct minify *m, char bracket, int first)
{
	struct jstr key;
	int rc =
	    bracket == '{' ? jr_key(&m->r, &key, m->e) : jr_item(&m->r, m->e);

	if (rc != 1)
		return rc;
	if (!first)
		add(m, ",", 1);
	if (bracket == '[')
		return 1;
	if (string(m, &key) == -1)
		return -1;
	add(m, ":", 1);
	return 1;
}

static int
nested(struct minify *m, char bracket, int depth)
{
	int rc;

	jr_open(&m->r, bracket, m->e);
	add(m, &bracket, 1);
	for (int first = 1; (rc = member(m, bracket, first)) == 1; first = 0)
		if (depth == MAX_DEPTH || value(m, depth + 1) == -1)
			return -1;
	add(m, bracket == '{' ? "}" : "]", 1);
	return rc;
}

static int
value(struct minify *m, int depth)
{
	char kind = jr_peek(&m->r);
	struct jstr s;
	struct span word;

	if (kind == '{' || kind == '[')
		return nested(m, kind, depth);
	if (kind == '"')
		return jr_str(&m->r, &s, m->e) == -1 ? -1 : string(m, &s);
	if (kind == '0')
		return number(m);
	if (jr_skip(&m->r, &word, m->e) == -1)
		return -1;
	add(m, word.ptr, word.len);
	return 0;
}

int
jsonmin_add(struct buf *b, const void *p, size_t n)
{
	struct err e;
	struct minify m = { .out = b, .e = &e };
	size_t start = b == NULL ? 0 : b->len;
	int rc = -1;

	jr_init(&m.r, p, n);
	if (utf8_is(p, n) && value(&m, 0) == 0)
		rc = jr_end(&m.r, m.e);
	buf_fini(&m.text);
	if (rc == -1 && b != NULL && b->ptr != NULL) {
		b->len = start;
		b->ptr[start] = '\0';
	}
	return rc;
}
