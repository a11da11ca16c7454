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
#include "mq/kafka.h"

enum { PATIENCE_MS = 10000 };

static void
copy(struct kreader *r, rd_kafka_t *to, char **argv, int64_t ms)
{
	int64_t low, high, n = 0;
	struct err e = { 0 };
	struct record k = { 0 };

	if (kreader_ends(r, argv[2], &low, &high, &e) == -1 ||
	    kreader_start(r, argv[2], 0, low, &e) == -1)
		die(argv[2], e.msg);
	while (low < high) {
		if (kreader_next(r, PATIENCE_MS, &k, &e) != KREADER_MSG)
			die(argv[2], "no record");
		if (k.offset < high) {
			put_record(
			    to, argv[3], 0, k.own, k.len, k.time_ms + ms, NULL);
			n++;
		}
		low = k.offset + 1;
		record_free(&k);
	}
	if (rd_kafka_flush(to, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(argv[3], "not written in time");
	printf("%" PRId64 "\n", n);
}

int
main(int argc, char **argv)
{
	struct kreader_conf conf = { .brokers = argv[1] };
	rd_kafka_conf_t *out = rd_kafka_conf_new();
	struct err e = { 0 };
	struct kreader *r;
	rd_kafka_t *to;

	if (argc != 5)
		die("usage", "BROKERS FROM TO MS");
	if ((r = kreader_open(&conf, &e)) == NULL)
		die(argv[1], e.msg);
	set(out, "bootstrap.servers", argv[1]);
	set(out, "message.max.bytes", "10485760");
	to = producer(out);
	copy(r, to, argv, number(argv[4]));
	rd_kafka_destroy(to);
	kreader_close(r);
	return 0;
}
