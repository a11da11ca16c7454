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
#include "rows/rows.h"

static const struct rows_opts decimal = { ROWS_DECIMAL, 0, 0 };
static const struct rows_opts inline_json = { ROWS_BASE64, 1, 0 };

/* All rows of b, which is emptied, or the error, in *out. */
static void
render(struct buf *b, const struct schema *s, const struct rows_opts *o,
    struct buf *out)
{
	struct jsonw w = { .b = out };
	struct err e = { 0 };
	struct rows *r = rows_open(b->ptr, b->len, s, o, &e);
	size_t n;

	if (r == NULL) {
		assert_int_equal(e.kind, ERR_DATA);
		buf_adds(out, e.msg);
	} else {
		jw_open(&w, NULL, '[');
		assert_int_equal(rows_write(r, SIZE_MAX, &w, &n, &e), 0);
		assert_int_equal(n, rows_count(r));
		jw_close(&w, ']');
	}
	rows_free(r);
	buf_fini(b);
}

static void
check(struct buf *b, const char *fields, const struct rows_opts *o,
    const char *want)
{
	struct schema s = { 0 };
	struct buf out = { 0 };

	if (fields != NULL)
		im_schema(&s, fields, 0);
	render(b, fields == NULL ? NULL : &s, o, &out);
	assert_string_equal(out.ptr, want);
	schema_fini(&s);
	buf_fini(&out);
}

/* One column x of one vector type, given as bytes. */
static struct buf
vectors(int type, int64_t dim, size_t rows, const void *p, size_t n,
    const char *valid)
{
	struct col c = { type, "x", 100, 0, dim, valid, 0 };
	struct buf b = { 0 }, v = { 0 };

	buf_add(&v, p, n);
	im_rows(&b, rows);
	im_col(&b, &c, &v);
	return b;
}

static void
vectors_are_their_bytes_in_base64(void **state)
{
	static const char bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct buf b;

	(void)state;
	b = vectors(TYPE_FLOAT16_VECTOR, 2, 2, bytes, 8, NULL);
	check(&b, NULL, NULL, "[{\"x\":\"AQIDBA==\"},{\"x\":\"BQYHCA==\"}]");
	b = vectors(TYPE_BFLOAT16_VECTOR, 2, 2, bytes, 8, NULL);
	check(&b, NULL, NULL, "[{\"x\":\"AQIDBA==\"},{\"x\":\"BQYHCA==\"}]");
	b = vectors(TYPE_INT8_VECTOR, 4, 2, bytes, 8, NULL);
	check(&b, NULL, NULL, "[{\"x\":\"AQIDBA==\"},{\"x\":\"BQYHCA==\"}]");
	b = vectors(TYPE_BINARY_VECTOR, 32, 2, bytes, 8, NULL);
	check(&b, NULL, NULL, "[{\"x\":\"AQIDBA==\"},{\"x\":\"BQYHCA==\"}]");
}

/* One that was dropped, and whose name came back for another. */
static void
a_schema_may_be_newer(void **state)
{
	static const struct rows_opts evolves = { ROWS_BASE64, 0, 1 };
	static const char bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const char fields[] =
	    "{\"id\":103,\"name\":\"x\",\"type\":\"VarChar\","
	    "\"nullable\":true}";
	struct buf b;

	(void)state;
	b = vectors(TYPE_INT8_VECTOR, 4, 2, bytes, 8, NULL);
	check(&b, fields, &evolves, "[{\"x\":null},{\"x\":null}]");
	b = vectors(TYPE_INT8_VECTOR, 4, 2, bytes, 8, NULL);
	check(&b, fields, NULL,
	    "insert: field 'x': type 105, the schema says 21");
}

