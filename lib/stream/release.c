#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "rows/keys.h"
#include "stream/priv.h"

/* A line holds so much text of rows or keys; longer messages are several. */
enum { LINE_BYTES = 256 << 10, GROUP_MAX = 1 << 16 };

struct reader_tally *
reader_tally(struct reader *r, int64_t id)
{
	for (size_t i = r->n_tally; i-- > 0;)
		if (r->tally[i].id == id)
			return &r->tally[i];
	r->tally =
	    x_grow(r->tally, r->n_tally, &r->tally_cap, sizeof *r->tally);
	memset(&r->tally[r->n_tally], 0, sizeof *r->tally);
	r->tally[r->n_tally].id = id;
	return &r->tally[r->n_tally++];
}

/* A record on its way out, with its collection and partition. */
struct leaving {
	struct rec *rec;
	struct cat_coll *coll;       /* NULL: unknown */
	const struct cat_part *part; /* NULL: all partitions, or not known */
	int gone;
	int upsert; /* an insert whose delete half was found */
	int done;   /* a delete that is half of an upsert */
};

static int
is_left_out(const struct leaving *l)
{
	return l->coll != NULL && !l->coll->included;
}

/* db, coll, coll_id, part as the target has them, else as the source had. */
static void
add_names(struct reader *r, const struct leaving *l, struct jsonw *w)
{
	const struct view_coll *v = view_coll(&r->view, l->rec->msg.coll_id);

	if (v != NULL) {
		jw_str(w, "db", v->db);
		jw_str(w, "coll", v->name);
	} else if (l->coll != NULL) {
		jw_str(w, "db", l->coll->db);
		jw_str(w, "coll", l->coll->name);
	}
	jw_i64s(w, "coll_id", l->rec->msg.coll_id);
	if (l->part != NULL)
		jw_str(w, "part", l->part->name);
	else if (l->rec->msg.part.len > 0)
		jw_bytes(w, "part", l->rec->msg.part.ptr, l->rec->msg.part.len);
}

static void
add_flags(const struct leaving *l, struct jsonw *w)
{
	if (l->rec->late)
		jw_bool(w, "late", 1);
	if (l->gone)
		jw_bool(w, "gone", 1);
}

static void
insert(struct reader *r, struct leaving *l)
{
	const struct rec *rec = l->rec;
	const struct schema *s =
	    l->coll == NULL || l->coll->schema.n == 0 ? NULL : &l->coll->schema;
	struct rows_opts opts = r->conf->rows;
	struct err e = { 0 };
	struct rows *rows;
	int more;

	opts.evolves = r->by_log;
	rows = rows_open(rec->m.ptr, rec->m.len, s, &opts, &e);
	more = rows != NULL;
	if (rows == NULL)
		reader_undecodable(r, rec, &e);
	while (more == 1) {
		struct jsonw *w = emit_open(
		    &r->emit, l->upsert ? OP_UPSERT : OP_INSERT, rec->ts);
		struct jsonw text = { .b = &r->rows_text };
		size_t n = 0;

		buf_clear(&r->rows_text);
		more = rows_write(rows, LINE_BYTES, &text, &n, &e);
		if (more == -1) {
			reader_undecodable(r, rec, &e);
			break;
		}
		add_names(r, l, w);
		jw_i64(w, "n", (int64_t)n);
		jw_open(w, "rows", '[');
		buf_add(w->b, r->rows_text.ptr, r->rows_text.len);
		jw_close(w, ']');
		add_flags(l, w);
		if (rows_lossy(rows))
			jw_bool(w, "lossy", 1);
		if (rows_inline(rows))
			jw_str(w, "json", "inline");
		reader_src(r, rec, w);
		emit_close(&r->emit, n);
	}
	rows_free(rows);
}

static void delete (struct reader *r, struct leaving *l)
{
	const struct rec *rec = l->rec;
	struct keys k = { 0 };
	struct err e = { 0 };
	size_t from = 0, next;

	if (keys_of_delete(rec->m.ptr, rec->m.len, &k, &e) == -1) {
		reader_undecodable(r, rec, &e);
		keys_fini(&k);
		return;
	}
	for (; from < k.n; from = next) {
		struct jsonw *w = emit_open(&r->emit, OP_DELETE, rec->ts);
		struct jsonw text = { .b = &r->rows_text };

		buf_clear(&r->rows_text);
		keys_write(&k, from, LINE_BYTES, &text, &next);
		add_names(r, l, w);
		jw_i64(w, "n", (int64_t)(next - from));
		jw_open(w, "keys", '[');
		buf_add(w->b, r->rows_text.ptr, r->rows_text.len);
		jw_close(w, ']');
		add_flags(l, w);
		reader_src(r, rec, w);
		emit_close(&r->emit, next - from);
	}
	keys_fini(&k);
}

