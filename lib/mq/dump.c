#include "mq/dump_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/sig.h"

enum { ASK_MS = 10000 };

static int
is(const char *brokers)
{
	return strncasecmp(brokers, "http://", 7) == 0 ||
	       strncasecmp(brokers, "https://", 8) == 0;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : x_strdup(s);
}

static void
keep_conf(struct dump *d, const struct mq_conf *c)
{
	static const struct grpc_conf nothing;
	const struct grpc_conf *g = c->milvus == NULL ? &nothing : c->milvus;

	d->wait_ms = c->wait_ms > 0 ? c->wait_ms : ASK_MS;
	if (c->limit_ms > 0)
		d->limit_ns = clock_ns() + c->limit_ms * NS_PER_MS;
	d->conf.uri = d->uri = x_strdup(c->brokers);
	d->conf.token = d->token = copy(g->token);
	d->conf.cacert = d->cacert = copy(g->cacert);
	d->conf.cert = d->cert = copy(g->cert);
	d->conf.key = d->key = copy(g->key);
}

static void
close_dump(struct mq *q)
{
	struct dump *d = dump_of(q);

	for (size_t i = 0; i < d->n; i++) {
		grpc_stream_close(d->v[i]->stream);
		free(d->v[i]->name);
		free(d->v[i]);
	}
	free(d->v);
	grpc_watch_close(d->watch);
	grpc_close(d->g);
	free(d->uri);
	free(d->token);
	free(d->cacert);
	free(d->cert);
	free(d->key);
	free(d);
}

static struct mq *
open_dump(const struct mq_conf *conf, struct err *e)
{
	struct dump *d = x_calloc(1, sizeof *d);

	d->pub.queue = &mq_dump;
	keep_conf(d, conf);
	if ((d->g = grpc_open(&d->conf, e)) == NULL ||
	    (d->watch = grpc_watch_open(e)) == NULL || dump_greet(d, e) == -1) {
		close_dump(&d->pub);
		return NULL;
	}
	return &d->pub;
}

static struct dump_channel *
find(const struct dump *d, const char *topic)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i]->name, topic) == 0)
			return d->v[i];
	return NULL;
}

/* A channel that is not read yet, or is read anew. */
static struct dump_channel *
channel(struct dump *d, const char *topic, int number, struct err *e)
{
	struct dump_channel *c = find(d, topic);

	if (c == NULL) {
		c = x_calloc(1, sizeof *c);
		c->name = x_strdup(topic);
		d->v =
		    x_grow(d->v, d->n, &d->cap, sizeof(struct dump_channel *));
		d->v[d->n++] = c;
	}
	grpc_stream_close(c->stream);
	*c = (struct dump_channel){ .name = c->name, .number = number };
	c->stream = grpc_stream_open(&d->conf, e);
	c->reading = c->stream != NULL;
	return c->reading ? c : NULL;
}

static int
start_behind(struct mq *q, const char *topic, int number,
    const struct mq_mark *mark, struct err *e)
{
	char earliest[MQ_MARK_ID];
	struct dump_channel *c;

	if (dump_id_earliest(mark->wal, earliest, e) == -1)
		return err_wrap(e, "topic '%s'", topic);
	if ((c = channel(dump_of(q), topic, number, e)) == NULL)
		return -1;
	memcpy(c->earliest, earliest, sizeof c->earliest);
	c->mark = *mark;
	if (!mq_mark_is(mark)) {
		c->above = mark->ts;
		c->looking = mark->ts != 0;
		c->mark.ts = 0;
	}
	return 0;
}

static void
mark(const struct mq *q, const char *topic, struct mq_mark *m)
{
	const struct dump_channel *c =
	    find((const struct dump *)(const void *)q, topic);

	*m = (struct mq_mark){ 0 };
	if (c == NULL)
		return;
	*m = c->made && c->mark.ts > c->proven ? c->before : c->mark;
	if (!mq_mark_is(m))
		m->ts = c->above;
}

static int
now(struct mq *q, uint64_t *ts, struct err *e)
{
	struct dump *d = dump_of(q);
	struct pollfd p = { sig_fd(), POLLIN, 0 };
	int rc;

	while ((rc = dump_clock(d, ts, e)) == 0) {
		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		if (d->limit_ns != 0 && clock_ns() > d->limit_ns)
			return err_set(e, ERR_TEMP,
			    "Milvus at '%s': AllocTimestamp: no answer in time",
			    d->uri);
		if (!d->clock.out)
			poll(&p, 1, 10);
		else if (grpc_wait(d->g, NULL, 0, 100, e) == -1)
			return -1;
	}
	return rc == 1 ? 0 : -1;
}

static int
set_paused(struct mq *q, const char *topic, int paused, struct err *e)
{
	struct dump_channel *c = find(dump_of(q), topic);

	if (c == NULL)
		return err_set(e, ERR_DATA, "topic '%s' is not read", topic);
	c->paused = paused;
	return 0;
}

static int
pause_topic(struct mq *q, const char *topic, struct err *e)
{
	return set_paused(q, topic, 1, e);
}

static int
resume(struct mq *q, const char *topic, struct err *e)
{
	return set_paused(q, topic, 0, e);
}

static int
is_due(const struct dump_channel *c)
{
	return c->reading && !c->paused && !c->out &&
	       clock_ns() >= c->tries.due_ns;
}

