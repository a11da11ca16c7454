#include <string.h>

#include "messages.pb-c.h"

#include "base/num.h"
#include "catlog/priv.h"
#include "meta/value.h"

/* Indexes and loads */

static const char *
field_name(const struct schema *s, int64_t id)
{
	const struct field *f = schema_by_id(s, id);

	if (f != NULL)
		return f->name;
	return id != 0 && id == s->dynamic_id ? "$meta" : NULL;
}

/* When an index was made; altering it makes it no younger. */
static uint64_t
made_at(const struct catlog *l, const Pb__IndexInfo *n)
{
	const struct cat_coll *k = cat_coll(l->c, n->collectionid);

	for (size_t i = 0; k != NULL && i < k->n_indexes; i++)
		if (k->indexes[i].id == n->indexid)
			return k->indexes[i].ts;
	return l->m->ts;
}

void
catlog_index_line(
    struct catlog *l, const struct schema *s, const Pb__FieldIndex *x)
{
	const Pb__IndexInfo *n = x->index_info;
	const char *field;
	struct jsonw *w;

	w = catlog_open(l, "index", 0);
	jw_i64s(w, "id", n->indexid);
	jw_i64s(w, "coll_id", n->collectionid);
	jw_i64s(w, "field_id", n->fieldid);
	if ((field = field_name(s, n->fieldid)) != NULL)
		jw_str(w, "field", field);
	jw_str(w, "name", n->index_name);
	jw_str(w, "state", "created");
	jw_u64s(w, "ts", made_at(l, n));
	metavalue_write_kvs(
	    w, "params", n->user_index_params, n->n_user_index_params);
	catlog_close(l);
}

int
catlog_index(struct catlog *l)
{
	Pb__IndexBody *b = catlog_body(l, &pb__index_body__descriptor);

	if (b == NULL)
		return -1;
	for (size_t i = 0; i < b->n_field_indexes; i++) {
		const Pb__IndexInfo *n = b->field_indexes[i]->index_info;
		const struct cat_coll *k =
		    n == NULL ? NULL : cat_coll(l->c, n->collectionid);

		if (k != NULL)
			catlog_index_line(l, &k->schema, b->field_indexes[i]);
	}
	catlog_free(b);
	return 0;
}

/* Its time stays that of its creation. */
static void
gone_line(struct catlog *l, int64_t coll, const struct cat_index *x)
{
	struct jsonw *w = catlog_open(l, "index", 1);

	jw_i64s(w, "id", x->id);
	jw_i64s(w, "coll_id", coll);
	jw_str(w, "field", x->field);
	jw_str(w, "name", x->name);
	jw_str(w, "state", "dropped");
	jw_u64s(w, "ts", x->ts);
	kvs_to_json(&x->params, w, "params");
	catlog_close(l);
}

void
catlog_lost_indexes(
    struct catlog *l, const struct cat_coll *k, const struct schema *s)
{
	for (size_t i = 0; i < k->n_indexes; i++) {
		const struct cat_index *x = &k->indexes[i];

		if (x->state == CAT_CREATED && x->field[0] != '\0' &&
		    schema_field(&k->schema, x->field) != NULL &&
		    schema_field(s, x->field) == NULL)
			gone_line(l, k->id, x);
	}
}

int
catlog_drop_index(struct catlog *l)
{
	Pb__IndexHeader *h = catlog_header(l, &pb__index_header__descriptor);
	const struct cat_coll *k;

	if (h == NULL)
		return -1;
	k = cat_coll(l->c, h->collection_id);
	for (size_t i = 0; k != NULL && i < k->n_indexes; i++)
		if (k->indexes[i].state == CAT_CREATED &&
		    (h->n_index_ids == 0 ||
			num_has(
			    h->index_ids, h->n_index_ids, k->indexes[i].id)))
			gone_line(l, k->id, &k->indexes[i]);
	catlog_free(h);
	return 0;
}

/*
 * Does it load the collection, and not some of its partitions? The message
 * says only which ones: all of them, or what is left of all of them.
 */
static int
is_whole(const struct cat_coll *k, const Pb__LoadConfigHeader *h)
{
	if (k->load == CAT_LOAD_ALL)
		return 1;
	for (size_t i = 0; i < k->n_parts; i++)
		if (k->parts[i].state == CAT_CREATED &&
		    !num_has(
			h->partition_ids, h->n_partition_ids, k->parts[i].id))
			return 0;
	return 1;
}

int
catlog_load(struct catlog *l)
{
	int gone = l->m->kind == MSG_DROP_LOAD;
	Pb__LoadConfigHeader *h =
	    catlog_header(l, &pb__load_config_header__descriptor);
	const struct cat_coll *k;
	struct jsonw *w;

	if (h == NULL)
		return -1;
	k = cat_coll(l->c, h->collection_id);
	if (k != NULL) {
		w = catlog_open(l, "load", gone);
		jw_i64s(w, "coll_id", k->id);
	}
	if (k != NULL && !gone) {
		jw_str(w, "type", is_whole(k, h) ? "collection" : "partitions");
		jw_i64(w, "replicas", (int64_t)h->n_replicas);
		jw_open(w, "partitions", '[');
		for (size_t i = 0; i < h->n_partition_ids; i++)
			jw_i64s(w, NULL, h->partition_ids[i]);
		jw_close(w, ']');
	}
	if (k != NULL)
		catlog_close(l);
	catlog_free(h);
	return 0;
}
