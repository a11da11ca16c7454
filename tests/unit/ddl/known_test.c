#include "ddl/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "codec/json_write.h"

static int
read_text(struct view *v, const char *text, struct err *e)
{
	json_t *j = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(j);
	rc = view_from_json(v, j, e);
	json_decref(j);
	return rc;
}

static void
says(struct view *v, int whole, const char *want)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };

	view_to_json(v, &w, NULL, whole);
	assert_string_equal(b.ptr, want);
	buf_fini(&b);
}

static void
reads_what_it_writes(void **state)
{
	static const char text[] =
	    "{\"db:7\":{\"name\":\"sales\"},"
	    "\"5\":{\"name\":\"sales.a.b\",\"parts\":{\"51\":\"_default\","
	    "\"52\":\"p\"},\"aliases\":[\"x\",\"y\"],\"load\":[\"p\"],"
	    "\"indexes\":{\"91\":[\"vec\",\"i\"]}},"
	    "\"6\":{\"name\":\"default.c\",\"parts\":{},\"load\":\"all\"}}";
	struct view v = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text(&v, text, &e), 0);
	assert_string_equal(view_coll(&v, 5)->db, "sales");
	assert_string_equal(view_coll(&v, 5)->name, "a.b");
	assert_false(view_changed(&v));
	says(&v, 0, "{}");
	says(&v, 1, text);
	view_fini(&v);
}

/* The last ones, also those of the run before. */
static void
broadcasts_that_are_written(void **state)
{
	struct view v = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text(&v, "{\"done\":[\"8\"]}", &e), 0);
	says(&v, 0, "{}");
	view_done(&v, 9);
	assert_true(view_changed(&v));
	says(&v, 0, "{\"done\":[\"8\",\"9\"]}");
	assert_false(view_changed(&v));
	for (uint64_t i = 0; i < VIEW_DONE; i++)
		view_done(&v, 100 + i);
	assert_int_equal(view_n_done(&v), VIEW_DONE);
	view_fini(&v);
}

static void
tells_only_what_has_changed(void **state)
{
	struct view v = { 0 };

	(void)state;
	view_add(&v, 9, "default", "i");
	view_add(&v, 8, "default", "h");
	view_add_db(&v, 7, "d");
	assert_true(view_changed(&v));
	says(&v, 0,
	    "{\"db:7\":{\"name\":\"d\"},\"8\":{\"name\":\"default.h\","
	    "\"parts\":{},\"load\":\"none\"},\"9\":{\"name\":\"default.i\","
	    "\"parts\":{},\"load\":\"none\"}}");
	assert_false(view_changed(&v));
	view_rename(view_coll(&v, 8), view_coll(&v, 8)->db, "j");
	view_drop(&v, 9);
	view_drop_db(&v, 7);
	says(&v, 0,
	    "{\"db:7\":null,\"8\":{\"name\":\"default.j\",\"as\":\"default.h\","
	    "\"parts\":{},"
	    "\"load\":\"none\"},\"9\":null}");
	says(&v, 0, "{}");
	/* made anew: each is said once, and that it is there */
	view_add_db(&v, 7, "sales");
	view_drop_db(&v, 7);
	view_add_db(&v, 7, "sales");
	view_drop(&v, 8);
	view_drop(&v, 8);
	view_add(&v, 8, "default", "j");
	says(&v, 0,
	    "{\"db:7\":{\"name\":\"sales\"},\"8\":{\"name\":\"default.j\","
	    "\"parts\":{},\"load\":\"none\"}}");
	view_drop(&v, 8);
	view_drop(&v, 8);
	says(&v, 0, "{\"8\":null}");
	view_add(&v, 8, "default", "j");
	says(&v, 1,
	    "{\"db:7\":{\"name\":\"sales\"},\"8\":{\"name\":\"default.j\","
	    "\"parts\":{},\"load\":\"none\"}}");
	assert_null(view_by_name(&v, "default", "i"));
	assert_non_null(view_by_name(&v, "default", "j"));
	view_forget(&v, 8);
	assert_false(view_changed(&v));
	view_fini(&v);
}

