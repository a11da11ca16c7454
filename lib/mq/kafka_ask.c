#include "mq/kafka_priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/pos.h"

/*
 * An error of a broker's answer, by kind. A topic that is there without a
 * partition 0 is no topic that is gone: so answers a broker that is stopping.
 */
int
kafka_fail(struct err *e, rd_kafka_resp_err_t rc, const char *topic)
{
	enum err_kind kind = rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
				     rc == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
				 ? ERR_GONE
				 : ERR_TEMP;

	return err_set(e, kind, "topic '%s': %s", topic, rd_kafka_err2str(rc));
}

/* Others' topics may have as many as they like; ours are looked at later. */
static void
note_partitions(struct kafka *r, const struct rd_kafka_metadata_topic *t)
{
	struct wide *w = r->wide;

	while (w < r->wide + r->n_wide && strcmp(w->name, t->topic) != 0)
		w++;
	if (w == r->wide + r->n_wide) {
		if (t->partition_cnt < 2)
			return;
		r->wide =
		    x_grow(r->wide, r->n_wide, &r->wide_cap, sizeof *r->wide);
		w = &r->wide[r->n_wide++];
		w->name = x_strdup(t->topic);
	}
	w->partitions = t->partition_cnt;
}

/*
 * ListOffsets of all partitions of l, each answer or error in its place there.
 * Also for what rd_kafka_query_watermark_offsets tells, which does not keep
 * its time before librdkafka 2.3.0: a leader that does not answer would have
 * us wait for as long as it is away.
 */
static int
list_offsets(struct kafka *r, rd_kafka_topic_partition_list_t *l, int64_t time,
    struct err *e)
{
	rd_kafka_resp_err_t rc;

	for (int i = 0; i < l->cnt; i++)
		l->elems[i].offset = time;
	rc = rd_kafka_offsets_for_times(r->rk, l, kafka_left(r));
	if (kafka_is_silence(rc))
		return kafka_silent(r, l, time, e);
	for (int i = 0; i < l->cnt; i++)
		if (l->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			return kafka_fail(
			    e, l->elems[i].err, l->elems[i].topic);
	return rc == RD_KAFKA_RESP_ERR_NO_ERROR
		   ? 0
		   : kafka_fail(e, rc, l->cnt == 1 ? l->elems[0].topic : "*");
}

int
kafka_only_0(struct kafka *r, const char *topic, struct err *e)
{
	rd_kafka_topic_partition_list_t *l;
	int32_t n = 1;
	int rc = 0;

	for (size_t i = 0; i < r->n_wide; i++)
		if (strcmp(r->wide[i].name, topic) == 0)
			n = r->wide[i].partitions;
	if (n < 2)
		return 0;
	l = rd_kafka_topic_partition_list_new(n);
	rd_kafka_topic_partition_list_add_range(l, topic, 1, n - 1);
	rc = list_offsets(r, l, RD_KAFKA_OFFSET_END, e);
	for (int i = 0; i < l->cnt && rc == 0; i++)
		if (l->elems[i].offset > 0)
			rc = err_set(e, ERR_DATA,
			    "topic '%s' has records in partition %" PRId32
			    ", Milvus writes only to partition 0",
			    topic, l->elems[i].partition);
	rd_kafka_topic_partition_list_destroy(l);
	return rc;
}

char **
kafka_topics(struct mq *q, const char *prefix, struct err *e)
{
	struct kafka *r = kafka_of(q);
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rc =
	    rd_kafka_metadata(r->rk, 1, NULL, &md, kafka_left(r));
	struct err odd;
	char **list;
	size_t n = 0;

	if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
		err_set(e, ERR_TEMP, "list of topics: %s",
		    kafka_why(r, rd_kafka_err2str(rc)));
		return NULL;
	}
	list = x_calloc((size_t)md->topic_cnt + 1, sizeof *list);
	for (int i = 0; i < md->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *t = &md->topics[i];

		if (strncmp(t->topic, prefix, strlen(prefix)) != 0 ||
		    pos_topic_name(t->topic, &odd) == -1)
			continue;
		list[n++] = x_strdup(t->topic);
		note_partitions(r, t);
	}
	rd_kafka_metadata_destroy(md);
	return list;
}

/* ListOffsets takes the end, -1, and the beginning, -2, for a time. */
static int
ask_all(struct mq *q, const char *const *topics, size_t n, int64_t time,
    struct mq_id *id, struct err *e)
{
	rd_kafka_topic_partition_list_t *l;
	int rc;

	if (n == 0)
		return 0;
	l = rd_kafka_topic_partition_list_new((int)n);
	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(l, topics[i], 0);
	rc = list_offsets(kafka_of(q), l, time, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		id[i] = mq_id_offset(
		    rd_kafka_topic_partition_list_find(l, topics[i], 0)
			->offset);
	rd_kafka_topic_partition_list_destroy(l);
	return rc;
}

int
kafka_highs(struct mq *q, const char *const *topics, size_t n,
    struct mq_id *high, struct err *e)
{
	return ask_all(q, topics, n, RD_KAFKA_OFFSET_END, high, e);
}

int
kafka_lows(struct mq *q, const char *const *topics, size_t n, struct mq_id *low,
    struct err *e)
{
	return ask_all(q, topics, n, RD_KAFKA_OFFSET_BEGINNING, low, e);
}

int
kafka_at_time(struct mq *q, const char *topic, int64_t ms, struct mq_id *id,
    struct err *e)
{
	if (ask_all(q, &topic, 1, ms < 0 ? 0 : ms, id, e) == -1)
		return -1;
	/* no record is so young */
	return mq_id_is(*id) ? 0 : kafka_highs(q, &topic, 1, id, e);
}

struct mq_id
kafka_high(struct mq *q, const char *topic)
{
	int64_t low, high;

	return rd_kafka_get_watermark_offsets(kafka_of(q)->rk, topic, 0, &low,
		   &high) == RD_KAFKA_RESP_ERR_NO_ERROR
		   ? mq_id_offset(high)
		   : mq_id_none();
}
