#include "apply/priv.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"

static int row_line(struct apply *a, struct err *e);
static int key_line(struct apply *a, struct err *e);

/* The properties of each operation, a line each. */
static const struct verb {
	enum { CONTROL, ROWS, DDL, USERS, NEVER, NOTHING } kind;
	do_fn *run;
	int redo; /* goes into the redo file first: state/redo.h */
} verbs[] = {
	[OP_BEGIN] = { CONTROL, apply_begin },
	[OP_TICK] = { CONTROL, apply_tick },
	[OP_END] = { CONTROL, apply_tick },
	[OP_INSERT] = { ROWS, row_line },
	[OP_UPSERT] = { ROWS, row_line },
	[OP_DELETE] = { ROWS, key_line },
	[OP_CREATE_DATABASE] = { DDL, do_create_database, 1 },
	[OP_DROP_DATABASE] = { DDL, do_drop_database },
	[OP_ALTER_DATABASE] = { DDL, do_alter_database },
	[OP_CREATE_COLLECTION] = { DDL, do_create_collection },
	[OP_DROP_COLLECTION] = { DDL, do_drop_collection },
	[OP_ALTER_COLLECTION] = { DDL, do_alter_collection },
	[OP_TRUNCATE_COLLECTION] = { DDL, do_truncate_collection },
	[OP_ADD_FIELD] = { DDL, do_add_field },
	[OP_DROP_FIELD] = { DDL, do_drop_field },
	[OP_ALTER_FIELD] = { DDL, do_alter_field },
	[OP_RENAME_COLLECTION] = { DDL, do_rename_collection, 1 },
	[OP_CREATE_PARTITION] = { DDL, do_create_partition, 1 },
	[OP_DROP_PARTITION] = { DDL, do_drop_partition },
	[OP_CREATE_INDEX] = { DDL, do_create_index, 1 },
	[OP_ALTER_INDEX] = { DDL, do_alter_index },
	[OP_DROP_INDEX] = { DDL, do_drop_index },
	[OP_LOAD_COLLECTION] = { DDL, do_load_collection, 1 },
	[OP_RELEASE_COLLECTION] = { DDL, do_release_collection, 1 },
	[OP_LOAD_PARTITIONS] = { DDL, do_load_partitions, 1 },
	[OP_RELEASE_PARTITIONS] = { DDL, do_release_partitions, 1 },
	[OP_FLUSH] = { DDL, do_flush },
	[OP_CREATE_ALIAS] = { DDL, do_create_alias, 1 },
	[OP_ALTER_ALIAS] = { DDL, do_alter_alias, 1 },
	[OP_DROP_ALIAS] = { DDL, do_drop_alias, 1 },
	[OP_CREATE_USER] = { USERS, do_create_user },
	[OP_DROP_USER] = { USERS, do_drop_user },
	[OP_CREATE_ROLE] = { USERS, do_create_role },
	[OP_DROP_ROLE] = { USERS, do_drop_role },
	[OP_GRANT_ROLE] = { USERS, do_grant_role },
	[OP_REVOKE_ROLE] = { USERS, do_revoke_role },
	[OP_GRANT] = { USERS, do_grant },
	[OP_REVOKE] = { USERS, do_revoke },
	[OP_IMPORT] = { NEVER, NULL },
	[OP_UNKNOWN] = { NEVER, NULL },
	[OP_ACK] = { NOTHING, NULL },
	[OP_OTHER] = { NEVER, NULL },
};

static struct origin
where(const struct apply *a)
{
	return (struct origin){
		.file = lines_name(a->in),
		.line = lines_number(a->in),
		.topic = a->op.src_topic.ptr,
		.id = a->op.src_id,
	};
}

/* Finds the collection at the target for the rows of the line. */
static int
row_coll(struct apply *a, struct coll **c, struct err *e)
{
	int rc = identity_is_lost(a) ? 1 : apply_find(a, c, e);

	if (rc == 1)
		return err_set(e, ERR_DATA,
		    "collection '%s.%s' is not at the target%s", a->db, a->coll,
		    identity_is_lost(a) ? " any more" : "");
	return rc == -1 ? -1 : coll_writable(*c, e);
}

