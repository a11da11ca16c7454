#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "meta/keys.h"
#include "meta/priv.h"
#include "model/mq_id.h"

/*
 * What a line says, as a number: the members, and whether the object is gone,
 * which stands in "event". Never 0, which means "not sent".
 */
static uint64_t
hash(const struct buf *members, int state)
{
	uint64_t h = hash_key(
	    state == STATE_DROPPED ? 1 : 0, members->ptr, members->len);

	return h == 0 ? 1 : h;
}

/*
 * The number by which lines of a kind are sorted; then they are sorted by name.
 */
static int64_t
id_of(enum meta_kind kind, const struct item *i)
{
	return kind == META_PARTITION || kind == META_INDEX ? i->b : i->a;
}

static int
in_order(const void *a, const void *b)
{
	const struct meta_change *x = a, *y = b;
	int64_t i = id_of(x->kind, x->head), j = id_of(y->kind, y->head);

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (i != j)
		return i < j ? -1 : 1;
	return strcmp(x->head->name, y->head->name);
}

/*
 * 1 if the patterns include the object, or if it was written before: then it is
 * followed to its drop.
 */
static int
selected(const struct meta *m, const struct meta_change *c,
    const struct meta_about *about)
{
	const struct patterns *p = &m->conf->patterns;
	struct meta_name name;

	if (p->n == 0 || c->head->sent != 0)
		return 1;
	if (c->kind == META_PCHANNEL)
		return 1; /* their logs tell changes of all collections */
	if (c->kind == META_USER || c->kind == META_ROLE ||
	    c->kind == META_GROUP)
		return m->conf->kinds != 0; /* only if --kinds names them */
	if (c->kind == META_DATABASE) {
		meta_db_name(m->store, c->head->a, name.db);
		return patterns_match_db(p, name.db);
	}
	meta_coll_name(m->store, about->coll, &name);
	return patterns_match(p, name.db, name.coll);
}

static int
has_kind(const struct meta *m, enum meta_kind kind)
{
	return m->conf->kinds == 0 ||
	       (m->conf->kinds & ~m->hidden & 1u << kind) != 0;
}

/* The head of these begins with the id of their collection. */
static int
is_of_coll(enum meta_kind kind)
{
	return kind >= META_COLLECTION && kind <= META_LOAD;
}

/* Reads what the line needs and the store does not hold. */
static int
prepare(struct meta *m, const struct meta_change *c, int64_t rev, struct err *e)
{
	/* at the start, those of indexes were kept (fetch.c) */
	if (c->kind == META_COLLECTION || (c->kind == META_INDEX && !m->bulk))
		return meta_fetch_fields(m, c->head, rev, e);
	return 0;
}

/*
 * Writes the object's members to m->body. 1 if the object has a line, 0, or -1.
 */
static int
render(struct meta *m, const struct meta_change *c, int64_t rev,
    struct meta_about *about, struct err *e)
{
	if (!has_kind(m, c->kind))
		return 0;
	if (is_of_coll(c->kind) && c->head->sent == 0 &&
	    !meta_wants(m, c->head->a))
		return 0;
	if (prepare(m, c, rev, e) == -1)
		return -1;
	buf_clear(&m->body);
	if (meta_line(m->store, c->kind, c->head, &m->body, about, e) == -1)
		return -1;
	/* protobuf allows no other text */
	if (!utf8_is(m->body.ptr, m->body.len))
		return err_set(e, ERR_DATA,
		    "etcd: %s %" PRId64 " '%s': a text that is not UTF-8",
		    meta_kind_name(c->kind), id_of(c->kind, c->head),
		    c->head->name);
	return about->exists && selected(m, c, about);
}

/* {"kind":"…",["rev":N,"event":"…",] and the members. */
static void
compose(struct meta *m, enum meta_kind kind, int64_t rev, const char *event)
{
	struct jsonw w = { .b = &m->line };

	buf_clear(&m->line);
	jw_open(&w, NULL, '{');
	jw_str(&w, "kind", meta_kind_name(kind));
	if (event != NULL) {
		jw_i64(&w, "rev", rev);
		jw_str(&w, "event", event);
	}
	buf_addc(&m->line, ',');
	buf_add(&m->line, m->body.ptr, m->body.len);
	buf_addc(&m->line, '}');
}