static int
same_shard(const struct rec *a, const struct rec *b)
{
	return a->msg.coll_id == b->msg.coll_id &&
	       a->msg.shard.len == b->msg.shard.len &&
	       (a->msg.shard.len == 0 ||
		   memcmp(a->msg.shard.ptr, b->msg.shard.ptr,
		       a->msg.shard.len) == 0);
}

/*
 * An upsert is Inserts and one Delete of the same shard and timestamp, with
 * the same keys (lib/format/FORMATS 4); a Delete of partition -1 stands for the
 * Inserts of all partitions.
 */
static void
pair(struct leaving *v, size_t n, struct leaving *del)
{
	struct keys want = { 0 }, have = { 0 }, one = { 0 };
	struct err e = { 0 };
	int64_t part = del->rec->msg.part_id;
	int ok = 1, any = 0;

	if (del->coll == NULL || del->coll->schema.n == 0 || is_left_out(del))
		return;
	for (int pass = 0; pass < 2 && ok; pass++) {
		for (size_t i = 0; i < n && ok; i++) {
			const struct rec *ins = v[i].rec;

			if (ins->msg.kind != MSG_INSERT || ins->broken ||
			    !same_shard(ins, del->rec) ||
			    (part != -1 && ins->msg.part_id != part))
				continue;
			any = 1;
			if (pass == 1) {
				v[i].upsert = 1;
				continue;
			}
			keys_fini(&one);
			ok = keys_of_insert(ins->m.ptr, ins->m.len,
				 &del->coll->schema, &one, &e) == 0 &&
			     keys_append(&have, &one, &e) == 0;
		}
		if (pass == 0)
			ok = ok && any &&
			     keys_of_delete(del->rec->m.ptr, del->rec->m.len,
				 &want, &e) == 0 &&
			     keys_same_set(&want, &have);
	}
	del->done = ok;
	keys_fini(&one);
	keys_fini(&have);
	keys_fini(&want);
}

/* The record's collection or partition is not in the catalogue. */
static int
of_nobody(struct reader *r, struct leaving *l, int64_t id, const char *what,
    int young, struct err *e)
{
	enum msg_kind kind = l->rec->msg.kind;

	l->gone = 1;
	if (kind == MSG_CREATE_COLLECTION && !young)
		return 0;
	if (kind != MSG_INSERT && kind != MSG_DELETE &&
	    kind != MSG_CREATE_COLLECTION && (kind != MSG_IMPORT || id == 0))
		return 0;
	return reader_missing(r, l->rec, id, what, young, e);
}

/*
 * Finds the collection of a record. 1 if that is not possible yet: the
 * collection is still being created, is younger than a catalogue that does not
 * follow, or is unknown. -1 if it never will be.
 */
static int
belongs(struct reader *r, struct leaving *l, struct err *e)
{
	const struct msg *m = &l->rec->msg;
	int young = !r->by_log && !r->cat.follow && l->rec->ts > r->cat.ts;

	if (l->rec->broken || merge_is_request(l->rec))
		return 0;
	l->coll = cat_coll(&r->cat, m->coll_id);
	if (is_left_out(l))
		return 0;
	if (!cat_knows(l->coll))
		return of_nobody(r, l, m->coll_id, "collection", young, e);
	if (l->coll->state == CAT_CREATING && m->kind != MSG_CREATE_COLLECTION)
		return 1;
	if (m->part_id > 0) {
		l->part = cat_part(l->coll, m->part_id);
		if (!cat_knows_part(l->part) && !ddl_gone(r->ddl, l->coll))
			return of_nobody(
			    r, l, m->part_id, "partition", young, e);
		if (l->part != NULL && l->part->state == CAT_CREATING)
			return 1;
	}
	l->gone = ddl_gone(r->ddl, l->coll) ||
		  (m->part_id > 0 && (!cat_knows_part(l->part) ||
					 ddl_part_gone(r->ddl, l->part)));
	return 0;
}

