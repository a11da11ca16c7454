#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#include "base/err.h"
#include "base/num.h"

static uint64_t seed = 88172645463325252;

static void
same_f32(uint32_t bits)
{
	char s[NUM_FLT_MAX + 1] = { 0 };
	float f, back;
	size_t n;

	memcpy(&f, &bits, sizeof f);
	if (!isfinite(f))
		return;
	n = num_f32(f, s);
	back = strtof(s, NULL);
	if (n != strlen(s) || memcmp(&f, &back, sizeof f) != 0)
		fail_msg("%08x is '%s'", bits, s);
}

static void
same_f64(uint64_t bits)
{
	char s[NUM_FLT_MAX + 1] = { 0 };
	double f, back;
	size_t n;

	memcpy(&f, &bits, sizeof f);
	if (!isfinite(f))
		return;
	n = num_f64(f, s);
	back = strtod(s, NULL);
	if (n != strlen(s) || memcmp(&f, &back, sizeof f) != 0)
		fail_msg("%016llx is '%s'", (unsigned long long)bits, s);
}

static int
base36(const char *text, uint64_t want)
{
	struct err e = { 0 };
	uint64_t v;

	if (num_base36(text, strlen(text), &v, &e) == 0)
		return v == want;
	return want == 0 && e.kind == ERR_DATA;
}

static void
base_36_is_digits_and_small_letters(void **state)
{
	(void)state;
	assert_true(base36("1", 1));
	assert_true(base36("z", 35));
	assert_true(base36("10", 36));
	assert_true(base36("3krx8ihx4kwj", 470824162964015059));
	assert_true(base36("3w5e11264sgsf", UINT64_MAX));
	assert_true(base36("3w5e11264sgsg", 0));
	assert_true(base36("zzzzzzzzzzzzzz", 0));
	assert_true(base36("", 0));
	assert_true(base36("0", 0));
	assert_true(base36("A", 0));
	assert_true(base36("-1", 0));
	assert_true(base36("1 ", 0));
}

static void
floats_read_back_to_their_bits(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++)
		same_f32((uint32_t)next_random(&seed));
	for (uint32_t e = 0; e < 255; e++) /* around each power of two */
		for (uint32_t k = 0; k < 7; k++)
			same_f32((e << 23) - 3 + k);
	for (int i = 0; i < 20000; i++)
		same_f32(
		    (uint32_t)next_random(&seed) & 0x807fffff); /* subnormal */
	same_f32(0x80000000);
	same_f32(1);
	same_f32(0x7f7fffff);
}

static void
doubles_read_back_to_their_bits(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		same_f64(next_random(&seed));
	for (uint64_t e = 0; e < 2047; e++)
		for (uint64_t k = 0; k < 7; k++)
			same_f64((e << 52) - 3 + k);
	for (int i = 0; i < 20000; i++)
		same_f64(next_random(&seed) & 0x800fffffffffffff);
	for (int i = 0; i < 20000; i++) { /* short decimals */
		double d = (double)(next_random(&seed) % 100000) / 1000;
		uint64_t bits;

		memcpy(&bits, &d, sizeof bits);
		same_f64(bits);
	}
}

static void
is_f32(float f, const char *want)
{
	char s[NUM_FLT_MAX + 1] = { 0 };

	num_f32(f, s);
	assert_string_equal(s, want);
}

static void
is_f64(double f, const char *want)
{
	char s[NUM_FLT_MAX + 1] = { 0 };

	num_f64(f, s);
	assert_string_equal(s, want);
}

static void
decimals_are_short(void **state)
{
	(void)state;
	is_f32(0.1f, "0.1");
	is_f32(-0.0f, "-0.0");
	is_f32(0, "0");
	is_f32(1e-45f, "1e-45");
	is_f32(FLT_MAX, "3.4028235e38");
	is_f32(16777216, "16777216");
	is_f32(-1.5f, "-1.5");
	is_f32(1e8f, "100000000");
	is_f32(1e9f, "1e9");
	is_f32(1.5e-5f, "0.000015");
	is_f32(1.5e-6f, "1.5e-6");
	is_f64(0.1, "0.1");
	is_f64(123456.789, "123456.789");
	is_f64(1e16, "10000000000000000");
	is_f64(1e17, "1e17");
	is_f64(-0.0, "-0.0");
	is_f64(5e-324, "5e-324");
	is_f64(DBL_MAX, "1.7976931348623157e308");
	is_f64(1.0 / 3, "0.3333333333333333");
	is_f64(9007199254740993.0, "9007199254740992");
}

