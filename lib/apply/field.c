#include "apply/priv.h"

#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"

/* A target that is too old for what the source did with a field. */
static int
cannot(struct apply *a, const char *field, const char *did, const char *call,
    const char *version, const char * or, struct err *e)
{
	return err_set(e, ERR_DATA,
	    "the source has %s field '%s' of '%s' here, and the target does "
	    "not know %s, a call of Milvus %s: upgrade the target, or %s",
	    did, field, apply_label(a->db, a->coll, NULL), call, version, or);
}

/*
 * The collection at the target, asked for again; it must be there. In a dry
 * run it is what later lines find.
 */
static int
asked_anew(struct apply *a, struct coll **c, struct err *e)
{
	int rc;

	if (!a->conf->dry_run)
		colls_forget(&a->colls, a->db, a->coll);
	rc = apply_find(a, c, e);
	return rc == 1 ? err_set(e, ERR_DATA,
			     "collection '%s.%s' is not at the target", a->db,
			     a->coll)
		       : rc;
}

/* In a dry run: later lines find the collection with its new fields. */
static void
pretend(struct apply *a, struct coll **c, const struct schema *s)
{
	int64_t id = (*c)->id;

	*c = colls_pretend(&a->colls, a->db, a->coll, s);
	(*c)->id = id;
}

static int
pretend_add(struct apply *a, struct coll **c, const struct field *f)
{
	struct schema s = { 0 };

	schema_copy(&s, &(*c)->schema);
	if (f == NULL)
		s.dynamic = 1;
	else
		schema_put(&s, f);
	pretend(a, c, &s);
	schema_fini(&s);
	return 0;
}

static int
pretend_drop(struct apply *a, struct coll **c, const char *name)
{
	struct schema s = { 0 };

	schema_copy(&s, &(*c)->schema);
	schema_cut(&s, name);
	pretend(a, c, &s);
	schema_fini(&s);
	return 0;
}

/* A target that does not know the property takes it, and does nothing. */
static int
add_dynamic(struct apply *a, struct coll **c, struct err *e)
{
	struct kvs on = { 0 };
	int rc;

	if ((*c)->schema.dynamic)
		return 0;
	kvs_set(&on, "dynamicfield.enabled", "true");
	rc = coll_set(a, &on, NULL, 0, e);
	kvs_fini(&on);
	if (rc == 0 && a->conf->dry_run)
		return pretend_add(a, c, NULL);
	if (rc == -1 || asked_anew(a, c, e) == -1)
		return -1;
	return (*c)->schema.dynamic
		   ? 0
		   : cannot(a, "$meta", "added the dynamic",
			 "dynamicfield.enabled", "2.6",
			 "leave the collection out (cdc-read --exclude)", e);
}

static int
add_call(
    struct apply *a, const struct field *f, struct mv_status *s, struct err *e)
{
	Pb__AddCollectionFieldRequest req =
	    PB__ADD_COLLECTION_FIELD_REQUEST__INIT;
	uint8_t *packed;
	int rc;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.schema.len = field_to_pb(f, &packed);
	req.schema.data = packed;
	rc = apply_call(a, "AddCollectionField",
	    apply_label(a->db, a->coll, f->name), &req.base, s, e);
	free(packed);
	return rc;
}

/* A field that the target lacks. */
static int
add(struct apply *a, const struct field *f, struct coll **c, struct err *e)
{
	struct mv_status s;
	int rc;

	if (f->function_output)
		return err_set(e, ERR_DATA,
		    "field '%s' is the output of a function, which this "
		    "version cannot make; make it at the target by hand",
		    f->name);
	rc = add_call(a, f, &s, e);
	if (rc == 1 && s.no_call)
		return cannot(a, f->name, "added", "AddCollectionField", "2.6",
		    "leave the collection out (cdc-read --exclude)", e);
	if (rc == 0 && a->conf->dry_run)
		return pretend_add(a, c, f);
	if (rc == -1 || asked_anew(a, c, e) == -1)
		return -1;
	/* The answer to a first try may have been lost. */
	if (rc == 1 && schema_field(&(*c)->schema, f->name) == NULL)
		return apply_refused("AddCollectionField",
		    apply_label(a->db, a->coll, f->name), &s, e);
	return 0;
}

