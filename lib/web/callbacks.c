#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/priv.h"

static struct link *
link_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

static void
end_exchange(struct exchange *k)
{
	struct web *w = k->web;

	pthread_mutex_lock(&w->mu);
	w->bodies -= k->held;
	w->streams -= (size_t)k->stream;
	k->link->now = NULL;
	pthread_mutex_unlock(&w->mu);
	if (k->res.more_free != NULL)
		k->res.more_free(k->res.more_arg);
	kvs_fini(&k->req.query);
	web_res_fini(&k->res);
	buf_fini(&k->body);
	free(k->chunk);
	free(k->raw);
	free(k->path);
	free(k);
}

static void on_closed(struct web *w, struct link *l);

static void
on_connection(void *cls, struct MHD_Connection *conn, void **ctx,
    enum MHD_ConnectionNotificationCode what)
{
	struct web *w = cls;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		on_closed(w, *ctx);
	else
		*ctx = link_open(w, MHD_get_connection_info(
					conn, MHD_CONNECTION_INFO_CONNECTION_FD)
					->connect_fd);
}

static void
on_closed(struct web *w, struct link *l)
{
	if (l->now != NULL)
		end_exchange(l->now);
	link_close(w, l);
}

/* The first line of a request has come. */
static void *
on_target(void *cls, const char *raw, struct MHD_Connection *conn)
{
	struct exchange *k = x_calloc(1, sizeof *k);

	k->web = cls;
	k->conn = conn;
	k->link = link_of(conn);
	k->begun = clock_ms();
	k->raw = x_strdup(raw);
	if (k->link->now != NULL) /* libmicrohttpd did not report the end of the
				     request before */
		end_exchange(k->link->now);
	k->link->now = k;
	link_phase(k->web, k->link, LINK_COMING);
	if (!target_fits(raw)) { /* libmicrohttpd would run out of memory for
				    it, without a word */
		link_late(k->web, k->link, MHD_HTTP_URI_TOO_LONG,
		    strncmp(raw, "/cdc?", 5) == 0 ? "/cdc" : "");
		link_refuse(k->web, k->link, MHD_HTTP_URI_TOO_LONG);
	}
	return k;
}

static void
refuse(struct exchange *k, int status, const char *why)
{
	const char *path = k->path == NULL ? "" : k->path;

	k->refused = 1;
	web_fail(&k->res, path, status, "%s", why);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		kvs_set(&k->res.headers, "Retry-After", "1");
	link_late(k->web, k->link,
	    status == MHD_HTTP_CONTENT_TOO_LARGE ? status
						 : MHD_HTTP_REQUEST_TIMEOUT,
	    path);
}

/* The header of a request is complete. */
static void
begin(struct exchange *k, struct head *h)
{
	int status = head_check(k, h);

	k->step = STEP_BODY;
	if (status != 0) {
		refuse(k, status, h->why);
		return;
	}
	link_late(k->web, k->link, MHD_HTTP_REQUEST_TIMEOUT, k->path);
}
/*
 * Reserves n bytes of the memory for all bodies; -1 if it is used up. Small
 * bodies always fit.
 */
static int
hold(struct exchange *k, size_t n)
{
	struct web *w = k->web;
	int rc = -1;

	if (k->body.len + n <= WEB_SMALL)
		return 0;
	pthread_mutex_lock(&w->mu);
	if (w->bodies + n <= WEB_BODIES_MAX) {
		w->bodies += n;
		k->held += n;
		rc = 0;
	}
	pthread_mutex_unlock(&w->mu);
	return rc;
}

/*
 * Takes a part of the body. The body of a refused request is read to its end
 * all the same, because most clients read the answer only after they have sent
 * everything.
 */
static void
add_body(struct exchange *k, const char *data, size_t n)
{
	char why[64];

	if (k->refused)
		return;
	if (n > WEB_BODY_MAX - k->body.len) {
		snprintf(why, sizeof why, "the body is longer than %d bytes",
		    WEB_BODY_MAX);
		refuse(k, 413, why);
	} else if (hold(k, n) == -1) {
		refuse(k, 503, "too many great requests at once");
	} else {
		buf_add(&k->body, data, n);
	}
}

