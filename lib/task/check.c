#include "task/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "format/newest.h"
#include "model/pattern_met.h"
#include "model/rename.h"
#include "mq/mq.h"
#include "net/uri.h"
#include "task/check_each.h"
#include "task/lag.h"
#include "task/task.h"

int
task_check_words(const json_t *task, const char *dir, struct err *e)
{
	json_t *copy = json_deep_copy(task);
	struct check c = { .task = copy, .dir = dir };
	int rc = check_words(&c, e);

	check_fini(&c);
	json_decref(copy);
	return rc;
}

/* ---- Kafka ---- */

static int
gone(const struct mq *r, const char *topic, struct mq_id want, struct mq_id low,
    struct mq_id high, struct err *e)
{
	return err_set(e, ERR_GONE,
	    "topic '%s': the start is offset %s, %s has %s to %s; choose "
	    "another --from",
	    topic, MQ_TEXT(want), mq_name(r), MQ_TEXT(low), MQ_TEXT(high));
}

/* ERR_GONE if Kafka does not have the beginning of this collection any more. */
static int
reaches_coll(struct mq *r, const struct cat_coll *l, struct err *e)
{
	for (size_t i = 0; i < l->n_topics; i++) {
		const struct cat_start *t = &l->topics[i];
		struct mq_id low, high;

		if (!mq_id_is(t->id))
			continue;
		if (mq_ends(r, t->topic, &low, &high, e) == -1 ||
		    (!mq_id_within(t->id, low, high) &&
			gone(r, t->topic, t->id, low, high, e) == -1))
			return err_wrap(
			    e, "collection '%s.%s'", l->db, l->name);
	}
	return 0;
}

static int
reaches_pos(struct mq *r, const struct pos *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mq_id low, high;

		if (mq_ends(r, p->v[i].topic, &low, &high, e) == -1)
			return -1;
		if (mq_id_cmp(p->v[i].o, low) < 0 ||
		    mq_id_cmp(p->v[i].n, high) > 0)
			return gone(r, p->v[i].topic, p->v[i].o, low, high, e);
	}
	return 0;
}

int
check_reaches(const struct check *c, struct mq *r, struct err *e)
{
	int rc = 0;

	if (c->from.kind == WHERE_POS)
		rc = reaches_pos(r, &c->from.pos, e);
	for (size_t i = 0;
	     c->from.kind == WHERE_START && i < c->cat.n_colls && rc == 0; i++)
		if (check_included(c, c->cat.colls[i]))
			rc = reaches_coll(r, c->cat.colls[i], e);
	return rc;
}

static int
reaches(struct check *c, struct mq *r, struct err *e)
{
	int rc = check_reaches(c, r, e);

	if (rc == 0 && c->from.kind == WHERE_START)
		check_found(c->found,
		    "start     Kafka still has all of %zu "
		    "collections",
		    check_count(c));
	return rc;
}

/* The least start of an included live collection in this topic, or none. */
static struct mq_id
first_start(const struct check *c, const char *topic)
{
	struct mq_id first = mq_id_none();

	for (size_t i = 0; i < c->cat.n_colls; i++) {
		const struct cat_coll *l = c->cat.colls[i];

		for (size_t k = 0; check_included(c, l) && k < l->n_topics;
		     k++) {
			struct mq_id o = mq_id_is(l->topics[k].id)
					     ? l->topics[k].id
					     : mq_id_offset(0);

			if (strcmp(l->topics[k].topic, topic) == 0 &&
			    (!mq_id_is(first) || mq_id_cmp(o, first) < 0))
				first = o;
		}
	}
	return first;
}

/*
 * Adds the topics that a position in the definition lacks: it names only those
 * of one collection. A run would take the others for new topics, and read them
 * from their first record.
 */
static int
fill_pos(struct check *c, struct mq *r, char **topics, struct err *e)
{
	json_t *pos = json_object_get(json_object_get(c->task, "from"), "pos");
	struct mq_id low, high, o;

	for (size_t i = 0; pos != NULL && topics[i] != NULL; i++) {
		if (json_object_get(pos, topics[i]) != NULL)
			continue;
		if (mq_ends(r, topics[i], &low, &high, e) == -1)
			return -1;
		o = first_start(c, topics[i]);
		if (mq_id_is(o) && !mq_id_within(o, low, high))
			return gone(r, topics[i], o, low, high, e);
		o = mq_id_is(o) ? o : high;
		json_object_set_new(pos, topics[i],
		    json_pack("{s:o, s:o, s:s}", "o", mq_id_json(o), "n",
			mq_id_json(o), "ts", "0"));
	}
	return 0;
}

static void
now_is(struct check *c, uint64_t ts)
{
	char text[32];

	snprintf(text, sizeof text, "ts:%" PRIu64, ts);
	json_object_set_new(c->task, "from", json_string(text));
	check_found(c->found, "start     now is %s", text);
}

static int
fix_now(struct check *c, struct mq *r, char **topics, const char *cluster,
    struct err *e)
{
	char *prefix = x_asprintf("%s" CAT_DML, cluster);
	uint64_t ts;
	int rc = newest_ts(r, topics, prefix, &ts, e);

	if (rc == 0)
		now_is(c, ts);
	free(prefix);
	return rc;
}

