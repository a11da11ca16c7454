#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/sig.h"
#include "state/state.h"
#include "verify/priv.h"

enum { LOOK_MS = 200 };

/* -1 on a signal. */
static int
pause_ms(int ms, struct err *e)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN };

	poll(&p, 1, ms);
	return sig_stop != 0 ? err_set(e, ERR_STOP, "stopped") : 0;
}

/* The timestamp of the task's checkpoint; 0 if there is no checkpoint. */
static int
applied(const struct verify_conf *c, uint64_t *ts, struct err *e)
{
	char *dir = state_dir(c->state_dir);
	struct checkpoint cp = { 0 };
	int rc = state_check(dir, c->task, e);

	if (rc == 0)
		rc = checkpoint_load(dir, c->task, &cp, e);
	*ts = cp.pos.ts;
	if (rc == -1)
		err_wrap(e, "task '%s'", c->task);
	checkpoint_fini(&cp);
	free(dir);
	return rc;
}

static int
wait_task(struct verify *v, struct err *e)
{
	int64_t since = clock_ns();
	int64_t limit = (int64_t)v->conf->source.retry_s * 1000 * NS_PER_MS;
	uint64_t want, ts = 0, before = 0;

	if (ask_timestamp(&v->again[SRC], &want, e) == -1)
		return -1;
	for (;;) {
		if (applied(v->conf, &ts, e) == -1)
			return -1;
		if (ts >= want)
			return 0;
		if (ts != before)
			since = clock_ns();
		before = ts;
		if (clock_ns() - since > limit)
			return err_set(e, ERR_TEMP,
			    "task '%s' has stood at %" PRIu64 " for %d s, and "
			    "%" PRIu64 " is waited for; does it run?",
			    v->conf->task, ts, v->conf->source.retry_s, want);
		verify_show(v);
		if (pause_ms(LOOK_MS, e) == -1)
			return -1;
	}
}

int
verify_settle(struct verify *v, int parts, struct err *e)
{
	int64_t until =
	    clock_ns() + (int64_t)v->conf->settle_s * 1000 / parts * NS_PER_MS;

	if (v->conf->asof == VERIFY_TASK)
		return wait_task(v, e);
	while (clock_ns() < until) {
		verify_show(v);
		if (pause_ms(LOOK_MS, e) == -1)
			return -1;
	}
	return 0;
}

/* Writes the lines of a that are also in b. */
static void
confirm(struct verify *v, const struct textset *a, const struct textset *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!textset_has(b, a->v[i]))
			continue;
		buf_clear(&v->line);
		buf_adds(&v->line, a->v[i]);
		out_line(&v->out, &v->line);
		v->diffs++;
	}
}

int
verify_settled(struct verify *v, look_fn *look, void *arg, struct err *e)
{
	struct textset first = { 0 }, second = { 0 };
	int rc;

	if (v->conf->asof == VERIFY_STILL)
		return look(v, arg, e);
	v->hold = &first;
	rc = look(v, arg, e);
	if (rc != -1 && first.n > 0) {
		if ((rc = verify_settle(v, 1, e)) == 0) {
			v->hold = &second;
			rc = look(v, arg, e);
		}
		if (rc != -1)
			confirm(v, &first, &second);
	}
	v->hold = NULL;
	textset_fini(&first);
	textset_fini(&second);
	return rc;
}
