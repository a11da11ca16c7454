#ifndef CDC_FUZZCURL_H
#define CDC_FUZZCURL_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "fuzz.h"

/*
 * A libcurl whose server is the input: the functions that grpc*.c calls,
 * which stand before the library's own. An answer is
 *
 *	how, length of the headers, headers, length of the body as two bytes
 *	little endian, body
 *
 * and when there are no more, gRPC status 12 to everything.
 */
enum {
	HOW_CODE = 3,     /* what curl says: an index of codes */
	HOW_NO_FRAME = 4, /* the body is as it is, else in a gRPC frame */
	HOW_NOT_SENT = 8, /* curl did not take the whole request */
	HOW_404 = 16,     /* the HTTP status, else 200 */
	HOW_NEW = 32,     /* on a new connection */
	HOW_HEADERS = 64, /* those of the input, else grpc-status: 0 */
	MAX_HANDLES = 128,
	MAX_CALLS = 500,
};

static struct fuzz fuzz_answers;
static int fuzz_calls;

struct fuzz_easy {
	size_t (*give)(char *, size_t, size_t, void *);
	size_t (*take)(char *, size_t, size_t, void *);
	size_t (*header)(char *, size_t, size_t, void *);
	void *give_arg, *take_arg, *header_arg;
	char *priv;
	long http, connects;
	CURLcode code;
	CURLMsg msg;
};

static struct fuzz_easy *fuzz_handles[MAX_HANDLES];
static int fuzz_done[MAX_HANDLES]; /* 1: to be told, 2: told */

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

CURL *
curl_easy_init(void)
{
	return x_calloc(1, sizeof(struct fuzz_easy));
}

void
curl_easy_cleanup(CURL *h)
{
	free(h);
}

void
curl_easy_reset(CURL *h)
{
	memset(h, 0, sizeof(struct fuzz_easy));
}

CURLcode
curl_easy_setopt(CURL *h, CURLoption option, ...)
{
	struct fuzz_easy *c = h;
	va_list ap;

	va_start(ap, option);
	if (option == CURLOPT_READFUNCTION)
		c->give = va_arg(ap, size_t(*)(char *, size_t, size_t, void *));
	else if (option == CURLOPT_WRITEFUNCTION)
		c->take = va_arg(ap, size_t(*)(char *, size_t, size_t, void *));
	else if (option == CURLOPT_HEADERFUNCTION)
		c->header =
		    va_arg(ap, size_t(*)(char *, size_t, size_t, void *));
	else if (option == CURLOPT_READDATA)
		c->give_arg = va_arg(ap, void *);
	else if (option == CURLOPT_WRITEDATA)
		c->take_arg = va_arg(ap, void *);
	else if (option == CURLOPT_HEADERDATA)
		c->header_arg = va_arg(ap, void *);
	else if (option == CURLOPT_PRIVATE)
		c->priv = va_arg(ap, char *);
	va_end(ap);
	return CURLE_OK;
}

CURLcode
curl_easy_getinfo(CURL *h, CURLINFO info, ...)
{
	struct fuzz_easy *c = h;
	va_list ap;

	va_start(ap, info);
	if (info == CURLINFO_PRIVATE)
		*va_arg(ap, char **) = c->priv;
	else
		*va_arg(ap, long *) =
		    info == CURLINFO_RESPONSE_CODE ? c->http : c->connects;
	va_end(ap);
	return CURLE_OK;
}

CURLM *
curl_multi_init(void)
{
	return fuzz_handles;
}

CURLMcode
curl_multi_cleanup(CURLM *m)
{
	(void)m;
	return CURLM_OK;
}

CURLMcode
curl_multi_setopt(CURLM *m, CURLMoption option, ...)
{
	(void)m;
	(void)option;
	return CURLM_OK;
}

CURLMcode
curl_multi_add_handle(CURLM *m, CURL *h)
{
	(void)m;
	for (int i = 0; i < MAX_HANDLES; i++)
		if (fuzz_handles[i] == NULL) {
			fuzz_handles[i] = h;
			fuzz_done[i] = 0;
			return CURLM_OK;
		}
	abort();
}

CURLMcode
curl_multi_remove_handle(CURLM *m, CURL *h)
{
	(void)m;
	for (int i = 0; i < MAX_HANDLES; i++)
		if (fuzz_handles[i] == h)
			fuzz_handles[i] = NULL;
	return CURLM_OK;
}

