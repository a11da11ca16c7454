#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "format/same_record.h"
#include "stream/priv.h"

/*
 * A topic can be made anew, or cut at its end, while the program is stopped or
 * the brokers are away, and can grow past our place before we look. The next
 * offset then exists, but is not the next record, and Kafka does not tell. So
 * after a silence, the record before our place is compared once more.
 */
enum {
	SILENCE_MS = 1000, /* topics in use tick five times a second */
	ASKER_S = 10,      /* silences come together; then its threads cost */
};

void
reader_doubt(struct merge_topic *t, int64_t offset, uint64_t before)
{
	int64_t now = clock_ns(), silent = now - t->seen_ns;

	t->seen_ns = now;
	if (before == 0 || !t->ticks || t->doubt != 0 || silent == now ||
	    silent < SILENCE_MS * NS_PER_MS)
		return;
	t->doubt = before;
	t->doubt_at = offset - 1;
}

/* Asks for the record in doubt; 0 if there is nothing to compare, 1, -1. */
static int
ask(struct reader *r, struct merge_topic *t, struct err *e)
{
	int64_t low, high;

	if (kreader_ends(r->asker, t->name, &low, &high, e) == -1)
		return -1;
	if (t->doubt_at < low) /* removed since, as it may be once it is read */
		return 0;
	if (t->doubt_at >= high)
		return err_set(e, ERR_GONE,
		    "topic '%s': the last record read is offset %" PRId64
		    ", Kafka has %" PRId64 " to %" PRId64,
		    t->name, t->doubt_at, low, high);
	return kreader_ahead(r->asker, t->name, t->doubt_at, e) == -1 ? -1 : 1;
}

/* Closes the asker if it was not used for a while. */
static void
dismiss(struct reader *r)
{
	if (r->asker == NULL || clock_ns() - r->asked_ns < ASKER_S * NS_PER_S)
		return;
	kreader_close(r->asker);
	r->asker = NULL;
}

int
reader_same(struct reader *r, struct err *e)
{
	size_t n = merge_topics(r->merge), doubts = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		doubts += merge_topic(r->merge, i)->doubt != 0;
	if (doubts == 0) {
		dismiss(r);
		return 0;
	}
	log_info("%zu topics were silent: are they the same?", doubts);
	if (r->asker == NULL &&
	    (r->asker = kreader_open(&r->conf->kafka, e)) == NULL)
		return -1;
	r->asked_ns = clock_ns();
	for (size_t i = 0; i < n && rc != -1; i++) {
		struct merge_topic *t = merge_topic(r->merge, i);

		if (t->doubt != 0 && (rc = ask(r, t, e)) == 0)
			t->doubt = 0;
	}
	for (size_t i = 0; i < n && rc != -1; i++) {
		struct merge_topic *t = merge_topic(r->merge, i);

		if (t->doubt != 0)
			rc = same_record(
			    r->asker, t->name, t->doubt_at, t->doubt, e);
		t->doubt = 0;
	}
	return rc == -1 ? -1 : 0;
}