/* As Milvus reads rows that are older than the field. */
static void
a_field_that_is_not_there_has_its_default(void **state)
{
	static const char *const types[][2] = {
		{ "\"VarChar\"", "{\"string\":\"a:}\"}" },
		{ "\"Int64\"", "{\"long\":\"-7\"}" },
		{ "\"Int8\"", "{\"int\":3}" },
		{ "\"Double\"", "{\"double\":2.5}" },
		{ "\"Bool\"", "{\"bool\":true}" },
	};
	static const char *const want[] = { "\"a:}\"", "\"-7\"", "3", "2.5",
		"true" };
	static const struct rows_opts evolves = { ROWS_BASE64, 0, 1 };
	static const char bytes[8];

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct buf b = vectors(TYPE_INT8_VECTOR, 4, 2, bytes, 8, NULL);
		char *field =
		    x_asprintf("{\"id\":103,\"name\":\"x\",\"type\":%s,"
			       "\"nullable\":true,\"default\":%s}",
			types[i][0], types[i][1]);
		char *rows =
		    x_asprintf("[{\"x\":%s},{\"x\":%s}]", want[i], want[i]);

		check(&b, field, &evolves, rows);
		free(field);
		free(rows);
	}
}

static void
halves_are_the_shortest_decimal_of_their_bits(void **state)
{
	/* 1, -0, least subnormal, greatest, 0.1, inf, nan */
	static const uint8_t f16[] = { 0, 0x3c, 0, 0x80, 1, 0, 0xff, 0x7b, 0x66,
		0x2e, 0, 0x7c, 1, 0x7e };
	static const uint8_t bf16[] = { 0x80, 0x3f, 0, 0x80, 1, 0, 0x7f, 0x7f,
		0xcd, 0x3d, 0x80, 0xff, 0xc0, 0x7f };
	struct buf b;

	(void)state;
	b = vectors(TYPE_FLOAT16_VECTOR, 7, 1, f16, sizeof f16, NULL);
	check(&b, NULL, &decimal,
	    "[{\"x\":[1,-0.0,6e-08,6.55e+04,0.1,\"Infinity\",\"NaN\"]}]");
	b = vectors(TYPE_BFLOAT16_VECTOR, 7, 1, bf16, sizeof bf16, NULL);
	check(&b, NULL, &decimal,
	    "[{\"x\":[1,-0.0,9e-41,3.39e+38,0.1,\"-Infinity\",\"NaN\"]}]");
}

static void
bytes_are_signed_or_not_by_type(void **state)
{
	static const uint8_t v[] = { 0x80, 0xff, 0x7f, 0 };
	struct buf b;

	(void)state;
	b = vectors(TYPE_INT8_VECTOR, 4, 1, v, 4, NULL);
	check(&b, NULL, &decimal, "[{\"x\":[-128,-1,127,0]}]");
	b = vectors(TYPE_BINARY_VECTOR, 32, 1, v, 4, NULL);
	check(&b, NULL, &decimal, "[{\"x\":[128,255,127,0]}]");
}

/* SparseFloatArray: contents 1, dim 2. */
static struct buf
sparse(size_t cut)
{
	struct col c = { TYPE_SPARSE_VECTOR, "x", 100, 0, 5000000, NULL, 0 };
	struct buf b = { 0 }, v = { 0 }, one = { 0 };
	uint8_t index[4];

	num_put_le32(index, 3);
	buf_add(&one, index, 4);
	pm_f32(&one, 0.5);
	num_put_le32(index, 4294967294);
	buf_add(&one, index, 4);
	pm_f32(&one, -0.0f);
	one.len -= cut;
	pm_sub(&v, 1, &one);
	pm_str(&v, 1, "");
	pm_int(&v, 2, 5000000);
	im_rows(&b, 2);
	im_col(&b, &c, &v);
	return b;
}

static void
a_sparse_vector_is_pairs(void **state)
{
	static const char field[] =
	    "{\"id\":100,\"name\":\"x\",\"type\":\"SparseFloatVector\"}";
	struct buf b;

	(void)state;
	b = sparse(0);
	check(&b, field, &decimal,
	    "[{\"x\":{\"3\":0.5,\"4294967294\":-0.0}},{\"x\":{}}]");
	b = sparse(0);
	check(&b, field, NULL,
	    "[{\"x\":\"AwAAAAAAAD/+////AAAAgA==\"},{\"x\":\"\"}]");
	b = sparse(1);
	check(&b, field, NULL,
	    "insert: field 'x': sparse vector 0: 15 bytes, want pairs of 8");
}

