#include "format/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../pbmake.h"
#include "base/err.h"

/* One header. */
struct one {
	struct record_headers pub;
	const char *name;
	struct span value;
};

static int
get(const struct record_headers *h, const char *name, struct span *v)
{
	const struct one *o = (const struct one *)h;

	if (strcmp(o->name, name) != 0)
		return 0;
	*v = o->value;
	return 1;
}

/* A tick of 2.3 at timestamp 7; b lives as long as the record. */
static struct record
tick(struct buf *b, const struct record_headers *h)
{
	struct buf base = { 0 };

	buf_clear(b);
	pm_int(&base, 1, WIRE_TIMETICK);
	pm_int(&base, 3, 7);
	pm_sub(b, 1, &base);
	return (struct record){ .ptr = b->ptr,
		.len = b->len,
		.id = mq_id_offset(12),
		.headers = h };
}

static void
a_record_without_headers_is_of_the_oldest(void **state)
{
	struct buf b = { 0 };
	struct record r = tick(&b, NULL);
	struct msg m;

	(void)state;
	assert_ptr_equal(format_of(&r), &format_v23);
	assert_int_equal(format_peek(&r, &m), 0);
	assert_int_equal(m.kind, MSG_TICK);
	assert_int_equal(m.type, WIRE_TIMETICK);
	assert_int_equal(m.ts, 7);
	buf_fini(&b);
}

static void
a_record_with_v_is_of_the_streaming_log(void **state)
{
	struct one h = { { get }, "_v", { "1", 1 } };
	struct buf b = { 0 };
	struct record r = tick(&b, &h.pub);

	(void)state;
	assert_ptr_equal(format_of(&r), &format_v26);
	buf_fini(&b);
}

static void
other_headers_and_an_empty_v_say_nothing(void **state)
{
	struct one other = { { get }, "_vc", { "1", 1 } };
	struct one empty = { { get }, "_v", { "", 0 } };
	struct buf b = { 0 };
	struct record r = tick(&b, &other.pub);

	(void)state;
	assert_ptr_equal(format_of(&r), &format_v23);
	r.headers = &empty.pub;
	assert_ptr_equal(format_of(&r), &format_v23);
	buf_fini(&b);
}

static void
a_version_has_its_format(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_null(format_of_version(2003001));
	assert_ptr_equal(format_of_version(2003002), &format_v23);
	assert_ptr_equal(format_of_version(2005027), &format_v23);
	assert_null(format_of_version(2006005));
	assert_ptr_equal(format_of_version(2006006), &format_v26);
	assert_ptr_equal(format_of_version(3000001), &format_v26);
	assert_null(format_of_version(3001000));
	format_versions(&b);
	assert_string_equal(b.ptr, "2.3.2 to 2.5, 2.6.6 to 3.0");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_without_headers_is_of_the_oldest),
		cmocka_unit_test(a_record_with_v_is_of_the_streaming_log),
		cmocka_unit_test(other_headers_and_an_empty_v_say_nothing),
		cmocka_unit_test(a_version_has_its_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
