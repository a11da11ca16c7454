#ifndef CDC_MODEL_RENAME_H
#define CDC_MODEL_RENAME_H

#include <stddef.h>

struct buf;
struct err;

/*
 * --rename A=B, where both are a database, or both db.coll: what is called A
 * at the source is called B at the target. The rule of a collection goes
 * before that of its database. All zero is valid: no rules.
 */
struct names {
	struct name_rule *v;
	size_t n, cap;
};

void names_fini(struct names *s);
/* ERR_USAGE if the rule is not one. */
int names_add(struct names *s, const char *rule, struct err *e);
/* Borrowed from s or from the arguments. */
const char *names_db(const struct names *s, const char *db);
void names_coll(const struct names *s, const char *db, const char *coll,
    const char **to_db, const char **to_coll);
/*
 * There is this database, and, if coll is not NULL, this collection, at the
 * source: noted with the rules that are of it.
 */
void names_meet(const struct names *s, const char *db, const char *coll);
/* How many rules have met nothing; which, appended to b unless it is NULL. */
size_t names_unmet(const struct names *s, struct buf *b);
/* The rules as text, one like another if they are the same. */
void names_text(const struct names *s, struct buf *b);

#endif
