#include "ddl/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/op.h"

static const char *
text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static int64_t
id_of(const json_t *j, const char *key)
{
	struct err ignored;
	int64_t id;

	return num_i64(text(j, key), 0, INT64_MAX, &id, &ignored) == -1 ? 0
									: id;
}

static void
maybe_coll(struct view *v, const json_t *j)
{
	int64_t id = id_of(j, "coll_id");

	if (id != 0 && view_coll(v, id) == NULL)
		view_add(v, id, text(j, "db"), text(j, "coll"))->maybe = 1;
}

static void
maybe_db(struct view *v, const json_t *j)
{
	int64_t id = id_of(j, "db_id");

	if (id != 0 && view_db(v, id) == NULL)
		view_add_db(v, id, text(j, "db"));
}

static void
maybe_item(struct view_coll *c, struct view_items *s, int64_t id,
    const char *name, const char *field)
{
	if (id == 0 || view_find(s, id) != NULL)
		return;
	view_put(s, id, name, field);
	c->changed = 1;
}

static void
unsure_load(struct view_coll *c)
{
	view_items_fini(&c->loaded);
	view_items_fini(&c->released);
	c->load = VIEW_LOAD_UNSURE;
	c->changed = 1;
}

/* The alias may stand for its old collection, for a new one, or for none. */
static void
unsure_alias(struct view *v, const char *db, const char *alias)
{
	for (size_t i = 0; i < v->n_colls; i++) {
		struct view_coll *c = v->colls[i];
		struct view_item *a = view_find_name(&c->aliases, alias);

		if (a == NULL || strcmp(c->db, db) != 0)
			continue;
		view_cut(&c->aliases, a);
		c->changed = 1;
	}
	for (size_t i = 0; i < v->unsure.n; i++)
		if (strcmp(v->unsure.v[i].name, alias) == 0 &&
		    strcmp(v->unsure.v[i].field, db) == 0)
			return;
	view_put(&v->unsure, 0, alias, db);
}

/* A line about a collection that the target has, or may have. */
static void
of_coll(struct view_coll *c, enum opname op, const json_t *j)
{
	switch ((int)op) {
	case OP_RENAME_COLLECTION:
		c->unsure_name = 1;
		break;
	case OP_CREATE_PARTITION:
		maybe_item(
		    c, &c->parts, id_of(j, "part_id"), text(j, "part"), NULL);
		break;
	case OP_CREATE_INDEX:
		maybe_item(c, &c->indexes, id_of(j, "index_id"),
		    text(j, "index"), text(j, "field"));
		break;
	case OP_LOAD_COLLECTION:
	case OP_RELEASE_COLLECTION:
	case OP_LOAD_PARTITIONS:
	case OP_RELEASE_PARTITIONS:
		unsure_load(c);
		break;
	default: /* a drop needs nothing: the id does not come again */
		break;
	}
}

static void
one(struct view *v, const json_t *j)
{
	const char *name = text(j, "op");
	enum opname op = op_by_name(name, strlen(name));
	struct view_coll *c;

	switch ((int)op) {
	case OP_CREATE_DATABASE:
		maybe_db(v, j);
		break;
	case OP_CREATE_COLLECTION:
		maybe_coll(v, j);
		break;
	case OP_CREATE_ALIAS:
	case OP_ALTER_ALIAS:
	case OP_DROP_ALIAS:
		unsure_alias(v, text(j, "db"), text(j, "alias"));
		break;
	default:
		if ((c = view_coll(v, id_of(j, "coll_id"))) != NULL)
			of_coll(c, op, j);
		break;
	}
}

void
view_redo(struct view *v, json_t *redo)
{
	size_t i;
	json_t *j;

	json_array_foreach(redo, i, j)
	{
		one(v, j);
	}
}
