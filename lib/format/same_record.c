#include "format/same_record.h"

#include <inttypes.h>

#include "base/err.h"
#include "format/newest.h"
#include "mq/kafka.h"

int
same_record(struct kreader *k, const char *topic, int64_t offset, uint64_t ts,
    struct err *e)
{
	int64_t low, high;
	uint64_t its;

	if (record_ts(k, topic, offset, &its, e) == -1)
		return -1;
	if (its == ts)
		return 0;
	if (kreader_ends(k, topic, &low, &high, e) == -1)
		return -1;
	return err_set(e, ERR_GONE,
	    "topic '%s' was made anew: the record at offset %" PRId64
	    " has timestamp %" PRIu64 ", the one that was read had "
	    "%" PRIu64 "; Kafka has %" PRId64 " to %" PRId64,
	    topic, offset, its, ts, low, high);
}
