#include "catalogue/cat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/source.h"

static struct err err;

static int
line(struct cat *c, const char *text, struct cat_change *ch)
{
	struct cat_change own;

	return cat_line(c, text, strlen(text), ch == NULL ? &own : ch, &err);
}

static void
lines(struct cat *c, const char *const *v)
{
	for (; *v != NULL; v++)
		if (line(c, *v, NULL) == -1)
			fail_msg("%s: %s", *v, err.msg);
}

static const char *const some[] = {
	"{\"kind\":\"catalogue\",\"v\":1,\"root\":\"r/meta\",\"follow\":true}",
	"{\"kind\":\"collection\",\"id\":\"5\",\"db\":\"d\",\"db_id\":\"2\","
	"\"name\":\"a\",\"state\":\"created\",\"ts\":\"20\",\"create_ts\":"
	"\"10\",\"shards\":2,\"vchannels\":[\"r-rootcoord-dml_1_5v0\","
	"\"x_y_5v1\"],\"start\":{\"r-rootcoord-dml_1\":7},"
	"\"consistency\":\"Strong\",\"properties\":{\"k\":\"v\"}}",
	"{\"kind\":\"partition\",\"id\":51,\"coll_id\":5,\"name\":\"p\","
	"\"state\":\"created\",\"ts\":\"10\"}",
	"{\"kind\":\"alias\",\"db\":\"d\",\"db_id\":\"2\",\"name\":\"al\","
	"\"coll_id\":\"5\",\"state\":\"created\",\"ts\":\"30\"}",
	"{\"kind\":\"load\",\"coll_id\":\"5\",\"type\":\"partitions\","
	"\"replicas\":1,\"partitions\":[\"51\"]}",
	"{\"kind\":\"ready\",\"rev\":9,\"ts\":\"30\"}",
	NULL,
};

static void
a_catalogue_is_found_by_id(void **state)
{
	struct cat c = { 0 };
	const struct cat_coll *k;
	char *s;

	(void)state;
	lines(&c, some);
	assert_true(c.follow && c.ready);
	assert_int_equal(c.ts, 30);
	k = cat_coll(&c, 5);
	assert_non_null(k);
	assert_null(cat_coll(&c, 4));
	assert_int_equal(k->n_topics, 2);
	assert_string_equal(k->topics[0].topic, "r-rootcoord-dml_1");
	assert_int_equal(k->topics[0].id.entry, 7);
	assert_string_equal(k->topics[1].topic, "x_y");
	assert_int_equal(k->topics[1].id.entry, -1);
	assert_string_equal(cat_part(k, 51)->name, "p");
	assert_int_equal(k->load, CAT_LOAD_PARTS);
	assert_ptr_equal(cat_by_name(&c, "d", "a"), k);
	assert_ptr_equal(cat_by_name(&c, "d", "al"), k);
	assert_null(cat_by_name(&c, "default", "a"));
	s = cat_cluster(&c);
	assert_string_equal(s, "r");
	free(s);
	cat_fini(&c);
}

static void
a_tombstone_leaves_what_was_known(void **state)
{
	struct cat c = { 0 };
	struct cat_change ch;

	(void)state;
	lines(&c, some);
	assert_int_equal(line(&c,
			     "{\"kind\":\"collection\",\"event\":\"delete\","
			     "\"id\":\"5\",\"db\":\"d\",\"db_id\":\"2\","
			     "\"name\":\"\",\"state\":\"dropped\",\"ts\":"
			     "\"40\"}",
			     &ch),
	    0);
	assert_int_equal(ch.kind, CAT_COLL);
	assert_int_equal(ch.coll->state, CAT_DROPPED);
	assert_string_equal(ch.coll->name, "a");
	assert_int_equal(ch.coll->n_topics, 2);
	assert_null(cat_by_name(&c, "d", "al"));
	cat_fini(&c);
}

static void
after_a_resync_all_is_missing_until_it_is_said(void **state)
{
	struct cat c = { 0 };

	(void)state;
	lines(&c, some);
	assert_int_equal(line(&c, "{\"kind\":\"resync\",\"rev\":20}", NULL), 0);
	assert_false(c.ready);
	assert_int_equal(cat_coll(&c, 5)->state, CAT_MISSING);
	assert_int_equal(cat_part(cat_coll(&c, 5), 51)->state, CAT_MISSING);
	assert_int_equal(cat_coll(&c, 5)->load, CAT_LOAD_NONE);
	lines(&c, some);
	assert_true(c.ready);
	assert_int_equal(cat_coll(&c, 5)->state, CAT_CREATED);
	cat_fini(&c);
}

static const char *const logged[] = {
	"{\"kind\":\"catalogue\",\"v\":1,\"root\":\"r/meta\"}",
	"{\"kind\":\"collection\",\"id\":\"5\",\"db\":\"d\",\"db_id\":\"1\","
	"\"name\":\"a\",\"state\":\"created\",\"ts\":\"20\",\"create_ts\":"
	"\"10\"}",
	"{\"kind\":\"index\",\"id\":\"7\",\"coll_id\":\"5\",\"field\":\"v\","
	"\"name\":\"v\",\"state\":\"created\",\"ts\":\"15\"}",
	"{\"kind\":\"load\",\"coll_id\":\"5\",\"type\":\"collection\"}",
	"{\"kind\":\"ready\",\"rev\":9,\"ts\":\"30\",\"ddl\":\"log\"}",
	NULL,
};

