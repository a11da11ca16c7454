#include "apply/priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "state/state.h"

enum { ACKS_MAX = 10000 }; /* acks whose rows are not safe yet */

/* Takes the task's lock (law 8), which is held until the process ends. */
static int
lock(struct apply *a, const char *task, struct err *e)
{
	char *dir;
	int fd;

	for (size_t i = 0; i < a->ntasks; i++)
		if (strcmp(a->tasks[i], task) == 0)
			return 0;
	dir = state_dir(a->conf->state_dir);
	fd = state_lock(dir, task, e);
	free(dir);
	if (fd == -1)
		return -1;
	a->tasks = x_reallocarray(a->tasks, a->ntasks + 1, sizeof *a->tasks);
	a->locks = x_reallocarray(a->locks, a->ntasks + 1, sizeof *a->locks);
	a->tasks[a->ntasks] = x_strdup(task);
	a->locks[a->ntasks++] = fd;
	return 0;
}

/*
 * Opens the redo file: changes that an earlier run made and no checkpoint
 * covers.
 */
static int
open_redo(struct apply *a, const char *task, struct err *e)
{
	char *dir = state_dir(a->conf->state_dir);

	redo_close(a->redo);
	a->redo = redo_open(dir, task, &a->pos, e);
	free(dir);
	return a->redo == NULL ? -1 : 0;
}

int
apply_redo(struct apply *a, struct err *e)
{
	static const char *const keys[] = { "op", "ts", "db", "db_id", "coll",
		"coll_id", "part", "part_id", "alias", "field", "index",
		"index_id" };
	struct buf line = { 0 };
	struct jsonw w = { .b = &line };
	int rc;

	if (a->redo == NULL)
		return 0;
	jw_open(&w, NULL, '{');
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const json_t *j = json_object_get(a->op.doc, keys[i]);

		if (json_is_string(j))
			jw_str(&w, keys[i], json_string_value(j));
		else if (json_is_integer(j))
			jw_i64s(&w, keys[i], json_integer_value(j));
	}
	jw_close(&w, '}');
	rc = redo_add(a->redo, line.ptr, line.len, e);
	buf_fini(&line);
	return rc;
}

static const char *
by_ids(const struct pos_topic *t)
{
	return t->mark == NULL ? " of a log that was not read through Milvus"
			       : "";
}

/*
 * 0 if a stream that begins at f continues one that ended at p without a gap.
 * Everything below o is released; of the records from o to n, those up to ts
 * (model/pos.h).
 */
static int
follows(const struct pos_topic *f, const struct pos_topic *p, struct err *e)
{
	if (f->mark != NULL || p->mark != NULL) {
		if (f->mark != NULL && p->mark != NULL && f->ts <= p->ts)
			return 0;
		return err_set(e, ERR_DATA,
		    "a part is missing before this stream: topic '%s' begins "
		    "at timestamp %" PRIu64
		    "%s, and the one before ended at timestamp %" PRIu64 "%s",
		    f->topic, f->ts, by_ids(f), p->ts, by_ids(p));
	}
	if (mq_id_cmp(f->o, p->o) <= 0 &&
	    (mq_id_cmp(f->n, p->o) <= 0 ||
		(mq_id_cmp(f->n, p->n) <= 0 && f->ts <= p->ts)))
		return 0;
	return err_set(e, ERR_DATA,
	    "a part is missing before this stream: topic '%s' begins at "
	    "offset %s (%s), timestamp %" PRIu64
	    ", and the one before ended at %s (%s), timestamp %" PRIu64,
	    f->topic, MQ_TEXT(f->o), MQ_TEXT(f->n), f->ts, MQ_TEXT(p->o),
	    MQ_TEXT(p->n), p->ts);
}

