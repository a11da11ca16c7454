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
reader_doubt(struct reader_topic *t, struct mq_id id, uint64_t before)
{
	int64_t now = clock_ns(), silent = now - t->seen_ns;

	t->seen_ns = now;
	if (before == 0 || !t->in->ticks || t->in->doubt != 0 ||
	    silent == now || silent < SILENCE_MS * NS_PER_MS)
		return;
	t->in->doubt = before;
	t->in->doubt_at = mq_id_before(id);
}

/* Asks for the record in doubt; 0 if there is nothing to compare, 1, -1. */
static int
ask(struct reader *r, struct merge_topic *t, struct err *e)
{
	struct mq_id low, high;

	if (mq_ends(r->asker, t->name, &low, &high, e) == -1)
		return -1;
	if (mq_id_cmp(t->doubt_at, low) <
	    0) /* removed since, as it may be once it is read */
		return 0;
	if (mq_id_cmp(t->doubt_at, high) >= 0)
		return err_set(e, ERR_GONE,
		    "topic '%s': the last record read is offset %s, %s has %s "
		    "to %s",
		    t->name, MQ_TEXT(t->doubt_at), mq_name(r->k), MQ_TEXT(low),
		    MQ_TEXT(high));
	return mq_ahead(r->asker, t->name, t->doubt_at, e) == -1 ? -1 : 1;
}

/* Closes the asker if it was not used for a while. */
static void
dismiss(struct reader *r)
{
	if (r->asker == NULL || clock_ns() - r->asked_ns < ASKER_S * NS_PER_S)
		return;
	mq_close(r->asker);
	r->asker = NULL;
}

int
reader_same(struct reader *r, struct err *e)
{
	size_t n = r->n_topics, doubts = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		doubts += r->topics[i].in->doubt != 0;
	if (doubts == 0) {
		dismiss(r);
		return 0;
	}
	log_info("%zu topics were silent: are they the same?", doubts);
	if (r->asker == NULL &&
	    (r->asker = mq_open(&r->conf->kafka, e)) == NULL)
		return -1;
	r->asked_ns = clock_ns();
	for (size_t i = 0; i < n && rc != -1; i++) {
		struct merge_topic *t = r->topics[i].in;

		if (t->doubt != 0 && (rc = ask(r, t, e)) == 0)
			t->doubt = 0;
	}
	for (size_t i = 0; i < n && rc != -1; i++) {
		struct merge_topic *t = r->topics[i].in;

		if (t->doubt != 0)
			rc = same_record(
			    r->asker, t->name, t->doubt_at, t->doubt, e);
		t->doubt = 0;
	}
	return rc == -1 ? -1 : 0;
}
