#include "base/err.h"
#include "stream/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../pbmake.h"
#include "model/pos.h"
#include "model/tso.h"

/* A record with base {type 1, msgID 2, timestamp 3}; payload is static. */
static struct err err;

static struct rec *
add(struct merge *m, int topic, int type, int64_t id, int64_t ts)
{
	static struct buf b[64];
	static size_t n;
	struct merge_topic *t = merge_topic(m, (size_t)topic);
	struct buf base = { 0 }, run = { 0 }, *v = &b[n++ % 64];
	struct record k = { .topic = topic, .id = t->next };

	buf_fini(v);
	pm_int(&base, 1, type);
	pm_int(&base, 2, id);
	pm_int(&base, 3, ts);
	pm_sub(v, 1, &base);
	if (type == WIRE_INSERT || type == WIRE_DELETE) {
		pm_int(v, 7, 1);
		pm_raw(&run, (uint64_t)ts);
		pm_sub(v, 10, &run);
		pm_int(v, type == WIRE_INSERT ? 14 : 11, 1);
	}
	if (type == WIRE_INSERT)
		pm_int(v, 15, 1);
	k.ptr = v->ptr;
	k.len = v->len;
	return merge_add(m, &format_v23, &k, &err);
}

static uint64_t
take(struct merge *m)
{
	const struct rec *r = merge_first(m);

	if (r == NULL)
		return 0;
	merge_take(m);
	return r->ts;
}

static struct pos_topic
pos_of(struct merge *m, const char *topic)
{
	struct pos p = { 0 };
	struct pos_topic t;

	merge_pos(m, &p);
	assert_non_null(pos_find(&p, topic));
	t = *pos_find(&p, topic);
	t.topic = NULL;
	pos_fini(&p);
	return t;
}

static struct merge *
two_topics(void)
{
	struct merge *m = merge_new();

	assert_int_equal(merge_topic_add(m, "a", 1, mq_id_offset(0)), 0);
	assert_int_equal(merge_topic_add(m, "b", 1, mq_id_offset(10)), 1);
	merge_topic(m, 0)->used = merge_topic(m, 1)->used = 1;
	return m;
}

static void
records_leave_by_timestamp_and_rank(void **state)
{
	struct merge *m = two_topics();
	struct rec *r;

	(void)state;
	for (int64_t i = 0; i < 50; i++)
		add(m, (int)(i % 2), WIRE_INSERT, 0, 100 + i * 37 % 50);
	for (uint64_t want = 100; want < 150; want++)
		assert_int_equal(take(m), want);
	assert_null(merge_first(m));
	add(m, 0, WIRE_INSERT, 0, 200);
	add(m, 1, WIRE_DELETE, 0, 200);
	add(m, 0, WIRE_CREATE_COLLECTION, 0, 200);
	r = merge_take(m);
	assert_int_equal(r->msg.kind, MSG_CREATE_COLLECTION);
	r = merge_take(m);
	assert_int_equal(r->msg.kind, MSG_DELETE);
	merge_put_back(m, r);
	assert_ptr_equal(merge_take(m), r);
	merge_free(m);
}

static void
the_watermark_is_the_least_tick(void **state)
{
	struct merge *m = two_topics();
	int holder = -1;

	(void)state;
	assert_int_equal(merge_watermark(m, NULL), 0);
	add(m, 0, WIRE_TIMETICK, 0, 50);
	add(m, 1, WIRE_TIMETICK, 0, 70);
	add(m, 1, WIRE_TIMETICK, 0, 60);
	assert_int_equal(merge_watermark(m, &holder), 50);
	assert_int_equal(holder, 0);
	merge_topic(m, 0)->used = 0;
	assert_int_equal(merge_watermark(m, &holder), 50);
	merge_topic(m, 0)->settled = 1;
	assert_int_equal(merge_watermark(m, &holder), 70);
	assert_int_equal(holder, 1);
	merge_topic(m, 1)->used = 0;
	merge_topic(m, 1)->settled = 1;
	assert_true(merge_watermark(m, NULL) == UINT64_MAX);
	merge_free(m);
}

static void
a_position_holds_what_is_not_out(void **state)
{
	struct merge *m = two_topics();

	(void)state;
	add(m, 1, WIRE_INSERT, 0, 90);
	add(m, 1, WIRE_INSERT, 0, 40);
	add(m, 1, WIRE_TIMETICK, 0, 50);
	add(m, 1, WIRE_DROP_COLLECTION, 0, 95);
	assert_int_equal(take(m), 40);
	merge_release(m, 50);
	assert_int_equal(pos_of(m, "b").o.entry, 10);
	assert_int_equal(pos_of(m, "b").n.entry, 14);
	assert_int_equal(pos_of(m, "b").last, 95);
	assert_int_equal(pos_of(m, "a").o.entry, 0);
	assert_int_equal(pos_of(m, "a").last, 0);
	assert_int_equal(take(m), 90);
	merge_release(m, 90);
	/* a message that is not carried keeps its place, too */
	assert_int_equal(pos_of(m, "b").o.entry, 13);
	merge_release(m, 95);
	assert_int_equal(pos_of(m, "b").o.entry, 14);
	assert_int_equal(merge_topic(m, 1)->bytes, 0);
	merge_free(m);
}