/* Sends a part of an answer without an end. Only workers call `more`. */
static ssize_t
on_more(void *cls, uint64_t pos, char *p, size_t cap)
{
	struct exchange *k = cls;
	size_t n = k->len - k->at < cap ? k->len - k->at : cap;

	(void)pos;
	if (n > 0) {
		memcpy(p, k->chunk + k->at, n);
		k->at += n;
		return (ssize_t)n;
	}
	if (k->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	MHD_suspend_connection(k->conn);
	pool_put(k->web, k);
	return 0;
}

/* -1 if there are too many streams. */
static int
open_stream(struct exchange *k)
{
	struct web *w = k->web;

	pthread_mutex_lock(&w->mu);
	k->stream = w->streams < WEB_STREAMS_MAX;
	w->streams += (size_t)k->stream;
	pthread_mutex_unlock(&w->mu);
	if (!k->stream)
		return -1;
	k->step = STEP_STREAM;
	k->chunk = x_malloc(WEB_MORE);
	return 0;
}

static struct MHD_Response *
make_response(struct exchange *k)
{
	size_t n = k->res.body.len;

	if (k->step == STEP_STREAM)
		return MHD_create_response_from_callback(
		    MHD_SIZE_UNKNOWN, WEB_MORE, on_more, k, NULL);
	return MHD_create_response_from_buffer(
	    n, buf_take(&k->res.body), MHD_RESPMEM_MUST_FREE);
}

static int
stopping(struct web *w)
{
	int yes;

	pthread_mutex_lock(&w->mu);
	yes = w->stopping;
	pthread_mutex_unlock(&w->mu);
	return yes;
}

static void
add_headers(struct exchange *k, struct MHD_Response *r)
{
	const char *type = k->res.type;

	if (k->res.status != MHD_HTTP_NO_CONTENT)
		MHD_add_response_header(r, "Content-Type",
		    type == NULL ? "application/json" : type);
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Request-Id", k->id);
	if (stopping(k->web))
		MHD_add_response_header(r, "Connection", "close");
	for (size_t i = 0; i < k->res.headers.n; i++)
		MHD_add_response_header(
		    r, k->res.headers.v[i].key, k->res.headers.v[i].value);
}

static enum MHD_Result
answer(struct exchange *k)
{
	struct MHD_Response *r;
	enum MHD_Result rc;

	k->step = STEP_DONE;
	if (k->res.more != NULL && open_stream(k) == -1)
		refuse(k, 503, "too many answers without an end");
	if (k->res.status == 0)
		k->res.status = MHD_HTTP_OK;
	if (link_phase(
		k->web, k->link, k->stream ? LINK_STREAM : LINK_SENDING) == -1)
		return MHD_NO;
	r = make_response(k);
	add_headers(k, r);
	rc = MHD_queue_response(k->conn, (unsigned)k->res.status, r);
	MHD_destroy_response(r);
	return rc;
}

/* The request is complete: hand it to a worker. */
static enum MHD_Result
work(struct exchange *k)
{
	if (k->refused)
		return answer(k);
	if (link_phase(k->web, k->link, LINK_WORK) == -1)
		return MHD_NO;
	buf_room(&k->body, 0)[0] = '\0';
	k->req.body = k->body.ptr;
	k->req.body_len = k->body.len;
	k->req.fd = k->link->fd;
	k->room =
	    k->web->conf->room == NULL ? WEB_LONG : k->web->conf->room(&k->req);
	if (pool_reserve(k->web, k->room) == -1) {
		refuse(k, 503, "too many requests at once");
		return answer(k);
	}
	k->step = STEP_WORK;
	MHD_suspend_connection(k->conn);
	pool_put(k->web, k);
	return MHD_YES;
}

/*
 * 1 if a refusal must be sent before the body has come: the client waits for
 * 100 Continue, or the end of the body is unknown. libmicrohttpd then closes
 * the connection.
 */
static int
at_once(const struct exchange *k)
{
	const char *expect = head_value(k, "Expect");

	return (expect != NULL && strcasecmp(expect, "100-continue") == 0) ||
	       (k->res.status != MHD_HTTP_UNAUTHORIZED &&
		   k->res.status != MHD_HTTP_FORBIDDEN &&
		   k->res.status != MHD_HTTP_CONTENT_TOO_LARGE);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *data, size_t *n,
    void **ctx)
{
	struct head head = { .url = url, .method = method, .version = version };
	struct exchange *k = *ctx;

	(void)cls;
	(void)conn;
	if (k->step == STEP_NEW) {
		if (link_phase(k->web, k->link, LINK_COMING) == -1)
			return MHD_NO;
		begin(k, &head);
		return k->refused && at_once(k) ? answer(k) : MHD_YES;
	}
	if (k->step != STEP_BODY)
		return answer(k);
	if (*n == 0)
		return work(k);
	add_body(k, data, *n);
	*n = 0;
	return MHD_YES;
}

static void
say(const struct exchange *k, const char *method,
    enum MHD_RequestTerminationCode how)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(k->conn, MHD_CONNECTION_INFO_HTTP_STATUS);
	int status = info == NULL ? 0 : (int)info->http_status;
	char path[256];

	target_show(k->raw, path, sizeof path);
	log_info("%s %s what=%s task=%s status=%d code=%d ms=%lld id=%s%s",
	    method == NULL ? "-" : method, path,
	    k->res.what[0] == '\0' ? "-" : k->res.what,
	    k->res.task[0] == '\0' ? "-" : k->res.task, status,
	    k->res.code == 0 ? status : k->res.code,
	    (long long)(clock_ms() - k->begun), k->id[0] == '\0' ? "-" : k->id,
	    how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " cut");
}

static void
on_end(void *cls, struct MHD_Connection *conn, void **ctx,
    enum MHD_RequestTerminationCode how)
{
	struct exchange *k = *ctx;

	(void)cls;
	(void)conn;
	if (k == NULL)
		return;
	say(k, k->req.method, how);
	link_phase(k->web, k->link, LINK_IDLE);
	end_exchange(k);
	*ctx = NULL;
}

/* Leaves escapes as they are: target_parse decodes them, and is stricter. */
static size_t
leave_escapes(void *cls, struct MHD_Connection *conn, char *s)
{
	(void)cls;
	(void)conn;
	return strlen(s);
}

struct MHD_Daemon *
web_listen(struct web *w)
{
	/* clang-format off */
	return MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
	    NULL, on_request, w,
	    MHD_OPTION_LISTEN_SOCKET, w->at.fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)w->links_max + 64,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WEB_IDLE_S + 5,
	    /* room for headers that are too long, so that we refuse them */
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_HEADER_MAX * 2,
	    MHD_OPTION_STRICT_FOR_CLIENT, 0,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
	    MHD_OPTION_URI_LOG_CALLBACK, on_target, w,
	    MHD_OPTION_NOTIFY_COMPLETED, on_end, w,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, w,
	    MHD_OPTION_END);
	/* clang-format on */
}
