#include "model/shard.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"

enum { MAX_SHARDS = 4096 };

int
shard_parse(struct shard *s, const char *text, struct err *e)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL ||
	    num_i64(slash + 1, 1, MAX_SHARDS, &s->n, e) == -1 ||
	    num_i64n(text, (size_t)(slash - text), 0, s->n - 1, &s->i, e) == -1)
		return err_set(
		    e, ERR_USAGE, "'%s' is not I/N with I < N", text);
	return 0;
}

int
shard_has(const struct shard *s, int64_t id)
{
	uint64_t h = (uint64_t)id * 0x9e3779b97f4a7c15u;

	return s->n <= 1 || (int64_t)((h >> 32) % (uint64_t)s->n) == s->i;
}
