#include "format/newest.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "format/format.h"
#include "mq/mq.h"

/* Ids of the last records; none: there is none, or it is not asked for. */
static int
last_ids(struct mq *k, char *const *topics, size_t n, const char *prefix,
    struct mq_id *last, struct err *e)
{
	const char **names = x_calloc(n + 1, sizeof *names);
	struct mq_id *low = x_calloc(n + 1, sizeof *low);
	struct mq_id *high = x_calloc(n + 1, sizeof *high);
	size_t m = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (strncmp(topics[i], prefix, strlen(prefix)) == 0)
			names[m++] = topics[i];
	rc = mq_lows(k, names, m, low, e);
	if (rc == 0)
		rc = mq_highs(k, names, m, high, e);
	for (size_t i = 0, at = 0; i < n && rc == 0; i++) {
		last[i] = mq_id_none();
		if (at == m || topics[i] != names[at])
			continue;
		if (mq_id_cmp(high[at], low[at]) > 0)
			last[i] = mq_id_before(high[at]);
		at++;
	}
	free(names);
	free(low);
	free(high);
	return rc;
}

int
record_ts(struct mq *k, const char *topic, struct mq_id id, uint64_t *ts,
    struct err *e)
{
	struct record r = { 0 };
	struct msg m;

	if (mq_peek(k, topic, id, &r, e) == -1)
		return -1;
	*ts = format_peek(&r, &m) == 0 ? m.ts : 0;
	record_free(&r);
	return 0;
}

int
record_is_streaming(
    struct mq *k, const char *topic, struct mq_id id, int *is, struct err *e)
{
	struct record r = { 0 };

	if (mq_peek(k, topic, id, &r, e) == -1)
		return -1;
	*is = format_of(&r)->streaming;
	record_free(&r);
	return 0;
}

/* First all are asked for: the broker takes its time for each answer. */
static int
newest_of(struct mq *k, char *const *topics, const struct mq_id *last,
    uint64_t *ts, struct err *e)
{
	for (size_t i = 0; topics[i] != NULL; i++)
		if (mq_id_is(last[i]) &&
		    mq_ahead(k, topics[i], last[i], e) == -1)
			return -1;
	for (size_t i = 0; topics[i] != NULL; i++) {
		uint64_t its;

		if (!mq_id_is(last[i]))
			continue;
		if (record_ts(k, topics[i], last[i], &its, e) == -1)
			return -1;
		if (its > *ts)
			*ts = its;
	}
	return 0;
}

int
newest_ts(struct mq *k, char *const *topics, const char *prefix, uint64_t *ts,
    struct err *e)
{
	size_t n = 0;
	struct mq_id *last;
	int rc;

	*ts = 0;
	while (topics[n] != NULL)
		n++;
	last = x_calloc(n + 1, sizeof *last);
	rc = last_ids(k, topics, n, prefix, last, e);
	if (rc == 0)
		rc = newest_of(k, topics, last, ts, e);
	free(last);
	return rc;
}
