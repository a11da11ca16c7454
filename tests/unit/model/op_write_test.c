#include "model/op_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/out.h"

static void
lines_go_out_and_are_counted(void **state)
{
	struct out o = { .fd = -1, .name = "nothing" };
	struct emit e = { .out = &o, .time = 1 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	(void)state;
	jw_i64(emit_open(&e, OP_INSERT, 262144), "n", 2);
	emit_close(&e, 2);
	emit_open(&e, OP_DELETE, 262144);
	emit_close(&e, 3);
	emit_open(&e, OP_DROP_ALIAS, 0);
	emit_close(&e, 0);
	assert_string_equal(o.b.ptr,
	    "{\"op\":\"insert\",\"ts\":\"262144\","
	    "\"time\":\"1970-01-01T00:00:00.001Z\",\"n\":2}\n"
	    "{\"op\":\"delete\",\"ts\":\"262144\","
	    "\"time\":\"1970-01-01T00:00:00.001Z\"}\n"
	    "{\"op\":\"drop_alias\",\"ts\":\"0\","
	    "\"time\":\"1970-01-01T00:00:00.000Z\"}\n");
	emit_counts(&e, &w, NULL);
	assert_string_equal(b.ptr,
	    "{\"insert\":1,\"delete\":1,\"rows\":2,\"keys\":3,\"ddl\":1}");
	buf_fini(&b);
	emit_fini(&e);
	out_fini(&o);
}

static void
a_list_takes_the_others_out_but_the_frame(void **state)
{
	struct out o = { .fd = -1, .name = "nothing" };
	struct emit e = { .out = &o };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(op_only(e.skip, "delete,insert", &err), 0);
	for (int op = 0; op < OP_MAX; op++) {
		emit_open(&e, (enum opname)op, 1);
		emit_close(&e, 0);
	}
	assert_int_equal(e.lines[OP_INSERT], 1);
	assert_int_equal(e.lines[OP_DELETE], 1);
	assert_int_equal(e.lines[OP_BEGIN], 1);
	assert_int_equal(e.lines[OP_TICK], 1);
	assert_int_equal(e.lines[OP_END], 1);
	assert_int_equal(e.lines[OP_UPSERT], 0);
	assert_int_equal(e.lines[OP_UNKNOWN], 0);
	assert_int_equal(op_only(e.skip, "insert,inser", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	emit_fini(&e);
	out_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_go_out_and_are_counted),
		cmocka_unit_test(a_list_takes_the_others_out_but_the_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
