#ifndef CDC_CATALOGUE_CAT_PRIV_H
#define CDC_CATALOGUE_CAT_PRIV_H

#include "catalogue/cat.h"

/*
 * Between cat.c, which has the objects, cat_object.c, which reads the lines of
 * objects, and cat_read.c, which reads all lines.
 */

/* The collection with this id, made if it is not there. */
struct cat_coll *cat_coll_get(struct cat *c, int64_t id);
/* The import with this id, made if it is not there. */
struct cat_import *cat_import_get(struct cat *c, int64_t id);
void cat_topics_fini(struct cat_coll *c);

/* The reading of one line: the first mistake sticks. */
struct cat_reader {
	const json_t *j;
	struct err *e;
	int bad;
};
/* 0 or "" if the line has no such key. */
int64_t cat_get_int(struct cat_reader *r, const char *key);
const char *cat_get_str(struct cat_reader *r, const char *key);
void cat_set_str(struct cat_reader *r, const char *key, char **to);

/*
 * Take the values of an object's line; an absent object is made. Indexes and
 * loads are kept in their collection.
 */
const struct cat_db *cat_take_db(struct cat *c, struct cat_reader *r);
struct cat_coll *cat_take_coll(struct cat *c, struct cat_reader *r);
const struct cat_part *cat_take_part(
    struct cat *cat, struct cat_coll *c, struct cat_reader *r);
void cat_take_index(struct cat_coll *c, struct cat_reader *r);
void cat_take_load(struct cat *cat, struct cat_coll *c, struct cat_reader *r);
const struct cat_alias *cat_take_alias(struct cat *c, struct cat_reader *r);
void cat_take_checkpoint(struct cat *c, struct cat_reader *r);
void cat_take_import(struct cat *c, struct cat_reader *r);

/* cat.c: what an object has. */
void cat_db_fini(struct cat_db *db);
void cat_coll_free(struct cat_coll *c);
void cat_part_fini(struct cat_part *p);
void cat_index_fini(struct cat_index *x);
void cat_alias_fini(struct cat_alias *a);

#endif
