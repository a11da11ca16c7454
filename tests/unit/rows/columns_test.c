#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rows/columns.h"

#include "base/err.h"
#include "base/mem.h"

/*
 * What FieldData of column x must be: from Google's protobuf and Milvus's own
 * schema.proto; types and fields newer than 2.3 by the numbers of 2.5.
 */
static const struct {
	const char *type, *elem;
	int dim, nullable;
	const char *rows, *hex;
} cases[] = {
	{ "Bool", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":true},{\"pk\":\"2\",\"x\":false}]",
	    "08011201781a060a040a020100" },
	{ "Int8", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":-128},{\"pk\":\"2\",\"x\":127}]",
	    "08021201781a0f120d0a0b80ffffffffffffffff017f" },
	{ "Int16", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":-32768},{\"pk\":\"2\",\"x\":\"32767\"}]",
	    "08031201781a11120f0a0d8080feffffffffffff01ffff01" },
	{ "Int32", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":-2147483648},{\"pk\":\"2\",\"x\":0},{\"pk\":"
	    "\"3\",\"x\":2147483647}]",
	    "08041201781a1412120a1080808080f8ffffffff0100ffffffff07" },
	{ "Int64", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":\"-9223372036854775808\"},{\"pk\":\"2\","
	    "\"x\":\"9223372036854775807\"},{\"pk\":\"3\",\"x\":10}]",
	    "08051201781a181a160a1480808080808080808001ffffffffffffffff7f0a" },
	{ "Float", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":1.5},{\"pk\":\"2\",\"x\":-0},{\"pk\":\"3\","
	    "\"x\":1e-45},{\"pk\":\"4\",\"x\":\"NaN\"},{\"pk\":\"5\",\"x\":\"-"
	    "Infinity\"},{\"pk\":\"6\",\"x\":3.4028235e38}]",
	    "080a1201781a1c221a0a180000c03f00000080010000000000c07f000080ffffff"
	    "7f7f" },
	{ "Double", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":0.1},{\"pk\":\"2\",\"x\":-0.0},{\"pk\":\"3\","
	    "\"x\":5e-324},{\"pk\":\"4\",\"x\":\"Infinity\"},{\"pk\":\"5\","
	    "\"x\":1.7976931348623157e308}]",
	    "080b1201781a2c2a2a0a289a9999999999b93f0000000000000080010000000000"
	    "0000000000000000f07fffffffffffffef7f" },
	{ "VarChar", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":\"\"},{\"pk\":\"2\",\"x\":"
	    "\"a\\\"\\\\\\n\\u00e9\\ud83d\\ude00\"},{\"pk\":\"3\",\"x\":\"ü\"}"
	    "]",
	    "08151201781a1432120a000a0a61225c0ac3a9f09f98800a02c3bc" },
	{ "JSON", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":\"{\\\"a\\\": "
	    "1.0}\"},{\"pk\":\"2\",\"x\":\"null\"}]",
	    "08171201781a144a120a0a7b2261223a20312e307d0a046e756c6c" },
	{ "Array", "Bool", 0, 0,
	    "[{\"pk\":\"1\",\"x\":[true,false]},{\"pk\":\"2\",\"x\":[]}]",
	    "08161201781a10420e0a060a040a0201000a020a001001" },
	{ "Array", "Int8", 0, 0, "[{\"pk\":\"1\",\"x\":[-1,2]}]",
	    "08161201781a1542130a0f120d0a0bffffffffffffffffff01021002" },
	{ "Array", "Int64", 0, 0,
	    "[{\"pk\":\"1\",\"x\":[\"-1\",\"2\"]},{\"pk\":\"2\",\"x\":[]},{"
	    "\"pk\":\"3\",\"x\":[3]}]",
	    "08161201781a20421e0a0f1a0d0a0bffffffffffffffffff01020a021a000a051a"
	    "030a01031005" },
	{ "Array", "Float", 0, 0, "[{\"pk\":\"1\",\"x\":[0.5]}]",
	    "08161201781a0e420c0a0822060a040000003f100a" },
	{ "Array", "Double", 0, 0, "[{\"pk\":\"1\",\"x\":[0.5,\"NaN\"]}]",
	    "08161201781a1a42180a142a120a10000000000000e03f000000000000f87f100"
	    "b" },
	{ "Array", "VarChar", 0, 0,
	    "[{\"pk\":\"1\",\"x\":[\"a\",\"\"]},{\"pk\":\"2\",\"x\":[]}]",
	    "08161201781a11420f0a0732050a01610a000a0232001015" },
	{ "FloatVector", "", 2, 0,
	    "[{\"pk\":\"1\",\"x\":\"AACAPwAAAEA=\"},{\"pk\":\"2\",\"x\":[1,-2."
	    "5]}]",
	    "08651201782216080212120a100000803f000000400000803f000020c0" },
	{ "BinaryVector", "", 16, 0,
	    "[{\"pk\":\"1\",\"x\":\"/wE=\"},{\"pk\":\"2\",\"x\":[0,255]}]",
	    "0864120178220808101a04ff0100ff" },
	{ "Float16Vector", "", 2, 0,
	    "[{\"pk\":\"1\",\"x\":\"ADwAQA==\"},{\"pk\":\"2\",\"x\":[1,2]}]",
	    "0866120178220c08022208003c0040003c0040" },
	{ "BFloat16Vector", "", 2, 0,
	    "[{\"pk\":\"1\",\"x\":\"gD8AQA==\"},{\"pk\":\"2\",\"x\":[1,2]}]",
	    "0867120178220c08022a08803f0040803f0040" },
	{ "Int8Vector", "", 2, 0,
	    "[{\"pk\":\"1\",\"x\":\"/wE=\"},{\"pk\":\"2\",\"x\":[-1,1]}]",
	    "0869120178220808023a04ff01ff01" },
	{ "SparseFloatVector", "", 0, 0,
	    "[{\"pk\":\"1\",\"x\":\"AQAAAAAAgD8=\"},{\"pk\":\"2\",\"x\":{"
	    "\"70000\":2,\"3\":1}},{\"pk\":\"3\",\"x\":{}}]",
	    "0868120178222432220a08010000000000803f0a10030000000000803f70110100"
	    "000000400a0010f1a204" },
	{ "Int64", "", 0, 1,
	    "[{\"pk\":\"1\",\"x\":\"1\"},{\"pk\":\"2\",\"x\":null},{\"pk\":"
	    "\"3\",\"x\":\"3\"}]",
	    "08051201781a061a040a0201033a03010001" },
	{ "VarChar", "", 0, 1,
	    "[{\"pk\":\"1\",\"x\":null},{\"pk\":\"2\",\"x\":null}]",
	    "08151201781a0232003a020000" },
	{ "Int8", "", 0, 1,
	    "[{\"pk\":\"1\",\"x\":null},{\"pk\":\"2\",\"x\":null}]",
	    "08021201781a0212003a020000" },
	{ "FloatVector", "", 2, 1,
	    "[{\"pk\":\"1\",\"x\":null},{\"pk\":\"2\",\"x\":[1,2]}]",
	    "0865120178220e0802120a0a080000803f000000403a020001" },
};

