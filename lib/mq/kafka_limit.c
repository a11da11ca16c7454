#include "mq/kafka_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

enum { NAME_MS = 300 };

int
kafka_left(const struct kafka *r)
{
	int64_t left = r->wait_ms;

	if (r->until_ns != 0) {
		left = (r->until_ns - clock_ns()) / NS_PER_MS;
		if (left > r->wait_ms)
			left = r->wait_ms;
	}
	return left < 1 ? 1 : (int)left;
}

int
kafka_is_silence(rd_kafka_resp_err_t rc)
{
	return rc == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	       rc == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE ||
	       rc == RD_KAFKA_RESP_ERR__TRANSPORT ||
	       rc == RD_KAFKA_RESP_ERR__WAIT_COORD;
}

const char *
kafka_why(struct kafka *r, const char *text)
{
	rd_kafka_poll(r->rk, 0); /* serves on_error */
	return r->why[0] != '\0' ? r->why : text;
}

/* ---- who was silent ---- */

struct name_list {
	char text[512];
	size_t n;
};

static void
add_broker(struct name_list *to, const struct rd_kafka_metadata *md, int32_t id)
{
	char one[300];
	size_t len = strlen(to->text);

	for (int i = 0; i < md->broker_cnt; i++) {
		const struct rd_kafka_metadata_broker *b = &md->brokers[i];

		if (b->id != id)
			continue;
		snprintf(one, sizeof one, "'%.255s:%d' (broker %" PRId32 ")",
		    b->host, b->port, id);
		if (strstr(to->text, one) != NULL ||
		    len + strlen(one) + 3 > sizeof to->text)
			return;
		snprintf(to->text + len, sizeof to->text - len, "%s%s",
		    len > 0 ? ", " : "", one);
		to->n++;
	}
}

static int32_t
leader(const struct rd_kafka_metadata *md, const char *topic, int32_t partition)
{
	for (int i = 0; i < md->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *t = &md->topics[i];

		for (int k = 0;
		     strcmp(t->topic, topic) == 0 && k < t->partition_cnt; k++)
			if (t->partitions[k].id == partition)
				return t->partitions[k].leader;
	}
	return -1;
}

/* As somebody who answers says it; nothing if there is nobody. */
static void
leaders(struct kafka *r, const rd_kafka_topic_partition_list_t *l,
    int64_t asked, struct name_list *to)
{
	const struct rd_kafka_metadata *md;

	if (rd_kafka_metadata(r->rk, 1, NULL, &md, NAME_MS) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (int i = 0; i < l->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &l->elems[i];

		if (p->offset == asked)
			add_broker(to, md, leader(md, p->topic, p->partition));
	}
	rd_kafka_metadata_destroy(md);
}

int
kafka_silent(struct kafka *r, const rd_kafka_topic_partition_list_t *l,
    int64_t asked, struct err *e)
{
	struct name_list who = { 0 };
	const char *why = kafka_why(r, "no answer in time");
	const char *topic = l->elems[0].topic;

	for (int i = l->cnt - 1; i >= 0; i--)
		if (l->elems[i].offset == asked)
			topic = l->elems[i].topic;
	leaders(r, l, asked, &who);
	if (who.n == 0)
		return err_set(e, ERR_TEMP, "topic '%s': %s", topic, why);
	return err_set(e, ERR_TEMP,
	    "topic '%s': %s, as the brokers name %s, %s not answer: %s", topic,
	    who.text, who.n > 1 ? "themselves" : "it",
	    who.n > 1 ? "do" : "does", why);
}

int
kafka_silent_topic(struct kafka *r, const char *topic, struct err *e)
{
	rd_kafka_topic_partition_list_t *l =
	    rd_kafka_topic_partition_list_new(1);
	int rc;

	rd_kafka_topic_partition_list_add(l, topic, 0)->offset = 0;
	rc = kafka_silent(r, l, 0, e);
	rd_kafka_topic_partition_list_destroy(l);
	return rc;
}
