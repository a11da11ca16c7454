#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "verify/priv.h"

void
diff_open(struct verify *v, const char *kind, const char *db, const char *coll)
{
	buf_clear(&v->line);
	v->w = (struct jsonw){ .b = &v->line };
	jw_open(&v->w, NULL, '{');
	jw_str(&v->w, "kind", kind);
	jw_str(&v->w, "db", db);
	if (coll != NULL)
		jw_str(&v->w, "coll", coll);
}

void
diff_close(struct verify *v, const char *what)
{
	jw_str(&v->w, "diff", what);
	jw_close(&v->w, '}');
	if (v->hold != NULL) {
		textset_add(v->hold, v->line.ptr);
		return;
	}
	out_line(&v->out, &v->line);
	v->diffs++;
}

void
diff_row(struct verify *v, const struct pair *p, const char *part,
    const struct vkey *k)
{
	diff_open(v, "row", p->db, p->name);
	if (part != NULL)
		jw_str(&v->w, "part", part);
	vkey_json(&v->w, k);
}

void
diff_name(struct verify *v, const char *kind, const char *db, const char *coll,
    const char *key, const char *name, const char *what)
{
	diff_open(v, kind, db, coll);
	if (key != NULL)
		jw_str(&v->w, key, name);
	diff_close(v, what);
}

void
diff_texts(struct verify *v, const char *kind, const struct pair *p,
    const char *key, const struct textset *a, const struct textset *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!textset_has(b, a->v[i]))
			diff_name(
			    v, kind, p->db, p->name, key, a->v[i], "missing");
	for (size_t i = 0; i < b->n; i++)
		if (!textset_has(a, b->v[i]))
			diff_name(
			    v, kind, p->db, p->name, key, b->v[i], "extra");
}

void
diff_values(struct verify *v, const char *kind, const struct pair *p,
    const char *key, const char *name, const char *a, const char *b)
{
	if (a != NULL && b != NULL && strcmp(a, b) == 0)
		return;
	diff_open(v, kind, p->db, p->name);
	jw_str(&v->w, key, name);
	if (a != NULL)
		jw_str(&v->w, "source", a);
	if (b != NULL)
		jw_str(&v->w, "target", b);
	diff_close(v, a == NULL ? "extra" : b == NULL ? "missing" : "differs");
}

void
diff_skip(struct verify *v, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn("not compared: %s", text);
	v->skipped++;
}
