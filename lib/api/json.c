#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "codec/kv.h"
#include "codec/utf8_json.h"

struct err *
call_fill(struct call *c, int code, const char *fmt, ...)
{
	va_list ap;
	char text[sizeof c->e.msg];

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->code = code;
	c->plain = 0;
	return err_fill(&c->e, ERR_DATA, "%s", text);
}

void
call_warn(struct call *c, const char *fmt, ...)
{
	va_list ap;
	char text[512];

	if (json_array_size(c->warnings) >= API_WARNINGS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_array_append_new(c->warnings, api_text(text));
}

int
call_only_reads(struct call *c)
{
	if (c->q->no_token)
		return call_fail(c, 403,
		    "this server has no --token-file, and is for reading");
	return call_fail(c, 403, "this token is for reading");
}

int
call_code(const struct call *c)
{
	if (c->code != 0)
		return c->code;
	return c->e.kind == ERR_DATA || c->e.kind == ERR_USAGE ? 400 : 500;
}

/* How deep brackets are nested, outside of strings. */
static int
deep(const char *p, size_t n)
{
	int depth = 0, text = 0;

	for (size_t i = 0; i < n; i++) {
		if (text) {
			i += p[i] == '\\';
			text = i >= n || p[i] != '"';
		} else if (p[i] == '"')
			text = 1;
		else if (p[i] == '{' || p[i] == '[') {
			if (++depth > API_DEPTH)
				return 1;
		} else if (p[i] == '}' || p[i] == ']')
			depth--;
	}
	return 0;
}

json_t *
api_parse(const char *p, size_t n, struct err *e)
{
	json_error_t je;
	json_t *j;

	if (deep(p, n)) {
		err_set(e, ERR_DATA, "more than %d levels", API_DEPTH);
		return NULL;
	}
	j = json_loadb(p, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (j == NULL)
		err_set(e, ERR_DATA, "line %d column %d: %s", je.line,
		    je.column, je.text);
	return j;
}

/* These characters occur only in strings. */
void
api_put(struct buf *b, const json_t *j)
{
	struct buf text = { 0 };

	jw_dump(&text, j, JSON_COMPACT);
	for (const char *s = text.ptr; *s != '\0'; s++)
		if (*s == '<' || *s == '>' || *s == '&')
			buf_addf(b, "\\u%04x", (unsigned)*s);
		else
			buf_addc(b, *s);
	buf_addc(b, '\n');
	buf_fini(&text);
}

json_t *
api_text(const char *s)
{
	return utf8_json(s);
}

const char *
api_cut(const char *s, char out[static API_SHOWN + 1])
{
	size_t n = strnlen(s, API_SHOWN + 1);

	if (n > API_SHOWN)
		n = API_SHOWN;
	while (n > 0 && !utf8_is(s, n))
		n--;
	memcpy(out, s, n);
	out[n] = '\0';
	return out;
}

json_t *
api_i64s(int64_t v)
{
	return json_sprintf("%" PRId64, v);
}

json_t *
api_u64s(uint64_t v)
{
	return json_sprintf("%" PRIu64, v);
}

int
api_flag(struct call *c, const char *key, int *v)
{
	const char *s = kvs_get(&c->q->query, key);

	*v = s != NULL && strcmp(s, "1") == 0;
	if (s == NULL || *v || strcmp(s, "0") == 0)
		return 0;
	return call_fail(c, 400, "'%s' is 0 or 1", key);
}

int
api_number(
    struct call *c, const char *key, int64_t fallback, int64_t max, int64_t *v)
{
	const char *s = kvs_get(&c->q->query, key);

	*v = fallback;
	if (s == NULL || num_i64(s, 1, max, v, &c->e) == 0)
		return 0;
	err_wrap(&c->e, "'%s'", key);
	c->code = 400;
	return -1;
}
