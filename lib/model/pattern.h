#ifndef CDC_MODEL_PATTERN_H
#define CDC_MODEL_PATTERN_H

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

/* All of them, as "db.coll,db.coll", for the caller to free. */
char *patterns_text(const struct patterns *p);
/*
 * The first of such a list, as a name: 1 and what is behind it in *at, or 0 at
 * its end. db and coll are the caller's to free. A pattern in it is a name
 * that this pattern matches.
 */
int pattern_next(const char **at, char **db, char **coll);
/* Does any of p name any of such a list? NULL is empty. */
int patterns_match_list(const struct patterns *p, const char *list);

/* Does text match a pattern with * in it? Bytes are compared as they are. */
int pattern_glob(const char *pattern, const char *text);

#endif
