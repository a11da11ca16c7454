#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd.pb-c.h"

#include "base/buf.h"
#include "base/err.h"
#include "meta/keys.h"
#include "meta/line.h"

/* As Milvus 2.3.5 wrote it: ledger 1, entry 7, partition 0, batch index 0. */
#define PULSAR "\x08\x01\x10\x07\x18\x00\x20\x00"
#define TOMBSTONE "\xe2\x9b\xbc"
#define DB "root-coord/database/db-info/"
#define COLL "root-coord/database/collection-info/"

static int
setup(void **state)
{
	*state = metastore_new(&keys_v23);
	return 0;
}

static int
teardown(void **state)
{
	metastore_free(*state);
	return 0;
}

static void
put(struct metastore *m, const char *key, const char *value)
{
	metastore_put(m, key, value, strlen(value));
}

/* A CollectionInfo of that name and state, put to key. */
static struct item *
put_coll(struct metastore *m, const char *key, const char *name, int state)
{
	Pb__CollectionSchema schema = PB__COLLECTION_SCHEMA__INIT;
	Pb__CollectionInfo c = PB__COLLECTION_INFO__INIT;
	uint8_t b[256];
	char text[64];
	struct item *i;

	assert_true(strlen(name) < sizeof text);
	memcpy(text, name, strlen(name) + 1);
	schema.name = text;
	c.schema = &schema;
	c.state = state;
	c.create_time = 5;
	assert_true(pb__collection_info__get_packed_size(&c) < sizeof b);
	i = metastore_put(m, key, b, pb__collection_info__pack(&c, b));
	assert_non_null(i);
	metastore_make(m, ITEM_HEAD, i->a, 0, "");
	return i;
}

/* The line's members, to be freed. */
static char *
line(struct metastore *m, enum meta_kind kind, size_t at)
{
	struct meta_about about;
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t n;
	struct item *const *v = meta_heads(m, kind, &n);

	assert_true(at < n);
	assert_int_equal(meta_line(m, kind, v[at], &b, &about, &e), 0);
	return buf_take(&b);
}

static void
has(struct metastore *m, enum meta_kind kind, const char *part)
{
	char *s = line(m, kind, 0);

	if (strstr(s, part) == NULL)
		fail_msg("no '%s' in '%s'", part, s);
	free(s);
}

static void
keys_of_no_interest_are_left_alone(void **state)
{
	static const char *const keys[] = { "", "root-coord", DB, DB "x",
		DB "1/2", DB "99999999999999999999", COLL "1", COLL "1/",
		COLL "1/2/3", "root-coord/partitions/1", "segment-index/1/2",
		"root-coord/credential/users/", "snapshots/" DB "1",
		"snapshots/" DB "1_ts", "snapshots/" DB "1_tsx" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		assert_null(metastore_put(*state, keys[i], "", 0));
		assert_null(metastore_delete(*state, keys[i]));
	}
}

static void
a_tombstone_is_gone_but_its_last_value_is_known(void **state)
{
	struct metastore *m = *state;
	struct item *i;

	put(m, DB "7", TOMBSTONE);
	put(m, "snapshots/" DB "7_ts100", "\x12\x03old");
	put(m, "snapshots/" DB "7_ts200", "\x12\x03new");
	put(m, "snapshots/" DB "7_ts300", TOMBSTONE);
	i = metastore_get(m, ITEM_DB, 7, 0, "");
	assert_true(i->gone);
	assert_int_equal(i->ts, 300);
	assert_int_equal(i->drop_ts, 300);
	assert_int_equal(metastore_max_ts(m), 300);
	has(m, META_DATABASE, "\"name\":\"new\",\"state\":\"dropped\"");
	put(m, DB "7",
	    "\x12\x05"
	    "again");
	put(m, "snapshots/" DB "7_ts400",
	    "\x12\x05"
	    "again");
	assert_int_equal(i->drop_ts, 0);
	has(m, META_DATABASE,
	    "\"name\":\"again\",\"state\":\"created\",\"ts\":\"400\"");
}

