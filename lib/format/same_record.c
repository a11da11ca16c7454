#include "format/same_record.h"

#include <inttypes.h>

#include "base/err.h"
#include "format/newest.h"
#include "mq/mq.h"

int
same_record(struct mq *k, const char *topic, struct mq_id id, uint64_t ts,
    struct err *e)
{
	struct mq_id low, high;
	uint64_t its;

	if (record_ts(k, topic, id, &its, e) == -1)
		return -1;
	if (its == ts)
		return 0;
	if (mq_ends(k, topic, &low, &high, e) == -1)
		return -1;
	return err_set(e, ERR_GONE,
	    "topic '%s' was made anew: the record at offset %s has timestamp "
	    "%" PRIu64 ", the one that was read had %" PRIu64 "; %s has %s to "
	    "%s",
	    topic, MQ_TEXT(id), its, ts, mq_name(k), MQ_TEXT(low),
	    MQ_TEXT(high));
}
