#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/sig.h"
#include "codec/json_write.h"
#include "meta/priv.h"
#include "model/source.h"
#include "model/tso.h"
#include "net/trouble.h"

/*
 * How "at" is found, on every etcd since 3.4 and on every member of a cluster:
 * a linearizable read of one key tells the newest revision R. All keys of
 * Milvus are watched, so that R is the revision of an event; when an event of R
 * or above has come, all events up to R have come. (A watch brings them in
 * order, and all of one revision in one answer: watchBatch in etcd's
 * server/mvcc/watcher_group.go; it sends fragments only if asked to.)
 *
 * If another user of this etcd has written R, no event comes. Then a
 * linearizable range asks whether a key of Milvus was changed above the last
 * event; if not, all changes up to that answer's revision are written. etcd
 * then looks at every such key, so that question is not asked too often.
 *
 * Such a range cannot see a key that was removed. Milvus never removes keys of
 * root-coord, it writes tombstones; only a release of a load can be late.
 *
 * The reader needs a revision that was asked for after it began to wait; so ask
 * only when it has read our last line. The pipe of cdc-read is full with one
 * line, and cdc-read reads it when it needs the next revision.
 *
 * etcd's own progress notices may come ahead of events before 3.4.25 and 3.5.8
 * (etcd issue 15220). They also tell what one member has heard, which can be
 * less than what the cluster has agreed on.
 */
enum {
	AT_MS = 80,              /* from one question to the next, on average */
	AT_BURST_MS = 2 * AT_MS, /* so much unused time may be used later */
	ROOM_MS = 1000, /* between two looks while the pipe has no room */
	/* the range takes at most one part in so many of the time */
	SCAN_SHARE = 5,
	/* a watch that lacks a change for so long is given up */
	STALL_MS = 5000,
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 5000,
};

struct follow {
	struct meta *m;
	struct etcd_watch *watch;
	char *from, *end; /* the keys that are watched */
	/* the keys in the range that finds missing events */
	char *scan_from, *scan_end;
	char *probe;  /* the key that is read to learn the newest revision */
	int64_t seen; /* revision of the last event, or of the catalogue */
	int64_t confirmed; /* changes up to here are written or about to be */
	int64_t asked;     /* a revision to wait for; 0: none */
	int64_t asked_at;  /* when the question was put, ns */
	int64_t next_ask;  /* not before this, ns */
	int64_t next_scan; /* nor the range before this, ns */
	/* since when the watch lacks a change, ns; 0: it lacks none */
	int64_t stalled;
	int64_t away;           /* since when etcd is away, ns; 0: it is not */
	struct trouble trouble; /* the same, for the log */
	int backoff_ms;
};

static int
on_event(void *arg, const struct etcd_kv *kv, struct err *e)
{
	struct follow *f = arg;
	const struct item *i;

	if (kv->mod > f->seen && meta_write_changes(f->m, f->seen, e) == -1)
		return -1;
	if (kv->mod > f->seen)
		f->seen = kv->mod;
	meta_witness_note(f->m, kv);
	i = meta_apply(f->m, kv);
	/* checkpoints change too often to be followed */
	if (i != NULL && i->kind != ITEM_CHECKPOINT)
		meta_changed(f->m, i);
	meta_fetch_forget(f->m);
	return 0;
}

static int
ignore(void *arg, const struct etcd_kv *kv, struct err *e)
{
	int *any = arg;

	(void)kv;
	(void)e;
	*any = 1;
	return 0;
}

static int
write_at(struct follow *f, int64_t rev, int64_t time, struct err *e)
{
	struct meta *m = f->m;
	struct jsonw w = { .b = &m->line };

	f->confirmed = rev;
	f->asked = f->stalled = f->away = 0;
	f->backoff_ms = 0;
	trouble_over(&f->trouble, "etcd");
	if (meta_write_changes(m, f->seen, e) == -1)
		return -1;
	buf_clear(&m->line);
	jw_open(&w, NULL, '{');
	jw_str(&w, "kind", "at");
	jw_i64(&w, "rev", rev);
	jw_i64(&w, "time", time);
	jw_close(&w, '}');
	out_line(m->out, &m->line);
	return out_flush(m->out, e);
}

/*
 * 1 if a key of Milvus has changed after f->seen, 0 if not, -1. *now: the
 * revision of that answer.
 */
static int
is_missing(struct follow *f, int64_t *now, struct err *e)
{
	struct etcd_range r = {
		.from = f->scan_from,
		.end = f->scan_end,
		.min_mod = f->seen + 1,
		.limit = 1,
		.keys_only = 1,
	};
	int64_t start = clock_ns(), took;
	int any = 0;

	if (etcd_range(f->m->etcd, &r, ignore, &any, now, e) == -1)
		return -1;
	took = clock_ns() - start;
	f->next_scan = start + took * SCAN_SHARE;
	return any;
}

/*
 * A change is in etcd, and the watch does not bring it: ERR_TEMP after
 * STALL_MS.
 */
static int
check_stall(struct follow *f, struct err *e)
{
	int64_t now = clock_ns();

	if (f->stalled == 0)
		f->stalled = now;
	if (now - f->stalled < STALL_MS * NS_PER_MS)
		return 0;
	return err_set(e, ERR_TEMP,
	    "etcd '%s': the watch has brought nothing since revision %" PRId64,
	    etcd_endpoint(f->m->etcd), f->seen);
}

/*
 * The watch has not brought the revision that was asked for: another user of
 * etcd has written it, or the watch is late.
 */
static int
look_for_it(struct follow *f, struct err *e)
{
	int64_t time = clock_ns(), now;
	int any;

	if (time < f->next_scan)
		return 0;
	any = is_missing(f, &now, e);
	if (any != 0)
		return any == -1 ? -1 : check_stall(f, e);
	return write_at(f, now, time, e);
}

