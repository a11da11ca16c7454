#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "web/priv.h"

enum { METHOD_MAX = 32 };

const char *
head_value(const struct exchange *k, const char *name)
{
	return MHD_lookup_connection_value(k->conn, MHD_HEADER_KIND, name);
}

/* The request's id: the client's X-Request-Id, or a new one. */
static void
take_id(struct exchange *k)
{
	const char *given = head_value(k, "X-Request-Id");
	uint64_t made = 0;

	if (given != NULL && target_id(given)) {
		snprintf(k->id, sizeof k->id, "%s", given);
		return;
	}
	if (getrandom(&made, sizeof made, 0) != sizeof made)
		made = (uint64_t)clock_ms();
	snprintf(k->id, sizeof k->id, "%016llx", (unsigned long long)made);
}

__attribute__((format(printf, 3, 4))) static int
no(struct head *h, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->why, sizeof h->why, fmt, ap);
	va_end(ap);
	return status;
}

/* RFC 9110, 5.6.2. */
static int
token(const char *s)
{
	size_t n = strspn(s, "!#$%&'*+-.^_`|~0123456789"
			     "abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && s[n] == '\0';
}

static int
check_line(struct exchange *k, struct head *h)
{
	struct err e = { 0 };

	/*
	 * libmicrohttpd ends the target where the version begins. A NUL within
	 * the target ends it earlier, and the rest would be ignored.
	 */
	if (h->version != h->url + strlen(k->raw) + 1)
		return no(h, 400, "the request line is none of HTTP/1");
	if (!token(h->method) || strlen(h->method) > METHOD_MAX)
		return no(h, 400, "the method is none");
	if (target_parse(k->raw, &k->path, &k->req.query, &e) == -1)
		return no(h, 400, "%s", e.msg);
	return 0;
}

static int
check_length(struct exchange *k, struct head *h)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    k->conn, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	if (info != NULL && info->header_size > WEB_HEADER_MAX)
		return no(h, 431, "the header has %zu bytes, at most %d",
		    info->header_size, WEB_HEADER_MAX);
	return 0;
}

/* Headers that a request may have once at most. */
static const char *const once[] = { "Host", "Content-Length",
	"Transfer-Encoding", "Authorization", "Origin" };
enum { ONCE = sizeof once / sizeof *once };

struct header_names {
	int seen[ONCE];
	int odd; /* invalid header names */
};

static enum MHD_Result
see_name(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_names *seen = cls;

	(void)kind;
	(void)value;
	seen->odd += !token(name);
	for (int i = 0; i < ONCE; i++)
		seen->seen[i] += strcasecmp(name, once[i]) == 0;
	return MHD_YES;
}

static int
check_names(struct exchange *k, struct head *h)
{
	struct header_names names = { 0 };

	MHD_get_connection_values(k->conn, MHD_HEADER_KIND, see_name, &names);
	if (names.odd > 0)
		return no(h, 400, "a header's name is none");
	for (int i = 0; i < ONCE; i++)
		if (names.seen[i] > 1)
			return no(h, 400, "%s is there twice", once[i]);
	return 0;
}

/* A proxy and this server must agree on where a body ends (RFC 9112, 6.3). */
static int
check_framing(struct exchange *k, struct head *h)
{
	const char *coding = head_value(k, "Transfer-Encoding");

	if (coding != NULL && head_value(k, "Content-Length") != NULL)
		return no(h, 400,
		    "Content-Length and Transfer-Encoding: one is wrong");
	if (coding != NULL && strcasecmp(coding, "chunked") != 0)
		return no(h, 501, "this Transfer-Encoding is not known here");
	if (head_value(k, "Host") == NULL &&
	    strcmp(h->version, "HTTP/1.0") != 0)
		return no(h, 400, "Host is missing");
	return 0;
}

static int
is_open(const char *const *open, const char *path)
{
	for (; open != NULL && *open != NULL; open++)
		if (strcmp(*open, path) == 0)
			return 1;
	return 0;
}

static int
check_who(struct exchange *k, struct head *h)
{
	const struct asker asker = {
		.authorization = head_value(k, "Authorization"),
		.host = head_value(k, "Host"),
		.origin = head_value(k, "Origin"),
	};
	struct err e = { 0 };
	int status = access_check(&k->web->who, &asker, &k->req.may_write, &e);

	k->req.no_token = k->web->who.write_token == NULL;
	if (status == 0 || strcmp(k->path, "/healthz") == 0 ||
	    (status == 401 && is_open(k->web->who.open, k->path)))
		return 0;
	if (status == 401)
		kvs_set(&k->res.headers, "WWW-Authenticate", "Bearer");
	return no(h, status, "%s", e.msg);
}

static int
check_body(struct exchange *k, struct head *h)
{
	const char *length = head_value(k, "Content-Length");
	struct err e = { 0 };
	uint64_t n = 0;

	/* libmicrohttpd has refused what is not a number */
	if (length != NULL && num_u64(length, 0, WEB_BODY_MAX, &n, &e) == -1)
		return no(
		    h, 413, "the body is longer than %d bytes", WEB_BODY_MAX);
	return 0;
}

static void
fill_in(struct exchange *k, const struct head *h)
{
	k->req.method = strcmp(h->method, "HEAD") == 0 ? "GET" : h->method;
	k->req.path = k->path;
	k->req.type = head_value(k, "Content-Type");
	k->req.if_match = head_value(k, "If-Match");
	k->req.id = k->id;
}

int
head_check(struct exchange *k, struct head *h)
{
	static int (*const checks[])(struct exchange *, struct head *) = {
		check_line,
		check_length,
		check_names,
		check_framing,
		check_who,
		check_body,
	};
	int status = 0;

	take_id(k);
	fill_in(k, h);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if ((status = checks[i](k, h)) != 0)
			break;
	k->req.path = k->path;
	return status;
}