static void
fuzz_send(struct fuzz_easy *c, int all)
{
	char chunk[100];
	size_t n = all ? 1 : 0;

	while (n > 0)
		n = c->give(chunk, 1, sizeof chunk, c->give_arg);
}

/* One line, as curl hands it over: with its end, and no NUL behind. */
static void
fuzz_header(struct fuzz_easy *c, const uint8_t *p, size_t n)
{
	char *line = x_malloc(n + 2);

	if (n > 0)
		memcpy(line, p, n);
	line[n] = '\r';
	line[n + 1] = '\n';
	c->header(line, 1, n + 2, c->header_arg);
	free(line);
}

static void
fuzz_body(struct fuzz_easy *c, const uint8_t *p, size_t n, int framed)
{
	char head[5] = { 0, 0, 0, (char)(n >> 8), (char)n };

	if (framed)
		c->take(head, 1, sizeof head, c->take_arg);
	for (size_t at = 0; at < n; at += 1000) {
		size_t k = n - at < 1000 ? n - at : 1000;
		char *copy = x_memdup(p + at, k);
		size_t took = c->take(copy, 1, k, c->take_arg);

		free(copy);
		if (took != k)
			break;
	}
}

/* The next answer, to this call. */
static void
fuzz_answer(struct fuzz_easy *c)
{
	static const CURLcode codes[] = { CURLE_OK, CURLE_RECV_ERROR,
		CURLE_HTTP2, CURLE_COULDNT_CONNECT };
	static const char unknown[] = "grpc-status: 12",
			  good[] = "grpc-status: 0";
	struct fuzz *in = &fuzz_answers, headers;
	int any = in->len > 0 && fuzz_calls++ < MAX_CALLS;
	int how = any ? fuzz_byte(in) : 0;
	const uint8_t *p;
	size_t n;

	fuzz_send(c, !(how & HOW_NOT_SENT));
	c->http = how & HOW_404 ? 404 : 200;
	c->connects = (how & HOW_NEW) != 0;
	c->code = codes[how & HOW_CODE];
	if (!any) {
		fuzz_header(c, (const uint8_t *)unknown, sizeof unknown - 1);
		return;
	}
	n = fuzz_byte(in);
	headers = (struct fuzz){ in->p, n > in->len ? in->len : n };
	fuzz_take(in, headers.len);
	while (headers.len > 0 && (how & HOW_HEADERS)) {
		struct fuzz line = fuzz_until(&headers, '\n');

		fuzz_header(c, line.p, line.len);
	}
	n = fuzz_byte(in);
	n |= (size_t)fuzz_byte(in) << 8;
	n = n > in->len ? in->len : n;
	if ((p = fuzz_take(in, n)) != NULL)
		fuzz_body(c, p, n, !(how & HOW_NO_FRAME));
	if (!(how & HOW_HEADERS))
		fuzz_header(c, (const uint8_t *)good, sizeof good - 1);
}

CURLMcode
curl_multi_perform(CURLM *m, int *running)
{
	(void)m;
	*running = 0;
	for (int i = 0; i < MAX_HANDLES; i++)
		if (fuzz_handles[i] != NULL && fuzz_done[i] == 0) {
			fuzz_answer(fuzz_handles[i]);
			fuzz_done[i] = 1;
		}
	return CURLM_OK;
}

/* Nothing is waited for; what else is waited for has come. */
CURLMcode
curl_multi_poll(
    CURLM *m, struct curl_waitfd fds[], unsigned int n, int ms, int *ret)
{
	(void)m;
	(void)ms;
	(void)ret;
	for (unsigned i = 0; i < n; i++)
		fds[i].revents = CURL_WAIT_POLLIN;
	return CURLM_OK;
}

CURLMsg *
curl_multi_info_read(CURLM *m, int *left)
{
	(void)m;
	*left = 0;
	for (int i = 0; i < MAX_HANDLES; i++) {
		struct fuzz_easy *c = fuzz_handles[i];

		if (c == NULL || fuzz_done[i] != 1)
			continue;
		fuzz_done[i] = 2;
		c->msg.msg = CURLMSG_DONE;
		c->msg.easy_handle = c;
		c->msg.data.result = c->code;
		return &c->msg;
	}
	return NULL;
}

#endif
