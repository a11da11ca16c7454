#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "codec/utf8_json.h"

#define BAD "\xef\xbf\xbd"

static void
cuts_between_characters(void **state)
{
	static const char s[] = "a\xc3\xa9\xe4\xb8\x8d\xf0\x9f\x98\x80z";
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };

	(void)state;
	for (size_t most = 0; most < sizeof s; most++)
		assert_int_equal(utf8_cut(s, sizeof s - 1, most), want[most]);
	assert_int_equal(utf8_cut(s, 3, 100), 3);
	/* what is no text is cut anywhere */
	assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}

static void
copies_what_is_no_text_as_marks(void **state)
{
	static const struct {
		const char *in, *want;
	} t[] = {
		{ "", "" }, { "ab", "ab" },
		{ "a\xff"
		  "b",
		    "a" BAD "b" },
		{ "\xe4\xb8", BAD BAD },
		{ "\xed\xa0\x80", BAD BAD BAD }, /* a surrogate */
		{ "\xc0\x80", BAD BAD },         /* overlong */
	};
	char to[64];

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		utf8_copy(to, sizeof to, t[i].in, strlen(t[i].in));
		assert_string_equal(to, t[i].want);
		snprintf(to, sizeof to, "%s", t[i].in);
		utf8_mend(to, sizeof to, 0);
		assert_string_equal(to, t[i].want);
	}
	utf8_copy(to, 5, "ab\xe4\xb8\x8d", 5); /* would be 6 with its NUL */
	assert_string_equal(to, "ab");
	utf8_copy(to, 6, "ab\xe4\xb8\x8d", 5);
	assert_string_equal(to, "ab\xe4\xb8\x8d");
	utf8_copy(to, 5, "a\xff\xff", 3);
	assert_string_equal(to, "a" BAD);
}

/* Whatever it is cut at, and whatever stands in front. */
static void
an_error_is_text(void **state)
{
	char s[3000];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		memset(s, 'x', sizeof s);
		for (size_t k = i; k + 4 < sizeof s; k += 4)
			memcpy(s + k, "\xf0\x9f\x98\x80", 4);
		s[sizeof s - 1] = '\0';
		err_set(&e, ERR_DATA, "%s", s);
		assert_true(utf8_is(e.msg, strlen(e.msg)));
		assert_true(strlen(e.msg) > sizeof e.msg - 5);
		err_wrap(&e, "at '%.*s'", (int)i, s);
		assert_true(utf8_is(e.msg, strlen(e.msg)));
		assert_true(strlen(e.msg) > sizeof e.msg - 5);
	}
	err_set(&e, ERR_DATA, "field '%s'", "\xff\xfe");
	assert_string_equal(e.msg, "field '" BAD BAD "'");
}

static void
json_of_it_is_never_missing(void **state)
{
	json_t *j = utf8_json("caf\xe9");

	(void)state;
	assert_string_equal(json_string_value(j), "caf" BAD);
	json_decref(j);
	j = utf8_json("caf\xc3\xa9");
	assert_string_equal(json_string_value(j), "caf\xc3\xa9");
	json_decref(j);
	j = utf8_json(NULL);
	assert_true(json_is_null(j));
	json_decref(j);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(copies_what_is_no_text_as_marks),
		cmocka_unit_test(an_error_is_text),
		cmocka_unit_test(json_of_it_is_never_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