static void
sizes_that_disagree_are_named(void **state)
{
	static const char field[] =
	    "{\"id\":100,\"name\":\"emb\",\"type\":\"FloatVector\","
	    "\"params\":{\"dim\":\"4\"}}";
	struct buf b;
	static const char bytes[16];

	(void)state;
	b = vectors(TYPE_INT8_VECTOR, 4, 4, bytes, 12, NULL);
	check(&b, NULL, NULL,
	    "insert: field 'x': 12 bytes, want 16 (4 rows of dimension 4)");
	b = vectors(TYPE_FLOAT_VECTOR, 8, 1, "\x0a\0", 2, NULL);
	check(&b, field, NULL,
	    "insert: field 'emb': dimension 8, the schema says 4");
	b = vectors(TYPE_BINARY_VECTOR, 9, 1, bytes, 2, NULL);
	check(&b, NULL, NULL, "insert: field 'x': dimension 9");
	b = vectors(TYPE_INT8_VECTOR, INT64_MAX, 1, bytes, 2, NULL);
	check(
	    &b, NULL, NULL, "insert: field 'x': dimension 9223372036854775807");
	b = vectors(TYPE_INT8_VECTOR, 0, 1, bytes, 2, NULL);
	check(&b, NULL, NULL, "insert: field 'x': dimension 0");
	b = vectors(TYPE_INT8_VECTOR, 4, 4, bytes, 12, "1111");
	check(&b, NULL, NULL, "insert: field 'x': 3 values for 4 rows");
	b = vectors(TYPE_INT8_VECTOR, 4, 4, bytes, 12, "111");
	check(
	    &b, NULL, NULL, "insert: field 'x': valid_data for 3 rows, want 4");
	b = vectors(TYPE_INT8_VECTOR, 4, 1, bytes, 4, NULL);
	check(&b, field, NULL,
	    "insert: field 'emb': type 105, the schema says 101");
}

