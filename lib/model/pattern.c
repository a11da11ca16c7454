#include "model/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/names.h"

int
patterns_add(struct patterns *p, const char *text, struct err *e)
{
	const char *dot = strchr(text, '.');
	struct pattern *q;

	if (text[0] == '\0' || dot == text || (dot != NULL && dot[1] == '\0'))
		return err_set(e, ERR_USAGE,
		    "pattern '%s': want DB.COLLECTION or COLLECTION", text);
	if (dot != NULL && strchr(dot + 1, '.') != NULL)
		return err_set(
		    e, ERR_USAGE, "pattern '%s': more than one '.'", text);
	p->v = x_grow(p->v, p->n, &p->cap, sizeof *p->v);
	q = &p->v[p->n++];
	q->db = dot == NULL ? x_strdup(DEFAULT_DB)
			    : x_strndup(text, (size_t)(dot - text));
	q->coll = x_strdup(dot == NULL ? text : dot + 1);
	return 0;
}

void
patterns_fini(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].db);
		free(p->v[i].coll);
	}
	free(p->v);
	memset(p, 0, sizeof *p);
}

/* After a mismatch it is enough to let the last * take one byte more. */
int
pattern_glob(const char *pat, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text != '\0') {
		if (*pat == '*') {
			star = ++pat;
			from = text;
		} else if (*pat == *text) {
			pat++;
			text++;
		} else if (star != NULL) {
			pat = star;
			text = ++from;
		} else {
			return 0;
		}
	}
	while (*pat == '*')
		pat++;
	return *pat == '\0';
}

char *
patterns_text(const struct patterns *p)
{
	struct buf b = { 0 };

	buf_adds(&b, "");
	for (size_t i = 0; i < p->n; i++)
		buf_addf(
		    &b, "%s%s.%s", i > 0 ? "," : "", p->v[i].db, p->v[i].coll);
	return b.ptr;
}

int
pattern_next(const char **at, char **db, char **coll)
{
	while (**at != '\0') {
		const char *p = *at;
		size_t n = strcspn(p, ","), dot = strcspn(p, ".,");

		*at += p[n] == ',' ? n + 1 : n;
		if (dot == n)
			continue; /* an entry without a dot is no name */
		*db = x_strndup(p, dot);
		*coll = x_strndup(p + dot + 1, n - dot - 1);
		return 1;
	}
	return 0;
}

int
patterns_match_list(const struct patterns *p, const char *list)
{
	const char *at = list == NULL ? "" : list;
	char *db, *coll;
	int yes = 0;

	while (pattern_next(&at, &db, &coll)) {
		yes |= patterns_match(p, db, coll);
		free(db);
		free(coll);
	}
	return yes;
}

static const char *
db_name(const char *db)
{
	return db == NULL || db[0] == '\0' ? DEFAULT_DB : db;
}

int
patterns_match(const struct patterns *p, const char *db, const char *coll)
{
	for (size_t i = 0; i < p->n; i++)
		if (pattern_glob(p->v[i].db, db_name(db)) &&
		    pattern_glob(p->v[i].coll, coll))
			return 1;
	return 0;
}

int
patterns_match_db(const struct patterns *p, const char *db)
{
	for (size_t i = 0; i < p->n; i++)
		if (pattern_glob(p->v[i].db, db_name(db)))
			return 1;
	return 0;
}

int
patterns_whole_db(const struct patterns *p, const char *db)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].coll, "*") == 0 &&
		    pattern_glob(p->v[i].db, db_name(db)))
			return 1;
	return 0;
}