/* Adds what is only in s, if rows that are there can do without. */
static int
add_missing(
    struct apply *a, const struct schema *s, struct coll **c, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (schema_field(&(*c)->schema, s->v[i].name) == NULL &&
		    s->v[i].nullable && add(a, &s->v[i], c, e) == -1)
			return -1;
	return s->dynamic ? add_dynamic(a, c, e) : 0;
}

/* Fields that the source has dropped, or that somebody added there. */
static void
warn_more(struct apply *a, const struct schema *s, const struct schema *have)
{
	for (size_t i = 0; a->op.ensure && i < have->n; i++)
		if (schema_field(s, have->v[i].name) == NULL)
			log_warn("field '%s' is at the target, and not at the "
				 "source any more: new rows have null there",
			    apply_label(a->db, a->coll, have->v[i].name));
}

/* What Milvus can change of a field that is there. */
static void
other(const struct field *f, const struct field *have, struct kvs *out)
{
	static const char *const keys[] = { "max_length", "max_capacity",
		"mmap.enabled" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *want = kvs_get(&f->params, keys[i]);
		const char *is = kvs_get(&have->params, keys[i]);

		if (want != NULL && (is == NULL || strcmp(want, is) != 0))
			kvs_set(out, keys[i], want);
	}
}

static int
field_alter(
    struct apply *a, const struct field *f, struct field *have, struct err *e)
{
	struct kvs params = { 0 };
	struct mv_status s = { 0 };
	int rc = 0;

	other(f, have, &params);
	if (params.n > 0)
		rc = alter_call(a, "AlterCollectionField", f->name, &params,
		    NULL, 0, &s, e);
	for (size_t i = 0; rc == 0 && i < params.n; i++)
		kvs_set(&have->params, params.v[i].key, params.v[i].value);
	kvs_fini(&params);
	if (rc == 1) /* the comparison says what is wrong */
		log_info("AlterCollectionField %s: %s",
		    apply_label(a->db, a->coll, f->name), s.reason);
	return rc == -1 ? -1 : 0;
}

static int
fields_alter(
    struct apply *a, const struct schema *s, struct schema *have, struct err *e)
{
	for (size_t i = 0; i < have->n; i++) {
		const struct field *f = schema_field(s, have->v[i].name);

		if (f != NULL && field_alter(a, f, &have->v[i], e) == -1)
			return -1;
	}
	return 0;
}

int
fields_follow(struct apply *a, const struct schema *s, struct coll **c,
    int ours, struct err *e)
{
	if (fields_alter(a, s, &(*c)->schema, e) == -1)
		return -1;
	if (!ours)
		return schema_same(s, &(*c)->schema, e);
	if (add_missing(a, s, c, e) == -1 ||
	    schema_fits(s, &(*c)->schema, e) == -1)
		return -1;
	warn_more(a, s, &(*c)->schema);
	return 0;
}

/* The field of the line, alone in s. */
static int
line_field(struct apply *a, struct schema *s, struct err *e)
{
	const json_t *j = json_object_get(a->op.doc, "schema");

	if (!json_is_object(j))
		return err_set(e, ERR_DATA, "'schema' is no object");
	return schema_add_json(s, j, e);
}

static int
add_line(struct apply *a, const struct schema *s, struct err *e)
{
	const struct field *f = &s->v[0], *have;
	struct coll *c;

	if (asked_anew(a, &c, e) == -1)
		return -1;
	if (strcmp(f->name, "$meta") == 0)
		return add_dynamic(a, &c, e);
	if (schema_field(&c->schema, f->name) == NULL)
		return add(a, f, &c, e);
	if (fields_alter(a, s, &c->schema, e) == -1)
		return -1;
	have = schema_field(&c->schema, f->name);
	if (field_same(f, have, e) == -1)
		return err_wrap(e,
		    "it is at the target already, and is another (first: the "
		    "source, second: the target)");
	return 0;
}

