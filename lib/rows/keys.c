#include "rows/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "model/schema.h"
#include "model/types.h"
#include "rows/field.h"
#include "rows/wire.h"

void
keys_fini(struct keys *k)
{
	free(k->ints);
	free(k->strs);
	memset(k, 0, sizeof *k);
}

/* Only an empty set may change its kind. */
static int
set_kind(struct keys *k, int is_str)
{
	if (k->is_str == is_str)
		return 0;
	if (k->n > 0)
		return -1;
	keys_fini(k);
	k->is_str = is_str;
	return 0;
}

static void
room(struct keys *k, size_t more)
{
	size_t want;

	if (num_add(k->n, more, &want) == -1)
		abort(); /* they were in memory, so they fit */
	if (want <= k->cap)
		return;
	k->cap = want > k->cap * 2 ? want : k->cap * 2;
	if (k->is_str)
		k->strs = x_reallocarray(k->strs, k->cap, sizeof *k->strs);
	else
		k->ints = x_reallocarray(k->ints, k->cap, sizeof *k->ints);
}

/* A run of packed varints. */
static int
add_ints(struct keys *k, struct pbwalk at)
{
	ptrdiff_t n = pbwalk_count(at.p, (size_t)(at.end - at.p));
	uint64_t v;

	if (n == -1 || set_kind(k, 0) == -1)
		return -1;
	room(k, (size_t)n);
	while (pbwalk_varint(&at, &v) == 1)
		k->ints[k->n++] = (int64_t)v;
	return at.p == at.end ? 0 : -1;
}

/* StringArray: data 1. */
static int
add_strs(struct keys *k, struct pbwalk at)
{
	struct pbfield f;
	int rc;

	if (set_kind(k, 1) == -1)
		return -1;
	while ((rc = fdata_item(&at, &f)) == 1) {
		room(k, 1);
		k->strs[k->n].ptr = (const char *)f.ptr;
		k->strs[k->n++].len = f.len;
	}
	return rc;
}

/* LongArray: data 1, packed or not. */
static int
add_longs(struct keys *k, const struct pbfield *in)
{
	struct pbwalk r = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1)
		if (f.field == 1 &&
		    (f.wire == PB_BYTES || f.wire == PB_VARINT) &&
		    add_ints(k, pbwalk_init(f.ptr, f.len)) == -1)
			return -1;
	return rc;
}

/* schema.proto IDs: int_id 1, str_id 2. */
static int
add_ids(struct keys *k, const struct pbfield *in)
{
	struct pbwalk r = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.field == 1 && add_longs(k, &f) == -1)
			return -1;
		if (f.field == 2 &&
		    add_strs(k, pbwalk_init(f.ptr, f.len)) == -1)
			return -1;
	}
	return rc;
}

static int
count_is(const struct keys *k, uint64_t want, struct err *e)
{
	if (k->n == want)
		return 0;
	return err_set(e, ERR_DATA, "%zu keys, want %" PRIu64, k->n, want);
}

/* Keys of before 2.2 may stand beside the others in later versions. */
int
keys_of_delete(const void *p, size_t len, struct keys *k, struct err *e)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct keys old = { 0 };
	struct pbfield f;
	uint64_t rows = 0;
	int rc = 0, bad = 0;

	while (!bad && (rc = pbwalk_next(&r, &f)) == 1) {
		if (f.field == LOG_DELETE_ROWS && f.wire == PB_VARINT)
			rows = f.num;
		else if (f.field == LOG_DELETE_KEYS && f.wire == PB_BYTES)
			bad = add_ids(k, &f) == -1;
		else if (f.field == LOG_DELETE_INT64S &&
			 (f.wire == PB_BYTES || f.wire == PB_VARINT))
			bad = add_ints(&old, pbwalk_init(f.ptr, f.len)) == -1;
	}
	if (k->n == 0 && !bad && old.n > 0) {
		keys_fini(k);
		*k = old;
	} else {
		keys_fini(&old);
	}
	if (bad || rc == -1)
		return err_set(e, ERR_DATA, "delete: broken keys");
	return count_is(k, rows, e) == -1 ? err_wrap(e, "delete") : 0;
}

