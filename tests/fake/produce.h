#ifndef CDC_PRODUCE_H
#define CDC_PRODUCE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

/* What tests' programs that write into a Kafka have in common; ME is who. */

static _Noreturn inline void
die(const char *what, const char *why)
{
	fprintf(stderr, ME ": %s: %s\n", what, why);
	exit(1);
}

static inline int64_t
number(const char *s)
{
	char *end;
	int64_t v = strtoll(s, &end, 10);

	if (end == s || *end != '\0')
		die(s, "not a number");
	return v;
}

static inline void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) !=
	    RD_KAFKA_CONF_OK)
		die(name, why);
}

static inline void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *k, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (k->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("not delivered", rd_kafka_err2str(k->err));
}

/* Takes conf; its records come into the log in the order in which they went. */
static inline rd_kafka_t *
producer(rd_kafka_conf_t *conf)
{
	char why[256];
	rd_kafka_t *rk;

	set(conf, "max.in.flight", "1");
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (rk == NULL)
		die("producer", why);
	return rk;
}

/*
 * Copies value; takes headers, or NULL. A full queue empties as its reports
 * are served here: a call that blocked would wait for them without end.
 */
static inline void
put_record(rd_kafka_t *rk, const char *topic, int32_t partition, void *value,
    size_t len, int64_t time_ms, rd_kafka_headers_t *headers)
{
	rd_kafka_resp_err_t rc;

	do {
		rc = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
		    RD_KAFKA_V_PARTITION(partition),
		    RD_KAFKA_V_VALUE(value, len),
		    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		    RD_KAFKA_V_TIMESTAMP(time_ms), RD_KAFKA_V_HEADERS(headers),
		    RD_KAFKA_V_END);
		rd_kafka_poll(
		    rk, rc == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
	} while (rc == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	if (rc != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(topic, rd_kafka_err2str(rc));
}

#endif
