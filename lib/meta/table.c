#include "meta/table.h"

#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/out.h"
#include "base/text.h"
#include "meta/meta.h"
#include "model/tso.h"

enum { COLUMNS = 5 };
static const size_t widths[COLUMNS] = { 10, 8, 24, 18, 31 };

static void
add_cells(struct buf *b, const char *const cells[static COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++)
		text_cell(b, cells[i], widths[i]);
}

/* A member as text, "" if it is not there. */
static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static void
add_time(struct buf *b, const char *ts)
{
	struct err e;
	uint64_t v;

	if (num_u64(ts, 1, UINT64_MAX, &v, &e) == 0)
		tso_add_time(b, v);
}

static void
add_object(struct buf *b, const json_t *o)
{
	union {
		const json_t *from;
		json_t *to;
		/* jansson iterates only over an object that is not const */
	} u = { o };
	const char *key;
	json_t *v;

	json_object_foreach(u.to, key, v)
	{
		if (json_is_string(v))
			buf_addf(b, " %s=%s", key, json_string_value(v));
		else if (json_is_integer(v))
			buf_addf(b, " %s=%" JSON_INTEGER_FORMAT, key,
			    json_integer_value(v));
	}
}

static void
add_fields(struct buf *b, const json_t *schema)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(schema, "fields"), i, f)
	{
		const char *dim = text(json_object_get(f, "params"), "dim");

		buf_addf(b, "%s%s:%s", i == 0 ? " " : ",", text(f, "name"),
		    text(f, "type"));
		if (dim[0] != '\0')
			buf_addf(b, "(%s)", dim);
		if (json_is_true(json_object_get(f, "primary_key")))
			buf_addc(b, '*');
	}
	if (json_is_true(json_object_get(schema, "dynamic")))
		buf_adds(b, ",$meta");
}

static void
add_names(struct buf *b, const char *what, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		buf_addf(b, "%s%s", i == 0 ? what : ",",
		    json_is_string(v) ? json_string_value(v)
				      : text(v, "privilege"));
	}
}

static void
add_detail(struct buf *b, const json_t *o, const char *kind, const char *coll)
{
	const json_t *v;

	if ((v = json_object_get(o, "shards")) != NULL)
		buf_addf(b, " shards=%" JSON_INTEGER_FORMAT " %s",
		    json_integer_value(v), text(o, "consistency"));
	add_fields(b, json_object_get(o, "schema"));
	if (text(o, "field")[0] != '\0')
		buf_addf(b, " field=%s", text(o, "field"));
	if ((v = json_object_get(o, "replicas")) != NULL)
		buf_addf(b, " %s replicas=%" JSON_INTEGER_FORMAT,
		    text(o, "type"), json_integer_value(v));
	if ((v = json_object_get(o, "offset")) != NULL)
		buf_addf(
		    b, " offset=%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if ((v = json_object_get(o, "rows")) != NULL)
		buf_addf(
		    b, " rows=%" JSON_INTEGER_FORMAT, json_integer_value(v));
	add_names(b, " files=", json_object_get(o, "files"));
	if (strcmp(kind, "alias") == 0)
		buf_addf(b, " -> %s", coll);
	add_names(b, " roles=", json_object_get(o, "roles"));
	add_names(b, " grants=", json_object_get(o, "grants"));
	add_names(b, " partitions=", json_object_get(o, "partitions"));
	add_object(b, json_object_get(o, "params"));
	add_object(b, json_object_get(o, "properties"));
}

/*
 * The name: db.coll, and behind it the object's own name if it belongs to a
 * collection.
 */
static void
add_name(struct buf *b, const json_t *o, const char *kind, const char *coll)
{
	const char *name = text(o, "name");

	if (strcmp(kind, "collection") == 0 || strcmp(kind, "load") == 0 ||
	    strcmp(kind, "import") == 0)
		buf_adds(b, coll);
	else if (strcmp(kind, "alias") == 0)
		buf_addf(b, "%s.%s", text(o, "db"), name);
	else if (strcmp(kind, "checkpoint") == 0)
		buf_adds(b, text(o, "vchannel"));
	else if (text(o, "coll_id")[0] != '\0')
		buf_addf(b, "%s/%s", coll, name);
	else
		buf_adds(b, name);
}

static void
add_row(struct buf *b, const struct meta_view *view)
{
	json_t *o = json_loads(view->line, 0, NULL);
	struct buf time = { 0 }, name = { 0 }, coll = { 0 };
	const char *kind = text(o, "kind");

	buf_addf(&coll, "%s.%s", view->coll.db, view->coll.coll);
	buf_adds(&time, "");
	buf_adds(&name, "");
	add_time(&time, text(o, text(o, "ts")[0] != '\0' ? "ts" : "create_ts"));
	add_name(&name, o, kind, coll.ptr);
	add_cells(b, (const char *const[]){ kind, text(o, "state"), time.ptr,
			 text(o, text(o, "id")[0] != '\0' ? "id" : "coll_id"),
			 name.ptr });
	add_detail(b, o, kind, coll.ptr);
	while (b->ptr[b->len - 1] == ' ')
		b->len--;
	buf_fini(&time);
	buf_fini(&name);
	buf_fini(&coll);
	json_decref(o);
}

struct plain {
	struct out *out;
	int all;
	struct buf line;
};

static int
write_row(void *arg, const struct meta_view *view, struct err *e)
{
	struct plain *p = arg;

	(void)e;
	if (!view->live && !p->all)
		return 0;
	buf_clear(&p->line);
	add_row(&p->line, view);
	out_text(p->out, &p->line);
	return 0;
}

int
metaplain_write(struct meta *m, struct out *o, int all, struct err *e)
{
	struct plain p = { .out = o, .all = all };
	int rc;

	add_cells(&p.line,
	    (const char *const[]){ "KIND", "STATE", "CHANGED", "ID", "NAME" });
	buf_adds(&p.line, " DETAIL");
	out_line(o, &p.line);
	rc = meta_each(m, write_row, &p, e);
	buf_fini(&p.line);
	return rc == -1 ? -1 : out_flush(o, e);
}
