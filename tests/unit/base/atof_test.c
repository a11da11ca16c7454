#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../random.h"
#include "base/num.h"

static uint64_t seed; /* SEED=n for the same numbers again */

static float
float_of(uint32_t u)
{
	float f;

	memcpy(&f, &u, sizeof f);
	return f;
}

/* What may stand behind a number, and is looked at together with it. */
static const char behind[] = ",-0.9876543210,1e9]";

/* As strtof and strtod have it, with `more` of what is behind in memory. */
static void
same_before(const char *text, size_t more)
{
	size_t n = strlen(text), want;
	char *copy = malloc(1 + n + more), *end; /* ASan sees its end */
	float f = 7, g = strtof(text, &end);
	double d = 7, x;

	assert_non_null(copy);
	memcpy(copy + 1, text, n);
	memcpy(copy + 1 + n, behind, more);
	want = isinf(g) ? 0 : (size_t)(end - text);
	if (num_read_f32(copy + 1, copy + 1 + n + more, &f) != want ||
	    (want > 0 && memcmp(&f, &g, sizeof f) != 0))
		fail_msg("'%s' is %a, want %a", text, (double)f, (double)g);
	x = strtod(text, &end);
	want = isinf(x) ? 0 : (size_t)(end - text);
	if (num_read_f64(copy + 1, copy + 1 + n + more, &d) != want ||
	    (want > 0 && memcmp(&d, &x, sizeof d) != 0))
		fail_msg("'%s' is %a, want %a", text, d, x);
	free(copy);
}

static void
same(const char *text)
{
	same_before(text, 0);
	same_before(text, 1);
	same_before(text, sizeof behind - 1);
}

static void
is(const char *text, size_t len, float want)
{
	size_t n = strlen(text);

	/* Alone, and with what may stand behind it. */
	for (size_t more = 0; more < sizeof behind; more += sizeof behind - 1) {
		char *copy = test_malloc(1 + n + more);
		float f = 7;
		double d;

		memcpy(copy + 1, text, n);
		memcpy(copy + 1 + n, behind, more);
		assert_int_equal(
		    num_read_f32(copy + 1, copy + 1 + n + more, &f), len);
		if (len > 0)
			assert_memory_equal(&f, &want, sizeof f);
		if (want < 1e38f)
			assert_int_equal(
			    num_read_f64(copy + 1, copy + 1 + n + more, &d),
			    len);
		test_free(copy);
	}
}

static void
a_number_ends_where_strtod_says(void **state)
{
	(void)state;
	is("1", 1, 1);
	is("-0.0", 4, -0.0f);
	is("-0", 2, -0.0f);
	is("-.5", 3, -0.5f); /* jsonr lets these pass, as it always did */
	is("5.", 2, 5);
	is("007", 3, 7);
	is("1.5e2,", 5, 150);
	is("1E+2]", 4, 100);
	is("25e-1", 5, 2.5f);
	is("1e", 1, 1);
	is("1e+", 1, 1);
	is("1e-x", 1, 1);
	is("1.2.3", 3, 1.2f);
	is("0x1p3", 1, 0);
	is("12345678901234567890123456789", 29,
	    12345678901234567890123456789.f);
	is("", 0, 0);
	is("-", 0, 0);
	is("-.", 0, 0);
	is("-e5", 0, 0);
	is(".5", 0, 0);
	is("+1", 0, 0);
	is(" 1", 0, 0);
	is("--1", 0, 0);
	is("inf", 0, 0);
	is("-inf", 0, 0);
	is("nan", 0, 0);
	is("-nan", 0, 0);
	is(",", 0, 0);
}

