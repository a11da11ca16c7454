#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common.pb-c.h"

#include "../pbmake.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json_write.h"
#include "model/schema.h"

/* Every key that a schema can have. */
static const char full[] =
    "{\"description\":\"d\",\"dynamic\":true,\"dynamic_id\":109,"
    "\"functions\":1,\"fields\":["
    "{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\",\"primary_key\":true,"
    "\"auto_id\":true},"
    "{\"id\":101,\"name\":\"t\",\"description\":\"\xc3\xa9\",\"type\":"
    "\"VarChar\",\"partition_key\":true,\"clustering_key\":true,"
    "\"nullable\":true,\"default\":{\"string\":\"a\\\"b\"},\"params\":"
    "{\"max_length\":\"20\"}},"
    "{\"id\":102,\"name\":\"a\",\"type\":\"Array\",\"element_type\":"
    "\"Int8\",\"params\":{\"max_capacity\":\"5\"}},"
    "{\"id\":103,\"name\":\"s\",\"type\":\"SparseFloatVector\","
    "\"function_output\":true},"
    "{\"id\":104,\"name\":\"g\",\"type\":\"#24\"},"
    "{\"id\":105,\"name\":\"v\",\"type\":\"FloatVector\",\"params\":"
    "{\"dim\":\"8\"}}]}";

static int
parse(struct schema *s, const char *text, struct err *e)
{
	json_t *j = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(j);
	rc = schema_from_json(s, j, e);
	json_decref(j);
	return rc;
}

static char *
dump(const struct schema *s)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	schema_to_json(s, &w, NULL);
	return buf_take(&b);
}

static void
is_text(const struct schema *s, const char *want)
{
	char *got = dump(s);

	assert_string_equal(got, want);
	free(got);
}

static void
json_comes_back_whole(void **state)
{
	struct schema s = { 0 }, copy = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(parse(&s, full, &e), 0);
	is_text(&s, full);
	schema_copy(&copy, &s);
	schema_fini(&s);
	is_text(&copy, full);
	assert_string_equal(schema_pk(&copy)->name, "pk");
	assert_string_equal(schema_partition_key(&copy)->name, "t");
	assert_int_equal(schema_by_id(&copy, 102)->elem, TYPE_INT8);
	assert_int_equal(schema_field(&copy, "g")->type, 24);
	assert_int_equal(field_dim(schema_field(&copy, "v")), 8);
	assert_int_equal(field_dim(schema_field(&copy, "s")), 0);
	assert_null(schema_field(&copy, "x"));
	assert_null(schema_by_id(&copy, 1));
	schema_fini(&copy);
	assert_null(schema_pk(&copy));
}

static void
broken_json_is_refused(void **state)
{
	static const char *const bad[] = { "{}", "{\"fields\":{}}",
		("{\"fields\":[{\"name\":\"a\",\"type\":\"Int8\"},"
		 "{\"name\":\"a\",\"type\":\"Int8\"}]}"),
		"{\"fields\":[{}]}", "{\"fields\":[{\"name\":\"x\"}]}",
		"{\"fields\":[{\"name\":\"x\",\"type\":\"Int65\"}]}",
		"{\"fields\":[{\"name\":\"x\",\"type\":\"#x\"}]}",
		"{\"fields\":[{\"name\":\"x\",\"type\":\"Int8\",\"id\":{}}]}",
		("{\"fields\":[{\"name\":\"x\",\"type\":\"Int8\","
		 "\"params\":{\"dim\":4}}]}"),
		"{\"fields\":[7]}", "[]" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct schema s = { 0 };
		struct err e = { 0 };

		if (parse(&s, bad[i], &e) != -1)
			fail_msg("took '%s'", bad[i]);
		assert_int_equal(e.kind, ERR_DATA);
		schema_fini(&s);
	}
}

/* A FieldSchema: fieldID 1, name 2, is_primary_key 3, data_type 5,
 * type_params 6, is_dynamic 12. */
static void
add_field(struct buf *b, int64_t id, const char *name, int type, int dynamic)
{
	struct buf f = { 0 }, kv = { 0 };

	pm_int(&f, 1, id);
	pm_str(&f, 2, name);
	pm_int(&f, 3, id == 100);
	pm_int(&f, 5, type);
	if (type == TYPE_VARCHAR) {
		pm_str(&kv, 1, "max_length");
		pm_str(&kv, 2, "9");
		pm_sub(&f, 6, &kv);
	}
	pm_int(&f, 12, dynamic);
	pm_sub(b, 4, &f);
}

