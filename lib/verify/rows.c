#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "milvus/feed.h"
#include "model/types.h"
#include "verify/priv.h"
#include "verify/row_diff.h"

/* The comparison of the rows of one partition, or of all. */
struct unit {
	struct verify *v;
	const struct pair *p;
	const char *part; /* NULL: all */
	const struct vfields *fields;
	struct vask ask[2];
	struct vfeed *feed[2];
	struct vpage *page[2];
	size_t at[2];         /* row of the page */
	struct vdiff diff[2]; /* to name the fields that differ in a page */
	uint64_t copies[2], doubtful[2];
	uint64_t unreadable;
	struct vcands cands; /* with --as-of */
};

/* Makes sure that side s has a page with a next row; 1, 0 at the end, -1. */
static int
fill(struct unit *u, int s, struct err *e)
{
	while (u->page[s] == NULL || u->at[s] == u->page[s]->n) {
		int rc;

		vdiff_fini(&u->diff[s]);
		vpage_free(u->page[s]);
		u->page[s] = NULL;
		u->at[s] = 0;
		verify_show(u->v);
		if ((rc = vfeed_next(u->feed[s], &u->page[s], e)) != 1)
			return rc;
	}
	return 1;
}

/* Both sides have the key, with different values. */
static int
differs(struct unit *u, struct err *e)
{
	const struct vrow *r[2];

	for (int s = SRC; s <= DST; s++) {
		r[s] = &u->page[s]->rows[u->at[s]];
		if (vdiff_prepare(&u->diff[s], u->page[s], e) == -1)
			return -1;
	}
	diff_row(u->v, u->p, u->part, &r[SRC]->key);
	vdiff_fields(&u->v->w, u->fields, u->diff, r[SRC]->at, r[DST]->at);
	diff_close(u->v, "differs");
	return out_flush(&u->v->out, e);
}

/* A row that differs, or that one side lacks (then cmp is not 0). */
static int
different(struct unit *u, int cmp, const struct vkey *k, struct err *e)
{
	if (u->v->conf->asof != VERIFY_STILL) {
		vcands_add(&u->cands, k);
		return u->cands.n < VCANDS_MAX
			   ? 0
			   : vcands_settle(u->v, u->p, u->ask, &u->cands, e);
	}
	if (cmp == 0)
		return differs(u, e);
	diff_row(u->v, u->p, u->part, k);
	diff_close(u->v, cmp < 0 ? "missing" : "extra");
	return 0;
}

/* Compares the next rows of both sides, or takes the one with the lower key. */
static int
step(struct unit *u, int have_src, int have_dst, struct err *e)
{
	const struct vrow *a =
	    have_src ? &u->page[SRC]->rows[u->at[SRC]] : NULL;
	const struct vrow *b =
	    have_dst ? &u->page[DST]->rows[u->at[DST]] : NULL;
	int cmp = a == NULL ? 1 : b == NULL ? -1 : vkey_cmp(&a->key, &b->key);
	int rc = 0;

	if (cmp != 0)
		rc = different(u, cmp, cmp < 0 ? &a->key : &b->key, e);
	else if (u->page[SRC]->unreadable || u->page[DST]->unreadable)
		u->unreadable++;
	else if (!hash_equal(&a->hash, &b->hash))
		rc = different(u, 0, &a->key, e);
	u->v->rows += cmp <= 0;
	u->at[SRC] += cmp <= 0;
	u->at[DST] += cmp >= 0;
	return rc;
}

/*
 * 1 if both sides are at the beginning of equal pages, so that no row needs to
 * be compared.
 */
static int
whole_page(struct unit *u)
{
	const struct vpage *a = u->page[SRC], *b = u->page[DST];

	if (u->at[SRC] != 0 || u->at[DST] != 0 || a->n != b->n ||
	    a->unreadable || b->unreadable || !hash_equal(&a->sum, &b->sum))
		return 0;
	u->v->rows += a->n;
	u->at[SRC] = u->at[DST] = a->n;
	return 1;
}

static int
merge(struct unit *u, struct err *e)
{
	for (;;) {
		int a = fill(u, SRC, e), b = a == -1 ? -1 : fill(u, DST, e);

		if (a == -1 || b == -1)
			return -1;
		if (a == 0 && b == 0)
			return 0;
		if (a == 1 && b == 1 && whole_page(u))
			continue;
		if (step(u, a == 1, b == 1, e) == -1)
			return -1;
	}
}

/*
 * Compares the counts of rows beyond one for each key. Applying leaves one row
 * for each key, so the target must not have more such rows than the source.
 */
