#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/newest.h"
#include "stream/priv.h"

/* Sets T of the WHERE: records up to T are not in the stream. */
static int
start_ts(struct reader *r, char **topics, struct err *e)
{
	r->start_ts = 0;
	if (r->from.kind == WHERE_POS || r->from.kind == WHERE_TIME)
		r->start_ts = r->from.ts;
	if (r->from.kind == WHERE_NOW)
		return reader_newest(r, topics, &r->start_ts, e);
	if (r->from.kind != WHERE_CHECKPOINT)
		return 0;
	for (size_t i = 0; i < r->cat.n_cps; i++) {
		const struct cat_checkpoint *c = &r->cat.cps[i];
		const struct cat_coll *k = cat_coll(&r->cat, c->coll_id);

		if (k != NULL && k->included && k->state == CAT_CREATED &&
		    (r->start_ts == 0 || c->ts < r->start_ts))
			r->start_ts = c->ts;
	}
	if (r->start_ts == 0)
		return reader_newest(r, topics, &r->start_ts, e);
	return 0;
}

static int
begin_line(struct reader *r, struct err *e)
{
	struct jsonw *w = emit_open(&r->emit, OP_BEGIN, 0);
	struct pos p = { 0 };

	jw_str(w, "cluster", r->cluster);
	if (r->from.task != NULL)
		jw_str(w, "task", r->from.task);
	if (r->cat.born != 0)
		jw_u64s(w, "born", r->cat.born);
	jw_u64s(w, "ts", r->start_ts);
	if (r->by_log)
		jw_str(w, "order", "topic");
	reader_pos(r, &p);
	pos_to_json(&p, w, "from");
	reader_source_line(r, w, 1);
	emit_close(&r->emit, 0);
	pos_fini(&p);
	/* flushed now, because its reader has much to prepare */
	return out_flush(&r->out, e);
}

static int
all_there(struct reader *r, struct err *e)
{
	for (size_t i = 0; i < r->from.pos.n; i++) {
		const struct pos_topic *p = &r->from.pos.v[i];

		/* after an upgrade, the catalogue has what was asked there */
		if (r->by_log && strcmp(p->topic, r->replicate) == 0)
			continue;
		if (merge_topic_find(r->merge, p->topic) == -1 &&
		    !mq_id_is_first(p->n))
			return err_set(e, ERR_GONE,
			    "topic '%s' is gone, the position is offset %s",
			    p->topic, MQ_TEXT(p->o));
	}
	return 0;
}

/*
 * Starts all topics: those of the cluster's name, of the position, and in use.
 * All questions are asked before any topic is read, since a question waits
 * behind a fetch.
 */
static int
start_topics(struct reader *r, char **list, struct err *e)
{
	int ends = r->until.kind == WHERE_NOW || r->until.kind == WHERE_END;
	const char **names;
	struct reader_start *s;
	size_t n = 0;
	int rc;

	while (list[n] != NULL)
		n++;
	s = x_calloc(n, sizeof *s);
	names = x_calloc(n, sizeof *names);
	n = 0;
	for (char **t = list; *t != NULL; t++)
		if (reader_ours(r, *t) || mq_id_is(reader_first_start(r, *t)))
			names[n++] = *t;
	rc = reader_starts(r, names, n, s, e);
	for (size_t i = 0; i < n && rc == 0; i++) {
		int t = reader_add_topic(r, names[i], &s[i], NULL, e);
		struct reader_topic *topic;

		if (t == -1) {
			rc = -1;
			break;
		}
		topic = &r->topics[t];
		topic->unused_end = s[i].high;
		/* The message of a drop may stand before the start. */
		if (r->from.kind != WHERE_POS && r->view.n_colls > 0)
			topic->looked = s[i].low;
		if (ends)
			topic->end = s[i].high;
	}
	free(names);
	free(s);
	r->until_seen = r->cat.ts;
	return rc == -1 ? -1 : all_there(r, e);
}

/* Asks the queue which topics there are, and what they have. */
static int
start_all(struct reader *r, struct err *e)
{
	char **list = mq_topics(r->k, "", e);
	int rc = -1;

	if (list == NULL)
		return -1;
	if (reader_meet(r, list, e) == 0 && start_ts(r, list, e) == 0)
		rc = start_topics(r, list, e);
	for (char **t = list; *t != NULL; t++)
		free(*t);
	free(list);
	return rc;
}

int
reader_begin(struct reader *r, struct err *e)
{
	struct mq_conf conf = r->conf->kafka;

	if (view_from_json(&r->view, r->from.known, e) == -1)
		return -1;
	view_redo(&r->view, r->from.redo);
	reader_include(r);
	if (reader_meets(r, e) == -1)
		return -1;
	r->cluster = r->conf->cluster != NULL ? x_strdup(r->conf->cluster)
					      : cat_cluster(&r->cat);
	r->dml_prefix = x_asprintf("%s" CAT_DML, r->cluster);
	r->replicate = x_asprintf("%s-replicate-msg", r->cluster);
	conf.ticking = reader_topics_in_use(r);
	if ((r->k = mq_open(&conf, e)) == NULL)
		return -1;
	r->by_mark = mq_by_mark(r->k);
	r->topics_ns = clock_ns();
	if (r->by_mark && reader_meet(r, NULL, e) == -1)
		return -1;
	if ((r->by_mark ? reader_mark_begin(r, e) : start_all(r, e)) == -1)
		return -1;
	merge_release(r->merge, r->start_ts);
	if (r->until.kind == WHERE_TIME) {
		r->until_ts = r->until.ts;
		ddl_until(r->ddl, r->until_ts);
	}
	if (reader_remembers(r, e) == -1 || reader_compare(r, e) == -1 ||
	    (r->by_log && reader_by_log_start(r, e) == -1) ||
	    begin_line(r, e) == -1)
		return -1;
	reader_imports(r);
	ddl_start(r->ddl, r->start_ts,
	    r->from.kind == WHERE_START ? 0 : r->start_ts + 1);
	r->begun = 1;
	while (r->by_log && ddl_next(r->ddl) != UINT64_MAX)
		ddl_apply(r->ddl);
	if (r->by_log)
		ddl_settle(r->ddl, r->start_ts);
	return reader_channels(r, e);
}
