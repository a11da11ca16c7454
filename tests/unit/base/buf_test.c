#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void
grows_and_stays_a_string(void **state)
{
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.ptr[b.len], '\0');
	}
	assert_int_equal(strlen(b.ptr), 10000);
	buf_fini(&b);
	assert_null(b.ptr);
	assert_int_equal(b.len + b.cap, 0);
}

static void
room_is_for_n_and_a_nul(void **state)
{
	struct buf b = { 0 };
	char *p = buf_room(&b, 100);

	(void)state;
	memset(p, 'x', 101);
	assert_int_equal(b.len, 0);
	assert_true(b.cap > 100);
	buf_fini(&b);
}

static void
cuts_from_the_front(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_cut(&b, 3);
	buf_adds(&b, "abcdef");
	buf_cut(&b, 2);
	assert_string_equal(b.ptr, "cdef");
	buf_cut(&b, 0);
	assert_string_equal(b.ptr, "cdef");
	buf_cut(&b, 4);
	assert_string_equal(b.ptr, "");
	buf_adds(&b, "x");
	buf_cut(&b, 99);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

static void
writes_numbers_at_their_limits(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_addi64(&b, INT64_MIN);
	buf_addc(&b, ' ');
	buf_addi64(&b, INT64_MAX);
	buf_addc(&b, ' ');
	buf_addu64(&b, UINT64_MAX);
	buf_addc(&b, ' ');
	buf_addu64(&b, 0);
	buf_addf(&b, "%s%d", " ", -5);
	assert_string_equal(b.ptr, "-9223372036854775808 9223372036854775807 "
				   "18446744073709551615 0 -5");
	buf_fini(&b);
}

static void
takes_bytes_with_nuls_and_none(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add(&b, NULL, 0);
	assert_string_equal(b.ptr, "");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.ptr, "a\0b", 4);
	buf_clear(&b);
	assert_string_equal(b.ptr, "");
	buf_fini(&b);
	buf_clear(&b);
}

static void
take_gives_the_text_away(void **state)
{
	struct buf b = { 0 };
	char *s = buf_take(&b);

	(void)state;
	assert_string_equal(s, "");
	free(s);
	buf_adds(&b, "text");
	s = buf_take(&b);
	assert_string_equal(s, "text");
	assert_null(b.ptr);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_a_string),
		cmocka_unit_test(room_is_for_n_and_a_nul),
		cmocka_unit_test(cuts_from_the_front),
		cmocka_unit_test(writes_numbers_at_their_limits),
		cmocka_unit_test(takes_bytes_with_nuls_and_none),
		cmocka_unit_test(take_gives_the_text_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
