/* The rules of the streaming log (lib/format/FORMATS 5), each by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../pbmake.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/pos.h"
#include "model/tso.h"
#include "stream/merge.h"

/* A record whose message is its payload: what is said, and where it leads. */
struct said {
	struct msg msg;
	char shard[32], name[16];
};

static int
decode(struct record *r, struct msg *m, struct err *e)
{
	const struct said *s = r->ptr;

	(void)e;
	*m = s->msg;
	m->shard = (struct span){ s->shard, strlen(s->shard) };
	m->control = strstr(s->shard, "vcchan") != NULL;
	m->part = (struct span){ s->name, strlen(s->name) };
	return 0;
}

static const struct format said = {
	.name = "test",
	.decode = decode,
	.streaming = 1,
};

/* Of a topic that was upgraded: its first records are of another log. */
static const struct format old = {
	.name = "old",
	.decode = decode,
};

static struct err err;
static struct merge *m;

static uint64_t
ms(uint64_t n)
{
	return n << 18;
}

static void
put_as(const struct format *f, int topic, struct said s)
{
	struct record k = { .topic = topic,
		.id = merge_topic(m, (size_t)topic)->next,
		.len = sizeof s };

	s.msg.ts = ms(s.msg.ts);
	k.ptr = k.own = x_memdup(&s, sizeof s);
	merge_add(m, f, &k, &err);
	assert_int_equal(err.kind, ERR_NONE);
}

static void
put(int topic, struct said s)
{
	put_as(&said, topic, s);
}

static void
tick(int topic, uint64_t ts)
{
	put(topic, (struct said){ .msg = { .kind = MSG_TICK, .ts = ts } });
}

static void
row(int topic, enum msg_kind kind, const char *name, uint64_t ts, int64_t txn)
{
	struct said s = { .msg = { .kind = kind,
			      .ts = ts,
			      .txn_id = txn,
			      .keepalive_ms = 1000 } };

	snprintf(s.name, sizeof s.name, "%s", name);
	snprintf(s.shard, sizeof s.shard, "t%d_1v0", topic);
	put(topic, s);
}

/* A copy of broadcast id, which has one on each of the channels. */
static void
copy(int topic, const char *channel, uint64_t ts, uint64_t id,
    const char *channels)
{
	static struct buf b[64];
	static size_t n;
	struct buf *h = &b[n++ % 64];
	struct said s = { .msg = { .kind = MSG_CREATE_PARTITION,
			      .ts = ts,
			      .broadcast_id = id } };
	char *list = x_strdup(channels), *save = NULL;

	buf_fini(h);
	pm_int(h, 1, (int64_t)id);
	for (char *c = strtok_r(list, " ", &save); c != NULL;
	     c = strtok_r(NULL, " ", &save))
		pm_bytes(h, 2, c, strlen(c));
	free(list);
	s.msg.broadcast = (struct span){ h->ptr, h->len };
	snprintf(s.shard, sizeof s.shard, "%s", channel);
	snprintf(s.name, sizeof s.name, "ddl%d", (int)id);
	put(topic, s);
}

/* What leaves now, "name@ms name@ms …". */
static const char *
out(void)
{
	static struct buf b;
	const struct rec *r;

	buf_clear(&b);
	buf_add(&b, "", 0);
	while ((r = merge_first(m)) != NULL) {
		merge_take(m);
		buf_addf(&b, "%s%.*s@%d", b.len > 0 ? " " : "",
		    (int)r->msg.part.len, (const char *)r->msg.part.ptr,
		    (int)tso_ms(r->ts));
	}
	merge_release(m, 0);
	return b.ptr;
}

static const struct pos_topic *
place(const char *topic)
{
	static struct pos p;

	merge_pos(m, &p);
	return pos_find(&p, topic);
}

