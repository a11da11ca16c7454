#include "format/v26.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/pb_read.h"
#include "format/body.h"
#include "format/format.h"

/* Longer than any TxnContext, in base64. */
enum { TXN_MAX = 64 };

static int
has(const struct record *r, const char *name)
{
	struct span v;

	return record_header(r, name, &v);
}

/* A number that must be there. */
static int
decimal(const struct record *r, const char *name, int *v, struct err *e)
{
	struct span s;
	int64_t n = 0;

	if (!record_header(r, name, &s))
		return err_set(e, ERR_DATA, "it has no property '%s'", name);
	if (num_i64n(s.ptr, s.len, 0, INT32_MAX, &n, e) == -1)
		return err_wrap(e, "property '%s'", name);
	*v = (int)n;
	return 0;
}

static int
base36(const struct record *r, const char *name, uint64_t *v, struct err *e)
{
	struct span s;

	if (record_header(r, name, &s) && num_base36(s.ptr, s.len, v, e) == -1)
		return err_wrap(e, "property '%s'", name);
	return 0;
}

/* The row of its type, if it is one that we read. */
static const struct v26_type *
type_of(const struct record *r, struct err *e)
{
	const struct v26_type *t;
	int type, v;

	if (decimal(r, "_v", &v, e) == -1 || decimal(r, "_t", &type, e) == -1)
		return NULL;
	if ((t = v26_type(type)) == NULL) {
		err_set(e, ERR_DATA,
		    "type %d (version %d) is not one of Milvus 2.6.20 or "
		    "3.0.0; a newer cdc-read may know it",
		    type, v);
	} else if (t->refused != NULL) {
		err_set(e, ERR_DATA, "%s: %s", t->name, t->refused);
	} else if (v != t->v) {
		err_set(e, ERR_DATA,
		    "%s of version %d, this program reads %d; a newer cdc-read "
		    "may know it",
		    t->name, v, t->v);
	} else {
		return t;
	}
	return NULL;
}

/* What the properties say of a payload that we cannot read. */
static int
readable(const struct record *r, struct err *e)
{
	if (has(r, "_ch"))
		return err_set(e, ERR_DATA,
		    "its payload is encrypted (property '_ch'), and only the "
		    "source has the key: it cannot be carried");
	if (has(r, "_ct") || has(r, "_ci"))
		return err_set(e, ERR_DATA,
		    "it is a piece of a message (property '_ct'), which this "
		    "program does not join; a newer cdc-read may");
	return 0;
}

/* Where in r->kept the next text goes. */
struct keep {
	const struct record *r;
	char *at;
};

static int
keep_text(struct keep *k, const char *name, struct span *to)
{
	struct span s;

	if (!record_header(k->r, name, &s))
		return 0;
	to->ptr = k->at;
	to->len = s.len;
	memcpy(k->at, s.ptr, s.len);
	k->at += s.len;
	return 1;
}

static int
keep_base64(struct keep *k, const char *name, struct span *to, struct err *e)
{
	struct span s;
	ptrdiff_t n;

	if (!record_header(k->r, name, &s))
		return 0;
	n = b64_get(s.ptr, s.len, k->at);
	if (n == -1)
		return err_set(
		    e, ERR_DATA, "property '%s' is not base64", name);
	to->ptr = k->at;
	to->len = (size_t)n;
	k->at += n;
	return 0;
}

/* Of BroadcastHeader {1 broadcast_id, 2 vchannels}. */
static int
broadcast(struct msg *m, struct err *e)
{
	struct pbwalk w = pbwalk_init(m->broadcast.ptr, m->broadcast.len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1)
		if (f.field == 1 && f.wire == PB_VARINT)
			m->broadcast_id = f.num;
	if (rc == -1 || (m->broadcast.len > 0 && m->broadcast_id == 0))
		return err_set(
		    e, ERR_DATA, "property '_bh' is not a BroadcastHeader");
	return 0;
}

/* What r->headers will not have any more when the next record is read. */
static int
keep(struct record *r, struct msg *m, struct err *e)
{
	static const char *const names[] = { "_vc", "_lc", "_h", "_bh" };
	static const char control[] = "_vcchan";
	const size_t n = sizeof control - 1;
	size_t size = 1;
	struct keep k = { .r = r };
	struct span s;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (record_header(r, names[i], &s))
			size += b64_max(s.len) + s.len;
	free(r->kept);
	k.at = r->kept = x_malloc(size);
	keep_text(&k, "_vc", &m->shard);
	m->control = m->shard.len > n &&
		     memcmp(m->shard.ptr + m->shard.len - n, control, n) == 0;
	keep_text(&k, "_lc", &m->confirmed);
	m->confirmed_own = has(r, "_lcs");
	if (keep_base64(&k, "_h", &m->header, e) == -1 ||
	    keep_base64(&k, "_bh", &m->broadcast, e) == -1)
		return -1;
	return broadcast(m, e);
}

