#include "net/grpc_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/base64.h"
#include "net/tls.h"
#include "net/url.h"

enum { MAX_LINKS = 128 /* of those kept open */, RESOURCE_EXHAUSTED = 8 };
/*
 * Ports of a URI that names none: Milvus's proxy, and what stands before it
 * with TLS.
 */
enum { MILVUS_PORT = 19530, HTTPS_PORT = 443 };

#define SERVICE "/milvus.proto.milvus.MilvusService/"

static char *
dup_or_null(const char *s)
{
	return s == NULL ? NULL : x_strdup(s);
}

static char *
auth_header(const struct grpc_conf *conf)
{
	struct buf b = { 0 };

	if (conf->token == NULL && conf->authorization == NULL)
		return NULL;
	buf_adds(&b, "authorization: ");
	if (conf->token != NULL)
		b64_add(&b, conf->token, strlen(conf->token));
	else
		buf_adds(&b, conf->authorization);
	return buf_take(&b);
}

static int
is_old_curl(void)
{
	return curl_version_info(CURLVERSION_NOW)->version_num < 0x080000;
}

static void
connections(struct grpc *g)
{
	g->multi = curl_multi_init();
	if (g->multi == NULL)
		abort(); /* out of memory */
	curl_multi_setopt(g->multi, CURLMOPT_PIPELINING,
	    g->single ? CURLPIPE_NOTHING : CURLPIPE_MULTIPLEX);
	curl_multi_setopt(g->multi, CURLMOPT_MAXCONNECTS, (long)MAX_LINKS);
	g->links = 0;
}

struct grpc *
grpc_open(const struct grpc_conf *conf, struct err *e)
{
	struct grpc *g;
	char *uri;
	int tls = strncmp(conf->uri, "https://", 8) == 0;
	size_t n = strlen(conf->uri);

	if (trust_no_user(conf->uri, "--token-file", e) == -1)
		return NULL;
	if (!tls && strncmp(conf->uri, "http://", 7) != 0) {
		err_set(e, ERR_USAGE,
		    "target '%s' is not http://HOST:PORT or https://HOST:PORT",
		    conf->uri);
		return NULL;
	}
	if (trust_files(conf->cacert, conf->cert, conf->key, e) == -1)
		return NULL;
	if (conf->token != NULL)
		trust_in_clear(conf->uri);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	g = x_calloc(1, sizeof *g);
	g->tls = tls;
	g->single = is_old_curl();
	while (n > 0 && conf->uri[n - 1] == '/')
		n--;
	uri = url_with_port(conf->uri, n, tls ? HTTPS_PORT : MILVUS_PORT);
	g->base = x_asprintf(
	    "%s%s", uri, conf->service != NULL ? conf->service : SERVICE);
	free(uri);
	g->auth = auth_header(conf);
	g->cacert = dup_or_null(conf->cacert);
	g->cert = dup_or_null(conf->cert);
	g->key = dup_or_null(conf->key);
	grpc_wait_open(g);
	connections(g);
	return g;
}

static void
call_free(struct rpc *c)
{
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	buf_fini(&c->body);
	buf_fini(&c->message);
	free(c);
}

/* Nobody waits for an answer any more. */
static void
drop(struct grpc *g)
{
	while (g->active != NULL) {
		struct rpc *c = g->active;

		g->active = c->next;
		curl_multi_remove_handle(g->multi, c->easy);
		call_free(c);
	}
	while (g->idle != NULL) {
		struct rpc *c = g->idle;

		g->idle = c->next;
		call_free(c);
	}
	g->pending = 0;
	curl_multi_cleanup(g->multi);
}

void
grpc_renew(struct grpc *g)
{
	drop(g);
	connections(g);
}

void
grpc_close(struct grpc *g)
{
	if (g == NULL)
		return;
	drop(g);
	grpc_wait_close(g);
	free(g->base);
	free(g->auth);
	free(g->cacert);
	free(g->cert);
	free(g->key);
	free(g);
}

size_t
grpc_pending(const struct grpc *g)
{
	return g->pending;
}

static struct rpc *
call_new(struct grpc *g)
{
	struct rpc *c = g->idle;

	if (c != NULL) {
		g->idle = c->next;
		return c;
	}
	c = x_calloc(1, sizeof *c);
	c->g = g;
	c->easy = curl_easy_init();
	if (c->easy == NULL)
		abort(); /* out of memory */
	return c;
}

