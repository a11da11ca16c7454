/*
 * emptylog.so, to be preloaded: topics whose names have $EMPTY_LOG in them
 * begin where they end, as if all of their records were removed. The mock
 * cluster always keeps one.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

typedef rd_kafka_resp_err_t asker(
    rd_kafka_t *, rd_kafka_topic_partition_list_t *, int);

rd_kafka_resp_err_t
rd_kafka_offsets_for_times(
    rd_kafka_t *rk, rd_kafka_topic_partition_list_t *l, int timeout_ms)
{
	const char *which = getenv("EMPTY_LOG");
	asker *real;

	*(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_offsets_for_times");
	for (int i = 0; which != NULL && i < l->cnt; i++)
		if (strstr(l->elems[i].topic, which) != NULL &&
		    l->elems[i].offset == RD_KAFKA_OFFSET_BEGINNING)
			l->elems[i].offset = RD_KAFKA_OFFSET_END;
	return real(rk, l, timeout_ms);
}
