#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sig.h"
#include "net/tls.h"

struct http {
	CURLM *multi;
	CURL *easy; /* used by http_request for each request */
	struct http_conf conf;
};

/* A request in progress. */
struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	struct buf *in;
	uint64_t got; /* bytes so far */
	size_t max;
	int too_long;
	int done;
	CURLcode code;
	char why[CURL_ERROR_SIZE];
};

struct http_stream {
	struct http *h;
	struct transfer call;
	struct buf in;
	struct buf body;
	char *url;
	uint64_t told; /* how many bytes the caller has seen */
};

struct http *
http_open(const struct http_conf *conf, struct err *e)
{
	struct http *h = x_calloc(1, sizeof *h);

	h->conf = *conf;
	if (h->conf.connect_ms == 0)
		h->conf.connect_ms = HTTP_CONNECT_MS;
	if (h->conf.answer_ms == 0)
		h->conf.answer_ms = HTTP_ANSWER_MS;
	if (h->conf.max == 0)
		h->conf.max = HTTP_MAX;
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK ||
	    (h->multi = curl_multi_init()) == NULL ||
	    (h->easy = curl_easy_init()) == NULL) {
		err_set(e, ERR_DATA, "libcurl does not start");
		http_close(h);
		return NULL;
	}
	return h;
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->easy);
	curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *c = arg;

	(void)size; /* always 1 */
	if (n > c->max - c->in->len) {
		c->too_long = 1;
		return 0;
	}
	buf_add(c->in, p, n);
	c->got += n;
	return n;
}

static void
add_header(struct transfer *c, const char *line)
{
	struct curl_slist *l = curl_slist_append(c->headers, line);

	if (l != NULL)
		c->headers = l;
}

