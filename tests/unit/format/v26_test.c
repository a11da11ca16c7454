/* Most of it on records of genuine servers: tests/data/logs/README. */
#include "format/v26.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "../logfile.h"
#include "../pbmake.h"
#include "base/err.h"
#include "codec/base64.h"

static struct logfile log26, more26, log30;

static int
is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static struct msg
decoded(struct logrec *l)
{
	struct err e = { 0 };
	struct msg m;

	if (v26_decode(&l->r, &m, &e) == -1)
		fail_msg("%s %" PRId64 ": %s", l->topic, l->offset, e.msg);
	return m;
}

/* Every type that the recordings have, and how many of it in each. */
static const struct {
	int type;
	enum msg_kind kind;
	enum msg_use use;
	size_t n26, more, n30;
} want[] = {
	{ 1, MSG_TICK, MSG_USE_TICK, 6, 9, 9 },
	{ 2, MSG_INSERT, MSG_USE_ROWS, 23, 37, 70 },
	{ 3, MSG_DELETE, MSG_USE_ROWS, 7, 15, 19 },
	{ 5, MSG_CREATE_COLLECTION, MSG_USE_DDL, 28, 29, 83 },
	{ 6, MSG_DROP_COLLECTION, MSG_USE_DDL, 7, 3, 12 },
	{ 7, MSG_CREATE_PARTITION, MSG_USE_DDL, 6, 12, 20 },
	{ 8, MSG_DROP_PARTITION, MSG_USE_DDL, 3, 0, 3 },
	{ 9, MSG_FLUSH, MSG_USE_FLUSH, 2, 2, 6 },
	{ 10, MSG_OTHER, MSG_USE_NONE, 3, 3, 3 },
	{ 11, MSG_IMPORT, MSG_USE_GAP, 0, 4, 5 },
	{ 13, MSG_ALTER_COLLECTION, MSG_USE_DDL, 19, 19, 53 },
	{ 14, MSG_ALTER_LOAD, MSG_USE_DDL, 0, 6, 7 },
	{ 15, MSG_DROP_LOAD, MSG_USE_DDL, 0, 2, 3 },
	{ 16, MSG_CREATE_DATABASE, MSG_USE_DDL, 3, 0, 3 },
	{ 17, MSG_ALTER_DATABASE, MSG_USE_DDL, 2, 0, 2 },
	{ 18, MSG_DROP_DATABASE, MSG_USE_DDL, 2, 0, 2 },
	{ 19, MSG_ALTER_ALIAS, MSG_USE_DDL, 4, 2, 6 },
	{ 20, MSG_DROP_ALIAS, MSG_USE_DDL, 2, 0, 2 },
	{ 21, MSG_RESTORE_RBAC, MSG_USE_DDL, 0, 1, 1 },
	{ 22, MSG_ALTER_USER, MSG_USE_DDL, 3, 2, 5 },
	{ 23, MSG_DROP_USER, MSG_USE_DDL, 1, 1, 3 },
	{ 24, MSG_ALTER_ROLE, MSG_USE_DDL, 2, 2, 4 },
	{ 25, MSG_DROP_ROLE, MSG_USE_DDL, 1, 1, 3 },
	{ 26, MSG_ALTER_USER_ROLE, MSG_USE_DDL, 1, 1, 2 },
	{ 27, MSG_DROP_USER_ROLE, MSG_USE_DDL, 1, 1, 2 },
	{ 28, MSG_ALTER_PRIVILEGE, MSG_USE_DDL, 3, 1, 4 },
	{ 29, MSG_DROP_PRIVILEGE, MSG_USE_DDL, 3, 1, 4 },
	{ 30, MSG_ALTER_PRIVILEGE_GROUP, MSG_USE_DDL, 3, 2, 5 },
	{ 31, MSG_DROP_PRIVILEGE_GROUP, MSG_USE_DDL, 2, 1, 4 },
	{ 32, MSG_TOLD, MSG_USE_TOLD, 1, 1, 2 },
	{ 33, MSG_TOLD, MSG_USE_TOLD, 1, 0, 1 },
	{ 34, MSG_CREATE_INDEX, MSG_USE_DDL, 12, 1, 15 },
	{ 35, MSG_ALTER_INDEX, MSG_USE_DDL, 1, 0, 1 },
	{ 36, MSG_DROP_INDEX, MSG_USE_DDL, 1, 0, 1 },
	{ 37, MSG_FLUSH_ALL, MSG_USE_FLUSH, 4, 4, 8 },
	{ 38, MSG_TRUNCATE_COLLECTION, MSG_USE_DDL, 2, 3, 5 },
	{ 39, MSG_GAP, MSG_USE_GAP, 0, 0, 1 },
	{ 40, MSG_TOLD, MSG_USE_TOLD, 0, 0, 3 },
	{ 41, MSG_TOLD, MSG_USE_TOLD, 0, 0, 1 },
	{ 42, MSG_GAP, MSG_USE_GAP, 0, 0, 1 },
	{ 43, MSG_GAP, MSG_USE_GAP, 0, 0, 1 },
	{ 45, MSG_COMMIT_IMPORT, MSG_USE_GAP, 0, 0, 2 },
	{ 46, MSG_OTHER, MSG_USE_NONE, 0, 0, 1 },
	{ 800, MSG_TOLD, MSG_USE_TOLD, 0, 4, 4 },
	{ 900, MSG_BEGIN, MSG_USE_TXN, 3, 16, 16 },
	{ 901, MSG_COMMIT, MSG_USE_TXN, 3, 6, 7 },
	{ 902, MSG_ROLLBACK, MSG_USE_TXN, 0, 3, 0 },
};

