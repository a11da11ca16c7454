#include "mq/kafka_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/tls.h"

/* Brokers that are away while we read: all of them, or one that leads. */

enum {
	AWAY_LIMIT_MS = 300000, /* brokers may be away so long while we read */
	AWAY_SAID_MS = 3000,    /* and so long before that is said */
	QUIET_MS = 15000,       /* without a record, and a leader is asked */
	LEADER_MS = 2000,       /* for its answer */
};

/*
 * Does a certificate stand in the way, the broker's or ours? All else of TLS,
 * such as a connection that ends in its middle, may pass.
 */
static int
is_about_trust(const char *reason)
{
	return strstr(reason, "certificate verify failed") != NULL ||
	       trust_refused(reason);
}

/* The brokers' absence is noticed here; kafka_next acts on it. */
void
kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	struct kafka *r = opaque;
	const char *end;
	size_t n;

	(void)rk;
	log_info("kafka: %s", reason);
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		if (r->away_since_ns == 0)
			r->away_since_ns = clock_ns();
		return;
	}
	/* without how long it took and how often it was so */
	end = strstr(reason, " (after ");
	r->complained = 1;
	n = end == NULL ? strlen(reason) : (size_t)(end - reason);
	utf8_copy(r->why, sizeof r->why, reason, n);
	r->refused =
	    code == RD_KAFKA_RESP_ERR__AUTHENTICATION || is_about_trust(reason);
}

void
kafka_heard(struct kafka *r, struct kafka_topic *t)
{
	t->heard_ns = r->heard_ns = clock_ns();
	r->away_since_ns = 0;
	r->silent = 0;
	trouble_over(&r->trouble, "a broker");
}

/* Do the leaders of what has been quiet answer? -1 with *e: who does not. */
static int
ask_leaders(struct kafka *r, int64_t now, struct err *e)
{
	const char **names = x_calloc(r->n + 1, sizeof *names);
	struct mq_id *highs = x_calloc(r->n + 1, sizeof *highs);
	int64_t until = r->until_ns;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i]->reading &&
		    now - r->v[i]->heard_ns > (int64_t)QUIET_MS * NS_PER_MS)
			names[n++] = r->v[i]->name;
	r->until_ns = now + (int64_t)LEADER_MS * NS_PER_MS;
	rc = kafka_highs(&r->pub, names, n, highs, e);
	r->until_ns = until;
	free(names);
	free(highs);
	return rc == -1 && e->kind == ERR_TEMP ? -1 : 0;
}

/*
 * librdkafka is content as long as one broker answers, be it the one that only
 * told us of the others: from a leader that is silent nothing comes, and that
 * is all. Idle topics are as quiet, so it is asked.
 */
static void
look_for_silence(struct kafka *r)
{
	int64_t now = clock_ns(), quiet = (int64_t)QUIET_MS * NS_PER_MS;
	struct err e;

	if (r->heard_ns == 0 || now - r->looked_ns < quiet ||
	    (now - r->heard_ns < quiet && !r->complained))
		return;
	r->looked_ns = now;
	if (ask_leaders(r, now, &e) == -1) {
		if (r->away_since_ns == 0)
			r->away_since_ns = r->heard_ns;
		r->silent = 1;
		snprintf(r->why, sizeof r->why, "%.511s", e.msg);
		return;
	}
	r->complained = 0;
	if (r->silent) {
		r->away_since_ns = 0;
		trouble_over(&r->trouble, "a broker");
	}
	r->silent = 0;
}

/*
 * Idle topics tell nothing about a broker that is back, so ask. If a broker
 * has refused us, that is not worth the whole time.
 */
static int
away_too_long(struct kafka *r)
{
	const struct rd_kafka_metadata *md;

	if (r->away_since_ns == 0 ||
	    (!r->refused && clock_ns() - r->away_since_ns <
				(int64_t)AWAY_LIMIT_MS * NS_PER_MS))
		return 0;
	if (r->silent)
		return 1; /* it was asked just now */
	if (rd_kafka_metadata(r->rk, 0, NULL, &md, kafka_left(r)) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		return 1;
	rd_kafka_metadata_destroy(md);
	r->away_since_ns = 0;
	r->refused = 0;
	return 0;
}

/* All day somebody looks why nothing comes. */
static void
tell_away(struct kafka *r)
{
	if (r->away_since_ns == 0 || r->trouble.since_ns != 0 ||
	    clock_ns() - r->away_since_ns < (int64_t)AWAY_SAID_MS * NS_PER_MS)
		return;
	trouble_tell(&r->trouble, AWAY_LIMIT_MS / 1000, "%s%s",
	    r->silent ? "" : "no broker answers: ",
	    r->why[0] == '\0' ? "all are down" : r->why);
}

int
kafka_idle(struct kafka *r, struct err *e)
{
	look_for_silence(r);
	if (away_too_long(r)) {
		if (r->refused)
			return err_set(
			    e, ERR_DATA, "brokers refuse: %s", r->why);
		return err_set(e, ERR_TEMP,
		    "no broker has answered for %d s%s%s", AWAY_LIMIT_MS / 1000,
		    r->silent ? ": " : "", r->silent ? r->why : "");
	}
	tell_away(r);
	return 0;
}
