#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json_write.h"
#include "model/schema.h"

static void
a_key_is_set_once_and_keeps_its_place(void **state)
{
	struct kvs k = { 0 }, copy = { 0 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	kvs_set(&k, "b", "1");
	kvs_set(&k, "a", "2");
	kvs_set(&k, "b", "3\"");
	assert_int_equal(k.n, 2);
	assert_string_equal(kvs_get(&k, "b"), "3\"");
	assert_null(kvs_get(&k, "c"));
	kvs_copy(&copy, &k);
	kvs_fini(&k);
	assert_int_equal(k.n, 0);
	kvs_to_json(&copy, &w, NULL);
	assert_string_equal(b.ptr, "{\"b\":\"3\\\"\",\"a\":\"2\"}");
	kvs_fini(&copy);
	buf_fini(&b);
}

static void
the_rest_keeps_its_order_when_a_key_goes(void **state)
{
	struct kvs k = { 0 };

	(void)state;
	kvs_set(&k, "a", "1");
	kvs_set(&k, "b", "2");
	kvs_set(&k, "c", "3");
	kvs_unset(&k, "a");
	kvs_unset(&k, "x");
	assert_int_equal(k.n, 2);
	assert_null(kvs_get(&k, "a"));
	assert_string_equal(k.v[0].key, "b");
	assert_string_equal(kvs_get(&k, "c"), "3");
	kvs_unset(&k, "c");
	assert_int_equal(k.n, 1);
	assert_string_equal(k.v[0].value, "2");
	kvs_fini(&k);
}

static int
from(struct kvs *k, const char *text, struct err *e)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
	int rc = kvs_from_json(k, j, e);

	json_decref(j);
	return rc;
}

static void
json_is_an_object_of_strings(void **state)
{
	struct kvs k = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(kvs_from_json(&k, NULL, &e), 0);
	assert_int_equal(from(&k, "null", &e), 0);
	assert_int_equal(from(&k, "{}", &e), 0);
	assert_int_equal(k.n, 0);
	assert_int_equal(from(&k, "{\"x\":\"y\",\"\":\"\"}", &e), 0);
	assert_int_equal(k.n, 2);
	assert_string_equal(kvs_get(&k, "x"), "y");
	assert_int_equal(from(&k, "{\"n\":1}", &e), -1);
	assert_string_equal(e.msg, "'n' is not a string");
	assert_int_equal(from(&k, "[]", &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	kvs_fini(&k);
}

static void
equal_means_the_same_pairs_in_any_order(void **state)
{
	struct kvs a = { 0 }, b = { 0 };

	(void)state;
	assert_true(kvs_equal(&a, &b));
	kvs_set(&a, "x", "1");
	kvs_set(&a, "y", "2");
	kvs_set(&b, "y", "2");
	assert_false(kvs_equal(&a, &b));
	kvs_set(&b, "x", "1");
	assert_true(kvs_equal(&a, &b));
	kvs_set(&b, "x", "3");
	assert_false(kvs_equal(&a, &b));
	kvs_fini(&a);
	kvs_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_set_once_and_keeps_its_place),
		cmocka_unit_test(the_rest_keeps_its_order_when_a_key_goes),
		cmocka_unit_test(json_is_an_object_of_strings),
		cmocka_unit_test(equal_means_the_same_pairs_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