/* Starts a call from its first byte, the first time or again. */
static void
launch(struct rpc *c)
{
	struct grpc *g = c->g;

	/* pending counts this one too */
	c->prior = !g->tls && (!g->single || g->links < g->pending);
	if (c->prior)
		g->links++;
	c->piece = c->at = c->head_at = 0;
	c->too_long = c->broken = 0;
	c->left = c->bytes;
	c->sent_ns = 0;
	c->status = -1;
	c->error[0] = '\0';
	buf_clear(&c->body);
	buf_clear(&c->message);
	if (c->sink != NULL)
		c->sink->begin(c->arg);
	grpc_set_options(c);
	if (curl_multi_add_handle(g->multi, c->easy) != CURLM_OK)
		abort(); /* out of memory, or a mistake of ours */
}

static void
start(struct grpc *g, const char *method, const struct span *pieces,
    size_t npieces, int timeout_ms, grpc_done *done, void *arg,
    const struct grpc_sink *sink)
{
	struct rpc *c = call_new(g);
	size_t n = 0;

	for (size_t i = 0; i < npieces; i++)
		n += pieces[i].len;
	c->method = method;
	c->sink = sink;
	c->done = done;
	c->arg = arg;
	c->timeout_ms = timeout_ms;
	c->pieces = pieces;
	c->bytes = FRAME_HEAD + n;
	c->head[0] = 0;
	for (int i = 0; i < 4; i++)
		c->head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
	c->next = g->active;
	g->active = c;
	g->pending++;
	launch(c);
}

void
grpc_start(struct grpc *g, const char *method, const struct span *pieces,
    size_t npieces, int timeout_ms, grpc_done *done, void *arg)
{
	start(g, method, pieces, npieces, timeout_ms, done, arg, NULL);
}

void
grpc_start_stream(struct grpc *g, const struct grpc_sink *sink,
    const char *method, const struct span *piece, int timeout_ms,
    grpc_done *done, void *arg)
{
	start(g, method, piece, 1, timeout_ms, done, arg, sink);
}

/* No gRPC status came: use the HTTP status (gRPC's mapping). */
static void
http_only(struct rpc *c, struct grpc_result *r)
{
	long http = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &http);
	snprintf(c->error, sizeof c->error, "HTTP status %ld", http);
	r->text = c->error;
	r->http = http;
	r->end = http == 200 || http == 429 || http >= 500 ? GRPC_UNKNOWN
							   : GRPC_REFUSED;
	if (http == 200)
		snprintf(c->error, sizeof c->error, "an answer without status");
}

/* Status 0: the one message of the answer, or what a stream is left with. */
static void
whole(struct rpc *c, struct grpc_result *r)
{
	const uint8_t *p = (const uint8_t *)c->body.ptr;
	uint32_t n;

	if (c->sink != NULL && c->sink->is_whole(c->arg)) {
		r->end = GRPC_ANSWER;
		return;
	}
	if (c->sink != NULL) {
		r->end = GRPC_UNKNOWN;
		r->text = "the answer ends in the middle of a message";
		return;
	}
	r->end = GRPC_REFUSED;
	r->text = "a broken answer";
	if (c->body.len < FRAME_HEAD || p[0] != 0)
		return;
	n = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 |
	    p[4];
	if (n != c->body.len - FRAME_HEAD)
		return;
	r->end = GRPC_ANSWER;
	r->ptr = p + FRAME_HEAD;
	r->len = n;
}

static void
answered(struct rpc *c, struct grpc_result *r)
{

	if (c->status == -1) {
		http_only(c, r);
		return;
	}
	r->status = c->status;
	r->text = c->message.len > 0 ? c->message.ptr : "no message";
	r->end = GRPC_STATUS;
	/* deadline exceeded, cancelled: the request may be done all the same */
	if (c->status == 4 || c->status == 1)
		r->end = GRPC_UNKNOWN;
	if (c->status == 0)
		whole(c, r);
}

/*
 * 1 if the server is no gRPC server, so that trying again does not help. A
 * connection that breaks in the first bytes of HTTP/2 is no sign of that.
 */
static int
is_foreign(const struct rpc *c, CURLcode rc)
{
	long broke = 0;

	if (rc == CURLE_HTTP2)
		curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &broke);
	return (rc == CURLE_HTTP2 && broke == 0) ||
	       rc == CURLE_UNSUPPORTED_PROTOCOL || rc == CURLE_URL_MALFORMAT ||
	       rc == CURLE_HTTP_RETURNED_ERROR ||
	       rc == CURLE_WEIRD_SERVER_REPLY;
}