static int
setup(void **state)
{
	(void)state;
	m = merge_new();
	merge_by_channel(m);
	for (int i = 0; i < 3; i++) {
		char name[] = { 't', (char)('0' + i), '\0' };

		merge_topic_add(m, name, 1, mq_id_offset(0));
		merge_topic(m, (size_t)i)->used = 1;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	merge_free(m);
	return 0;
}

static void
a_record_waits_for_a_tick_of_its_own_topic(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "a", 10, 0);
	tick(1, 50);
	assert_string_equal(out(), "");
	tick(0, 9);
	assert_string_equal(out(), "");
	tick(0, 10);
	assert_string_equal(out(), "a@10");
	row(2, MSG_INSERT, "b", 20, 0);
	tick(2, 30);
	assert_string_equal(out(), "b@20"); /* the others are quiet */
}

static void
order_is_by_timestamp_not_by_offset(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "b", 12, 0);
	row(0, MSG_INSERT, "a", 11, 0);
	row(0, MSG_INSERT, "c", 13, 0);
	tick(0, 20);
	assert_string_equal(out(), "a@11 b@12 c@13");
}

static void
a_transaction_has_its_commits_time_and_deletes_first(void **state)
{
	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_INSERT, "new", 12, 7);
	row(0, MSG_INSERT, "other", 14, 0);
	row(0, MSG_DELETE, "old", 11, 7);
	tick(0, 15);
	assert_string_equal(out(), "other@14");
	row(0, MSG_COMMIT, "", 18, 7);
	tick(0, 20);
	assert_string_equal(out(), "old@18 new@18");
}

static void
a_transaction_keeps_its_place_until_all_of_it_is_out(void **state)
{
	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_DELETE, "a", 11, 7);
	row(0, MSG_INSERT, "b", 12, 7);
	tick(0, 13);
	assert_string_equal(out(), "");
	assert_int_equal(place("t0")->o.entry, 0);
	assert_int_equal(place("t0")->ts, ms(13));
	row(0, MSG_COMMIT, "", 18, 7);
	tick(0, 20);
	merge_take(m);
	merge_release(m, 0);
	assert_int_equal(place("t0")->o.entry, 0); /* b is not out */
	assert_true(place("t0")->ts < ms(18));
	assert_string_equal(out(), "b@18");
	assert_int_equal(place("t0")->o.entry, 6);
	assert_int_equal(place("t0")->n.entry, 6);
}

/* It was open at the position that we begin with, which is behind it. */
static void
a_transaction_that_is_read_again_moves_no_position_back(void **state)
{
	(void)state;
	merge_topic(m, 0)->skip_n = mq_id_offset(4);
	merge_topic(m, 0)->skip_ts = merge_topic(m, 0)->out = ms(13);
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_DELETE, "a", 11, 7);
	row(0, MSG_INSERT, "out", 12, 0);
	assert_string_equal(out(), "");
	assert_int_equal(place("t0")->o.entry, 0);
	assert_int_equal(place("t0")->n.entry, 4);
	tick(0, 13);
	row(0, MSG_COMMIT, "", 18, 7);
	tick(0, 20);
	assert_string_equal(out(), "a@18");
	assert_int_equal(merge_stats(m)->late, 0);
}

static void
without_a_commit_nothing_counts(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "lost", 9, 3); /* its beginning was never seen */
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_INSERT, "a", 11, 7);
	row(0, MSG_BEGIN, "", 12, 8);
	row(0, MSG_INSERT, "b", 13, 8);
	row(0, MSG_ROLLBACK, "", 14, 8);
	tick(0, 1010); /* 7 may be silent for 1000 ms, since 11 */
	row(0, MSG_COMMIT, "", 2000, 8);
	tick(0, 2010);
	row(0, MSG_COMMIT, "", 2020, 7);
	tick(0, 2030);
	assert_string_equal(out(), "");
	assert_int_equal(merge_stats(m)->unfinished, 2);
	assert_int_equal(place("t0")->o.entry, place("t0")->n.entry);
	assert_int_equal(merge_bytes(m), 0);
}

