#include "model/pos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json_write.h"

static struct err err;

static int
from_text(struct pos *p, const char *text)
{
	json_t *j = json_loads(text, 0, NULL);
	int rc = pos_from_line(p, j, &err);

	json_decref(j);
	return rc;
}

static void
reads_what_it_writes(void **state)
{
	static const char topics[] =
	    "{\"a\":{\"o\":5,\"n\":7,\"ts\":\"451234567890123456\"},"
	    "\"b\":{\"o\":0,\"n\":0,\"ts\":\"0\"},"
	    "\"c\":{\"id\":\"2s\",\"wal\":\"kafka\",\"from\":\"2r\","
	    "\"last\":\"451234567890123450\",\"digest\":\"18446744073709551615"
	    "\",\"ts\":\"451234567890123456\"},"
	    "\"d\":{\"id\":\"\",\"wal\":\"woodpecker\",\"ts\":\"7\"}}";
	struct pos p = { 0 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	json_t *j = json_loads(topics, 0, NULL);

	(void)state;
	assert_int_equal(pos_from_json(&p, j, &err), 0);
	pos_to_json(&p, &w, NULL);
	assert_string_equal(b.ptr, topics);
	json_decref(j);
	buf_fini(&b);
	pos_fini(&p);
}

static void
takes_integers_as_strings_and_offsets_without_n(void **state)
{
	struct pos p = { 0 };

	(void)state;
	assert_int_equal(
	    from_text(&p, "{\"ts\":9,\"pos\":{\"a\":{\"o\":\"12\"}}}"), 0);
	assert_int_equal(p.ts, 9);
	assert_int_equal(pos_find(&p, "a")->o.entry, 12);
	assert_int_equal(pos_find(&p, "a")->n.entry, 12);
	assert_int_equal(pos_find(&p, "a")->ts, 0);
	pos_fini(&p);
}

static void
takes_a_begin_lines_from(void **state)
{
	struct pos p = { 0 };

	(void)state;
	assert_int_equal(
	    from_text(&p,
		"{\"op\":\"begin\",\"ts\":\"4\",\"from\":{\"a\":{\"o\":1}}}"),
	    0);
	assert_int_equal(p.n, 1);
	pos_fini(&p);
}

static void
refuses_what_is_no_position_and_keeps_the_old_one(void **state)
{
	static const char *const bad[] = {
		"{\"ts\":\"1\"}",
		"{\"ts\":\"1\",\"pos\":[]}",
		"{\"ts\":\"1\",\"pos\":{\"a\":5}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{}}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{\"o\":-1}}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{\"o\":1.5}}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{\"o\":\"x\"}}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{\"o\":5,\"n\":4}}}",
		"{\"ts\":\"1\",\"pos\":{\"a\":{\"o\":5,\"ts\":-1}}}",
		"{\"ts\":-1,\"pos\":{\"a\":{\"o\":5}}}",
		"{\"pos\":{\"a\":{\"o\":5}}}",
		"{\"ts\":1,\"pos\":{\"a\":{\"id\":5}}}",
		"{\"ts\":1,\"pos\":{\"a\":{\"id\":\"\",\"wal\":\"nats\"}}}",
#define MARK(MEMBERS) "{\"ts\":1,\"pos\":{\"a\":{\"id\":\"2s\"" MEMBERS "}}}"
#define FROM ",\"from\":\"2r\""
#define WAL ",\"wal\":\"kafka\""
#define LAST ",\"last\":\"1\""
#define DIGEST ",\"digest\":\"1\""
		MARK(FROM LAST DIGEST),
		MARK(WAL LAST DIGEST),
		MARK(WAL FROM DIGEST),
		MARK(WAL FROM LAST),
	};
	struct pos p = { 0 };

	(void)state;
	pos_set(&p, "old", mq_id_offset(1), mq_id_offset(2), 3);
	p.ts = 77;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(from_text(&p, bad[i]), -1);
		assert_int_equal(err.kind, ERR_DATA);
	}
	assert_int_equal(p.ts, 77);
	assert_int_equal(p.n, 1);
	assert_int_equal(pos_find(&p, "old")->n.entry, 2);
	pos_fini(&p);
}

static void
finds_each_of_many_topics(void **state)
{
	struct pos p = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "t%d", i * 7919 % 1000);
		pos_set(&p, name, mq_id_offset(i * 7919 % 1000),
		    mq_id_offset(i * 7919 % 1000), 1);
	}
	assert_int_equal(p.n, 1000);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "t%d", i);
		assert_int_equal(pos_find(&p, name)->o.entry, i);
	}
	assert_null(pos_find(&p, "t1000"));
	pos_fini(&p);
}