static void
a_start_skips_what_was_out(void **state)
{
	struct merge *m = two_topics();

	(void)state;
	merge_topic(m, 1)->skip_n = mq_id_offset(12);
	merge_topic(m, 1)->skip_ts = 50;
	merge_topic(m, 1)->skip_last = 77;
	merge_release(m, 50);
	assert_null(add(m, 1, WIRE_INSERT, 0, 50));
	assert_int_equal(pos_of(m, "b").n.entry, 12);
	assert_int_equal(pos_of(m, "b").last, 77);
	assert_non_null(add(m, 1, WIRE_INSERT, 0, 51));
	assert_int_equal(merge_stats(m)->late, 0);
	assert_non_null(add(m, 1, WIRE_INSERT, 0, 50));
	assert_int_equal(merge_stats(m)->late, 1);
	assert_int_equal(merge_stats(m)->skipped, 1);
	merge_free(m);
}

static void
a_retry_has_type_and_id_of_another(void **state)
{
	struct merge *m = two_topics();

	(void)state;
	assert_non_null(add(m, 0, WIRE_INSERT, 7, 50));
	assert_null(add(m, 0, WIRE_INSERT, 7, 50));
	assert_non_null(add(m, 0, WIRE_DELETE, 7, 50));
	assert_non_null(add(m, 1, WIRE_INSERT, 7, 50));
	assert_non_null(add(m, 0, WIRE_INSERT, 0, 50));
	assert_non_null(add(m, 0, WIRE_INSERT, 0, 50));
	assert_int_equal(merge_stats(m)->retries, 1);
	for (int i = 0; i < MERGE_RECENT; i++)
		add(m, 0, WIRE_INSERT, 1000 + i, 51);
	assert_non_null(add(m, 0, WIRE_INSERT, 7, 52)); /* long ago */
	merge_free(m);
}

static void
what_cannot_be_decoded_has_kafkas_time(void **state)
{
	struct merge *m = two_topics();
	struct record k = { .ptr = "\xff", .len = 1, .time_ms = 5 };
	struct rec *r = merge_add(m, &format_v23, &k, &err);

	(void)state;
	assert_non_null(r);
	assert_true(r->broken);
	assert_int_equal(r->ts, 5 << 18);
	assert_int_equal(pos_of(m, "a").last, 0);
	merge_free(m);
}

/* An hour of ticks on one topic, while the other still holds W at its start. */
static void
ticks_far_ahead_take_little(void **state)
{
	enum { HOUR = 3600 * 5 };
	struct merge *m = two_topics();
	const struct merge_topic *b = merge_topic(m, 1);
	uint64_t begin = tso_from_ms(1700000000000), ts = 0;

	(void)state;
	add(m, 0, WIRE_TIMETICK, 0, (int64_t)begin);
	merge_release(m, begin);
	for (int i = 0; i < HOUR; i++) {
		ts = begin + tso_from_ms(1 + i * 200);
		add(m, 1, WIRE_TIMETICK, 0, (int64_t)ts);
	}
	assert_in_range(b->bytes, 1, 600 * sizeof(struct rec));
	assert_int_equal(merge_bytes(m), merge_topic(m, 0)->bytes + b->bytes);
	assert_int_equal(pos_of(m, "b").o.entry, 10);
	/* half of it: the place to read from is no more than 10 s early */
	merge_release(m, begin + tso_from_ms(INT64_C(1800) * 1000));
	assert_in_range(
	    pos_of(m, "b").o.entry, 10 + HOUR / 2 - 50, 10 + HOUR / 2);
	merge_release(m, ts);
	assert_int_equal(pos_of(m, "b").o.entry, 10 + HOUR);
	assert_int_equal(b->bytes, 0);
	assert_int_equal(merge_bytes(m), 0);
	merge_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_leave_by_timestamp_and_rank),
		cmocka_unit_test(the_watermark_is_the_least_tick),
		cmocka_unit_test(a_position_holds_what_is_not_out),
		cmocka_unit_test(a_start_skips_what_was_out),
		cmocka_unit_test(a_retry_has_type_and_id_of_another),
		cmocka_unit_test(what_cannot_be_decoded_has_kafkas_time),
		cmocka_unit_test(ticks_far_ahead_take_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