static int
no_gap(struct apply *a, const struct pos *from, struct err *e)
{
	if (strcmp(a->cluster, a->op.cluster.ptr) != 0)
		return err_set(e, ERR_DATA,
		    "this stream is of cluster '%s', the one before of '%s'",
		    a->op.cluster.ptr, a->cluster);
	if (self_same(a, e) == -1)
		return -1;
	if (!a->ended)
		log_warn("%s line %" PRIu64 ": the stream before has no end",
		    lines_name(a->in), lines_number(a->in));
	for (size_t i = 0; i < from->n; i++) {
		const struct pos_topic *p = pos_find(&a->pos, from->v[i].topic);

		if (p != NULL && follows(&from->v[i], p, e) == -1)
			return -1;
	}
	return 0;
}

static int
is_by_topic(const json_t *begin)
{
	const char *order = json_string_value(json_object_get(begin, "order"));

	return order != NULL && strcmp(order, "topic") == 0;
}

static int
refused(const struct apply *a, const struct inventory *v,
    const struct mv_status *s, struct err *e)
{
	if (strcmp(v->method, "GetVersion") == 0)
		return err_set(e, ERR_DATA, "target '%s': %s",
		    a->conf->milvus.grpc.uri, s->reason);
	return apply_refused(v->method, v->about, s, e);
}

/* Is it a Milvus, does it take the login, and what has it? */
static int
meet(struct apply *a, struct err *e)
{
	struct inventory v = { 0 };
	struct mv_status s;
	int rc = milvus_inventory(a->m, &v, &s, e);

	if (v.version[0] != '\0')
		log_info("target '%s' is Milvus %s", a->conf->milvus.grpc.uri,
		    v.version);
	if (rc == 1)
		rc = refused(a, &v, &s, e);
	if (rc == 0)
		know_databases(a, &v.dbs, v.born);
	for (size_t i = 0; i < v.n && rc == 0; i++)
		identity_put(&a->who, v.v[i].id, v.v[i].db, v.v[i].name);
	inventory_fini(&v);
	return rc;
}

int
apply_begin(struct apply *a, struct err *e)
{
	struct pos from = { 0 };

	if (a->op.v > STREAM_VERSION)
		return err_set(e, ERR_DATA,
		    "the stream is version %" PRId64 ", this is for version %d",
		    a->op.v, STREAM_VERSION);
	if (cut_begin(a, e) == -1 || pos_from_line(&from, a->op.doc, e) == -1 ||
	    (a->begun && no_gap(a, &from, e) == -1)) {
		pos_fini(&from);
		return -1;
	}
	pos_fini(&a->pos);
	a->pos = from;
	a->rows_from = 0;
	a->by_topic = is_by_topic(a->op.doc);
	if (a->op.task.len > 0 && !a->conf->dry_run &&
	    (lock(a, a->op.task.ptr, e) == -1 ||
		open_redo(a, a->op.task.ptr, e) == -1))
		return -1;
	if (a->op.task.len > 0)
		mark_begin(a, a->op.task.ptr);
	if ((!a->begun && (identity_open(a, e) == -1 || meet(a, e) == -1)) ||
	    self_begin(a, e) == -1)
		return -1;
	a->begun = 1;
	a->ended = 0;
	free(a->cluster);
	a->cluster = x_strdup(a->op.cluster.ptr);
	return 0;
}

static void
add_counts(struct counts *to, const struct counts *c)
{
	to->insert += c->insert;
	to->upsert += c->upsert;
	to->rows += c->rows;
	to->del += c->del;
	to->keys += c->keys;
	to->ddl += c->ddl;
	to->gone += c->gone;
	to->skipped += c->skipped;
	to->dead += c->dead;
	to->unknown += c->unknown;
	to->late += c->late;
}

static void
write_counts(const struct counts *c, struct jsonw *w)
{
	const struct {
		const char *name;
		uint64_t v;
	} all[] = { { "insert", c->insert }, { "upsert", c->upsert },
		{ "rows", c->rows }, { "delete", c->del }, { "keys", c->keys },
		{ "ddl", c->ddl }, { "gone", c->gone },
		{ "skipped", c->skipped }, { "dead", c->dead },
		{ "unknown", c->unknown }, { "late", c->late } };

	jw_open(w, "n", '{');
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].v > 0)
			jw_i64(w, all[i].name, (int64_t)all[i].v);
	jw_close(w, '}');
}

