#include "same.h"

#include <inttypes.h>

#include "decode.h"
#include "err.h"
#include "kreader.h"

int
same_record(struct kreader *k, const char *topic, int64_t offset, uint64_t ts,
    struct err *e)
{
	struct kmsg rec = { 0 };
	struct msg m = { 0 };
	struct err ignored = { 0 };
	int64_t low, high;
	int same;

	if (kreader_peek(k, topic, offset, &rec, e) == -1)
		return -1;
	same = msg_decode(rec.ptr, rec.len, &m, &ignored) == 0 && m.ts == ts;
	kmsg_free(&rec);
	if (same)
		return 0;
	if (kreader_ends(k, topic, &low, &high, e) == -1)
		return -1;
	return err_set(e, ERR_GONE,
	    "topic '%s' was made anew: the record at offset %" PRId64
	    " has timestamp %" PRIu64 ", the one that was read had "
	    "%" PRIu64 "; Kafka has %" PRId64 " to %" PRId64,
	    topic, offset, m.ts, ts, low, high);
}
