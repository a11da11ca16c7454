#include "newest.h"

#include <string.h>

#include "decode.h"
#include "err.h"
#include "kreader.h"

int
newest_ts(struct kreader *k, char *const *topics, const char *prefix,
    uint64_t *ts, struct err *e)
{
	*ts = 0;
	for (; *topics != NULL; topics++) {
		struct kmsg r = { 0 };
		struct msg m;
		struct err ignored = { 0 };
		int64_t low, high;

		if (strncmp(*topics, prefix, strlen(prefix)) != 0)
			continue;
		if (kreader_ends(k, *topics, &low, &high, e) == -1)
			return -1;
		if (high <= low)
			continue;
		if (kreader_peek(k, *topics, high - 1, &r, e) == -1)
			return -1;
		if (msg_decode(r.ptr, r.len, &m, &ignored) == 0 && m.ts > *ts)
			*ts = m.ts;
		kmsg_free(&r);
	}
	return 0;
}
