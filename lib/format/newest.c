#include "format/newest.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/format.h"
#include "mq/kafka.h"

/* Offsets of the last records; -1: there is none, or it is not asked for. */
static int
last_offsets(struct kreader *k, char *const *topics, size_t n,
    const char *prefix, int64_t *last, struct err *e)
{
	const char **names = x_calloc(n + 1, sizeof *names);
	int64_t *low = x_calloc(n + 1, sizeof *low);
	int64_t *high = x_calloc(n + 1, sizeof *high);
	size_t m = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (strncmp(topics[i], prefix, strlen(prefix)) == 0)
			names[m++] = topics[i];
	rc = kreader_lows(k, names, m, low, e);
	if (rc == 0)
		rc = kreader_highs(k, names, m, high, e);
	for (size_t i = 0, at = 0; i < n && rc == 0; i++) {
		last[i] = -1;
		if (at == m || topics[i] != names[at])
			continue;
		if (high[at] > low[at])
			last[i] = high[at] - 1;
		at++;
	}
	free(names);
	free(low);
	free(high);
	return rc;
}

int
record_ts(struct kreader *k, const char *topic, int64_t offset, uint64_t *ts,
    struct err *e)
{
	struct record r = { 0 };
	struct msg m;

	if (kreader_peek(k, topic, offset, &r, e) == -1)
		return -1;
	*ts = format_peek(&r, &m) == 0 ? m.ts : 0;
	record_free(&r);
	return 0;
}

/* First all are asked for: the broker takes its time for each answer. */
static int
newest_of(struct kreader *k, char *const *topics, const int64_t *last,
    uint64_t *ts, struct err *e)
{
	for (size_t i = 0; topics[i] != NULL; i++)
		if (last[i] != -1 &&
		    kreader_ahead(k, topics[i], last[i], e) == -1)
			return -1;
	for (size_t i = 0; topics[i] != NULL; i++) {
		uint64_t its;

		if (last[i] == -1)
			continue;
		if (record_ts(k, topics[i], last[i], &its, e) == -1)
			return -1;
		if (its > *ts)
			*ts = its;
	}
	return 0;
}

int
newest_ts(struct kreader *k, char *const *topics, const char *prefix,
    uint64_t *ts, struct err *e)
{
	size_t n = 0;
	int64_t *last;
	int rc;

	*ts = 0;
	while (topics[n] != NULL)
		n++;
	last = x_calloc(n + 1, sizeof *last);
	rc = last_offsets(k, topics, n, prefix, last, e);
	if (rc == 0)
		rc = newest_of(k, topics, last, ts, e);
	free(last);
	return rc;
}