int
do_add_field(struct apply *a, struct err *e)
{
	struct schema s = { 0 };
	int rc = line_field(a, &s, e);

	if (rc == 0)
		rc = add_line(a, &s, e);
	schema_fini(&s);
	return rc;
}

static int
drop_call(struct apply *a, const char *name, struct mv_status *s, struct err *e)
{
	Pb__AlterCollectionSchemaRequest req =
	    PB__ALTER_COLLECTION_SCHEMA_REQUEST__INIT;
	Pb__SchemaAction action = PB__SCHEMA_ACTION__INIT;
	Pb__DropFieldRequest drop = PB__DROP_FIELD_REQUEST__INIT;

	req.db_name = mv_str(a->db);
	req.collection_name = mv_str(a->coll);
	req.action = &action;
	action.drop_request = &drop;
	drop.field_name = mv_str(name);
	return apply_call(a, "AlterCollectionSchema",
	    apply_label(a->db, a->coll, name), &req.base, s, e);
}

int
do_drop_field(struct apply *a, struct err *e)
{
	const char *name;
	struct mv_status s;
	struct coll *c;
	int rc;

	if (opline_str(&a->op, "field", &name, e) == -1 ||
	    asked_anew(a, &c, e) == -1)
		return -1;
	if (schema_field(&c->schema, name) == NULL)
		return 0;
	if (own_may(a, c, "changed so", e) == -1)
		return -1;
	rc = drop_call(a, name, &s, e);
	if (rc == 1 && s.no_call)
		return cannot(a, name, "dropped", "AlterCollectionSchema",
		    "3.0",
		    "let --skip=drop_field leave it there, where new rows have "
		    "null if it may be null",
		    e);
	if (rc == 0 && a->conf->dry_run)
		return pretend_drop(a, &c, name);
	if (rc == -1 || asked_anew(a, &c, e) == -1)
		return -1;
	if (rc == 1 && schema_field(&c->schema, name) != NULL)
		return apply_refused("AlterCollectionSchema",
		    apply_label(a->db, a->coll, name), &s, e);
	return 0;
}

/* Words change no row. */
static int
describe(struct apply *a, const char *name, const char *text, struct err *e)
{
	struct kvs words = { 0 };
	struct mv_status s;
	int rc;

	kvs_set(&words, "field.description", text);
	rc =
	    alter_call(a, "AlterCollectionField", name, &words, NULL, 0, &s, e);
	kvs_fini(&words);
	if (rc == 1)
		log_warn("the description of field '%s' is not altered at the "
			 "target: %s",
		    apply_label(a->db, a->coll, name), s.reason);
	return rc == 1 ? 0 : rc;
}

int
do_alter_field(struct apply *a, struct err *e)
{
	const json_t *doc = a->op.doc;
	const char *text =
	    json_string_value(json_object_get(doc, "description"));
	const char *name;
	int rc = 0;

	if (opline_str(&a->op, "field", &name, e) == -1)
		return -1;
	if (json_object_get(doc, "schema") != NULL)
		return err_set(e, ERR_DATA,
		    "the source has made field '%s' another (its name, its "
		    "type, its default, or whether it may be null), which no "
		    "call does at the target: do it there by hand, and go on, "
		    "this once, with --skip=alter_field",
		    name);
	if (text == NULL || json_object_size(json_object_get(doc, "params")) ||
	    json_object_get(doc, "delete") != NULL)
		rc = alter_line(a, "AlterCollectionField", "field", e);
	if (rc == 0 && text != NULL)
		rc = describe(a, name, text, e);
	if (!a->conf->dry_run)
		colls_forget(&a->colls, a->db, a->coll);
	return rc;
}