/* Take the keys out of a column that was checked before. */
static int
of_column(struct fdata *c, uint64_t rows, struct keys *k, struct err *e)
{
	if (c->valid != NULL && c->n_valid != rows)
		return err_set(e, ERR_DATA, "a primary key is null");
	if (c->type == TYPE_INT64 && add_ints(k, c->at) == 0)
		return 0;
	if (c->type == TYPE_VARCHAR && add_strs(k, c->at) == 0)
		return 0;
	return err_set(e, ERR_DATA, "type %d is no primary key's", c->type);
}

static int
is_pk(const struct fdata *c, const struct field *pk)
{
	if (c->dynamic)
		return 0;
	return c->id == pk->id ||
	       (c->name_len == strlen(pk->name) &&
		   memcmp(c->name, pk->name, c->name_len) == 0);
}

/* Bind the primary key's column to *c; 1, 0 if there is none, -1. */
static int
find_pk(const void *p, size_t len, const struct schema *s, struct fdata *c,
    uint64_t *rows, struct err *e)
{
	const struct field *pk = schema_pk(s);
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc, found = 0;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		struct fdata d = { 0 };

		if (f.field == LOG_INSERT_ROWS && f.wire == PB_VARINT)
			*rows = f.num;
		if (f.field != LOG_INSERT_FIELDS || f.wire != PB_BYTES || found)
			continue;
		if (fdata_parse(&d, f.ptr, f.len, e) == -1) {
			fdata_fini(&d);
			return -1;
		}
		if ((found = is_pk(&d, pk)))
			*c = d;
		else
			fdata_fini(&d);
	}
	if (rc == -1)
		return err_set(e, ERR_DATA, "broken protobuf");
	return found && fdata_bind(c, s, e) == -1 ? -1 : found;
}

int
keys_of_insert(const void *p, size_t len, const struct schema *s,
    struct keys *k, struct err *e)
{
	struct fdata c = { 0 };
	uint64_t rows = 0;
	int rc = -1, found;

	if (s == NULL || schema_pk(s) == NULL)
		return err_set(e, ERR_DATA, "insert: no primary key is known");
	found = find_pk(p, len, s, &c, &rows, e);
	if (found == 0)
		err_set(
		    e, ERR_DATA, "field '%s' is missing", schema_pk(s)->name);
	else if (found == 1 && fdata_check(&c, rows, e) == 0)
		rc = of_column(&c, rows, k, e);
	fdata_fini(&c);
	return rc == -1 ? err_wrap(e, "insert") : 0;
}

int
keys_append(struct keys *to, const struct keys *from, struct err *e)
{
	if (from->n == 0)
		return 0;
	if (set_kind(to, from->is_str) == -1)
		return err_set(e, ERR_DATA, "keys of two kinds");
	room(to, from->n);
	if (to->is_str)
		memcpy(
		    to->strs + to->n, from->strs, from->n * sizeof *to->strs);
	else
		memcpy(
		    to->ints + to->n, from->ints, from->n * sizeof *to->ints);
	to->n += from->n;
	return 0;
}

static int
by_int(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
by_str(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int rc = n == 0 ? 0 : memcmp(x->ptr, y->ptr, n);

	return rc != 0 ? rc : x->len < y->len ? -1 : x->len > y->len;
}

int
keys_same_set(const struct keys *a, const struct keys *b)
{
	size_t size = a->is_str ? sizeof *a->strs : sizeof *a->ints;
	int (*cmp)(const void *, const void *) = a->is_str ? by_str : by_int;
	char *x, *y;
	int same = 1;

	if (a->n != b->n)
		return 0;
	if (a->n == 0 || a->is_str != b->is_str)
		return a->n == 0;
	x = x_memdup(a->is_str ? (const void *)a->strs : a->ints, a->n * size);
	y = x_memdup(b->is_str ? (const void *)b->strs : b->ints, b->n * size);
	qsort(x, a->n, size, cmp);
	qsort(y, b->n, size, cmp);
	for (size_t i = 0; same && i < a->n; i++)
		same = cmp(x + i * size, y + i * size) == 0;
	free(x);
	free(y);
	return same;
}

void
keys_write(const struct keys *k, size_t from, size_t max_bytes, struct jsonw *w,
    size_t *next)
{
	size_t start = w->b->len, i;

	for (i = from; i < k->n; i++) {
		if (i > from && w->b->len - start > max_bytes)
			break;
		if (k->is_str)
			jw_bytes(w, NULL, k->strs[i].ptr, k->strs[i].len);
		else
			jw_i64s(w, NULL, k->ints[i]);
	}
	*next = i;
}
