#include "milvus/priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

enum {
	BRIEF_S = 10, /* limit for a server that may be no Milvus */
	DOUBT_S = 30, /* limit for a failure that may be permanent */
	WARN_S = 60,  /* between two warnings; in between -v shows failures */
	STAYS_S = 3,  /* a failure that lasts longer is warned of at once */
	FIRST_MS = 100,
	MOST_MS = 10000,
	SLOW_FIRST_MS = 1000,
	SLOW_MOST_MS = 30000,
};

static const char *
said(const struct milvus *m)
{
	return m->name == NULL ? "" : m->name;
}

/* Half of ms plus a random part of the other half. */
static int64_t
jitter(struct milvus *m, int64_t ms)
{
	return ms / 2 + rand_r(&m->seed) % (ms / 2 + 1);
}

static int
doubtful(const struct milvus *m, const struct mv_status *s)
{
	return s->class == MV_ODD || s->class == MV_ABSENT ||
	       (s->brief && !m->greeted);
}

static int
patience_s(const struct milvus *m, const struct mv_status *s)
{
	int most = s->brief ? BRIEF_S : DOUBT_S;

	return doubtful(m, s) && most < m->retry_s ? most : m->retry_s;
}

/*
 * Warns once a minute while a failure lasts. A failure that begins soon after
 * the last one was over is warned of only if it lasts, because a busy server
 * refuses a request now and then.
 */
static void
tell(struct milvus *m, const struct mv_retry *t, const char *what,
    const char *why, int limit)
{
	int64_t now = clock_ns(), last = now - m->warned_ns;
	int stays = m->trouble.since_ns == 0 &&
		    now - t->since_ns >= STAYS_S * 1000LL * NS_PER_MS;

	if (m->warned_ns != 0 && last < WARN_S * 1000LL * NS_PER_MS && !stays) {
		log_info("%s: %s; again in %" PRId64 " ms", what, why,
		    (t->at_ns - now) / NS_PER_MS);
		return;
	}
	m->warned_ns = now;
	trouble_tell(&m->trouble, limit, "%s%s%s: at '%s': %s", said(m),
	    said(m)[0] == '\0' ? "" : ": ", what, m->host, why);
}

void
milvus_settled(struct milvus *m, struct mv_retry *t)
{
	if (t->since_ns != 0 && --m->retrying == 0)
		trouble_over(
		    &m->trouble, m->name == NULL ? "the target" : m->name);
	memset(t, 0, sizeof *t);
}

int
milvus_retry(struct milvus *m, struct mv_retry *t, const struct mv_status *s,
    const char *what, struct err *e)
{
	int64_t now = clock_ns(), ms;
	int slow = s->class == MV_SLOW;
	int limit = patience_s(m, s), doubt = doubtful(m, s);

	if (t->since_ns == 0) {
		t->since_ns = now;
		m->retrying++;
	}
	if (!doubt || t->doubt_ns == 0)
		t->doubt_ns = doubt ? now : 0;
	if (now - (doubt ? t->doubt_ns : t->since_ns) >=
	    limit * 1000LL * NS_PER_MS)
		return err_set(e, doubt ? ERR_DATA : ERR_TEMP,
		    "%s%s%s: at '%s': %s (tried for %d s; trying again may "
		    "help)",
		    said(m), said(m)[0] == '\0' ? "" : ": ", what, m->host,
		    s->reason, limit);
	ms = (int64_t)(slow ? SLOW_FIRST_MS : FIRST_MS)
	     << (t->n < 10 ? t->n : 10);
	if (ms > (slow ? SLOW_MOST_MS : MOST_MS))
		ms = slow ? SLOW_MOST_MS : MOST_MS;
	t->n++;
	t->at_ns = now + jitter(m, ms) * NS_PER_MS;
	if (t->at_ns < s->quiet_ns)
		t->at_ns = s->quiet_ns;
	tell(m, t, what, s->reason, limit);
	return 0;
}
