#ifndef CDC_DDL_KNOWN_H
#define CDC_DDL_KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "model/schema.h"

struct err;
struct jsonw;

/*
 * What the target has once it has applied the stream up to here: `known` of
 * ticks and checkpoints (law 7). Objects are those of the source, by id,
 * under the names that they have at the target.
 */
struct view_item {
	int64_t id;
	char *name;
	char *field; /* of an index, else NULL */
	int ensured; /* an index that this run has written */
};
struct view_items {
	struct view_item *v;
	size_t n, cap;
};

enum view_load {
	VIEW_LOAD_NONE,
	VIEW_LOAD_ALL,
	VIEW_LOAD_PARTS,
	VIEW_LOAD_UNSURE, /* one of the others */
};

/* Bulk imports at the source, whose rows are in no log. */
struct view_imports {
	int64_t n, rows;
	int64_t rev; /* etcd's, of the newest, */
	uint64_t ts; /* and when it was begun */
};

struct view_coll {
	int64_t id;
	char *db, *name;
	/*
	 * the name with which it was included, "db.coll", or a list of names
	 * and patterns (model/pattern.h); NULL: its present name
	 */
	char *as;
	struct view_items parts, aliases, indexes; /* aliases have no id */
	enum view_load load;
	struct view_items loaded;   /* partitions of VIEW_LOAD_PARTS, by id */
	struct view_items released; /* those that VIEW_LOAD_ALL leaves out */
	struct kvs props; /* as last written by this run; not in known */
	int props_known;
	uint64_t truncated; /* the last truncation that is written */
	int partial;        /* made without its earlier rows */
	struct view_imports imported;
	int maybe;         /* it may not be at the target */
	int unsure_name;   /* it may have another name there; not in known */
	int changed;       /* since the last tick */
	int dirty;         /* indexes and load have to be compared, */
	uint64_t dirty_ts; /* when all changes up to here are written */
};

struct view_db {
	int64_t id;
	char *name;
	struct kvs props; /* as last written by this run; not in known */
	int changed;
};

/* Enough: a source has few changes under way. */
enum { VIEW_DONE = 64 };

struct view {
	struct view_coll **colls; /* by id */
	size_t n_colls, colls_cap;
	struct view_db *dbs;
	size_t n_dbs, dbs_cap;
	int64_t *gone; /* collections dropped since the last tick */
	size_t n_gone, gone_cap;
	int64_t *gone_dbs;
	size_t n_gone_dbs, gone_dbs_cap;
	struct view_items unsure; /* aliases, with the database as field */
	/*
	 * The last broadcasts of a streaming log that are written: a copy of
	 * one that comes again is none.
	 */
	uint64_t done[VIEW_DONE];
	size_t n_done; /* ever added */
	int done_changed;
};

/* known_done.c */
void view_done(struct view *v, uint64_t broadcast);
size_t view_n_done(const struct view *v);
/* For known.c; the last is 1 if the key is theirs. */
void view_done_to_json(struct view *v, struct jsonw *w, int whole);
int view_done_from_json(struct view *v, const char *key, const json_t *j);

void view_fini(struct view *v);
int view_from_json(struct view *v, json_t *known, struct err *e);
/*
 * Add objects that the target may have: redo is an array of lines
 * (state/redo.h) or NULL. An alias that may have changed is taken from its
 * collection and put into v->unsure.
 */
void view_redo(struct view *v, json_t *redo);

/*
 * "known": the whole view, or with whole == 0 what has changed since the last
 * call with 0.
 */
int view_changed(const struct view *v);
void view_to_json(struct view *v, struct jsonw *w, const char *key, int whole);

struct view_coll *view_coll(const struct view *v, int64_t id); /* or NULL */
struct view_coll *view_by_name(
    const struct view *v, const char *db, const char *name);
struct view_coll *view_add(
    struct view *v, int64_t id, const char *db, const char *name);
void view_drop(struct view *v, int64_t id);
/*
 * Remove the collection and write nothing, because it is not carried any more.
 */
void view_forget(struct view *v, int64_t id);
void view_rename(struct view_coll *c, const char *db, const char *name);

struct view_db *view_db(const struct view *v, int64_t id); /* or NULL */
void view_add_db(struct view *v, int64_t id, const char *name);
void view_drop_db(struct view *v, int64_t id);

struct view_item *view_find(const struct view_items *s, int64_t id);
struct view_item *view_find_name(const struct view_items *s, const char *name);
struct view_item *view_put(
    struct view_items *s, int64_t id, const char *name, const char *field);
void view_cut(struct view_items *s, struct view_item *item);
void view_items_fini(struct view_items *s);

#endif
