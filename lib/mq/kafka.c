#include "mq/kafka_priv.h"
#include "mq/kafka_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"

enum {
	ASK_MS = 10000,
	FIRST_MS = 100,   /* the first question's part of it */
	CLOSE_MS = 2000,  /* for the end of librdkafka's threads */
	LIMITED_MS = 100, /* and if somebody waits for no more than an answer */
	WAKES = 4,        /* for each queue that is taken */
};

static void
on_log(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	(void)rk;
	(void)level;
	log_info("kafka: %s: %s", fac, text);
}

static int
no_answer(const struct kreader *r, rd_kafka_resp_err_t rc, struct err *e)
{
	return err_set(e, r->refused ? ERR_DATA : ERR_TEMP, "%s",
	    r->why[0] != '\0' ? r->why : rd_kafka_err2str(rc));
}

/*
 * Ask until somebody answers; for longer each time, and in between look
 * whether it makes sense to ask again.
 */
static int
greet(struct kreader *r, struct err *e)
{
	int64_t until = clock_ns() + (int64_t)kreader_left(r) * NS_PER_MS, left;
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR__TIMED_OUT;

	/* one broker may refuse us, as long as another one is there */
	for (int64_t ms = FIRST_MS; !r->refused || r->away_since_ns == 0;
	     ms *= 2) {
		left = (until - clock_ns()) / NS_PER_MS;
		if (left <= 0)
			break;
		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		rc = rd_kafka_metadata(
		    r->rk, 0, NULL, &md, (int)(ms < left ? ms : left));
		rd_kafka_poll(r->rk, 0); /* serves on_error */
		if (rc == RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_metadata_destroy(md);
			r->why[0] = '\0';
			r->refused = 0;
			return 0;
		}
	}
	return no_answer(r, rc, e);
}

struct kreader *
kreader_open(const struct kreader_conf *c, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct kreader *r = x_calloc(1, sizeof *r);
	char why[256];

	r->fds[0] = r->fds[1] = -1;
	r->wait_ms = c->wait_ms > 0 ? c->wait_ms : ASK_MS;
	if (c->limit_ms > 0)
		r->until_ns = clock_ns() + (int64_t)c->limit_ms * NS_PER_MS;
	if (kreader_configure(conf, c, e) == -1)
		goto fail;
	rd_kafka_conf_set_opaque(conf, r);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_error_cb(conf, kreader_on_error);
	r->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (r->rk == NULL) {
		err_set(e, ERR_USAGE, "kafka: %s", why);
		goto fail;
	}
	conf = NULL; /* now owned by r->rk */
	if (greet(r, e) == -1) {
		if (e->kind != ERR_STOP)
			err_wrap(e, "brokers '%s' %s", c->brokers,
			    r->refused ? "refuse" : "do not answer");
		goto fail;
	}
	if (pipe2(r->fds, O_CLOEXEC | O_NONBLOCK) == -1) {
		err_sys(e, ERR_TEMP, "pipe");
		goto fail;
	}
	r->wake_bytes =
	    (size_t)kreader_property(r, "queued.max.messages.kbytes") * 1024 /
	    WAKES;
	r->queue = rd_kafka_queue_new(r->rk);
	rd_kafka_queue_io_event_enable(r->queue, r->fds[1], "", 1);
	r->away_since_ns = 0;
	return r;
fail:
	if (conf != NULL)
		rd_kafka_conf_destroy(conf);
	kreader_close(r);
	return NULL;
}

