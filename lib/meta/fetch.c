#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/pb_read.h"
#include "meta/keys.h"
#include "meta/priv.h"

/*
 * A large Milvus has hundreds of thousands of fields. They are read when a line
 * needs them, and forgotten after it: at the start for many collections that
 * follow each other, later for the one that has changed. All reads of a
 * catalogue are of one revision, those of a change are of its revision.
 */
enum {
	WINDOW = 256,     /* collections of one read at the start */
	NARROW_MAX = 100, /* more that are wanted are not read one by one */
};

/* What is read when a line needs it. */
static const enum item_kind fetched[] = { ITEM_FIELD, ITEM_STRUCT,
	ITEM_FUNCTION };
enum { FETCHED = sizeof fetched / sizeof *fetched };

static int
on_kv(void *arg, const struct etcd_kv *kv, struct err *e)
{
	(void)e;
	meta_witness_note(arg, kv);
	meta_apply(arg, kv);
	return 0;
}

static int
on_key(void *arg, const struct etcd_kv *kv, struct err *e)
{
	struct meta *m = arg;

	(void)e;
	metastore_saw(m->store, kv->key);
	return 0;
}

static int
scan(struct meta *m, struct etcd_range *r, int64_t *rev, struct err *e)
{
	int64_t asked = *rev;
	int rc = etcd_scan_range(
	    m->etcd, r, rev, r->keys_only ? on_key : on_kv, m, e);

	if (rc == -1 && asked != 0)
		err_wrap(e, "revision %" PRId64, asked);
	return rc;
}

/* All keys of a folder, or those of collections a to b, and its snapshots. */
static int
read_folder(struct meta *m, const struct key_scan *s, int64_t a, int64_t b,
    int64_t *rev, struct err *e)
{
	static const char *const tops[] = { "", "snapshots/" };
	int rc = 0;

	for (int i = 0; i < (s->snapshots ? 2 : 1) && rc == 0; i++) {
		char *from = x_asprintf("%s/%s%s", m->base, tops[i], s->prefix);
		char *end = NULL, *first = NULL;
		struct etcd_range r = { .from = from };

		if (a == 0) {
			r.end = end = etcd_prefix_end(from);
		} else {
			r.from = first = x_asprintf("%s%" PRId64, from, a);
			r.end = end = x_asprintf("%s%" PRId64 "0", from, b);
		}
		rc = scan(m, &r, rev, e);
		free(from);
		free(first);
		free(end);
	}
	return rc;
}

static int
is_asked_for(const struct meta *m, const struct key_scan *s)
{
	unsigned kinds = m->conf->kinds;

	return s->kind == META_KINDS || kinds == 0 ||
	       (kinds & 1u << s->kind) != 0;
}

int
meta_fetch_all(struct meta *m, enum key_use use, struct err *e)
{
	const struct key_scan *s = metastore_keys(m->store)->scans;
	int rc = 0;

	for (; s->prefix != NULL && rc == 0; s++)
		if (s->use == use && is_asked_for(m, s))
			rc = read_folder(m, s, 0, 0, &m->rev, e);
	return rc;
}

/*
 * Of partitions that are not read, the timestamps count all the same: `ready`
 * says which is the newest.
 */
static int
note_snapshots(struct meta *m, const struct key_scan *s, struct err *e)
{
	char *from = x_asprintf("%s/snapshots/%s", m->base, s->prefix);
	char *end = etcd_prefix_end(from);
	struct etcd_range r = { .from = from, .end = end, .keys_only = 1 };
	int rc = scan(m, &r, &m->rev, e);

	free(from);
	free(end);
	return rc;
}

static int
read_of_coll(struct meta *m, int64_t coll, int64_t rev, struct err *e)
{
	const struct key_scan *s = metastore_keys(m->store)->scans;
	int rc = 0;

	for (; s->prefix != NULL && rc == 0; s++)
		if (s->use == KEYS_OF_COLL && is_asked_for(m, s))
			rc = read_folder(m, s, coll, coll, &rev, e);
	return rc;
}

