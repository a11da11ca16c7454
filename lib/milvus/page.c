#include "milvus/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"

enum { FIELDS_DATA = 2 }; /* of QueryResults */

#define GREATEST "9223372036854775807"

int
vkey_cmp(const struct vkey *a, const struct vkey *b)
{
	size_t n = a->text.len < b->text.len ? a->text.len : b->text.len;
	int rc;

	if (!a->is_text)
		return a->num < b->num ? -1 : a->num > b->num;
	rc = n == 0 ? 0 : memcmp(a->text.ptr, b->text.ptr, n);
	if (rc != 0)
		return rc;
	return a->text.len < b->text.len ? -1 : a->text.len > b->text.len;
}

void
vkey_json(struct jsonw *w, const struct vkey *k)
{
	if (k->is_text)
		jw_bytes(w, "key", k->text.ptr, k->text.len);
	else
		jw_i64s(w, "key", k->num);
}

static void
add_key(struct buf *b, const struct vkey *k)
{
	if (k->is_text)
		jw_quote(b, k->text.ptr, k->text.len);
	else
		buf_addi64(b, k->num);
}

void
vexpr_range(struct buf *b, const struct field *pk, const struct vkey *lo,
    const struct vkey *hi)
{
	int text = pk->type == TYPE_VARCHAR;

	buf_addf(b, "%s %s", pk->name, text ? ">= \"\"" : "< " GREATEST);
	if (lo != NULL) {
		buf_addf(b, " and %s ", pk->name);
		if (!text && lo->num == INT64_MIN) {
			buf_addf(b, ">= %" PRId64, lo->num + 1);
		} else {
			buf_adds(b, "> ");
			add_key(b, lo);
		}
	}
	if (hi != NULL) {
		buf_addf(b, " and %s ", pk->name);
		if (!text && hi->num == INT64_MIN) {
			buf_addf(b, "< %" PRId64, hi->num + 1);
		} else {
			buf_adds(b, "<= ");
			add_key(b, hi);
		}
	}
}

void
vexpr_greatest(struct buf *b, const struct field *pk)
{
	buf_addf(b, "%s == " GREATEST, pk->name);
}

void
vexpr_in(struct buf *b, const struct field *pk, const struct vkey *first,
    size_t n, size_t stride)
{
	const char *at = (const char *)first;
	int least = 0, some = 0;

	buf_addf(b, "%s in [", pk->name);
	for (size_t i = 0; i < n; i++, at += stride) {
		const struct vkey *k = (const void *)at;

		if (!k->is_text && k->num == INT64_MIN) {
			least = 1;
			continue;
		}
		if (some++)
			buf_addc(b, ',');
		add_key(b, k);
	}
	buf_addc(b, ']');
	if (least)
		buf_addf(b, " or %s < %" PRId64, pk->name, INT64_MIN + 1);
}