static void
protobuf_loses_its_system_fields(void **state)
{
	struct schema s = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	pm_str(&b, 1, "name");
	pm_str(&b, 2, "text");
	add_field(&b, 103, "$meta", TYPE_JSON, 1);
	add_field(&b, 102, "b", TYPE_VARCHAR, 0);
	add_field(&b, 100, "pk", TYPE_INT64, 0);
	add_field(&b, 0, "RowID", TYPE_INT64, 0);
	add_field(&b, 1, "Timestamp", TYPE_INT64, 0);
	assert_int_equal(schema_from_pb(&s, b.ptr, b.len, &e), 0);
	is_text(&s, "{\"description\":\"text\",\"dynamic\":true,"
		    "\"dynamic_id\":103,\"fields\":[{\"id\":100,\"name\":"
		    "\"pk\",\"type\":\"Int64\",\"primary_key\":true,"
		    "\"auto_id\":false},{\"id\":102,\"name\":\"b\",\"type\":"
		    "\"VarChar\",\"params\":{\"max_length\":\"9\"}}]}");
	schema_fini(&s);
	assert_int_equal(schema_from_pb(&s, b.ptr, b.len - 1, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_int_equal(schema_add_pb(&s, "\xe2\x9b\xbc", 3, &e), -1);
	schema_fini(&s);
	buf_fini(&b);
}

/* No ids, which the target gives out, no $meta. */
static void
packed_protobuf_is_what_create_collection_wants(void **state)
{
	Pb__CollectionSchema *c;
	struct schema s = { 0 };
	struct err e = { 0 };
	uint8_t *p = NULL;
	size_t n;

	(void)state;
	assert_int_equal(parse(&s, full, &e), 0);
	n = schema_to_pb(&s, "coll", &p);
	c = pb__collection_schema__unpack(NULL, n, p);
	assert_non_null(c);
	assert_string_equal(c->name, "coll");
	assert_string_equal(c->description, "d");
	assert_true(c->enable_dynamic_field);
	assert_int_equal(c->n_fields, s.n);
	for (size_t i = 0; i < s.n; i++) {
		assert_string_equal(c->fields[i]->name, s.v[i].name);
		assert_int_equal(c->fields[i]->data_type, s.v[i].type);
		assert_int_equal(c->fields[i]->element_type, s.v[i].elem);
		assert_int_equal(c->fields[i]->fieldid, 0);
	}
	assert_true(c->fields[0]->is_primary_key && c->fields[0]->autoid);
	assert_true(c->fields[1]->is_partition_key);
	assert_true(c->fields[1]->nullable);
	assert_true(c->fields[1]->is_clustering_key);
	assert_string_equal(c->fields[5]->type_params[0]->key, "dim");
	assert_string_equal(c->fields[5]->type_params[0]->value, "8");
	pb__collection_schema__free_unpacked(c, NULL);
	free(p);
	schema_fini(&s);
}

/* One nullable field of a type with a default, through protobuf. */
static void
default_survives(const char *type, const char *value)
{
	struct schema s = { 0 }, t = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	uint8_t *p = NULL;
	size_t n;
	char *got;

	buf_addf(&b,
	    "{\"fields\":[{\"id\":100,\"name\":\"x\",\"type\":\"%s\","
	    "\"default\":%s}]}",
	    type, value);
	if (parse(&s, b.ptr, &e) == -1)
		fail_msg("%s", e.msg);
	n = schema_to_pb(&s, "c", &p);
	/* the field from its name on, behind an id */
	got = memmem(p, n, "\x12\x01x", 3);
	assert_non_null(got);
	buf_clear(&b);
	pm_int(&b, 1, 100);
	buf_add(&b, got, (size_t)((char *)p + n - got));
	if (schema_add_pb(&t, b.ptr, b.len, &e) == -1)
		fail_msg("%s", e.msg);
	assert_non_null(t.v[0].default_json);
	assert_string_equal(t.v[0].default_json, value);
	free(p);
	buf_fini(&b);
	schema_fini(&s);
	schema_fini(&t);
}

static void
defaults_survive(void **state)
{
	(void)state;
	default_survives("Bool", "{\"bool\":true}");
	default_survives("Bool", "{\"bool\":false}");
	default_survives("Int32", "{\"int\":-5}");
	default_survives("Int64", "{\"long\":\"-9223372036854775808\"}");
	default_survives("Float", "{\"float\":0.1}");
	default_survives("Float", "{\"float\":-0.0}");
	default_survives("Float", "{\"float\":\"Infinity\"}");
	default_survives("Double", "{\"double\":0.1}");
	default_survives("Double", "{\"double\":5e-324}");
	default_survives("Double", "{\"double\":\"-Infinity\"}");
	default_survives("VarChar", "{\"string\":\"\"}");
	default_survives("VarChar", "{\"string\":\"\xc3\xa9\\n\"}");
}

static void
differs(const char *a, const char *b, const char *why)
{
	struct schema s = { 0 }, t = { 0 };
	struct err e = { 0 };

	assert_int_equal(parse(&s, a, &e), 0);
	assert_int_equal(parse(&t, b, &e), 0);
	assert_int_equal(schema_same(&s, &t, &e), why == NULL ? 0 : -1);
	if (why != NULL && strstr(e.msg, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, e.msg);
	schema_fini(&s);
	schema_fini(&t);
}

/* Of a collection that got more fields later. */
static void
fits(const char *a, const char *b, const char *why)
{
	struct schema s = { 0 }, t = { 0 };
	struct err e = { 0 };

	assert_int_equal(parse(&s, a, &e), 0);
	assert_int_equal(parse(&t, b, &e), 0);
	assert_int_equal(schema_fits(&s, &t, &e), why == NULL ? 0 : -1);
	if (why != NULL)
		assert_string_equal(e.msg, why);
	schema_fini(&s);
	schema_fini(&t);
}

static void
what_may_be_null_may_be_more(void **state)
{
	static const char a[] = "{\"fields\":[]}";

	(void)state;
	fits(a,
	    "{\"dynamic\":true,\"fields\":[{\"id\":100,\"name\":\"v\","
	    "\"type\":\"Int64\",\"nullable\":true}]}",
	    NULL);
	fits(a, "{\"fields\":[{\"id\":100,\"name\":\"v\",\"type\":\"Int64\"}]}",
	    "field 'v' is only in the second");
	fits("{\"fields\":[{\"id\":100,\"name\":\"v\",\"type\":\"Int64\","
	     "\"nullable\":true}]}",
	    a, "field 'v' is only in the first");
	fits("{\"dynamic\":true,\"fields\":[]}", a,
	    "the dynamic field is enabled in only one");
}

static void
the_first_difference_is_said(void **state)
{
	static const char a[] =
	    "{\"dynamic\":false,\"fields\":[{\"id\":100,\"name\":\"v\","
	    "\"type\":\"FloatVector\",\"params\":{\"dim\":\"4\"}}]}";

	(void)state;
	differs(a, a, NULL);
	differs(a,
	    "{\"dynamic\":false,\"description\":\"x\",\"fields\":[{\"id\":"
	    "7,\"name\":\"v\",\"description\":\"y\",\"auto_id\":true,"
	    "\"type\":\"FloatVector\",\"params\":{\"dim\":\"4\"}}]}",
	    NULL);
	differs(a,
	    "{\"fields\":[{\"name\":\"v\",\"type\":\"FloatVector\","
	    "\"params\":{\"dim\":\"8\"}}]}",
	    "field 'v': dim '4' and '8'");
	differs(a,
	    "{\"fields\":[{\"name\":\"v\",\"type\":\"Int8Vector\","
	    "\"params\":{\"dim\":\"4\"}}]}",
	    "FloatVector");
	differs(a, "{\"fields\":[]}", "only in the first");
	differs("{\"fields\":[]}", a, "only in the second");
	differs(
	    "{\"dynamic\":true,\"fields\":[]}", "{\"fields\":[]}", "dynamic");
	differs("{\"fields\":[{\"name\":\"a\",\"type\":\"Array\","
		"\"element_type\":\"Int8\"}]}",
	    "{\"fields\":[{\"name\":\"a\",\"type\":\"Array\","
	    "\"element_type\":\"Int16\"}]}",
	    "field 'a'");
	differs("{\"fields\":[{\"name\":\"a\",\"type\":\"Int8\"}]}",
	    "{\"fields\":[{\"name\":\"a\",\"type\":\"Int8\",\"nullable\":"
	    "true}]}",
	    "nullable");
}

/* One field, with a default of that member of ValueField. */
static int
one_field(const char *name, const char *param, const char *text, int64_t number)
{
	struct buf b = { 0 }, f = { 0 }, sub = { 0 };
	struct schema s = { 0 };
	struct err e;
	int rc;

	pm_int(&f, 1, 100);
	pm_str(&f, 2, name);
	pm_int(&f, 5, TYPE_INT64);
	pm_str(&sub, 1, "max_length");
	pm_str(&sub, 2, param);
	pm_sub(&f, 6, &sub);
	if (text != NULL)
		pm_str(&sub, 6, text);
	else
		pm_int(&sub, 3, number);
	pm_sub(&f, 11, &sub);
	pm_sub(&b, 4, &f);
	rc = schema_from_pb(&s, b.ptr, b.len, &e);
	if (rc == -1)
		assert_int_equal(e.kind, ERR_DATA);
	schema_fini(&s);
	buf_fini(&b);
	return rc;
}

static void
a_text_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_int_equal(one_field("\xc3\xa9", "9", "\xc3\xa9", 0), 0);
	assert_int_equal(one_field("a\x8c", "9", "", 0), -1);
	assert_int_equal(one_field("a", "\xff", "", 0), -1);
	assert_int_equal(one_field("a", "9", "\xed\xa0\x80", 0), -1);
	/* another member is not taken for a text */
	assert_int_equal(one_field("a", "9", NULL, 0x8c8c8c8c), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_comes_back_whole),
		cmocka_unit_test(broken_json_is_refused),
		cmocka_unit_test(protobuf_loses_its_system_fields),
		cmocka_unit_test(
		    packed_protobuf_is_what_create_collection_wants),
		cmocka_unit_test(defaults_survive),
		cmocka_unit_test(a_text_that_is_not_utf8_is_refused),
		cmocka_unit_test(what_may_be_null_may_be_more),
		cmocka_unit_test(the_first_difference_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