static void
signed_numbers_have_bounds(void **state)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1.0",
		"0x1", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999999", "1e3" };
	struct err e;
	int64_t v;

	(void)state;
	assert_int_equal(
	    num_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v, &e), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(
	    num_i64("9223372036854775807", 0, INT64_MAX, &v, &e), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_i64("-0", 0, 0, &v, &e), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(
		    num_i64(bad[i], INT64_MIN, INT64_MAX, &v, &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
	}
	assert_int_equal(num_i64("5", 1, 4, &v, &e), -1);
	assert_string_equal(e.msg, "'5' is not an integer from 1 to 4");
	assert_int_equal(num_i64n("123", 2, 0, 99, &v, &e), 0);
	assert_int_equal(v, 12);
}

static void
unsigned_numbers_have_bounds(void **state)
{
	struct err e;
	uint64_t v;

	(void)state;
	assert_int_equal(
	    num_u64("18446744073709551615", 0, UINT64_MAX, &v, &e), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(
	    num_u64("18446744073709551616", 0, UINT64_MAX, &v, &e), -1);
	assert_int_equal(num_u64("-1", 0, UINT64_MAX, &v, &e), -1);
	assert_int_equal(num_u64("0", 1, 9, &v, &e), -1);
}

static void
sums_and_products_say_when_they_do_not_fit(void **state)
{
	size_t v;

	(void)state;
	assert_int_equal(num_add(SIZE_MAX - 1, 1, &v), 0);
	assert_true(v == SIZE_MAX);
	assert_int_equal(num_add(SIZE_MAX, 1, &v), -1);
	assert_int_equal(num_mul(SIZE_MAX / 2, 2, &v), 0);
	assert_int_equal(num_mul(SIZE_MAX / 2 + 1, 2, &v), -1);
}

static void
a_number_is_among_others(void **state)
{
	static const int64_t v[] = { INT64_MIN, 0, 7 };

	(void)state;
	assert_int_equal(num_has(v, 3, 7), 1);
	assert_int_equal(num_has(v, 2, 7), 0);
	assert_int_equal(num_has(v, 3, INT64_MIN), 1);
	assert_int_equal(num_has(NULL, 0, 0), 0);
}

static void
bytes_are_little_endian(void **state)
{
	uint8_t b[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 }, c[8];

	(void)state;
	assert_int_equal(num_le16(b + 1), 0x0201);
	assert_int_equal(num_le32(b + 1), 0x04030201);
	assert_true(num_le64(b + 1) == 0x0807060504030201);
	num_put_le64(c, 0x0807060504030201);
	assert_memory_equal(b + 1, c, 8);
	num_put_le32(c, 0x04030201);
	assert_memory_equal(b + 1, c, 4);
}

static void
every_half_comes_back(void **state)
{
	(void)state;
	for (uint32_t h = 0; h <= 0xffff; h++) {
		if (!isnan(num_f16((uint16_t)h)))
			assert_int_equal(num_to_f16(num_f16((uint16_t)h)), h);
		else
			assert_true(
			    isnan(num_f16(num_to_f16(num_f16((uint16_t)h)))));
		if (!isnan(num_bf16((uint16_t)h)))
			assert_int_equal(num_to_bf16(num_bf16((uint16_t)h)), h);
		else
			assert_true(isnan(
			    num_bf16(num_to_bf16(num_bf16((uint16_t)h)))));
	}
}

static void
halves_round_to_nearest_even(void **state)
{
	(void)state;
	assert_int_equal(num_to_f16(65504), 0x7bff);
	assert_int_equal(num_to_f16(65519.996f), 0x7bff);
	assert_int_equal(num_to_f16(65520), 0x7c00);
	assert_int_equal(num_to_f16(1 + 0x1p-11f), 0x3c00); /* tie, even */
	assert_int_equal(num_to_f16(1 + 3 * 0x1p-11f), 0x3c02);
	assert_int_equal(num_to_f16(0x1p-25f), 0); /* half the least */
	assert_int_equal(num_to_f16(-0x1.8p-25f), 0x8001);
	assert_int_equal(num_to_f16(0x1.ffep-15f), 0x400); /* to normal */
	assert_int_equal(num_to_bf16(1 + 0x1p-8f), 0x3f80);
	assert_int_equal(num_to_bf16(1 + 3 * 0x1p-8f), 0x3f82);
	assert_int_equal(num_to_bf16(FLT_MAX), 0x7f80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_36_is_digits_and_small_letters),
		cmocka_unit_test(floats_read_back_to_their_bits),
		cmocka_unit_test(doubles_read_back_to_their_bits),
		cmocka_unit_test(decimals_are_short),
		cmocka_unit_test(signed_numbers_have_bounds),
		cmocka_unit_test(unsigned_numbers_have_bounds),
		cmocka_unit_test(sums_and_products_say_when_they_do_not_fit),
		cmocka_unit_test(a_number_is_among_others),
		cmocka_unit_test(bytes_are_little_endian),
		cmocka_unit_test(every_half_comes_back),
		cmocka_unit_test(halves_round_to_nearest_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