const struct vrow *
vpage_find(const struct vpage *p, const struct vkey *k)
{
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = vkey_cmp(&p->rows[mid].key, k);

		if (cmp == 0)
			return &p->rows[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void
vpage_free(struct vpage *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->ncols; i++)
		fdata_fini(&p->cols[i]);
	free(p->cols);
	free(p->rows);
	buf_fini(&p->raw);
	free(p);
}

/*
 * Takes one FieldData of the answer as its column; ignores fields not asked
 * for.
 */
static int
take_column(struct vpage *p, const struct pbfield *f, const struct schema *s,
    const struct vfields *fields, struct err *e)
{
	struct fdata c = { 0 };
	int rc = fdata_parse(&c, f->ptr, f->len, e);

	if (rc == 0)
		rc = fdata_bind(&c, s, e);
	for (size_t i = 0; rc == 0 && i < fields->n; i++)
		if (strlen(fields->v[i]) == c.name_len &&
		    memcmp(fields->v[i], c.name, c.name_len) == 0 &&
		    p->cols[i].name == NULL) {
			p->cols[i] = c;
			memset(&c, 0, sizeof c);
			break;
		}
	fdata_fini(&c);
	return rc;
}

static int
columns(struct vpage *p, const struct schema *s, const struct vfields *fields,
    struct err *e)
{
	struct pbwalk r = pbwalk_init(p->raw.ptr, p->raw.len);
	struct pbfield f;
	int rc;

	p->ncols = fields->n;
	p->cols = x_calloc(fields->n + 1, sizeof *p->cols);
	while ((rc = pbwalk_next(&r, &f)) == 1)
		if (f.field == FIELDS_DATA && f.wire == PB_BYTES &&
		    take_column(p, &f, s, fields, e) == -1)
			return -1;
	return rc == -1 ? err_set(e, ERR_DATA, "a broken answer to a query")
			: 0;
}

/* The keys, in the answer's order. */
static int
keys(struct vpage *p, struct fdata *pk, struct err *e)
{
	struct pbwalk at;
	struct pbfield f;
	uint64_t v;
	int rc = 0;

	if (fdata_check(pk, p->n, e) == -1)
		return -1;
	at = pk->at;
	p->rows = x_calloc(p->n + 1, sizeof *p->rows);
	for (size_t i = 0; i < p->n; i++) {
		struct vrow *r = &p->rows[i];

		r->at = i;
		r->key.is_text = pk->type == TYPE_VARCHAR;
		if (r->key.is_text) {
			if ((rc = fdata_item(&at, &f)) != 1)
				break;
			r->key.text =
			    (struct span){ (const char *)f.ptr, f.len };
		} else {
			if ((rc = pbwalk_varint(&at, &v)) != 1)
				break;
			r->key.num = (int64_t)v;
		}
		rc = 0;
	}
	return rc == 0 ? 0 : err_set(e, ERR_DATA, "broken keys in an answer");
}

static int
hashes(struct vpage *p, const struct vfields *fields, struct err *e)
{
	for (size_t i = 0; i < p->ncols; i++) {
		struct fdata *c = &p->cols[i];

		if (c->name == NULL)
			return err_set(e, ERR_DATA,
			    "field '%s' is not in the answer to a query",
			    fields->v[i]);
		if (fdata_check(c, p->n, e) == -1)
			return -1;
		for (size_t k = 0; k < p->n; k++)
			if (fdata_hash(c, k, &p->rows[k].hash) == -1)
				return err_set(e, ERR_DATA,
				    "field '%s': a broken value in an answer",
				    fields->v[i]);
	}
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct vrow *x = a, *y = b;

	return vkey_cmp(&x->key, &y->key);
}

static void
sort(struct vpage *p)
{
	size_t n = 0, i;

	for (i = 1; i < p->n; i++)
		if (vkey_cmp(&p->rows[i - 1].key, &p->rows[i].key) >= 0)
			break;
	if (i < p->n)
		qsort(p->rows, p->n, sizeof *p->rows, by_key);
	for (i = 0; i < p->n; i++)
		if (n == 0 ||
		    vkey_cmp(&p->rows[n - 1].key, &p->rows[i].key) != 0)
			p->rows[n++] = p->rows[i];
	p->n = n;
	for (i = 0; i < n; i++) {
		const struct vkey *k = &p->rows[i].key;

		if (k->is_text)
			hash_bytes(&p->sum, k->text.ptr, k->text.len);
		else
			hash_num(&p->sum, (uint64_t)k->num);
		hash_num(&p->sum, p->rows[i].hash.a);
		hash_num(&p->sum, p->rows[i].hash.b);
	}
}

int
vpage_read(struct vpage *p, const struct schema *s,
    const struct vfields *fields, struct err *e)
{
	struct fdata *pk;
	ptrdiff_t n;

	if (columns(p, s, fields, e) == -1)
		return -1;
	pk = &p->cols[fields->pk];
	if (pk->name == NULL)
		return 0; /* the answer has no rows */
	if ((n = fdata_count(pk)) == -1)
		return err_set(e, ERR_DATA, "broken keys in an answer");
	p->n = p->answered = (size_t)n;
	if (n == 0)
		return 0;
	return keys(p, pk, e) == -1 ? -1 : hashes(p, fields, e);
}

int
vpage_parse(struct vpage *p, const struct schema *s,
    const struct vfields *fields, struct err *e)
{
	if (vpage_read(p, s, fields, e) == -1)
		return -1;
	sort(p);
	return 0;
}
