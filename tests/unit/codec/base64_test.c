#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "codec/base64.h"

/* RFC 4648 section 10. */
static void
gives_the_text_of_the_rfc(void **state)
{
	static const char *const want[] = { "", "Zg==", "Zm8=", "Zm9v",
		"Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	char out[8];

	(void)state;
	for (size_t n = 0; n < 7; n++) {
		struct buf b = { 0 };

		b64_add(&b, "foobar", n);
		assert_string_equal(b.ptr, want[n]);
		assert_int_equal(b.len, strlen(want[n]));
		assert_int_equal(b64_get(b.ptr, b.len, out), n);
		assert_memory_equal(out, "foobar", n);
		buf_fini(&b);
	}
}

static void
all_lengths_and_bytes_come_back(void **state)
{
	uint8_t in[300], out[400];

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t n = 0; n <= sizeof in; n++) {
		struct buf b = { 0 };

		buf_adds(&b, "x");
		b64_add(&b, in, n);
		assert_int_equal(b.len, 1 + (n + 2) / 3 * 4);
		assert_int_equal(strlen(b.ptr), b.len);
		assert_true(b64_max(b.len - 1) <= sizeof out);
		assert_true(b64_max(b.len - 1) >= n);
		assert_int_equal(b64_get(b.ptr + 1, b.len - 1, out), n);
		assert_memory_equal(in, out, n);
		buf_fini(&b);
	}
}

static void
each_group_of_bits_has_its_letter(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	char s[4] = "AAAA";
	uint8_t out[3];

	(void)state;
	for (int place = 0; place < 4; place++)
		for (uint32_t v = 0; v < 64; v++) {
			memset(s, 'A', 4);
			s[place] = alphabet[v];
			assert_int_equal(b64_get(s, 4, out), 3);
			assert_int_equal((uint32_t)out[0] << 16 |
					     (uint32_t)out[1] << 8 | out[2],
			    v << (18 - 6 * place));
		}
}

static void
refuses_what_is_not_canonical(void **state)
{
	static const char *const bad[] = { "A", "AA", "AAA",
		"A===", "====", "AA=A", "=AAA", "AA==AAAA",
		"AB==", "AAB=", "AAA\n", "AA-_", "AAAA=", "AAA\xff",
		"AAAAA===" };
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (b64_get(bad[i], strlen(bad[i]), out) != -1)
			fail_msg("took '%s'", bad[i]);
	assert_int_equal(b64_get("A\0AA", 4, out), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_text_of_the_rfc),
		cmocka_unit_test(all_lengths_and_bytes_come_back),
		cmocka_unit_test(each_group_of_bits_has_its_letter),
		cmocka_unit_test(refuses_what_is_not_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