enum { TYPES = sizeof want / sizeof *want };

static void
count(const struct logfile *f, size_t *n)
{
	for (size_t i = 0; i < f->n; i++) {
		struct msg m = decoded(&f->v[i]);
		size_t k = 0;

		while (k < TYPES && want[k].type != m.type)
			k++;
		if (k == TYPES) {
			fail();
			return;
		}
		assert_int_equal(m.kind, want[k].kind);
		assert_int_equal(msg_use(m.kind), want[k].use);
		assert_int_equal(atoi(f->v[i].type), m.type);
		assert_non_null(m.name);
		assert_true(m.ts > 470824000000000000);
		assert_true(m.confirmed.len > 0 || m.confirmed_own);
		n[k]++;
	}
}

static void
every_type_of_a_genuine_log_has_its_kind(void **state)
{
	size_t n[3][TYPES] = { 0 };

	(void)state;
	count(&log26, n[0]);
	count(&more26, n[1]);
	count(&log30, n[2]);
	for (size_t k = 0; k < TYPES; k++) {
		assert_int_equal(n[0][k], want[k].n26);
		assert_int_equal(n[1][k], want[k].more);
		assert_int_equal(n[2][k], want[k].n30);
	}
}

static void
an_insert_has_the_time_of_its_record(void **state)
{
	struct logrec *l = logfile_at(&log26, "dml_0", 16);
	struct msg m = decoded(l);

	(void)state;
	logfile_forget_headers(l);
	assert_true(m.ts == 470824165585453077); /* rows: …598560264 */
	assert_int_equal(m.coll_id, 470824162849981478);
	assert_int_equal(m.part_id, 470824162849981479);
	assert_int_equal(m.rows, 9);
	assert_int_equal(m.msg_id, 0);
	assert_int_equal(m.txn_id, 0);
	assert_int_equal(m.broadcast_id, 0);
	assert_true(is(m.db, "default") && is(m.coll, "all"));
	assert_true(is(m.part, "_default") && is(m.confirmed, "e"));
	assert_true(
	    is(m.shard, "by-m26b-rootcoord-dml_0_470824162849981478v0"));
	assert_ptr_equal(m.body.ptr, l->r.ptr);
	assert_int_equal(m.body.len, 3853);
}

static void
a_first_tick_is_its_own_confirmed_place(void **state)
{
	struct msg m = decoded(logfile_at(&log26, "dml_0", 0));

	(void)state;
	assert_true(m.ts == 470824162964015059);
	assert_int_equal(m.confirmed_own, 1);
	assert_int_equal(m.confirmed.len, 0);
	assert_int_equal(m.shard.len, 0);
}

