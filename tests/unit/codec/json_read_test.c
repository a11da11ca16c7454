#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json_read.h"

static struct jsonr
open(const char *s)
{
	struct jsonr r;

	jr_init(&r, s, strlen(s));
	return r;
}

static void
reads_an_object_of_every_kind(void **state)
{
	static const char kinds[] = "\"0tfn{[";
	struct jsonr r = open(" { \"s\" : \"x\" , \"n\":-1.5e3,\"t\":true,"
			      "\"f\":false,\"z\":null,\"o\":{\"a\":[1,{}]}, "
			      "\"a\":[ ] } ");
	struct err e = { 0 };
	struct jstr key;
	struct span v = { 0 };
	size_t i = 0;

	(void)state;
	assert_int_equal(jr_open(&r, '{', &e), 0);
	while (jr_key(&r, &key, &e) == 1) {
		assert_int_equal(jr_peek(&r), kinds[i++]);
		assert_int_equal(jr_skip(&r, &v, &e), 0);
	}
	assert_int_equal(e.kind, ERR_NONE);
	assert_int_equal(i, 7);
	assert_memory_equal(v.ptr, "[ ]", 3);
	assert_int_equal(jr_end(&r, &e), 0);
	assert_int_equal(jr_peek(&r), '\0');
}

static void
reads_an_array(void **state)
{
	struct jsonr r = open("[1, 22 ,\"333\"]");
	struct err e = { 0 };
	int64_t v, sum = 0;
	int rc;

	(void)state;
	assert_int_equal(jr_open(&r, '[', &e), 0);
	while ((rc = jr_item(&r, &e)) == 1) {
		assert_int_equal(jr_i64(&r, 0, 999, &v, &e), 0);
		sum += v;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(sum, 356);
}

/* Walk everything, by structure, to the bottom. */
static int
walk(struct jsonr *r, struct err *e)
{
	struct buf b = { 0 };
	struct jstr s;
	struct span n;
	int rc;

	switch (jr_peek(r)) {
	case '{':
		if (jr_open(r, '{', e) == -1)
			return -1;
		while ((rc = jr_key(r, &s, e)) == 1)
			if (walk(r, e) == -1)
				return -1;
		return rc;
	case '[':
		if (jr_open(r, '[', e) == -1)
			return -1;
		while ((rc = jr_item(r, e)) == 1)
			if (walk(r, e) == -1)
				return -1;
		return rc;
	case '"':
		rc = jr_str(r, &s, e);
		if (rc == 0)
			rc = jr_unescape(&s, &b, e);
		buf_fini(&b);
		return rc;
	default:
		return jr_skip(r, &n, e);
	}
}

static void
refuses_what_is_broken(void **state)
{
	static const char *const bad[] = { "", " ", "{", "[", "{]", "[}",
		"{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "[1 2]",
		"{\"a\":1 \"b\":2}", "{1:2}", "\"", "\"a", "\"\\", "\"\\\"",
		"\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
		"\"\\udc00\"", "tru", "nul", "?", "[[]", "{\"a\":[}", "1 2",
		"{}}" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct jsonr r = open(bad[i]);
		struct err e = { 0 };

		if (walk(&r, &e) == 0 && jr_end(&r, &e) == 0)
			fail_msg("took '%s'", bad[i]);
		assert_int_equal(e.kind, ERR_DATA);
		assert_int_equal(
		    strncmp(e.msg, "column ", 7) != 0 &&
			strcmp(e.msg, "a broken escape in a string") != 0,
		    0);
	}
}

static void
escapes_are_undone(void **state)
{
	struct jsonr r =
	    open("\"\\\"\\\\\\/\\b\\f\\n\\r\\tx\\u0000\\u00e9\\u4e2d"
		 "\\ud83d\\ude00\\uD83D\\uDE00\"");
	struct buf b = { 0 };
	struct jstr s;
	struct err e;

	(void)state;
	assert_int_equal(jr_str(&r, &s, &e), 0);
	assert_true(s.esc);
	assert_int_equal(jr_unescape(&s, &b, &e), 0);
	assert_int_equal(b.len, 23);
	assert_memory_equal(b.ptr,
	    "\"\\/\b\f\n\r\tx\0\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"
	    "\xf0\x9f\x98\x80",
	    23);
	buf_fini(&b);
}

static void
names_are_compared_unescaped(void **state)
{
	struct jsonr r = open("\"a\\u0062c\"");
	struct jstr s, plain = { "abc", 3, 0 };
	struct err e;

	(void)state;
	assert_int_equal(jr_str(&r, &s, &e), 0);
	assert_true(jr_is(&s, "abc"));
	assert_false(jr_is(&s, "abcd"));
	assert_true(jr_is(&plain, "abc"));
	assert_false(jr_is(&plain, "ab"));
}

static void
integers_are_numbers_or_strings_in_bounds(void **state)
{
	static const char *const bad[] = { "1.0", "1e2", "\"\"", "\"5 \"",
		"9223372036854775808", "null", "\"\\u0035\"", "" };
	struct jsonr r = open("\"-9223372036854775808\"");
	struct err e;
	uint64_t u;
	int64_t v;

	(void)state;
	assert_int_equal(jr_i64(&r, INT64_MIN, INT64_MAX, &v, &e), 0);
	assert_true(v == INT64_MIN);
	r = open("18446744073709551615");
	assert_int_equal(jr_u64(&r, UINT64_MAX, &u, &e), 0);
	assert_true(u == UINT64_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		r = open(bad[i]);
		if (jr_i64(&r, INT64_MIN, INT64_MAX, &v, &e) != -1)
			fail_msg("took '%s'", bad[i]);
	}
	r = open("  7");
	assert_int_equal(jr_u64(&r, 6, &u, &e), -1);
}

static void
depth_has_a_limit(void **state)
{
	char s[2100];
	struct jsonr r;
	struct err e = { 0 };

	(void)state;
	memset(s, '[', sizeof s);
	jr_init(&r, s, sizeof s);
	assert_int_equal(jr_skip(&r, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	memset(s, '[', 512);
	memset(s + 512, ']', 512);
	jr_init(&r, s, 1024);
	assert_int_equal(jr_skip(&r, NULL, &e), 0);
	assert_int_equal(jr_end(&r, &e), 0);
}

/* What a skip must see is found wherever it stands, and nothing else is. */
static void
a_skip_sees_each_mark_and_no_other_byte(void **state)
{
	static const char *const marks[] = { "\"]}\"", "[]", "{}", "{\"\":[1]}",
		"[[{\"[\":2}]]", "\"some more text\"", "" };
	static const char behind[] = ",0.1,0.2,0.3,0.4";
	char s[80];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 40 * (sizeof marks / sizeof *marks); i++) {
		const char *mark = marks[i / 40];
		struct jsonr r;
		int n = snprintf(s, sizeof s, "[%.*s%s%.*s]", (int)(i % 20),
		    "0.1,0.25,-1e7,0.1234567", mark, i % 40 < 20 ? 0 : 12,
		    ",0.5,0.25,0.");

		strcpy(s + n, behind);
		jr_init(&r, s, strlen(s));
		assert_int_equal(jr_skip(&r, NULL, &e), 0);
		assert_int_equal(r.p - s, n);
		s[n - 1] = '}';
		jr_init(&r, s, strlen(s));
		assert_int_equal(jr_skip(&r, NULL, &e), -1);
	}
	for (int c = 1; c < 256; c++) {
		struct jsonr r;

		if (strchr("\"[]{}", c) != NULL)
			continue;
		memset(s, c, 24);
		s[0] = '[';
		s[24] = ']';
		jr_init(&r, s, 25);
		assert_int_equal(jr_skip(&r, NULL, &e), 0);
		assert_int_equal(r.p - s, 25);
	}
}

static void
does_not_read_past_the_end(void **state)
{
	static const char text[] = "{\"a\":[1,\"x\\u0041\"],\"b\":true}";
	struct err e;

	(void)state;
	for (size_t n = 0; n < sizeof text - 1; n++) {
		char *copy = test_malloc(n + 1); /* for a sanitizer */
		struct jsonr r;

		memcpy(copy, text, n);
		jr_init(&r, copy, n);
		assert_int_equal(walk(&r, &e), -1);
		jr_init(&r, copy, n);
		assert_int_equal(jr_skip(&r, NULL, &e), -1);
		test_free(copy);
	}
}

/* A megabyte of backslashes: half a minute, when each was a new search. */
static void
a_string_of_escapes_takes_linear_time(void **state)
{
	enum { N = 1 << 20 };
	char *s = test_malloc(N + 2);
	struct jsonr r;
	struct jstr str;
	struct err e;
	clock_t t = clock();

	(void)state;
	memset(s, '\\', N + 2);
	s[0] = s[N + 1] = '"';
	jr_init(&r, s, N + 2);
	assert_int_equal(jr_str(&r, &str, &e), 0);
	assert_int_equal(str.len, N);
	assert_true(clock() - t < CLOCKS_PER_SEC);
	test_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_an_object_of_every_kind),
		cmocka_unit_test(reads_an_array),
		cmocka_unit_test(refuses_what_is_broken),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(names_are_compared_unescaped),
		cmocka_unit_test(integers_are_numbers_or_strings_in_bounds),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(a_skip_sees_each_mark_and_no_other_byte),
		cmocka_unit_test(does_not_read_past_the_end),
		cmocka_unit_test(a_string_of_escapes_takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
