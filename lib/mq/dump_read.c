#include "mq/dump_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/pb_write.h"
#include "model/tso.h"

/*
 * One pchannel. Each call begins at the mark's _lc, where all that is not
 * confirmed begins, leaves out what has an older time tick, and hands over
 * nothing before the mark has come again. If much stands at the mark's time
 * tick, as after a great transaction, the calls of an idle channel leave that
 * out, too; and if something new comes then, the call is made again in full.
 *
 * A channel that begins at a time first looks for a mark before it: its calls
 * end there, begin earlier and earlier, and hand nothing over.
 */

enum {
	BUSY_MS = 100, /* from call to call, if something new comes */
	QUIET = 3,     /* times wait_ms: a call without a byte is over */
	SKIM_BYTES = 64 << 10,
	PROVE_BYTES = 1 << 20, /* of records, before a made tick is due */
};

/* So much before the time, in milliseconds; the last one is all there is. */
static const int64_t windows[] = { 60000, 3600000, 86400000, -1 };
enum { WINDOWS = sizeof windows / sizeof *windows };

static int
has_mark(const struct dump_channel *c)
{
	return mq_mark_is(&c->mark);
}

/* What is older is not sent. */
static uint64_t
lower_end(const struct dump_channel *c)
{
	int64_t ms;

	if (has_mark(c))
		return c->mark.ts + (c->skimming ? 1 : 0);
	if (!c->looking || windows[c->looking - 1] == -1)
		return 0;
	ms = tso_ms(c->above) - windows[c->looking - 1];
	return ms > 0 ? tso_from_ms(ms) : 0;
}

/* common.proto MessageID {1 id, 2 WAL_name} */
static void
add_id(struct buf *b, const char *text, int wal)
{
	struct buf id = { 0 };

	pbw_bytes(&id, 1, text, strlen(text));
	pbw_u64(&id, 2, (uint64_t)wal);
	pbw_bytes(b, 2, id.ptr, id.len);
	buf_fini(&id);
}

/*
 * milvus.proto DumpMessagesRequest {1 pchannel, 2 start_message_id,
 * 3 start_timetick, 4 end_timetick, 5 include_start_message}
 */
static void
send(struct dump *d, struct dump_channel *c)
{
	struct buf b = { 0 };

	if (c->looking) /* a call before has failed: all of it again */
		c->mark = (struct mq_mark){ .wal = c->mark.wal };
	pbw_bytes(&b, 1, c->name, strlen(c->name));
	add_id(&b, has_mark(c) ? c->mark.from : c->earliest, c->mark.wal);
	if (lower_end(c) != 0)
		pbw_u64(&b, 3, lower_end(c));
	pbw_u64(&b, 4, c->until);
	pbw_u64(&b, 5, 1);
	grpc_stream_call(
	    c->stream, "DumpMessages", b.ptr, b.len, 0, d->wait_ms * QUIET);
	buf_fini(&b);
	c->out = 1;
	c->seen = c->skimming || !has_mark(c);
	c->came = 0;
	c->called_ns = clock_ns();
}

int
dump_channel_call(
    struct dump *d, struct dump_channel *c, uint64_t ts, struct err *e)
{
	uint64_t least = has_mark(c) ? c->mark.ts : c->above;

	if (ts < least)
		return err_set(e, ERR_BACK,
		    "topic '%s': the server's clock is at %" PRIu64
		    ", before what was read last, at %" PRIu64
		    ": the source went back, or is another one",
		    c->name, ts, least);
	c->until = c->looking ? c->above : ts;
	c->skimming = c->tail > SKIM_BYTES;
	send(d, c);
	return 0;
}

/* What c->stream has of a call nobody wants any more. */
static int
hang_up(struct dump *d, struct dump_channel *c, struct err *e)
{
	grpc_stream_close(c->stream);
	c->out = 0;
	c->stream = grpc_stream_open(&d->conf, e);
	return c->stream == NULL ? -1 : 0;
}

static int
is_mark(const struct dump_channel *c, const struct dump_message *m)
{
	return m->ts == c->mark.ts && m->digest == c->mark.digest &&
	       m->wal == c->mark.wal && m->id.len == strlen(c->mark.id) &&
	       memcmp(m->id.ptr, c->mark.id, m->id.len) == 0;
}

static int
gone(const struct dump_channel *c, const struct dump_message *m, struct err *e)
{
	char what[256] = "no record";

	if (m != NULL)
		snprintf(what, sizeof what,
		    "record '%.*s' with time tick %" PRIu64, (int)m->id.len,
		    m->id.ptr, m->ts);
	return err_set(e, ERR_GONE,
	    "topic '%s': the record that was read last, '%s' with time tick "
	    "%" PRIu64 ", is not in the log any more, %s comes instead: it is "
	    "older than what the log keeps, or the log was made anew",
	    c->name, c->mark.id, c->mark.ts, what);
}

static void
set_mark(struct dump_channel *c, const struct dump_message *m)
{
	struct mq_mark *k = &c->mark;

	if (m->ts != k->ts) {
		c->tail = 0;
		c->before = *k;
	}
	c->unproven += m->payload.len;
	c->tail += m->payload.len;
	snprintf(k->id, sizeof k->id, "%.*s", (int)m->id.len, m->id.ptr);
	snprintf(
	    k->from, sizeof k->from, "%.*s", (int)m->from.len, m->from.ptr);
	k->wal = m->wal;
	k->ts = m->ts;
	k->digest = m->digest;
}