/* The members of a transaction, in the order of the log. */
static size_t
members(const struct logfile *f, int64_t id, struct msg *v, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct msg m;

		if (json_object_get(f->v[i].headers, "_tx") == NULL)
			continue;
		m = decoded(&f->v[i]);
		if (m.txn_id != id)
			continue;
		assert_true(n < max);
		assert_int_equal(m.keepalive_ms, 10000);
		v[n++] = m;
	}
	return n;
}

static void
an_upsert_may_have_its_insert_first(void **state)
{
	struct msg v[4];

	(void)state;
	assert_int_equal(members(&more26, 470824472812130916, v, 4), 4);
	assert_int_equal(v[0].kind, MSG_BEGIN);
	assert_int_equal(v[1].kind, MSG_INSERT);
	assert_int_equal(v[2].kind, MSG_DELETE);
	assert_int_equal(v[3].kind, MSG_COMMIT);
	assert_true(v[0].ts < v[2].ts && v[2].ts < v[1].ts);
	assert_true(v[1].ts < v[3].ts);
	assert_true(v[1].rows == v[2].rows && v[1].rows > 0);
	for (int i = 0; i < 4; i++)
		assert_true(v[i].shard.len == v[0].shard.len &&
			    memcmp(v[i].shard.ptr, v[0].shard.ptr,
				v[0].shard.len) == 0);
}

static void
a_transaction_may_have_no_end_or_a_rollback(void **state)
{
	struct msg v[3] = { 0 };

	(void)state;
	assert_int_equal(members(&more26, 470824472812130953, v, 3), 3);
	assert_int_equal(v[0].kind, MSG_BEGIN);
	assert_int_equal(v[1].kind, MSG_DELETE);
	assert_int_equal(v[2].kind, MSG_INSERT);
	/* its msgID comes again in the one that is committed */
	assert_int_equal(v[1].msg_id, 0);
	assert_int_equal(members(&more26, 470824472812131164, v, 3), 3);
	assert_int_equal(v[1].kind, MSG_DELETE);
	assert_int_equal(v[2].kind, MSG_ROLLBACK);
}

static int
is_listed(const struct spans *names, struct span s)
{
	int n = 0;

	for (size_t i = 0; i < names->n; i++)
		n += names->v[i].len == s.len &&
		     memcmp(names->v[i].ptr, s.ptr, s.len) == 0;
	return n;
}

static void
a_broadcast_has_a_copy_on_each_of_its_vchannels(void **state)
{
	static const uint64_t id = 470824162849980478;
	struct spans names = { 0 };
	struct err e = { 0 };
	size_t copies = 0, control = 0;

	(void)state;
	for (size_t i = 0; i < log26.n; i++) {
		struct msg m = decoded(&log26.v[i]);

		if (m.broadcast_id != id)
			continue;
		logfile_forget_headers(&log26.v[i]);
		spans_fini(&names);
		assert_int_equal(v26_vchannels(&m, &names, &e), 0);
		assert_int_equal(names.n, 3);
		assert_int_equal(is_listed(&names, m.shard), 1);
		assert_int_equal(m.kind, MSG_CREATE_COLLECTION);
		assert_int_equal(m.coll_id, 470824162849981478);
		assert_int_equal(m.db_id, 1);
		assert_true(is(m.coll, "all") && m.schema.len == 887);
		control += (size_t)m.control;
		copies++;
	}
	assert_int_equal(copies, 3);
	assert_int_equal(control, 1);
	spans_fini(&names);
}

static void
ids_of_a_change_stand_in_its_header(void **state)
{
	struct msg m = decoded(logfile_at(&log26, "dml_0", 72));

	(void)state;
	assert_int_equal(m.kind, MSG_ALTER_COLLECTION); /* a rename */
	assert_int_equal(m.coll_id, 470824162851182619);
	assert_int_equal(m.db_id, 1);
	assert_true(m.header.len > 0 && m.body.len > 0);
	m = decoded(logfile_at(&log26, "dml_0", 5));
	assert_int_equal(m.kind, MSG_ALTER_DATABASE);
	assert_int_equal(m.db_id, 470824162849981472);
	m = decoded(logfile_at(&log26, "dml_0", 47));
	assert_int_equal(m.kind, MSG_ALTER_ALIAS);
	assert_int_equal(m.coll_id, 470824162849981478);
}

