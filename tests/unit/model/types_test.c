#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "model/types.h"

static void
names_and_numbers_agree(void **state)
{
	static const int all[] = { 1, 2, 3, 4, 5, 10, 11, 21, 22, 23, 100, 101,
		102, 103, 104, 105 };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct type_info *t = type_info(all[i]);

		assert_non_null(t);
		assert_int_equal(t->type, all[i]);
		assert_ptr_equal(type_by_name(t->name), t);
		assert_int_equal(t->is_vector, all[i] >= 100);
		assert_true(t->slot > 0);
	}
}

static void
others_are_not_known(void **state)
{
	(void)state;
	assert_null(type_info(0));
	assert_null(type_info(20));
	assert_null(type_info(24));
	assert_null(type_info(-1));
	assert_null(type_info(106));
	assert_null(type_by_name("int64"));
	assert_null(type_by_name(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_agree),
		cmocka_unit_test(others_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