/* Calls for all channels that are due, up to the same time. */
static int
call(struct dump *d, struct err *e)
{
	uint64_t ts;
	int due = 0, rc;

	for (size_t i = 0; i < d->n; i++)
		due |= is_due(d->v[i]);
	if (!due || (rc = dump_clock(d, &ts, e)) == 0)
		return 0;
	if (rc == -1)
		return -1;
	for (size_t i = 0; i < d->n; i++)
		if (is_due(d->v[i]) &&
		    dump_channel_call(d, d->v[i], ts, e) == -1)
			return -1;
	return 0;
}

/* One after the other, so that none waits for a busy one. */
static int
look(struct dump *d, struct record *r, struct err *e)
{
	int rc = MQ_IDLE;

	for (size_t i = 0; i < d->n && rc == MQ_IDLE; i++) {
		d->turn = (d->turn + 1) % d->n;
		if (!d->v[d->turn]->paused)
			rc = dump_channel_next(d, d->v[d->turn], r, e);
	}
	return rc;
}

/* Milliseconds until something is due; -1: nothing is. */
static int
until_due(const struct dump *d)
{
	int64_t now = clock_ns(), least = -1;

	for (size_t i = 0; i < d->n; i++) {
		const struct dump_channel *c = d->v[i];
		int64_t at = c->tries.due_ns;

		if (!c->reading || c->paused)
			continue;
		if (c->out) /* to see whether it has become silent */
			at = now + NS_PER_S;
		else if (at < d->clock.tries.due_ns)
			at = d->clock.tries.due_ns;
		if (!c->out && d->clock.out)
			continue;
		at = at > now ? (at - now + NS_PER_MS - 1) / NS_PER_MS : 0;
		if (least == -1 || at < least)
			least = at;
	}
	return (int)least;
}

/* What wakes us: the channels that have nothing, and time. */
static void
watch(struct dump *d)
{
	struct grpc **v = x_calloc(d->n + 1, sizeof *v);
	size_t n = 0;

	v[n++] = d->g;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i]->out && !d->v[i]->paused)
			v[n++] = grpc_stream_channel(d->v[i]->stream);
	grpc_watch_set(d->watch, v, n, until_due(d));
	free(v);
}

static int
next(struct mq *q, int wait_ms, struct record *r, struct err *e)
{
	struct dump *d = dump_of(q);
	int64_t until = clock_ns() + wait_ms * NS_PER_MS, left;
	int rc;

	for (;;) {
		struct pollfd p[2] = { { grpc_watch_fd(d->watch), POLLIN, 0 },
			{ sig_fd(), POLLIN, 0 } };

		if (call(d, e) == -1)
			return -1;
		if ((rc = look(d, r, e)) != MQ_IDLE)
			return rc;
		watch(d);
		left = (until - clock_ns() + NS_PER_MS - 1) / NS_PER_MS;
		if (left <= 0 || sig_stop != 0)
			return MQ_IDLE;
		poll(p, 2, (int)left);
	}
}

static int
fd(const struct mq *q)
{
	return grpc_watch_fd(((const struct dump *)(const void *)q)->watch);
}

/* Ids of a transaction's records go back; that none is missing is proven. */
static int
follows(struct mq_id want, struct mq_id got)
{
	(void)want;
	(void)got;
	return 1;
}

static int
cannot(struct err *e)
{
	return err_set(e, ERR_DATA,
	    "a log that is read through Milvus is not asked for its topics, "
	    "its ends or one record: DumpMessages only reads forward, from a "
	    "record that is known or from a time");
}

static char **
topics(struct mq *q, const char *prefix, struct err *e)
{
	(void)q;
	(void)prefix;
	cannot(e);
	return NULL;
}

static int
ends(struct mq *q, const char *const *names, size_t n, struct mq_id *at,
    struct err *e)
{
	(void)q;
	(void)names;
	(void)n;
	(void)at;
	return cannot(e);
}

static struct mq_id
high(struct mq *q, const char *topic)
{
	(void)q;
	(void)topic;
	return mq_id_none();
}

static int
at_time(struct mq *q, const char *topic, int64_t ms, struct mq_id *id,
    struct err *e)
{
	(void)q;
	(void)topic;
	(void)ms;
	(void)id;
	return cannot(e);
}

static int
ahead(struct mq *q, const char *topic, struct mq_id id, struct err *e)
{
	(void)q;
	(void)topic;
	(void)id;
	return cannot(e);
}

static int
peek(struct mq *q, const char *topic, struct mq_id id, struct record *r,
    struct err *e)
{
	(void)r;
	return ahead(q, topic, id, e);
}

static int
start(
    struct mq *q, const char *topic, int number, struct mq_id id, struct err *e)
{
	(void)number;
	return ahead(q, topic, id, e);
}

const struct mq_queue mq_dump = {
	.name = "Milvus",
	.is = is,
	.open = open_dump,
	.close = close_dump,
	.topics = topics,
	.lows = ends,
	.highs = ends,
	.high = high,
	.at_time = at_time,
	.ahead = ahead,
	.peek = peek,
	.start = start,
	.pause = pause_topic,
	.resume = resume,
	.next = next,
	.fd = fd,
	.follows = follows,
	.start_behind = start_behind,
	.mark = mark,
	.now = now,
};
