#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"

static void
wrap_puts_the_place_in_front(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_TEMP, "no %s", "answer"), -1);
	assert_int_equal(err_wrap(&e, "topic '%s'", "t"), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_string_equal(e.msg, "topic 't': no answer");
}

static void
sys_puts_the_cause_last(void **state)
{
	struct err e = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, ERR_OUTPUT, "'%s'", "x"), -1);
	assert_string_equal(e.msg, "'x': No such file or directory");
	assert_int_equal(err_status(&e), 1);
}

static void
long_messages_are_cut(void **state)
{
	struct err e = { 0 };
	char s[3000];

	(void)state;
	memset(s, 'x', sizeof s - 1);
	s[sizeof s - 1] = '\0';
	err_set(&e, ERR_DATA, "%s", s);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_wrap(&e, "%s", "front");
	assert_int_equal(strncmp(e.msg, "front: xxx", 10), 0);
	err_wrap(&e, "%s", s);
	errno = EIO;
	err_sys(&e, ERR_DATA, "%s", s);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void
each_kind_has_its_status(void **state)
{
	static const int want[] = { 0, 1, 1, 1, 0, 2, 3, 4, 4, 0 };
	struct err e = { 0 };

	(void)state;
	for (int k = ERR_NONE; k <= ERR_STOP; k++) {
		err_set(&e, (enum err_kind)k, "x");
		assert_int_equal(err_status(&e), want[k]);
	}
	err_clear(&e);
	assert_int_equal(e.kind, ERR_NONE);
	assert_string_equal(e.msg, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrap_puts_the_place_in_front),
		cmocka_unit_test(sys_puts_the_cause_last),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(each_kind_has_its_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
