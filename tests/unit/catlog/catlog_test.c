/*
 * Genuine messages of the streaming log, whose lines build a catalogue, held
 * against what the client had called: tests/data/logs/README.
 */
#include "catlog/catlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../clientcalls.h"
#include "../logplay.h"
#include "../pbmake.h"
#include "codec/base64.h"

/* Each call is a message or more; what it asked for is so when they are in. */
/* A collection that must be there. */
static struct cat_coll *
known(const struct cat *c, const char *name)
{
	struct cat_coll *k = coll(c, name);

	if (k == NULL)
		abort();
	return k;
}

static const struct cat_index *
known_index(const struct cat_coll *c, const char *name, const char *field)
{
	const struct cat_index *x = index_of(c, name, field);

	if (x == NULL)
		abort();
	return x;
}

static void
follow_calls(struct play *p, json_t *calls, size_t most)
{
	size_t i, n;
	json_t *call;

	json_array_foreach(calls, i, call)
	{
		for (n = 0; n < most && step(p); n++)
			if (is_so(&p->cat, call))
				break;
		if (!is_so(&p->cat, call)) {
			char *text = json_dumps(call, 0);

			fail_msg("%s: not so after %s", text, p->last.ptr);
		}
	}
}

enum { MOST = 14 }; /* indexes of one call, and calls that are not ours */

static void
nothing_secret(const struct play *p)
{
	static const char *const secrets[] = { "$2a$", "Passw", "root:Milvus",
		"access_key", "AK", "SK", "mybucket" };

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strstr(p->all.ptr, secrets[i]) != NULL)
			fail_msg("'%s' is in the lines", secrets[i]);
}

static void
of_version(const char *version)
{
	json_t *calls = calls_of(version);
	struct play p;

	start(&p, version);
	assert_true(json_array_size(calls) >= 40);
	follow_calls(&p, calls, MOST);
	while (step(&p))
		;
	nothing_secret(&p);
	stop(&p);
	json_decref(calls);
}

static void
what_a_client_of_2_6_did_is_in_the_catalogue(void **state)
{
	(void)state;
	of_version("2.6.20");
}

static void
and_when_it_did_more(void **state)
{
	(void)state;
	of_version("2.6.20-more");
}

static void
what_a_client_of_3_0_did_is_in_the_catalogue(void **state)
{
	(void)state;
	of_version("3.0.0");
}

/* The changes of the control channel up to an offset of it, and that one. */
static const char *
lines_at(struct play *p, int64_t offset)
{
	do
		assert_true(step(p));
	while (p->f.v[p->at - 1].offset < offset);
	assert_int_equal(p->f.v[p->at - 1].offset, offset);
	return p->last.len == 0 ? "" : p->last.ptr;
}

static void
a_rename_has_the_time_of_the_control_channel(void **state)
{
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	assert_string_equal(lines_at(&p, 72),
	    "{\"kind\":\"collection\",\"event\":\"put\","
	    "\"id\":\"470824162851182619\",\"db\":\"db2\","
	    "\"db_id\":\"470824162849981473\",\"name\":\"ren3\","
	    "\"state\":\"created\",\"ts\":\"470824165847597074\","
	    "\"create_ts\":\"470824165795430430\"}\n");
	stop(&p);
}

/* Partitions, then one less, then the collection, then none. */
static void
a_load_says_which_partitions(void **state)
{
	const struct cat_coll *k;
	struct play p;

	(void)state;
	start(&p, "2.6.20-more");
	lines_at(&p, 61);
	k = known(&p.cat, "ld");
	assert_int_equal(k->load, CAT_LOAD_PARTS);
	assert_int_equal(k->n_load_parts, 2);
	assert_int_equal(k->replicas, 1);
	lines_at(&p, 62);
	assert_int_equal(k->load, CAT_LOAD_PARTS);
	assert_int_equal(k->n_load_parts, 1);
	lines_at(&p, 64);
	assert_int_equal(k->load, CAT_LOAD_ALL);
	assert_int_equal(k->n_load_parts, 4);
	lines_at(&p, 68);
	assert_int_equal(k->load, CAT_LOAD_NONE);
	stop(&p);
}

static void
restored_users_have_no_password(void **state)
{
	struct play p;

	(void)state;
	start(&p, "2.6.20-more");
	assert_string_equal(lines_at(&p, 90),
	    "{\"kind\":\"privilege_group\",\"event\":\"put\","
	    "\"name\":\"rpg\",\"privileges\":[\"Insert\",\"Delete\"]}\n"
	    "{\"kind\":\"role\",\"event\":\"put\",\"name\":\"rr\","
	    "\"grants\":[{\"object\":\"Collection\",\"object_name\":\"*\","
	    "\"privilege\":\"PrivilegeInsert\",\"db\":\"default\","
	    "\"user\":\"root\"}]}\n"
	    "{\"kind\":\"user\",\"event\":\"put\",\"name\":\"ru\","
	    "\"roles\":[\"rr\"]}\n");
	stop(&p);
}

