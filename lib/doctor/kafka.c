#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "doctor/priv.h"
#include "format/format.h"
#include "model/tso.h"
#include "mq/kafka.h"
#include "task/lag.h"
#include "task/task.h"

/* Milvus's producer: message.max.bytes of the client, kafka.go */
enum { MILVUS_RECORD = 10485760, DAY_MS = 86400000, MAX_TOPICS = 256 };

void
check_zstd(struct doctor *d)
{
	struct err e = { 0 };

	if (kafka_zstd(&e) == -1)
		doctor_fail(d, &e, "install a librdkafka with zstd");
	else
		doctor_ok(d, "librdkafka reads zstd, as Milvus writes");
}

void
check_kafka(struct doctor *d)
{
	const char *brokers = task_option(d->c->task, "brokers");
	struct err e = { 0 };

	d->k = task_mq(d->c->task, CHECK_ASK_MS, 0, &e);
	if (d->k == NULL)
		doctor_fail(d, &e,
		    e.kind == ERR_TEMP ? "does it run there (-b)?" : NULL);
	else
		doctor_ok(d, "%s answers", brokers);
}

/* The topics of the position and of the replicated collections. */
static void
find_used(struct doctor *d)
{
	const struct cat *c = &d->source.cat;

	for (size_t i = 0; i < d->cp.pos.n; i++)
		textset_add(&d->used, d->cp.pos.v[i].topic);
	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *l = c->colls[i];

		for (size_t k = 0; doctor_has(d, l) && k < l->n_topics; k++)
			if (!textset_has(&d->used, l->topics[k].topic))
				textset_add(&d->used, l->topics[k].topic);
	}
}

static int
there(const struct doctor *d, const char *topic)
{
	for (size_t i = 0; d->topics[i] != NULL; i++)
		if (strcmp(d->topics[i], topic) == 0)
			return 1;
	return 0;
}

void
check_topics(struct doctor *d)
{
	const char *cluster = task_option(d->c->task, "cluster");
	char *name =
	    cluster == NULL ? cat_cluster(&d->source.cat) : x_strdup(cluster);
	char *prefix = x_asprintf("%s-", name);
	struct named missing = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	d->topics = mq_topics(d->k, prefix, &e);
	find_used(d);
	for (; d->topics != NULL && d->topics[n] != NULL; n++)
		;
	for (size_t i = 0; d->topics != NULL && i < d->used.n; i++)
		if (!there(d, d->used.v[i]))
			named_add(&missing, "%s", d->used.v[i]);
	if (d->topics == NULL)
		doctor_fail(d, &e, NULL);
	else if (d->used.n == 0)
		doctor_warn(d, NULL, "none is read yet; %zu begin with '%s'", n,
		    prefix);
	else if (n == 0)
		doctor_wrong(d, "--cluster, or another Kafka (-b)",
		    "no topic begins with '%s'", prefix);
	else if (missing.n > 0)
		doctor_wrong(d, "is it the right Kafka (-b)?",
		    "topics are gone: %s", named_end(&missing));
	else
		doctor_ok(d,
		    "all %zu that are read are there, of %zu of "
		    "cluster %s",
		    d->used.n, n, name);
	named_fini(&missing);
	free(prefix);
	free(name);
}

/* ---- the log's format ---- */

/* Looks at the newest record: 1 if it can be read, 0 if the topic is empty. */
static int
look_at(
    struct doctor *d, const char *topic, const struct format **f, struct err *e)
{
	struct record m = { 0 };
	struct msg msg;
	struct mq_id low, high;
	int rc;

	if (mq_ends(d->k, topic, &low, &high, e) == -1)
		return -1;
	if (mq_id_cmp(high, low) <= 0)
		return 0;
	high = mq_id_before(high);
	if (mq_peek(d->k, topic, high, &m, e) == -1)
		return -1;
	*f = format_of(&m);
	if ((rc = (*f)->decode(&m, &msg, e)) == -1)
		err_wrap(e, "topic '%s' offset %s", topic, MQ_TEXT(high));
	record_free(&m);
	return rc == -1 ? -1 : 1;
}

