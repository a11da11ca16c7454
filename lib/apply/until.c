#include "apply/priv.h"

#include <inttypes.h>

#include "base/err.h"
#include "model/tso.h"

/* 1 if --until is set and the current line is later. */
static int
later(const struct apply *a)
{
	return a->conf->until != 0 && a->op.ts > a->conf->until;
}

int
cut_begin(struct apply *a, struct err *e)
{
	struct buf b = { 0 };

	a->reached = a->conf->until != 0 && a->op.ts >= a->conf->until;
	if (a->begun || !later(a))
		return 0;
	tso_add_time(&b, a->op.ts);
	err_set(
	    e, ERR_DATA, "the stream begins later than --until, at %s", b.ptr);
	buf_fini(&b);
	return -1;
}

int
cut_tick(struct apply *a)
{
	a->reached |= a->conf->until != 0 && a->op.ts >= a->conf->until;
	return later(a);
}

int
cut_operation(struct apply *a)
{
	if (!later(a))
		return 0;
	a->reached |= !a->by_topic;
	a->later++;
	return 1;
}

/* ERR_DATA: the input ended before --until was reached. */
static int
too_short(const struct apply *a, struct err *e)
{
	struct buf b = { 0 };

	tso_add_time(&b, a->pos.ts);
	err_set(e, ERR_DATA,
	    "%s line %" PRIu64 ": the input ends at %s, before --until; what "
	    "stands before is applied",
	    lines_name(a->in), lines_number(a->in), b.ptr);
	buf_fini(&b);
	return -1;
}

int
cut_complete(const struct apply *a, struct err *e)
{
	if (a->reached)
		return met_all(a, 1, e);
	if (!a->ended)
		return err_set(e, ERR_DATA,
		    "the stream is cut: %s ends after line %" PRIu64
		    " (byte %" PRIu64 ") without an 'end'; what stands "
		    "before is applied",
		    lines_name(a->in), lines_number(a->in),
		    lines_offset(a->in));
	if (a->behind)
		return err_set(e, ERR_DATA,
		    "%s line %" PRIu64 ": the stream ends at %" PRIu64
		    ", before one above it, at %" PRIu64
		    ": the target is as old as that until what follows is "
		    "applied, too",
		    lines_name(a->in), lines_number(a->in), a->pos.ts,
		    a->top.ts);
	if (a->conf->until != 0 && too_short(a, e) == -1)
		return -1;
	return met_all(a, a->conf->until != 0, e);
}
