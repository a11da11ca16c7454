#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "mq/kafka_priv.h"

static void
is_of_kind(rd_kafka_resp_err_t rc, enum err_kind kind)
{
	struct err e = { 0 };

	assert_int_equal(kafka_fail(&e, rc, "t"), -1);
	assert_int_equal(e.kind, kind);
}

static void
gone_is_what_the_broker_says_is_gone(void **state)
{
	(void)state;
	is_of_kind(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ERR_GONE);
	is_of_kind(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ERR_GONE);
}

static void
what_a_broker_says_that_stops_is_tried_again(void **state)
{
	(void)state;
	is_of_kind(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERR_TEMP);
	is_of_kind(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, ERR_TEMP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gone_is_what_the_broker_says_is_gone),
		cmocka_unit_test(what_a_broker_says_that_stops_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