static void
a_new_function_field_brings_its_index(void **state)
{
	const struct cat_index *x;
	struct play p;

	(void)state;
	start(&p, "3.0.0");
	lines_at(&p, 3075);
	x = index_of(known(&p.cat, "evo"), "", "sp");
	assert_non_null(x);
	assert_string_equal(kvs_get(&x->params, "metric_type"), "BM25");
	lines_at(&p, 3079); /* the field goes, without a DropIndex */
	assert_null(schema_field(&known(&p.cat, "evo")->schema, "sp"));
	assert_null(index_of(known(&p.cat, "evo"), "", "sp"));
	stop(&p);
}

static void
an_altered_index_is_no_younger(void **state)
{
	uint64_t made;
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	lines_at(&p, 28);
	made = known_index(known(&p.cat, "all"), "ix_fv", "fv")->ts;
	assert_true(made > known(&p.cat, "all")->create_ts);
	lines_at(&p, 38);
	assert_true(
	    known_index(known(&p.cat, "all"), "ix_fv", "fv")->ts == made);
	stop(&p);
}

static void
a_restored_collection_is_in_its_database(void **state)
{
	const struct cat_coll *c;
	struct play p;

	(void)state;
	start(&p, "3.0.0");
	while (step(&p) && coll(&p.cat, "sn_r") == NULL)
		;
	c = coll(&p.cat, "sn_r");
	assert_string_equal(c == NULL ? "" : c->db, "default");
	stop(&p);
}

/* What has no members is named, in a change of something else too. */
static void
what_is_unread_is_said(void **state)
{
	struct cat_coll *k;
	struct play p;

	(void)state;
	start(&p, "3.0.0");
	while (step(&p))
		;
	assert_string_equal(
	    known(&p.cat, "struct")->unread, "struct array 'clips'");
	assert_string_equal(known(&p.cat, "ext1")->unread,
	    "external source, external spec, field 'title': external field, "
	    "field 'v': external field");
	assert_string_equal(known(&p.cat, "evo")->unread, "struct array 'cl'");
	assert_null(known(&p.cat, "all")->unread);
	stop(&p);
	start(&p, "2.6.20-more");
	lines_at(&p, 101);
	k = known(&p.cat, "aid");
	assert_null(k->unread);
	k->unread = x_strdup("something new");
	lines_at(&p, 103); /* its description */
	assert_string_equal(k->unread, "something new");
	stop(&p);
}

/* The catalogue may have been read after it, with a later change in it. */
static void
a_truncation_counts_whatever_is_known(void **state)
{
	struct cat_coll *k;
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	lines_at(&p, 79);
	k = known(&p.cat, "trunc");
	k->ts = INT64_MAX;
	lines_at(&p, 137);
	assert_true(k->truncate_ts == 470824169098182663);
	assert_true(k->ts == INT64_MAX);
	assert_string_equal(k->name, "trunc");
	p.at--;
	assert_string_equal(lines_at(&p, 137), "");
	stop(&p);
}

/* A change twice, or one that the catalogue had before it was read. */
static void
what_is_known_makes_no_line(void **state)
{
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	while (step(&p))
		;
	buf_clear(&p.all);
	for (p.at = 0; step(&p);)
		;
	assert_non_null(strstr(p.all.ptr, "\"kind\":\"user\""));
	assert_null(strstr(p.all.ptr, "\"kind\":\"collection\""));
	assert_null(strstr(p.all.ptr, "\"kind\":\"partition\""));
	assert_null(strstr(p.all.ptr, "\"kind\":\"alias\""));
	stop(&p);
}

static size_t
count(json_t *all, const char *name, const char *list)
{
	return json_array_size(
	    json_object_get(json_object_get(all, name), list));
}

/* A role and a grant that are given twice are there once. */
static void
what_is_given_twice_is_there_once(void **state)
{
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	lines_at(&p, 111);
	p.at--;
	lines_at(&p, 111);
	assert_int_equal(count(p.cat.users, "u1", "roles"), 1);
	lines_at(&p, 112);
	p.at--;
	lines_at(&p, 112);
	assert_int_equal(count(p.cat.roles, "r1", "grants"), 1);
	stop(&p);
}

