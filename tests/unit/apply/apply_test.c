#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/apply.h"

#include "apply/queue_priv.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "milvus/keyset.h"

static void
keys_come_and_go(void **state)
{
	enum { N = 20000 };
	struct keyset k = { 0 };
	int owner[2];
	uint64_t *h = x_calloc(N, sizeof *h);

	(void)state;
	assert_null(keyset_get(&k, 5));
	keyset_del(&k, 5, &k);
	for (uint64_t i = 0; i < N; i++) {
		h[i] = keyset_hash(i % 3, &i, sizeof i);
		assert_null(keyset_get(&k, h[i]));
		keyset_put(&k, h[i], &owner[i % 2], i);
	}
	for (size_t i = 0; i < N; i += 2)
		keyset_del(&k, h[i], &owner[0]);
	assert_int_equal(k.n, N / 2);
	for (size_t i = 0; i < N; i++)
		assert_ptr_equal(
		    keyset_get(&k, h[i]), i % 2 == 0 ? NULL : &owner[1]);
	keyset_put(&k, h[1], &owner[0], 7);
	keyset_del(&k, h[1], &owner[1]);
	assert_int_equal(k.n, N / 2);
	assert_ptr_equal(keyset_get(&k, h[1]), &owner[0]);
	assert_int_equal(keyset_at(&k, h[1]), 7);
	assert_int_equal(keyset_at(&k, h[3]), 3);
	keyset_put(&k, h[1], &owner[1], 1);
	for (size_t i = 1; i < N; i += 2)
		keyset_del(&k, h[i], &owner[1]);
	assert_int_equal(k.n, 0);
	free(h);
	keyset_fini(&k);
}

static void
hashes_tell_keys_and_collections_apart(void **state)
{
	(void)state;
	assert_true(keyset_hash(1, "a", 1) != keyset_hash(2, "a", 1));
	assert_true(keyset_hash(1, "a", 1) != keyset_hash(1, "b", 1));
	assert_true(keyset_hash(1, "", 0) != keyset_hash(1, "\0", 1));
	assert_true(
	    keyset_hash(1, "12345678", 8) != keyset_hash(1, "12345678\0", 9));
	assert_int_equal(keyset_hash(1, "abc", 3), keyset_hash(1, "abc", 3));
}

