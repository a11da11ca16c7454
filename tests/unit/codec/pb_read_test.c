#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../pbmake.h"
#include "codec/pb_read.h"

static struct pbwalk
walk(const struct buf *b)
{
	return pbwalk_init(b->ptr, b->len);
}

static void
reads_every_wire_type(void **state)
{
	struct buf b = { 0 };
	struct pbfield f;
	struct pbwalk r;

	(void)state;
	pm_int(&b, 1, -1);
	pm_str(&b, 2000, "abc");
	pm_raw(&b, 3 << 3 | PB_FIXED32);
	pm_f32(&b, 1);
	pm_raw(&b, 4 << 3 | PB_FIXED64);
	pm_f64(&b, 1);
	r = walk(&b);
	assert_int_equal(pbwalk_next(&r, &f), 1);
	assert_int_equal(f.field, 1);
	assert_true(f.num == UINT64_MAX);
	assert_int_equal(f.len, 10);
	assert_int_equal(pbwalk_next(&r, &f), 1);
	assert_int_equal(f.field, 2000);
	assert_int_equal(f.wire, PB_BYTES);
	assert_int_equal(f.len, 3);
	assert_memory_equal(f.ptr, "abc", 3);
	assert_int_equal(pbwalk_next(&r, &f), 1);
	assert_true(f.num == 0x3f800000);
	assert_int_equal(pbwalk_next(&r, &f), 1);
	assert_true(f.num == 0x3ff0000000000000);
	assert_int_equal(pbwalk_next(&r, &f), 0);
	assert_int_equal(pbwalk_next(&r, &f), 0);
	buf_fini(&b);
}

static void
nothing_is_an_empty_message(void **state)
{
	struct pbwalk r = pbwalk_init(NULL, 0);
	struct pbfield f;
	uint64_t v;

	(void)state;
	assert_int_equal(pbwalk_next(&r, &f), 0);
	assert_int_equal(pbwalk_varint(&r, &v), 0);
	assert_int_equal(pbwalk_count(NULL, 0), 0);
}

static int
first(const char *bytes, size_t n)
{
	struct pbwalk r = pbwalk_init(bytes, n);
	struct pbfield f;

	return pbwalk_next(&r, &f);
}

static void
refuses_what_does_not_fit(void **state)
{
	(void)state;
	assert_int_equal(first("\x08", 1), -1);      /* a tag alone */
	assert_int_equal(first("\x08\x80", 2), -1);  /* half a varint */
	assert_int_equal(first("\x88", 1), -1);      /* half a tag */
	assert_int_equal(first("\x0a\x02x", 3), -1); /* one byte of two */
	assert_int_equal(first("\x0a\xff\xff\xff\xff\x0fx", 7), -1); /* 4 GB */
	assert_int_equal(
	    first("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12), -1);
	assert_int_equal(first("\x0d\0\0\0", 4), -1); /* fixed32 of 3 */
	assert_int_equal(first("\x09\0\0\0\0\0\0\0", 8), -1);
}

static void
refuses_field_0_and_groups(void **state)
{
	(void)state;
	assert_int_equal(first("\x00\x00", 2), -1);
	assert_int_equal(first("\x0b\x0c", 2), -1);
	assert_int_equal(first("\x0e\x00", 2), -1);
	assert_int_equal(first("\xf8\xff\xff\xff\xff\x01\x00", 7), -1);
}

static void
a_varint_has_ten_bytes_at_most(void **state)
{
	static const char ten[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	static const char more[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1";
	struct pbwalk r = pbwalk_init(ten, 10);
	uint64_t v;

	(void)state;
	assert_int_equal(pbwalk_varint(&r, &v), 1);
	assert_true(v == UINT64_MAX);
	r = pbwalk_init(more, 11);
	assert_int_equal(pbwalk_varint(&r, &v), -1);
	assert_int_equal(pbwalk_count(more, 11), -1);
	assert_int_equal(pbwalk_count(ten, 10), 1);
}

static void
count_is_what_a_walk_gives(void **state)
{
	struct buf b = { 0 };
	uint64_t v, x = 1;
	struct pbwalk r;
	ptrdiff_t n = 0;

	(void)state;
	for (int i = 0; i < 64; i++, x = x * 2 + 1)
		pm_raw(&b, x);
	for (r = walk(&b); pbwalk_varint(&r, &v) == 1;)
		n++;
	assert_int_equal(n, 64);
	assert_int_equal(pbwalk_count(b.ptr, b.len), 64);
	assert_int_equal(pbwalk_count(b.ptr, b.len - 1), -1);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_wire_type),
		cmocka_unit_test(nothing_is_an_empty_message),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(refuses_field_0_and_groups),
		cmocka_unit_test(a_varint_has_ten_bytes_at_most),
		cmocka_unit_test(count_is_what_a_walk_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