static void
add_field(struct schema *s, const char *name, const char *type,
    const char *elem, int dim, int nullable)
{
	struct field *f;
	char text[16];

	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	f = &s->v[s->n++];
	memset(f, 0, sizeof *f);
	f->id = 99 + (int64_t)s->n;
	f->name = x_strdup(name);
	f->type = (int)type_by_name(type)->type;
	f->elem = elem[0] == '\0' ? 0 : (int)type_by_name(elem)->type;
	f->primary_key = s->n == 1;
	f->nullable = nullable;
	snprintf(text, sizeof text, "%d", dim);
	if (dim > 0)
		kvs_set(&f->params, "dim", text);
}

static struct schema
schema(const char *type, const char *elem, int dim, int nullable)
{
	struct schema s = { 0 };

	add_field(&s, "pk", "Int64", "", 0, 0);
	add_field(&s, "x", type, elem, dim, nullable);
	return s;
}

static int
fill(struct columns *c, const char *rows, int json_inline, struct err *e)
{
	struct jsonr r;
	int rc;

	jr_init(&r, rows, strlen(rows));
	assert_int_equal(jr_open(&r, '[', e), 0);
	while ((rc = jr_item(&r, e)) == 1)
		if (columns_add(c, &r, json_inline, e) == -1)
			return -1;
	return rc;
}

static uint64_t
varint(const uint8_t **p)
{
	uint64_t v = 0;

	for (int at = 0;; at += 7) {
		v |= (uint64_t)(**p & 0x7f) << at;
		if ((*(*p)++ & 0x80) == 0)
			return v;
	}
}

