#ifndef CDC_NET_HTTP_H
#define CDC_NET_HTTP_H

#include <stddef.h>

#include "base/buf.h"

struct err;

/*
 * HTTP/1.1 requests that send JSON and get a body, and streams whose answer
 * never ends. Connections are kept open between requests. No proxy is used and
 * no redirect is followed. One thread; every wait ends early with ERR_STOP when
 * sig_stop is set.
 */
struct http;
struct http_stream;

struct http_conf {
	const char *cacert; /* PEM files, or NULL */
	const char *cert;
	const char *key;
	int connect_ms; /* 0: HTTP_CONNECT_MS */
	int answer_ms;  /* a whole request, 0: HTTP_ANSWER_MS */
	size_t max;     /* bytes of an answer, 0: HTTP_MAX */
};
enum {
	HTTP_CONNECT_MS = 3000,
	HTTP_ANSWER_MS = 15000,
	HTTP_MAX = 64 << 20,
};

/* The strings of conf are borrowed until http_close. */
struct http *http_open(const struct http_conf *conf, struct err *e);
void http_close(struct http *h);

struct http_reply {
	long status; /* 200 */
	struct buf body;
	int too_long; /* the request failed because more than conf.max bytes
			 came */
};

/*
 * POST body, or GET if body is NULL. auth is the value of an Authorization
 * header, or NULL. Returns 0 with any HTTP status in *r, whose body is cleared
 * first and is the caller's to free; -1 with ERR_TEMP if the server cannot be
 * reached or does not answer in time, ERR_DATA if its certificate is wrong or
 * its answer too large, ERR_USAGE for a URL or a certificate file that cannot
 * be used.
 */
int http_request(struct http *h, const char *url, const char *auth,
    const struct buf *body, struct http_reply *r, struct err *e);

/*
 * POST body and leave the answer open. The stream must be closed before h.
 * It is read while any function of h waits, so that it cannot fill up.
 */
struct http_stream *http_stream_open(struct http *h, const char *url,
    const char *auth, const struct buf *body, struct err *e);
void http_stream_close(struct http_stream *s);

/*
 * The bytes that came, which the caller cuts off when used; owned by the
 * stream.
 */
struct buf *http_stream_in(struct http_stream *s);
/* The HTTP status, 0 while it is not known. */
long http_stream_status(const struct http_stream *s);

/*
 * Wait up to ms for more bytes, or until the descriptor `out` is writable (-1:
 * none). Returns 1 if bytes came, 0 if not, -1 with *e set as above if the
 * stream has failed, or has ended and all of it was handed out.
 */
int http_stream_wait(struct http_stream *s, int ms, int out, struct err *e);

#endif