void
check_format(struct doctor *d)
{
	struct err e = { 0 };
	const struct format *f = NULL, *last = NULL;
	struct buf versions = { 0 };
	size_t n = 0, i;
	int rc = 0;

	for (i = 0; i < d->used.n && rc != -1 && !doctor_over(d); i++) {
		rc = look_at(d, d->used.v[i], &f, &e);
		n += rc == 1;
		if (rc == 1 && f != last)
			buf_addf(&versions, "%s%s", last == NULL ? "" : ", ",
			    f->versions);
		last = f;
	}
	if (rc == -1)
		doctor_fail(d, &e, NULL);
	else if (i < d->used.n)
		doctor_unknown(d, NULL,
		    "only %zu of %zu topics could be looked at in time", i,
		    d->used.n);
	else if (n == 0)
		doctor_warn(
		    d, NULL, "there is no record yet that would tell it");
	else
		doctor_ok(d,
		    "the newest record of each of %zu topics is of a log of "
		    "Milvus %s, %zu are empty",
		    n, versions.ptr, d->used.n - n);
	buf_fini(&versions);
}

/* ---- settings ---- */

static int64_t
value(const struct kvs *k, const char *name)
{
	const char *s = kvs_get(k, name);
	struct err e;
	int64_t v = -1;

	if (s == NULL || num_i64(s, INT64_MIN, INT64_MAX, &v, &e) == -1)
		return -1;
	return v;
}

/* The least value of a setting over the topics; below 0 means unlimited. */
static int64_t
least(const struct kvs *k, size_t n, const char *name)
{
	int64_t min = -1;

	for (size_t i = 0; i < n; i++) {
		int64_t v = value(&k[i], name);

		if (v >= 0 && (min < 0 || v < min))
			min = v;
	}
	return min;
}

/* Renames a broker's defaults to the names of a topic's settings. */
static void
as_topic(struct kvs *k)
{
	static const struct {
		const char *from, *to;
		int64_t times;
	} all[] = {
		{ "message.max.bytes", "max.message.bytes", 1 },
		{ "log.retention.bytes", "retention.bytes", 1 },
		{ "log.retention.hours", "retention.ms", 3600000 },
		{ "log.retention.minutes", "retention.ms", 60000 },
		{ "log.retention.ms", "retention.ms", 1 },
	};
	const char *policy = kvs_get(k, "log.cleanup.policy");

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		int64_t v = value(k, all[i].from);
		char text[32];

		if (kvs_get(k, all[i].from) == NULL)
			continue;
		snprintf(text, sizeof text, "%" PRId64,
		    v < 0 ? v : v * all[i].times);
		kvs_set(k, all[i].to, text);
	}
	if (policy != NULL)
		kvs_set(k, "cleanup.policy", policy);
}

/*
 * Asks for the settings of the topics that are read, MAX_TOPICS at most;
 * without such topics, for the broker's. -1 if the broker refuses.
 */
static int
settings(struct doctor *d)
{
	const char *const *topics =
	    d->used.n == 0 ? NULL : (const char *const *)d->used.v;

	if (d->settings != NULL || d->no_settings.kind != ERR_NONE)
		return d->settings == NULL ? -1 : 0;
	d->n_settings = d->used.n < MAX_TOPICS ? d->used.n : MAX_TOPICS;
	if (topics == NULL)
		d->n_settings = 1;
	d->settings = x_calloc(d->n_settings, sizeof *d->settings);
	if (kafka_settings(d->k, topics, d->n_settings, d->settings,
		&d->no_settings) == -1) {
		doctor_settings_free(d);
		return -1;
	}
	if (topics == NULL)
		as_topic(d->settings);
	return 0;
}

void
doctor_settings_free(struct doctor *d)
{
	for (size_t i = 0; d->settings != NULL && i < d->n_settings; i++)
		kvs_fini(&d->settings[i]);
	free(d->settings);
	d->settings = NULL;
}

