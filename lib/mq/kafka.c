#include "mq/kafka_priv.h"

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
no_answer(const struct kafka *r, rd_kafka_resp_err_t rc, struct err *e)
{
	return err_set(e, r->refused ? ERR_DATA : ERR_TEMP, "%s",
	    r->why[0] != '\0' ? r->why : rd_kafka_err2str(rc));
}

/*
 * Ask until somebody answers; for longer each time, and in between look
 * whether it makes sense to ask again.
 */
static int
greet(struct kafka *r, struct err *e)
{
	int64_t until = clock_ns() + (int64_t)kafka_left(r) * NS_PER_MS, left;
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

/*
 * Topics that are still read, then the rest. Stopping one waits for a thread
 * of librdkafka that does not wait for brokers itself; but who closes a reader
 * shall not depend on that.
 */
static void *
destroy(void *arg)
{
	struct kafka *r = arg;

	kafka_headers_drop(&r->headers);
	for (size_t i = 0; i < r->n; i++) {
		kafka_stop_ahead(r->v[i]);
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
static void
close_in_time(struct mq *q)
{
	struct kafka *r = kafka_of(q);
	int ms = CLOSE_MS;
	struct timespec until;
	pthread_t t;

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

static struct mq *
open_kafka(const struct mq_conf *c, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct kafka *r = x_calloc(1, sizeof *r);
	char why[256];

	r->pub.queue = &mq_kafka;
	r->fds[0] = r->fds[1] = -1;
	r->wait_ms = c->wait_ms > 0 ? c->wait_ms : ASK_MS;
	if (c->limit_ms > 0)
		r->until_ns = clock_ns() + (int64_t)c->limit_ms * NS_PER_MS;
	if (kafka_configure(conf, c, e) == -1)
		goto fail;
	rd_kafka_conf_set_opaque(conf, r);
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_error_cb(conf, kafka_on_error);
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
	    (size_t)kafka_property(&r->pub, "queued.max.messages.kbytes") *
	    1024 / WAKES;
	r->queue = rd_kafka_queue_new(r->rk);
	rd_kafka_queue_io_event_enable(r->queue, r->fds[1], "", 1);
	r->away_since_ns = 0;
	return &r->pub;
fail:
	if (conf != NULL)
		rd_kafka_conf_destroy(conf);
	close_in_time(&r->pub);
	return NULL;
}

/* host:port, host:port …; librdkafka says what is wrong with others. */
static int
is_kafka(const char *brokers)
{
	(void)brokers;
	return 1;
}

const struct mq_queue mq_kafka = {
	.name = "Kafka",
	.is = is_kafka,
	.open = open_kafka,
	.close = close_in_time,
	.topics = kafka_topics,
	.lows = kafka_lows,
	.highs = kafka_highs,
	.high = kafka_high,
	.at_time = kafka_at_time,
	.ahead = kafka_ahead,
	.peek = kafka_peek,
	.start = kafka_start,
	.pause = kafka_pause,
	.resume = kafka_resume,
	.next = kafka_next,
	.fd = kafka_fd,
	.follows = kafka_follows,
};