static void
a_newer_writer_goes_on_with_what_is_open(void **state)
{
	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_INSERT, "a", 11, 7);
	tick(0, 30); /* the first of the next term */
	row(0, MSG_INSERT, "b", 35, 7);
	row(0, MSG_COMMIT, "", 40, 7);
	tick(0, 50);
	assert_string_equal(out(), "a@40 b@40");
	assert_int_equal(merge_stats(m)->unfinished, 0);
}

static void
a_standby_that_is_promoted_ends_what_is_open(void **state)
{
	struct said s = { .msg = {
			      .kind = MSG_TOLD, .ts = 30, .ends_txns = 1 } };

	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_INSERT, "a", 11, 7);
	put(0, s);
	row(0, MSG_COMMIT, "", 40, 7);
	tick(0, 50);
	assert_string_equal(out(), "@30");
	assert_int_equal(merge_stats(m)->unfinished, 1);
}

static void
a_begin_again_forgets_nothing(void **state)
{
	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_INSERT, "a", 11, 7);
	row(0, MSG_BEGIN, "", 12, 7);
	row(0, MSG_INSERT, "b", 13, 7);
	row(0, MSG_COMMIT, "", 14, 7);
	tick(0, 20);
	assert_string_equal(out(), "a@14 b@14");
	assert_int_equal(merge_bytes(m), 0);
}

static void
a_retry_is_written_once(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "a", 10, 0);
	row(0, MSG_INSERT, "a", 10, 0);
	tick(0, 20);
	assert_string_equal(out(), "a@10");
	assert_int_equal(merge_stats(m)->retries, 1);
}

static void
a_retry_in_a_transaction_is_written_once(void **state)
{
	(void)state;
	row(0, MSG_BEGIN, "", 10, 7);
	row(0, MSG_DELETE, "a", 11, 7);
	row(0, MSG_INSERT, "b", 12, 7);
	row(0, MSG_DELETE, "a", 11, 7);
	row(0, MSG_INSERT, "c", 12,
	    7); /* as they come with the commit's time */
	row(0, MSG_INSERT, "b", 12, 7);
	row(0, MSG_COMMIT, "", 18, 7);
	row(0, MSG_COMMIT, "", 18, 7);
	tick(0, 20);
	assert_string_equal(out(), "a@18 b@18 c@18");
	assert_int_equal(merge_stats(m)->retries, 2);
	assert_int_equal(place("t0")->o.entry, place("t0")->n.entry);
}

/* Of one request there are several, with its timestamp. */
static void
an_older_log_has_ids_for_retries(void **state)
{
	struct said a = { .msg = { .kind = MSG_INSERT, .ts = 10, .msg_id = 1 },
		.name = "a" };
	struct said b = { .msg = { .kind = MSG_INSERT, .ts = 10, .msg_id = 2 },
		.name = "b" };

	(void)state;
	put_as(&old, 0, a);
	put_as(&old, 0, b);
	put_as(&old, 0, b);
	tick(0, 20);
	assert_string_equal(out(), "a@10 b@10");
	assert_int_equal(merge_stats(m)->retries, 1);
}

static void
a_change_of_an_older_log_is_in_the_catalogue(void **state)
{
	struct said s = { .msg = { .kind = MSG_CREATE_PARTITION, .ts = 10 },
		.name = "past" };

	(void)state;
	put_as(&old, 0, s);
	row(0, MSG_INSERT, "a", 11, 0);
	tick(0, 20);
	assert_string_equal(out(), "a@11");
	assert_int_equal(merge_stats(m)->ddl, 1);
}

static const char three[] = "t0_vcchan t0_1v0 t1_1v0";