/* The broker does not tell its settings: a warning, and 1. */
static int
untold(struct doctor *d, const char *what, const char *advice)
{
	if (settings(d) == 0)
		return 0;
	doctor_warn(d, advice, "the broker does not tell its %s: %s", what,
	    d->no_settings.msg);
	return 1;
}

void
check_size(struct doctor *d)
{
	long long ours = kafka_property(d->k, "receive.message.max.bytes");
	int64_t least_bytes, most = -1;
	const struct kvs *k;
	size_t n;

	if (untold(d, "message.max.bytes", "it has to be 10485760 or more"))
		return;
	k = d->settings;
	n = d->n_settings;
	least_bytes = least(k, n, "max.message.bytes");
	for (size_t i = 0; i < n; i++) {
		int64_t v = value(&k[i], "max.message.bytes");

		most = v > most ? v : most;
	}
	if (least_bytes < 0)
		doctor_unknown(d, "it has to be 10485760 or more",
		    "the broker does not say what max.message.bytes is");
	else if (most > ours)
		doctor_wrong(d, "-X receive.message.max.bytes=...",
		    "the broker takes records of %" PRId64
		    " bytes, cdc-read such of %lld",
		    most, ours);
	else if (least_bytes < MILVUS_RECORD)
		doctor_warn(d, "message.max.bytes=10485760 at the broker",
		    "the broker takes records of %" PRId64
		    " bytes, Milvus writes such of %d",
		    least_bytes, MILVUS_RECORD);
	else
		doctor_ok(d,
		    "the broker takes records of %" PRId64
		    " bytes, Milvus writes such of %d, cdc-read takes %lld",
		    least_bytes, MILVUS_RECORD, ours);
}

static int
compacted(const struct kvs *k, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *s = kvs_get(&k[i], "cleanup.policy");

		if (s != NULL && strstr(s, "compact") != NULL)
			return 1;
	}
	return 0;
}

/* 1 if every topic says how long it keeps records. */
static int
tells_retention(const struct kvs *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (kvs_get(&k[i], "retention.ms") == NULL)
			return 0;
	return 1;
}

/* How long the position lasts if the task does not move it. */
static void
say_retention(struct doctor *d, int64_t ms, int64_t bytes)
{
	int64_t age =
	    d->cp.gen > 0 ? clock_unix_ms() - tso_ms(d->cp.pos.ts) : 0;
	char keep[32], left[32], size[64] = "";

	if (age < 0)
		age = 0;
	if (bytes >= 0)
		snprintf(size, sizeof size,
		    ", and %" PRId64 " bytes a topic at most", bytes);
	task_duration(ms, keep, sizeof keep);
	task_duration(ms - age, left, sizeof left);
	if (ms < 0)
		doctor_ok(d, "records are kept without an end in time%s", size);
	else if (ms - age < 0)
		doctor_wrong(d, "resume it soon, or see 'position'",
		    "records are kept for %s%s, and the position is older",
		    keep, size);
	else if (ms - age < DAY_MS)
		doctor_warn(d, "set retention.ms higher at the broker",
		    "records are kept for %s%s: the position is lost in %s if "
		    "it does not move",
		    keep, size, left);
	else
		doctor_ok(d,
		    "records are kept for %s%s: the position is lost in %s if "
		    "it does not move",
		    keep, size, left);
}

void
check_retention(struct doctor *d)
{
	const struct kvs *k;
	size_t n;

	if (untold(d, "retention", "it bounds how long a task may stand still"))
		return;
	k = d->settings;
	n = d->n_settings;
	if (compacted(k, n))
		doctor_wrong(d, "cleanup.policy=delete",
		    "a topic is compacted, which takes records out");
	else if (!tells_retention(k, n))
		doctor_unknown(d, "it bounds how long a task may stand still",
		    "the broker does not say what retention.ms is");
	else
		say_retention(d, least(k, n, "retention.ms"),
		    least(k, n, "retention.bytes"));
}
