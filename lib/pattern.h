#ifndef CDC_PATTERN_H
#define CDC_PATTERN_H

#include <stddef.h>

struct err;

/*
 * Which collections: "db.coll", where * stands for any run of characters in
 * either part; "coll" alone is in database default. So "*.*" is everything,
 * "*" every collection of default, "sales.*" a whole database.
 * An empty list is not the same as "*.*": the caller decides what it means.
 */
struct pattern {
	char *db;
	char *coll;
};

/* All zero is valid and empty. */
struct patterns {
	struct pattern *v;
	size_t n, cap;
};

/* Add one. -1 with ERR_USAGE if it is not a pattern. */
int patterns_add(struct patterns *p, const char *text, struct err *e);
void patterns_fini(struct patterns *p);

/*
 * Does any of them name this collection? A db of "" or NULL is "default", as
 * in Milvus's messages.
 */
int patterns_match(const struct patterns *p, const char *db, const char *coll);
/* Could any of them name a collection in this database? */
int patterns_match_db(const struct patterns *p, const char *db);
/* Does any of them name all of this database, as "db.*" does? */
int patterns_whole_db(const struct patterns *p, const char *db);

/* Does text match a pattern with * in it? Bytes are compared as they are. */
int pattern_glob(const char *pattern, const char *text);

#endif