/* A record that must be new: the order of time ticks never goes back. */
static int
check_order(
    const struct dump_channel *c, const struct dump_message *m, struct err *e)
{
	if (m->wal != c->mark.wal)
		return err_set(e, ERR_DATA,
		    "topic '%s': record '%.*s' is of another queue (WALName "
		    "%d) than what was read before (%d): the source has "
		    "changed its queue, which this program does not follow",
		    c->name, (int)m->id.len, m->id.ptr, m->wal, c->mark.wal);
	if (m->ts < c->mark.ts || m->ts <= c->proven)
		return err_set(e, ERR_DATA,
		    "topic '%s': record '%.*s' has time tick %" PRIu64
		    ", after all up to %" PRIu64
		    " had come: the server has left it out before",
		    c->name, (int)m->id.len, m->id.ptr, m->ts,
		    m->ts < c->mark.ts ? c->mark.ts : c->proven);
	return 0;
}

/* MQ_RECORD, MQ_IDLE for one to be left out, or -1. */
static int
take(struct dump *d, struct dump_channel *c, const struct span *p,
    struct record *r, struct err *e)
{
	struct dump_message *m = &d->message;
	int rc = dump_message_read(p, m, e);

	if (rc == -1)
		return err_wrap(e, "topic '%s'", c->name);
	if (rc == 0 || (!c->seen && m->ts < c->mark.ts))
		return MQ_IDLE;
	if (c->looking) {
		if (check_order(c, m, e) == -1)
			return -1;
		if (m->ts <= c->above)
			set_mark(c, m);
		return MQ_IDLE;
	}
	if (!c->seen && is_mark(c, m)) {
		c->seen = 1;
		return MQ_IDLE;
	}
	if (!c->seen)
		return m->ts == c->mark.ts ? MQ_IDLE : gone(c, m, e);
	if (c->skimming) { /* something new: not before the mark was seen */
		c->skimming = 0;
		if (hang_up(d, c, e) == -1)
			return -1;
		send(d, c);
		return MQ_IDLE;
	}
	if (check_order(c, m, e) == -1)
		return -1;
	if (dump_message_record(m, c->number, r, e) == -1)
		return err_wrap(e, "topic '%s'", c->name);
	dump_try_worked(d, &c->tries);
	set_mark(c, m);
	c->came = 1;
	c->made = 0;
	return MQ_RECORD;
}

/*
 * Idle channels all have their calls at the same whole seconds, so that one
 * timestamp does for them.
 */
static int64_t
next_call(const struct dump_channel *c)
{
	return c->came ? c->called_ns + BUSY_MS * NS_PER_MS
		       : (c->called_ns / NS_PER_S + 1) * NS_PER_S;
}

/* All up to ts has come. */
static int
tick(struct dump *d, struct dump_channel *c, uint64_t ts, struct record *r,
    struct err *e)
{
	struct span id = { c->mark.id, strlen(c->mark.id) };

	c->proven = ts;
	c->unproven = 0;
	c->made = 1;
	dump_message_tick(&d->message, ts, c->number, r);
	if (has_mark(c) && dump_id_read(&id, c->mark.wal, &r->id, e) == -1) {
		record_free(r);
		return -1;
	}
	return MQ_RECORD;
}

/* In a long call: what comes in order proves all that is before it. */
static int
tick_is_due(const struct dump_channel *c)
{
	return !c->looking && c->unproven >= PROVE_BYTES &&
	       mq_mark_is(&c->before) && c->mark.ts - 1 > c->proven;
}

/* The call is over, and all up to its end has come. */
static int
proven(struct dump *d, struct dump_channel *c, struct record *r, struct err *e)
{
	if (!c->seen && !c->looking)
		return gone(c, NULL, e);
	dump_try_worked(d, &c->tries);
	if (c->looking) {
		c->looking =
		    has_mark(c) || c->looking == WINDOWS ? 0 : c->looking + 1;
		return c->looking ? MQ_IDLE : tick(d, c, c->above, r, e);
	}
	c->tries.due_ns = next_call(c);
	return c->until <= c->proven ? MQ_IDLE : tick(d, c, c->until, r, e);
}

static int
failed(struct dump *d, struct dump_channel *c, const char *why, struct err *e)
{
	char what[320], text[640];

	snprintf(what, sizeof what, "topic '%.255s'", c->name);
	snprintf(text, sizeof text, "%s%s", why,
	    c->proven == 0 && !has_mark(c)
		? ": is there a pchannel of that name?"
		: "");
	return dump_try_failed(d, &c->tries, what, text, e) == -1 ? -1
								  : MQ_IDLE;
}

static int
ended(struct dump *d, struct dump_channel *c, struct record *r, struct err *e)
{
	const struct grpc_result *res = grpc_stream_result(c->stream);
	char why[512];

	c->out = 0;
	if (res->end == GRPC_ANSWER)
		return proven(d, c, r, e);
	if (dump_judge(res, why, sizeof why, e) == -1)
		return err_wrap(
		    e, "Milvus at '%s': topic '%s'", d->uri, c->name);
	return failed(d, c, why, e);
}

int
dump_channel_next(
    struct dump *d, struct dump_channel *c, struct record *r, struct err *e)
{
	int rc = MQ_IDLE;
	struct span p;

	if (tick_is_due(c))
		return tick(d, c, c->mark.ts - 1, r, e);
	while (c->out && rc == MQ_IDLE) {
		switch (grpc_stream_next(c->stream, &p)) {
		case GRPC_NOTHING:
			return MQ_IDLE;
		case GRPC_END:
			return ended(d, c, r, e);
		case GRPC_MESSAGE:
			rc = take(d, c, &p, r, e);
			break;
		}
		if (rc == -1 && e->kind == ERR_TEMP) {
			struct err why = *e;

			if (hang_up(d, c, e) == -1)
				return -1;
			rc = failed(d, c, why.msg, e);
		}
	}
	return rc;
}