/* An Int64 column of 1, 2, … */
static void
add_pk(struct buf *b, size_t n)
{
	struct col c = { TYPE_INT64, "pk", 100, 0, 0, NULL, 0 };
	int64_t v[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct buf values = im_ints(v, n);

	im_col(b, &c, &values);
}

static void
scalar_counts_must_be_the_rows(void **state)
{
	static const char pk[] = "{\"id\":100,\"name\":\"pk\",\"type\":"
				 "\"Int64\",\"primary_key\":true}";
	struct buf b = { 0 };

	(void)state;
	im_rows(&b, 3);
	add_pk(&b, 2);
	check(&b, pk, NULL, "insert: field 'pk': 2 values for 3 rows");
	im_rows(&b, 2);
	add_pk(&b, 2);
	pm_int(&b, 14, 3);
	check(&b, pk, NULL, "insert: 2 timestamps for 3 rows");
	im_rows(&b, 2);
	check(&b, pk, NULL, "insert: field 'pk' is missing");
	im_rows(&b, 2);
	add_pk(&b, 2);
	add_pk(&b, 2);
	check(&b, pk, NULL, "insert: field 'pk' twice");
}

/* A nullable Int32 x, compact or with places for the nulls. */
static struct buf
nullable(const int64_t *v, size_t n, const char *valid)
{
	struct col c = { TYPE_INT32, "x", 101, 0, 0, valid, 0 };
	struct buf b = { 0 }, values = im_ints(v, n);

	im_rows(&b, strlen(valid));
	im_col(&b, &c, &values);
	return b;
}

static void
nulls_may_have_a_place_or_none(void **state)
{
	static const int64_t full[] = { 7, 0, -9, 0 }, dense[] = { 7, -9 };
	static const float fv[] = { 1, 2, 3, 4 };
	struct col c = { TYPE_FLOAT_VECTOR, "x", 101, 0, 2, "0101", 0 };
	struct buf b, values;

	(void)state;
	b = nullable(full, 4, "1010");
	check(
	    &b, NULL, NULL, "[{\"x\":7},{\"x\":null},{\"x\":-9},{\"x\":null}]");
	b = nullable(dense, 2, "1010");
	check(
	    &b, NULL, NULL, "[{\"x\":7},{\"x\":null},{\"x\":-9},{\"x\":null}]");
	b = nullable(dense, 0, "00");
	check(&b, NULL, NULL, "[{\"x\":null},{\"x\":null}]");
	b = nullable(full, 3, "1010");
	check(&b, NULL, NULL, "insert: field 'x': 3 values for 4 rows");
	b = (struct buf){ 0 };
	values = im_floats(fv, 4);
	im_rows(&b, 4);
	im_col(&b, &c, &values);
	check(&b, NULL, &decimal,
	    "[{\"x\":null},{\"x\":[1,2]},{\"x\":null},{\"x\":[3,4]}]");
}

static void
nullable_strings_and_json_skip_their_places(void **state)
{
	static const char *const s[] = { "a", "", "c" };
	static const char *const j[] = { "{}", "", "[1]" };
	struct col c = { TYPE_VARCHAR, "s", 101, 0, 0, "101", 0 };
	struct col d = { TYPE_JSON, "j", 102, 0, 0, "101", 0 };
	struct buf b = { 0 }, v = im_strs(s, 3);

	(void)state;
	im_rows(&b, 3);
	im_col(&b, &c, &v);
	v = im_strs(j, 3);
	im_col(&b, &d, &v);
	check(&b, NULL, &inline_json,
	    "[{\"s\":\"a\",\"j\":{}},{\"s\":null,\"j\":null},"
	    "{\"s\":\"c\",\"j\":[1]}]");
}

static void
numbers_may_come_in_pieces(void **state)
{
	struct col c = { TYPE_INT64, "i", 100, 0, 0, NULL, 0 };
	struct col d = { TYPE_FLOAT, "f", 101, 0, 0, NULL, 0 };
	struct buf b = { 0 }, v = { 0 }, run = { 0 };

	(void)state;
	im_rows(&b, 4);
	pm_int(&v, 1, -1); /* unpacked */
	pm_raw(&run, 2);
	pm_raw(&run, 300);
	pm_sub(&v, 1, &run); /* packed */
	pm_int(&v, 1, 4);
	im_col(&b, &c, &v);
	pm_raw(&v, 1 << 3 | 5);
	pm_f32(&v, 1.5);
	pm_f32(&run, 2.5);
	pm_f32(&run, 3.5);
	pm_sub(&v, 1, &run);
	pm_raw(&v, 1 << 3 | 5);
	pm_f32(&v, 4.5);
	im_col(&b, &d, &v);
	check(&b, NULL, NULL,
	    "[{\"i\":\"-1\",\"f\":1.5},{\"i\":\"2\",\"f\":2.5},"
	    "{\"i\":\"300\",\"f\":3.5},{\"i\":\"4\",\"f\":4.5}]");
}

static void
a_float_vector_may_come_in_pieces(void **state)
{
	struct col c = { TYPE_FLOAT_VECTOR, "x", 100, 0, 2, NULL, 0 };
	struct buf b = { 0 }, v = { 0 }, run = { 0 };

	(void)state;
	im_rows(&b, 2);
	pm_f32(&run, 1);
	pm_sub(&v, 1, &run);
	pm_f32(&run, 2);
	pm_f32(&run, 3);
	pm_f32(&run, 4);
	pm_sub(&v, 1, &run);
	im_col(&b, &c, &v);
	check(&b, NULL, &decimal, "[{\"x\":[1,2]},{\"x\":[3,4]}]");
}

/* ScalarField elements, of a slot, in ArrayArray data 1; element_type 2. */
static struct buf
arrays(int slot, int elem, int64_t a, int64_t b)
{
	struct col c = { TYPE_ARRAY, "x", 100, 0, 0, NULL, 0 };
	struct buf out = { 0 }, v = { 0 }, one = { 0 }, data = { 0 };

	pm_int(&data, 1, a); /* two pieces */
	pm_int(&data, 1, b);
	pm_sub(&one, (uint32_t)slot, &data);
	pm_sub(&v, 1, &one);
	pm_str(&v, 1, ""); /* a ScalarField without a member */
	pm_sub(&one, (uint32_t)slot, &data);
	pm_sub(&v, 1, &one); /* one with an empty member */
	if (elem != 0)
		pm_int(&v, 2, elem);
	im_rows(&out, 3);
	im_col(&out, &c, &v);
	return out;
}

static void
elements_have_the_type_of_schema_message_or_slot(void **state)
{
	static const char field[] = "{\"id\":100,\"name\":\"x\",\"type\":"
				    "\"Array\",\"element_type\":\"Int8\"}";
	struct buf b;

	(void)state;
	b = arrays(SLOT_INT, 0, 1, -2);
	check(&b, field, NULL, "[{\"x\":[1,-2]},{\"x\":[]},{\"x\":[]}]");
	b = arrays(SLOT_INT, TYPE_INT16, 1, -2);
	check(&b, NULL, NULL, "[{\"x\":[1,-2]},{\"x\":[]},{\"x\":[]}]");
	b = arrays(SLOT_LONG, 0, 1, -2);
	check(&b, NULL, NULL, "[{\"x\":[\"1\",\"-2\"]},{\"x\":[]},{\"x\":[]}]");
	b = arrays(SLOT_BOOL, 0, 1, 0);
	check(&b, NULL, NULL, "[{\"x\":[true,false]},{\"x\":[]},{\"x\":[]}]");
	b = arrays(SLOT_LONG, 0, 1, -2);
	check(&b, field, NULL,
	    "insert: field 'x': array 0 has no elements of type 2");
	b = arrays(SLOT_JSON, 0, 1, -2);
	check(&b, NULL, NULL,
	    "insert: field 'x': array 0 has no elements of type 0");
}

static void
add_str(struct buf *b, const char *name, int64_t id, int type, int dynamic,
    const char *value)
{
	struct col c = { type, name, id, 0, 0, NULL, dynamic };
	struct buf v = im_strs(&value, 1);

	im_col(b, &c, &v);
}

static void
columns_come_in_the_order_of_ids_and_meta_last(void **state)
{
	static const char fields[] =
	    "{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\",\"primary_key\":"
	    "true},{\"id\":101,\"name\":\"a\",\"type\":\"VarChar\"},"
	    "{\"id\":103,\"name\":\"b\",\"type\":\"VarChar\"},"
	    "{\"id\":104,\"name\":\"n\",\"type\":\"VarChar\",\"nullable\":"
	    "true},{\"id\":105,\"name\":\"bm\",\"type\":"
	    "\"SparseFloatVector\",\"function_output\":true}";
	struct schema s = { 0 };
	struct buf b = { 0 }, out = { 0 };

	(void)state;
	im_schema(&s, fields, 1);
	im_rows(&b, 1);
	add_str(&b, "$meta", 102, TYPE_JSON, 1, "{\"k\":1}");
	add_str(&b, "new\"er", 109, TYPE_VARCHAR, 0, "N");
	add_str(&b, "old name", 103, TYPE_VARCHAR, 0, "B"); /* by id */
	add_str(&b, "a", 0, TYPE_VARCHAR, 0, "A");          /* by name */
	add_pk(&b, 1);
	render(&b, &s, NULL, &out);
	assert_string_equal(out.ptr,
	    "[{\"pk\":\"1\",\"a\":\"A\",\"b\":\"B\",\"n\":null,"
	    "\"new\\\"er\":\"N\",\"$meta\":\"{\\\"k\\\":1}\"}]");
	schema_fini(&s);
	buf_fini(&out);
}

static void
system_columns_are_dropped(void **state)
{
	struct col row = { TYPE_INT64, "RowID", 0, 0, 0, NULL, 0 };
	struct col time = { TYPE_INT64, "Timestamp", 1, 0, 0, NULL, 0 };
	struct buf b = { 0 }, v;
	int64_t x = 5;

	(void)state;
	im_rows(&b, 1);
	v = im_ints(&x, 1);
	im_col(&b, &row, &v);
	v = im_ints(&x, 1);
	im_col(&b, &time, &v);
	add_pk(&b, 1);
	check(&b, NULL, NULL, "[{\"pk\":\"1\"}]");
}

static void
text_that_is_no_utf8_is_base64(void **state)
{
	struct buf b = { 0 };

	(void)state;
	im_rows(&b, 1);
	add_str(&b, "s", 100, TYPE_VARCHAR, 0, "a\xff");
	add_str(&b, "j", 101, TYPE_JSON, 0, "\xff");
	check(&b, NULL, &inline_json,
	    "[{\"s\":{\"b64\":\"Yf8=\"},\"j\":{\"b64\":\"/w==\"}}]");
}

static void
json_is_inline_only_if_all_of_it_is_json(void **state)
{
	struct err e = { 0 };
	struct buf b = { 0 };
	struct rows *r;

	(void)state;
	im_rows(&b, 1);
	add_str(&b, "s", 101, TYPE_JSON, 0, " { \"a\" :\n[ 1.50 , \"x y\" ]}");
	r = rows_open(b.ptr, b.len, NULL, &inline_json, &e);
	assert_int_equal(rows_inline(r), 1);
	rows_free(r);
	check(&b, NULL, &inline_json, "[{\"s\":{\"a\":[1.50,\"x y\"]}}]");
	im_rows(&b, 1);
	add_str(&b, "s", 101, TYPE_JSON, 0, "{\"a\":NaN}");
	r = rows_open(b.ptr, b.len, NULL, &inline_json, &e);
	assert_int_equal(rows_inline(r), 0);
	rows_free(r);
	check(&b, NULL, &inline_json, "[{\"s\":\"{\\\"a\\\":NaN}\"}]");
}

static void
rows_come_in_portions(void **state)
{
	struct buf b = { 0 }, out = { 0 };
	struct jsonw w = { .b = &out };
	struct err e = { 0 };
	struct rows *r;
	size_t n;

	(void)state;
	im_rows(&b, 5);
	add_pk(&b, 5);
	r = rows_open(b.ptr, b.len, NULL, NULL, &e);
	assert_int_equal(rows_write(r, 0, &w, &n, &e), 1);
	assert_int_equal(n, 1);
	assert_int_equal(rows_write(r, 15, &w, &n, &e), 1);
	assert_int_equal(n, 2);
	assert_int_equal(rows_write(r, 1000, &w, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(rows_write(r, 1000, &w, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_string_equal(out.ptr,
	    "{\"pk\":\"1\"},{\"pk\":\"2\"},{\"pk\":\"3\"},{\"pk\":\"4\"},"
	    "{\"pk\":\"5\"}");
	rows_free(r);
	buf_fini(&b);
	buf_fini(&out);
}

static void
without_vectors_rows_are_lossy(void **state)
{
	static const struct rows_opts none = { ROWS_NONE, 0, 0 };
	static const float f[] = { 1, 2 };
	struct col c = { TYPE_FLOAT_VECTOR, "v", 101, 0, 2, NULL, 0 };
	struct buf b = { 0 }, v = im_floats(f, 2);
	struct err e = { 0 };
	struct rows *r;

	(void)state;
	im_rows(&b, 1);
	add_pk(&b, 1);
	r = rows_open(b.ptr, b.len, NULL, &none, &e);
	assert_int_equal(rows_lossy(r), 0);
	rows_free(r);
	im_col(&b, &c, &v);
	r = rows_open(b.ptr, b.len, NULL, &none, &e);
	assert_int_equal(rows_lossy(r), 1);
	rows_free(r);
	check(&b, NULL, &none, "[{\"pk\":\"1\"}]");
	/* nor one that the message has not */
	im_rows(&b, 1);
	add_pk(&b, 1);
	check(&b,
	    "{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\","
	    "\"primary_key\":true},{\"id\":101,\"name\":\"v\",\"type\":"
	    "\"FloatVector\",\"nullable\":true,\"params\":{\"dim\":\"2\"}}",
	    &none, "[{\"pk\":\"1\"}]");
}

static void
refuses_values_in_another_member(void **state)
{
	struct col c = { TYPE_INT64, "x", 100, SLOT_INT, 0, NULL, 0 };
	struct col d = { TYPE_VARCHAR, "x", 100, 0, 0, NULL, 0 };
	struct buf b = { 0 }, v;
	int64_t x = 5;

	(void)state;
	im_rows(&b, 1);
	v = im_ints(&x, 1);
	im_col(&b, &c, &v);
	check(&b, NULL, NULL,
	    "insert: field 'x': values in member 2 of ScalarField");
	im_rows(&b, 1);
	pm_str(&b, 13, "\x08\x18\x12\x01x"); /* Geometry, 24 */
	check(&b, NULL, NULL, "insert: field 'x': type 24 is not known");
	im_rows(&b, 1);
	d.name = "";
	im_col(&b, &d, &v);
	check(&b, NULL, NULL, "insert: field id 100 has no name");
}

static void
columns_have_a_limit(void **state)
{
	struct buf b = { 0 };

	(void)state;
	im_rows(&b, 1);
	for (int i = 0; i < 1025; i++)
		add_str(&b, "x", 100, TYPE_VARCHAR, 0, "");
	check(&b, NULL, NULL, "insert: more than 1024 columns");
}

static void
every_cut_is_refused(void **state)
{
	struct buf b = { 0 };
	struct err e;
	struct rows *r;

	(void)state;
	pm_int(&b, 14, 2);
	pm_int(&b, 10, 5);
	pm_int(&b, 10, 5);
	add_pk(&b, 2);
	for (size_t n = 1; n < b.len; n++) {
		r = rows_open(b.ptr, n, NULL, NULL, &e);
		if (r != NULL && n != 6) /* before the column begins */
			fail_msg("cut at %zu of %zu", n, b.len);
		rows_free(r);
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_their_bytes_in_base64),
		cmocka_unit_test(a_schema_may_be_newer),
		cmocka_unit_test(a_field_that_is_not_there_has_its_default),
		cmocka_unit_test(halves_are_the_shortest_decimal_of_their_bits),
		cmocka_unit_test(bytes_are_signed_or_not_by_type),
		cmocka_unit_test(a_sparse_vector_is_pairs),
		cmocka_unit_test(sizes_that_disagree_are_named),
		cmocka_unit_test(scalar_counts_must_be_the_rows),
		cmocka_unit_test(nulls_may_have_a_place_or_none),
		cmocka_unit_test(nullable_strings_and_json_skip_their_places),
		cmocka_unit_test(numbers_may_come_in_pieces),
		cmocka_unit_test(a_float_vector_may_come_in_pieces),
		cmocka_unit_test(
		    elements_have_the_type_of_schema_message_or_slot),
		cmocka_unit_test(
		    columns_come_in_the_order_of_ids_and_meta_last),
		cmocka_unit_test(system_columns_are_dropped),
		cmocka_unit_test(text_that_is_no_utf8_is_base64),
		cmocka_unit_test(json_is_inline_only_if_all_of_it_is_json),
		cmocka_unit_test(rows_come_in_portions),
		cmocka_unit_test(without_vectors_rows_are_lossy),
		cmocka_unit_test(refuses_values_in_another_member),
		cmocka_unit_test(columns_have_a_limit),
		cmocka_unit_test(every_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
