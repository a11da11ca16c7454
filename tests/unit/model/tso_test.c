#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/tso.h"

static void
is_milliseconds_and_a_counter(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(tso_ms(470613600127942659), 1795248413574);
	assert_true(tso_from_ms(1795248413574) <= 470613600127942659);
	assert_int_equal(tso_ms(tso_from_ms(1795248413574)), 1795248413574);
	assert_int_equal(tso_from_ms(-1), 0);
	tso_add_time(&b, tso_from_ms(1795248413574));
	buf_addc(&b, ' ');
	tso_add_time(&b, 0);
	buf_addc(&b, ' ');
	tso_add_time(&b, tso_from_ms(951782400007) + 3);
	assert_string_equal(b.ptr, "2026-11-21T08:06:53.574Z "
				   "1970-01-01T00:00:00.000Z "
				   "2000-02-29T00:00:00.007Z");
	buf_fini(&b);
}

static void
times_are_read_back(void **state)
{
	struct err e = { 0 };
	uint64_t ts, want = tso_from_ms(1795248413574);

	(void)state;
	assert_int_equal(tso_parse_time("470613600127942659", &ts, &e), 0);
	assert_true(ts == 470613600127942659);
	assert_int_equal(
	    tso_parse_time("2026-11-21T08:06:53.574Z", &ts, &e), 0);
	assert_true(ts == want);
	assert_int_equal(
	    tso_parse_time("2026-11-21T10:06:53.5749+02:00", &ts, &e), 0);
	assert_true(ts == want);
	assert_int_equal(
	    tso_parse_time("2026-11-21t02:36:53.574-05:30", &ts, &e), 0);
	assert_true(ts == want);
	assert_int_equal(tso_parse_time("2024-02-29T00:00:00Z", &ts, &e), 0);
	assert_int_equal(tso_ms(ts), 1709164800000);
	assert_int_equal(e.kind, ERR_NONE);
}

static void
refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = { "", "now", "2026-11-21",
		"2026-11-21T08:06:53", "2026-11-21T08:06Z",
		"2026-13-21T08:06:53Z", "2026-02-30T08:06:53Z",
		"2025-02-29T08:06:53Z", "2026-11-21T24:06:53Z",
		"2026-11-21T08:06:53.Z", "2026-11-21T08:06:53Zx",
		"2026-11-21T08:06:53+0200", "2026-11-21T08:06:53+24:00",
		" 2026-11-21T08:06:53Z", "2026-1-2T3:4:5Z",
		"9999-11-21T08:06:53Z", "-5", "18446744073709551616" };
	struct err e;
	uint64_t ts;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (tso_parse_time(bad[i], &ts, &e) != -1)
			fail_msg("took '%s' as %llu", bad[i],
			    (unsigned long long)ts);
		assert_int_equal(e.kind, ERR_DATA);
	}
}

static void
clocks_go_forward(void **state)
{
	int64_t a = clock_ns(), b = clock_ns();

	(void)state;
	assert_true(a > 0 && b >= a);
	assert_true(clock_unix_ms() > 1700000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_milliseconds_and_a_counter),
		cmocka_unit_test(times_are_read_back),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(clocks_go_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
