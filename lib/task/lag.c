#include "task/lag.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/format.h"
#include "model/pos.h"
#include "model/tso.h"
#include "mq/mq.h"
#include "net/grpc.h"
#include "net/tls.h"
#include "state/state.h"
#include "task/servers.h"
#include "task/task.h"

static struct mq *
open_mq(const json_t *task, struct mq_conf conf, struct err *e)
{
	struct grpc_conf milvus;
	char *own = NULL;
	struct mq *q = NULL;

	conf.brokers = task_option(task, "brokers");
	if (task_reads_source(task)) {
		if (source_conf(task, &milvus, &own, e) == -1)
			return NULL;
		conf.brokers = milvus.uri;
		conf.milvus = &milvus;
	}
	if (conf.brokers == NULL)
		err_set(e, ERR_DATA, "the task does not say where its log is");
	else
		q = mq_open(&conf, e);
	trust_forget(own);
	return q;
}

struct mq *
task_mq(const json_t *task, int wait_ms, int limit_ms, struct err *e)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), "property");
	size_t n = json_array_size(list);
	const char **props = x_calloc(n + 1, sizeof *props);
	struct mq_conf conf = {
		.props = props, .wait_ms = wait_ms, .limit_ms = limit_ms
	};
	struct mq *r;

	for (size_t i = 0; i < n; i++)
		props[i] = json_string_value(json_array_get(list, i));
	trust_named_by(state_owner(task));
	r = open_mq(task, conf, e);
	trust_named_by(0);
	free(props);
	return r;
}

/*
 * The time by the source's clock, as in positions. Kafka's time is that of the
 * machine which wrote the record, and can be minutes off.
 */
static int
time_of(struct mq *r, const char *topic, struct mq_id id, int64_t *ms,
    struct err *e)
{
	struct record k = { 0 };
	struct msg m;

	if (mq_peek(r, topic, id, &k, e) == -1)
		return -1;
	*ms = format_peek(&k, &m) == 0 && m.ts != 0 ? tso_ms(m.ts) : k.time_ms;
	record_free(&k);
	return 0;
}

static void
say(char **why, const char *text)
{
	if (*why == NULL)
		*why = x_strdup(text);
}

void
task_lag_init(struct task_lag *l, const struct pos *p)
{
	l->n = p->n;
	l->v = x_calloc(p->n + 1, sizeof *l->v);
	l->newest_ms = l->lag_ms = l->backlog = -1;
	for (size_t i = 0; i < p->n; i++)
		l->v[i] = (struct topic_lag){ .topic = x_strdup(p->v[i].topic),
			.low = mq_id_none(),
			.high = mq_id_none(),
			.committed =
			    p->v[i].mark == NULL ? p->v[i].o : mq_id_none(),
			.ts = p->v[i].ts };
}

void
task_lag_unknown(struct task_lag *l, const char *why)
{
	say(&l->newest_why, why);
	say(&l->backlog_why, why);
}

/* Asks for all watermarks in two questions. */
static int
ask_together(struct task_lag *l, struct mq *r, struct err *e)
{
	const char **names = x_calloc(l->n + 1, sizeof *names);
	struct mq_id *at = x_calloc(l->n + 1, sizeof *at);
	int rc;

	for (size_t i = 0; i < l->n; i++)
		names[i] = l->v[i].topic;
	if ((rc = mq_lows(r, names, l->n, at, e)) == 0)
		for (size_t i = 0; i < l->n; i++)
			l->v[i].low = at[i];
	if (rc == 0 && (rc = mq_highs(r, names, l->n, at, e)) == 0)
		for (size_t i = 0; i < l->n; i++)
			l->v[i].high = at[i];
	free(names);
	free(at);
	return rc;
}

/*
 * Asks for the watermarks of all topics; returns how many are known. A topic
 * may be gone.
 */