static void
timestamp_decides_before_topics(void **state)
{
	struct pos a = { .ts = 5 }, b = { .ts = 6 };

	(void)state;
	pos_set(&a, "t", mq_id_offset(100), mq_id_offset(100), 0);
	pos_set(&b, "t", mq_id_offset(1), mq_id_offset(1), 0);
	assert_int_equal(pos_before(&a, &b, NULL), 1);
	assert_int_equal(pos_before(&b, &a, NULL), 0);
	pos_fini(&a);
	pos_fini(&b);
}

static void
equal_timestamps_compare_the_topics_both_have(void **state)
{
	struct pos a = { .ts = 5 }, b = { .ts = 5 };

	(void)state;
	pos_set(&a, "only_a", mq_id_offset(0), mq_id_offset(0), 0);
	pos_set(&b, "only_b", mq_id_offset(9), mq_id_offset(9), 0);
	pos_set(&a, "t", mq_id_offset(4), mq_id_offset(6), 0);
	pos_set(&b, "t", mq_id_offset(4), mq_id_offset(6), 0);
	assert_int_equal(pos_before(&a, &b, NULL), 0);
	pos_set(&b, "t", mq_id_offset(4), mq_id_offset(7), 0);
	assert_int_equal(pos_before(&a, &b, &err), 1);
	assert_non_null(strstr(err.msg, "topic 't'"));
	pos_set(&b, "t", mq_id_offset(5), mq_id_offset(6), 0);
	assert_int_equal(pos_before(&a, &b, NULL), 1);
	assert_int_equal(pos_before(&b, &a, NULL), 0);
	pos_fini(&a);
	pos_fini(&b);
}

/* Ids of records that come by time tick go back. */
static void
a_mark_is_as_late_as_its_timestamp(void **state)
{
	struct mq_mark m = { .id = "2s", .from = "2r", .wal = WAL_KAFKA };
	struct pos a = { .ts = 5 }, b = { .ts = 5 }, c = { 0 };

	(void)state;
	pos_set_mark(&a, "t", &m, 8);
	strcpy(m.id, "2r");
	pos_set_mark(&b, "t", &m, 9);
	assert_int_equal(pos_before(&a, &b, &err), 1);
	assert_string_equal(err.msg, "topic 't' timestamp 8 is below 9");
	assert_int_equal(pos_before(&b, &a, NULL), 0);
	pos_copy(&c, &a);
	pos_merge(&c, &b);
	assert_string_equal(pos_find(&c, "t")->mark->id, "2r");
	pos_set(&c, "t", mq_id_offset(1), mq_id_offset(1), 9);
	assert_null(pos_find(&c, "t")->mark);
	pos_fini(&a);
	pos_fini(&b);
	pos_fini(&c);
}

static void
a_topic_never_leaves(void **state)
{
	struct pos a = { .ts = 5 }, b = { .ts = 6 }, c = { 0 };

	(void)state;
	pos_set(&a, "x", mq_id_offset(1), mq_id_offset(1), 1);
	pos_set(&a, "y", mq_id_offset(1), mq_id_offset(1), 1);
	pos_set(&b, "y", mq_id_offset(2), mq_id_offset(3), 4);
	pos_merge(&a, &b);
	assert_int_equal(a.ts, 6);
	assert_int_equal(pos_find(&a, "x")->o.entry, 1);
	assert_int_equal(pos_find(&a, "y")->n.entry, 3);
	pos_copy(&c, &a);
	assert_int_equal(c.n, 2);
	pos_fini(&a);
	assert_int_equal(pos_find(&c, "y")->o.entry, 2);
	pos_fini(&b);
	pos_fini(&c);
}

static void
known_entries_are_replaced_whole_and_null_removes(void **state)
{
	json_t *known = json_loads(
	    "{\"1\":{\"name\":\"a\",\"load\":\"all\"},\"2\":{}}", 0, NULL);
	json_t *delta = json_loads(
	    "{\"1\":{\"name\":\"b\"},\"2\":null,\"3\":null,\"4\":{}}", 0, NULL);
	json_t *want = json_loads("{\"1\":{\"name\":\"b\"},\"4\":{}}", 0, NULL);

	(void)state;
	known_merge(known, delta);
	assert_true(json_equal(known, want));
	known_merge(known, NULL);
	assert_true(json_equal(known, want));
	json_decref(known);
	json_decref(delta);
	json_decref(want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(
		    takes_integers_as_strings_and_offsets_without_n),
		cmocka_unit_test(takes_a_begin_lines_from),
		cmocka_unit_test(
		    refuses_what_is_no_position_and_keeps_the_old_one),
		cmocka_unit_test(finds_each_of_many_topics),
		cmocka_unit_test(timestamp_decides_before_topics),
		cmocka_unit_test(equal_timestamps_compare_the_topics_both_have),
		cmocka_unit_test(a_mark_is_as_late_as_its_timestamp),
		cmocka_unit_test(a_topic_never_leaves),
		cmocka_unit_test(
		    known_entries_are_replaced_whole_and_null_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