static int
copies(struct unit *u, struct err *e)
{
	if (u->copies[DST] <= u->copies[SRC] ||
	    u->v->conf->asof != VERIFY_STILL)
		return 0;
	diff_open(u->v, "copies", u->p->db, u->p->name);
	if (u->part != NULL)
		jw_str(&u->v->w, "part", u->part);
	jw_u64s(&u->v->w, "source", u->copies[SRC]);
	jw_u64s(&u->v->w, "target", u->copies[DST]);
	diff_close(u->v, "differs");
	return out_flush(&u->v->out, e);
}

static void
notes(const struct unit *u)
{
	const struct pair *p = u->p;

	for (int s = SRC; s <= DST; s++)
		if (u->copies[s] > 0)
			log_warn("collection '%s.%s' has keys more than once "
				 "at the %s, %" PRIu64
				 " rows too many; one row "
				 "a key was compared",
			    p->db, p->name, u->v->side[s].name, u->copies[s]);
	for (int s = SRC; s <= DST; s++)
		if (u->doubtful[s] > 0)
			log_info("collection '%s.%s': of %" PRIu64
				 " pages at the %s rows and count(*) never "
				 "agreed",
			    p->db, p->name, u->doubtful[s], u->v->side[s].name);
	if (u->unreadable > 0)
		diff_skip(u->v,
		    "collection '%s.%s': the row of key %" PRId64
		    ", which this Milvus counts and does not answer",
		    p->db, p->name, INT64_MAX);
}

/* Compares all rows between two keys; NULL: no bound. */
static int
range(
    struct unit *u, const struct vkey *lo, const struct vkey *hi, struct err *e)
{
	int rc;

	for (int s = SRC; s <= DST; s++) {
		u->ask[s].lo = lo;
		u->ask[s].hi = hi;
		u->feed[s] = vfeed_start(&u->ask[s]);
	}
	rc = merge(u, e);
	for (int s = SRC; s <= DST; s++) {
		struct vcursor c = { 0 };

		vfeed_stop(u->feed[s], &c);
		u->v->bytes += c.bytes;
		u->copies[s] += c.copies;
		u->doubtful[s] += c.doubtful;
		vdiff_fini(&u->diff[s]);
		vpage_free(u->page[s]);
		u->page[s] = NULL;
		u->at[s] = 0;
		u->ask[s].lo = u->ask[s].hi = NULL;
	}
	return rc;
}

/*
 * Compares the numbers of rows, which is cheap, and writes a line if they
 * differ.
 */
static int
totals(struct unit *u, uint64_t n[2], struct err *e)
{
	struct buf b = { 0 };
	int rc = 0;

	vexpr_range(&b, u->ask[SRC].pk, NULL, NULL);
	for (int s = SRC; s <= DST && rc == 0; s++)
		rc = vask_count(&u->ask[s], b.ptr, &n[s], e);
	buf_fini(&b);
	if (rc == -1 || n[SRC] == n[DST] || u->v->conf->asof != VERIFY_STILL)
		return rc;
	diff_open(u->v, "count", u->p->db, u->p->name);
	if (u->part != NULL)
		jw_str(&u->v->w, "part", u->part);
	jw_u64s(&u->v->w, "source", n[SRC]);
	jw_u64s(&u->v->w, "target", n[DST]);
	diff_close(u->v, "differs");
	return 0;
}

/* Compares a few places that are chosen at random. */
static int
sample(struct unit *u, struct err *e)
{
	uint64_t n[2] = { 0 };
	int rc = totals(u, n, e);

	if (rc == 0 && n[SRC] / SAMPLE_ROWS < u->v->conf->sample)
		return range(u, NULL, NULL, e);
	for (size_t i = 0; i < u->v->conf->sample && rc == 0; i++) {
		struct vrange r = { 0 };
		uint64_t at = hash_mix(hash_mix(u->v->conf->seed) + i);

		rc = vrange_at(
		    &u->ask[SRC], at % (n[SRC] - SAMPLE_ROWS + 1), &r, e);
		if (rc == 0)
			rc = range(u, r.has_lo ? &r.lo : NULL,
			    r.has_hi ? &r.hi : NULL, e);
		vrange_fini(&r);
	}
	return rc;
}

static int
unit(struct verify *v, const struct pair *p, const char *part,
    const struct vfields *fields, struct err *e)
{
	struct unit u = { .v = v, .p = p, .part = part, .fields = fields };
	int rc = 0;

	for (int s = SRC; s <= DST && rc == 0; s++) {
		u.ask[s] = (struct vask){ .peer = &v->side[s],
			.db = p->dbs[s],
			.coll = p->names[s],
			.part = part,
			.schema = &p->coll[s]->schema,
			.pk = p->coll[s]->pk,
			.fields = fields,
			.read = v->conf->read,
			.page_max = v->conf->page,
			.moving = v->conf->asof != VERIFY_STILL };
		if (v->conf->read == READ_STRONG)
			rc = ask_timestamp(&v->side[s], &u.ask[s].ts, e);
	}
	if (rc == 0)
		rc = v->conf->sample > 0 ? sample(&u, e)
					 : range(&u, NULL, NULL, e);
	if (rc == 0)
		rc = vcands_settle(v, p, u.ask, &u.cands, e);
	vcands_fini(&u.cands);
	if (rc == 0)
		rc = copies(&u, e);
	if (rc == 0)
		notes(&u);
	return rc;
}

