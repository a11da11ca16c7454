#include "codec/json_minify.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"
#include "codec/json_read.h"
#include "codec/json_write.h"

enum { MAX_DEPTH = 250 }; /* jq 1.6 takes 256, the line has a few */

struct check {
	struct jsonr r;
	struct buf text; /* of a string with escapes, to try them */
	struct err *e;   /* why the text is no JSON; not used */
};

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
number(struct check *c)
{
	struct span s;

	return jr_num(&c->r, &s, c->e) == 0 &&
		       is_number(s.ptr, (const char *)s.ptr + s.len)
		   ? 0
		   : -1;
}

static int
string(struct check *c, const struct jstr *s)
{
	int control = 0;

	for (size_t i = 0; i < s->len; i++)
		control |= (unsigned char)s->ptr[i] < 0x20;
	if (!s->esc || control)
		return -control;
	buf_clear(&c->text);
	return jr_unescape(s, &c->text, c->e);
}

static int value(struct check *c, int depth);

/* The next member up to its value: 1, 0 behind the last one, -1. */
static int
member(struct check *c, char bracket)
{
	struct jstr key;
	int rc;

	if (bracket == '[')
		return jr_item(&c->r, c->e);
	rc = jr_key(&c->r, &key, c->e);
	return rc == 1 && string(c, &key) == -1 ? -1 : rc;
}

static int
nested(struct check *c, char bracket, int depth)
{
	int rc;

	jr_open(&c->r, bracket, c->e);
	while ((rc = member(c, bracket)) == 1)
		if (depth == MAX_DEPTH || value(c, depth + 1) == -1)
			return -1;
	return rc;
}

static int
value(struct check *c, int depth)
{
	char kind = jr_peek(&c->r);
	struct jstr s;

	if (kind == '{' || kind == '[')
		return nested(c, kind, depth);
	if (kind == '"')
		return jr_str(&c->r, &s, c->e) == -1 ? -1 : string(c, &s);
	if (kind == '0')
		return number(c);
	return jr_skip(&c->r, NULL, c->e);
}

int
jsonmin_is(const void *p, size_t n)
{
	struct err e;
	struct check c = { .e = &e };
	int yes;

	jr_init(&c.r, p, n);
	yes = utf8_is(p, n) && value(&c, 0) == 0 && jr_end(&c.r, c.e) == 0;
	buf_fini(&c.text);
	return yes;
}

/* 1 if a string has DEL, or what C1 begins with. */
static int
may_act(const char *p, const char *end)
{
	int yes = 0;

	for (; p < end; p++)
		yes |= *p == 0x7f || (unsigned char)*p == 0xc2;
	return yes;
}

void
jsonmin_add(struct buf *b, const void *p, size_t n)
{
	struct jsonr r;
	struct jstr s;
	struct err e;
	const char *from = p; /* what is not copied yet */

	for (jr_init(&r, p, n); r.p < r.end;) {
		const char *at = r.p;

		if (*at == '"') {
			jr_str(&r, &s, &e);
			if (!may_act(at, r.p))
				continue;
			buf_add(b, from, (size_t)(at - from));
			jw_lines(b, at, (size_t)(r.p - at));
			from = r.p;
		} else if ((unsigned char)*r.p++ <= ' ') {
			buf_add(b, from, (size_t)(at - from));
			from = r.p;
		}
	}
	buf_add(b, from, (size_t)(r.p - from));
}
