#include "meta/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/pb_read.h"
#include "meta/keys.h"

struct vec {
	struct item **v;
	size_t n, cap;
};

struct metastore {
	const struct keys *keys;
	struct vec kind[ITEM_KINDS];
	uint64_t max_ts;
};

struct metastore *
metastore_new(const struct keys *keys)
{
	struct metastore *m = x_calloc(1, sizeof *m);

	m->keys = keys;
	return m;
}

static char no_name[] = ""; /* most have none */

static void
item_free(struct item *i)
{
	if (i->name != no_name)
		free(i->name);
	free(i->value);
	free(i);
}

void
metastore_free(struct metastore *m)
{
	if (m == NULL)
		return;
	for (size_t k = 0; k < ITEM_KINDS; k++) {
		for (size_t i = 0; i < m->kind[k].n; i++)
			item_free(m->kind[k].v[i]);
		free(m->kind[k].v);
	}
	free(m);
}

void
metastore_forget(struct metastore *m, enum item_kind kind, int keep)
{
	struct vec *v = &m->kind[kind];
	size_t left = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (keep && v->v[i]->kept)
			v->v[left++] = v->v[i];
		else
			item_free(v->v[i]);
	}
	v->n = left;
}

const struct keys *
metastore_keys(const struct metastore *m)
{
	return m->keys;
}

uint64_t
metastore_max_ts(const struct metastore *m)
{
	return m->max_ts;
}

/* The parts of a key. */
struct key_place {
	enum item_kind kind;
	int64_t a, b;
	const char *name;
	uint32_t stamp; /* key_family's */
};

static int
compare(const struct item *i, const struct key_place *p)
{
	if (i->a != p->a)
		return i->a < p->a ? -1 : 1;
	if (i->b != p->b)
		return i->b < p->b ? -1 : 1;
	return strcmp(i->name, p->name);
}

