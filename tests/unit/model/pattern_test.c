#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/pattern.h"

static void
a_star_stands_for_any_run(void **state)
{
	(void)state;
	assert_true(pattern_glob("*", ""));
	assert_true(pattern_glob("a*c", "ac"));
	assert_true(pattern_glob("a*b*c", "a_b_bxc"));
	assert_true(pattern_glob("*ab", "aab"));
	assert_false(pattern_glob("a*b", "abc"));
	assert_false(pattern_glob("", "a"));
	assert_false(pattern_glob("a?c", "abc"));
}

static void
a_name_alone_is_in_default(void **state)
{
	struct patterns p = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(patterns_add(&p, "it*", &e), 0);
	assert_true(patterns_match(&p, "default", "items"));
	assert_true(patterns_match(&p, "", "items"));
	assert_true(patterns_match(&p, NULL, "items"));
	assert_false(patterns_match(&p, "shop", "items"));
	assert_false(patterns_match_db(&p, "shop"));
	assert_false(patterns_whole_db(&p, "default"));
	patterns_fini(&p);
}

static void
one_of_several_is_enough(void **state)
{
	struct patterns p = { 0 };
	struct err e;

	(void)state;
	assert_false(patterns_match(&p, "a", "b"));
	assert_int_equal(patterns_add(&p, "shop.orders", &e), 0);
	assert_int_equal(patterns_add(&p, "s*.*", &e), 0);
	assert_true(patterns_match(&p, "shop", "items"));
	assert_true(patterns_whole_db(&p, "shop"));
	assert_false(patterns_match(&p, "hop", "orders"));
	patterns_fini(&p);
}

static void
refuses_what_is_no_pattern(void **state)
{
	static const char *const bad[] = { "", ".", "a.", ".a", "a.b.c" };
	struct patterns p = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };

		assert_int_equal(patterns_add(&p, bad[i], &e), -1);
		assert_int_equal(e.kind, ERR_USAGE);
	}
	assert_int_equal(p.n, 0);
	patterns_fini(&p);
}

static void
a_list_of_patterns_has_names(void **state)
{
	struct patterns p = { 0 }, q = { 0 };
	struct err e = { 0 };
	char *text;

	(void)state;
	assert_int_equal(patterns_add(&p, "items", &e), 0);
	assert_int_equal(patterns_add(&p, "s*p.*", &e), 0);
	text = patterns_text(&p);
	assert_string_equal(text, "default.items,s*p.*");
	assert_true(patterns_match_list(&p, text));
	assert_int_equal(patterns_add(&q, "s*p.*", &e), 0);
	assert_true(patterns_match_list(&q, text));
	assert_false(patterns_match_list(&q, "default.items"));
	assert_false(patterns_match_list(&q, "nodot,,"));
	assert_false(patterns_match_list(&q, NULL));
	free(text);
	patterns_fini(&p);
	patterns_fini(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_star_stands_for_any_run),
		cmocka_unit_test(a_name_alone_is_in_default),
		cmocka_unit_test(one_of_several_is_enough),
		cmocka_unit_test(a_list_of_patterns_has_names),
		cmocka_unit_test(refuses_what_is_no_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