static void
a_broadcast_leaves_once_behind_all_before_its_copies(void **state)
{
	(void)state;
	row(1, MSG_INSERT, "before1", 11, 0);
	copy(1, "t1_1v0", 12, 5, three);
	row(1, MSG_INSERT, "after1", 13, 0);
	tick(1, 20);
	assert_string_equal(out(), "before1@11"); /* after1 stands still */
	row(0, MSG_INSERT, "before0", 14, 0);
	copy(0, "t0_vcchan", 10, 5, three);
	copy(0, "t0_1v0", 15, 5, three);
	row(0, MSG_INSERT, "after0", 16, 0);
	tick(0, 30);
	assert_string_equal(out(), "before0@14 ddl5@10 after1@13 after0@16");
}

static void
a_change_waits_for_topics_that_are_behind(void **state)
{
	(void)state;
	assert_int_equal(merge_waits(m, ms(20)), 0);
	copy(0, "t0_vcchan", 10, 5, "t0_vcchan t1_1v0");
	tick(0, 30);
	assert_int_equal(merge_waits(m, ms(20)), 1);
	tick(1, 11);
	assert_int_equal(merge_waits(m, ms(11)), 0);
	assert_int_equal(merge_waits(m, ms(20)), 1);
	copy(1, "t1_1v0", 12, 5, "t0_vcchan t1_1v0");
	tick(1, 12);
	assert_int_equal(merge_waits(m, ms(20)), 0);
}

static void
what_is_older_than_a_copy_leaves_before_it(void **state)
{
	(void)state;
	copy(1, "t1_1v0", 12, 5, "t1_1v0 t1_vcchan");
	row(1, MSG_INSERT, "older", 11, 0);
	copy(1, "t1_vcchan", 13, 5, "t1_1v0 t1_vcchan");
	tick(1, 20);
	assert_string_equal(out(), "older@11 ddl5@13");
}

static void
other_channels_of_the_topic_go_on(void **state)
{
	struct said s = { .msg = { .kind = MSG_INSERT, .ts = 14 },
		.shard = "t1_2v0",
		.name = "x" };

	(void)state;
	copy(1, "t1_1v0", 12, 5, three);
	row(1, MSG_INSERT, "stands", 13, 0);
	put(1, s);
	tick(1, 20);
	assert_string_equal(out(), "x@14");
	assert_int_equal(place("t1")->o.entry, 0);
	assert_true(place("t1")->ts < ms(12));
}

static void
a_copy_that_comes_again_is_none(void **state)
{
	(void)state;
	copy(1, "t1_1v0", 12, 5, "t1_1v0 t1_vcchan");
	copy(1, "t1_1v0", 13, 5, "t1_1v0 t1_vcchan");
	copy(1, "t1_vcchan", 14, 5, "t1_1v0 t1_vcchan");
	row(1, MSG_INSERT, "a", 15, 0);
	tick(1, 20);
	assert_string_equal(out(), "ddl5@14 a@15");
	copy(1, "t1_vcchan", 24, 5, "t1_1v0 t1_vcchan");
	tick(1, 30);
	assert_string_equal(out(), "");
	assert_int_equal(place("t1")->o.entry, place("t1")->n.entry);
}

/* A coordinator took over, and so did we. */
static void
a_copy_that_comes_again_behind_a_position_is_none(void **state)
{
	(void)state;
	merge_knows(m, 5);
	copy(1, "t1_1v0", 12, 5, three);
	row(1, MSG_INSERT, "a", 13, 0);
	tick(1, 20);
	assert_string_equal(out(), "a@13");
	assert_int_equal(place("t1")->o.entry, place("t1")->n.entry);
}

static void
two_broadcasts_leave_in_their_order(void **state)
{
	(void)state;
	copy(0, "t0_vcchan", 10, 5, three);
	copy(0, "t0_1v0", 11, 5, three);
	copy(0, "t0_vcchan", 20, 6, three);
	copy(0, "t0_1v0", 21, 6, three);
	tick(0, 30);
	assert_string_equal(out(), "");
	copy(1, "t1_1v0", 12, 5, three);
	row(1, MSG_INSERT, "between", 15, 0);
	copy(1, "t1_1v0", 22, 6, three);
	tick(1, 30);
	assert_string_equal(out(), "ddl5@10 between@15 ddl6@20");
}

