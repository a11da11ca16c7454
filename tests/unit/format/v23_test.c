#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../pbmake.h"
#include "base/err.h"
#include "format/body.h"
#include "format/v23.h"

/* MsgBase as field 1; ts 0: absent. */
static void
base(struct buf *b, int type, int64_t id, uint64_t ts)
{
	struct buf sub = { 0 };

	pm_int(&sub, 1, type);
	pm_int(&sub, 2, id);
	if (ts != 0)
		pm_int(&sub, 3, (int64_t)ts);
	pm_sub(b, 1, &sub);
}

static void
timestamps(struct buf *b, const uint64_t *ts, size_t n)
{
	struct buf sub = { 0 };

	for (size_t i = 0; i < n; i++)
		pm_raw(&sub, ts[i]);
	pm_sub(b, 10, &sub);
}

static int
is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static void
refused(struct buf *b, const char *why)
{
	struct msg m;
	struct err e = { 0 };

	assert_int_equal(v23_decode(b->ptr, b->len, &m, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	if (strstr(e.msg, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, e.msg);
	buf_fini(b);
}

static void
accepted(struct buf *b, struct msg *m)
{
	struct err e = { 0 };

	if (v23_decode(b->ptr, b->len, m, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
an_insert_takes_the_greatest_timestamp(void **state)
{
	static const uint64_t ts[] = { 5, 470613600127942659, 7 };
	struct buf b = { 0 };
	struct msg m;

	(void)state;
	base(&b, WIRE_INSERT, 9, 0);
	pm_str(&b, 2, "dml_0_1v0");
	pm_str(&b, 3, "d");
	pm_str(&b, 4, "c");
	pm_str(&b, 5, "p");
	pm_int(&b, 6, 3);
	pm_int(&b, 7, 77);
	pm_int(&b, 8, 78);
	timestamps(&b, ts, 3);
	pm_int(&b, 14, 3);
	pm_int(&b, 15, 1);
	accepted(&b, &m);
	assert_int_equal(m.type, WIRE_INSERT);
	assert_int_equal(m.kind, MSG_INSERT);
	assert_int_equal(m.msg_id, 9);
	assert_true(m.ts == ts[1]);
	assert_int_equal(m.db_id, 3);
	assert_int_equal(m.coll_id, 77);
	assert_int_equal(m.part_id, 78);
	assert_int_equal(m.rows, 3);
	assert_true(is(m.shard, "dml_0_1v0") && is(m.db, "d"));
	assert_true(is(m.coll, "c") && is(m.part, "p"));
	buf_fini(&b);
}

static void
timestamps_may_be_unpacked(void **state)
{
	struct buf b = { 0 };
	struct msg m;

	(void)state;
	base(&b, WIRE_INSERT, 1, 0);
	pm_int(&b, 10, 41);
	pm_int(&b, 10, 43);
	pm_int(&b, 14, 2);
	pm_int(&b, 15, 1);
	accepted(&b, &m);
	assert_int_equal(m.ts, 43);
	buf_fini(&b);
}

static void
a_delete_without_timestamps_takes_its_base(void **state)
{
	struct buf b = { 0 };
	struct msg m;

	(void)state;
	base(&b, WIRE_DELETE, 1, 44);
	pm_int(&b, 7, 5);
	pm_int(&b, 8, -1);
	accepted(&b, &m);
	assert_int_equal(m.ts, 44);
	assert_int_equal(m.part_id, -1);
	buf_fini(&b);
}

static void
the_base_need_not_stand_first(void **state)
{
	struct buf b = { 0 };
	struct msg m;

	(void)state;
	pm_str(&b, 2, "db");
	base(&b, WIRE_CREATE_DATABASE, 1, 44);
	accepted(&b, &m);
	assert_int_equal(m.type, WIRE_CREATE_DATABASE);
	assert_int_equal(m.kind, MSG_OTHER);
	assert_true(is(m.db, "db"));
	buf_fini(&b);
}

static void
an_unknown_type_keeps_its_time(void **state)
{
	struct buf b = { 0 };
	struct msg m;

	(void)state;
	base(&b, 4711, 8, 44);
	pm_str(&b, 7, "not a number here");
	accepted(&b, &m);
	assert_int_equal(m.type, 4711);
	assert_int_equal(m.kind, MSG_OTHER);
	assert_int_equal(m.msg_id, 8);
	assert_int_equal(m.ts, 44);
	assert_null(body_type_name(4711));
	assert_string_equal(body_type_name(WIRE_DELETE), "Delete");
	buf_fini(&b);
}

static void
refuses_what_is_no_message(void **state)
{
	struct buf b = { 0 };

	(void)state;
	refused(&b, "no message type");
	pm_int(&b, 2, 5);
	refused(&b, "no message type");
	base(&b, 0, 1, 1);
	refused(&b, "no message type");
	buf_adds(&b, "garbage\xff\xff");
	refused(&b, "broken");
}

static void
refuses_rows_that_it_cannot_carry(void **state)
{
	struct buf b = { 0 };

	(void)state;
	base(&b, WIRE_INSERT, 1, 44);
	pm_int(&b, 10, 44);
	pm_int(&b, 14, 1);
	refused(&b, "Insert: rows in version 0");
	base(&b, WIRE_DELETE, 1, 44);
	pm_str(&b, 14, "plan");
	refused(&b, "Delete: a delete by plan");
	base(&b, WIRE_INSERT, 1, 44);
	pm_int(&b, 14, 1000000000000);
	pm_int(&b, 15, 1);
	refused(&b, "0 timestamps for 1000000000000 rows");
	base(&b, WIRE_DELETE, 1, 0);
	refused(&b, "no timestamp");
}

static void
every_cut_is_an_error_or_shorter(void **state)
{
	struct buf b = { 0 };
	struct msg m;
	struct err e;

	(void)state;
	base(&b, WIRE_INSERT, 1, 44);
	pm_str(&b, 2, "shard");
	pm_int(&b, 10, 44);
	pm_int(&b, 14, 1);
	pm_int(&b, 15, 1);
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(v23_decode(b.ptr, n, &m, &e), -1);
	assert_int_equal(v23_decode(b.ptr, b.len, &m, &e), 0);
	buf_fini(&b);
}

static void
a_flush_names_collections(void **state)
{
	struct buf b = { 0 };
	struct spans s = { 0 };
	struct msg m;
	struct err e;

	(void)state;
	base(&b, WIRE_FLUSH, 1, 44);
	pm_str(&b, 2, "default");
	pm_str(&b, 3, "a");
	pm_str(&b, 3, "b");
	accepted(&b, &m);
	assert_true(is(m.db, "default"));
	assert_int_equal(v23_flush(b.ptr, b.len, &s, &e), 0);
	assert_int_equal(s.n, 2);
	assert_true(is(s.v[0], "a") && is(s.v[1], "b"));
	spans_fini(&s);
	assert_int_equal(v23_flush(b.ptr, b.len - 1, &s, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	spans_fini(&s);
	buf_fini(&b);
}

static void
pair(struct buf *b, const char *key, const char *value)
{
	struct buf sub = { 0 };

	if (key != NULL)
		pm_str(&sub, 1, key);
	if (value != NULL)
		pm_str(&sub, 2, value);
	pm_sub(b, 5, &sub);
}

static void
an_alter_sets_and_takes_away(void **state)
{
	struct buf b = { 0 };
	struct alter a;
	struct msg m;
	struct err e;

	(void)state;
	base(&b, 115, 1, 44);
	pm_str(&b, 3, "items");
	pm_str(&b, 4, "name");
	pair(&b, "max_length", "9");
	pair(&b, "k", NULL);
	pm_str(&b, 6, "mmap.enabled");
	accepted(&b, &m);
	assert_int_equal(m.kind, MSG_ALTER_FIELD);
	assert_true(is(m.coll, "items"));
	assert_int_equal(v23_alter(b.ptr, b.len, m.type, &a, &e), 0);
	assert_true(is(a.name, "name"));
	assert_int_equal(a.keys.n, 2);
	assert_int_equal(a.values.n, 2);
	assert_true(is(a.keys.v[0], "max_length") && is(a.values.v[0], "9"));
	assert_true(is(a.keys.v[1], "k") && a.values.v[1].len == 0);
	assert_int_equal(a.gone.n, 1);
	assert_true(is(a.gone.v[0], "mmap.enabled"));
	alter_fini(&a);
	assert_int_equal(v23_alter(b.ptr, b.len - 1, m.type, &a, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	alter_fini(&a);
	buf_fini(&b);
}

static void
a_removal_says_who_and_what(void **state)
{
	struct buf b = { 0 }, name = { 0 };
	struct removal x;
	struct msg m;
	struct err e;

	(void)state;
	base(&b, 1602, 0, 0);
	pm_str(&b, 2, "ann");
	pm_str(&b, 3, "reader");
	accepted(&b, &m);
	assert_int_equal(m.kind, MSG_ALTER_USER_ROLE);
	assert_int_equal(m.ts, 0); /* whoever has the record has its time */
	assert_int_equal(v23_removal(b.ptr, b.len, m.type, &x, &e), 0);
	assert_true(x.none && is(x.user, "ann") && is(x.role, "reader"));
	pm_int(&b, 4, 1);
	assert_int_equal(v23_removal(b.ptr, b.len, m.type, &x, &e), 0);
	assert_false(x.none);
	assert_int_equal(v23_removal(b.ptr, b.len - 1, m.type, &x, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	buf_clear(&b);
	base(&b, 1614, 0, 0);
	pm_str(&name, 1, "reader");
	pm_sub(&b, 2, &name);
	pm_str(&b, 6, "*");
	pm_int(&b, 4, 1);
	assert_int_equal(v23_removal(b.ptr, b.len, 1614, &x, &e), 0);
	assert_true(!x.none && is(x.role, "reader") && is(x.object_name, "*"));
	assert_int_equal(x.privilege.len, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_insert_takes_the_greatest_timestamp),
		cmocka_unit_test(timestamps_may_be_unpacked),
		cmocka_unit_test(a_delete_without_timestamps_takes_its_base),
		cmocka_unit_test(the_base_need_not_stand_first),
		cmocka_unit_test(an_unknown_type_keeps_its_time),
		cmocka_unit_test(refuses_what_is_no_message),
		cmocka_unit_test(refuses_rows_that_it_cannot_carry),
		cmocka_unit_test(every_cut_is_an_error_or_shorter),
		cmocka_unit_test(a_flush_names_collections),
		cmocka_unit_test(an_alter_sets_and_takes_away),
		cmocka_unit_test(a_removal_says_who_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
