#include "net/etcd_json.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/json_write.h"

void
etcd_json_key(struct jsonw *w, const char *name, const char *key)
{
	jw_b64(w, name, key, strlen(key));
}

int64_t
etcd_json_i64(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);
	struct err e;
	int64_t n;

	if (json_is_integer(v))
		return json_integer_value(v);
	if (!json_is_string(v) ||
	    num_i64(json_string_value(v), 0, INT64_MAX, &n, &e) == -1)
		return 0;
	return n;
}

static int
decode(const json_t *o, const char *name, struct buf *b, struct err *e)
{
	const json_t *v = json_object_get(o, name);
	size_t n = json_string_length(v);
	ptrdiff_t got;

	buf_clear(b);
	buf_room(b, b64_max(n) + 1);
	b->ptr[0] = '\0';
	if (v == NULL)
		return 0;
	got = json_is_string(v) ? b64_get(json_string_value(v), n, b->ptr) : -1;
	if (got == -1)
		return err_set(e, ERR_DATA, "etcd: '%s' is no base64", name);
	b->len = (size_t)got;
	b->ptr[b->len] = '\0';
	return 0;
}

int
etcd_json_kv(
    const json_t *o, struct etcd_bytes *b, struct etcd_kv *kv, struct err *e)
{
	if (!json_is_object(o))
		return err_set(e, ERR_DATA, "etcd: an answer without a key");
	if (decode(o, "key", b->key, e) == -1 ||
	    decode(o, "value", b->value, e) == -1)
		return -1;
	kv->key = b->key->ptr;
	kv->key_len = b->key->len;
	kv->value = b->value->ptr;
	kv->value_len = b->value->len;
	kv->mod = etcd_json_i64(o, "mod_revision");
	kv->deleted = 0;
	return 0;
}

/*
 * An HTTP status of a gateway or load balancer whose server is away. 501 is a
 * server of another kind.
 */
static int
is_away(long http)
{
	return http >= 500 && http != 501;
}

/*
 * gRPC status codes: 1 CANCELLED (etcd saw the client close a connection that
 * was half-closed on the way), 4 DEADLINE_EXCEEDED, 8 RESOURCE_EXHAUSTED, 10
 * ABORTED and 14 UNAVAILABLE pass. 11 OUT_OF_RANGE is about a revision.
 */
static enum err_kind
kind_of(int64_t code, long http, const char *msg)
{
	if (strstr(msg, "compacted") != NULL)
		return ERR_GONE;
	if (code == 1 || code == 4 || code == 8 || code == 10 || code == 14)
		return ERR_TEMP;
	return code == 0 && is_away(http) ? ERR_TEMP : ERR_DATA;
}

/* What to do about an error, which etcd does not say. */
static const char *
advice(const char *msg)
{
	if (strstr(msg, "user name is empty") != NULL)
		return " (it wants a login, --etcd-user-file)";
	if (strstr(msg, "future revision") != NULL)
		return " (this etcd has not come to that revision)";
	return "";
}

int
etcd_json_error(const json_t *o, long http, const char *endpoint, struct err *e)
{
	const char *msg = json_string_value(json_object_get(o, "message"));
	int64_t code = etcd_json_i64(o, "code");

	/* inside a watch the names are grpc_code and http_code */
	if (code == 0)
		code = etcd_json_i64(o, "grpc_code");
	if (msg == NULL)
		msg = json_string_value(json_object_get(o, "error"));
	if (msg == NULL)
		return err_set(e, is_away(http) ? ERR_TEMP : ERR_DATA,
		    "etcd '%s': HTTP status %ld, not what etcd 3.4 or later "
		    "answers",
		    endpoint, http);
	return err_set(e, kind_of(code, http, msg), "etcd '%s': %s%s", endpoint,
	    msg, advice(msg));
}
