#include "mq/kafka_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* As record_headers.get; of two with one name, the last. */
static int
header(const struct record_headers *pub, const char *name, struct span *v)
{
	const struct kafka_headers *h = (const struct kafka_headers *)pub;
	const void *p;

	for (size_t i = h->n; i-- > 0;)
		if (h->v[i].name[0] == name[0] && name[0] != '\0' &&
		    h->v[i].name[1] == name[1] &&
		    strcmp(h->v[i].name, name) == 0) {
			*v = h->v[i].value;
			return 1;
		}
	if (h->n < KAFKA_HEADERS || rd_kafka_header_get_last(h->h, name, &p,
					&v->len) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	v->ptr = p;
	return 1;
}

/* Walks through them once, since each is asked for by its name. */
static void
index_headers(struct kafka_headers *h)
{
	const void *p;

	for (h->n = 0; h->n < KAFKA_HEADERS; h->n++) {
		struct span *value = &h->v[h->n].value;

		if (rd_kafka_header_get_all(h->h, h->n, &h->v[h->n].name, &p,
			&value->len) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		value->ptr = p;
	}
}

void
kafka_headers_drop(struct kafka_headers *h)
{
	if (h->h != NULL)
		rd_kafka_headers_destroy(h->h);
	h->h = NULL;
}

/* Those of this record, in place of the last one's; NULL if it has none. */
static const struct record_headers *
headers_take(struct kafka_headers *h, rd_kafka_message_t *rkm)
{
	kafka_headers_drop(h);
	h->pub.get = header;
	if (rd_kafka_message_detach_headers(rkm, &h->h) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return NULL;
	index_headers(h);
	return &h->pub;
}

void
kafka_stop_ahead(struct kafka_topic *t)
{
	if (t->ahead)
		rd_kafka_consume_stop(t->rkt, 0);
	t->ahead = 0;
}

/* A topic whose offsets are never reset and never stored. */
static struct kafka_topic *
topic_get(struct kafka *r, const char *name, struct err *e)
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
		kafka_fail(e, rd_kafka_last_error(), name);
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
fill(struct kafka *r, struct record *m, rd_kafka_message_t *rkm)
{
	m->len = rkm->len;
	m->ptr = m->own =
	    x_memdup(rkm->payload == NULL ? "" : rkm->payload, rkm->len);
	m->id = mq_id_offset(rkm->offset);
	m->time_ms = rd_kafka_message_timestamp(rkm, NULL);
	m->topic = topic_of(rkm)->number;
	m->headers = headers_take(&r->headers, rkm);
	m->kept = NULL;
	rd_kafka_message_destroy(rkm);
}

int
kafka_ahead(struct mq *q, const char *topic, struct mq_id id, struct err *e)
{
	struct kafka_topic *t = topic_get(kafka_of(q), topic, e);

	if (t == NULL)
		return -1;
	if (t->ahead)
		return 0;
	if (rd_kafka_consume_start(t->rkt, 0, id.entry) == -1)
		return kafka_fail(e, rd_kafka_last_error(), topic);
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
kafka_peek(struct mq *q, const char *topic, struct mq_id id, struct record *m,
    struct err *e)
{
	struct kafka *r = kafka_of(q);
	struct kafka_topic *t = topic_get(r, topic, e);
	int64_t until = clock_ns() + (int64_t)kafka_left(r) * NS_PER_MS;
	rd_kafka_message_t *rkm = NULL;
	int rc = -1;

	if (t == NULL || kafka_ahead(q, topic, id, e) == -1)
		return -1;
	while (rkm == NULL && clock_ns() < until)
		rkm = rd_kafka_consume(t->rkt, 0, 100);
	kafka_stop_ahead(t);
	if (rkm == NULL) {
		kafka_silent_topic(r, topic, e);
		err_wrap(e, "no record at offset %s", MQ_TEXT(id));
	} else if (rkm->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		kafka_fail(e, rkm->err, topic);
		err_wrap(e, "record at offset %s", MQ_TEXT(id));
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
kafka_start(
    struct mq *q, const char *topic, int number, struct mq_id id, struct err *e)
{
	struct kafka *r = kafka_of(q);
	struct kafka_topic *t = topic_get(r, topic, e);

	if (t == NULL)
		return -1;
	if (kafka_only_0(r, topic, e) == -1)
		return -1;
	t->number = number;
	if (rd_kafka_consume_start_queue(t->rkt, 0, id.entry, r->queue) == -1)
		return kafka_fail(e, rd_kafka_last_error(), topic);
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
wake(struct kafka *r, const char *topic)
{
	rd_kafka_topic_partition_list_t *l =
	    rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(l, topic, 0)->offset =
	    RD_KAFKA_OFFSET_END;
	rd_kafka_offsets_for_times(r->rk, l, 0);
	rd_kafka_topic_partition_list_destroy(l);
}

static int
pause_or_resume(struct kafka *r, const char *topic,
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
	return rc == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(e, rc, topic);
}

int
kafka_pause(struct mq *q, const char *topic, struct err *e)
{
	return pause_or_resume(
	    kafka_of(q), topic, rd_kafka_pause_partitions, e);
}

int
kafka_resume(struct mq *q, const char *topic, struct err *e)
{
	struct kafka *r = kafka_of(q);
	int rc = pause_or_resume(r, topic, rd_kafka_resume_partitions, e);

	wake(r, topic);
	return rc;
}

/* The sentence of law 1: topic, wanted and available offsets. */
static int
out_of_range(struct kafka *r, const rd_kafka_message_t *rkm, struct err *e)
{
	const char *topic = rd_kafka_topic_name(rkm->rkt);
	struct mq_id low, high;

	if (kafka_lows(&r->pub, &topic, 1, &low, e) == -1 ||
	    kafka_highs(&r->pub, &topic, 1, &high, e) == -1)
		return -1;
	return err_set(e, ERR_GONE,
	    "topic '%s': the next record to read is offset %" PRId64
	    ", Kafka has %s to %s: %s",
	    topic, rkm->offset, MQ_TEXT(low), MQ_TEXT(high),
	    rd_kafka_message_errstr(rkm));
}

/* An event that is no record; takes rkm. */
static int
event(struct kafka *r, rd_kafka_message_t *rkm, struct err *e)
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
go_on(struct kafka *r, struct kafka_topic *t, const rd_kafka_message_t *rkm)
{
	t->taken += rkm->len;
	if (t->taken < r->wake_bytes)
		return;
	t->taken = 0;
	if (rkm->offset + 1 < kafka_high(&r->pub, t->name).entry)
		wake(r, t->name);
}

/* What comes once the pipe is drained writes to it anew. */
static rd_kafka_message_t *
take(struct kafka *r, int wait_ms)
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
kafka_next(struct mq *q, int wait_ms, struct record *m, struct err *e)
{
	struct kafka *r = kafka_of(q);
	rd_kafka_message_t *rkm;

	while ((rkm = take(r, wait_ms)) != NULL) {
		if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			kafka_heard(r, topic_of(rkm));
			go_on(r, topic_of(rkm), rkm);
			fill(r, m, rkm);
			return MQ_RECORD;
		}
		if (event(r, rkm, e) == -1)
			return -1;
	}
	if (kafka_idle(r, e) == -1)
		return -1;
	return MQ_IDLE;
}

int
kafka_fd(const struct mq *q)
{
	return kafka_of(q)->fds[0];
}

/*
 * Milvus has no transactions of Kafka's and compacts nothing, so every offset
 * has a record.
 */
int
kafka_follows(struct mq_id want, struct mq_id got)
{
	return mq_id_cmp(want, got) == 0;
}