/* TxnContext {1 txn_id, 2 keepalive_milliseconds}. */
static int
transaction(const struct record *r, struct msg *m, struct err *e)
{
	uint8_t bytes[TXN_MAX];
	struct pbwalk w;
	struct pbfield f;
	struct span s;
	ptrdiff_t n = -1;
	int rc = -1;

	if (!record_header(r, "_tx", &s))
		return 0;
	if (b64_max(s.len) <= sizeof bytes)
		n = b64_get(s.ptr, s.len, bytes);
	if (n != -1) {
		w = pbwalk_init(bytes, (size_t)n);
		while ((rc = pbwalk_next(&w, &f)) == 1)
			if (f.field == 1 && f.wire == PB_VARINT)
				m->txn_id = (int64_t)f.num;
			else if (f.field == 2 && f.wire == PB_VARINT)
				m->keepalive_ms = (int64_t)f.num;
	}
	if (rc == -1 || m->txn_id == 0)
		return err_set(
		    e, ERR_DATA, "property '_tx' is not a TxnContext");
	return 0;
}

/* A replicate configuration {3 force_promote, 4 ignore} ends transactions. */
enum { REPLICATE_CONFIG = 800, FORCE_PROMOTE = 3, IGNORED = 4 };

static int
header(const struct v26_type *t, struct msg *m, struct err *e)
{
	struct pbwalk w = pbwalk_init(m->header.ptr, m->header.len);
	struct pbfield f;
	int rc, forced = 0, ignored = 0;

	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.wire != PB_VARINT)
			continue;
		if (f.field == t->coll_id)
			m->coll_id = (int64_t)f.num;
		else if (f.field == t->db_id)
			m->db_id = (int64_t)f.num;
		else if (f.field == FORCE_PROMOTE)
			forced = f.num != 0;
		else if (f.field == IGNORED)
			ignored = f.num != 0;
	}
	if (rc == -1)
		return err_set(e, ERR_DATA, "property '_h': broken protobuf");
	if (t->type == REPLICATE_CONFIG) {
		m->ends_txns = forced && !ignored;
		m->header.len = 0; /* it has passwords */
	}
	return 0;
}

/* A message of msg.proto: what its rows say of their time does not count. */
static int
old_body(const struct v26_type *t, const struct record *r, struct msg *m,
    struct err *e)
{
	struct body_rows rows;
	struct msg b;

	if (body_read(r->ptr, r->len, &b, &rows, e) == -1)
		return err_wrap(e, "payload");
	if (b.type != t->wire)
		return err_set(
		    e, ERR_DATA, "payload: type %d, want %d", b.type, t->wire);
	if (body_rows_check(&b, &rows, e) == -1)
		return -1;
	m->db = b.db;
	m->coll = b.coll;
	m->part = b.part;
	m->part_id = b.part_id;
	m->rows = b.rows;
	m->schema = b.schema;
	if (m->coll_id == 0)
		m->coll_id = b.coll_id;
	if (m->db_id == 0)
		m->db_id = b.db_id;
	return 0;
}

/* One of messages.proto, of which the catalogue knows more. */
static int
new_body(const struct record *r, struct err *e)
{
	struct pbwalk w = pbwalk_init(r->ptr, r->len);
	struct pbfield f;
	int rc;

	do
		rc = pbwalk_next(&w, &f);
	while (rc == 1);
	return rc == 0 ? 0 : err_set(e, ERR_DATA, "payload: broken protobuf");
}

static int
check(const struct msg *m, struct err *e)
{
	if (m->ts == 0)
		return err_set(e, ERR_DATA, "it has no property '_tt'");
	if (msg_use(m->kind) == MSG_USE_TXN && m->txn_id == 0)
		return err_set(e, ERR_DATA, "it has no property '_tx'");
	if (msg_use(m->kind) == MSG_USE_ROWS && m->shard.len == 0)
		return err_set(e, ERR_DATA, "it has no property '_vc'");
	return 0;
}

int
v26_decode(struct record *r, struct msg *m, struct err *e)
{
	const struct v26_type *t = type_of(r, e);

	memset(m, 0, sizeof *m);
	if (t == NULL)
		return -1;
	m->kind = t->kind;
	m->type = t->type;
	m->name = t->name;
	m->body = (struct span){ r->ptr, r->len };
	if (readable(r, e) == -1 || base36(r, "_tt", &m->ts, e) == -1 ||
	    transaction(r, m, e) == -1 || keep(r, m, e) == -1 ||
	    header(t, m, e) == -1 || check(m, e) == -1 ||
	    (t->v == 1 ? old_body(t, r, m, e) : new_body(r, e)) == -1)
		return err_wrap(e, "%s", t->name);
	return 0;
}

int
v26_vchannels(const struct msg *m, struct spans *names, struct err *e)
{
	return body_strings(m->broadcast.ptr, m->broadcast.len, 2, names, e);
}

/* The property of message.Version in pkg/streaming of 2.6; FORMATS 5. */
static int
is_v26(const struct record *r)
{
	struct span v;

	return record_header(r, "_v", &v) && v.len > 0;
}

const struct format format_v26 = {
	.name = "streaming log",
	.versions = "2.6.6 to 3.0",
	.first = 2006006,
	.last = 3000999,
	.streaming = 1,
	.is = is_v26,
	.decode = v26_decode,
};