static void
count(struct reader *r, const struct leaving *l)
{
	struct reader_tally *t;

	if (l->coll == NULL)
		r->unknown_ids++;
	if (!r->conf->explain)
		return;
	t = reader_tally(r, l->rec->msg.coll_id);
	if (l->gone)
		t->gone++;
	if (l->rec->msg.kind == MSG_INSERT) {
		t->inserts++;
		t->rows += l->rec->msg.rows;
	} else {
		t->deletes++;
		t->keys += l->rec->msg.rows;
	}
}

static void
leave(struct reader *r, struct leaving *l)
{
	const struct rec *rec = l->rec;
	enum msg_kind kind = rec->msg.kind;

	if (rec->broken) {
		reader_unknown(r, rec);
	} else if (merge_is_request(rec)) {
		reader_request(r, rec);
	} else if (kind == MSG_CREATE_COLLECTION) {
		return; /* the catalogue has better data */
	} else if (is_left_out(l)) {
		r->left_out++;
	} else if (kind == MSG_INSERT || kind == MSG_DELETE) {
		count(r, l);
		if (!l->gone && l->coll != NULL)
			ddl_need(r->ddl, l->coll, l->part, rec->ts);
		if (kind == MSG_INSERT)
			insert(r, l);
		else if (!l->done)
			delete (r, l);
	} else if (msg_use(kind) == MSG_USE_GAP) {
		struct jsonw *w = emit_open(&r->emit, OP_IMPORT, rec->ts);

		add_names(r, l, w);
		add_flags(l, w);
		reader_src(r, rec, w);
		emit_close(&r->emit, 0);
	} else {
		reader_unknown(r, rec);
	}
}

int
reader_group(struct reader *r, struct err *e)
{
	uint64_t ts = merge_first(r->merge)->ts;
	struct leaving *v = NULL;
	struct rec *rec;
	size_t n = 0, cap = 0;
	int wait = 0, rc;

	while ((rec = merge_first(r->merge)) != NULL && rec->ts == ts) {
		v = x_grow(v, n, &cap, sizeof *v);
		memset(&v[n], 0, sizeof *v);
		v[n++].rec = merge_take(r->merge);
		if ((rc = belongs(r, &v[n - 1], e)) == -1) {
			free(v);
			return -1;
		}
		wait |= rc;
		if (n > GROUP_MAX) {
			free(v);
			return err_set(e, ERR_DATA,
			    "more than %d records of timestamp %" PRIu64,
			    GROUP_MAX, ts);
		}
	}
	if (wait) {
		for (size_t i = 0; i < n; i++)
			merge_put_back(r->merge, v[i].rec);
		free(v);
		return 1;
	}
	r->missing_ns = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].rec->msg.kind == MSG_DELETE && !v[i].rec->broken)
			pair(v, n, &v[i]);
	for (size_t i = 0; i < n; i++) {
		leave(r, &v[i]);
		/* its place is kept until the whole release is out */
		record_drop(&v[i].rec->m);
	}
	free(v);
	return 0;
}

/* The table of --explain: why each collection is or is not carried. */
int
reader_explain(struct reader *r, struct err *e)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];
		const struct reader_tally *t = reader_tally(r, c->id);
		const char *why = ddl_gone(r->ddl, c)        ? "dropped"
				  : c->state == CAT_CREATING ? "being created"
				  : !c->included             ? "not included"
							     : "carried";

		buf_clear(&b);
		buf_addf(&b,
		    "%s.%s %" PRId64 ": %s, %" PRIu64 " inserts of %" PRIu64
		    " rows, %" PRIu64 " deletes of %" PRIu64 " keys",
		    c->db, c->name, c->id, why, t->inserts, t->rows, t->deletes,
		    t->keys);
		out_text(&r->out, &b);
		for (size_t k = 0; k < c->n_topics; k++) {
			int x = merge_topic_find(r->merge, c->topics[k].topic);

			buf_clear(&b);
			buf_addf(&b, "  %s starts at %s, read up to %s",
			    c->topics[k].topic, MQ_TEXT(c->topics[k].id),
			    x == -1 ? "0" : MQ_TEXT(r->topics[x].in->next));
			out_text(&r->out, &b);
		}
	}
	buf_clear(&b);
	buf_addf(
	    &b, "records of unknown collections: %" PRIu64, r->unknown_ids);
	out_text(&r->out, &b);
	buf_fini(&b);
	return out_flush(&r->out, e);
}