static void
bounds_are_strtods(void **state)
{
	static const char *const texts[] = { "1e-45", "7e-46", "8e-46", "1e-46",
		"1.17549435e-38", "1.17549429e-38", "1.1754943e-38",
		"3.4028235e38", "3.4028234663852886e38",
		"3.4028235677973366e38", "3.4028235677973365e38",
		"3.40282357e38", "1e39", "-1e39", "9999999999999999999e22",
		"340282356779733661637539395458e9", "5e-324", "2e-324",
		"1.7976931348623157e308", "1.7976931348623159e308", "1e309",
		"1e-400", "1e99999999999999999999", "1e-99999999999999999999",
		"0e99999999999999999999", "-0e5", "0.000e-9",
		"9007199254740992", "9007199254740993", "9007199254740993e22",
		"9007199254740992e22", "1e22", "1e23", "1e-22", "1e-23",
		"8388608.5", "8388609.5", "8388608.500000001",
		"8388609.4999999999", "16777217", "16777219",
		"16777217.0000000001", "0.1", "0.12345678806304932",
		"1.00000005960464477539062", "1.00000005960464477539063",
		"1.000000059604644775390625", "1.000000059604644775390624",
		"1.000000059604644775390626", "1.0000001788139343",
		"000000000000000000000000000001.5",
		"0.0000000000000000000000000000015", "123456789012345678",
		"1234567890123456789", "12345678901234567890",
		"18446744073709551615e-1", "1.8446744073709551616" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		same(texts[i]);
}

static void
powers_of_two_and_ten_are_strtods(void **state)
{
	char s[1200];

	(void)state;
	for (int e = -1080; e < 1024; e++) {
		snprintf(s, sizeof s, "%.17g", ldexp(1, e));
		same(s);
		snprintf(s, sizeof s, "%.*f", e < 0 ? -e : 0, ldexp(1, e));
		same(s); /* all of its digits */
	}
	for (int e = -400; e < 400; e++) {
		snprintf(s, sizeof s, "1e%d", e);
		same(s);
		snprintf(s, sizeof s, "-123456789e%d", e);
		same(s);
	}
}

/* In the middle of two floats, and right beside it. */
static void
halfway_goes_to_even(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t u = (uint32_t)next_random(&seed) & 0x7fffffff;
		double a = (double)float_of(u), b = (double)float_of(u + 1);
		char s[400];
		size_t n;

		if (!isfinite(b))
			continue;
		n = (size_t)snprintf(s, sizeof s, "%.*e",
		    (int)(next_random(&seed) % 160),
		    i % 2 ? (a + b) / 2 : nextafter((a + b) / 2, a));
		assert_true(n < sizeof s);
		same(s);
		snprintf(s, sizeof s, "%.*f", (int)(next_random(&seed) % 100),
		    (a + b) / 2);
		same(s);
	}
}

static void
random_bits_are_strtods(void **state)
{
	char s[NUM_FLT_MAX + 32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t u = next_random(&seed);
		float f = float_of((uint32_t)(u >> 32));
		double d;

		memcpy(&d, &u, sizeof d);
		if (!isfinite(f) || !isfinite(d))
			continue;
		num_f32(f, s);
		same(s);
		snprintf(s, sizeof s, "%.9g", (double)f);
		same(s);
		num_f64(d, s);
		same(s);
		snprintf(s, sizeof s, "%.*g", (int)(u % 20), (double)f);
		same(s);
	}
}

static void
random_digits_are_strtods(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		char s[80];
		size_t n = 0, digits = 1 + next_random(&seed) % 30,
		       point = next_random(&seed) % 30;

		if (next_random(&seed) % 2)
			s[n++] = '-';
		for (size_t k = 0; k < digits; k++) {
			s[n++] = (char)('0' + (next_random(&seed) >> 20) % 10);
			if (k == point)
				s[n++] = '.';
		}
		s[n] = '\0';
		if (next_random(&seed) % 2)
			snprintf(s + n, sizeof s - n, "e%d",
			    (int)(next_random(&seed) % 100) - 50);
		same(s);
	}
}

/*
 * As vectors have them: a digit, a point, and as many digits as may be, and
 * as much behind them as may be.
 */