static void
a_live_value_is_not_replaced_by_its_history(void **state)
{
	struct metastore *m = *state;

	put(m, DB "7", "\x12\x03now");
	put(m, "snapshots/" DB "7_ts100", "\x12\x03old");
	has(m, META_DATABASE, "\"name\":\"now\"");
}

static void
a_drop_is_dated_when_it_began(void **state)
{
	struct metastore *m = *state;

	put_coll(m, COLL "1/9", "c", STATE_CREATED);
	put_coll(m, "snapshots/" COLL "1/9_ts5", "c", STATE_CREATED);
	put_coll(m, COLL "1/9", "c", STATE_DROPPING);
	put_coll(m, "snapshots/" COLL "1/9_ts100", "c", STATE_DROPPING);
	has(m, META_COLLECTION, "\"state\":\"dropping\",\"ts\":\"100\"");
	put(m, COLL "1/9", TOMBSTONE);
	put(m, "snapshots/" COLL "1/9_ts900", TOMBSTONE);
	has(m, META_COLLECTION,
	    "\"name\":\"c\",\"state\":\"dropped\",\"ts\":\"100\",\"create_"
	    "ts\":\"5\"");
	assert_int_equal(metastore_max_ts(m), 900);
}

static void
without_snapshots_it_is_as_old_as_itself(void **state)
{
	put_coll(*state, COLL "1/9", "c", STATE_CREATED);
	has(*state, META_COLLECTION, "\"state\":\"created\",\"ts\":\"5\"");
}

static void
a_collection_is_where_it_lives(void **state)
{
	struct metastore *m = *state;
	struct meta_name n;
	struct item *old, *new;

	put(m, DB "1",
	    "\x12\x07"
	    "default");
	put(m, DB "2", "\x12\x03two");
	old = put_coll(m, COLL "1/9", "c", STATE_CREATED);
	old->ts = 50;
	assert_int_equal(meta_coll_name(m, 9, &n), STATE_CREATED);
	assert_string_equal(n.db, "default");
	new = put_coll(m, COLL "2/9", "d", STATE_CREATED);
	new->ts = 60;
	put(m, COLL "1/9", TOMBSTONE);
	old->ts = 60;
	has(m, META_COLLECTION,
	    "\"db\":\"two\",\"db_id\":\"2\",\"name\":\"d\"");
	put(m, COLL "2/9", TOMBSTONE);
	old->ts = 60;
	new->ts = 70;
	assert_int_equal(meta_coll_name(m, 9, &n), STATE_DROPPED);
	assert_string_equal(n.db, "two");
	assert_int_equal(meta_coll_name(m, 10, &n), STATE_DROPPED);
	assert_string_equal(n.coll, "");
}

static void
a_name_may_look_like_a_snapshot(void **state)
{
	struct metastore *m = *state;

	put(m, "root-coord/database/aliases/1/a_ts5", "\x10\x09");
	put(m, "snapshots/root-coord/database/aliases/1/a_ts5_ts77",
	    "\x10\x09");
	has(m, META_ALIAS,
	    "\"name\":\"a_ts5\",\"coll_id\":\"9\","
	    "\"state\":\"created\",\"ts\":\"77\"");
}

static void
the_layout_before_databases_is_default(void **state)
{
	put_coll(*state, "root-coord/collection/9", "c", STATE_CREATED);
	has(*state, META_COLLECTION,
	    "\"id\":\"9\",\"db\":\"default\",\"db_id\":\"1\",\"name\":\"c\"");
}

