#ifndef CDC_MODEL_RENAME_H
#define CDC_MODEL_RENAME_H

#include <stddef.h>

struct buf;
struct err;

/*
 * --rename A=B, where both are a database, or both db.coll: what is called A at
 * the source is called B at the target. The rule for a collection wins over the
 * rule for its database. All zero is valid: no rules.
 */
struct names {
	struct name_rule *v;
	size_t n, cap;
};

void names_fini(struct names *s);
/* Add a rule; ERR_USAGE if it is malformed. */
int names_add(struct names *s, const char *rule, struct err *e);
/* The name at the target, borrowed from s or from the arguments. */
const char *names_db(const struct names *s, const char *db);
void names_coll(const struct names *s, const char *db, const char *coll,
    const char **to_db, const char **to_coll);
/*
 * Note for the rules that the source has this database, and this collection
 * unless coll is NULL.
 */
void names_meet(const struct names *s, const char *db, const char *coll);
/* How many rules matched nothing; b, unless NULL, gets them appended. */
size_t names_unmet(const struct names *s, struct buf *b);
/* The rules as text; equal rules give equal text. */
void names_text(const struct names *s, struct buf *b);

#endif
