#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "codec/json_write.h"

static void
is(struct buf *b, const char *want)
{
	assert_string_equal(b->ptr, want);
	buf_fini(b);
}

static void
commas_stand_where_they_belong(void **state)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_open(&w, NULL, '{');
	jw_open(&w, "a", '[');
	jw_close(&w, ']');
	jw_open(&w, "b", '[');
	jw_i64(&w, NULL, 1);
	jw_open(&w, NULL, '{');
	jw_close(&w, '}');
	jw_null(&w, NULL);
	jw_close(&w, ']');
	jw_bool(&w, "c", 1);
	jw_raw(&w, "d", "{}", 2);
	jw_close(&w, '}');
	is(&b, "{\"a\":[],\"b\":[1,{},null],\"c\":true,\"d\":{}}");
}

static void
data_of_64_bits_is_quoted(void **state)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_open(&w, NULL, '[');
	jw_i64s(&w, NULL, INT64_MIN);
	jw_u64s(&w, NULL, UINT64_MAX);
	jw_i64(&w, NULL, -5);
	jw_bool(&w, NULL, 0);
	jw_close(&w, ']');
	is(&b, "[\"-9223372036854775808\",\"18446744073709551615\",-5,"
	       "false]");
}

static void
what_json_has_no_number_for_is_named(void **state)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_open(&w, NULL, '[');
	jw_f32(&w, NULL, NAN);
	jw_f32(&w, NULL, INFINITY);
	jw_f64(&w, NULL, -(double)INFINITY);
	jw_f64(&w, NULL, -0.0);
	jw_f32(&w, NULL, 0.1f);
	jw_close(&w, ']');
	is(&b, "[\"NaN\",\"Infinity\",\"-Infinity\",-0.0,0.1]");
}

/* 1.5, NaN, -1e-45, -0, -infinity, NaN, 0.5, at an odd address. */
static void
many_floats_are_as_one_by_one(void **state)
{
	static const char le[] = "x\0\0\xc0\x3f\0\0\xc0\x7f\1\0\0\x80"
				 "\0\0\0\x80\0\0\x80\xff\0\0\xc0\x7f"
				 "\0\0\0\x3f";
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_open(&w, NULL, '[');
	jw_f32s(&w, le + 1, 0);
	jw_f32s(&w, le + 1, 2);
	jw_f32s(&w, le + 9, 5);
	jw_f32(&w, NULL, 3);
	jw_close(&w, ']');
	is(&b, "[1.5,\"NaN\",-1e-45,-0.0,\"-Infinity\",\"NaN\",0.5,3]");
}

/* The longest text of a float, as often as there is room for. */
static void
many_long_floats_have_room(void **state)
{
	enum { N = 1000, LONGEST = sizeof "-0.0000123456789" - 1 };
	char s[NUM_FLT_MAX];
	float f = -1e-5f, v[N];
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	while (num_f32(f, s) < LONGEST)
		f = nextafterf(f, -1);
	for (size_t i = 0; i < N; i++)
		v[i] = f;
	jw_f32s(&w, v, N);
	assert_int_equal(b.len, N * (LONGEST + 1) - 1);
	for (size_t i = 0; i < N; i++)
		assert_memory_equal(b.ptr + i * (LONGEST + 1), s, LONGEST);
	buf_fini(&b);
}

static void
every_control_character_is_escaped(void **state)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_bytes(&w, "k\"", "\0\b\t\n\f\r\x1f \"\\/\x7f", 12);
	is(&b, "\"k\\\"\":\"\\u0000\\b\\t\\n\\f\\r\\u001f \\\"\\\\/"
	       "\\u007f\"");
	for (int c = 0; c < 0x80; c++) {
		char s = (char)c;

		jw_quote(&b, &s, 1);
		for (size_t i = 0; i < b.len; i++)
			assert_true(b.ptr[i] >= 0x20 && b.ptr[i] < 0x7f);
		buf_fini(&b);
	}
}

static void
bytes_that_are_no_text_are_base64(void **state)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_open(&w, NULL, '{');
	jw_bytes(&w, "a", "\xff\xfe", 2);
	jw_bytes(&w, "b", "", 0);
	jw_str(&w, "c", "\xc3\xa9");
	jw_str(&w, "d", NULL);
	jw_str(&w, "e", "\xc3");
	jw_b64(&w, "f", "abc", 3);
	jw_close(&w, '}');
	is(&b, "{\"a\":{\"b64\":\"//4=\"},\"b\":\"\",\"c\":\"\xc3\xa9\","
	       "\"d\":null,\"e\":{\"b64\":\"ww==\"},\"f\":\"YWJj\"}");
}

/* RFC 3629, and the tables of Unicode 3-7. */
static void
utf8_is_what_the_rfc_allows(void **state)
{
	static const char *const good[] = { "", "a", "\x7f", "\xc2\x80",
		"\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
		"abcdefghijklmnopqrstuvwxyz0123\xc3\xa9" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xff",
		"abcdefghijklmnopqrstuvwxyz0123\xc3",
		"abcdefg\x80hijklmnopqrstuvwxyz" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!utf8_is(good[i], strlen(good[i])))
			fail_msg("refused number %zu", i);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (utf8_is(bad[i], strlen(bad[i])))
			fail_msg("took number %zu", i);
	assert_true(utf8_is("a\0b", 3));
}

static void
text_of_any_length_is_quoted(void **state)
{
	char s[200];

	(void)state;
	memset(s, 'x', sizeof s);
	for (size_t n = 0; n < sizeof s; n++)
		for (size_t q = 0; q < n; q += 7) {
			struct buf b = { 0 };

			s[q] = '"';
			jw_quote(&b, s, n);
			assert_int_equal(b.len, n + 3);
			assert_memory_equal(b.ptr + 1, s, q);
			assert_memory_equal(b.ptr + 1 + q, "\\\"", 2);
			assert_memory_equal(
			    b.ptr + q + 3, s + q + 1, n - q - 1);
			buf_fini(&b);
			s[q] = 'x';
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_where_they_belong),
		cmocka_unit_test(data_of_64_bits_is_quoted),
		cmocka_unit_test(what_json_has_no_number_for_is_named),
		cmocka_unit_test(many_floats_are_as_one_by_one),
		cmocka_unit_test(many_long_floats_have_room),
		cmocka_unit_test(every_control_character_is_escaped),
		cmocka_unit_test(bytes_that_are_no_text_are_base64),
		cmocka_unit_test(utf8_is_what_the_rfc_allows),
		cmocka_unit_test(text_of_any_length_is_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