/* The first to leave, or what stays though it is the first. */
static const char *
next(void)
{
	const struct rec *r = merge_first(m);

	return r == NULL ? "" : (const char *)r->msg.part.ptr;
}

static void
a_change_does_not_wait_for_rows_behind_the_end(void **state)
{
	struct said s = { .msg = { .kind = MSG_INSERT, .ts = 14 },
		.shard = "t0_2v0",
		.name = "later" };

	(void)state;
	merge_until(m, ms(12));
	copy(0, "t0_vcchan", 11, 5, three);
	copy(0, "t0_1v0", 12, 5, three);
	copy(1, "t1_1v0", 10, 5, three);
	put(0, s);
	tick(0, 20);
	tick(1, 20);
	assert_string_equal(next(), "ddl5");
	assert_string_equal(out(), "ddl5@11 later@14");
}

static void
but_for_those_before_one_of_its_copies(void **state)
{
	(void)state;
	merge_until(m, ms(12));
	copy(0, "t0_vcchan", 11, 5, three);
	copy(0, "t0_1v0", 12, 5, three);
	row(1, MSG_INSERT, "before", 13, 0);
	copy(1, "t1_1v0", 14, 5, three);
	tick(0, 20);
	tick(1, 20);
	assert_string_equal(next(), "before");
	assert_string_equal(out(), "before@13 ddl5@11");
}

static void
only_who_stands_at_a_change_can_wait(void **state)
{
	(void)state;
	tick(0, 5);
	row(0, MSG_INSERT, "young", 10, 0);
	assert_false(merge_can_wait(m, 0)); /* a tick lets it leave */
	row(0, MSG_BEGIN, "", 11, 7);
	tick(0, 12);
	assert_string_equal(out(), "young@10");
	assert_false(merge_can_wait(m, 0));
	copy(0, "t0_vcchan", 13, 5, three);
	copy(0, "t0_1v0", 14, 5, three);
	assert_false(merge_can_wait(m, 0));
	tick(0, 15);
	assert_true(merge_can_wait(m, 0));
	assert_false(merge_can_wait(m, 1)); /* its copy is lacking */
	copy(1, "t1_1v0", 12, 5, three);
	tick(1, 15);
	assert_string_equal(out(), "ddl5@13");
	assert_false(merge_can_wait(m, 0));
}

/* Two changes, in another order on each of two topics. */
static void
who_is_waited_for_cannot_wait(void **state)
{
	(void)state;
	copy(1, "t1_1v0", 10, 5, "t0_vcchan t1_1v0 t2_1v0");
	copy(2, "t2_2v0", 10, 6, "t0_vcchan t1_2v0 t2_2v0");
	tick(1, 20);
	tick(2, 20);
	assert_false(merge_can_wait(m, 1));
	assert_false(merge_can_wait(m, 2));
	copy(2, "t2_1v0", 21, 5, "t0_vcchan t1_1v0 t2_1v0");
	tick(2, 30);
	assert_true(merge_can_wait(m, 2));
	assert_false(merge_can_wait(m, 1));
}

static void
behind_the_end_a_topic_can_wait(void **state)
{
	(void)state;
	merge_until(m, ms(15));
	row(0, MSG_INSERT, "a", 10, 0);
	tick(0, 14);
	assert_false(merge_can_wait(m, 0));
	tick(0, 15);
	assert_true(merge_can_wait(m, 0));
}

/* A start at 12 by time: the control channel's copy is older. */
static void
what_the_start_has_is_not_written_again(void **state)
{
	(void)state;
	merge_topic(m, 0)->skip_n = merge_topic(m, 1)->skip_n =
	    mq_id_offset(100);
	merge_topic(m, 0)->skip_ts = merge_topic(m, 1)->skip_ts = ms(12);
	copy(0, "t0_vcchan", 10, 5, three);
	copy(0, "t0_1v0", 13, 5, three);
	row(0, MSG_INSERT, "a", 14, 0);
	tick(0, 20);
	assert_string_equal(out(), "");
	copy(1, "t1_1v0", 11, 5, three);
	tick(1, 20);
	assert_string_equal(out(), "a@14");
}

