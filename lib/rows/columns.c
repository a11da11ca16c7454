#include "rows/columns_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "codec/pb_write.h"

#define META "$meta"

static void
add_column(struct columns *c, const struct field *f)
{
	struct column *k = &c->v[c->n];

	k->name = f->name;
	k->name_len = strlen(f->name);
	k->type.info = type_info(f->type);
	k->type.elem = f->elem != 0 ? type_info(f->elem) : NULL;
	k->type.dim = field_dim(f);
	k->nullable = f->nullable;
	if (f->primary_key)
		c->pk = c->n;
	c->n++;
}

struct columns *
columns_new(const struct schema *s)
{
	struct columns *c = x_calloc(1, sizeof *c);

	c->schema = s;
	c->v = x_calloc(s->n + 1, sizeof *c->v);
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].function_output)
			add_column(c, &s->v[i]);
	if (s->dynamic) {
		struct column *k = &c->v[c->n++];

		k->name = META;
		k->name_len = strlen(META);
		k->type.info = type_info(TYPE_JSON);
		k->dynamic = 1;
	}
	c->pieces = x_calloc(2 * c->n + 1, sizeof *c->pieces);
	return c;
}

void
columns_free(struct columns *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		buf_fini(&c->v[i].data);
		buf_fini(&c->v[i].valid);
	}
	buf_fini(&c->scratch);
	buf_fini(&c->heads);
	free(c->pieces);
	free(c->v);
	free(c);
}

static int
named(const struct column *k, const struct jstr *key)
{
	return key->esc ? jr_is(key, k->name)
			: key->len == k->name_len &&
			      memcmp(key->ptr, k->name, key->len) == 0;
}

/*
 * The column of a key. Our own rows have their fields in the order of the
 * schema, so the next column is tried first.
 */
static struct column *
find(struct columns *c, const struct jstr *key, size_t *next)
{
	for (size_t i = 0; i < c->n; i++) {
		struct column *k = &c->v[*next];

		*next = *next + 1 == c->n ? 0 : *next + 1;
		if (named(k, key))
			return k;
	}
	return NULL;
}

static int
is_output(const struct columns *c, const struct jstr *key)
{
	for (size_t i = 0; i < c->schema->n; i++)
		if (c->schema->v[i].function_output &&
		    jr_is(key, c->schema->v[i].name))
			return 1;
	return 0;
}

static int
add_null(struct column *k, struct err *e)
{
	if (!k->nullable)
		return err_set(e, ERR_DATA,
		    "null, and the field is not "
		    "nullable at the target");
	buf_addc(&k->valid, 0);
	return 0;
}

static int
add_value(struct columns *c, struct column *k, struct jsonr *r, int json_inline,
    struct err *e)
{
	int json = k->type.info->type == TYPE_JSON && json_inline;

	if (jr_peek(r) == 'n' && (!json || k->nullable))
		return jr_lit(r, "null", e) == -1 ? -1 : add_null(k, e);
	if (colval_add(&k->type, r, json_inline, &k->data, &c->scratch, e) ==
	    -1)
		return -1;
	if (k->nullable)
		buf_addc(&k->valid, 1);
	return 0;
}

/* Fills the fields that the row did not have. */
static int
complete(struct columns *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		struct column *k = &c->v[i];

		if (k->row == c->rows)
			continue;
		if (k->dynamic)
			pbw_bytes(&k->data, 1, "{}", 2);
		else if (k->nullable)
			buf_addc(&k->valid, 0);
		else
			return err_set(e, ERR_DATA,
			    "field '%s' is missing in a row", k->name);
	}
	return 0;
}

static int
add_row(struct columns *c, struct jsonr *r, int json_inline, struct err *e)
{
	size_t next = 0;
	struct jstr key;
	int rc;

	if (jr_open(r, '{', e) == -1)
		return -1;
	while ((rc = jr_key(r, &key, e)) == 1) {
		struct column *k = find(c, &key, &next);

		if (k == NULL && is_output(c, &key)) {
			if (jr_skip(r, NULL, e) == -1)
				return -1;
			continue;
		}
		if (k == NULL)
			return err_set(e, ERR_DATA,
			    "field '%.*s' is not at the target",
			    (int)(key.len > 255 ? 255 : key.len), key.ptr);
		if (k->row == c->rows)
			return err_set(e, ERR_DATA,
			    "field '%s' stands twice in a row", k->name);
		k->row = c->rows;
		if (add_value(c, k, r, json_inline, e) == -1)
			return err_wrap(e, "field '%s'", k->name);
	}
	return rc == -1 ? -1 : complete(c, e);
}

