#include "model/rename.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct name_rule {
	char *db, *coll; /* coll NULL: a whole database */
	char *to_db, *to_coll;
	int met; /* a database or collection of this name was seen */
};

void
names_fini(struct names *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].db);
		free(s->v[i].coll);
		free(s->v[i].to_db);
		free(s->v[i].to_coll);
	}
	free(s->v);
	memset(s, 0, sizeof *s);
}

/* Split "db" or "db.coll" of n bytes; -1 if a part is empty. */
static int
split(const char *s, size_t n, char **db, char **coll)
{
	const char *dot = memchr(s, '.', n);
	size_t k = dot == NULL ? n : (size_t)(dot - s);

	if (k == 0 || (dot != NULL && k + 1 == n))
		return -1;
	*db = x_strndup(s, k);
	*coll = dot == NULL ? NULL : x_strndup(dot + 1, n - k - 1);
	return 0;
}

int
names_add(struct names *s, const char *rule, struct err *e)
{
	const char *eq = strchr(rule, '=');
	struct name_rule *r;

	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	r = &s->v[s->n];
	memset(r, 0, sizeof *r);
	if (eq == NULL)
		return err_set(e, ERR_USAGE,
		    "'%s' is not A=B, a database or db.coll each", rule);
	s->n++;
	if (split(rule, (size_t)(eq - rule), &r->db, &r->coll) == -1 ||
	    split(eq + 1, strlen(eq + 1), &r->to_db, &r->to_coll) == -1 ||
	    (r->coll == NULL) != (r->to_coll == NULL))
		return err_set(e, ERR_USAGE,
		    "'%s' is not A=B, a database or db.coll each", rule);
	return 0;
}

const char *
names_db(const struct names *s, const char *db)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].coll == NULL && strcmp(s->v[i].db, db) == 0)
			return s->v[i].to_db;
	return db;
}

void
names_coll(const struct names *s, const char *db, const char *coll,
    const char **to_db, const char **to_coll)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].coll != NULL && strcmp(s->v[i].db, db) == 0 &&
		    strcmp(s->v[i].coll, coll) == 0) {
			*to_db = s->v[i].to_db;
			*to_coll = s->v[i].to_coll;
			return;
		}
	*to_db = names_db(s, db);
	*to_coll = coll;
}

void
names_text(const struct names *s, struct buf *b)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct name_rule *r = &s->v[i];

		if (r->coll == NULL)
			buf_addf(b, " %s=%s", r->db, r->to_db);
		else
			buf_addf(b, " %s.%s=%s.%s", r->db, r->coll, r->to_db,
			    r->to_coll);
	}
}

void
names_meet(const struct names *s, const char *db, const char *coll)
{
	for (size_t i = 0; i < s->n; i++) {
		struct name_rule *r = &s->v[i];

		if (!r->met && strcmp(r->db, db) == 0)
			r->met = r->coll == NULL ||
				 (coll != NULL && strcmp(r->coll, coll) == 0);
	}
}

size_t
names_unmet(const struct names *s, struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct names one = { .v = &s->v[i], .n = 1 };
		struct buf rule = { 0 };

		if (s->v[i].met)
			continue;
		n++;
		if (b == NULL) /* the caller calls this for each line */
			continue;
		names_text(&one, &rule);
		buf_addf(b, "%s '%s'", n > 1 ? "," : "--rename", rule.ptr + 1);
		buf_fini(&rule);
	}
	return n;
}
