#include <inttypes.h>

#include "doctor/priv.h"
#include "format/same_record.h"
#include "model/source.h"
#include "mq/mq.h"

static const char choices[] =
    "'cdc-task set NAME --missing keep' goes on with it as it is, '--missing "
    "drop' drops at the target what it has no more, '--from' begins anew";

/*
 * 1 if etcd is not the one of the position, was restored since, or could not be
 * asked: the check has its verdict then.
 */
static int
other_source(struct doctor *d)
{
	struct source was, now;
	struct err e = { 0 };
	int does;

	source_from_json(&was, d->cp.source);
	if (was.rev == 0 && was.etcd[0] == '\0')
		return 0; /* not known, or --missing was set since */
	if (doctor_need(d, "root") >= V_UNKNOWN) {
		doctor_unknown(d, NULL,
		    "whether the source is the one that the position is of "
		    "could not be asked: see 'root'");
		return 1;
	}
	cat_source(&d->source.cat, &now);
	if (source_same(&was, &now, &e) == -1) {
		doctor_wrong(d, choices, "of another past: %s", e.msg);
		return 1;
	}
	does = was.coll == 0 ? 1 : cat_remembers(&d->source.cat, &was);
	if (does == 0)
		doctor_wrong(d, choices,
		    "of another past: the source's etcd (revision %" PRId64
		    ", and was at %" PRId64
		    ") has forgotten the last change of collection %" PRId64,
		    now.rev, was.rev, was.coll);
	else if (does == -1)
		doctor_warn(d, NULL,
		    "collection %" PRId64 ", the last that was changed, is not "
		    "in the source's etcd any more: a run looks for its drop "
		    "in the log, and ends with status 4 if there is none",
		    was.coll);
	return does == 0;
}

/*
 * 1 if, in a topic, the record before the position is not the one that was
 * read, or could not be asked for: the check has its verdict then.
 */
static int
other_topic(struct doctor *d)
{
	for (size_t i = 0; i < d->cp.pos.n; i++) {
		const struct pos_topic *t = &d->cp.pos.v[i];
		struct mq_id low, high;
		struct err e = { 0 };

		if (t->last == 0 || !mq_id_is(mq_id_before(t->n)))
			continue;
		if (doctor_over(d) ||
		    mq_ends(d->k, t->topic, &low, &high, &e) == -1) {
			doctor_unknown(d, NULL,
			    "whether topic '%s' is still the one that was read "
			    "could not be asked: %s",
			    t->topic, e.msg);
			return 1;
		}
		if (mq_id_cmp(t->n, low) <= 0 || mq_id_cmp(t->n, high) > 0 ||
		    same_record(
			d->k, t->topic, mq_id_before(t->n), t->last, &e) == 0)
			continue;
		d->gone |= e.kind == ERR_GONE;
		doctor_fail(d, &e,
		    e.kind == ERR_GONE ? "copy what is lost by other means, "
					 "then cdc-task set --from beginning"
				       : NULL);
		return 1;
	}
	return 0;
}

int
doctor_other_past(struct doctor *d)
{
	if (other_source(d))
		return 1;
	return doctor_need(d, "kafka") < V_UNKNOWN && other_topic(d);
}