static int
row_line(struct apply *a, struct err *e)
{
	struct origin w = where(a);
	struct coll *c;
	uint64_t before = rowq_added(a->q);
	int rc;

	if (a->op.lossy)
		return err_set(e, ERR_DATA,
		    "the line is 'lossy', made without its vectors");
	if (row_coll(a, &c, e) == -1)
		return -1;
	mark_send(a, c);
	rc = rowq_rows(
	    a->q, c, a->op.part.ptr, a->op.rows, a->op.json_inline, &w, e);
	a->counts.rows += rowq_added(a->q) - before;
	*(a->op.op == OP_INSERT ? &a->counts.insert : &a->counts.upsert) += 1;
	return rc;
}

static int
key_line(struct apply *a, struct err *e)
{
	struct origin w = where(a);
	struct coll *c;
	uint64_t before = rowq_added(a->q);
	int rc;

	if (row_coll(a, &c, e) == -1)
		return -1;
	mark_send(a, c);
	rc = rowq_keys(
	    a->q, c, a->op.has_part ? a->op.part.ptr : NULL, a->op.keys, &w, e);
	/*
	 * The keys go out before the check: if one of them is a mark, the
	 * other tasks of the circle see it too.
	 */
	if (rc == 0)
		rc = mark_look(a, c, e);
	a->counts.keys += rowq_added(a->q) - before;
	a->counts.del++;
	return rc;
}

/*
 * Puts "line 7: insert 'db.coll': topic 't' offset 5" in front of the message.
 */
static int
wrap(struct apply *a, struct err *e)
{
	const struct opline *o = &a->op;

	if (o->src_topic.len > 0)
		err_wrap(e, "topic '%s' offset %s", o->src_topic.ptr,
		    MQ_TEXT(o->src_id));
	if (o->has_coll)
		err_wrap(e, "%s '%s.%s'", o->name.ptr, o->db.ptr, o->coll.ptr);
	else if (o->has_db)
		err_wrap(e, "%s '%s'", o->name.ptr, o->db.ptr);
	else
		err_wrap(e, "%s", o->name.ptr);
	return err_wrap(
	    e, "%s line %" PRIu64, lines_name(a->in), lines_number(a->in));
}

static int
never(struct apply *a, struct err *e)
{
	const char *name = a->op.name.ptr;

	if (a->op.op == OP_IMPORT)
		return err_set(e, ERR_DATA,
		    "rows were imported in bulk at the source, which its log "
		    "does not carry; --skip=import goes on without them");
	if (a->op.op == OP_UNKNOWN)
		return err_set(e, ERR_DATA,
		    "the source wrote something that cdc-read does not know; "
		    "--skip=unknown goes on without it");
	return err_set(e, ERR_DATA,
	    "this version does not know the operation '%s'; --skip=other "
	    "goes on without such",
	    name);
}

/*
 * ERR_DATA if rows are older than rows before them: the target may already have
 * a later state of them.
 */
static int
in_order(struct apply *a, struct err *e)
{
	a->counts.late += (unsigned)a->op.late;
	if (a->op.late)
		return 0;
	if (a->op.ts < a->rows_from)
		return err_set(e, ERR_DATA,
		    "out of order: timestamp %" PRIu64 ", and %" PRIu64
		    " or more is due",
		    a->op.ts, a->rows_from);
	if (!a->by_topic)
		a->rows_from = a->op.ts;
	return 0;
}

/*
 * Finds the names that the line's database and collection have at the target.
 */
static void
find_names(struct apply *a)
{
	names_coll(
	    &a->conf->rename, a->op.db.ptr, a->op.coll.ptr, &a->db, &a->coll);
	identity_resolve(a);
}

/*
 * 1 for the drop of a collection that an older stream made; lines marked gone
 * are else skipped, because this stream did not make their collection.
 */
static int
goes(struct apply *a)
{
	if (a->op.op != OP_DROP_COLLECTION)
		return 0;
	find_names(a);
	return identity_is_known(a);
}

/*
 * Runs a change of the catalogue. It can be made twice (law 2), so after a
 * refusal for an unknown reason the whole change is tried again: a target that
 * is stopping or starting gives many reasons.
 */