/* As record_headers.get. */
static int
header(const struct record_headers *h, const char *name, struct span *v)
{
	const void *p;

	if (rd_kafka_header_get_last(((const struct kafka_headers *)h)->h, name,
		&p, &v->len) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	v->ptr = p;
	return 1;
}

static void
headers_drop(struct kafka_headers *h)
{
	if (h->h != NULL)
		rd_kafka_headers_destroy(h->h);
	h->h = NULL;
}

/* Those of this record, in place of the last one's; NULL if it has none. */
static const struct record_headers *
headers_take(struct kafka_headers *h, rd_kafka_message_t *rkm)
{
	headers_drop(h);
	h->pub.get = header;
	return rd_kafka_message_detach_headers(rkm, &h->h) ==
		       RD_KAFKA_RESP_ERR_NO_ERROR
		   ? &h->pub
		   : NULL;
}

static void
stop_ahead(struct kafka_topic *t)
{
	if (t->ahead)
		rd_kafka_consume_stop(t->rkt, 0);
	t->ahead = 0;
}

/*
 * Topics that are still read, then the rest. Stopping one waits for a thread
 * of librdkafka that does not wait for brokers itself; but who closes a reader
 * shall not depend on that.
 */
static void *
destroy(void *arg)
{
	struct kreader *r = arg;

	headers_drop(&r->headers);
	for (size_t i = 0; i < r->n; i++) {
		stop_ahead(r->v[i]);
		if (r->v[i]->reading)
			rd_kafka_consume_stop(r->v[i]->rkt, 0);
		rd_kafka_topic_destroy(r->v[i]->rkt);
		free(r->v[i]->name);
		free(r->v[i]);
	}
	free(r->v);
	for (size_t i = 0; i < r->n_wide; i++)
		free(r->wide[i].name);
	free(r->wide);
	if (r->queue != NULL)
		rd_kafka_queue_destroy(r->queue);
	if (r->rk != NULL)
		rd_kafka_destroy(r->rk);
	if (r->fds[0] != -1) {
		close(r->fds[0]);
		close(r->fds[1]);
	}
	free(r);
	return NULL;
}

/*
 * librdkafka waits without end for a broker's thread if something still refers
 * to that broker, and it can lose count itself (its issue 4131; with 2.0.2
 * once in some fifty ends in the middle of fetches). Nothing of ours is kept
 * there: what does not go in time is left to the end of the process.
 */
void
kreader_close(struct kreader *r)
{
	int ms = CLOSE_MS;
	struct timespec until;
	pthread_t t;

	if (r == NULL)
		return;
	if (r->until_ns != 0)
		ms = LIMITED_MS;
	if (pthread_create(&t, NULL, destroy, r) != 0) {
		destroy(r);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * NS_PER_MS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	if (pthread_clockjoin_np(t, NULL, CLOCK_MONOTONIC, &until) != 0) {
		log_info("kafka: its threads do not end");
		pthread_detach(t);
	}
}

/* A topic whose offsets are never reset and never stored. */
static struct kafka_topic *
topic_get(struct kreader *r, const char *name, struct err *e)
{
	rd_kafka_topic_conf_t *tc;
	struct kafka_topic *t;
	char why[256];

	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i]->name, name) == 0)
			return r->v[i];
	tc = rd_kafka_topic_conf_new();
	if (rd_kafka_topic_conf_set(tc, "auto.offset.reset", "error", why,
		sizeof why) != RD_KAFKA_CONF_OK) {
		rd_kafka_topic_conf_destroy(tc);
		err_set(e, ERR_DATA, "topic '%s': %s", name, why);
		return NULL;
	}
	t = x_calloc(1, sizeof *t);
	rd_kafka_topic_conf_set_opaque(tc, t);
	t->rkt = rd_kafka_topic_new(r->rk, name, tc);
	if (t->rkt == NULL) {
		kreader_fail(e, rd_kafka_last_error(), name);
		free(t);
		return NULL;
	}
	t->name = x_strdup(name);
	r->v = x_grow(r->v, r->n, &r->cap, sizeof(struct kafka_topic *));
	r->v[r->n++] = t;
	return t;
}

static struct kafka_topic *
topic_of(const rd_kafka_message_t *rkm)
{
	return rd_kafka_topic_opaque(rkm->rkt);
}

/*
 * A copy, since librdkafka has a batch in twice the room that it takes packed
 * or more, and would keep all of it as long as one of its records.
 */
static void
fill(struct kreader *r, struct record *m, rd_kafka_message_t *rkm)
{
	m->len = rkm->len;
	m->ptr = m->own =
	    x_memdup(rkm->payload == NULL ? "" : rkm->payload, rkm->len);
	m->offset = rkm->offset;
	m->time_ms = rd_kafka_message_timestamp(rkm, NULL);
	m->topic = topic_of(rkm)->number;
	m->headers = headers_take(&r->headers, rkm);
	rd_kafka_message_destroy(rkm);
}

int
kreader_ahead(
    struct kreader *r, const char *topic, int64_t offset, struct err *e)
{
	struct kafka_topic *t = topic_get(r, topic, e);

	if (t == NULL)
		return -1;
	if (t->ahead)
		return 0;
	if (rd_kafka_consume_start(t->rkt, 0, offset) == -1)
		return kreader_fail(e, rd_kafka_last_error(), topic);
	t->ahead = 1;
	return 0;
}