/* The fields that both sides have in the same form, of known types. */
static void
common(struct verify *v, const struct pair *p, struct vfields *f)
{
	const struct schema *a = &p->coll[SRC]->schema;
	const struct schema *b = &p->coll[DST]->schema;

	f->v = x_calloc(a->n + 1, sizeof *f->v);
	for (size_t i = 0; i < a->n; i++) {
		const struct field *x = &a->v[i];
		const struct field *y = schema_field(b, x->name);

		if (y == NULL || x->type != y->type || x->function_output ||
		    (x->type == TYPE_ARRAY && x->elem != y->elem))
			continue;
		if (type_info(x->type) == NULL) {
			diff_skip(v,
			    "collection '%s.%s': field '%s' of data type %d, "
			    "which this version does not know",
			    p->db, p->name, x->name, x->type);
			continue;
		}
		if (x->primary_key)
			f->pk = f->n;
		f->v[f->n++] = x->name;
	}
	if (a->dynamic && b->dynamic)
		f->v[f->n++] = "$meta";
}

static int
same_keys(const struct pair *p)
{
	const struct field *a = p->coll[SRC]->pk, *b = p->coll[DST]->pk;

	return a != NULL && b != NULL && strcmp(a->name, b->name) == 0 &&
	       a->type == b->type &&
	       (a->type == TYPE_INT64 || a->type == TYPE_VARCHAR);
}

static int
loaded(const struct vload *l, const char *part)
{
	return l->all || (l->any && textset_has(&l->parts, part));
}

/* Compares each partition that both sides have and have loaded. */
static int
by_partition(struct verify *v, const struct pair *p,
    const struct vfields *fields, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->parts[SRC].n && rc == 0; i++) {
		const char *part = p->parts[SRC].v[i];

		if (!textset_has(&p->parts[DST], part))
			continue;
		if (!loaded(&p->load[SRC], part) ||
		    !loaded(&p->load[DST], part)) {
			diff_skip(v,
			    "the rows of partition '%s.%s/%s', not loaded at "
			    "the %s (--load)",
			    p->db, p->name, part,
			    loaded(&p->load[SRC], part) ? "target" : "source");
			continue;
		}
		rc = unit(v, p, part, fields, e);
	}
	return rc;
}

/*
 * With a partition key each server chooses the partitions itself, so they are
 * not compared one by one.
 */
static int
compare(struct verify *v, const struct pair *p, const struct vfields *fields,
    struct err *e)
{
	int keyed = p->coll[SRC]->blank_part || p->coll[DST]->blank_part;
	int single = p->parts[SRC].n == 1 && p->parts[DST].n == 1;

	for (int s = SRC; s <= DST; s++)
		if (!p->load[s].any) {
			diff_skip(v,
			    "the rows of collection '%s.%s', not loaded at "
			    "the %s (--load)",
			    p->db, p->name, v->side[s].name);
			return 0;
		}
	if (p->load[SRC].all && p->load[DST].all && (keyed || single))
		return unit(v, p, NULL, fields, e);
	return by_partition(v, p, fields, e);
}

int
verify_rows(struct verify *v, struct pair *p, struct err *e)
{
	struct vfields fields = { 0 };
	struct vloading l[2] = { { 0 } };
	uint64_t before = v->rows;
	struct err f = { 0 };
	int rc = 0;

	if (!same_keys(p)) {
		diff_skip(v,
		    "the rows of collection '%s.%s', whose primary keys differ",
		    p->db, p->name);
		return 0;
	}
	common(v, p, &fields);
	if (v->conf->load)
		rc = verify_load(v, p, l, e);
	if (rc == 0)
		rc = compare(v, p, &fields, e);
	if (v->conf->load && verify_unload(v, p, l, &f) == -1 && rc != -1) {
		*e = f;
		rc = -1;
	}
	vloading_fini(&l[SRC]);
	vloading_fini(&l[DST]);
	free(fields.v);
	/*
	 * a refusal that trying again does not change; go on with other
	 * collections
	 */
	if (rc == -1 && e->kind == ERR_DATA) {
		diff_skip(v, "rows of collection '%s.%s': %s", p->db, p->name,
		    e->msg);
		err_clear(e);
		rc = 0;
	}
	log_info("collection '%s.%s': %" PRIu64 " rows", p->db, p->name,
	    v->rows - before);
	return rc;
}
