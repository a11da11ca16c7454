#ifndef CDC_DDL_DDL_H
#define CDC_DDL_DDL_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue/cat.h"

struct emit;
struct view;

/*
 * From changes of the catalogue to operations, in the order of their timestamps
 * (laws 5 and 7). Changes wait in a queue until the earlier rows are written;
 * then each is compared with the view, which is what the target has, and the
 * difference is written. Indexes and loads have no timestamp in the log: they
 * are compared after the rows of every release.
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
 * Start with a whole catalogue, at the beginning and after a resync. Objects of
 * the view that the source does not have any more, or has under another name,
 * are dropped or renamed now, with timestamp ts; the objects of the source are
 * queued. A collection older than `since` that the view lacks is partial: its
 * rows are not in the stream.
 */
void ddl_start(struct ddl *d, uint64_t ts, uint64_t since);

/*
 * To be called before ddl_start: bulk imports with a newer revision of etcd
 * than rev (or, if that is 0, begun at ts or later) are missing at the target.
 */
void ddl_imports_from(struct ddl *d, int64_t rev, uint64_t ts);

/* One change of the catalogue, after `ready`. */
void ddl_note(struct ddl *d, const struct cat_change *ch);

/* The timestamp of the first change in the queue, UINT64_MAX if none. */
uint64_t ddl_next(const struct ddl *d);
/* The greatest timestamp in the queue, 0 if it is empty. */
uint64_t ddl_last(const struct ddl *d);

/* Write the first change of the queue. */
void ddl_apply(struct ddl *d);

/*
 * Compare indexes and loads, except for changes younger than ts; of a streaming
 * log also names that are in between.
 */
void ddl_settle(struct ddl *d, uint64_t ts);

/*
 * Create this collection if the target does not have it, and this partition if
 * it is not NULL. To be called before rows of them, because the line that
 * creates them may not have come yet.
 */
void ddl_need(
    struct ddl *d, struct cat_coll *c, const struct cat_part *p, uint64_t ts);

/* 1 if the catalogue says that the object has been dropped. */
int ddl_gone(const struct ddl *d, const struct cat_coll *c);
int ddl_part_gone(const struct ddl *d, const struct cat_part *p);

/* An object that is dropped after ts counts as live (--until). */
void ddl_until(struct ddl *d, uint64_t ts);

#endif