/* TLS failed, so that no request was read, even if curl has sent one. */
static int
is_about_trust(const struct rpc *c, CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION ||
	       rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_CACERT_BADFILE ||
	       (rc != CURLE_OK &&
		   (trust_refused(c->error) || trust_no_tls(c->error)));
}

/* 1 if the call went out on a new connection as HTTP/1.1: see struct grpc. */
static int
misled(struct rpc *c)
{
	long connects = 0;

	if (!c->g->single || c->g->tls || c->prior)
		return 0;
	curl_easy_getinfo(c->easy, CURLINFO_NUM_CONNECTS, &connects);
	return connects > 0;
}

static void
deactivate(struct rpc *c)
{
	struct rpc **p = &c->g->active;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
}

static void
time_it(struct grpc *g, const struct rpc *c)
{
	int64_t took = clock_ns() - c->sent_ns;

	if (c->sent_ns != 0 &&
	    (g->round_trip_ns == 0 || took < g->round_trip_ns))
		g->round_trip_ns = took;
}

int64_t
grpc_round_trip_ns(const struct grpc *g)
{
	return g->round_trip_ns;
}

static void
finish(struct rpc *c, CURLcode rc)
{
	struct grpc *g = c->g;
	struct grpc_result r = { .text = c->error };

	curl_multi_remove_handle(g->multi, c->easy);
	if (misled(c)) {
		/* how many of these connections are left is unknown */
		g->links = 0;
		launch(c);
		return;
	}
	if (c->prior && rc != CURLE_OK && g->links > 0)
		g->links--;
	if (rc == CURLE_OK) {
		time_it(g, c);
		answered(c, &r);
	} else {
		r.end = c->left > 0 ? GRPC_NOT_SENT : GRPC_UNKNOWN;
	}
	r.trust = is_about_trust(c, rc);
	if (r.trust || (rc != CURLE_OK && c->left > 0 && is_foreign(c, rc)))
		r.end = GRPC_REFUSED;
	if (c->too_long) {
		/*
		 * the status that a server gives to a request that is too large
		 */
		r.end = GRPC_STATUS;
		r.status = RESOURCE_EXHAUSTED;
		snprintf(
		    c->error, sizeof c->error, "the answer is larger than max");
	}
	if (c->broken) {
		r.end = GRPC_REFUSED;
		snprintf(c->error, sizeof c->error, "a broken answer");
	}
	/* a server that wants TLS just ends the connection */
	if ((rc == CURLE_PARTIAL_FILE || rc == CURLE_HTTP2_STREAM) && !g->tls &&
	    !g->heard)
		snprintf(c->error, sizeof c->error,
		    "the connection ends without an answer (is it https?)");
	if (rc != CURLE_OK && c->error[0] == '\0')
		r.text = curl_easy_strerror(rc);
	if (r.end != GRPC_NOT_SENT)
		r.quiet_ns =
		    c->sent_ns + ((int64_t)c->timeout_ms + LATE_MS) * NS_PER_MS;
	g->pending--;
	deactivate(c);
	c->done(c->arg, &r);
	c->next = g->idle;
	g->idle = c;
}

static void
finish_all(struct grpc *g)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(g->multi, &left)) != NULL) {
		char *arg = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &arg);
		finish((struct rpc *)(void *)arg, m->data.result);
	}
}

CURLMcode
grpc_drive(struct grpc *g)
{
	int moved;
	CURLMcode rc = grpc_step(g, &moved);

	finish_all(g);
	return rc;
}

int
grpc_wait(struct grpc *g, struct grpc_fd *fds, size_t nfds, int timeout_ms,
    struct err *e)
{
	struct curl_waitfd w[GRPC_MAX_FDS] = { { 0 } };
	int moved;
	CURLMcode rc = grpc_step(g, &moved);
	size_t before = g->pending;

	if (nfds > GRPC_MAX_FDS)
		nfds = GRPC_MAX_FDS;
	finish_all(g);
	if (moved || before != g->pending)
		timeout_ms = 0;
	for (size_t i = 0; i < nfds; i++) {
		w[i].fd = fds[i].fd;
		w[i].events = CURL_WAIT_POLLIN;
	}
	if (rc == CURLM_OK && (nfds > 0 || timeout_ms > 0))
		rc = grpc_poll(g, w, (unsigned)nfds, timeout_ms);
	for (size_t i = 0; i < nfds; i++)
		fds[i].ready = w[i].revents != 0;
	if (rc == CURLM_OK)
		rc = grpc_step(g, &moved);
	finish_all(g);
	if (rc != CURLM_OK)
		return err_set(
		    e, ERR_TEMP, "curl: %s", curl_multi_strerror(rc));
	return 0;
}
