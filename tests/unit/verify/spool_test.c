#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "verify/spool.h"

/* Keys in an order that runs do not have, of all lengths. */
static void
fill(struct spool *s, unsigned n)
{
	struct err e = { 0 };
	char key[16];

	for (unsigned i = 0; i < n; i++) {
		struct spooled r = { .coll = i % 3, .seq = n - i, .part = i };

		r.key.ptr = key;
		r.key.len = (size_t)snprintf(
		    key, sizeof key, "%u", i * 7919 % 1000 / 3);
		r.gone = i % 2 == 0;
		r.hash.a = i;
		assert_int_equal(spool_add(s, &r, &e), 0);
	}
}

static void
comes_sorted(size_t run_bytes, unsigned n)
{
	struct spool *s = spool_new(run_bytes);
	struct spooled r;
	struct err e = { 0 };
	char before[64] = "", now[64];
	unsigned got = 0;

	fill(s, n);
	while (spool_next(s, &r, &e) == 1) {
		/* letters below all digits end the key */
		snprintf(now, sizeof now, "%u %.*s!%020llu", r.coll,
		    (int)r.key.len, r.key.ptr, (unsigned long long)r.seq);
		assert_true(strcmp(before, now) < 0);
		assert_int_equal(r.hash.a, r.part);
		assert_int_equal(r.gone, r.part % 2 == 0);
		strcpy(before, now);
		got++;
	}
	assert_int_equal(got, n);
	spool_free(s);
}

static void
one_run_comes_sorted(void **state)
{
	(void)state;
	comes_sorted(SPOOL_RUN, 1000);
	comes_sorted(SPOOL_RUN, 0);
}

static void
many_runs_come_as_one(void **state)
{
	(void)state;
	comes_sorted(1000, 5000);
	comes_sorted(1, 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_run_comes_sorted),
		cmocka_unit_test(many_runs_come_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
