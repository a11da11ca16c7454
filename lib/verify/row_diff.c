#include "verify/row_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"

enum { SHORT = 200 }; /* the most bytes of a value's text in a line */

void
vdiff_fini(struct vdiff *d)
{
	free(d->v);
	memset(d, 0, sizeof *d);
}

int
vdiff_prepare(struct vdiff *d, struct vpage *p, struct err *e)
{
	if (d->page == p)
		return 0;
	vdiff_fini(d);
	d->v = x_calloc(p->ncols * p->answered + 1, sizeof *d->v);
	d->page = p;
	for (size_t i = 0; i < p->ncols; i++) {
		if (fdata_check(&p->cols[i], p->answered, e) == -1)
			return -1;
		for (size_t k = 0; k < p->answered; k++)
			if (fdata_hash(&p->cols[i], k,
				&d->v[i * p->answered + k]) == -1)
				return err_set(e, ERR_DATA, "a broken value");
	}
	return 0;
}

/* The text of one value; reads the column from its beginning. */
static void
value_text(struct fdata *c, size_t n, size_t row, struct buf *b)
{
	const struct rows_opts opts = { .vectors = ROWS_BASE64 };
	struct jsonw w = { .b = b };
	struct hash h = { 0 };
	struct err e = { 0 };

	buf_clear(b);
	if (fdata_check(c, n, &e) == -1)
		return;
	for (size_t i = 0; i < row; i++)
		if (fdata_hash(c, i, &h) == -1)
			return;
	if (fdata_write(c, row, &opts, &w) == -1)
		buf_clear(b);
}

static void
values(struct jsonw *w, const char *key, const struct vfields *f,
    const struct vdiff *d, size_t row, const unsigned char *which)
{
	struct buf b = { 0 };

	jw_open(w, key, '{');
	for (size_t i = 0; i < f->n; i++) {
		if (!which[i])
			continue;
		value_text(&d->page->cols[i], d->page->answered, row, &b);
		if (b.len > 0 && b.len <= SHORT)
			jw_raw(w, f->v[i], b.ptr, b.len);
	}
	jw_close(w, '}');
	buf_fini(&b);
}

void
vdiff_fields(struct jsonw *w, const struct vfields *f, const struct vdiff d[2],
    size_t a, size_t b)
{
	unsigned char *which = x_calloc(f->n + 1, 1);

	jw_open(w, "fields", '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct hash *x = &d[0].v[i * d[0].page->answered + a];
		const struct hash *y = &d[1].v[i * d[1].page->answered + b];

		which[i] = !hash_equal(x, y);
		if (which[i])
			jw_str(w, NULL, f->v[i]);
	}
	jw_close(w, ']');
	values(w, "source", f, &d[0], a, which);
	values(w, "target", f, &d[1], b, which);
	free(which);
}