/* The index of the first item that is not below p. */
static size_t
lower_bound(const struct vec *v, const struct key_place *p)
{
	size_t lo = 0, hi = v->n;

	/* keys come sorted: most are new, and the last */
	if (v->n > 0 && compare(v->v[v->n - 1], p) < 0)
		return v->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(v->v[mid], p) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct item *
make(struct metastore *m, const struct key_place *p)
{
	struct vec *v = &m->kind[p->kind];
	size_t at = lower_bound(v, p);
	struct item *i;

	if (at < v->n && compare(v->v[at], p) == 0)
		return v->v[at];
	v->v = x_grow(v->v, v->n, &v->cap, sizeof *v->v);
	memmove(v->v + at + 1, v->v + at, (v->n - at) * sizeof *v->v);
	v->n++;
	i = v->v[at] = x_calloc(1, sizeof *i);
	i->kind = p->kind;
	i->a = p->a;
	i->b = p->b;
	i->name = p->name[0] == '\0' ? no_name : x_strdup(p->name);
	i->gone = 1;
	return i;
}

struct item *
metastore_make(struct metastore *m, enum item_kind kind, int64_t a, int64_t b,
    const char *name)
{
	struct key_place p = { kind, a, b, name, 0 };

	return make(m, &p);
}

struct item *
metastore_get(const struct metastore *m, enum item_kind kind, int64_t a,
    int64_t b, const char *name)
{
	struct key_place p = { kind, a, b, name, 0 };
	const struct vec *v = &m->kind[kind];
	size_t at = lower_bound(v, &p);

	return at < v->n && compare(v->v[at], &p) == 0 ? v->v[at] : NULL;
}

struct item *const *
metastore_all(const struct metastore *m, enum item_kind kind, size_t *n)
{
	*n = m->kind[kind].n;
	return m->kind[kind].v;
}

struct item *const *
metastore_from(
    const struct metastore *m, enum item_kind kind, int64_t a, size_t *n)
{
	struct key_place p = { kind, a, INT64_MIN, "", 0 };
	const struct vec *v = &m->kind[kind];
	size_t at = lower_bound(v, &p);

	*n = v->n - at;
	return *n == 0 ? NULL : v->v + at;
}

struct item *const *
metastore_of(
    const struct metastore *m, enum item_kind kind, int64_t a, size_t *n)
{
	struct key_place p = { kind, a, INT64_MIN, "", 0 };
	const struct vec *v = &m->kind[kind];
	size_t at = lower_bound(v, &p);

	for (*n = 0; at + *n < v->n && v->v[at + *n]->a == a; (*n)++)
		continue;
	return *n == 0 ? NULL : v->v + at;
}

struct item *const *
metastore_named(const struct metastore *m, enum item_kind kind,
    const char *prefix, size_t *n)
{
	struct key_place p = { kind, 0, 0, prefix, 0 };
	const struct vec *v = &m->kind[kind];
	size_t at = lower_bound(v, &p), len = strlen(prefix);

	for (*n = 0;
	     at + *n < v->n && strncmp(v->v[at + *n]->name, prefix, len) == 0;
	     (*n)++)
		continue;
	return *n == 0 ? NULL : v->v + at;
}

/*
 * Reads the parts of a key after its family's prefix. -1 if they have another
 * form.
 */
static int
take_apart(const char *s, const char *form, struct key_place *p)
{
	struct err e;

	for (; *form != '\0'; form++) {
		size_t n = strcspn(s, "/");
		int64_t *id = *form == 'A' ? &p->a : &p->b;

		if (*form == 'N') {
			p->name = s;
			return s[0] == '\0' ? -1 : 0;
		}
		if (num_i64n(s, n, 0, INT64_MAX, id, &e) == -1)
			return -1;
		s += n;
		if (*s == '/' && form[1] != '\0')
			s++;
	}
	return *s == '\0' ? 0 : -1;
}

static int
find_place(const struct metastore *m, const char *key, struct key_place *p)
{
	const struct key_family *f = m->keys->families;

	*p = (struct key_place){ .name = "" };
	for (; f->prefix != NULL; f++) {
		size_t n = strlen(f->prefix);

		if (strncmp(key, f->prefix, n) != 0)
			continue;
		p->kind = f->kind;
		p->stamp = f->stamp;
		return take_apart(key + n, f->form, p);
	}
	return -1;
}

/*
 * Cuts "_ts470613600127942659" off and sets *ts to its number. -1 if there is
 * none.
 */
static int
cut_ts(char *key, uint64_t *ts)
{
	char *p = NULL;
	struct err e;

	for (char *q = key; (q = strstr(q, "_ts")) != NULL; q++)
		p = q;
	if (p == NULL || num_u64(p + 3, 0, UINT64_MAX, ts, &e) == -1)
		return -1;
	*p = '\0';
	return 0;
}

/* suffix_snapshot.go: a deleted key holds these three bytes. */
static int
is_tombstone(const void *value, size_t len)
{
	return len == 3 && memcmp(value, "\xe2\x9b\xbc", 3) == 0;
}

/*
 * 1 if the value is neither a tombstone nor an object that is being dropped:
 * etcd_meta.proto, CollectionInfo.state is 13, PartitionInfo.state 5.
 */
static int
is_live(enum item_kind kind, const void *value, size_t len)
{
	struct pbwalk w = pbwalk_init(value, len);
	uint64_t state = STATE_CREATED;
	struct pbfield f;

	if (is_tombstone(value, len))
		return 0;
	if (kind != ITEM_COLL && kind != ITEM_PART)
		return 1;
	while (pbwalk_next(&w, &f) == 1)
		if (f.wire == PB_VARINT &&
		    f.field == (kind == ITEM_COLL ? 13 : 5))
			state = f.num;
	return state == STATE_CREATED || state == STATE_CREATING;
}

static void
set_value(struct item *i, const void *value, size_t len)
{
	free(i->value);
	i->value = x_memdup(value, len);
	i->len = len;
}

static void
set_ts(struct metastore *m, struct item *i, uint64_t ts)
{
	i->ts = ts;
	if (ts > m->max_ts)
		m->max_ts = ts;
}

/* The time in a value; 0 if it has none. */
static uint64_t
stamp_of(uint32_t field, const void *value, size_t len)
{
	struct pbwalk w = pbwalk_init(value, len);
	uint64_t ts = 0;
	struct pbfield f;

	while (pbwalk_next(&w, &f) == 1)
		if (f.wire == PB_VARINT && f.field == field)
			ts = f.num;
	return ts;
}

static struct item *
put_snapshot(
    struct metastore *m, const char *key, const void *value, size_t len)
{
	char *plain = x_strdup(key);
	struct item *i = NULL;
	struct key_place p;
	uint64_t ts;

	if (cut_ts(plain, &ts) == 0 && find_place(m, plain, &p) == 0)
		i = make(m, &p);
	free(plain);
	if (i == NULL || ts < i->ts)
		return i;
	set_ts(m, i, ts);
	if (is_live(i->kind, value, len))
		i->drop_ts = 0;
	else if (i->drop_ts == 0)
		i->drop_ts = ts;
	if (i->gone && !is_tombstone(value, len))
		set_value(i, value, len);
	return i;
}

static const char snapshots[] = "snapshots/";

void
metastore_saw(struct metastore *m, const char *key)
{
	char *plain = x_strdup(key);
	uint64_t ts;

	if (cut_ts(plain, &ts) == 0 && ts > m->max_ts)
		m->max_ts = ts;
	free(plain);
}

struct item *
metastore_put(
    struct metastore *m, const char *key, const void *value, size_t len)
{
	struct item *i;
	struct key_place p;

	if (strncmp(key, snapshots, sizeof snapshots - 1) == 0)
		return put_snapshot(m, key + sizeof snapshots - 1, value, len);
	if (find_place(m, key, &p) == -1)
		return NULL;
	i = make(m, &p);
	i->gone = is_tombstone(value, len);
	if (!i->gone)
		set_value(i, value, len);
	if (!i->gone && p.stamp != 0)
		set_ts(m, i, stamp_of(p.stamp, value, len));
	return i;
}

/* Items that stay in the store only while they are needed (fetch.c). */
static int
comes_and_goes(enum item_kind kind)
{
	return kind == ITEM_FIELD || kind == ITEM_STRUCT ||
	       kind == ITEM_FUNCTION;
}

struct item *
metastore_delete(struct metastore *m, const char *key)
{
	struct item *i;
	struct key_place p;

	if (find_place(m, key, &p) == -1)
		return NULL; /* also a snapshot: Milvus deletes old ones */
	i = comes_and_goes(p.kind) ? make(m, &p)
				   : metastore_get(m, p.kind, p.a, p.b, p.name);
	if (i != NULL)
		i->gone = 1;
	return i;
}
