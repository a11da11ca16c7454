#include "net/grpc_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

enum {
	CONNECT_MS = 10000,
	DEAD_MS = 30000, /* after so long without an acknowledgement the peer is
			    dead */
	DOWNLOAD_BYTES = 64 << 10, /* buffers of curl for each call, */
	UPLOAD_BYTES = 64 << 10,   /* down and up */
};

/* curl wants bytes of the request. */
static size_t
give(char *to, size_t size, size_t nmemb, void *arg)
{
	struct rpc *c = arg;
	size_t room = size * nmemb, n = 0;

	while (n < room && c->left > 0) {
		const char *p = (const char *)c->head + c->head_at;
		size_t have = FRAME_HEAD - c->head_at, k;

		if (have == 0 && c->at == c->pieces[c->piece].len) {
			c->piece++;
			c->at = 0;
			continue;
		}
		if (have == 0) {
			p = c->pieces[c->piece].ptr + c->at;
			have = c->pieces[c->piece].len - c->at;
		}
		k = have < room - n ? have : room - n;
		memcpy(to + n, p, k);
		*(c->head_at < FRAME_HEAD ? &c->head_at : &c->at) += k;
		c->left -= k;
		n += k;
	}
	if (c->left == 0)
		c->sent_ns = clock_ns();
	return n;
}

/*
 * If a connection dies before the answer, curl would rewind the request and
 * send it again on a new connection. Refuse, because the server may be working
 * on the first one.
 */
static int
never_again(void *arg, curl_off_t offset, int origin)
{
	(void)arg;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

/* A body of another kind than gRPC's is no message: an error page. */
static size_t
take_stream(struct rpc *c, const char *p, size_t n)
{
	long http = 0, version = 0;
	int rc;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &http);
	curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
	if (http != 200 || version != CURL_HTTP_VERSION_2_0)
		return n;
	rc = c->sink->bytes(c->arg, p, n);
	c->too_long = rc == GRPC_TOO_LONG;
	c->broken = rc == GRPC_BROKEN;
	return rc == 0 ? n : 0;
}

static size_t
take(char *p, size_t size, size_t nmemb, void *arg)
{
	struct rpc *c = arg;

	if (c->sink != NULL)
		return take_stream(c, p, size * nmemb);
	if (c->body.len + size * nmemb > MAX_ANSWER) {
		c->too_long = 1;
		return 0;
	}
	buf_add(&c->body, p, size * nmemb);
	return size * nmemb;
}

/* gRPC percent-encodes the message (its HTTP/2 protocol, "Responses"). */
static void
percent_decode(const char *p, size_t n, struct buf *b)
{
	for (size_t i = 0; i < n; i++) {
		char hex[3] = { 0 }, *end;
		long v;

		if (p[i] == '%' && i + 2 < n) {
			memcpy(hex, p + i + 1, 2);
			v = strtol(hex, &end, 16);
			if (end == hex + 2) {
				buf_addc(b, (char)v);
				i += 2;
				continue;
			}
		}
		buf_addc(b, p[i]);
	}
}

/* For headers and trailers: an early error has its status in the headers. */
static size_t
header(char *p, size_t size, size_t nmemb, void *arg)
{
	struct rpc *c = arg;
	size_t n = size * nmemb, end = n;
	static const char status[] = "grpc-status:", msg[] = "grpc-message:";
	int64_t v;
	struct err e;

	c->g->heard = 1;
	while (end > 0 && (p[end - 1] == '\n' || p[end - 1] == '\r'))
		end--;
	/*
	 * Milvus decides by the first bytes of a connection whether it is gRPC
	 * or REST, for good: a connection accepted before gRPC was up answers
	 * 404 for ever.
	 */
	if (end > 5 && strncasecmp(p, "HTTP/", 5) == 0 &&
	    memmem(p, end, " 200", 4) == NULL)
		curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 1L);
	if (end >= sizeof status && strncasecmp(p, status, 12) == 0) {
		const char *s = p + 12 + strspn(p + 12, " ");

		if (num_i64n(s, (size_t)(p + end - s), 0, 1000, &v, &e) == 0)
			c->status = (int)v;
	}
	if (end >= sizeof msg && strncasecmp(p, msg, 13) == 0) {
		const char *s = p + 13 + strspn(p + 13, " ");

		buf_clear(&c->message);
		percent_decode(s, (size_t)(p + end - s), &c->message);
	}
	return n;
}

static void
set_headers(struct rpc *c)
{
	char timeout[64];
	const char *fixed[] = { "content-type: application/grpc",
		"te: trailers", "Expect:", "Accept:", c->g->auth,
		c->timeout_ms > 0 ? timeout : NULL };

	snprintf(timeout, sizeof timeout, "grpc-timeout: %dm", c->timeout_ms);
	curl_slist_free_all(c->headers);
	c->headers = NULL;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (fixed[i] != NULL)
			c->headers = curl_slist_append(c->headers, fixed[i]);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
}

/*
 * TCP_USER_TIMEOUT notices a peer that has vanished. SO_LINGER 0 makes the end
 * of a connection a reset, so that bytes which were not sent yet are thrown
 * away when this process is killed: the next process will send newer rows of
 * the same keys. Linux still hands the bytes that arrived to their reader
 * before the reset, so this narrows the window and does not close it: BUGS in
 * cdc-apply(1). In order, connections are closed only after all calls are
 * answered.
 */
static int
socket_options(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	unsigned ms = DEAD_MS;

	(void)purpose;
	grpc_wait_socket(arg, fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
	return CURL_SOCKOPT_OK;
}

void
grpc_set_options(struct rpc *c)
{
	CURL *h = c->easy;
	char *url = x_asprintf("%s%s", c->g->base, c->method);

	curl_easy_reset(h);
	curl_easy_setopt(h, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION,
	    c->g->tls || !c->prior ? (long)CURL_HTTP_VERSION_2TLS
				   : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	curl_easy_setopt(
	    h, CURLOPT_FRESH_CONNECT, (long)(c->g->single && c->prior));
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, (long)DOWNLOAD_BYTES);
	curl_easy_setopt(h, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	/* closing does not wait for a resolver that gets no answer */
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(h, CURLOPT_POST, 1L);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->bytes);
	curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
	curl_easy_setopt(h, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(h, CURLOPT_READDATA, c);
	curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, never_again);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(h, CURLOPT_PRIVATE, c);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS,
	    c->timeout_ms > 0 ? (long)c->timeout_ms + SLACK_MS : 0);
	curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(h, CURLOPT_SOCKOPTFUNCTION, socket_options);
	curl_easy_setopt(h, CURLOPT_SOCKOPTDATA, c->g);
	curl_easy_setopt(h, CURLOPT_CAINFO, c->g->cacert);
	curl_easy_setopt(h, CURLOPT_SSLCERT, c->g->cert);
	curl_easy_setopt(h, CURLOPT_SSLKEY, c->g->key);
	set_headers(c);
}