int
meta_fetch_parts(struct meta *m, struct item *head, int64_t rev, struct err *e)
{
	if (!m->narrow || head->whole)
		return 0;
	head->whole = 1;
	return read_of_coll(m, head->a, rev, e);
}

int
meta_fetch_wanted(struct meta *m, struct err *e)
{
	const struct key_scan *s = metastore_keys(m->store)->scans;
	size_t n, wanted = 0;
	struct item *const *v = metastore_all(m->store, ITEM_HEAD, &n);
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		wanted += meta_wants(m, v[i]->a);
	m->narrow = m->conf->patterns.n > 0 && wanted <= NARROW_MAX;
	if (!m->narrow)
		return meta_fetch_all(m, KEYS_OF_COLL, e);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (meta_wants(m, v[i]->a))
			rc = meta_fetch_parts(m, v[i], m->rev, e);
	for (; s->prefix != NULL && rc == 0; s++)
		if (s->use == KEYS_OF_COLL && s->snapshots)
			rc = note_snapshots(m, s, e);
	return rc;
}

static int
digits(int64_t id)
{
	int n = 1;

	while ((id /= 10) != 0)
		n++;
	return n;
}

/* The last of the collections that are read together with this one. */
static int64_t
window_end(const struct meta *m, const struct item *head)
{
	size_t n, i = 0;
	struct item *const *v = metastore_all(m->store, ITEM_HEAD, &n);
	size_t hi = n;
	int64_t last = head->a;

	while (m->bulk && i < hi) { /* its place */
		size_t mid = i + (hi - i) / 2;

		if (v[mid]->a <= head->a)
			i = mid + 1;
		else
			hi = mid;
	}
	for (size_t k = 1; m->bulk && k < WINDOW && i < n; k++, i++) {
		if (digits(v[i]->a) != digits(head->a) ||
		    !meta_wants(m, v[i]->a))
			break;
		last = v[i]->a;
	}
	return last;
}

/* IndexInfo.fieldID 2 of FieldIndex.index_info 1. */
static int64_t
field_of_index(const struct item *x)
{
	struct pbwalk w = pbwalk_init(x->value, x->len), in;
	struct pbfield f;
	int64_t field = 0;

	while (x->value != NULL && pbwalk_next(&w, &f) == 1) {
		if (f.field != 1 || f.wire != PB_BYTES)
			continue;
		in = pbwalk_init(f.ptr, f.len);
		while (pbwalk_next(&in, &f) == 1)
			if (f.field == 2 && f.wire == PB_VARINT)
				field = (int64_t)f.num;
	}
	return field;
}

/* Fields that have an index: its line, which comes later, has their names. */
static void
keep_indexed(struct meta *m)
{
	size_t n;
	struct item *const *v =
	    metastore_from(m->store, ITEM_INDEX, m->first, &n);
	struct item *f;

	for (size_t i = 0; i < n && v[i]->a <= m->last; i++)
		if ((f = metastore_get(m->store, ITEM_FIELD, v[i]->a,
			 field_of_index(v[i]), "")) != NULL)
			f->kept = 1;
}

void
meta_fetch_forget(struct meta *m)
{
	if (m->etcd == NULL)
		return;
	for (size_t i = 0; i < FETCHED; i++)
		metastore_forget(m->store, fetched[i], 0);
	m->first = m->last = 0;
}

int
meta_fetch_fields(
    struct meta *m, const struct item *head, int64_t rev, struct err *e)
{
	const struct key_scan *s = metastore_keys(m->store)->scans;
	int rc = 0;

	if (m->etcd == NULL ||
	    (m->bulk && m->first <= head->a && head->a <= m->last))
		return 0;
	for (size_t i = 0; i < FETCHED; i++)
		metastore_forget(m->store, fetched[i], m->bulk);
	m->first = head->a;
	m->last = window_end(m, head);
	for (; s->prefix != NULL && rc == 0; s++)
		if (s->use == KEYS_FETCHED)
			rc = read_folder(m, s, m->first, m->last, &rev, e);
	if (m->bulk)
		keep_indexed(m);
	return rc;
}
