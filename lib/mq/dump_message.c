#include "mq/dump_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/pb_read.h"
#include "codec/pb_write.h"

/*
 * milvus.proto DumpMessagesResponse {1 Status | 2 ImmutableMessage},
 * common.proto ImmutableMessage {1 MessageID {1 id, 2 WAL_name}, 2 payload, 3
 * properties}, Status {1 error_code, 2 reason, 3 code, 4 retriable}.
 */

enum { TSO_BITS = 18 /* of the counter below the milliseconds */ };

static int
broken(struct err *e)
{
	return err_set(e, ERR_DATA, "a message that is not what Milvus says");
}

static struct span
bytes_of(const struct pbfield *f)
{
	return (struct span){ (const char *)f->ptr, f->len };
}

/* A Status in place of a message: 0 if it says that all is well. */
static int
status(const struct pbfield *in, struct err *e)
{
	struct pbwalk w = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	struct span reason = { "no reason given", 15 };
	uint64_t code = 0, old = 0, again = 0;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.field == 1 && f.wire == PB_VARINT)
			old = f.num;
		else if (f.field == 2 && f.wire == PB_BYTES && f.len > 0)
			reason = bytes_of(&f);
		else if (f.field == 3 && f.wire == PB_VARINT)
			code = f.num;
		else if (f.field == 4 && f.wire == PB_VARINT)
			again = f.num;
	}
	if (rc == -1)
		return broken(e);
	if (code == 0 && old == 0)
		return 0;
	return err_set(e, again ? ERR_TEMP : ERR_DATA,
	    "the server refuses (%" PRIu64 "): %.*s", code,
	    (int)(reason.len < 256 ? reason.len : 256), reason.ptr);
}

static int
id(const struct pbfield *in, struct dump_message *m)
{
	struct pbwalk w = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1)
		if (f.field == 1 && f.wire == PB_BYTES)
			m->id = bytes_of(&f);
		else if (f.field == 2 && f.wire == PB_VARINT)
			m->wal = (int)f.num;
	return rc;
}

static int
property(const struct pbfield *in, struct dump_headers *h)
{
	struct pbwalk w = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	if (h->n == DUMP_PROPERTIES)
		return -1;
	h->v[h->n].name = h->v[h->n].value = (struct span){ "", 0 };
	while ((rc = pbwalk_next(&w, &f)) == 1)
		if (f.field == 1 && f.wire == PB_BYTES)
			h->v[h->n].name = bytes_of(&f);
		else if (f.field == 2 && f.wire == PB_BYTES)
			h->v[h->n].value = bytes_of(&f);
	h->n++;
	return rc;
}

/* As record_headers.get. */
static int
get(const struct record_headers *pub, const char *name, struct span *v)
{
	const struct dump_headers *h = (const struct dump_headers *)pub;
	size_t len = strlen(name);

	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].name.len == len &&
		    memcmp(h->v[i].name.ptr, name, len) == 0) {
			*v = h->v[i].value;
			return 1;
		}
	return 0;
}

static uint64_t
mixed(uint64_t sum, const struct span *s)
{
	size_t i = 0;

	for (; i + 8 <= s->len; i += 8)
		sum = hash_mix(sum ^ num_le64(s->ptr + i));
	for (; i < s->len; i++)
		sum = hash_mix(sum ^ (uint8_t)s->ptr[i]);
	return hash_mix(sum ^ s->len);
}

/* Properties come in any order; those that say what it is are summed up. */
static uint64_t
digest(const struct dump_message *m)
{
	static const char *const names[] = { "_t", "_vc", "_h", "_tx" };
	uint64_t sum = mixed(1, &m->payload);
	struct span v;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (get(&m->headers.pub, names[i], &v))
			sum = mixed(sum + i, &v);
	return sum;
}

/* What a mark needs. */
static int
place(struct dump_message *m, struct err *e)
{
	struct span v;

	if (!get(&m->headers.pub, "_tt", &v))
		return err_set(e, ERR_DATA, "it has no property '_tt'");
	if (num_base36(v.ptr, v.len, &m->ts, e) == -1)
		return err_wrap(e, "property '_tt'");
	m->from = m->id;
	get(&m->headers.pub, "_lc", &m->from);
	if (m->id.len >= MQ_MARK_ID || m->from.len >= MQ_MARK_ID)
		return err_set(e, ERR_DATA,
		    "its id has %zu bytes, the limit "
		    "is %d",
		    m->id.len, MQ_MARK_ID - 1);
	m->digest = digest(m);
	return 0;
}

static int
message(const struct pbfield *in, struct dump_message *m, struct err *e)
{
	struct pbwalk w = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	m->headers.pub.get = get;
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.field == 2)
			m->payload = bytes_of(&f);
		else if ((f.field == 1 && id(&f, m) == -1) ||
			 (f.field == 3 && property(&f, &m->headers) == -1))
			return broken(e);
	}
	if (rc == -1 || m->id.len == 0)
		return broken(e);
	return place(m, e);
}

int
dump_message_read(const struct span *p, struct dump_message *m, struct err *e)
{
	struct pbwalk w = pbwalk_init(p->ptr, p->len);
	struct pbfield f;
	int rc, found = 0;

	m->id = m->payload = m->from = (struct span){ "", 0 };
	m->wal = 0;
	m->ts = 0;
	m->headers.n = 0;
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.field == 1 && status(&f, e) == -1)
			return -1;
		if (f.field == 2 && message(&f, m, e) == -1)
			return -1;
		found |= f.field == 2;
	}
	return rc == -1 ? broken(e) : found;
}

int
dump_message_record(
    const struct dump_message *m, int number, struct record *r, struct err *e)
{
	memset(r, 0, sizeof *r);
	if (dump_id_read(&m->id, m->wal, &r->id, e) == -1)
		return -1;
	r->ptr = r->own = x_memdup(m->payload.ptr, m->payload.len);
	r->len = m->payload.len;
	r->time_ms = (int64_t)(m->ts >> TSO_BITS);
	r->topic = number;
	r->headers = &m->headers.pub;
	return 0;
}

/*
 * msg.proto TimeTickMsg {1 MsgBase {1 msg_type, 3 timestamp}} in properties of
 * messages of version 1.
 */
void
dump_message_tick(
    struct dump_message *m, uint64_t ts, int number, struct record *r)
{
	enum { TIME_TICK = 1200 };
	struct buf base = { 0 }, body = { 0 };

	dump_base36(ts, m->tick);
	m->headers.pub.get = get;
	m->headers.n = 3;
	m->headers.v[0].name = (struct span){ "_v", 2 };
	m->headers.v[0].value = (struct span){ "1", 1 };
	m->headers.v[1].name = (struct span){ "_t", 2 };
	m->headers.v[1].value = (struct span){ "1", 1 };
	m->headers.v[2].name = (struct span){ "_tt", 3 };
	m->headers.v[2].value = (struct span){ m->tick, strlen(m->tick) };
	pbw_u64(&base, 1, TIME_TICK);
	pbw_u64(&base, 3, ts);
	pbw_bytes(&body, 1, base.ptr, base.len);
	buf_fini(&base);
	*r = (struct record){ .made = 1,
		.topic = number,
		.id = mq_id_none(),
		.len = body.len,
		.time_ms = (int64_t)(ts >> TSO_BITS),
		.headers = &m->headers.pub };
	r->ptr = r->own = buf_take(&body);
}
