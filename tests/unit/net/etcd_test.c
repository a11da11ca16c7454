#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/etcd.h"
#include "net/etcd_json.h"

static void
a_prefix_ends_before_its_next_sibling(void **state)
{
	char *end = etcd_prefix_end("by-dev/meta/");

	(void)state;
	assert_string_equal(end, "by-dev/meta0");
	free(end);
}

static enum err_kind
kind_of(const char *answer, long http, const char *want)
{
	json_t *o = answer == NULL ? NULL : json_loads(answer, 0, NULL);
	struct err e = { 0 };

	assert_int_equal(etcd_json_error(o, http, "http://x", &e), -1);
	assert_non_null(strstr(e.msg, "etcd 'http://x': "));
	if (strstr(e.msg, want) == NULL)
		fail_msg("no '%s' in '%s'", want, e.msg);
	json_decref(o);
	return e.kind;
}

static void
errors_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(
	    kind_of("{\"error\":\"etcdserver: mvcc: required revision has "
		    "been compacted\",\"message\":\"etcdserver: mvcc: "
		    "required revision has been compacted\",\"code\":11}",
		400, "compacted"),
	    ERR_GONE);
	assert_int_equal(
	    kind_of("{\"message\":\"etcdserver: mvcc: required revision is a "
		    "future revision\",\"code\":11}",
		400, "has not come to that revision"),
	    ERR_DATA);
	assert_int_equal(kind_of("{\"code\":14,\"message\":\"etcdserver: no "
				 "leader\"}",
			     503, "no leader"),
	    ERR_TEMP);
	assert_int_equal(kind_of("{\"error\":\"context canceled\",\"message\":"
				 "\"context canceled\",\"code\":1}",
			     408, "context canceled"),
	    ERR_TEMP);
	assert_int_equal(kind_of("{\"code\":3,\"error\":\"etcdserver: user "
				 "name is empty\"}",
			     400, "--etcd-user-file"),
	    ERR_DATA);
	assert_int_equal(kind_of(NULL, 404, "HTTP status 404"), ERR_DATA);
	assert_int_equal(kind_of("[]", 501, "HTTP status 501"), ERR_DATA);
	assert_int_equal(kind_of(NULL, 502, "HTTP status 502"), ERR_TEMP);
	assert_int_equal(
	    kind_of("{\"grpc_code\":14,\"message\":\"gone\"}", 200, "gone"),
	    ERR_TEMP);
}

static int
kv(const char *text, struct etcd_kv *out, struct buf *k, struct buf *v)
{
	json_t *o = json_loads(text, JSON_DECODE_ANY, NULL);
	struct etcd_bytes b = { k, v };
	struct err e;
	int rc = etcd_json_kv(o, &b, out, &e);

	json_decref(o);
	return rc;
}

static void
a_kv_is_decoded(void **state)
{
	struct buf k = { 0 }, v = { 0 };
	struct etcd_kv x;

	(void)state;
	assert_int_equal(kv("{\"key\":\"YQBi\",\"value\":\"4pu8\","
			    "\"mod_revision\":\"9223372036854775807\"}",
			     &x, &k, &v),
	    0);
	assert_int_equal(x.key_len, 3);
	assert_memory_equal(x.key, "a\0b", 4);
	assert_memory_equal(x.value, "\xe2\x9b\xbc", 3);
	assert_true(x.mod == INT64_MAX);
	assert_int_equal(
	    kv("{\"key\":\"YQ==\",\"mod_revision\":5}", &x, &k, &v), 0);
	assert_string_equal(x.key, "a");
	assert_int_equal(x.value_len, 0);
	assert_int_equal(x.mod, 5);
	assert_int_equal(kv("{\"key\":\"Y\"}", &x, &k, &v), -1);
	assert_int_equal(kv("{\"key\":5}", &x, &k, &v), -1);
	assert_int_equal(kv("null", &x, &k, &v), -1);
	buf_fini(&k);
	buf_fini(&v);
}

static void
endpoints_may_lack_a_scheme_and_end_in_a_slash(void **state)
{
	struct etcd_conf conf = { .endpoints = " a:1/ ,https://b:2,," };
	struct err e;
	struct etcd *c = etcd_open(&conf, &e);

	(void)state;
	assert_non_null(c);
	assert_string_equal(etcd_endpoint(c), "http://a:1");
	etcd_rotate(c);
	assert_string_equal(etcd_endpoint(c), "https://b:2");
	etcd_rotate(c);
	assert_string_equal(etcd_endpoint(c), "http://a:1");
	etcd_close(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_ends_before_its_next_sibling),
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(a_kv_is_decoded),
		cmocka_unit_test(
		    endpoints_may_lack_a_scheme_and_end_in_a_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
