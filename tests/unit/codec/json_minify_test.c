#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "codec/json_minify.h"

static void
space_between_tokens_goes(void **state)
{
	static const char *const pair[][2] = {
		{ " 1 ", "1" },
		{ "\t\"a b\\u00e9\\\"\"\r\n", "\"a b\\u00e9\\\"\"" },
		{ " \"\\ud83d\\ude00\\uD7FF\\ue000\" ",
		    "\"\\ud83d\\ude00\\uD7FF\\ue000\"" },
		{ " { } ", "{}" },
		{ "[ ]", "[]" },
		{ " { \"a\" : [ 1 , -0.50e+03 ,\ntrue, null ] , \"\":{} } ",
		    "{\"a\":[1,-0.50e+03,true,null],\"\":{}}" },
		{ "[[[{\"a\":[false]}]],0]", "[[[{\"a\":[false]}]],0]" },
		{ "\"a\x7f\xc2\x9b\xc2\xa9\"", "\"a\\u007f\\u009b\xc2\xa9\"" },
		{ "{\"\xc2\x80\":1}", "{\"\\u0080\":1}" },
		{ " {\n\t\"a b\": [ \"c  d\" , \"\x7f\" ,\"\\\\\" ] }\n",
		    "{\"a b\":[\"c  d\",\"\\u007f\",\"\\\\\"]}" },
		{ "123456789012345678901234567890",
		    "123456789012345678901234567890" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
		struct buf b = { 0 };

		buf_adds(&b, "x");
		assert_true(jsonmin_is(pair[i][0], strlen(pair[i][0])));
		jsonmin_add(&b, pair[i][0], strlen(pair[i][0]));
		assert_string_equal(b.ptr + 1, pair[i][1]);
		buf_fini(&b);
	}
}

static void
refuses_what_is_not_json(void **state)
{
	static const char *const bad[] = { "", " ", "{", "}", "[1,]", "[,]",
		"[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{1:2}", "{,}",
		"[}", "{]", "01", "-", "1.", ".5", "1e", "1e+", "+1", "NaN",
		"Infinity", "tru", "truex", "nulll", "'a'", "\"", "\"\\x\"",
		"\"\\u12g4\"",
		/* halves of surrogate pairs, at which jq ends */
		"\"\\ud800\"", "\"\\udc00\"", "\"\\uDBFFx\"",
		"\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
		"\"\\udfff\\ud800\"", "{\"\\ud800\":1}", "\"\\u12\"", "\"\\",
		"\"\n\"", "\"\t\"", "1 1", "[1]]", "{}{}", "\"\xff\"",
		"\xef\xbb\xbf{}" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (jsonmin_is(bad[i], strlen(bad[i])))
			fail_msg("took '%s'", bad[i]);
	assert_false(jsonmin_is("1\0", 2));
	assert_false(jsonmin_is("\"\\\0\"", 4));
}

static void
depth_has_a_limit(void **state)
{
	char s[1030];

	(void)state;
	memset(s, '[', 250);
	memset(s + 250, ']', 250);
	assert_true(jsonmin_is(s, 500));
	memset(s, '[', 252);
	memset(s + 252, ']', 252);
	assert_false(jsonmin_is(s, 504));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(space_between_tokens_goes),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(depth_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
