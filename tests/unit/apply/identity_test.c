#include "apply/priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

static struct err err;
static struct apply_conf conf;

static void
line(struct apply *a, const char *text)
{
	if (opline_read(&a->op, text, strlen(text), &err) == -1)
		fail_msg("%s: %s", text, err.msg);
	a->db = a->op.db.ptr;
	a->coll = a->op.coll.ptr;
}

/* The line at hand is of the source's collection of that id. */
static void
of(struct apply *a, int id, const char *name)
{
	char text[128];

	snprintf(text, sizeof text,
	    "{\"op\":\"flush\",\"ts\":\"2\",\"db\":\"d\",\"coll\":\"%s\","
	    "\"coll_id\":\"%d\"}",
	    name, id);
	line(a, text);
}

/* Calls are written down and not made. */
static void
begin(struct apply *a)
{
	memset(a, 0, sizeof *a);
	conf = (struct apply_conf){ .dry_run = 1 };
	conf.milvus.grpc.uri = "http://t:1";
	a->conf = &conf;
	a->out.fd = -1;
	line(a, "{\"op\":\"begin\",\"v\":1,\"ts\":\"1\",\"cluster\":\"c\"}");
	assert_int_equal(identity_open(a, &err), 0);
}

static void
end(struct apply *a)
{
	identity_fini(&a->who);
	colls_fini(&a->colls);
	opline_fini(&a->op);
	out_fini(&a->out);
}

static struct coll
target(int64_t id, const char *name)
{
	return (
	    struct coll){ .id = id, .db = mv_str("d"), .name = mv_str(name) };
}

/* What a line's collection is called at the target by now. */
static void
stands_at(struct apply *a, int id, const char *name)
{
	of(a, id, "as_in_the_line");
	identity_resolve(a);
	assert_string_equal(a->db, "d");
	assert_string_equal(a->coll, name);
}

static void
calls(struct apply *a, const char *text)
{
	assert_string_equal(a->out.b.len == 0 ? "" : a->out.b.ptr, text);
	buf_clear(&a->out.b);
}

static void
a_collection_is_found_by_its_id(void **state)
{
	struct apply a;
	struct coll c = target(100, "a");

	(void)state;
	begin(&a);
	of(&a, 5, "a");
	assert_false(identity_is_known(&a));
	assert_int_equal(identity_is(&a, &c, 1, &err), 0);
	assert_true(identity_is_known(&a));
	assert_true(identity_made(&a));
	identity_put(&a.who, 100, "d", "b"); /* a replay is behind a rename */
	stands_at(&a, 5, "b");
	assert_true(identity_made(&a));
	stands_at(&a, 6, "as_in_the_line");
	assert_false(identity_is_known(&a));
	assert_false(identity_made(&a));
	line(&a, "{\"op\":\"flush\",\"ts\":\"2\",\"db\":\"d\",\"coll\":\"b\"}");
	assert_false(identity_is_known(&a)); /* its id is not told */
	end(&a);
}

static void
a_known_one_may_be_lost(void **state)
{
	struct apply a;
	struct coll c = target(100, "a");

	(void)state;
	begin(&a);
	of(&a, 5, "a");
	assert_false(identity_is_lost(&a));
	identity_is(&a, &c, 0, &err);
	assert_false(identity_is_lost(&a));
	identity_gone(&a, "d", "a");
	assert_true(identity_is_lost(&a));
	assert_false(identity_is_known(&a));
	assert_int_equal(identity_dropped(&a, &err), 0);
	assert_false(identity_is_lost(&a)); /* forgotten for good */
	end(&a);
}

static void
a_name_in_use_is_made_free(void **state)
{
	struct apply a;
	struct coll c = target(100, "a"), b = target(101, "b");

	(void)state;
	begin(&a);
	of(&a, 6, "b");
	identity_is(&a, &b, 0, &err);
	of(&a, 5, "a");
	identity_is(&a, &c, 0, &err);
	assert_true(identity_has(&a, "d", "b"));
	assert_false(identity_has(&a, "d", "a"));
	assert_false(identity_has(&a, "d", "none"));
	assert_int_equal(identity_rename(&a, "d", "b", &err), 0);
	calls(
	    &a, "RenameCollection d.b/cdc_moving_6\nRenameCollection d.a/b\n");
	stands_at(&a, 5, "b");
	stands_at(&a, 6, "cdc_moving_6");
	assert_true(identity_moved_aside(&a));
	assert_int_equal(identity_rename(&a, "d", "a", &err), 0);
	calls(&a, "RenameCollection d.cdc_moving_6/a\n");
	stands_at(&a, 6, "a");
	assert_false(identity_moved_aside(&a));
	end(&a);
}

static void
what_was_there_is_others(void **state)
{
	struct apply a;
	struct coll c = target(100, "a");

	(void)state;
	begin(&a);
	of(&a, 5, "a");
	assert_true(identity_is_others(&a, &c));
	assert_int_equal(identity_take(&a, &c, 1, &err), 0);
	assert_false(identity_made(&a));
	assert_true(identity_is_known(&a));
	assert_string_equal(ids_adopted(a.who.ids, 5), "d.a");
	assert_int_equal(identity_take(&a, &c, 0, &err), 0);
	assert_null(ids_adopted(a.who.ids, 5));
	assert_false(identity_is_others(&a, &c));
	end(&a);
}

/* An id of the source among those of the target: they are one Milvus. */
static void
the_very_collection_is_known(void **state)
{
	struct apply a;

	(void)state;
	begin(&a);
	of(&a, 5, "a");
	assert_false(identity_is_own(&a));
	assert_false(identity_is_own(&a));
	identity_put(&a.who, 5, "d", "a");
	assert_true(identity_is_own(&a));
	end(&a);
}

static void
the_next_run_knows_it_again(void **state)
{
	struct apply a;
	struct coll c = target(100, "a");
	char dir[] = "/tmp/cdc-identity-XXXXXX", *rm;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (int run = 0; run < 2; run++) {
		begin(&a);
		identity_fini(&a.who);
		conf.dry_run = 0;
		conf.state_dir = dir;
		line(&a,
		    "{\"op\":\"begin\",\"v\":1,\"ts\":\"1\",\"cluster\":\"c\","
		    "\"born\":\"7\"}");
		assert_int_equal(identity_open(&a, &err), 0);
		identity_put(&a.who, 100, "d", "b"); /* as it was met */
		of(&a, 5, "a");
		assert_int_equal(identity_is_known(&a), run);
		if (run == 0)
			assert_int_equal(identity_is(&a, &c, 1, &err), 0);
		else
			stands_at(&a, 5, "b");
		assert_int_equal(identity_made(&a), run == 0);
		end(&a);
	}
	rm = x_asprintf("rm -r %s", dir);
	assert_int_equal(system(rm), 0);
	free(rm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_collection_is_found_by_its_id),
		cmocka_unit_test(a_known_one_may_be_lost),
		cmocka_unit_test(a_name_in_use_is_made_free),
		cmocka_unit_test(what_was_there_is_others),
		cmocka_unit_test(the_very_collection_is_known),
		cmocka_unit_test(the_next_run_knows_it_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