/* etcd does not have all that the log tells, and some of it later. */
static void
etcd_is_known_by_what_it_has(void **state)
{
	struct cat c = { 0 };
	struct source was, now;

	(void)state;
	lines(&c, logged);
	cat_source(&c, &was);
	assert_int_equal(was.ts, 20);
	line(&c,
	    "{\"kind\":\"collection\",\"id\":\"5\",\"state\":\"created\","
	    "\"ts\":\"40\",\"create_ts\":\"10\"}",
	    NULL);
	line(&c,
	    "{\"kind\":\"collection\",\"id\":\"6\",\"state\":\"created\","
	    "\"ts\":\"50\",\"create_ts\":\"50\"}",
	    NULL);
	cat_source(&c, &now);
	assert_int_equal(now.coll, 5);
	assert_int_equal(now.ts, 20);
	cat_fini(&c);
}

static int
has(void *arg, int64_t id)
{
	(void)arg;
	return id == 5;
}

static int
has_inside(void *arg, int64_t coll, int64_t id)
{
	return arg != NULL && coll == id;
}

static int
has_alias(void *arg, int64_t coll, const char *alias)
{
	(void)arg;
	return coll == 5 && strcmp(alias, "x") == 0;
}

/* A target that has collection 5 and its alias x, and nothing inside. */
static const struct cat_target at = { has, has, has_inside, has_inside,
	has_alias, NULL };

/* Made at the target by a run that was killed, behind its last position. */
static void
a_collection_that_is_kept_has_its_first_partitions(void **state)
{
	static const char *const parts[] = {
		"{\"kind\":\"partition\",\"id\":51,\"coll_id\":5,\"name\":"
		"\"p\",\"state\":\"created\",\"create_ts\":\"10\"}",
		"{\"kind\":\"partition\",\"id\":52,\"coll_id\":5,\"name\":"
		"\"q\",\"state\":\"created\",\"create_ts\":\"11\"}",
		NULL,
	};
	struct cat c = { 0 };

	(void)state;
	lines(&c, logged);
	lines(&c, parts);
	cat_rewind(&c, 9, &at);
	assert_non_null(cat_part(cat_coll(&c, 5), 51));
	assert_null(cat_part(cat_coll(&c, 5), 52));
	cat_fini(&c);
}

/* The log has both, in their order. */
static void
a_load_is_younger_than_all_indexes(void **state)
{
	struct cat c = { 0 };

	(void)state;
	lines(&c, logged);
	cat_rewind(&c, 15, &at);
	assert_int_equal(cat_coll(&c, 5)->load, CAT_LOAD_ALL);
	cat_rewind(&c, 14, &at);
	assert_int_equal(cat_coll(&c, 5)->n_indexes, 0);
	assert_int_equal(cat_coll(&c, 5)->load, CAT_LOAD_NONE);
	cat_fini(&c);
}

/* Its channel may be far before the others; the log does not tell it again. */
static void
an_alias_that_the_target_has_is_kept(void **state)
{
	static const char *const aliases[] = {
		"{\"kind\":\"alias\",\"db\":\"d\",\"db_id\":\"1\",\"name\":"
		"\"x\",\"coll_id\":\"5\",\"state\":\"created\",\"ts\":\"40\"}",
		"{\"kind\":\"alias\",\"db\":\"d\",\"db_id\":\"1\",\"name\":"
		"\"y\",\"coll_id\":\"5\",\"state\":\"created\",\"ts\":\"40\"}",
		NULL,
	};
	struct cat c = { 0 };

	(void)state;
	lines(&c, logged);
	lines(&c, aliases);
	cat_rewind(&c, 30, &at);
	assert_int_equal(c.n_aliases, 1);
	assert_string_equal(c.aliases[0].name, "x");
	cat_fini(&c);
}

static void
refuses_what_is_no_catalogue(void **state)
{
	static const char *const bad[] = { "", "x", "[]", "{}", "{\"kind\":5}",
		"{\"kind\":\"catalogue\",\"v\":2}",
		"{\"kind\":\"collection\",\"id\":\"five\"}",
		"{\"kind\":\"at\",\"rev\":1,\"rev\":2}" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct cat c = { 0 };

		err_clear(&err);
		if (line(&c, bad[i], NULL) != -1)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err.kind, ERR_DATA);
		cat_fini(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalogue_is_found_by_id),
		cmocka_unit_test(a_tombstone_leaves_what_was_known),
		cmocka_unit_test(
		    after_a_resync_all_is_missing_until_it_is_said),
		cmocka_unit_test(etcd_is_known_by_what_it_has),
		cmocka_unit_test(
		    a_collection_that_is_kept_has_its_first_partitions),
		cmocka_unit_test(a_load_is_younger_than_all_indexes),
		cmocka_unit_test(an_alias_that_the_target_has_is_kept),
		cmocka_unit_test(refuses_what_is_no_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