/* The identity of the source, passed on for the checkpoint. */
static void
add_source(const struct apply *a, struct jsonw *w)
{
	const json_t *s = json_object_get(a->op.doc, "source");

	if (json_is_object(s))
		jw_value(w, "source", s);
}

static void
queue_ack(struct apply *a)
{
	struct ack *k = x_calloc(1, sizeof *k);
	struct jsonw w = { .b = &k->line };

	jw_open(&w, NULL, '{');
	jw_str(&w, "op", "ack");
	jw_u64s(&w, "ts", a->op.ts);
	jw_json(&w, "pos", a->op.pos.ptr, a->op.pos.len);
	if (a->op.known.len > 0)
		jw_json(&w, "known", a->op.known.ptr, a->op.known.len);
	add_source(a, &w);
	write_counts(&a->counts, &w);
	if (a->op.op == OP_END)
		jw_bool(&w, "end", 1);
	jw_close(&w, '}');
	k->ts = a->op.ts;
	k->epoch = rowq_now(a->q);
	rowq_tick(a->q);
	*a->acks_end = k;
	a->acks_end = &k->next;
	a->nacks++;
}

int
apply_tick(struct apply *a, struct err *e)
{
	struct pos at = { 0 };

	if (a->ended)
		return err_set(e, ERR_DATA, "a tick after the end");
	if (pos_from_line(&at, a->op.doc, e) == -1) {
		pos_fini(&at);
		return -1;
	}
	pos_merge(&a->pos, &at);
	a->behind = pos_before(&at, &a->top, NULL);
	if (!a->behind)
		pos_merge(&a->top, &at);
	pos_fini(&at);
	if (a->op.ts >= a->rows_from && a->op.ts < UINT64_MAX)
		a->rows_from = a->op.ts + 1;
	if (a->redo != NULL && redo_tick(a->redo, &a->pos, e) == -1)
		return -1;
	if (!cut_tick(a))
		queue_ack(a);
	add_counts(&a->total, &a->counts);
	memset(&a->counts, 0, sizeof a->counts);
	a->ended = a->op.op == OP_END;
	if ((a->ended || a->nacks > ACKS_MAX) && rowq_drain(a->q, e) == -1)
		return -1;
	return apply_acks(a, e);
}

static void
drop_ack(struct apply *a)
{
	struct ack *k = a->acks;

	a->acks = k->next;
	if (a->acks == NULL)
		a->acks_end = &a->acks;
	a->nacks--;
	buf_fini(&k->line);
	free(k);
}

int
apply_acks(struct apply *a, struct err *e)
{
	uint64_t epoch = rowq_epoch(a->q);

	while (a->acks != NULL && a->acks->epoch < epoch) {
		a->acked_ts = a->acks->ts;
		if (!a->conf->dry_run)
			out_line(&a->out, &a->acks->line);
		drop_ack(a);
	}
	return out_flush(&a->out, e);
}

void
apply_acks_free(struct apply *a)
{
	while (a->acks != NULL)
		drop_ack(a);
}

void
apply_summary(const struct apply *a)
{
	log_info("%" PRIu64 " rows, %" PRIu64 " keys, %" PRIu64
		 " other operations; %" PRIu64 " gone, %" PRIu64
		 " skipped, %" PRIu64 " set aside, %" PRIu64
		 " later than --until",
	    a->total.rows, a->total.keys, a->total.ddl, a->total.gone,
	    a->total.skipped, a->total.dead, a->later);
	if (a->conf->until != 0 && a->total.gone > 0)
		log_warn("%" PRIu64 " lines are left out, since what they are "
			 "of was dropped before they were written; --until "
			 "does not bring it back",
		    a->total.gone);
}
