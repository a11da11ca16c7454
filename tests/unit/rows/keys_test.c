#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../insmake.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "rows/keys.h"

static const char int_pk[] = "{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\","
			     "\"primary_key\":true}";
static const char str_pk[] = "{\"id\":100,\"name\":\"pk\",\"type\":"
			     "\"VarChar\",\"primary_key\":true}";

/* DeleteRequest: IDs as field 12, int_id 1 or str_id 2; num_rows 11. */
static struct buf
delete_of(uint32_t kind, struct buf *values, int64_t rows)
{
	struct buf b = { 0 }, ids = { 0 };

	pm_sub(&ids, kind, values);
	pm_sub(&b, 12, &ids);
	pm_int(&b, 11, rows);
	return b;
}

static void
text_is(const struct keys *k, const char *want)
{
	struct buf out = { 0 };
	struct jsonw w = { .b = &out };
	size_t next;

	jw_open(&w, NULL, '[');
	keys_write(k, 0, SIZE_MAX, &w, &next);
	assert_int_equal(next, k->n);
	jw_close(&w, ']');
	assert_string_equal(out.ptr, want);
	buf_fini(&out);
}

static void
deletes_have_numbers_or_texts(void **state)
{
	static const int64_t v[] = { 5, INT64_MIN, INT64_MAX };
	static const char *const s[] = { "a\"", "", "\xff" };
	struct keys k = { 0 };
	struct buf b, in;
	struct err e = { 0 };

	(void)state;
	in = im_ints(v, 3);
	b = delete_of(1, &in, 3);
	assert_int_equal(keys_of_delete(b.ptr, b.len, &k, &e), 0);
	assert_false(k.is_str);
	text_is(&k, "[\"5\",\"-9223372036854775808\",\"9223372036854775807\"]");
	keys_fini(&k);
	buf_fini(&b);
	in = im_strs(s, 3);
	b = delete_of(2, &in, 3);
	assert_int_equal(keys_of_delete(b.ptr, b.len, &k, &e), 0);
	assert_true(k.is_str);
	text_is(&k, "[\"a\\\"\",\"\",{\"b64\":\"/w==\"}]");
	keys_fini(&k);
	buf_fini(&b);
}

static void
legacy_keys_count_if_there_are_no_others(void **state)
{
	static const int64_t v[] = { 7 };
	struct keys k = { 0 };
	struct buf b = { 0 }, in = im_ints(v, 1);
	struct err e = { 0 };

	(void)state;
	pm_int(&b, 9, 5);      /* unpacked */
	pm_str(&b, 9, "\x06"); /* packed */
	pm_int(&b, 11, 2);
	assert_int_equal(keys_of_delete(b.ptr, b.len, &k, &e), 0);
	text_is(&k, "[\"5\",\"6\"]");
	keys_fini(&k);
	buf_fini(&b);
	b = delete_of(1, &in, 1);
	pm_int(&b, 9, 5);
	assert_int_equal(keys_of_delete(b.ptr, b.len, &k, &e), 0);
	text_is(&k, "[\"7\"]");
	keys_fini(&k);
	buf_fini(&b);
}

static void
a_wrong_number_of_keys_is_refused(void **state)
{
	static const int64_t v[] = { 5, 6 };
	struct keys k = { 0 };
	struct err e = { 0 };
	struct buf in = im_ints(v, 2), b = delete_of(1, &in, 3);

	(void)state;
	assert_int_equal(keys_of_delete(b.ptr, b.len, &k, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_string_equal(e.msg, "delete: 2 keys, want 3");
	keys_fini(&k);
	assert_int_equal(keys_of_delete(b.ptr, b.len - 3, &k, &e), -1);
	assert_string_equal(e.msg, "delete: broken keys");
	keys_fini(&k);
	buf_fini(&b);
}

/* An insert whose key column is x by name pk. */
static int
of_insert(int type, struct buf *values, const char *valid, size_t rows,
    const char *fields, struct keys *k, struct buf *b, struct err *e)
{
	struct col c = { type, "pk", 100, 0, 0, valid, 0 };
	struct col other = { TYPE_INT64, "x", 101, 0, 0, NULL, 0 };
	struct schema s = { 0 };
	int64_t zero[4] = { 0 };
	struct buf v = im_ints(zero, rows);
	int rc;

	im_schema(&s, fields, 0);
	im_rows(b, rows);
	im_col(b, &other, &v);
	im_col(b, &c, values);
	rc = keys_of_insert(b->ptr, b->len, &s, k, e);
	schema_fini(&s);
	return rc;
}

static void
inserts_have_them_in_a_column(void **state)
{
	static const int64_t v[] = { -1, 8 };
	static const char *const s[] = { "b", "a" };
	struct keys k = { 0 };
	struct buf b = { 0 }, in = im_ints(v, 2);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
	    of_insert(TYPE_INT64, &in, NULL, 2, int_pk, &k, &b, &e), 0);
	text_is(&k, "[\"-1\",\"8\"]");
	keys_fini(&k);
	buf_fini(&b);
	in = im_strs(s, 2);
	assert_int_equal(
	    of_insert(TYPE_VARCHAR, &in, "11", 2, str_pk, &k, &b, &e), 0);
	text_is(&k, "[\"b\",\"a\"]");
	keys_fini(&k);
	buf_fini(&b);
}

static void
an_insert_without_its_keys_is_refused(void **state)
{
	static const int64_t v[] = { -1, 8 };
	struct keys k = { 0 };
	struct buf b = { 0 }, in = im_ints(v, 1);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
	    of_insert(TYPE_INT64, &in, NULL, 2, int_pk, &k, &b, &e), -1);
	assert_string_equal(e.msg, "insert: field 'pk': 1 values for 2 rows");
	buf_fini(&b);
	in = im_ints(v, 2);
	assert_int_equal(
	    of_insert(TYPE_INT64, &in, "10", 2, int_pk, &k, &b, &e), -1);
	assert_string_equal(e.msg, "insert: a primary key is null");
	buf_fini(&b);
	im_rows(&b, 2);
	assert_int_equal(keys_of_insert(b.ptr, b.len, NULL, &k, &e), -1);
	assert_string_equal(e.msg, "insert: no primary key is known");
	buf_fini(&b);
	keys_fini(&k);
}

