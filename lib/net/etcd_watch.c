#include "net/etcd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "net/etcd_json.h"
#include "net/http.h"

struct etcd_watch {
	struct etcd *c;
	struct http_stream *s;
	char *endpoint;
	struct buf key, value;
	size_t scanned; /* how many bytes of the first object were looked at */
	int depth, in_string, escaped; /* of the JSON at that byte */
};

struct etcd_watch *
etcd_watch_open(struct etcd *c, const char *from, const char *end, int64_t rev,
    struct err *e)
{
	struct etcd_watch *w = x_calloc(1, sizeof *w);
	struct buf b = { 0 };
	struct jsonw j = { .b = &b };
	const char *token;
	char *url;

	jw_open(&j, NULL, '{');
	jw_open(&j, "create_request", '{');
	etcd_json_key(&j, "key", from);
	etcd_json_key(&j, "range_end", end);
	jw_i64s(&j, "start_revision", rev);
	jw_close(&j, '}');
	jw_close(&j, '}');
	w->c = c;
	w->endpoint = x_strdup(etcd_endpoint(c));
	url = x_asprintf("%s/v3/watch", w->endpoint);
	if (etcd_token(c, &token, e) == 0)
		w->s = http_stream_open(etcd_http(c), url, token, &b, e);
	free(url);
	buf_fini(&b);
	if (w->s == NULL) {
		etcd_watch_close(w);
		return NULL;
	}
	return w;
}

void
etcd_watch_close(struct etcd_watch *w)
{
	if (w == NULL)
		return;
	http_stream_close(w->s);
	buf_fini(&w->key);
	buf_fini(&w->value);
	free(w->endpoint);
	free(w);
}

/*
 * The length of the first whole JSON object in the buffer, found by its braces
 * because nothing promises one object a line; 0 if the object is incomplete.
 */
static size_t
object_length(struct etcd_watch *w, const struct buf *in)
{
	for (; w->scanned < in->len; w->scanned++) {
		char ch = in->ptr[w->scanned];

		if (w->escaped)
			w->escaped = 0;
		else if (w->in_string && ch == '\\')
			w->escaped = 1;
		else if (ch == '"')
			w->in_string = !w->in_string;
		else if (!w->in_string && (ch == '{' || ch == '['))
			w->depth++;
		else if (!w->in_string && (ch == '}' || ch == ']') &&
			 --w->depth == 0)
			return w->scanned + 1;
	}
	return 0;
}

static int
events(struct etcd_watch *w, const json_t *list, etcd_fn fn, void *arg,
    struct err *e)
{
	struct etcd_bytes bytes = { &w->key, &w->value };
	const json_t *ev;
	size_t i;

	json_array_foreach(list, i, ev)
	{
		const char *type =
		    json_string_value(json_object_get(ev, "type"));
		struct etcd_kv kv;

		if (etcd_json_kv(json_object_get(ev, "kv"), &bytes, &kv, e) ==
		    -1)
			return -1;
		etcd_saw(w->c, kv.mod);
		kv.deleted = type != NULL && strcmp(type, "DELETE") == 0;
		if (fn(arg, &kv, e) == -1)
			return -1;
	}
	return 0;
}

/* The server has ended the watch; *e says why. */
static int
canceled(struct etcd_watch *w, const json_t *result, struct err *e)
{
	const char *why =
	    json_string_value(json_object_get(result, "cancel_reason"));
	int64_t rev = etcd_json_i64(result, "compact_revision");

	if (rev != 0)
		return err_set(e, ERR_GONE,
		    "etcd '%s': what was to be watched is compacted up to "
		    "revision %" PRId64,
		    w->endpoint, rev);
	if (why != NULL && strstr(why, "permission denied") != NULL)
		return err_set(
		    e, ERR_DATA, "etcd '%s': watch: %s", w->endpoint, why);
	etcd_forget_token(w->c);
	return err_set(e, ERR_TEMP, "etcd '%s': watch canceled: %s",
	    w->endpoint, why == NULL ? "no reason given" : why);
}

static int
answer(
    struct etcd_watch *w, const json_t *a, etcd_fn fn, void *arg, struct err *e)
{
	const json_t *r = json_object_get(a, "result");
	long http = http_stream_status(w->s);

	if (r == NULL) {
		const json_t *x = json_object_get(a, "error");

		etcd_json_error(
		    json_is_object(x) ? x : a, http, w->endpoint, e);
		if (strstr(e->msg, "auth") != NULL) {
			etcd_forget_token(w->c);
			e->kind = ERR_TEMP; /* try again with a new token */
		}
		return -1;
	}
	if (etcd_same_cluster(
		w->c, w->endpoint, json_object_get(r, "header"), e) == -1)
		return -1;
	if (json_is_true(json_object_get(r, "canceled")))
		return canceled(w, r, e);
	return events(w, json_object_get(r, "events"), fn, arg, e);
}

/* Takes one object: 1 if there was a whole one, 0 if not, -1. */
static int
one(struct etcd_watch *w, etcd_fn fn, void *arg, struct err *e)
{
	struct buf *in = http_stream_in(w->s);
	size_t n = object_length(w, in);
	json_error_t je;
	json_t *a;
	int rc;

	if (n == 0)
		return 0;
	if ((a = json_loadb(in->ptr, n, JSON_ALLOW_NUL, &je)) == NULL)
		return err_set(e, ERR_DATA, "etcd '%s': watch: no JSON: %s",
		    w->endpoint, je.text);
	buf_cut(in, n);
	w->scanned = 0;
	rc = answer(w, a, fn, arg, e);
	json_decref(a);
	return rc == -1 ? -1 : 1;
}

int
etcd_watch_next(
    struct etcd_watch *w, int ms, int out, etcd_fn fn, void *arg, struct err *e)
{
	int any = 0, rc;

	for (;;) {
		while ((rc = one(w, fn, arg, e)) == 1)
			any = 1;
		if (rc == -1 || any)
			return rc == -1 ? -1 : 1;
		rc = http_stream_wait(w->s, ms, out, e);
		if (rc == -1)
			return err_wrap(e, "etcd watch");
		if (rc == 0)
			return 0;
	}
}