static int
kafka(struct check *c, struct err *e)
{
	const char *cluster = task_option(c->task, "cluster");
	char *name = cluster == NULL ? cat_cluster(&c->cat) : x_strdup(cluster);
	char *prefix = x_asprintf("%s-", name), **topics = NULL;
	struct mq *r = task_mq(c->task, CHECK_ASK_MS, CHECK_ALL_MS, e);
	size_t n = 0;
	int rc = -1;

	if (r != NULL && (topics = mq_topics(r, prefix, e)) != NULL) {
		while (topics[n] != NULL)
			n++;
		check_found(c->found, "kafka     %s: %zu topics of cluster %s",
		    task_option(c->task, "brokers"), n, name);
		rc = n == 0 && c->cat.n_colls > 0
			 ? err_set(
			       e, ERR_DATA, "no topic begins with '%s'", prefix)
			 : reaches(c, r, e);
		if (rc == 0 && c->from.kind == WHERE_NOW)
			rc = fix_now(c, r, topics, name, e);
		if (rc == 0)
			rc = fill_pos(c, r, topics, e);
	}
	task_list_free(topics);
	mq_close(r);
	free(prefix);
	free(name);
	return rc;
}

static int
through_milvus(struct check *c, struct err *e)
{
	struct check_begin b = { 0 };

	if (check_log(c, NULL, &b, e) == -1)
		return -1;
	check_found(c->found,
	    "log       %s: it gives that of %zu channels from there on",
	    task_option(c->task, "source"), b.topics);
	if (c->from.kind == WHERE_NOW)
		now_is(c, b.ts);
	return 0;
}

/* What a pattern that matches this collection meets. */
static enum meet
coming(const struct cat_coll *l)
{
	return l->state == CAT_DROPPING || l->state == CAT_DROPPED
		   ? MEET_DROPPED
		   : MEET_LIVE;
}

static void
note_catalogue(const struct cat *cat, struct meets *m, const struct names *to)
{
	for (size_t i = 0; i < cat->n_dbs; i++)
		if (cat->dbs[i].state == CAT_CREATED) {
			meets_db(m, cat->dbs[i].name);
			names_meet(to, cat->dbs[i].name, NULL);
		}
	for (size_t i = 0; i < cat->n_colls; i++) {
		const struct cat_coll *l = cat->colls[i];

		meets_coll(m, l->db, l->name, coming(l));
		if (coming(l) == MEET_LIVE)
			names_meet(to, l->db, l->name);
	}
}

static void
warn(struct check *c, const char *text)
{
	check_found(c->found, "warning   %s", text);
	json_array_append_new(
	    json_object_get(c->task, "warnings"), json_string(text));
}

/*
 * Checks --rename: rows of a collection whose rule matches nothing would go to
 * its own name.
 */
static int
renames(struct check *c, const struct names *to, int allow_none, struct err *e)
{
	struct buf b = { 0 };
	size_t n = names_unmet(to, &b);
	int rc = 0;

	if (n > 0)
		buf_adds(&b, n == 1 ? " meets nothing of the source"
				    : " meet nothing of the source");
	if (n > 0 && allow_none)
		warn(c, b.ptr);
	else if (n > 0)
		rc = err_set(e, ERR_DATA,
		    "%s (--allow-none makes the task all the same)", b.ptr);
	buf_fini(&b);
	return rc;
}

/* Checks that patterns and rules match something. */
static int
patterns(struct check *c, int allow_none, struct err *e)
{
	struct meets m;
	struct names to = { 0 };
	struct buf b = { 0 };
	int rc = check_names(c, &to, e);

	meets_init(&m, "--include", &c->in, &c->out);
	note_catalogue(&c->cat, &m, &to);
	if (rc == 0 && !allow_none)
		rc = meets_check(&m, "the source", 0, e);
	else if (rc == 0 && meets_text(&m, "the source", &b) > 0)
		warn(c, b.ptr);
	if (rc == 0)
		rc = renames(c, &to, allow_none, e);
	buf_fini(&b);
	names_fini(&to);
	meets_fini(&m);
	return rc;
}

/* Who has the catalogue, and which version the source is. */
static int
whose(struct check *c, struct err *e)
{
	int asks = task_asks_source(c->task);

	if ((asks ? check_milvus : check_etcd)(c, e) == -1)
		return -1;
	if (asks) {
		check_found(c->found, "source    %s: Milvus %s", c->endpoint,
		    c->milvus);
		return 0;
	}
	check_found(c->found, "etcd      %s: version %s", c->endpoint, c->etcd);
	check_found(c->found, "source    Milvus %s",
	    c->milvus[0] == '\0' ? "of unknown version, not running"
				 : c->milvus);
	return 0;
}

int
task_check_source(json_t *task, const char *dir, int allow_none,
    struct buf *found, struct err *e)
{
	struct check c = { .task = task, .dir = dir, .found = found };
	struct buf which = { 0 };
	int rc = check_words(&c, e);

	if (rc == 0)
		rc = whose(&c, e);
	if (rc == 0 && (rc = check_catalogue(&c, e)) == 0) {
		check_which(&c, &which);
		check_found(found,
		    "catalogue %s: %zu of %zu collections are included",
		    which.ptr, check_count(&c), c.cat.n_colls);
	}
	if (rc == 0)
		rc = patterns(&c, allow_none, e);
	if (rc == 0)
		task_note_born(task, "source", c.cat.born);
	if (rc == 0)
		rc = (task_reads_source(task) ? through_milvus : kafka)(&c, e);
	buf_fini(&which);
	check_fini(&c);
	return rc;
}