static size_t
ask_ends(struct task_lag *l, struct mq *r)
{
	size_t known = 0;
	struct err e = { 0 };

	if (ask_together(l, r, &e) == 0)
		return l->n;
	for (size_t i = 0; i < l->n; i++) {
		struct topic_lag *t = &l->v[i];

		if (e.kind != ERR_TEMP &&
		    mq_ends(r, t->topic, &t->low, &t->high, &e) == 0) {
			known++;
			continue;
		}
		t->low = t->high = mq_id_none();
		task_lag_unknown(l, e.msg);
	}
	l->silent = e.kind == ERR_TEMP;
	return known;
}

int
topic_lag_inside(const struct topic_lag *t)
{
	return mq_id_within(t->committed, t->low, t->high);
}

/* -1 if the position is outside, so that nothing can be counted. */
static int
inside(const struct topic_lag *t, struct err *e)
{
	if (topic_lag_inside(t))
		return 0;
	return err_set(e, ERR_GONE,
	    "topic '%s' has offsets %s to %s, the position is %s", t->topic,
	    MQ_TEXT(t->low), MQ_TEXT(t->high), MQ_TEXT(t->committed));
}

static void
sum_backlog(struct task_lag *l)
{
	int64_t sum = 0, n;
	struct err e;

	for (size_t i = 0; i < l->n; i++) {
		if (inside(&l->v[i], &e) == -1) {
			say(&l->backlog_why, e.msg);
			return;
		}
		n = mq_id_between(l->v[i].committed, l->v[i].high);
		if (n == -1) {
			say(&l->backlog_why, "the queue does not count");
			return;
		}
		sum += n;
	}
	l->backlog = sum;
}

static int
has_records(const struct topic_lag *t)
{
	return mq_id_cmp(t->high, t->low) > 0;
}

static int
ask_newest(struct task_lag *l, struct mq *r, struct err *e)
{
	int64_t newest = -1, lag = 0, at;

	for (size_t i = 0; i < l->n; i++)
		if (has_records(&l->v[i]) &&
		    mq_ahead(r, l->v[i].topic, mq_id_before(l->v[i].high), e) ==
			-1)
			return -1;
	for (size_t i = 0; i < l->n; i++) {
		const struct topic_lag *t = &l->v[i];

		if (!has_records(t))
			continue;
		if (time_of(r, t->topic, mq_id_before(t->high), &at, e) == -1)
			return -1;
		if (at > newest)
			newest = at;
		if (at - tso_ms(t->ts) > lag)
			lag = at - tso_ms(t->ts);
	}
	if (newest == -1)
		return err_set(e, ERR_DATA, "the source's topics are empty");
	l->newest_ms = newest;
	l->lag_ms = lag;
	return 0;
}

/* What the source's clock has is the end of a log without ends. */
static int
ask_clock(struct task_lag *l, struct mq *r, struct err *e)
{
	uint64_t now;

	say(&l->backlog_why,
	    "records are not counted in a log that is read through Milvus");
	if (mq_now(r, &now, e) == -1)
		return -1;
	l->newest_ms = tso_ms(now);
	l->lag_ms = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->newest_ms - tso_ms(l->v[i].ts) > l->lag_ms)
			l->lag_ms = l->newest_ms - tso_ms(l->v[i].ts);
	return 0;
}

void
task_lag_ask(struct task_lag *l, struct mq *r)
{
	struct err e = { 0 };

	if (mq_by_mark(r)) {
		if (ask_clock(l, r, &e) == -1) {
			say(&l->newest_why, e.msg);
			l->silent = e.kind == ERR_TEMP;
		}
		return;
	}
	if (ask_ends(l, r) < l->n)
		return;
	sum_backlog(l);
	if (ask_newest(l, r, &e) == -1) {
		say(&l->newest_why, e.msg);
		l->silent = e.kind == ERR_TEMP;
	}
}

void
task_lag_fini(struct task_lag *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].topic);
	free(l->v);
	free(l->newest_why);
	free(l->backlog_why);
	memset(l, 0, sizeof *l);
}
