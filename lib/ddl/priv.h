#ifndef CDC_DDL_PRIV_H
#define CDC_DDL_PRIV_H

/* Shared by the files of ddl only. */

#include "ddl/ddl.h"
#include "ddl/known.h"
#include "model/names.h"
#include "model/op_write.h"

enum kind { EV_DB, EV_COLL, EV_PART, EV_ALIAS };

/*
 * A change as it was when it came, because the object may have changed again
 * since.
 */
struct event {
	uint64_t ts;
	uint64_t seq; /* order of arrival, among equal timestamps */
	enum kind kind;
	int64_t id;      /* of the object; of the collection for an alias */
	int64_t coll_id; /* of a partition */
	int64_t db_id;   /* of a collection */
	char *db, *name;
	int live;
	int ensure;
	struct kvs props;
	uint64_t truncate_ts; /* of a collection */
	struct cat_was was;   /* of a collection */
};

struct ddl {
	struct ddl_conf c;
	uint64_t since; /* older collections that the view lacks are partial */
	uint64_t until;
	int64_t imports_rev; /* ddl_imports_from */
	uint64_t imports_ts;
	/* imports that were completed at the start are judged */
	int imports_judged;
	uint64_t newest; /* the newest timestamp of all changes so far */
	uint64_t seq;
	struct event *q; /* sorted from `head` on */
	size_t head, n, cap;
};

/*
 * From when on indexes and loads that change now are compared: a catalogue that
 * etcd tells has indexes and loads without their times: they are behind all
 * that is known by then. The log tells them in its order.
 */
static inline uint64_t
ddl_dirty_ts(const struct ddl *d)
{
	return d->c.cat->ddl_in_log ? 0 : d->newest;
}

/* ddl.c */
void ddl_event_fini(struct event *ev);
int ddl_included(struct ddl *d, struct cat_coll *c);
/*
 * Queue the live objects, and the later drops (after ts) of objects that are
 * not live.
 */
void ddl_push_live(struct ddl *d, uint64_t ts);

/* import.c: report the completed imports that were not reported before. */
void ddl_imports(struct ddl *d);

/* line.c */
void ddl_line_db(struct ddl *d, enum opname op, uint64_t ts, int64_t id,
    const char *db, const struct kvs *props, int ensure);
void ddl_line_alter_db(
    struct ddl *d, const struct event *ev, const struct kvs *was);
/* "delete": the properties that are in was and not in is, if there are any. */
void ddl_line_away(
    struct jsonw *w, const struct kvs *was, const struct kvs *is);
struct jsonw *ddl_open_coll(struct ddl *d, enum opname op, uint64_t ts,
    const char *db, const char *name, int64_t id);
void ddl_line_coll(
    struct ddl *d, enum opname op, uint64_t ts, const struct view_coll *v);
void ddl_line_gone(struct ddl *d, const struct event *ev);
int ddl_implicit(const struct cat_coll *c, const char *part);
/* 1 if a collection that is created at ts lacks rows that the source has. */
int ddl_partial(const struct ddl *d, uint64_t ts, const struct cat_coll *c);
void ddl_line_create(struct ddl *d, uint64_t ts, const struct cat_coll *c,
    const char *db, const char *name, const struct kvs *props, int ensure,
    int gone);
void ddl_line_part(struct ddl *d, enum opname op, uint64_t ts, const char *db,
    const char *coll, int64_t coll_id, int64_t id, const char *name,
    const char *flag);
void ddl_line_alias(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, const char *alias);
void ddl_line_drop_alias(
    struct ddl *d, uint64_t ts, const char *db, const char *alias);
void ddl_line_index(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, int64_t id, const char *field, const char *name,
    const struct kvs *params, int ensure);
void ddl_line_parts(struct ddl *d, enum opname op, uint64_t ts,
    const struct view_coll *v, const struct view_items *parts,
    int64_t replicas);

/* field.c */
/* What the newest change of c, which was so, says of its fields. */
void ddl_fields(struct ddl *d, uint64_t ts, const struct view_coll *v,
    const struct schema *was, const struct schema *is);

/* change.c */
void ddl_need_db(struct ddl *d, int64_t id, const char *name, uint64_t ts);
void ddl_drop_db(struct ddl *d, int64_t id, uint64_t ts);
void ddl_apply_db(struct ddl *d, const struct event *ev);
void ddl_drop_alias(
    struct ddl *d, struct view_coll *v, struct view_item *a, uint64_t ts);
void ddl_set_alias(
    struct ddl *d, struct view_coll *to, const char *alias, uint64_t ts);
void ddl_apply_alias(struct ddl *d, const struct event *ev);
void ddl_drop_coll(struct ddl *d, struct view_coll *v, uint64_t ts);
void ddl_rename_to(struct ddl *d, struct view_coll *v, const char *db,
    const char *name, uint64_t ts);
void ddl_free_name(
    struct ddl *d, int64_t id, const char *db, const char *name, uint64_t ts);
/*
 * Of a streaming log: collections that had to give up their names get them back
 * once nothing else has them. The catalogue of the start was ahead of the log,
 * which has told of older ones with those names, and does not tell of these.
 */
void ddl_names_back(struct ddl *d, uint64_t ts);
void ddl_create_coll(struct ddl *d, struct cat_coll *c, const char *db,
    const char *name, const struct kvs *props, uint64_t ts);
void ddl_apply_coll(struct ddl *d, const struct event *ev);
void ddl_drop_part(struct ddl *d, struct view_coll *v, int64_t id, uint64_t ts);
void ddl_create_part(struct ddl *d, struct view_coll *v,
    const struct cat_coll *c, int64_t id, const char *name, uint64_t ts,
    int ensure);
void ddl_apply_part(struct ddl *d, const struct event *ev);

#endif