static void
a_copy_before_the_first_record_of_a_cut_topic_is_not_waited_for(void **state)
{
	(void)state;
	merge_topic(m, 1)->cut = 1;
	copy(0, "t0_vcchan", 10, 5, three);
	copy(0, "t0_1v0", 11, 5, three);
	tick(0, 20);
	assert_string_equal(out(), "");
	tick(1, 15);
	assert_string_equal(out(), "ddl5@10");
}

/* All of topic 1 up to 15 is removed, and nothing has come since. */
static void
a_copy_that_was_removed_is_not_waited_for(void **state)
{
	(void)state;
	merge_topic(m, 1)->cut = 1;
	merge_topic(m, 1)->first = ms(15);
	copy(0, "t0_vcchan", 10, 5, three);
	copy(0, "t0_1v0", 11, 5, three);
	copy(0, "t0_vcchan", 16, 6, three);
	copy(0, "t0_1v0", 17, 6, three);
	tick(0, 20);
	assert_string_equal(out(), "ddl5@10");
}

static void
a_position_is_of_each_topic(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "a", 10, 0);
	tick(0, 20);
	tick(1, 500);
	row(1, MSG_INSERT, "b", 600, 0);
	assert_string_equal(out(), "a@10");
	assert_int_equal(place("t0")->ts, ms(20));
	assert_int_equal(place("t1")->ts, ms(500));
	assert_int_equal(place("t1")->o.entry, 1);
	assert_int_equal(place("t1")->n.entry, 2);
	assert_int_equal(place("t2")->ts, 0);
}

static void
the_end_takes_what_has_no_tick_behind_it(void **state)
{
	(void)state;
	row(0, MSG_INSERT, "a", 10, 0);
	row(0, MSG_BEGIN, "", 11, 7);
	row(0, MSG_INSERT, "open", 12, 7);
	copy(0, "t0_vcchan", 13, 5, three);
	assert_string_equal(out(), "");
	merge_end(m);
	assert_string_equal(out(), "a@10 ddl5@13");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_record_waits_for_a_tick_of_its_own_topic),
		T(order_is_by_timestamp_not_by_offset),
		T(a_transaction_has_its_commits_time_and_deletes_first),
		T(a_transaction_keeps_its_place_until_all_of_it_is_out),
		T(a_transaction_that_is_read_again_moves_no_position_back),
		T(without_a_commit_nothing_counts),
		T(a_newer_writer_goes_on_with_what_is_open),
		T(a_standby_that_is_promoted_ends_what_is_open),
		T(a_begin_again_forgets_nothing),
		T(a_retry_is_written_once),
		T(a_retry_in_a_transaction_is_written_once),
		T(an_older_log_has_ids_for_retries),
		T(a_change_of_an_older_log_is_in_the_catalogue),
		T(a_broadcast_leaves_once_behind_all_before_its_copies),
		T(a_change_waits_for_topics_that_are_behind),
		T(what_is_older_than_a_copy_leaves_before_it),
		T(other_channels_of_the_topic_go_on),
		T(a_copy_that_comes_again_is_none),
		T(a_copy_that_comes_again_behind_a_position_is_none),
		T(two_broadcasts_leave_in_their_order),
		T(a_change_does_not_wait_for_rows_behind_the_end),
		T(but_for_those_before_one_of_its_copies),
		T(only_who_stands_at_a_change_can_wait),
		T(who_is_waited_for_cannot_wait),
		T(behind_the_end_a_topic_can_wait),
		T(what_the_start_has_is_not_written_again),
		T(a_copy_before_the_first_record_of_a_cut_topic_is_not_waited_for),
		T(a_copy_that_was_removed_is_not_waited_for),
		T(a_position_is_of_each_topic),
		T(the_end_takes_what_has_no_tick_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
