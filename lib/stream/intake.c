#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "stream/priv.h"

/* Between two looks at the catalogue: so many records, so much, so long. */
enum { BATCH = 2000, BATCH_BYTES = 1 << 20, BATCH_MS = 50 };

/* The most that is held while a watermark waits for the catalogue. */
enum { HELD_BYTES = 8 << 20 };

/* When so much more is held than ever, the heap's holes are given back. */
enum { TRIM_BYTES = 3 << 20 };

/*
 * 0 for records of collections of another shard: they are not kept. Whether a
 * pattern has a collection is known when its records leave, because a rename
 * may stand before them.
 */
int
reader_wanted(void *arg, const struct rec *rec)
{
	struct reader *r = arg;
	const struct cat_coll *c = cat_coll(&r->cat, rec->msg.coll_id);

	return c == NULL || c->included || rec->broken ||
	       merge_is_request(rec) || shard_has(&r->conf->shard, c->id) ||
	       view_coll(&r->view, c->id) != NULL;
}

static int
take_record(struct reader *r, struct record *k, struct err *e)
{
	struct reader_topic *t = reader_topic(r, k);
	struct mq_id id = k->id, want = t->in->next;
	uint64_t before = t->in->last;
	struct rec *rec;
	int made;

	if (!mq_follows(r->k, want, id)) {
		record_free(k);
		return err_set(e, ERR_GONE,
		    "topic '%s': the next record to read is offset %s, what "
		    "came is offset %s",
		    t->in->name, MQ_TEXT(want), MQ_TEXT(id));
	}
	if (format_of(k)->streaming && !r->by_log) {
		record_free(k);
		return err_set(e, ERR_TEMP,
		    "topic '%s' offset %s: from here on the source writes the "
		    "log of a Milvus that is newer than the catalogue: it was "
		    "upgraded; start cdc-meta and cdc-read again",
		    t->in->name, MQ_TEXT(id));
	}
	made = k->made;
	rec = merge_add(r->merge, format_of(k), k, e);
	if (e->kind != ERR_NONE)
		return -1;
	if (!r->by_mark)
		reader_doubt(t, id, before);
	else if (made)
		reader_mark_made(r, t);
	if (rec == NULL)
		return 0;
	if (mq_id_cmp(id, t->end) < 0 && rec->ts > r->until_seen)
		r->until_seen = rec->ts;
	return 0;
}

/* 1 if the topic that holds W back has been read to its end. */
static int
holder_is_read(const struct reader *r, int holder)
{
	const struct reader_topic *t;

	if (holder == -1 || r->until.kind == WHERE_NEVER)
		return 0;
	t = &r->topics[holder];
	return mq_id_is(t->end) && mq_id_cmp(t->in->next, t->end) >= 0;
}

/* Must it be read, however much it holds? */
static int
must_be_read(const struct reader *r, size_t topic, int holder)
{
	return r->by_log ? !merge_can_wait(r->merge, topic)
			 : (int)topic == holder;
}

/*
 * Pauses topics that are ahead of W, or of a change that others lack, unless
 * the source is dead. Each topic has a limit, also one that must be read.
 */
int
reader_balance(struct reader *r, int holder, struct err *e)
{
	size_t part = holder_is_read(r, holder)
			  ? MERGE_ALONE_BYTES
			  : MERGE_AHEAD_BYTES / (r->n_topics + 1);

	for (size_t i = 0; i < r->n_topics; i++) {
		struct reader_topic *t = &r->topics[i];
		size_t bytes = t->in->bytes;

		if (bytes > MERGE_ALONE_BYTES)
			return err_set(e, ERR_DATA,
			    "topic '%s' alone holds %zu bytes without a tick, "
			    "the limit is %d (MERGE_ALONE_BYTES)",
			    t->in->name, bytes, MERGE_ALONE_BYTES);
		if (!t->paused && bytes > part && !must_be_read(r, i, holder)) {
			t->paused = 1;
			if (mq_pause(r->k, t->in->name, e) == -1)
				return -1;
		} else if (t->paused &&
			   (bytes < part / 2 || must_be_read(r, i, holder))) {
			t->paused = 0;
			if (mq_resume(r->k, t->in->name, e) == -1)
				return -1;
		}
	}
	return 0;
}

int
reader_is_full(const struct reader *r)
{
	return r->cat.follow && r->n_cands > 0 &&
	       r->cands[r->n_cands - 1].w > merge_released(r->merge) &&
	       merge_bytes(r->merge) > HELD_BYTES;
}

/*
 * Gives free memory back to the system. The buffers of librdkafka leave holes
 * in the heap that take a record but not the next batch: a quarter of the heap
 * while a long time between two ticks is held, which is when most memory is
 * needed.
 */
static void
give_back(struct reader *r)
{
	size_t held = merge_bytes(r->merge);

	if (held < r->held_most + TRIM_BYTES)
		return;
	r->held_most = held;
	x_trim();
}

int
reader_records(struct reader *r, struct err *e)
{
	int64_t begun = clock_ns();
	size_t bytes = 0;
	struct record k;

	r->taken = 0;
	r->more = 1;
	for (int i = 0; i < BATCH; i++) {
		int rc = mq_next(r->k, 0, &k, e);

		if (rc == -1)
			return -1;
		if (rc == MQ_IDLE) {
			r->more = 0;
			break;
		}
		bytes += k.len;
		/* a record that was handed over is taken, however late */
		if (take_record(r, &k, e) == -1)
			return -1;
		r->taken++;
		if (bytes > BATCH_BYTES ||
		    clock_ns() - begun > BATCH_MS * NS_PER_MS)
			break;
	}
	give_back(r);
	return reader_same(r, e);
}

static void
settle(struct reader_topic *t)
{
	t->in->settled = mq_id_cmp(t->in->next, t->unused_end) >= 0;
}

/*
 * Law 3: a topic that is no longer used holds W back until it has been read
 * to the end that it had then. All of them are asked for in one question.
 */
int
reader_settle(struct reader *r, struct err *e)
{
	size_t n = r->n_topics, ask = 0;
	const char **names = x_calloc(n, sizeof *names);
	struct reader_topic **topics = x_calloc(n, sizeof *topics);
	struct mq_id *highs = x_calloc(n, sizeof *highs);
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		struct reader_topic *t = &r->topics[i];

		if (t->in->used || t->in->settled || !t->in->ticks)
			continue;
		if (mq_id_is(t->unused_end)) {
			settle(t);
			continue;
		}
		topics[ask] = t;
		names[ask++] = t->in->name;
	}
	if (ask > 0)
		rc = mq_highs(r->k, names, ask, highs, e);
	for (size_t i = 0; i < ask && rc == 0; i++) {
		topics[i]->unused_end = highs[i];
		settle(topics[i]);
	}
	free(highs);
	free(topics);
	free(names);
	return rc;
}