static void
an_index_may_be_of_the_dynamic_field(void **state)
{
	struct msg m = { .kind = MSG_CREATE_INDEX, .ts = INT64_MAX };
	struct buf b = { 0 }, x = { 0 }, info = { 0 };
	struct play p;

	(void)state;
	start(&p, "2.6.20");
	lines_at(&p, 8);
	pm_int(&info, 1, known(&p.cat, "all")->id);
	pm_int(&info, 2, known(&p.cat, "all")->schema.dynamic_id);
	pm_str(&info, 3, "dyn");
	pm_int(&info, 4, 77);
	pm_sub(&x, 1, &info);
	pm_sub(&b, 1, &x);
	m.body = (struct span){ b.ptr, b.len };
	apply(&p, &m);
	assert_string_equal(
	    known_index(known(&p.cat, "all"), "dyn", NULL)->field, "$meta");
	buf_fini(&b);
	stop(&p);
}

static void
what_nobody_knows_makes_no_line(void **state)
{
	static const int64_t offsets[] = { 38, 39, 41, 45, 71, 77, 137 };
	struct buf lines = { 0 };
	struct err e = { 0 };
	struct play p;
	struct msg m;

	(void)state;
	start(&p, "2.6.20");
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		struct logrec *l = logfile_at(&p.f, "dml_0", offsets[i]);

		assert_int_equal(v26_decode(&l->r, &m, &e), 0);
		assert_int_equal(catlog_lines(&p.cat, &m, &lines, &e), 0);
		assert_int_equal(lines.len, 0);
	}
	stop(&p);
}

/* A message of a kind with this header and body, which are emptied. */
static void
refused(
    enum msg_kind kind, struct buf *header, struct buf *body, const char *why)
{
	struct msg m = { .kind = kind, .ts = 9, .name = "X" };
	struct buf lines = { 0 };
	struct err e = { 0 };
	struct play p;

	start(&p, "2.6.20");
	m.header = (struct span){ header->ptr, header->len };
	m.body = (struct span){ body->ptr, body->len };
	buf_adds(&lines, "before\n");
	assert_int_equal(catlog_lines(&p.cat, &m, &lines, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_string_equal(e.msg, why);
	assert_string_equal(lines.ptr, "before\n");
	buf_fini(&lines);
	buf_fini(header);
	buf_fini(body);
	stop(&p);
}

static void
refuses_what_it_cannot_read(void **state)
{
	struct buf h = { 0 }, b = { 0 }, sub = { 0 };

	(void)state;
	pm_str(&sub, 1, "shards");
	pm_sub(&h, 3, &sub);
	pm_str(&b, 1, "");
	refused(MSG_ALTER_COLLECTION, &h, &b,
	    "X: it changes 'shards', which this program does not know; a newer "
	    "cdc-read may");
	refused(MSG_ALTER_COLLECTION, &h, &b, "X: it has no new values");
	pm_int(&b, 6, 5);
	refused(MSG_CREATE_COLLECTION, &h, &b,
	    "X: it has no schema, or 0 partitions with 0 names");
	buf_adds(&h, "\xff");
	refused(
	    MSG_ALTER_ALIAS, &h, &b, "X: its header is no AlterAliasHeader");
	buf_adds(&b, "\xff");
	refused(MSG_ALTER_INDEX, &h, &b, "X: its payload is no IndexBody");
	refused(MSG_ALTER_PRIVILEGE, &h, &b, "X: it has no grant");
	refused(MSG_TICK, &h, &b, "X is no change of a catalogue");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_client_of_2_6_did_is_in_the_catalogue),
		cmocka_unit_test(and_when_it_did_more),
		cmocka_unit_test(what_a_client_of_3_0_did_is_in_the_catalogue),
		cmocka_unit_test(a_rename_has_the_time_of_the_control_channel),
		cmocka_unit_test(a_load_says_which_partitions),
		cmocka_unit_test(restored_users_have_no_password),
		cmocka_unit_test(a_new_function_field_brings_its_index),
		cmocka_unit_test(an_altered_index_is_no_younger),
		cmocka_unit_test(a_restored_collection_is_in_its_database),
		cmocka_unit_test(what_is_unread_is_said),
		cmocka_unit_test(a_truncation_counts_whatever_is_known),
		cmocka_unit_test(what_is_known_makes_no_line),
		cmocka_unit_test(what_is_given_twice_is_there_once),
		cmocka_unit_test(an_index_may_be_of_the_dynamic_field),
		cmocka_unit_test(what_nobody_knows_makes_no_line),
		cmocka_unit_test(refuses_what_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