/* 0 for kinds without a dropped state: such an object exists or does not. */
static int
has_states(enum meta_kind kind)
{
	return kind <= META_INDEX || kind == META_ALIAS;
}

static int
is_live(int state)
{
	return state != STATE_DROPPING && state != STATE_DROPPED;
}

static void
look(const struct meta *m, enum meta_kind kind, const struct meta_about *about,
    struct meta_view *view)
{
	view->kind = kind;
	view->line = m->line.ptr;
	view->live = is_live(about->state);
	view->coll.db[0] = view->coll.coll[0] = '\0';
	if (about->coll != 0)
		view->live &=
		    is_live(meta_coll_name(m->store, about->coll, &view->coll));
}

/* The names of fields that have indexes, where no line of a collection comes.
 */
static int
fetch_names(struct meta *m, struct err *e)
{
	size_t n;
	struct item *const *v = metastore_all(m->store, ITEM_HEAD, &n);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (meta_wants(m, v[i]->a))
			rc = meta_fetch_fields(m, v[i], m->rev, e);
	return rc;
}

int
meta_each(struct meta *m, meta_fn fn, void *arg, struct err *e)
{
	struct meta_change *v = NULL;
	struct meta_about about;
	struct meta_view view;
	size_t n, all = 0, cap = 0;
	int rc = 0;

	for (enum meta_kind k = 0; k < META_KINDS; k++) {
		struct item *const *h = meta_heads(m->store, k, &n);

		for (size_t i = 0; i < n; i++) {
			v = x_grow(v, all, &cap, sizeof *v);
			v[all++] = (struct meta_change){ k, h[i] };
		}
	}
	if (all > 0)
		qsort(v, all, sizeof *v, in_order);
	m->bulk = 1;
	if (!has_kind(m, META_COLLECTION) && has_kind(m, META_INDEX))
		rc = fetch_names(m, e);
	for (size_t i = 0; i < all && rc != -1; i++) {
		rc = render(m, &v[i], m->rev, &about, e);
		if (rc != 1 ||
		    (about.state == STATE_DROPPED && !has_states(v[i].kind)))
			continue;
		v[i].head->sent = hash(&m->body, about.state);
		compose(m, v[i].kind, 0, NULL);
		look(m, v[i].kind, &about, &view);
		rc = fn(arg, &view, e);
	}
	free(v);
	m->bulk = 0;
	meta_fetch_forget(m);
	return rc == -1 ? -1 : 0;
}

static int
write_line(void *arg, const struct meta_view *view, struct err *e)
{
	(void)e;
	out_mem(arg, view->line, strlen(view->line));
	return 0;
}

int
meta_write_all(struct meta *m, struct err *e)
{
	struct jsonw w = { .b = &m->line };

	if (meta_each(m, write_line, m->out, e) == -1)
		return -1;
	buf_clear(&m->line);
	jw_open(&w, NULL, '{');
	jw_str(&w, "kind", "ready");
	jw_i64(&w, "rev", m->rev);
	jw_u64s(&w, "ts", metastore_max_ts(m->store));
	if (metastore_keys(m->store)->ddl_in_log)
		jw_str(&w, "ddl", "log");
	jw_close(&w, '}');
	out_line(m->out, &m->line);
	return out_flush(m->out, e);
}

/*
 * The kinds in --kinds, so that a reader does not take objects of other kinds
 * for dropped.
 */
static void
write_kinds(const struct meta *m, struct jsonw *w)
{
	if (m->conf->kinds == 0)
		return;
	jw_open(w, "kinds", '[');
	for (enum meta_kind k = 0; k < META_KINDS; k++)
		if (has_kind(m, k))
			jw_str(w, NULL, meta_kind_name(k));
	jw_close(w, ']');
}

int
meta_write(struct meta *m, struct err *e)
{
	struct jsonw w = { .b = &m->line };

	buf_clear(&m->line);
	jw_open(&w, NULL, '{');
	jw_str(&w, "kind", "catalogue");
	jw_i64(&w, "v", 1);
	jw_i64(&w, "rev", m->rev);
	if (m->conf->source != NULL)
		jw_str(&w, "source", m->conf->source);
	if (m->conf->source != NULL && m->wal != 0)
		jw_str(&w, "wal", wal_name(m->wal));
	if (m->conf->source == NULL)
		jw_str(&w, "root", m->base);
	if (etcd_cluster(m->etcd)[0] != '\0')
		jw_str(&w, "etcd", etcd_cluster(m->etcd));
	if (meta_born(m->store) != 0)
		jw_u64s(&w, "born", meta_born(m->store));
	if (m->conf->follow)
		jw_bool(&w, "follow", 1);
	if (m->conf->patterns.n > 0)
		jw_bool(&w, "partial", 1);
	write_kinds(m, &w);
	jw_close(&w, '}');
	out_line(m->out, &m->line);
	return meta_write_all(m, e);
}

