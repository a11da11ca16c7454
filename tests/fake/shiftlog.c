/*
 * shiftlog BROKERS FROM TO MS: all records of one topic once more in another,
 * as if the clock of who wrote them had been off by MS.
 *
 * Bytes and order are the same, Kafka's time of each record is MS later (or
 * earlier, if it is negative). Milvus's headers are left out. The number of
 * records to stdout.
 */
#define ME "shiftlog"
#include "produce.h"

#include "base/err.h"
#include "mq/mq.h"

enum { PATIENCE_MS = 10000 };

static void
copy(struct mq *r, rd_kafka_t *to, char **argv, int64_t ms)
{
	struct mq_id low, high;
	int64_t n = 0;
	struct err e = { 0 };
	struct record k = { 0 };

	if (mq_ends(r, argv[2], &low, &high, &e) == -1 ||
	    mq_start(r, argv[2], 0, low, &e) == -1)
		die(argv[2], e.msg);
	while (mq_id_cmp(low, high) < 0) {
		if (mq_next(r, PATIENCE_MS, &k, &e) != MQ_RECORD)
			die(argv[2], "no record");
		if (mq_id_cmp(k.id, high) < 0) {
			put_record(
			    to, argv[3], 0, k.own, k.len, k.time_ms + ms, NULL);
			n++;
		}
		low = mq_id_next(k.id);
		record_free(&k);
	}
	if (rd_kafka_flush(to, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(argv[3], "not written in time");
	printf("%" PRId64 "\n", n);
}

int
main(int argc, char **argv)
{
	struct mq_conf conf = { .brokers = argv[1] };
	rd_kafka_conf_t *out = rd_kafka_conf_new();
	struct err e = { 0 };
	struct mq *r;
	rd_kafka_t *to;

	if (argc != 5)
		die("usage", "BROKERS FROM TO MS");
	if ((r = mq_open(&conf, &e)) == NULL)
		die(argv[1], e.msg);
	set(out, "bootstrap.servers", argv[1]);
	set(out, "message.max.bytes", "10485760");
	to = producer(out);
	copy(r, to, argv, number(argv[4]));
	rd_kafka_destroy(to);
	mq_close(r);
	return 0;
}