/* Bytes that have a password in them; freed memory has none. */
static int
has_token(struct span s)
{
	static const char token[] = "root:Milvus";

	return memmem(s.ptr, s.len, token, sizeof token - 1) != NULL;
}

static void
tokens_of_a_replicate_configuration_are_not_handed_on(void **state)
{
	struct msg m;

	(void)state;
	for (size_t i = 0; i < more26.n; i++) {
		if (strcmp(more26.v[i].type, "800") != 0)
			continue;
		m = decoded(&more26.v[i]);
		assert_int_equal(m.ends_txns, 0);
		assert_int_equal(m.header.len, 0);
		assert_false(has_token(m.body));
	}
}

static void
every_cut_of_an_insert_is_an_error(void **state)
{
	struct logrec *l = logfile_at(&log30, "dml_0", 15);
	size_t len = l->r.len;
	struct err e;
	struct msg m;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		void *copy = x_memdup(l->r.ptr, n);
		struct record r = { .ptr = copy,
			.len = n,
			.own = copy,
			.headers = l->r.headers };

		assert_int_equal(v26_decode(&r, &m, &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
		record_free(&r);
	}
	decoded(l);
}

/* Made by hand: what no server of the recordings wrote. */
struct made {
	struct logrec l;
	struct err e;
	struct msg m;
};

static void
set(struct made *a, const char *name, const char *text)
{
	json_object_set_new(a->l.headers, name, json_string(text));
}

static void
set_pb(struct made *a, const char *name, struct buf *b)
{
	struct buf text = { 0 };

	b64_add(&text, b->ptr, b->len);
	set(a, name, text.ptr == NULL ? "" : text.ptr);
	buf_fini(&text);
	buf_fini(b);
}

static struct made
make(const char *type, const char *v)
{
	struct made a = { 0 };

	a.l.headers = json_object();
	a.l.pub.get = logfile_header;
	set(&a, "_v", v);
	set(&a, "_t", type);
	set(&a, "_tt", "3krx8joeszd2");
	set(&a, "_lc", "0");
	set(&a, "_vc", "dml_0_1v0");
	return a;
}

static void
payload(struct made *a, struct buf *b)
{
	free(a->l.r.own);
	a->l.r.own = x_memdup(b->ptr, b->len);
	a->l.r.ptr = a->l.r.own;
	a->l.r.len = b->len;
	buf_fini(b);
}

static int
decode(struct made *a)
{
	a->l.r.headers = &a->l.pub;
	return v26_decode(&a->l.r, &a->m, &a->e);
}

static void
done(struct made *a)
{
	json_decref(a->l.headers);
	record_free(&a->l.r);
}

static void
refused(struct made *a, const char *why)
{
	assert_int_equal(decode(a), -1);
	assert_int_equal(a->e.kind, ERR_DATA);
	if (strstr(a->e.msg, why) == NULL)
		fail_msg("'%s' is not in '%s'", why, a->e.msg);
	done(a);
}

static void
refuse_type(const char *type, const char *v, const char *why)
{
	struct made a = make(type, v);

	refused(&a, why);
}

static void
refuse_with(const char *name, const char *text, const char *why)
{
	struct made a = make("4", "2");

	set(&a, name, text);
	refused(&a, why);
}

static void
refuses_what_it_does_not_know(void **state)
{
	(void)state;
	refuse_type("47", "2", "type 47 (version 2) is not one of Milvus");
	refuse_type("0", "2", "type 0 (version 2) is not one of Milvus");
	refuse_type("2", "2", "Insert of version 2, this program reads 1");
	refuse_type("4", "3", "Flush of version 3, this program reads 2");
	refuse_type("700", "2", "AlterWAL: from here on the source writes its");
	refuse_type("999", "2", "Txn: a transaction without its rows");
	refuse_type("12", "2", "SchemaChange: written by Milvus 2.6.0 to 2.6");
	refuse_type("x", "2", "property '_t': 'x' is not an integer");
	refuse_with("_ch", "CAE=", "Flush: its payload is encrypted");
	refuse_with("_ct", "2", "Flush: it is a piece of a message");
	refuse_with("_ci", "0", "Flush: it is a piece of a message");
}

static void
refuses_broken_properties(void **state)
{
	struct made a = make("4", "2");

	(void)state;
	json_object_del(a.l.headers, "_tt");
	refused(&a, "Flush: it has no property '_tt'");
	a = make("900", "2");
	refused(&a, "BeginTxn: it has no property '_tx'");
	refuse_with("_tt", "3krX", "property '_tt': '3krX' is not an integer");
	refuse_with("_tt", "zzzzzzzzzzzzzz", "in base 36");
	refuse_with("_h", "!", "property '_h' is not base64");
	refuse_with("_h", "CA==", "property '_h': broken protobuf");
	refuse_with("_bh", "CAA=", "property '_bh' is not a BroadcastHeader");
	refuse_with("_bh", "CgE=", "property '_bh' is not a BroadcastHeader");
	refuse_with("_tx", "", "property '_tx' is not a TxnContext");
	refuse_with("_tx", "CAA=", "property '_tx' is not a TxnContext");
	refuse_with("_tx", "?", "property '_tx' is not a TxnContext");
}

/* msg.proto: MsgBase as field 1, and one field more. */
static void
old_payload(struct made *a, int type, uint32_t field, const char *text)
{
	struct buf b = { 0 }, base = { 0 };

	pm_int(&base, 1, type);
	pm_sub(&b, 1, &base);
	if (field != 0)
		pm_str(&b, field, text);
	payload(a, &b);
}

static void
refuses_a_payload_that_is_not_what_it_says(void **state)
{
	struct made a = make("3", "1");
	struct buf b = { 0 };

	(void)state;
	old_payload(&a, WIRE_DELETE, 14, "plan");
	refused(&a, "Delete: a delete by plan");
	a = make("3", "1");
	old_payload(&a, WIRE_INSERT, 0, "");
	refused(&a, "Delete: payload: type 400, want 401");
	a = make("3", "1");
	json_object_del(a.l.headers, "_vc");
	old_payload(&a, WIRE_DELETE, 0, "");
	refused(&a, "Delete: it has no property '_vc'");
	a = make("2", "1");
	old_payload(&a, WIRE_INSERT, 0, "");
	refused(&a, "Insert: rows in version 0");
	a = make("13", "2");
	pm_raw(&b, 1 << 3 | 2);
	pm_raw(&b, 9);
	payload(&a, &b);
	refused(&a, "AlterCollection: payload: broken protobuf");
}

static void
a_forced_promotion_ends_open_transactions(void **state)
{
	struct made a = make("800", "2");
	struct buf h = { 0 };

	(void)state;
	pm_int(&h, 3, 1);
	set_pb(&a, "_h", &h);
	assert_int_equal(decode(&a), 0);
	assert_int_equal(a.m.ends_txns, 1);
	pm_int(&h, 3, 1);
	pm_int(&h, 4, 1);
	set_pb(&a, "_h", &h);
	assert_int_equal(decode(&a), 0); /* what was kept goes, too */
	assert_int_equal(a.m.ends_txns, 0);
	done(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_a_genuine_log_has_its_kind),
		cmocka_unit_test(an_upsert_may_have_its_insert_first),
		cmocka_unit_test(a_transaction_may_have_no_end_or_a_rollback),
		cmocka_unit_test(an_insert_has_the_time_of_its_record),
		cmocka_unit_test(a_first_tick_is_its_own_confirmed_place),
		cmocka_unit_test(
		    tokens_of_a_replicate_configuration_are_not_handed_on),
		cmocka_unit_test(ids_of_a_change_stand_in_its_header),
		cmocka_unit_test(
		    a_broadcast_has_a_copy_on_each_of_its_vchannels),
		cmocka_unit_test(every_cut_of_an_insert_is_an_error),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(refuses_broken_properties),
		cmocka_unit_test(refuses_a_payload_that_is_not_what_it_says),
		cmocka_unit_test(a_forced_promotion_ends_open_transactions),
	};
	int rc;

	logfile_open(&log26, "2.6.20");
	logfile_open(&more26, "2.6.20-more");
	logfile_open(&log30, "3.0.0");
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	logfile_close(&log26);
	logfile_close(&more26);
	logfile_close(&log30);
	return rc;
}
