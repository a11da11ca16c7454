#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/op_read.h"

#include "base/err.h"

static int
reads(struct opline *o, const char *text, struct err *e)
{
	return opline_read(o, text, strlen(text), e);
}

static void
a_row_line_is_read_in_any_order(void **state)
{
	static const char *const lines[] = {
		"{\"op\":\"insert\",\"ts\":\"470613600127942659\",\"db\":"
		"\"d\",\"coll\":\"c\",\"coll_id\":\"5\",\"part\":\"p\","
		"\"n\":1,\"rows\":[{\"pk\":\"1\"}],\"late\":true,"
		"\"json\":\"inline\",\"src\":{\"t\":\"t0\",\"o\":7}}",
		" { \"src\" : {\"o\":\"7\",\"x\":[],\"t\":\"t\\u0030\"}, "
		"\"rows\": [{\"pk\":\"1\"}] ,\"new\":{\"a\":[\"]\"]},"
		"\"coll_id\":5,\"json\":\"inline\",\"part\":\"p\",\"db\":"
		"\"d\",\"ts\":470613600127942659,\"late\":true,\"coll\":"
		"\"\\u0063\",\"op\":\"ins\\u0065rt\"}\r",
	};
	struct opline o = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		if (reads(&o, lines[i], &e) == -1)
			fail_msg("%s", e.msg);
		assert_int_equal(o.op, OP_INSERT);
		assert_int_equal(o.ts, 470613600127942659);
		assert_string_equal(o.db.ptr, "d");
		assert_string_equal(o.coll.ptr, "c");
		assert_string_equal(o.coll_id.ptr, "5");
		assert_string_equal(o.part.ptr, "p");
		assert_string_equal(o.src_topic.ptr, "t0");
		assert_int_equal(o.src_id.entry, 7);
		assert_int_equal(o.rows.len, strlen("[{\"pk\":\"1\"}]"));
		assert_true(o.late && o.json_inline && !o.gone && !o.lossy);
		assert_null(o.doc);
	}
	opline_fini(&o);
}

static void
nothing_of_the_line_before_stays(void **state)
{
	struct opline o = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(reads(&o,
			     "{\"op\":\"tick\",\"ts\":\"5\",\"pos\":{},"
			     "\"known\":{\"1\":null}}",
			     &e),
	    0);
	assert_string_equal(o.known.ptr, "{\"1\":null}}");
	assert_int_equal(o.known.len, 10);
	assert_int_equal(reads(&o,
			     "{\"op\":\"delete\",\"ts\":\"6\",\"db\":\"d\","
			     "\"coll\":\"c\",\"keys\":[]}",
			     &e),
	    0);
	assert_int_equal(o.known.len, 0);
	assert_int_equal(o.pos.len, 0);
	assert_int_equal(o.has_part, 0);
	assert_int_equal(o.src_id.entry, -1);
	assert_string_equal(o.src_topic.ptr, "");
	assert_int_equal(o.v, 1);
	opline_fini(&o);
}

static void
refused(const char *text, const char *why)
{
	struct opline o = { 0 };
	struct err e = { 0 };

	if (reads(&o, text, &e) != -1)
		fail_msg("%s is taken", text);
	if (strstr(e.msg, why) == NULL)
		fail_msg("%s: '%s' is not '%s'", text, e.msg, why);
	assert_int_equal(e.kind, ERR_DATA);
	opline_fini(&o);
}

static void
what_is_no_line_is_refused(void **state)
{
	(void)state;
	refused("", "column 1: the text ends");
	refused("x", "column 1: want an object");
	refused("{}", "'op' is missing");
	refused("{\"ts\":\"1\"}", "'op' is missing");
	refused("{\"op\":\"tick\",\"ts\":\"1\"}", "'pos' is missing");
	refused("{\"op\":\"tick\",\"ts\":\"1\",\"pos\":[]}", "want an object");
	refused("{\"op\":\"tick\",\"ts\":\"1\",\"pos\":{\"a\":1 2}}", "column");
	refused("{\"op\":\"tick\",\"ts\":\"-1\",\"pos\":{}}", "-1");
	refused("{\"op\":\"insert\",\"db\":\"d\",\"coll\":\"c\",\"part\":\"p\""
		",\"rows\":{}}",
	    "want an array");
	refused("{\"op\":\"insert\",\"db\":\"d\",\"coll\":\"c\",\"part\":\"p\""
		"}",
	    "'rows' is missing");
	refused("{\"op\":\"delete\",\"db\":\"d\",\"keys\":[]}",
	    "'coll' is missing");
	refused("{\"op\":\"end\",\"pos\":{}} {}", "end of the line");
	refused("{\"op\":\"end\",\"pos\":{},\"stopped\":1}", "want false");
	refused("{\"op\":\"insert\",\"rows\":[", "the text ends");
	refused("{\"op\":\"insert\",\"json\":\"outline\"}", "'outline'");
}

static void
what_is_gone_needs_no_names(void **state)
{
	struct opline o = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(reads(&o,
			     "{\"op\":\"insert\",\"coll_id\":\"4\",\"gone\":"
			     "true,\"rows\":[]}",
			     &e),
	    0);
	assert_int_equal(o.has_coll, 0);
	opline_fini(&o);
}

static void
every_name_is_found_again(void **state)
{
	(void)state;
	for (int op = 0; op < OP_OTHER; op++) {
		const char *name = op_name((enum opname)op);

		assert_int_equal(op_by_name(name, strlen(name)), op);
	}
	assert_int_equal(op_by_name("inser", 5), OP_OTHER);
	assert_int_equal(op_by_name("", 0), OP_OTHER);
}

static void
numbers_may_be_strings(void **state)
{
	struct opline o = { 0 };
	struct err e = { 0 };
	int64_t v;
	const char *s;

	(void)state;
	assert_int_equal(reads(&o,
			     "{\"op\":\"create_role\",\"role\":\"r\",\"a\":5,"
			     "\"b\":\"6\",\"c\":[]}",
			     &e),
	    0);
	assert_int_equal(opline_int(&o, "a", 0, &v, &e), 0);
	assert_int_equal(v, 5);
	assert_int_equal(opline_int(&o, "b", 0, &v, &e), 0);
	assert_int_equal(v, 6);
	assert_int_equal(opline_int(&o, "x", 7, &v, &e), 0);
	assert_int_equal(v, 7);
	assert_int_equal(opline_int(&o, "c", 7, &v, &e), -1);
	assert_int_equal(opline_str(&o, "role", &s, &e), 0);
	assert_string_equal(s, "r");
	assert_int_equal(opline_str(&o, "user", &s, &e), -1);
	opline_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_line_is_read_in_any_order),
		cmocka_unit_test(nothing_of_the_line_before_stays),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(what_is_gone_needs_no_names),
		cmocka_unit_test(every_name_is_found_again),
		cmocka_unit_test(numbers_may_be_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
