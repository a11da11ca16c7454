#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "milvus/keyset.h"

static struct hash
of(const void *p, size_t n)
{
	struct hash h = { 0 };

	hash_bytes(&h, p, n);
	return h;
}

/* Found in a second for the mixers of splitmix64 and MurmurHash3, unkeyed. */
static void
values_that_were_chosen_for_one_hash_have_two(void **state)
{
	static const uint64_t x[2] = { 0xf6dc88d44c4fccc5, 0x061e084119f40e60 };
	static const uint64_t y[2] = { 0x7db790268a84c21c, 0x00a1c30c20006183 };
	struct hash a = of(x, sizeof x), b = of(y, sizeof y);

	(void)state;
	assert_false(hash_equal(&a, &b));
	assert_true(a.a != b.a && a.b != b.b);
}

/* mix() of before, from behind. */
static uint64_t
unmix(uint64_t x)
{
	x = (x ^ x >> 31 ^ x >> 62) * 0x319642b2d24d8ec3U;
	x = (x ^ x >> 27 ^ x >> 54) * 0x96de1b173f119089U;
	return x ^ x >> 30 ^ x >> 60;
}

static void
keys_that_were_chosen_for_one_place_spread(void **state)
{
	enum { N = 4096 };
	static unsigned char seen[N];
	size_t places = 0;

	(void)state;
	for (uint64_t i = 1; i <= N; i++) {
		uint64_t num = unmix(unmix(i << 32)) - 0x9e3779b97f4a7c15U;
		uint64_t at = keyset_hash(num, "", 0) % N;

		assert_true(
		    hash_mix(hash_mix(num + 0x9e3779b97f4a7c15U)) == i << 32);
		places += !seen[at];
		seen[at] = 1;
	}
	assert_true(places > N / 2); /* of chance: 1 - 1/e of them */
}

static void
order_length_and_each_bit_count(void **state)
{
	unsigned char text[40] = { 0 };
	struct hash none = { 0 }, all = of(text, sizeof text), h;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		h = of(text, n);
		assert_false(hash_equal(&h, &none));
		assert_false(hash_equal(&h, &all));
	}
	for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
		text[bit / 8] ^= (unsigned char)(1u << bit % 8);
		h = of(text, sizeof text);
		assert_false(hash_equal(&h, &all));
		text[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	h = of(text, sizeof text);
	assert_true(hash_equal(&h, &all));
	h = none;
	hash_num(&h, 1);
	hash_num(&h, 2);
	none = h;
	memset(&h, 0, sizeof h);
	hash_num(&h, 2);
	hash_num(&h, 1);
	assert_false(hash_equal(&h, &none));
}

/* x and x + 2^61-1 are one number to a modulus of that, were they not cut. */
static void
numbers_beyond_the_prime_are_others(void **state)
{
	const uint64_t prime = (UINT64_C(1) << 61) - 1;

	(void)state;
	for (uint64_t x = 0; x < 100; x++)
		for (uint64_t k = 1; k < 8; k++) {
			struct hash a = { 0 }, b = { 0 };

			hash_num(&a, x);
			hash_num(&b, x + k * prime);
			assert_false(hash_equal(&a, &b));
		}
}

static void
tags_can_be_the_same_everywhere(void **state)
{
	struct hash h;

	(void)state;
	hash_fixed();
	h = of("abcdefghij", 10);
	assert_int_equal(h.a, 1085798173164997253U);
	assert_int_equal(h.b, 1827256622171674504U);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_that_were_chosen_for_one_hash_have_two),
		cmocka_unit_test(keys_that_were_chosen_for_one_place_spread),
		cmocka_unit_test(order_length_and_each_bit_count),
		cmocka_unit_test(numbers_beyond_the_prime_are_others),
		cmocka_unit_test(tags_can_be_the_same_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