static void
plain_numbers_are_strtods(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		char s[80];
		size_t n = 0, digits = next_random(&seed) % 19;

		if (next_random(&seed) % 2)
			s[n++] = '-';
		s[n++] = (char)('0' + (next_random(&seed) >> 20) % 10);
		s[n++] = '.';
		while (digits-- > 0)
			s[n++] = (char)('0' + (next_random(&seed) >> 20) % 10);
		strcpy(s + n, i % 8 == 0 ? "e-5" : i % 8 == 1 ? "E" : "");
		same(s);
		same_before(s, next_random(&seed) % sizeof behind);
	}
}

/* How many digits there are from the first to the last that is not 0. */
static int
significant(const char *s)
{
	int n = 0, all = 0;

	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s < '0' || *s > '9')
			continue;
		all += all > 0 || *s > '0';
		n = *s > '0' ? all : n;
	}
	return n;
}

static void
no_decimal_is_longer_than_it_must_be(void **state)
{
	(void)state;
	for (int i = 0; i < 50000; i++) {
		uint32_t u = (uint32_t)next_random(&seed);
		float f = float_of(u);
		char s[NUM_FLT_MAX], t[64];
		int n = 0;

		if (!isfinite(f) || (u & 0x7fffff) == 0)
			continue;
		do
			snprintf(t, sizeof t, "%.*e", n++, (double)f);
		while (strtof(t, NULL) != f);
		num_f32(f, s);
		if (significant(s) != n)
			fail_msg("'%s', but '%s' would do", s, t);
	}
}

enum { THREADS = 8 };

static uint64_t stride = 997; /* CDC_LONG=1: 1, all, some minutes */

/* In a vector it has the same n bytes, and a comma. */
static int
is_alike(float f, const char *s, size_t n)
{
	char le[sizeof f], v[NUM_F32S_MAX + NUM_FLT_MAX];
	size_t one = 1;
	uint32_t u;

	memcpy(&u, &f, sizeof u);
	num_put_le32(le, u);
	return num_f32s(le, &one, v) == v + n + 1 && one == 1 && v[n] == ',' &&
	       memcmp(v, s, n) == 0;
}

/* An eighth of the floats that are looked at, of either sign. */
static void *
some_of_all(void *arg)
{
	size_t bad = 0, first = *(size_t *)arg;
	char s[NUM_FLT_MAX + sizeof behind];

	for (uint64_t u = first * stride; u <= UINT32_MAX;
	     u += THREADS * stride) {
		float f = float_of((uint32_t)u), g = 7, h;
		size_t n;

		if (!isfinite(f))
			continue;
		n = num_f32(f, s);
		h = strtof(s, NULL);
		memcpy(s + n, behind, sizeof behind);
		if (num_read_f32(s, s + n, &g) != n ||
		    memcmp(&f, &g, sizeof f) != 0 ||
		    num_read_f32(s, s + n + sizeof behind, &g) != n ||
		    memcmp(&f, &g, sizeof f) != 0 ||
		    memcmp(&f, &h, sizeof f) != 0 || !is_alike(f, s, n))
			bad++;
	}
	*(size_t *)arg = bad;
	return NULL;
}

static void
all_floats_read_back_to_their_bits(void **state)
{
	pthread_t t[THREADS];
	size_t v[THREADS];

	(void)state;
	if (getenv("CDC_LONG") != NULL)
		stride = 1;
	for (size_t i = 0; i < THREADS; i++) {
		v[i] = i;
		assert_int_equal(
		    pthread_create(&t[i], NULL, some_of_all, &v[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(v[i], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_ends_where_strtod_says),
		cmocka_unit_test(bounds_are_strtods),
		cmocka_unit_test(powers_of_two_and_ten_are_strtods),
		cmocka_unit_test(halfway_goes_to_even),
		cmocka_unit_test(random_bits_are_strtods),
		cmocka_unit_test(random_digits_are_strtods),
		cmocka_unit_test(plain_numbers_are_strtods),
		cmocka_unit_test(no_decimal_is_longer_than_it_must_be),
		cmocka_unit_test(all_floats_read_back_to_their_bits),
	};
	const char *s = getenv("SEED");

	seed = s != NULL ? strtoull(s, NULL, 10)
			 : (uint64_t)time(NULL) << 20 | (uint64_t)getpid();
	printf("# SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