static struct keys
ints(const int64_t *v, size_t n)
{
	struct keys k = { 0 };

	k.n = k.cap = n;
	k.ints = x_memdup(v, n * sizeof *v);
	return k;
}

static struct keys
strs(const char *const *v, size_t n)
{
	struct keys k = { .is_str = 1 };

	k.n = k.cap = n;
	k.strs = x_calloc(n, sizeof *k.strs);
	for (size_t i = 0; i < n; i++)
		k.strs[i] = (struct span){ v[i], strlen(v[i]) };
	return k;
}

static void
sets_are_the_same_in_any_order_and_as_often(void **state)
{
	struct keys a = ints((int64_t[]){ 3, 1, 1, 2 }, 4);
	struct keys b = ints((int64_t[]){ 1, 2, 3, 1 }, 4);
	struct keys c = ints((int64_t[]){ 1, 2, 3, 3 }, 4);
	struct keys s = strs((const char *const[]){ "a", "", "ab", "z" }, 4);
	struct keys t = strs((const char *const[]){ "z", "ab", "a", "" }, 4);
	struct keys u = strs((const char *const[]){ "z", "ab", "a", "b" }, 4);
	struct keys none = { 0 };

	(void)state;
	assert_true(keys_same_set(&a, &b));
	assert_int_equal(a.ints[0], 3); /* left as they were */
	assert_false(keys_same_set(&a, &c));
	assert_true(keys_same_set(&s, &t));
	assert_false(keys_same_set(&s, &u));
	assert_false(keys_same_set(&a, &s));
	assert_false(keys_same_set(&a, &none));
	assert_true(keys_same_set(&none, &none));
	keys_fini(&a);
	keys_fini(&b);
	keys_fini(&c);
	keys_fini(&s);
	keys_fini(&t);
	keys_fini(&u);
}

static void
appends_only_its_own_kind(void **state)
{
	struct keys a = ints((int64_t[]){ 1, 2 }, 2), sum = { 0 };
	struct keys s = strs((const char *const[]){ "a" }, 1), none = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(keys_append(&sum, &a, &e), 0);
	assert_int_equal(keys_append(&sum, &a, &e), 0);
	assert_int_equal(keys_append(&sum, &none, &e), 0);
	text_is(&sum, "[\"1\",\"2\",\"1\",\"2\"]");
	assert_int_equal(keys_append(&sum, &s, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	sum.n = 0;
	assert_int_equal(keys_append(&sum, &s, &e), 0);
	text_is(&sum, "[\"a\"]");
	keys_fini(&a);
	keys_fini(&s);
	keys_fini(&sum);
}

static void
keys_come_in_portions(void **state)
{
	struct keys a = ints((int64_t[]){ 1, 2, 3 }, 3);
	struct buf out = { 0 };
	struct jsonw w = { .b = &out };
	size_t next;

	(void)state;
	keys_write(&a, 0, 0, &w, &next);
	assert_int_equal(next, 1);
	keys_write(&a, next, 4, &w, &next);
	assert_int_equal(next, 3);
	keys_write(&a, next, 4, &w, &next);
	assert_int_equal(next, 3);
	assert_string_equal(out.ptr, "\"1\",\"2\",\"3\"");
	keys_fini(&a);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deletes_have_numbers_or_texts),
		cmocka_unit_test(legacy_keys_count_if_there_are_no_others),
		cmocka_unit_test(a_wrong_number_of_keys_is_refused),
		cmocka_unit_test(inserts_have_them_in_a_column),
		cmocka_unit_test(an_insert_without_its_keys_is_refused),
		cmocka_unit_test(sets_are_the_same_in_any_order_and_as_often),
		cmocka_unit_test(appends_only_its_own_kind),
		cmocka_unit_test(keys_come_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