static int
put_question(struct follow *f, struct err *e)
{
	struct etcd_range r = { .from = f->probe, .keys_only = 1 };
	int64_t time = clock_ns(), now;
	int any;

	if (f->asked != 0)
		return look_for_it(f, e);
	if (etcd_range(f->m->etcd, &r, ignore, &any, &now, e) == -1)
		return -1;
	if (now <= f->confirmed || now <= f->seen)
		return write_at(f, now, time, e);
	f->asked = now;
	f->asked_at = time;
	return 0;
}

static int
has_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) != 0;
}

/*
 * 1 if the revision may be asked for now. If not, *ms says how long to wait,
 * and *out is a descriptor that ends the wait when the reader has read, or -1.
 */
static int
is_due(struct follow *f, int *ms, int *out)
{
	int64_t now = clock_ns(), least = now - AT_BURST_MS * NS_PER_MS;

	if (f->next_ask < least)
		f->next_ask = least;
	*out = now < f->next_ask ? -1 : f->m->out->fd;
	*ms = *out == -1 ? (int)((f->next_ask - now) / NS_PER_MS) + 1 : ROOM_MS;
	if (*out == -1 || !has_room(*out))
		return 0;
	f->next_ask += AT_MS * NS_PER_MS;
	*ms = 0;
	return 1;
}

/* One round: events until it is time to ask, then the question. */
static int
round_trip(struct follow *f, struct err *e)
{
	struct meta *m = f->m;
	int ms, out, due;

	if (f->watch == NULL && meta_same(m, e) == 0)
		f->watch =
		    etcd_watch_open(m->etcd, f->from, f->end, f->seen + 1, e);
	if (f->watch == NULL)
		return -1;
	do {
		due = is_due(f, &ms, &out);
		if (etcd_watch_next(f->watch, ms, out, on_event, f, e) == -1)
			return -1;
		if (f->asked != 0 && f->seen >= f->asked &&
		    write_at(f, f->asked, f->asked_at, e) == -1)
			return -1;
	} while (!due);
	return put_question(f, e);
}

static int
resync(struct follow *f, struct err *e)
{
	struct meta *m = f->m;
	struct jsonw w = { .b = &m->line };

	log_warn("%s; reading all again", e->msg);
	m->rev = 0;
	if (meta_read(m, e) == -1)
		return -1;
	f->seen = f->confirmed = m->rev;
	buf_clear(&m->line);
	jw_open(&w, NULL, '{');
	jw_str(&w, "kind", "resync");
	jw_i64(&w, "rev", m->rev);
	jw_close(&w, '}');
	out_line(m->out, &m->line);
	return meta_write_all(m, e);
}

static void
pause_ms(int ms)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN };

	poll(&p, p.fd >= 0, ms);
}

/* etcd is away: wait a little and return 0, or give up with -1. */
static int
wait_for_etcd(struct follow *f, struct err *e)
{
	int64_t now = clock_ns();
	int limit = f->m->conf->retry_s;

	if (f->away == 0) {
		f->away = now;
		trouble_tell(&f->trouble, limit, "%s", e->msg);
	}
	if (now - f->away >= (int64_t)limit * NS_PER_S)
		return err_wrap(e, "gave up after %d s (--retry)", limit);
	f->backoff_ms *= 2;
	if (f->backoff_ms < BACKOFF_MIN_MS)
		f->backoff_ms = BACKOFF_MIN_MS;
	if (f->backoff_ms > BACKOFF_MAX_MS)
		f->backoff_ms = BACKOFF_MAX_MS;
	pause_ms(f->backoff_ms / 2 + (int)(random() % f->backoff_ms));
	if (sig_stop != 0)
		return err_set(e, ERR_STOP, "stopped");
	return 0;
}

/* cdc-meta does not know what the target has, so it only gives advice. */
static int
went_back(const struct follow *f, struct err *e)
{
	struct buf b = { 0 };

	tso_add_time(&b, metastore_max_ts(f->m->store));
	source_advise(e, b.ptr, NULL);
	buf_fini(&b);
	return -1;
}

/* Returns 0 if following can go on after this error. */
static int
recover(struct follow *f, struct err *e)
{
	etcd_watch_close(f->watch);
	f->watch = NULL;
	f->stalled = f->asked = 0;
	if (e->kind == ERR_GONE && resync(f, e) == 0)
		return 0;
	if (e->kind == ERR_BACK)
		return went_back(f, e);
	if (e->kind != ERR_TEMP)
		return e->kind == ERR_GONE ? 0 : -1;
	etcd_rotate(f->m->etcd);
	return wait_for_etcd(f, e);
}

int
meta_follow(struct meta *m, struct err *e)
{
	struct follow f = {
		.m = m,
		.from = x_asprintf("%s/", m->conf->root),
		.end = x_asprintf("%s0", m->conf->root),
		.scan_from = x_asprintf("%s/field-index/", m->base),
		.scan_end = x_asprintf("%s/root-coord0", m->base),
		.probe =
		    x_asprintf("%s/root-coord/database/db-info/1", m->base),
		.seen = m->rev,
		.confirmed = m->rev,
	};
	int rc = 0;

	srandom((unsigned)clock_ns());
	while (rc == 0) {
		rc = round_trip(&f, e);
		if (rc == -1 && (rc = recover(&f, e)) == 0)
			err_clear(e);
	}
	etcd_watch_close(f.watch);
	free(f.from);
	free(f.end);
	free(f.scan_from);
	free(f.scan_end);
	free(f.probe);
	return rc;
}
