#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/mq_id.h"

static struct mq_id
id(const char *text)
{
	struct mq_id got;
	struct err e;

	assert_int_equal(mq_id_read(text, &got, &e), 0);
	return got;
}

static void
a_text_comes_back(void **state)
{
	static const char *const texts[] = { "0", "9223372036854775807", "0:0",
		"5:7", "5:7:0", "9223372036854775807:0:2147483647" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_string_equal(MQ_TEXT(id(texts[i])), texts[i]);
	assert_string_equal(MQ_TEXT(mq_id_none()), "-1");
}

static void
what_is_no_id_is_refused(void **state)
{
	static const char *const texts[] = { "", "-1", "x", "5:", ":5",
		"5:7:", "5:7:2:1", "5:-1", "5:7:2147483648",
		"9223372036854775808" };
	struct mq_id got;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct err e = { 0 };

		assert_int_equal(mq_id_read(texts[i], &got, &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
	}
}

static void
order_is_ledger_entry_batch(void **state)
{
	static const char *const up[] = { "4:9", "5:0", "5:7", "5:7:0", "5:7:1",
		"5:8", "6:0" };

	(void)state;
	for (size_t i = 0; i < sizeof up / sizeof *up; i++)
		for (size_t k = 0; k < sizeof up / sizeof *up; k++) {
			int c = mq_id_cmp(id(up[i]), id(up[k]));

			assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
		}
}

static void
before_undoes_next(void **state)
{
	static const char *const texts[] = { "0", "41", "5:0", "5:7", "5:7:0",
		"5:7:3" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct mq_id a = id(texts[i]), b = mq_id_next(a);

		assert_true(mq_id_cmp(a, b) < 0);
		assert_int_equal(mq_id_cmp(mq_id_before(b), a), 0);
	}
	assert_false(mq_id_is(mq_id_before(id("0"))));
	assert_false(mq_id_is(mq_id_before(id("5:0"))));
	assert_false(mq_id_is(mq_id_before(id("5:0:0"))));
}

static void
only_offset_0_is_the_first_for_sure(void **state)
{
	(void)state;
	assert_true(mq_id_is_first(id("0")));
	assert_false(mq_id_is_first(id("1")));
	assert_false(mq_id_is_first(id("0:0")));
}

static void
records_are_counted_where_ids_are_dense(void **state)
{
	(void)state;
	assert_int_equal(mq_id_between(id("5"), id("12")), 7);
	assert_int_equal(mq_id_between(id("5:2"), id("5:12")), 10);
	assert_int_equal(mq_id_between(id("5:2"), id("6:0")), -1);
	assert_int_equal(mq_id_between(id("5:2"), id("5:3:1")), -1);
}

static void
halving_comes_to_an_end(void **state)
{
	static const char *const pairs[][2] = { { "0", "1000000" },
		{ "3:5", "900:7" }, { "3:5", "4:7" } };

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct mq_id a = id(pairs[i][0]), b = id(pairs[i][1]);

		for (int n = 0; mq_id_between(a, b) != 1; n++) {
			struct mq_id m = mq_id_middle(a, b);

			assert_true(mq_id_cmp(m, a) >= 0);
			assert_true(mq_id_cmp(m, b) < 0);
			assert_in_range(n, 0, 100);
			b = m;
			if (mq_id_cmp(a, b) == 0)
				break;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_comes_back),
		cmocka_unit_test(what_is_no_id_is_refused),
		cmocka_unit_test(order_is_ledger_entry_batch),
		cmocka_unit_test(before_undoes_next),
		cmocka_unit_test(only_offset_0_is_the_first_for_sure),
		cmocka_unit_test(records_are_counted_where_ids_are_dense),
		cmocka_unit_test(halving_comes_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
