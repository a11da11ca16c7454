#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "meta/position.h"

/* Bytes as hex: the offset, or -1 and the queue that is named. */
static int64_t
offset_of(const char *hex, int wal, const char *queue)
{
	uint8_t b[32];
	ProtobufCBinaryData id = { strlen(hex) / 2, b };
	struct err e = { 0 };
	int64_t n;

	for (size_t i = 0; i < id.len; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &b[i]), 1);
	if (position_offset(&id, wal, &n, &e) == 0)
		return n;
	assert_int_equal(e.kind, ERR_DATA);
	if (queue == NULL || strstr(e.msg, queue) == NULL)
		fail_msg("'%s' of '%s'", e.msg, hex);
	return -1;
}

static void
kafkas_are_offsets(void **state)
{
	(void)state;
	assert_int_equal(offset_of("0000000000000000", 0, NULL), 0);
	/* 2.5.27 and, with its WAL_name, 3.0.0: two that are protobuf, too */
	assert_int_equal(offset_of("2f00000000000000", 0, NULL), 47);
	assert_int_equal(offset_of("da01000000000000", 3, NULL), 474);
	assert_int_equal(offset_of("0801100700000000", 0, NULL), 118489352);
	assert_int_equal(
	    offset_of("ffffffffffff0000", 0, NULL), (INT64_C(1) << 48) - 1);
}

static void
others_are_named(void **state)
{
	(void)state;
	/* Milvus 2.3.5 on Pulsar 3.0.7 wrote this */
	assert_int_equal(offset_of("0801100718002000", 0, "is Pulsar,"), -1);
	/* MessageIdData and LogMessageIdData with larger numbers */
	assert_int_equal(offset_of("08cd0110e8071800", 0, "is Pulsar,"), -1);
	assert_int_equal(offset_of("08ac0210d00f180020ffffffffffffffffff01", 0,
			     "is Pulsar,"),
	    -1);
	assert_int_equal(
	    offset_of("08051007", 0, "is Pulsar or Woodpecker,"), -1);
	assert_int_equal(offset_of("08051007", 4, "is Woodpecker,"), -1);
	assert_int_equal(offset_of("", 4, "is Woodpecker,"), -1);
	/* an id of the clock, as RocksMQ makes them: 470824162849981478 */
	assert_int_equal(offset_of("26d8b8f9f2b48806", 0, "is RocksMQ,"), -1);
	assert_int_equal(offset_of("2f00000000000000", 1, "is RocksMQ,"), -1);
	assert_int_equal(offset_of("616263", 0, "is unknown,"), -1);
	assert_int_equal(offset_of("", 0, "is unknown,"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafkas_are_offsets),
		cmocka_unit_test(others_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