/* Options that all requests share: TLS, limits. */
static void
prepare(struct http *h, struct transfer *c, const char *url, const char *auth)
{
	CURL *q = c->easy;

	c->max = h->conf.max;
	curl_easy_setopt(q, CURLOPT_URL, url);
	curl_easy_setopt(q, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(q, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(q, CURLOPT_PROXY, "");
	curl_easy_setopt(q, CURLOPT_NOSIGNAL, 1L);
	/* closing does not wait for a resolver that gets no answer */
	curl_easy_setopt(q, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(q, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(q, CURLOPT_TCP_KEEPIDLE, 10L);
	curl_easy_setopt(q, CURLOPT_TCP_KEEPINTVL, 5L);
	curl_easy_setopt(
	    q, CURLOPT_CONNECTTIMEOUT_MS, (long)h->conf.connect_ms);
	curl_easy_setopt(q, CURLOPT_ERRORBUFFER, c->why);
	curl_easy_setopt(q, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(q, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(q, CURLOPT_PRIVATE, c);
	if (h->conf.cacert != NULL)
		curl_easy_setopt(q, CURLOPT_CAINFO, h->conf.cacert);
	if (h->conf.cert != NULL)
		curl_easy_setopt(q, CURLOPT_SSLCERT, h->conf.cert);
	if (h->conf.key != NULL)
		curl_easy_setopt(q, CURLOPT_SSLKEY, h->conf.key);
	if (auth != NULL) {
		char *line = x_asprintf("Authorization: %s", auth);

		add_header(c, line);
		free(line);
	}
}

static void
set_body(struct transfer *c, const struct buf *body)
{
	add_header(c, "Content-Type: application/json");
	add_header(c, "Expect:");
	curl_easy_setopt(
	    c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body->ptr);
}

static enum err_kind
kind_of(CURLcode code, const char *why)
{
	static const CURLcode usage[] = { CURLE_URL_MALFORMAT,
		CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CERTPROBLEM,
		CURLE_SSL_CACERT_BADFILE };

	for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
		if (code == usage[i])
			return ERR_USAGE;
	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_WRITE_ERROR || trust_refused(why) ||
	    trust_no_tls(why))
		return ERR_DATA;
	return ERR_TEMP;
}

static int
failed(const struct transfer *c, const char *url, struct err *e)
{
	if (c->too_long)
		return err_set(e, ERR_DATA,
		    "'%s': the answer is longer than %zu bytes", url, c->max);
	return err_set(e, kind_of(c->code, c->why), "'%s': %s%s", url,
	    trust_refused(c->why) ? "our certificate is refused, or one is "
				    "wanted: "
				  : "",
	    c->why[0] != '\0' ? c->why : curl_easy_strerror(c->code));
}

/*
 * Drive all transfers, for ms at most, or until `out` is writable (-1: none).
 * Returns 1 if it is, 0 if not, -1.
 */
static int
turn(struct http *h, int ms, int out, struct err *e)
{
	struct curl_waitfd also[2];
	unsigned n_also = 0;
	CURLMsg *m;
	int n, left;

	if (sig_stop != 0)
		return err_set(e, ERR_STOP, "stopped");
	if (sig_fd() >= 0)
		also[n_also++] = (struct curl_waitfd){ .fd = sig_fd(),
			.events = CURL_WAIT_POLLIN };
	if (out >= 0)
		also[n_also++] = (struct curl_waitfd){ .fd = out,
			.events = CURL_WAIT_POLLOUT };
	if (ms > 0)
		curl_multi_poll(h->multi, also, n_also, ms, &n);
	curl_multi_perform(h->multi, &n);
	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		char *p = NULL;
		struct transfer *c;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		c = (void *)p;
		c->done = 1;
		c->code = m->data.result;
	}
	return ms > 0 && out >= 0 && also[n_also - 1].revents != 0;
}

int
http_request(struct http *h, const char *url, const char *auth,
    const struct buf *body, struct http_reply *r, struct err *e)
{
	struct transfer c = { .easy = h->easy, .in = &r->body };
	int rc = 0, ms = 0;

	buf_clear(&r->body);
	r->status = 0;
	curl_easy_reset(c.easy);
	prepare(h, &c, url, auth);
	curl_easy_setopt(c.easy, CURLOPT_TIMEOUT_MS, (long)h->conf.answer_ms);
	if (body != NULL)
		set_body(&c, body);
	curl_easy_setopt(c.easy, CURLOPT_HTTPHEADER, c.headers);
	curl_multi_add_handle(h->multi, c.easy);
	while (!c.done && rc == 0) {
		rc = turn(h, ms, -1, e);
		ms = 1000;
	}
	curl_easy_getinfo(c.easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_multi_remove_handle(h->multi, c.easy);
	curl_easy_setopt(c.easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(c.headers);
	r->too_long = c.too_long;
	if (rc == 0 && c.code != CURLE_OK)
		rc = failed(&c, url, e);
	return rc;
}

struct http_stream *
http_stream_open(struct http *h, const char *url, const char *auth,
    const struct buf *body, struct err *e)
{
	struct http_stream *s = x_calloc(1, sizeof *s);

	s->h = h;
	s->url = x_strdup(url);
	s->call.in = &s->in;
	buf_add(&s->body, body->ptr, body->len);
	if ((s->call.easy = curl_easy_init()) == NULL) {
		err_set(e, ERR_DATA, "libcurl does not start");
		http_stream_close(s);
		return NULL;
	}
	prepare(h, &s->call, url, auth);
	set_body(&s->call, &s->body);
	curl_easy_setopt(s->call.easy, CURLOPT_HTTPHEADER, s->call.headers);
	curl_multi_add_handle(h->multi, s->call.easy);
	return s;
}

void
http_stream_close(struct http_stream *s)
{
	if (s == NULL)
		return;
	if (s->call.easy != NULL)
		curl_multi_remove_handle(s->h->multi, s->call.easy);
	curl_easy_cleanup(s->call.easy);
	curl_slist_free_all(s->call.headers);
	buf_fini(&s->in);
	buf_fini(&s->body);
	free(s->url);
	free(s);
}

struct buf *
http_stream_in(struct http_stream *s)
{
	return &s->in;
}

long
http_stream_status(const struct http_stream *s)
{
	long status = 0;

	curl_easy_getinfo(s->call.easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* 1 if more bytes came since the caller looked. */
static int
news(struct http_stream *s)
{
	int more = s->call.got > s->told;

	s->told = s->call.got;
	return more;
}

int
http_stream_wait(struct http_stream *s, int ms, int out, struct err *e)
{
	int64_t end = clock_ns() + ms * NS_PER_MS, left;
	int room = 0;

	if (turn(s->h, 0, -1, e) == -1)
		return -1;
	while (!news(s)) {
		if (s->call.done && s->call.code != CURLE_OK)
			return failed(&s->call, s->url, e);
		if (s->call.done)
			return err_set(e, ERR_TEMP,
			    "'%s': the server ended the answer", s->url);
		/* rounded up, since 0 ms would be a busy wait at the end */
		left = (end - clock_ns() + 999999) / NS_PER_MS;
		if (left <= 0 || room)
			return 0;
		room = turn(s->h, (int)left, out, e);
		if (room == -1)
			return -1;
	}
	return 1;
}
