#include <inttypes.h>
#include <string.h>

#include "doctor/priv.h"
#include "model/tso.h"
#include "task/task.h"

/* Where a run goes on, and whether the log still has that. */

/* Where a task without a position begins. */
static const char *
begins(const struct doctor *d)
{
	const json_t *from = json_object_get(d->c->task, "from");

	return json_is_string(from) ? json_string_value(from) : "a position";
}

/* Of a log through a Milvus: what check log has found. */
static void
position_in_log(struct doctor *d)
{
	int known = doctor_need(d, "log") < V_UNKNOWN;
	struct buf b = { 0 };

	if (d->cp.gen > 0) {
		buf_adds(&b, "a run resumes at ");
		tso_add_time(&b, d->cp.pos.ts);
		buf_addf(&b, " (ts:%" PRIu64 ") in %zu channels", d->cp.pos.ts,
		    d->cp.pos.n);
	} else
		buf_addf(&b, "a run begins at '%s'", begins(d));
	if (d->gone)
		doctor_wrong(d,
		    "copy what is lost by other means, then cdc-task set "
		    "--from beginning",
		    "gone: see 'log'; %s", b.ptr);
	else if (!known)
		doctor_unknown(d, NULL,
		    "%s; whether the source has that could not be asked: see "
		    "'log'",
		    b.ptr);
	else
		doctor_ok(d, "%s, and the source has that", b.ptr);
	buf_fini(&b);
}

static void
no_position(struct doctor *d)
{
	const char *word = begins(d);
	struct err e = { 0 };

	if (doctor_need(d, "topics") >= V_UNKNOWN)
		doctor_unknown(d, NULL,
		    "a run begins at '%s'; whether Kafka has that could not be "
		    "asked",
		    word);
	else if (check_reaches(&d->source, d->k, &e) == -1) {
		d->gone = e.kind == ERR_GONE;
		doctor_fail(d, &e, "--from beginning, or copy by other means");
	} else
		doctor_ok(d, "a run begins at '%s', and Kafka has that", word);
}

/* Where each topic goes on, and whether Kafka still has that. */
static void
topics_text(struct doctor *d, struct buf *b, struct buf *gone, int *asked)
{
	const struct task_lag *l = &doctor_status(d)->topics;

	for (size_t i = 0; i < l->n; i++) {
		const struct topic_lag *t = &l->v[i];

		buf_addf(b, "%s%s at %s", i > 0 ? ", " : "", t->topic,
		    MQ_TEXT(t->committed));
		*asked &= mq_id_is(t->low);
		if (mq_id_is(t->low) && !topic_lag_inside(t))
			buf_addf(gone,
			    "%stopic '%s' has offsets %s to %s, the position "
			    "is %s",
			    gone->len > 0 ? ", " : "", t->topic,
			    MQ_TEXT(t->low), MQ_TEXT(t->high),
			    MQ_TEXT(t->committed));
	}
}

/*
 * 1 if the last run failed because records were gone. Its message is used,
 * since that run asked for these records.
 */
static int
refused(struct doctor *d)
{
	int gone;
	json_t *last = doctor_failure(d, &gone);
	const char *why = json_string_value(json_object_get(last, "reason"));
	/*
	 * The source is another one: the message has the choices, and Kafka was
	 * not asked.
	 */
	int back = why != NULL && strstr(why, "'cdc-task set ") != NULL &&
		   strstr(why, "what is gone") == NULL;

	d->gone |= gone && !back;
	if (gone)
		doctor_wrong(d,
		    why != NULL && strstr(why, "'cdc-task set ") != NULL
			? NULL
			: "copy what is lost by other means, then cdc-task set "
			  "--from beginning",
		    "the last run could not go on from there: %s",
		    why == NULL ? "it did not say why" : why);
	json_decref(last);
	return gone;
}

void
check_position(struct doctor *d)
{
	struct buf b = { 0 }, gone = { 0 };
	int asked = 1;

	if (d->cp_why.kind != ERR_NONE) {
		doctor_fail(d, &d->cp_why,
		    d->cp_why.kind == ERR_TEMP ? NULL
					       : "cdc-task set --from WHERE");
		return;
	}
	if (refused(d))
		return;
	if (task_reads_source(d->c->task)) {
		position_in_log(d);
		return;
	}
	if (d->cp.gen == 0) {
		no_position(d);
		return;
	}
	tso_add_time(&b, d->cp.pos.ts);
	buf_addf(&b, " (ts:%" PRIu64 "): ", d->cp.pos.ts);
	topics_text(d, &b, &gone, &asked);
	d->gone = gone.len > 0;
	if (gone.len > 0)
		doctor_wrong(d,
		    "copy what is lost by other means, then cdc-task set "
		    "--from beginning",
		    "gone: %s", gone.ptr);
	else if (!asked || d->cp.pos.n == 0)
		doctor_unknown(d, NULL,
		    "a run resumes at %s; whether Kafka has that could not be "
		    "asked: %s",
		    b.ptr,
		    d->cp.pos.n == 0 ? "the position has no topics"
				     : doctor_status(d)->topics.backlog_why);
	else if (!doctor_other_past(d))
		doctor_ok(d, "a run resumes at %s", b.ptr);
	buf_fini(&b);
	buf_fini(&gone);
}
