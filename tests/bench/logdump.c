/*
 * logdump BROKERS TOPIC FROM TO: what stands in the log of a Milvus, from one
 * offset to the one before another.
 *
 * A line of JSON for each record: its offset, Kafka's time (CreateTime, unix
 * ms), the type and the hybrid timestamp of the message, an insert's greatest.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "format/format.h"
#include "mq/mq.h"

enum { PATIENCE_MS = 10000 };

static int
show(struct record *k, struct err *e)
{
	struct msg m;

	if (format_of(k)->decode(k, &m, e) == -1)
		return err_wrap(e, "offset %s", MQ_TEXT(k->id));
	printf("{\"offset\":%" PRId64 ",\"ms\":%" PRId64
	       ",\"type\":%d,\"ts\":%" PRIu64 "}\n",
	    k->id.entry, k->time_ms, m.type, m.ts);
	return 0;
}

static int
dump(struct mq *r, const char *topic, int64_t from, int64_t to, struct err *e)
{
	struct record k = { 0 };
	int rc = mq_start(r, topic, 0, mq_id_offset(from), e);

	while (rc != -1 && from < to) {
		rc = mq_next(r, PATIENCE_MS, &k, e);
		if (rc == MQ_IDLE)
			rc = err_set(e, ERR_TEMP, "no record %" PRId64, from);
		if (rc == MQ_RECORD && k.id.entry < to && show(&k, e) == -1)
			rc = -1;
		from = rc == MQ_RECORD ? k.id.entry + 1 : from;
		record_free(&k);
	}
	return rc == -1 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct mq_conf conf = { .brokers = argv[1] };
	struct mq *r = NULL;
	struct err e = { 0 };
	int64_t from, to;

	log_init(argv[0]);
	if (argc != 5)
		return 2;
	if (num_i64(argv[3], 0, INT64_MAX, &from, &e) == -1 ||
	    num_i64(argv[4], 0, INT64_MAX, &to, &e) == -1 ||
	    (r = mq_open(&conf, &e)) == NULL ||
	    dump(r, argv[2], from, to, &e) == -1)
		log_error("%s", e.msg);
	mq_close(r);
	return err_status(&e);
}