static int
change(struct apply *a, do_fn *run, struct err *e)
{
	struct mv_status s = { .class = MV_ODD };
	struct mv_retry t = { 0 };
	struct err over;

	while (run(a, e) == -1) {
		if (e->kind != ERR_ODD)
			return -1;
		utf8_copy(s.reason, sizeof s.reason, e->msg, strlen(e->msg));
		if (milvus_retry(a->m, &t, &s, op_name(a->op.op), &over) == -1)
			return err_set(e, ERR_DATA,
			    "%s; trying again will not help", s.reason);
		err_clear(e);
		if (milvus_pause(a->m, t.at_ns, e) == -1)
			return -1;
	}
	milvus_settled(a->m, &t);
	return 0;
}

/* 1 if the collection is set aside, so that the line goes there too. */
static int
follows(struct apply *a, const char *line, size_t n, struct err *e)
{
	if (!dead_is(a, &a->op))
		return 0;
	return dead_line(a, line, n, e) == -1 ? -1 : 1;
}

/* An operation other than begin, tick and end. */
static int
operation(struct apply *a, const char *line, size_t n, struct err *e)
{
	const struct verb *v = &verbs[a->op.op];
	struct opline *o = &a->op;
	int rc;

	if (a->ended)
		return err_set(e, ERR_DATA, "an operation after the end");
	if (cut_operation(a))
		return 0;
	if (a->conf->skip[o->op] ||
	    (v->kind == USERS && !a->conf->with_users)) {
		a->counts.skipped++;
		a->counts.unknown += o->op == OP_UNKNOWN;
		return 0;
	}
	if (o->gone && !goes(a)) {
		a->counts.gone++;
		return 0;
	}
	if ((rc = follows(a, line, n, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (v->kind == NEVER)
		return never(a, e);
	find_names(a);
	if (self_line(a, e) == -1)
		return -1;
	if (v->kind == ROWS) {
		if (in_order(a, e) == -1 || v->run(a, e) == -1)
			return -1;
		return dead_is(a, o) ? dead_late(a, line, n, e) : 0;
	}
	/* A request that the line waits for may be refused. */
	if (rowq_drain(a->q, e) == -1 || (rc = follows(a, line, n, e)) == -1)
		return -1;
	if (rc == 1)
		return 0;
	a->counts.ddl++;
	if (v->redo && !o->ensure && apply_redo(a, e) == -1)
		return -1;
	return change(a, v->run, e);
}

static int
keep_line(struct apply *a, const char *line, size_t n)
{
	struct kept *k;

	if (a->dead_fd == -1)
		return 0;
	k = x_malloc(sizeof *k + n);
	*k = (struct kept){ .seq = a->seq++, .len = n };
	memcpy(k->text, line, n);
	rowq_line(a->q, k);
	return 0;
}

int
apply_line(struct apply *a, const char *line, size_t n, struct err *e)
{
	const struct verb *v;
	struct err why;
	int rc;

	if (n == 0 || (n == 1 && line[0] == '\r'))
		return 0;
	if (opline_read(&a->op, line, n, e) == -1) {
		if (lines_cut(a->in))
			err_wrap(e, "the input is cut here");
		return err_wrap(e, "%s line %" PRIu64 ", byte %" PRIu64,
		    lines_name(a->in), lines_number(a->in),
		    lines_offset(a->in));
	}
	v = &verbs[a->op.op];
	if (v->kind == NOTHING)
		return 0;
	if (!a->begun && a->op.op != OP_BEGIN) {
		err_set(e, ERR_DATA,
		    "no 'begin' stands above it: the head of the stream is "
		    "missing");
		return wrap(a, e);
	}
	met_note(a);
	if (v->kind == ROWS)
		keep_line(a, line, n);
	rc = v->kind == CONTROL ? v->run(a, e) : operation(a, line, n, e);
	if (rc == -1 && e->kind == ERR_ODD)
		e->kind = ERR_DATA;
	if (rc == -1 && e->kind == ERR_DATA && a->dead_fd != -1 &&
	    !a->never_aside && (v->kind == ROWS || v->kind == DDL) &&
	    a->op.has_coll) {
		why = *e;
		err_clear(e);
		rc = dead_op(a, line, n, &why, e);
	}
	rowq_line(a->q, NULL);
	if (rc == -1 && e->kind == ERR_DATA && rowq_failed(a->q) == 0)
		wrap(a, e);
	return rc;
}