static int
is_out_of_range(rd_kafka_resp_err_t rc)
{
	return rc == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
	       rc == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

int
kreader_peek(struct kreader *r, const char *topic, int64_t offset,
    struct record *m, struct err *e)
{
	struct kafka_topic *t = topic_get(r, topic, e);
	int64_t until = clock_ns() + (int64_t)kreader_left(r) * NS_PER_MS;
	rd_kafka_message_t *rkm = NULL;
	int rc = -1;

	if (t == NULL || kreader_ahead(r, topic, offset, e) == -1)
		return -1;
	while (rkm == NULL && clock_ns() < until)
		rkm = rd_kafka_consume(t->rkt, 0, 100);
	stop_ahead(t);
	if (rkm == NULL) {
		kreader_silent_topic(r, topic, e);
		err_wrap(e, "no record at offset %" PRId64, offset);
	} else if (rkm->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		kreader_fail(e, rkm->err, topic);
		err_wrap(e, "record at offset %" PRId64, offset);
		if (is_out_of_range(rkm->err))
			e->kind = ERR_GONE;
		rd_kafka_message_destroy(rkm);
	} else {
		fill(r, m, rkm);
		rc = 0;
	}
	return rc;
}

int
kreader_start(struct kreader *r, const char *topic, int number, int64_t offset,
    struct err *e)
{
	struct kafka_topic *t = topic_get(r, topic, e);

	if (t == NULL)
		return -1;
	if (kreader_only_0(r, topic, e) == -1)
		return -1;
	t->number = number;
	if (rd_kafka_consume_start_queue(t->rkt, 0, offset, r->queue) == -1)
		return kreader_fail(e, rd_kafka_last_error(), topic);
	t->reading = 1;
	t->heard_ns = r->heard_ns = clock_ns();
	return 0;
}

/*
 * A broker's thread that had nothing to fetch, as the queue was full, rests for
 * up to a second, however soon there is room (librdkafka's issue 2879). A
 * question to the broker wakes it; nobody waits for the answer.
 */
static void
wake(struct kreader *r, const char *topic)
{
	rd_kafka_topic_partition_list_t *l =
	    rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(l, topic, 0)->offset =
	    RD_KAFKA_OFFSET_END;
	rd_kafka_offsets_for_times(r->rk, l, 0);
	rd_kafka_topic_partition_list_destroy(l);
}

static int
pause_or_resume(struct kreader *r, const char *topic,
    rd_kafka_resp_err_t (*call)(
	rd_kafka_t *, rd_kafka_topic_partition_list_t *),
    struct err *e)
{
	rd_kafka_topic_partition_list_t *l =
	    rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t rc;

	rd_kafka_topic_partition_list_add(l, topic, 0);
	rc = call(r->rk, l);
	rd_kafka_topic_partition_list_destroy(l);
	return rc == RD_KAFKA_RESP_ERR_NO_ERROR ? 0
						: kreader_fail(e, rc, topic);
}

int
kreader_pause(struct kreader *r, const char *topic, struct err *e)
{
	return pause_or_resume(r, topic, rd_kafka_pause_partitions, e);
}

int
kreader_resume(struct kreader *r, const char *topic, struct err *e)
{
	int rc = pause_or_resume(r, topic, rd_kafka_resume_partitions, e);

	wake(r, topic);
	return rc;
}

/* The sentence of law 1: topic, wanted and available offsets. */
static int
out_of_range(struct kreader *r, const rd_kafka_message_t *rkm, struct err *e)
{
	const char *topic = rd_kafka_topic_name(rkm->rkt);
	int64_t low = -1, high = -1;

	if (kreader_ends(r, topic, &low, &high, e) == -1)
		return -1;
	return err_set(e, ERR_GONE,
	    "topic '%s': the next record to read is offset %" PRId64
	    ", Kafka has %" PRId64 " to %" PRId64 ": %s",
	    topic, rkm->offset, low, high, rd_kafka_message_errstr(rkm));
}

/* An event that is no record; takes rkm. */
static int
event(struct kreader *r, rd_kafka_message_t *rkm, struct err *e)
{
	const char *topic = rd_kafka_topic_name(rkm->rkt);
	int rc = 0;

	switch ((int)rkm->err) {
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		rc = out_of_range(r, rkm, e);
		break;
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		rc = err_set(e, ERR_GONE, "topic '%s' is gone: %s", topic,
		    rd_kafka_message_errstr(rkm));
		break;
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		rc = err_set(e, ERR_DATA, "topic '%s': %s", topic,
		    rd_kafka_message_errstr(rkm));
		break;
	default: /* librdkafka tries again by itself */
		log_info("topic '%s': %s", topic, rd_kafka_message_errstr(rkm));
		break;
	}
	rd_kafka_message_destroy(rkm);
	return rc;
}

/* After a good part of a queue was taken, if there is more. */
static void
go_on(struct kreader *r, struct kafka_topic *t, const rd_kafka_message_t *rkm)
{
	t->taken += rkm->len;
	if (t->taken < r->wake_bytes)
		return;
	t->taken = 0;
	if (rkm->offset + 1 < kreader_high(r, t->name))
		wake(r, t->name);
}

/* What comes once the pipe is drained writes to it anew. */
static rd_kafka_message_t *
take(struct kreader *r, int wait_ms)
{
	rd_kafka_message_t *rkm = rd_kafka_consume_queue(r->queue, 0);
	char drain[64];

	if (rkm != NULL)
		return rkm;
	rd_kafka_poll(r->rk, 0); /* serves on_error */
	while (read(r->fds[0], drain, sizeof drain) > 0)
		continue;
	return rd_kafka_consume_queue(r->queue, wait_ms);
}

int
kreader_next(struct kreader *r, int wait_ms, struct record *m, struct err *e)
{
	rd_kafka_message_t *rkm;

	while ((rkm = take(r, wait_ms)) != NULL) {
		if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			kreader_heard(r, topic_of(rkm));
			go_on(r, topic_of(rkm), rkm);
			fill(r, m, rkm);
			return KREADER_MSG;
		}
		if (event(r, rkm, e) == -1)
			return -1;
	}
	if (kreader_idle(r, e) == -1)
		return -1;
	return KREADER_IDLE;
}

int
kreader_fd(const struct kreader *r)
{
	return r->fds[0];
}
