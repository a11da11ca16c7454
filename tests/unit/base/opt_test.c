#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/opt.h"

struct conf {
	const char *text, *env, *none;
	int flag, word, small;
	size_t large;
	struct opt_list list;
	size_t called;
};

static int
add_length(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	(void)e;
	*(size_t *)to += strlen(arg);
	return 0;
}

static const struct opt table[] = {
	OPT_TEXT('t', "text", "TEXT", struct conf, text, NULL, "as it was", ""),
	OPT_TEXT(0, "env", "TEXT", struct conf, env, "OPT_TEST", "unset", ""),
	OPT_TEXT(0, "none", "TEXT", struct conf, none, NULL, NULL, ""),
	OPT_FLAG('f', "flag", struct conf, flag, ""),
	OPT_WORD(0, "word", "WORD", struct conf, word, "a|b|c", 1, 3, ""),
	OPT_NUM(0, "small", "N", struct conf, small, 0, 86400, 60, ""),
	OPT_NUM(0, "large", "N", struct conf, large, 1, SIZE_MAX, 0, ""),
	OPT_LIST('l', "list", "TEXT", struct conf, list, ""),
	OPT_CALL('c', "call", "TEXT", struct conf, called, add_length, ""),
	{ 0 },
};

static char line[256], *words[32];
static int nwords;

/* The words of a command line, behind the program's name. */
static int
parse(const char *text, struct conf *c)
{
	char *save = NULL;

	snprintf(line, sizeof line, "program %s", text);
	nwords = 0;
	for (char *w = strtok_r(line, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		words[nwords++] = w;
	words[nwords] = NULL;
	memset(c, 0, sizeof *c);
	return opt_go_on(nwords, words, 1, table, "", c);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct conf c;

	(void)state;
	unsetenv("OPT_TEST");
	assert_int_equal(parse("", &c), 1);
	assert_string_equal(c.text, "as it was");
	assert_string_equal(c.env, "unset");
	assert_null(c.none);
	assert_int_equal(c.word, 3);
	assert_int_equal(c.small, 60);
	assert_int_equal(c.large, 0);
	assert_null(c.list.v);
	setenv("OPT_TEST", "set", 1);
	parse("", &c);
	assert_string_equal(c.env, "set");
}

static void
each_argument_goes_where_its_row_says(void **state)
{
	struct conf c;
	int first;

	(void)state;
	first = parse("one -ft x --env=y --none z two --word b --small=0 "
		      "--large 18446744073709551615 -l p -lq -cabc --call d "
		      "-- -f",
	    &c);
	assert_string_equal(c.text, "x");
	assert_string_equal(c.env, "y");
	assert_string_equal(c.none, "z");
	assert_int_equal(c.flag, 1);
	assert_int_equal(c.word, 2);
	assert_int_equal(c.small, 0);
	assert_true(c.large == SIZE_MAX);
	assert_int_equal(c.list.n, 2);
	assert_string_equal(c.list.v[0], "p");
	assert_string_equal(c.list.v[1], "q");
	assert_null(c.list.v[2]);
	assert_int_equal(c.called, 4);
	free(c.list.v);
	/* operands are the last ones, in their order */
	assert_int_equal(first, nwords - 3);
	assert_string_equal(words[first], "one");
	assert_string_equal(words[first + 1], "two");
	assert_string_equal(words[first + 2], "-f");
}

static void
a_word_that_is_none_is_told_which_there_are(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(opt_word("a|bc|d", "bc", 2, &e), 1);
	assert_int_equal(opt_word("a|bc|d", "b", 1, &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(e.msg, "'b' is not a, bc or d");
	assert_int_equal(opt_word("a|b", "ab", 2, &e), -1);
	assert_string_equal(e.msg, "'ab' is not a or b");
	assert_int_equal(opt_word("a", "", 0, &e), -1);
	assert_string_equal(e.msg, "'' is not a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(each_argument_goes_where_its_row_says),
		cmocka_unit_test(a_word_that_is_none_is_told_which_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
