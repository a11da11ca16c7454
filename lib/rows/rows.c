#include "rows/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "model/schema.h"
#include "model/types.h"
#include "rows/field.h"
#include "rows/wire.h"

enum { MAX_COLUMNS = 1024 }; /* Milvus: 64, proxy.maxFieldNum */

struct rows {
	struct rows_opts opts;
	size_t count, next;
	int lossy;
	/* this message's JSON values can be written inline, and are */
	int json;
	struct fdata *v;
	size_t n, cap;
};

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++)
		fdata_fini(&r->v[i]);
	free(r->v);
	free(r);
}

static struct fdata *
add(struct rows *r)
{
	r->v = x_grow(r->v, r->n, &r->cap, sizeof *r->v);
	memset(&r->v[r->n], 0, sizeof *r->v);
	return &r->v[r->n++];
}

/* 1 for fields 0 and 1, which Milvus may add and no client has. */
static int
is_system(const struct fdata *c)
{
	static const char *const name[] = { "RowID", "Timestamp" };

	return (c->id == 0 || c->id == 1) &&
	       strlen(name[c->id]) == c->name_len &&
	       memcmp(name[c->id], c->name, c->name_len) == 0;
}

static int
add_column(struct rows *r, const struct pbfield *f, const struct schema *s,
    struct err *e)
{
	struct fdata *c;

	if (r->n == MAX_COLUMNS)
		return err_set(
		    e, ERR_DATA, "more than %d columns", MAX_COLUMNS);
	c = add(r);
	if (fdata_parse(c, f->ptr, f->len, e) == -1)
		return -1;
	if (is_system(c)) {
		fdata_fini(c);
		r->n--;
		return 0;
	}
	if (r->opts.evolves && s != NULL && c->id > 0 && !c->dynamic &&
	    schema_by_id(s, c->id) == NULL && c->id != s->dynamic_id) {
		fdata_fini(c);
		r->n--;
		return 0;
	}
	return fdata_bind(c, s, e);
}

/* An InsertRequest of the log. */
static int
parse(struct rows *r, const void *p, size_t len, const struct schema *s,
    struct err *e)
{
	struct pbwalk walk = pbwalk_init(p, len);
	struct pbfield f;
	uint64_t rows = 0, times = 0;
	ptrdiff_t k;
	int rc;

	while ((rc = pbwalk_next(&walk, &f)) == 1) {
		if (f.field == LOG_INSERT_ROWS && f.wire == PB_VARINT) {
			rows = f.num;
		} else if (f.field == LOG_INSERT_TIMES) {
			if ((k = pbwalk_count(f.ptr, f.len)) == -1)
				break;
			times += (uint64_t)k;
		} else if (f.field == LOG_INSERT_FIELDS && f.wire == PB_BYTES &&
			   add_column(r, &f, s, e) == -1) {
			return -1;
		}
	}
	if (rc != 0)
		return err_set(e, ERR_DATA, "broken protobuf");
	if (rows != times)
		return err_set(e, ERR_DATA,
		    "%" PRIu64 " timestamps for %" PRIu64 " rows", times, rows);
	r->count = (size_t)rows;
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct fdata *c = a, *d = b;
	int x = c->dynamic * 2 + c->unknown, y = d->dynamic * 2 + d->unknown;

	if (x != y)
		return x - y;
	return c->id < d->id ? -1 : c->id > d->id;
}

static const struct fdata *
column_of(const struct rows *r, const struct field *f)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].unknown && !r->v[i].dynamic && r->v[i].id == f->id)
			return &r->v[i];
	return NULL;
}

/* Add the columns of the schema that the message lacks. */
static int
add_missing(struct rows *r, const struct schema *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->v[i];

		if (f->function_output || column_of(r, f) != NULL)
			continue;
		if (!f->nullable)
			return err_set(
			    e, ERR_DATA, "field '%s' is missing", f->name);
		fdata_bind_missing(add(r), f);
	}
	return 0;
}

static int
check_twice(const struct rows *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct fdata *c = &r->v[i], *d = &r->v[k];

			if (c->name_len == d->name_len &&
			    memcmp(c->name, d->name, c->name_len) == 0)
				return err_set(e, ERR_DATA,
				    "field '%.*s' twice", (int)c->name_len,
				    c->name);
		}
	return 0;
}

/* For --vectors=none: drops the columns of vectors. */
static void
drop_vectors(struct rows *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].info != NULL && r->v[i].info->is_vector) {
			fdata_fini(&r->v[i]);
			r->lossy = 1;
		} else {
			r->v[n++] = r->v[i];
		}
	}
	r->n = n;
}

static int
check(struct rows *r, struct err *e)
{
	r->json = r->opts.json_inline;
	for (size_t i = 0; i < r->n; i++) {
		struct fdata *c = &r->v[i];

		if (fdata_check(c, r->count, e) == -1)
			return -1;
		if (r->json && c->type == TYPE_JSON && !fdata_is_json(c))
			r->json = 0;
	}
	r->opts.json_inline = r->json;
	return 0;
}

struct rows *
rows_open(const void *p, size_t len, const struct schema *s,
    const struct rows_opts *opts, struct err *e)
{
	struct rows *r = x_calloc(1, sizeof *r);

	if (opts != NULL)
		r->opts = *opts;
	if (parse(r, p, len, s, e) == -1 ||
	    (s != NULL && add_missing(r, s, e) == -1) ||
	    check_twice(r, e) == -1 || check(r, e) == -1) {
		err_wrap(e, "insert");
		rows_free(r);
		return NULL;
	}
	if (r->n > 1)
		qsort(r->v, r->n, sizeof *r->v, by_place);
	if (r->opts.vectors == ROWS_NONE)
		drop_vectors(r);
	return r;
}

size_t
rows_count(const struct rows *r)
{
	return r->count;
}

int
rows_lossy(const struct rows *r)
{
	return r->lossy;
}

int
rows_inline(const struct rows *r)
{
	return r->json;
}

static int
write_row(struct rows *r, struct jsonw *w, struct err *e)
{
	jw_open(w, NULL, '{');
	for (size_t i = 0; i < r->n; i++) {
		struct fdata *c = &r->v[i];

		if (i > 0)
			buf_addc(w->b, ',');
		buf_add(w->b, c->key.ptr, c->key.len);
		w->comma = 0;
		if (fdata_write(c, r->next, &r->opts, w) == -1)
			return err_set(e, ERR_DATA,
			    "insert: field '%.*s': row %zu is broken",
			    (int)c->name_len, c->name, r->next);
	}
	jw_close(w, '}');
	return 0;
}

int
rows_write(
    struct rows *r, size_t max_bytes, struct jsonw *w, size_t *n, struct err *e)
{
	size_t start = w->b->len;

	for (*n = 0; r->next < r->count; r->next++, ++*n) {
		if (*n > 0 && w->b->len - start > max_bytes)
			return 1;
		if (write_row(r, w, e) == -1)
			return -1;
	}
	return 0;
}
