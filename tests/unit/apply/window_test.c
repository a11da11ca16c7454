#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apply/queue_window.h"

#define MS INT64_C(1000000)

static void
the_way_asks_for_more(void **state)
{
	static const struct {
		int64_t ms;
		size_t window;
	} want[] = { { 0, 8 }, { 11, 8 }, { 12, 9 }, { 200, 24 }, { 300, 32 },
		{ 100000, 32 } };
	struct window w;

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		window_init(&w, 0);
		window_distance(&w, want[i].ms * MS);
		assert_int_equal(w.now, want[i].window);
	}
	window_distance(&w, 200 * MS); /* a shorter one was seen since */
	assert_int_equal(w.now, 24);
}

static void
what_was_asked_for_stays(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 3);
	window_distance(&w, 200 * MS);
	for (int i = 0; i < 100; i++)
		window_taken(&w);
	assert_int_equal(w.now, 3);
}

static void
refused(struct window *w, int64_t sent_ms, int64_t now_ms)
{
	window_refused(w, sent_ms * MS, now_ms * MS);
}

static void
it_shrinks_once_for_what_was_out_together(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	for (int i = 0; i < 8; i++)
		refused(&w, 100 + i, 200 + i);
	assert_int_equal(w.now, 4);
	refused(&w, 201, 300);
	assert_int_equal(w.now, 2);
	for (int i = 1; i < 9; i++)
		refused(&w, 300 + i, 300 + i);
	assert_int_equal(w.now, 1);
}

static void
it_grows_by_one_a_window(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	refused(&w, 100, 200);
	for (int i = 0; i < 3; i++)
		window_taken(&w);
	assert_int_equal(w.now, 4);
	window_taken(&w);
	assert_int_equal(w.now, 5);
	for (int i = 0; i < 5 + 6 + 7; i++)
		window_taken(&w);
	assert_int_equal(w.now, 8);
	for (int i = 0; i < 100; i++)
		window_taken(&w);
	assert_int_equal(w.now, 8);
}

static void
a_shorter_way_does_not_undo_it(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	window_distance(&w, 200 * MS);
	refused(&w, 100, 200);
	window_distance(&w, 100 * MS);
	assert_int_equal(w.now, 12);
	assert_int_equal(w.most, 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_asks_for_more),
		cmocka_unit_test(what_was_asked_for_stays),
		cmocka_unit_test(it_shrinks_once_for_what_was_out_together),
		cmocka_unit_test(it_grows_by_one_a_window),
		cmocka_unit_test(a_shorter_way_does_not_undo_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
