#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "mq/dump_priv.h"

static void
is_id(const char *text, int wal, struct mq_id want)
{
	struct span s = { text, strlen(text) };
	struct mq_id id;
	struct err e = { 0 };

	assert_int_equal(dump_id_read(&s, wal, &id, &e), 0);
	assert_int_equal(mq_id_cmp(id, want), 0);
	assert_int_equal(id.kind, want.kind);
}

static void
ids_are_those_of_their_queue(void **state)
{
	struct mq_id pulsar = { MQ_LEDGER, 0, 1, 7 };
	struct mq_id woodpecker = { MQ_LEDGER, -1, 0, 0 };

	(void)state;
	is_id("0", WAL_KAFKA, mq_id_offset(0));
	is_id("jv", WAL_KAFKA, mq_id_offset(19 * 36 + 31));
	is_id("1y2p0ij32e8e7", WAL_KAFKA, mq_id_offset(INT64_MAX));
	is_id("CAEQBxgAIAA=", WAL_PULSAR, pulsar);
	is_id("CAAQAA==", WAL_WOODPECKER, woodpecker);
	woodpecker.ledger = 300;
	woodpecker.entry = 2;
	is_id("CKwCEAI=", WAL_WOODPECKER, woodpecker);
}

static void
each_queue_has_an_earliest_id(void **state)
{
	static const char *const want[] = { [WAL_ROCKSMQ] = "0",
		[WAL_PULSAR] = "CAAQABgAIAA=",
		[WAL_KAFKA] = "0",
		[WAL_WOODPECKER] = "CAAQAA==" };
	char text[MQ_MARK_ID];
	struct err e;

	(void)state;
	for (int wal = WAL_ROCKSMQ; wal <= WAL_WOODPECKER; wal++) {
		assert_int_equal(dump_id_earliest(wal, text, &e), 0);
		assert_string_equal(text, want[wal]);
	}
	assert_int_equal(dump_id_earliest(0, text, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
}

static void
what_is_no_id_is_refused(void **state)
{
	static const struct {
		const char *text;
		int wal;
	} v[] = {
		{ "", WAL_KAFKA },
		{ "-1", WAL_KAFKA },
		{ "1y2p0ij32e8e8", WAL_KAFKA },
		{ "CAAQAA==", WAL_KAFKA },
		{ "jv", WAL_PULSAR },
		{ "CAEQ", WAL_WOODPECKER },
		{ "jv", 0 },
		{ "jv", 999 },
	};
	struct mq_id id;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct span s = { v[i].text, strlen(v[i].text) };

		assert_int_equal(dump_id_read(&s, v[i].wal, &id, &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
	}
}

static int
reads(const char *bytes, size_t len, struct dump_message *m, struct err *e)
{
	struct span s = { bytes, len };

	return dump_message_read(&s, m, e);
}

/* Cut anywhere, a message is broken or lacks something; it is never another. */
static void
a_cut_message_is_none(void **state)
{
	static const char whole[] = "\x12\x1a\x0a\x05\x0a\x01"
				    "7\x10\x03\x12\x02hi\x1a\x0d\x0a\x03_tt"
				    "\x12\x06"
				    "abcdef";
	struct dump_message m = { 0 };
	struct record r;
	struct span v;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(reads(whole, sizeof whole - 1, &m, &e), 1);
	assert_int_equal(m.ts, 623714775); /* abcdef in base 36 */
	assert_int_equal(dump_message_record(&m, 5, &r, &e), 0);
	assert_int_equal(r.id.entry, 7);
	assert_int_equal(r.topic, 5);
	assert_int_equal(r.len, 2);
	assert_memory_equal(r.ptr, "hi", 2);
	assert_true(record_header(&r, "_tt", &v));
	assert_false(record_header(&r, "_t", &v));
	assert_false(r.made);
	record_free(&r);
	for (size_t n = 1; n < sizeof whole - 1; n++)
		assert_int_equal(reads(whole, n, &m, &e), -1);
	assert_int_equal(reads(whole, 0, &m, &e), 0);
}

static void
a_status_is_no_message(void **state)
{
	struct dump_message m = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(reads("\x0a\x00", 2, &m, &e), 0);
	assert_int_equal(reads("\x0a\x03\x18\xcc\x08", 5, &m, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_int_equal(reads("\x0a\x05\x18\xcc\x08 \x01", 7, &m, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
}

static void
a_made_tick_is_one_of_the_log(void **state)
{
	static const char want[] = "\x0a\x08\x08\xb0\x09\x18\xff\xff\xff\x01";
	struct dump_message m = { 0 };
	struct record r;
	struct span v;

	(void)state;
	dump_message_tick(&m, 0x3fffff, 3, &r);
	assert_true(r.made);
	assert_int_equal(r.topic, 3);
	assert_int_equal(r.len, sizeof want - 1);
	assert_memory_equal(r.ptr, want, sizeof want - 1);
	assert_true(record_header(&r, "_tt", &v));
	assert_int_equal(v.len, 5);
	assert_memory_equal(v.ptr, "2hwcf", 5);
	assert_true(record_header(&r, "_t", &v));
	assert_memory_equal(v.ptr, "1", 1);
	record_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_those_of_their_queue),
		cmocka_unit_test(each_queue_has_an_earliest_id),
		cmocka_unit_test(what_is_no_id_is_refused),
		cmocka_unit_test(a_cut_message_is_none),
		cmocka_unit_test(a_status_is_no_message),
		cmocka_unit_test(a_made_tick_is_one_of_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
