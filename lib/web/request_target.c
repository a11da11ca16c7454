#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "web/priv.h"

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c == '\0' || p == NULL ? -1 : (int)(p - digits);
}

/*
 * n bytes with their escapes decoded; NULL if an escape is invalid or gives no
 * text.
 */
static char *
decode(const char *s, size_t n, int plus)
{
	char *text = x_malloc(n + 1), *to = text;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == ' ')
			goto bad;
		if (c == '%') {
			int high = i + 2 < n ? hex(s[i + 1]) : -1;
			int low = i + 2 < n ? hex(s[i + 2]) : -1;

			c = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c < ' ' || c == 127)
			goto bad;
		*to++ = (char)c;
	}
	*to = '\0';
	if (utf8_is(text, (size_t)(to - text)))
		return text;
bad:
	free(text);
	return NULL;
}

static int
add_pair(struct kvs *query, const char *s, size_t n, struct err *e)
{
	const char *eq = memchr(s, '=', n);
	size_t klen = eq == NULL ? n : (size_t)(eq - s);
	char *key = decode(s, klen, 1);
	char *value =
	    decode(s + klen + (eq != NULL), n - klen - (eq != NULL), 1);
	int rc = 0;

	if (key == NULL || value == NULL)
		rc = err_set(e, ERR_DATA, "the query cannot be decoded");
	else if (n > 0)
		kvs_set(query, key, value);
	free(key);
	free(value);
	return rc;
}

static int
parse_query(struct kvs *query, const char *s, struct err *e)
{
	for (;;) {
		size_t n = strcspn(s, "&");

		if (add_pair(query, s, n, e) == -1)
			return -1;
		if (s[n] == '\0')
			return 0;
		s += n + 1;
	}
}

/* An encoded slash would be part of a name, and no name has one. */
static int
slash(const char *s, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++)
		if (strncasecmp(s + i, "%2f", 3) == 0)
			return 1;
	return 0;
}

int
target_parse(const char *raw, char **path, struct kvs *query, struct err *e)
{
	size_t n = strcspn(raw, "?");

	*path = NULL;
	if (raw[0] != '/')
		return err_set(e, ERR_DATA, "the path does not begin with '/'");
	if (slash(raw, n) || (*path = decode(raw, n, 0)) == NULL)
		return err_set(e, ERR_DATA, "the path cannot be decoded");
	return raw[n] == '\0' ? 0 : parse_query(query, raw + n + 1, e);
}

int
target_fits(const char *raw)
{
	size_t parts = 1;

	for (; *raw != '\0'; raw++)
		parts += *raw == '&';
	return parts <= WEB_QUERY_MAX;
}

void
target_show(const char *raw, char *out, size_t cap)
{
	size_t n = 0;

	for (; *raw != '\0' && *raw != '?' && n + 4 < cap; raw++)
		if (*raw > ' ' && *raw < 127)
			out[n++] = *raw;
		else
			n += (size_t)snprintf(out + n, cap - n, "%%%02x",
			    (unsigned)(unsigned char)*raw);
	out[n] = '\0';
}

int
target_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n > 0 && n < WEB_ID && id[n] == '\0';
}