/* The request as hex of its nth FieldData; num_rows in *rows. */
static char *
field_data(struct columns *c, size_t nth, uint64_t *rows)
{
	struct buf all = { 0 }, hex = { 0 };
	const struct span *v;
	size_t n;
	const uint8_t *p, *end;

	v = columns_request(c, "db", "coll", "part", &n);
	for (size_t i = 0; i < n; i++)
		buf_add(&all, v[i].ptr, v[i].len);
	p = (const uint8_t *)all.ptr;
	end = p + all.len;
	while (p < end) {
		uint64_t tag = varint(&p), len = varint(&p);

		if (tag == (7 << 3)) {
			*rows = len;
			continue;
		}
		assert_int_equal(tag & 7, 2);
		if (tag >> 3 == 5 && nth-- == 0)
			for (uint64_t i = 0; i < len; i++)
				buf_addf(&hex, "%02x", p[i]);
		p += len;
	}
	assert_ptr_equal(p, end);
	buf_fini(&all);
	return buf_take(&hex);
}

static void
every_type_is_as_protobuf_writes_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct schema s = schema(cases[i].type, cases[i].elem,
		    cases[i].dim, cases[i].nullable);
		struct columns *c = columns_new(&s);
		struct err e = { 0 };
		uint64_t rows = 0;
		char *hex;

		if (fill(c, cases[i].rows, 0, &e) == -1)
			fail_msg("%s: %s", cases[i].rows, e.msg);
		hex = field_data(c, 1, &rows);
		assert_int_equal(rows, columns_rows(c));
		assert_string_equal(hex, cases[i].hex);
		free(hex);
		columns_free(c);
		schema_fini(&s);
	}
}

/* Cut anywhere, and both parts are what they were. */
static void
a_split_keeps_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t at = 1; at < 3; at++) {
			struct schema s = schema(cases[i].type, cases[i].elem,
			    cases[i].dim, cases[i].nullable);
			struct columns *c = columns_new(&s), *d, *only;
			struct err e = { 0 };
			uint64_t rows = 0;
			char *got, *want;
			const char *rest = cases[i].rows + 1;

			assert_int_equal(fill(c, cases[i].rows, 0, &e), 0);
			if (columns_rows(c) <= at) {
				columns_free(c);
				schema_fini(&s);
				continue;
			}
			d = columns_split(c, at);
			assert_int_equal(columns_rows(c), at);
			for (size_t k = 0; k < at; k++)
				rest = strstr(rest + 1, "{\"pk\"");
			only = columns_new(&s);
			{
				struct buf text = { 0 };

				buf_addf(&text, "[%s", rest);
				assert_int_equal(
				    fill(only, text.ptr, 0, &e), 0);
				buf_fini(&text);
			}
			got = field_data(d, 1, &rows);
			want = field_data(only, 1, &rows);
			assert_string_equal(got, want);
			free(got);
			free(want);
			columns_free(only);
			columns_free(c);
			columns_free(d);
			schema_fini(&s);
		}
}

/* Those rows of the text, a JSON array, whose bit is not in `but`. */
static struct columns *
some(const struct schema *s, const char *rows, unsigned but)
{
	struct columns *c = columns_new(s);
	struct buf text = { 0 };
	struct err e = { 0 };
	const char *at = strstr(rows, "{\"pk\""), *next;

	buf_addc(&text, '[');
	for (unsigned bit = 1; at != NULL; bit <<= 1, at = next) {
		next = strstr(at + 1, ",{\"pk\"");
		if ((but & bit) == 0) {
			if (text.len > 1)
				buf_addc(&text, ',');
			buf_add(&text, at,
			    next != NULL ? (size_t)(next - at)
					 : strlen(at) - 1);
		}
		if (next != NULL)
			next++;
	}
	buf_addc(&text, ']');
	buf_addc(&text, '\0');
	if (fill(c, text.ptr, 0, &e) == -1)
		fail_msg("%s: %s", text.ptr, e.msg);
	buf_fini(&text);
	return c;
}