int
columns_add(struct columns *c, struct jsonr *r, int json_inline, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].mark = c->v[i].data.len;
		c->v[i].valid_mark = c->v[i].valid.len;
	}
	c->rows++;
	if (add_row(c, r, json_inline, e) == 0)
		return 0;
	columns_undo(c);
	return -1;
}

void
columns_undo(struct columns *c)
{
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].data.len = c->v[i].mark;
		c->v[i].valid.len = c->v[i].valid_mark;
		c->v[i].row = 0;
	}
	c->rows--;
}

/*
 * The key that begins at `at` in its column's data; le has room for a number.
 */
static struct span
key_at(const struct columns *c, size_t at, uint8_t le[8])
{
	const struct column *k = &c->v[c->pk];
	const char *p = k->data.ptr + at;
	size_t n = colval_len(&k->type, p, 1);
	uint64_t v = 0;

	if (k->type.info->type == TYPE_VARCHAR) {
		size_t head = 1;

		while ((p[head++] & 0x80) != 0)
			continue;
		return (struct span){ p + head, n - head };
	}
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
	num_put_le64(le, v);
	return (struct span){ (const char *)le, 8 };
}

struct span
columns_key(const struct columns *c)
{
	static _Thread_local uint8_t le[8];

	return key_at(c, c->v[c->pk].mark, le);
}

size_t
columns_key_mark(const struct columns *c)
{
	return c->v[c->pk].mark;
}

int
columns_has_key(const struct columns *c, size_t mark, struct span key)
{
	uint8_t le[8];
	struct span s = key_at(c, mark, le);

	return s.len == key.len && memcmp(s.ptr, key.ptr, s.len) == 0;
}

void
columns_key_text(const struct columns *c, size_t row, struct buf *b)
{
	const struct column *k = &c->v[c->pk];
	uint8_t le[8];
	struct span s = key_at(c, colval_len(&k->type, k->data.ptr, row), le);

	if (k->type.info->type == TYPE_VARCHAR)
		jw_quote(b, s.ptr, s.len);
	else
		buf_addi64(b, (int64_t)num_le64(s.ptr));
}

size_t
columns_rows(const struct columns *c)
{
	return c->rows;
}

size_t
columns_bytes(const struct columns *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].data.len + c->v[i].valid.len;
	return n;
}

/* How many values the rows from..to have; a null has none. */
static size_t
values(const struct column *k, size_t from, size_t to)
{
	size_t n = to - from;

	for (size_t i = from; k->nullable && i < to; i++)
		n -= k->valid.ptr[i] == 0;
	return n;
}

/* The length of the values of rows from..to, which begin at p. */
static size_t
length(const struct column *k, const char *p, size_t from, size_t to)
{
	return colval_len(&k->type, p, values(k, from, to));
}

static void
drop_values(struct column *k, const size_t *rows, size_t n, size_t all)
{
	char *to = k->data.ptr, *at = to;
	size_t from = 0, len;

	for (size_t i = 0; i <= n; i++) {
		size_t until = i < n ? rows[i] : all;

		len = length(k, at, from, until);
		memmove(to, at, len);
		to += len;
		at += len;
		from = until + 1;
		if (i < n)
			at += length(k, at, until, from);
	}
	k->data.len = (size_t)(to - k->data.ptr);
}

static void
drop_valid(struct column *k, const size_t *rows, size_t n)
{
	size_t left = 0, i = 0;

	for (size_t row = 0; row < k->valid.len; row++)
		if (i < n && rows[i] == row)
			i++;
		else
			k->valid.ptr[left++] = k->valid.ptr[row];
	k->valid.len = left;
}

void
columns_drop(struct columns *c, const size_t *rows, size_t n)
{
	for (size_t i = 0; i < c->n; i++) {
		struct column *k = &c->v[i];

		if (k->data.len > 0)
			drop_values(k, rows, n, c->rows);
		drop_valid(k, rows, n);
		k->row = 0;
	}
	c->rows -= n;
}

static void
move_tail(struct buf *to, struct buf *from, size_t at)
{
	if (from->len > at)
		buf_add(to, from->ptr + at, from->len - at);
	from->len = at;
}

struct columns *
columns_split(struct columns *c, size_t at)
{
	struct columns *d = columns_new(c->schema);

	for (size_t i = 0; i < c->n; i++) {
		struct column *k = &c->v[i];

		move_tail(
		    &d->v[i].data, &k->data, length(k, k->data.ptr, 0, at));
		if (k->nullable)
			move_tail(&d->v[i].valid, &k->valid, at);
		k->row = 0;
	}
	d->rows = c->rows - at;
	c->rows = at;
	return d;
}