static void
names_are_changed_by_the_closest_rule(void **state)
{
	struct names n = { 0 };
	struct err e = { 0 };
	const char *db, *coll;

	(void)state;
	assert_int_equal(names_add(&n, "a=b", &e), 0);
	assert_int_equal(names_add(&n, "a.x=c.y", &e), 0);
	assert_string_equal(names_db(&n, "a"), "b");
	assert_string_equal(names_db(&n, "z"), "z");
	names_coll(&n, "a", "x", &db, &coll);
	assert_string_equal(db, "c");
	assert_string_equal(coll, "y");
	names_coll(&n, "a", "w", &db, &coll);
	assert_string_equal(db, "b");
	assert_string_equal(coll, "w");
	assert_int_equal(names_add(&n, "a", &e), -1);
	assert_int_equal(names_add(&n, "a=", &e), -1);
	assert_int_equal(names_add(&n, "=b", &e), -1);
	assert_int_equal(names_add(&n, "a.=b.c", &e), -1);
	assert_int_equal(names_add(&n, "a.b=c", &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	names_fini(&n);
}

static char *
expression(int type, const char *const *keys, const int64_t *numbers, size_t n)
{
	struct field pk = { .name = mv_str("pk"), .type = type };
	struct coll c = { .db = mv_str("d"), .name = mv_str("c"), .pk = &pk };
	struct batch *b = batch_new(NULL, &c, NULL, 1);
	struct buf all = { 0 };

	for (size_t i = 0; i < n; i++, b->n++) {
		uint8_t le[8];

		if (keys != NULL) {
			batch_key(b, keys[i], strlen(keys[i]));
			continue;
		}
		num_put_le64(le, (uint64_t)numbers[i]);
		batch_key(b, le, 8);
	}
	batch_close(b);
	batch_close(b); /* a second try says the same */
	buf_add(&all, b->expr.ptr, b->expr.len);
	batch_free(b);
	return buf_take(&all);
}

static void
keys_are_deleted_by_an_expression(void **state)
{
	static const char *const texts[] = { "a", "", "\"\\\n\x01",
		"\xf0\x9f\x98\x80" };
	static const int64_t numbers[] = { -1, INT64_MIN, INT64_MAX };
	char *s;

	(void)state;
	s = expression(TYPE_INT64, NULL, numbers, 3);
	/* Milvus cannot read INT64_MIN as a literal, but as a sum */
	assert_string_equal(
	    s, "pk in [-1,(-9223372036854775807 - 1),9223372036854775807]");
	free(s);
	s = expression(TYPE_VARCHAR, texts, NULL, 4);
	assert_string_equal(s,
	    "pk in [\"a\",\"\",\"\\\"\\\\\\n\\u0001\",\"\xf0\x9f\x98\x80\"]");
	free(s);
}

static void
a_status_is_judged_by_its_code(void **state)
{
	static const struct {
		int error_code, code;
		const char *reason;
		enum mv_class class;
	} all[] = {
		{ 0, 0, "", MV_OK },
		{ 49, 8, "rate", MV_RETRY },
		{ 1, 9, "quota", MV_SLOW },
		{ 4, 100, "", MV_ABSENT },
		{ 5, 1100, "", MV_FAIL },
		{ 1, 1303, "not ready", MV_FAIL },
		{ 1, 65535, "the sky", MV_ODD },
		{ 1, 65535, "etcdserver: request timed out", MV_RETRY },
		{ 1, 65535, "sync new partition failed, reason: NodeNotFound",
		    MV_RETRY },
		{ 1, 901, "node not found", MV_RETRY },
		{ 1, 904, "node not match", MV_RETRY },
		{ 1, 10001, "syncTimestamp Failed:context deadline exceeded",
		    MV_RETRY },
		{ 49, 0, "", MV_RETRY },
		{ 53, 0, "", MV_SLOW },
		{ 4, 0, "", MV_ABSENT },
		{ 1, 0, "bad", MV_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (milvus_class(all[i].error_code, all[i].code,
			all[i].reason) != all[i].class)
			fail_msg("%d/%d '%s'", all[i].error_code, all[i].code,
			    all[i].reason);
}

static void
retries_back_off_and_end(void **state)
{
	struct milvus_conf conf = {
		.grpc.uri = "http://127.0.0.1:1", .retry_s = 100, .timeout_s = 1
	};
	struct err e = { 0 };
	struct milvus *m = milvus_open(&conf, &e);
	struct mv_status s = { .class = MV_RETRY };
	struct mv_retry t = { 0 };
	int64_t now;

	(void)state;
	for (int i = 0; i < 20; i++) {
		int64_t most = 100L << (i < 7 ? i : 7), wait;

		now = clock_ns();
		assert_int_equal(milvus_retry(m, &t, &s, "x", &e), 0);
		wait = (t.at_ns - now) / 1000000;
		most = most > 10000 ? 10000 : most;
		assert_in_range(wait, most / 2, most + 5);
	}
	/* one that may be at work is left alone for longer */
	s.quiet_ns = now + 60000 * 1000000L;
	assert_int_equal(milvus_retry(m, &t, &s, "x", &e), 0);
	assert_int_equal(t.at_ns, s.quiet_ns);
	t.since_ns = now - 101 * 1000000000L;
	assert_int_equal(milvus_retry(m, &t, &s, "x", &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	milvus_close(m);
}

/* A bare Status: reason 2, code 3. */
static void
judge_bare(const char *reason, int64_t quiet, struct mv_status *s)
{
	uint8_t msg[128] = { 2 << 3 | 2 };
	size_t n = strlen(reason);
	struct grpc_result r = { .end = GRPC_ANSWER,
		.ptr = msg,
		.len = n + 6,
		.text = "",
		.quiet_ns = quiet };

	msg[1] = (uint8_t)n;
	memcpy(msg + 2, reason, n);
	memcpy(msg + 2 + n, "\x18\xff\xff\x03", 4);
	milvus_judge(&r, 1, s);
}

/* gRPC's UNKNOWN, by which a part of Milvus says that it lost another one. */
static void
an_unknown_status_is_judged_by_its_text(void **state)
{
	struct grpc_result r = { .end = GRPC_STATUS,
		.status = 2,
		.text = "stack trace: x internal/util/grpcclient/client.go:550",
		.quiet_ns = 77 };
	struct mv_status s;

	(void)state;
	milvus_judge(&r, 0, &s);
	assert_int_equal(s.class, MV_RETRY);
	assert_int_equal(s.quiet_ns, 77);
	r.text = "the sky";
	milvus_judge(&r, 0, &s);
	assert_int_equal(s.class, MV_FAIL);
}

/* Law 8: the proxy gave up, those behind it perhaps not. */
static void
a_task_given_up_may_still_be_at_work(void **state)
{
	struct mv_status s;

	(void)state;
	judge_bare("context deadline exceeded", 77, &s);
	assert_int_equal(s.class, MV_RETRY);
	assert_int_equal(s.code, 65535);
	assert_int_equal(s.quiet_ns, 77);
	judge_bare("proxy TaskCondition context Done", 77, &s);
	assert_int_equal(s.class, MV_RETRY);
	assert_int_equal(s.quiet_ns, 77);
	judge_bare("node offline", 77, &s);
	assert_int_equal(s.class, MV_RETRY);
	assert_int_equal(s.quiet_ns, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_and_go),
		cmocka_unit_test(hashes_tell_keys_and_collections_apart),
		cmocka_unit_test(names_are_changed_by_the_closest_rule),
		cmocka_unit_test(keys_are_deleted_by_an_expression),
		cmocka_unit_test(a_status_is_judged_by_its_code),
		cmocka_unit_test(an_unknown_status_is_judged_by_its_text),
		cmocka_unit_test(a_task_given_up_may_still_be_at_work),
		cmocka_unit_test(retries_back_off_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
