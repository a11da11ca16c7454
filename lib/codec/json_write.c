#include "codec/json_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/text.h"
#include "base/utf8.h"
#include "codec/base64.h"

static void
sep(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_addc(w->b, ',');
	w->comma = 1;
	if (key != NULL) {
		jw_quote(w->b, key, strlen(key));
		buf_addc(w->b, ':');
	}
}

void
jw_open(struct jsonw *w, const char *key, char bracket)
{
	sep(w, key);
	buf_addc(w->b, bracket);
	w->comma = 0;
}

void
jw_close(struct jsonw *w, char bracket)
{
	buf_addc(w->b, bracket);
	w->comma = 1;
}

/*
 * For each byte, 0: written as it is; 1: as \u00XX; 2: first byte of a C1
 * character or of U+00A0 to U+00BF; else the letter behind the backslash.
 */
static const char escape[256] = {
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	'b',
	't',
	'n',
	1,
	'f',
	'r',
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	['"'] = '"',
	['\\'] = '\\',
	[0x7f] = 1,
	[0xc2] = 2,
};

/*
 * The length of the control character at s, and the character in *u; 0 if s is
 * no control character.
 */
static size_t
control(const unsigned char *s, size_t n, uint32_t *u)
{
	size_t k = utf8_seq(s, n);

	return k > 0 && text_acts(s, k, u) && *u < 0xa0 ? k : 0;
}

static void
add_escape(struct buf *b, uint32_t u)
{
	buf_addf(b, "\\u%04x", (unsigned)u);
}

void
jw_quote(struct buf *b, const void *p, size_t n)
{
	const unsigned char *s = p, *end = s + n, *run = s;

	buf_addc(b, '"');
	while (s < end) {
		char e = escape[*s];
		uint32_t u = *s;
		size_t k = 1;

		if (e == 0 ||
		    (e == 2 && (k = control(s, (size_t)(end - s), &u)) == 0)) {
			s++;
			continue;
		}
		buf_add(b, run, (size_t)(s - run));
		run = s += k;
		if (e == 1 || e == 2)
			add_escape(b, u);
		else {
			buf_addc(b, '\\');
			buf_addc(b, e);
		}
	}
	buf_add(b, run, (size_t)(s - run));
	buf_addc(b, '"');
}

/* In valid JSON, unescaped C0 stands only between values. */
void
jw_lines(struct buf *b, const char *s, size_t n)
{
	uint32_t u;

	for (size_t k; n > 0; s += k, n -= k) {
		k = control((const unsigned char *)s, n, &u);
		if (k == 0 || *s == '\n') {
			k = utf8_seq(s, n);
			k += k == 0;
			text_utf8(b, s, k);
		} else if (u < ' ')
			buf_addc(b, ' ');
		else
			add_escape(b, u);
	}
}

void
jw_dump(struct buf *b, const json_t *v, size_t flags)
{
	char *text = v == NULL ? NULL : json_dumps(v, flags | JSON_ENCODE_ANY);

	if (text == NULL)
		buf_adds(b, "null");
	else
		jw_lines(b, text, strlen(text));
	free(text);
}

void
jw_json(struct jsonw *w, const char *key, const char *json, size_t n)
{
	sep(w, key);
	jw_lines(w->b, json, n);
}

void
jw_value(struct jsonw *w, const char *key, const json_t *v)
{
	sep(w, key);
	jw_dump(w->b, v, JSON_COMPACT);
}

void
jw_str(struct jsonw *w, const char *key, const char *s)
{
	if (s == NULL)
		jw_null(w, key);
	else
		jw_bytes(w, key, s, strlen(s));
}

void
jw_bytes(struct jsonw *w, const char *key, const void *p, size_t n)
{
	if (utf8_is(p, n)) {
		sep(w, key);
		jw_quote(w->b, p, n);
		return;
	}
	jw_open(w, key, '{');
	jw_b64(w, "b64", p, n);
	jw_close(w, '}');
}

void
jw_b64(struct jsonw *w, const char *key, const void *p, size_t n)
{
	sep(w, key);
	buf_addc(w->b, '"');
	b64_add(w->b, p, n);
	buf_addc(w->b, '"');
}

void
jw_i64(struct jsonw *w, const char *key, int64_t v)
{
	sep(w, key);
	buf_addi64(w->b, v);
}

void
jw_i64s(struct jsonw *w, const char *key, int64_t v)
{
	sep(w, key);
	buf_addc(w->b, '"');
	buf_addi64(w->b, v);
	buf_addc(w->b, '"');
}

void
jw_u64s(struct jsonw *w, const char *key, uint64_t v)
{
	sep(w, key);
	buf_addc(w->b, '"');
	buf_addu64(w->b, v);
	buf_addc(w->b, '"');
}

void
jw_bool(struct jsonw *w, const char *key, int v)
{
	jw_raw(w, key, v ? "true" : "false", v ? 4 : 5);
}

void
jw_null(struct jsonw *w, const char *key)
{
	jw_raw(w, key, "null", 4);
}

void
jw_raw(struct jsonw *w, const char *key, const void *json, size_t n)
{
	sep(w, key);
	buf_add(w->b, json, n);
}

/* The name for a number that JSON cannot write, and its length. */
static size_t
special(double v, char *o)
{
	const char *name = isnan(v) ? "\"NaN\""
			   : v > 0  ? "\"Infinity\""
				    : "\"-Infinity\"";
	size_t n = strlen(name);

	memcpy(o, name, n + 1);
	return n;
}

void
jw_f32(struct jsonw *w, const char *key, float v)
{
	char *o;

	sep(w, key);
	o = buf_room(w->b, NUM_FLT_MAX);
	w->b->len += isfinite(v) ? num_f32(v, o) : special((double)v, o);
	w->b->ptr[w->b->len] = '\0';
}

void
jw_f32s(struct jsonw *w, const void *le, size_t n)
{
	char *o = buf_room(w->b, n * NUM_F32S_MAX + NUM_FLT_MAX);
	const char *p = le;
	uint32_t u;
	float f;

	if (n == 0)
		return;
	*o = ',';
	o += w->comma;
	w->comma = 1;
	for (size_t done; n > 0; n -= done, p += done * sizeof u) {
		done = n;
		o = num_f32s(p, &done, o);
		if (done == n)
			break;
		u = num_le32(p + done++ * sizeof u);
		memcpy(&f, &u, sizeof f);
		o += special((double)f, o);
		*o++ = ',';
	}
	*--o = '\0';
	w->b->len = (size_t)(o - w->b->ptr);
}

void
jw_f64(struct jsonw *w, const char *key, double v)
{
	char *o;

	sep(w, key);
	o = buf_room(w->b, NUM_FLT_MAX);
	w->b->len += isfinite(v) ? num_f64(v, o) : special(v, o);
	w->b->ptr[w->b->len] = '\0';
}