static void
add_change(struct meta *m, enum meta_kind kind, struct item *head)
{
	if (head == NULL || head->changed)
		return;
	head->changed = 1;
	m->changes = x_grow(
	    m->changes, m->n_changes, &m->cap_changes, sizeof *m->changes);
	m->changes[m->n_changes++] = (struct meta_change){ kind, head };
}

void
meta_changed(struct meta *m, const struct item *i)
{
	enum meta_kind kind;
	struct item *head = meta_head_of(m->store, i, &kind);

	add_change(m, kind, head);
}

/*
 * The collection is written for the first time: the objects that belong to it
 * follow.
 */
static void
add_belongings(struct meta *m, int64_t coll)
{
	static const struct {
		enum meta_kind kind;
		enum item_kind item;
	} of[] = {
		{ META_PARTITION, ITEM_PART },
		{ META_INDEX, ITEM_INDEX },
		{ META_LOAD, ITEM_LOAD_COLL },
	};
	size_t n;

	for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
		struct item *const *v =
		    metastore_of(m->store, of[k].item, coll, &n);

		for (size_t i = 0; i < n; i++)
			add_change(m, of[k].kind, v[i]);
	}
}

/*
 * 1 if the object belongs to a collection that is being created and is not yet
 * written.
 */
static int
too_early(const struct meta *m, int64_t coll)
{
	const struct item *head =
	    metastore_get(m->store, ITEM_HEAD, coll, 0, "");
	unsigned kinds = m->conf->kinds;
	struct meta_name name;

	if (kinds != 0 && (kinds & 1u << META_COLLECTION) == 0)
		return 0; /* the collection's line will not come */
	return head != NULL && head->sent == 0 &&
	       meta_coll_name(m->store, coll, &name) == STATE_CREATING;
}

/*
 * A change that gives the same line, such as a load that goes from Loading to
 * Loaded, is not written. An object that is being created gets its line when it
 * is created, and the objects that belong to it follow.
 */
static int
write_change(
    struct meta *m, const struct meta_change *c, int64_t rev, struct err *e)
{
	struct meta_about about;
	int rc = render(m, c, rev, &about, e);
	uint64_t h;

	if (rc != 1)
		return rc;
	h = hash(&m->body, about.state);
	if (h == c->head->sent || about.state == STATE_CREATING ||
	    too_early(m, about.coll))
		return 0;
	if (about.state == STATE_DROPPED && c->head->sent == 0 &&
	    !has_states(c->kind))
		return 0;
	if (c->kind == META_COLLECTION && c->head->sent == 0) {
		if (meta_fetch_parts(m, c->head, rev, e) == -1)
			return -1;
		add_belongings(m, about.coll);
	}
	c->head->sent = h;
	compose(
	    m, c->kind, rev, about.state == STATE_DROPPED ? "delete" : "put");
	out_line(m->out, &m->line);
	return 0;
}

static int
keep_changes(struct meta *m, size_t from)
{
	m->n_changes -= from;
	memmove(
	    m->changes, m->changes + from, m->n_changes * sizeof *m->changes);
	return -1;
}

int
meta_write_changes(struct meta *m, int64_t rev, struct err *e)
{
	size_t sorted = 0;

	for (size_t i = 0; i < m->n_changes; i++) {
		struct meta_change c;

		if (m->n_changes > sorted) /* writing a line can add changes */
			qsort(m->changes + i, m->n_changes - i,
			    sizeof *m->changes, in_order);
		sorted = m->n_changes;
		c = m->changes[i];
		/* if etcd is away, it and those behind it are told later */
		if (write_change(m, &c, rev, e) == -1)
			return keep_changes(m, i);
		c.head->changed = 0;
	}
	meta_fetch_forget(m);
	if (m->n_changes == 0)
		return 0;
	m->n_changes = 0;
	return out_flush(m->out, e);
}
