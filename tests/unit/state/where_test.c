#include "state/where.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"

static void
words_are_for_one_end_or_both(void **state)
{
	struct where w = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(where_from(&w, "start", NULL, &e), 0);
	assert_int_equal(w.kind, WHERE_START);
	assert_int_equal(where_from(&w, "now", NULL, &e), 0);
	assert_int_equal(where_until(&w, "now", &e), 0);
	assert_int_equal(w.kind, WHERE_NOW);
	assert_int_equal(where_until(&w, "start", &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_int_equal(where_from(&w, "end", NULL, &e), -1);
	assert_int_equal(where_from(&w, "", NULL, &e), -1);
	assert_int_equal(where_from(&w, "Start", NULL, &e), -1);
	where_fini(&w);
}

static void
a_time_is_a_number_or_a_date(void **state)
{
	struct where w = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(where_from(&w, "ts:262144", NULL, &e), 0);
	assert_int_equal(w.kind, WHERE_TIME);
	assert_int_equal(w.ts, 262144);
	assert_int_equal(where_until(&w, "1970-01-01T00:00:00.001Z", &e), 0);
	assert_int_equal(w.ts, 262144);
	assert_int_equal(where_until(&w, "ts:", &e), -1);
	assert_int_equal(where_until(&w, "1970-13-01T00:00:00Z", &e), -1);
	where_fini(&w);
}

static void
the_last_line_of_a_file_counts(void **state)
{
	static const char text[] =
	    "{\"op\":\"begin\",\"ts\":\"1\",\"from\":{}}\n"
	    "{\"op\":\"end\",\"ts\":\"9\",\"pos\":{\"t\":{\"o\":5,\"n\":6,"
	    "\"ts\":\"9\"}},\"known\":{\"7\":{\"name\":\"a.b\"}}}\n";
	char path[] = "/tmp/where.XXXXXX", at[32];
	int fd = mkstemp(path);
	struct where w = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
	    write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
	close(fd);
	snprintf(at, sizeof at, "@%s", path);
	assert_int_equal(where_from(&w, at, NULL, &e), 0);
	assert_int_equal(w.kind, WHERE_POS);
	assert_int_equal(w.ts, 9);
	assert_int_equal(pos_find(&w.pos, "t")->n.entry, 6);
	assert_non_null(json_object_get(w.known, "7"));
	where_fini(&w);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(where_from(&w, at, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	unlink(path);
	assert_int_equal(where_from(&w, at, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	where_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_for_one_end_or_both),
		cmocka_unit_test(a_time_is_a_number_or_a_date),
		cmocka_unit_test(the_last_line_of_a_file_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
