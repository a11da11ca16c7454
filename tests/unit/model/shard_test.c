#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/shard.h"

static void
each_id_is_in_one(void **state)
{
	(void)state;
	for (int64_t id = 470626593521008641; id < 470626593521008741; id++) {
		int n = 0;

		for (int64_t i = 0; i < 3; i++) {
			struct shard s = { i, 3 };

			n += shard_has(&s, id);
		}
		assert_int_equal(n, 1);
	}
}

static void
all_zero_has_all(void **state)
{
	struct shard s = { 0 };

	(void)state;
	assert_int_equal(shard_has(&s, 7), 1);
}

static void
words(void **state)
{
	static const char *const bad[] = { "", "1", "/", "1/", "/2", "2/2",
		"-1/2", "0/0", "0/4097", "1/2/3", "a/b" };
	struct shard s = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(shard_parse(&s, "3/4", &e), 0);
	assert_int_equal(s.i, 3);
	assert_int_equal(s.n, 4);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(shard_parse(&s, bad[i], &e), -1);
		assert_int_equal(e.kind, ERR_USAGE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_id_is_in_one),
		cmocka_unit_test(all_zero_has_all),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
