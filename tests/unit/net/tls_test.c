#include "net/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/transient.h"

/* As they came from curl and librdkafka, on OpenSSL 3.0, from real servers. */

static void
knows_a_refusal(void **state)
{
	(void)state;
	assert_true(trust_refused(
	    "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A000412:SSL "
	    "routines::sslv3 alert bad certificate, errno 0"));
	assert_true(trust_refused(
	    "ssl://127.0.0.1:1/bootstrap: Receive failed: error:0A000416:SSL "
	    "routines::sslv3 alert certificate unknown: SSL alert number 46"));
	assert_true(trust_refused("error:0A00045C:SSL routines::tlsv13 alert "
				  "certificate required"));
	assert_true(trust_refused(
	    "error:0A000418:SSL routines::tlsv1 alert unknown ca"));
}

static void
takes_a_broken_connection_for_no_refusal(void **state)
{
	(void)state;
	assert_false(trust_refused(""));
	assert_false(trust_refused("SSL handshake failed: error:0A000126:SSL "
				   "routines::unexpected eof while reading"));
	assert_false(trust_refused("error:0A000438:SSL routines::tlsv1 alert "
				   "internal error"));
	assert_false(trust_refused(
	    "Failed to connect to certificate.example: Connection refused"));
}

static void
knows_a_server_without_tls(void **state)
{
	(void)state;
	assert_true(trust_no_tls(
	    "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version "
	    "number"));
	assert_false(trust_no_tls("Connection reset by peer"));
}

static void
wants_files_that_are_there(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(trust_files(NULL, NULL, NULL, &e), 0);
	assert_int_equal(trust_files("/dev/null", NULL, NULL, &e), 0);
	assert_int_equal(trust_files("/none", NULL, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(
	    e.msg, "certificate file '/none': No such file or directory");
	assert_int_equal(passing_cause(e.msg), PASSING_FILE);
	assert_null(trust_secret("/none", NULL, &e));
	assert_int_equal(passing_cause(e.msg), PASSING_FILE);
	assert_null(trust_secret("/dev/null", NULL, &e)); /* empty */
	assert_int_equal(passing_cause(e.msg), PASSING_FILE);
	assert_int_equal(trust_files(NULL, "/dev/null", NULL, &e), -1);
	assert_string_equal(
	    e.msg, "a certificate and its key go together: '/dev/null'");
	assert_int_equal(trust_files(NULL, "/dev/null", "/dev/null", &e), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_refusal),
		cmocka_unit_test(takes_a_broken_connection_for_no_refusal),
		cmocka_unit_test(knows_a_server_without_tls),
		cmocka_unit_test(wants_files_that_are_there),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