static void
fields_make_a_schema_in_order_of_their_ids(void **state)
{
	struct metastore *m = *state;
	char *s, *ten, *nine;

	put_coll(m, COLL "1/9", "c", STATE_CREATED);
	put(m, "root-coord/fields/9/1", "\x08\x01\x12\x02ts\x28\x05");
	put(m, "root-coord/fields/9/1000", "\x08\xe8\x07\x12\x03ten\x28\x05");
	put(m, "root-coord/fields/9/999", "\x08\xe7\x07\x12\x04nine\x28\x05");
	s = line(m, META_COLLECTION, 0);
	ten = strstr(s, "\"ten\"");
	nine = strstr(s, "\"nine\"");
	assert_non_null(ten);
	assert_non_null(nine);
	assert_true(nine < ten);
	assert_null(strstr(s, "\"ts\",\"type\""));
	free(s);
}

static void
a_position_of_another_queue_is_refused(void **state)
{
	struct metastore *m = *state;
	struct meta_about about;
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t n;

	/* schema {}, start_positions { key "t", data of Pulsar's } */
	metastore_put(
	    m, COLL "1/9", "\x12\x00\x5a\x0d\x0a\x01t\x12\x08" PULSAR, 17);
	metastore_make(m, ITEM_HEAD, 9, 0, "");
	assert_int_equal(
	    meta_line(m, META_COLLECTION, meta_heads(m, META_COLLECTION, &n)[0],
		&b, &about, &e),
	    -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_non_null(strstr(e.msg,
	    "start position of 't': the log of this source is Pulsar, "));
	buf_fini(&b);
}

static void
partitions_are_loaded_when_the_first_is(void **state)
{
	static const char load[] = "\x08\x09\x18\x02\x30\x01";
	struct metastore *m = *state;
	struct item *i;
	enum meta_kind kind;
	char *s;

	metastore_put(
	    m, "querycoord-collection-loadinfo/9", load, sizeof load - 1);
	s = line(m, META_LOAD, 0);
	assert_string_equal(s, "\"coll_id\":\"9\"");
	free(s);
	i = metastore_put(m, "querycoord-partition-loadinfo/9/10", "", 0);
	assert_ptr_equal(meta_head_of(m, i, &kind),
	    metastore_get(m, ITEM_LOAD_COLL, 9, 0, ""));
	assert_int_equal(kind, META_LOAD);
	has(m, META_LOAD,
	    "\"type\":\"partitions\",\"replicas\":2,"
	    "\"partitions\":[\"10\"]");
}

static void
grants_are_found_by_their_role(void **state)
{
	struct metastore *m = *state;
	struct item *i;
	enum meta_kind kind;

	put(m, "root-coord/credential/roles/r", "");
	put(m, "root-coord/credential/grantee-privileges/r/Collection/d.c",
	    "id1");
	put(m, "root-coord/credential/grantee-privileges/rr/Global/*", "id2");
	i = metastore_put(
	    m, "root-coord/credential/grantee-id/id1/Insert", "root", 4);
	assert_string_equal(meta_head_of(m, i, &kind)->name, "r");
	has(m, META_ROLE,
	    "\"name\":\"r\",\"grants\":[{\"object\":\"Collection\",\"object_"
	    "name\":\"c\",\"privilege\":\"Insert\",\"db\":\"d\",\"user\":"
	    "\"root\"}]");
	metastore_delete(m, "root-coord/credential/grantee-id/id1/Insert");
	has(m, META_ROLE, "\"grants\":[]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_of_no_interest_are_left_alone),
		TEST(a_tombstone_is_gone_but_its_last_value_is_known),
		TEST(a_live_value_is_not_replaced_by_its_history),
		TEST(a_drop_is_dated_when_it_began),
		TEST(without_snapshots_it_is_as_old_as_itself),
		TEST(a_collection_is_where_it_lives),
		TEST(a_name_may_look_like_a_snapshot),
		TEST(the_layout_before_databases_is_default),
		TEST(fields_make_a_schema_in_order_of_their_ids),
		TEST(a_position_of_another_queue_is_refused),
		TEST(partitions_are_loaded_when_the_first_is),
		TEST(grants_are_found_by_their_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
