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

/* A list of patterns. All zero is valid and empty. */
struct patterns {
	struct pattern *v;
	size_t n, cap;
};

/* Add a pattern. ERR_USAGE if the text is none. */
int patterns_add(struct patterns *p, const char *text, struct err *e);
void patterns_fini(struct patterns *p);

/*
 * 1 if a pattern matches this collection. A db of "" or NULL is "default", as
 * in Milvus's messages.
 */
int patterns_match(const struct patterns *p, const char *db, const char *coll);
/* 1 if a pattern can match a collection of this database. */
int patterns_match_db(const struct patterns *p, const char *db);
/* 1 if a pattern matches all of this database, as "db.*" does. */
int patterns_whole_db(const struct patterns *p, const char *db);

/* All patterns, as "db.coll,db.coll", for the caller to free. */
char *patterns_text(const struct patterns *p);
/*
 * Take the first pattern of such a text: 1 with db and coll for the caller to
 * free and *at moved behind it, or 0 at the end. Like a name, it can be matched
 * against patterns: "a.*" matches "a.b*".
 */
int pattern_next(const char **at, char **db, char **coll);
/*
 * 1 if a pattern of p matches an entry of such a text. NULL is an empty text.
 */
int patterns_match_list(const struct patterns *p, const char *list);

/* 1 if text matches a pattern with * in it. Compares bytes. */
int pattern_glob(const char *pattern, const char *text);

#endif