static void
refuses_what_is_no_view(void **state)
{
	static const char *const bad[] = { "{\"x\":{\"name\":\"a.b\"}}",
		"{\"5\":{}}", "{\"5\":{\"name\":\"nodot\"}}",
		"{\"5\":{\"name\":\"a.b\",\"parts\":{\"p\":\"q\"}}}",
		"{\"5\":{\"name\":\"a.b\",\"parts\":{\"1\":5}}}",
		"{\"5\":{\"name\":\"a.b\",\"indexes\":{\"1\":[\"f\"]}}}" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct view v = { 0 };
		struct err e = { 0 };

		assert_int_equal(read_text(&v, bad[i], &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
		view_fini(&v);
	}
}

static void
what_it_may_have_is_told_apart(void **state)
{
	static const char known[] =
	    "{\"5\":{\"name\":\"d.a\",\"parts\":{\"51\":\"_default\"},"
	    "\"aliases\":[\"x\",\"y\"],\"load\":\"all\"},"
	    "\"6\":{\"name\":\"d.b\",\"parts\":{},\"load\":\"none\"}}";
	static const char redo[] =
	    "[{\"op\":\"create_database\",\"db\":\"n\",\"db_id\":\"9\"},"
	    "{\"op\":\"create_collection\",\"db\":\"n\",\"coll\":\"c\","
	    "\"coll_id\":\"7\"},"
	    "{\"op\":\"create_collection\",\"db\":\"d\",\"coll\":\"b\","
	    "\"coll_id\":\"6\"},"
	    "{\"op\":\"create_partition\",\"coll_id\":\"7\",\"part\":\"p\","
	    "\"part_id\":\"71\"},"
	    "{\"op\":\"create_index\",\"coll_id\":\"5\",\"field\":\"v\","
	    "\"index\":\"i\",\"index_id\":\"52\"},"
	    "{\"op\":\"release_collection\",\"coll_id\":\"5\"},"
	    "{\"op\":\"drop_alias\",\"db\":\"d\",\"alias\":\"y\"},"
	    "{\"op\":\"rename_collection\",\"coll_id\":\"6\"},"
	    "{\"op\":\"load_partitions\",\"coll_id\":\"404\"}]";
	static const char want[] =
	    "{\"db:9\":{\"name\":\"n\"},"
	    "\"5\":{\"name\":\"d.a\",\"parts\":{\"51\":\"_default\"},"
	    "\"aliases\":[\"x\"],\"load\":\"unsure\","
	    "\"indexes\":{\"52\":[\"v\",\"i\"]}},"
	    "\"7\":{\"name\":\"n.c\",\"parts\":{\"71\":\"p\"},"
	    "\"load\":\"none\",\"maybe\":true}}";
	json_t *j = json_loads(redo, 0, NULL);
	struct view v = { 0 }, again = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text(&v, known, &e), 0);
	view_redo(&v, j);
	assert_false(view_coll(&v, 6)->maybe); /* known to be there */
	assert_true(view_coll(&v, 6)->unsure_name);
	assert_int_equal(v.unsure.n, 1);
	assert_string_equal(v.unsure.v[0].name, "y");
	assert_string_equal(v.unsure.v[0].field, "d");
	says(&v, 0, want);
	/* A checkpoint in between keeps the doubt. */
	assert_int_equal(read_text(&again, want, &e), 0);
	assert_true(view_coll(&again, 7)->maybe);
	assert_int_equal(view_coll(&again, 5)->load, VIEW_LOAD_UNSURE);
	json_decref(j);
	view_fini(&v);
	view_fini(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(broadcasts_that_are_written),
		cmocka_unit_test(tells_only_what_has_changed),
		cmocka_unit_test(what_it_may_have_is_told_apart),
		cmocka_unit_test(refuses_what_is_no_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