/* Any of them, and what is left is as if they had never been there. */
static void
dropped_rows_leave_no_trace(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct schema s = schema(cases[i].type, cases[i].elem,
		    cases[i].dim, cases[i].nullable);
		unsigned all = 1;

		for (unsigned but = 0; but < all; but++) {
			struct columns *c = some(&s, cases[i].rows, 0), *want;
			size_t rows[8], n = 0;

			all = 1U << columns_rows(c);
			for (unsigned k = 0; k < columns_rows(c); k++)
				if ((but & 1U << k) != 0)
					rows[n++] = k;
			columns_drop(c, rows, n);
			want = some(&s, cases[i].rows, but);
			assert_int_equal(columns_rows(c), columns_rows(want));
			assert_int_equal(columns_bytes(c), columns_bytes(want));
			for (size_t f = 0; f < 2; f++) {
				uint64_t g = 0, w = 0;
				char *got = field_data(c, f, &g);
				char *as = field_data(want, f, &w);

				assert_string_equal(got, as);
				assert_int_equal(g, w);
				free(got);
				free(as);
			}
			columns_free(c);
			columns_free(want);
			tried++;
		}
		schema_fini(&s);
	}
	assert_true(tried > 200);
}

static void
refused(const char *type, const char *elem, int dim, const char *row,
    const char *why)
{
	struct schema s = schema(type, elem, dim, 0);
	struct columns *c = columns_new(&s);
	struct err e = { 0 };
	size_t before;

	assert_int_equal(fill(c, "[{\"pk\":7,\"x\":null}]", 0, &e), -1);
	before = columns_bytes(c);
	if (fill(c, row, 0, &e) != -1)
		fail_msg("%s is taken", row);
	if (strstr(e.msg, why) == NULL)
		fail_msg("%s: '%s' is not '%s'", row, e.msg, why);
	assert_int_equal(e.kind, ERR_DATA);
	assert_int_equal(columns_rows(c), 0);
	assert_int_equal(columns_bytes(c), before);
	columns_free(c);
	schema_fini(&s);
}

static void
what_does_not_fit_is_refused(void **state)
{
	(void)state;
	refused("Int8", "", 0, "[{\"pk\":1,\"x\":128}]", "from -128 to 127");
	refused("Int64", "", 0, "[{\"pk\":1,\"x\":1.5}]", "not an integer");
	refused("Float", "", 0, "[{\"pk\":1,\"x\":1e39}]", "not a float");
	refused("Double", "", 0, "[{\"pk\":1,\"x\":1e999}]", "not a number");
	refused("Double", "", 0, "[{\"pk\":1,\"x\":--1}]", "not a number");
	refused("Bool", "", 0, "[{\"pk\":1,\"x\":1}]", "want false");
	refused("VarChar", "", 0, "[{\"pk\":1,\"x\":\"\\ud800\"}]", "escape");
	refused("VarChar", "", 0, "[{\"pk\":1,\"x\":\"\xff\"}]", "not UTF-8");
	refused("VarChar", "", 0, "[{\"pk\":1,\"x\":{\"b\":1}}]", "b64");
	refused("Array", "Int8", 0, "[{\"pk\":1,\"x\":[1,300]}]", "300");
	refused("Array", "Int8", 0, "[{\"pk\":1,\"x\":[1,]}]", "want a number");
	refused("FloatVector", "", 2, "[{\"pk\":1,\"x\":[1]}]", "want 8");
	refused("FloatVector", "", 2, "[{\"pk\":1,\"x\":\"A===\"}]", "base64");
	refused("SparseFloatVector", "", 0,
	    "[{\"pk\":1,\"x\":\"AQAAAAAAgD8BAAAAAACAPw==\"}]", "not above");
	refused("SparseFloatVector", "", 0, "[{\"pk\":1,\"x\":\"AAAA\"}]",
	    "pairs of 8");
	refused("Int8", "", 0, "[{\"pk\":1}]", "'x' is missing");
	refused("Int8", "", 0, "[{\"pk\":1,\"x\":1,\"y\":1}]", "'y'");
	refused("Int8", "", 0, "[{\"pk\":1,\"x\":1,\"x\":1}]", "twice");
	refused("Int8", "", 0, "[{\"pk\":1,\"x\":1", "the text ends");
}

