#ifndef CDC_DDL_DDL_H
#define CDC_DDL_DDL_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue/cat.h"

struct emit;
struct view;

/*
 * From changes of the catalogue to operations, in the order of their
 * timestamps (laws 5 and 7). Changes wait in a queue until the rows before
 * them are out; then each is compared with the view, what the target has, and
 * what differs is written. Indexes and loads have no timestamp in the log:
 * they are compared after the rows of every release.
 */
struct ddl;

struct ddl_conf {
	struct cat *cat; /* borrowed, as are view and emit */
	struct view *view;
	struct emit *emit;
	/* should this collection, this database be carried? */
	int (*want)(void *arg, const char *db, const char *coll, int64_t id);
	int (*want_db)(void *arg, const char *db);
	int drop_dbs; /* this shard is the one that drops databases */
	void *arg;
};

struct ddl *ddl_new(const struct ddl_conf *conf);
void ddl_free(struct ddl *d);

/*
 * A whole catalogue is in: at the start, and after a resync. What the view
 * has and the source has no more, or has under another name, is written now,
 * with timestamp ts; what the source has is queued. Collections older than
 * `since` that the view lacks are partial: their rows are not in the stream.
 */
void ddl_start(struct ddl *d, uint64_t ts, uint64_t since);

/*
 * Before ddl_start, from when on bulk imports are missing at the target: above
 * etcd's revision rev, or if that is 0, begun at ts or later.
 */
void ddl_imports_from(struct ddl *d, int64_t rev, uint64_t ts);

/* One change of the catalogue, after `ready`. */
void ddl_note(struct ddl *d, const struct cat_change *ch);

/* The timestamp of the first change in the queue, UINT64_MAX if none. */
uint64_t ddl_next(const struct ddl *d);
/* The greatest one, 0 if none. */
uint64_t ddl_last(const struct ddl *d);

/* Write the first change of the queue. */
void ddl_apply(struct ddl *d);

/* Compare indexes and loads, as far as they are not younger than ts. */
void ddl_settle(struct ddl *d, uint64_t ts);

/*
 * Make sure that the target has this collection, and this partition of it if
 * it is not NULL, before rows of it: its create line may not have come yet.
 */
void ddl_need(
    struct ddl *d, struct cat_coll *c, const struct cat_part *p, uint64_t ts);

/* Has it been dropped, as far as the catalogue knows? */
int ddl_gone(const struct ddl *d, const struct cat_coll *c);
int ddl_part_gone(const struct ddl *d, const struct cat_part *p);

/* What is dropped after ts counts as there (--until). */
void ddl_until(struct ddl *d, uint64_t ts);

#endif