/* Numbers with nothing between go another way than all else. */
static void
a_vector_is_the_same_in_every_form(void **state)
{
	static const struct {
		const char *type, *text, *hex;
	} forms[] = {
		{ "FloatVector", "[0.1,-2.5,1e-45]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[ 0.1,-2.5,1e-45]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[0.1,\t-2.5,1e-45]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[0.1 ,-2.5,1e-45]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[0.1,-2.5,1e-45 ]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[0.1,-2.5,1e-45\n]",
		    "cdcccc3d000020c001000000" },
		{ "FloatVector", "[\"NaN\",1,2]", "0000c07f0000803f00000040" },
		{ "FloatVector", "[1,\"NaN\",2]", "0000803f0000c07f00000040" },
		{ "FloatVector", "[1,2,\"-Infinity\"]",
		    "0000803f00000040000080ff" },
		{ "Float16Vector", "[1,-2,65504]", "003c00c0ff7b" },
		{ "Float16Vector", "[1, -2, 65504]", "003c00c0ff7b" },
		{ "BFloat16Vector", "[1,-2,1.01171875]", "803f00c0823f" },
		{ "BFloat16Vector", "[1, -2, 1.01171875]", "803f00c0823f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct schema s = schema(forms[i].type, "", 3, 0);
		struct columns *c = columns_new(&s);
		struct err e = { 0 };
		char *row = x_asprintf("[{\"pk\":1,\"x\":%s}]", forms[i].text);
		uint64_t rows;
		char *hex;

		if (fill(c, row, 0, &e) == -1)
			fail_msg("%s: %s", row, e.msg);
		hex = field_data(c, 1, &rows);
		if (strlen(hex) < strlen(forms[i].hex) ||
		    strcmp(hex + strlen(hex) - strlen(forms[i].hex),
			forms[i].hex) != 0)
			fail_msg("%s is %s", row, hex);
		free(hex);
		free(row);
		columns_free(c);
		schema_fini(&s);
	}
}

static void
a_broken_vector_is_refused_where_it_breaks(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[1,2]", "field 'x': 8 bytes, want 12 (dimension 3)" },
		{ "[1,2,3,4]", "field 'x': 16 bytes, want 12 (dimension 3)" },
		{ "[]", "field 'x': 0 bytes, want 12 (dimension 3)" },
		{ "[1,2,]", "column 19: want a number, got ']}]'" },
		{ "[1,,2]", "column 17: want a number, got ',2]}]'" },
		{ "[,1,2]", "column 15: want a number, got ',1,2]}]'" },
		{ "[1,2 3]", "column 19: want ',' or ']', got '3]}]'" },
		{ "[1,2,3}", "column 20: want ',' or ']', got '}}]'" },
		{ "[1,2,null]", "column 19: want a number, got 'null]}]'" },
		{ "[1,2,+3]", "column 19: want a number, got '+3]}]'" },
		{ "[1,2,.3]", "column 19: want a number, got '.3]}]'" },
		{ "[1,2,[3]]", "column 19: want a number, got '[3]]}]'" },
		{ "[1,2,1e39]", "field 'x': '1e39' is not a float" },
		{ "[-1e39,2,3]", "field 'x': '-1e39' is not a float" },
		{ "[1,2,3e]", "field 'x': '3e' is not a float" },
		{ "[1,1.2.3,2]", "field 'x': '1.2.3' is not a float" },
		{ "[1,-,2]", "field 'x': '-' is not a float" },
		{ "[1,2,\"x\"]", "field 'x': 'x' is not a number" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *row = x_asprintf("[{\"pk\":1,\"x\":%s}]", bad[i].text);

		refused("FloatVector", "", 3, row, bad[i].why);
		free(row);
	}
	refused("FloatVector", "", 3, "[{\"pk\":1,\"x\":[1,2", "column 18");
	refused("FloatVector", "", 3, "[{\"pk\":1,\"x\":[1,", "column 17");
	refused("FloatVector", "", 3, "[{\"pk\":1,\"x\":[", "column 15");
}

static void
any_order_of_keys_is_the_same(void **state)
{
	struct schema s = schema("Int64", "", 0, 0);
	struct columns *a = columns_new(&s), *b = columns_new(&s);
	struct err e = { 0 };
	uint64_t rows;
	char *x, *y;

	(void)state;
	assert_int_equal(
	    fill(a, "[{\"pk\":1,\"x\":2},{\"pk\":3,\"x\":4}]", 0, &e), 0);
	assert_int_equal(fill(b,
			     "[ {\"x\" : \"2\", \"\\u0070k\":1 },\n"
			     "{\"x\":4,\"pk\":\"3\"} ]",
			     0, &e),
	    0);
	for (size_t i = 0; i < 2; i++) {
		x = field_data(a, i, &rows);
		y = field_data(b, i, &rows);
		assert_string_equal(x, y);
		free(x);
		free(y);
	}
	columns_free(a);
	columns_free(b);
	schema_fini(&s);
}

static void
the_dynamic_field_may_be_absent_or_inline(void **state)
{
	struct schema s = schema("JSON", "", 0, 0);
	struct columns *c;
	struct err e = { 0 };
	uint64_t rows;
	char *hex;

	(void)state;
	s.dynamic = 1;
	c = columns_new(&s);
	assert_int_equal(fill(c,
			     "[{\"pk\":1,\"x\":{\"a\":[1, null]}},"
			     "{\"pk\":2,\"x\":null,\"$meta\":{}}]",
			     1, &e),
	    0);
	hex = field_data(c, 2, &rows);
	/* type 23, "$meta", two times "{}", is_dynamic */
	assert_string_equal(hex, "0817120524"
				 "6d6574611a0a4a080a027b7d0a027b7d3001");
	free(hex);
	hex = field_data(c, 1, &rows);
	assert_non_null(strstr(hex, "7b2261223a5b312c206e756c6c5d7d"));
	assert_non_null(strstr(hex, "0a046e756c6c"));
	free(hex);
	columns_free(c);
	schema_fini(&s);
}

static void
outputs_of_functions_are_left_out(void **state)
{
	struct schema s = schema("Int8", "", 0, 0);
	struct columns *c;
	struct err e = { 0 };
	uint64_t rows = 0;
	char *hex;

	(void)state;
	s.v[1].function_output = 1;
	c = columns_new(&s);
	assert_int_equal(fill(c, "[{\"pk\":1,\"x\":[]},{\"pk\":2}]", 0, &e), 0);
	hex = field_data(c, 1, &rows);
	assert_string_equal(hex, "");
	assert_int_equal(rows, 2);
	free(hex);
	columns_free(c);
	schema_fini(&s);
}

static void
the_key_is_known_until_it_is_undone(void **state)
{
	struct schema s = schema("Int8", "", 0, 0);
	struct columns *c = columns_new(&s);
	struct err e = { 0 };
	struct buf t = { 0 };
	struct span k;
	int64_t v;

	(void)state;
	assert_int_equal(
	    fill(c, "[{\"pk\":-5,\"x\":1},{\"pk\":\"77\",\"x\":2}]", 0, &e), 0);
	k = columns_key(c);
	assert_int_equal(k.len, 8);
	memcpy(&v, k.ptr, 8);
	assert_int_equal(v, 77);
	assert_true(columns_has_key(c, columns_key_mark(c), k));
	assert_false(columns_has_key(c, 0, k));
	columns_undo(c);
	assert_int_equal(columns_rows(c), 1);
	columns_key_text(c, 0, &t);
	assert_string_equal(t.ptr, "-5");
	buf_fini(&t);
	columns_free(c);
	schema_fini(&s);
}

static void
a_text_key_is_told_from_its_beginning(void **state)
{
	struct schema s = { 0 };
	struct columns *c;
	struct err e = { 0 };
	size_t mark;

	(void)state;
	add_field(&s, "pk", "VarChar", "", 0, 0);
	c = columns_new(&s);
	assert_int_equal(fill(c, "[{\"pk\":\"a\"}]", 0, &e), 0);
	mark = columns_key_mark(c);
	assert_int_equal(fill(c, "[{\"pk\":\"ab\"}]", 0, &e), 0);
	assert_true(columns_has_key(c, mark, (struct span){ "a", 1 }));
	assert_false(columns_has_key(c, mark, columns_key(c)));
	assert_false(columns_has_key(c, mark, (struct span){ "b", 1 }));
	assert_false(columns_has_key(c, mark, (struct span){ "", 0 }));
	mark = columns_key_mark(c);
	assert_true(columns_has_key(c, mark, columns_key(c)));
	columns_free(c);
	schema_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_as_protobuf_writes_it),
		cmocka_unit_test(a_split_keeps_every_row),
		cmocka_unit_test(dropped_rows_leave_no_trace),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(a_vector_is_the_same_in_every_form),
		cmocka_unit_test(a_broken_vector_is_refused_where_it_breaks),
		cmocka_unit_test(any_order_of_keys_is_the_same),
		cmocka_unit_test(the_dynamic_field_may_be_absent_or_inline),
		cmocka_unit_test(outputs_of_functions_are_left_out),
		cmocka_unit_test(the_key_is_known_until_it_is_undone),
		cmocka_unit_test(a_text_key_is_told_from_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
