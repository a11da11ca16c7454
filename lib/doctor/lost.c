#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "doctor/priv.h"
#include "task/task.h"

static int64_t
applied(const struct doctor *d, const char *key)
{
	return json_integer_value(json_object_get(d->cp.applied, key));
}

size_t
doctor_dead(const struct doctor *d, const char *id, struct err *e)
{
	const char *how = task_option(d->c->task, "on-error");
	char *sub = state_sub(d->name, "dead.ndjson");
	int theirs = how != NULL && strncmp(how, "dead:", 5) == 0;
	int fd = theirs ? open(how + 5, O_RDONLY | O_CLOEXEC)
			: state_open(d->c->dir, sub, O_RDONLY);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	char *line = NULL, key[64] = "";
	size_t cap = 0, n = 0;

	if (f == NULL && errno != ENOENT)
		err_sys(e, ERR_DATA, "the lines set aside cannot be read");
	if (id != NULL)
		snprintf(key, sizeof key, "\"coll_id\":\"%s\"", id);
	while (f != NULL && getline(&line, &cap, f) > 0)
		n += strstr(line, key) != NULL;
	if (f != NULL && ferror(f))
		err_sys(e, ERR_DATA, "the lines set aside cannot be read");
	if (f != NULL)
		fclose(f);
	free(line);
	free(sub);
	return n;
}

/* Everything that options leave out, or that came in an unusual way. */
static void
add_chosen(struct doctor *d, struct buf *b)
{
	static const struct {
		const char *key, *words;
	} all[] = {
		{ "skipped", "operations left out by --skip" },
		{ "unknown", "of them not known to this release" },
		{ "late", "records that came late, and were applied" },
	};
	json_t *ev = task_log_last(d->c->dir, d->name, doctor_is_set);

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (applied(d, all[i].key) > 0)
			buf_addf(b, "%s%" PRId64 " %s", b->len > 0 ? ", " : "",
			    applied(d, all[i].key), all[i].words);
	if (ev != NULL)
		buf_addf(b, "%sthe position was set to '%s' at %s by %s",
		    b->len > 0 ? ", " : "",
		    doctor_text(ev, "from") == NULL ? "?"
						    : doctor_text(ev, "from"),
		    doctor_text(ev, "time") == NULL ? "?"
						    : doctor_text(ev, "time"),
		    doctor_text(ev, "by") == NULL ? "somebody"
						  : doctor_text(ev, "by"));
	json_decref(ev);
}

static int
is_failed(const char *event, const json_t *line)
{
	(void)line;
	return strcmp(event, "failed") == 0 || strcmp(event, "start") == 0 ||
	       strcmp(event, "set") == 0;
}

json_t *
doctor_failure(const struct doctor *d, int *gone)
{
	json_t *ev =
	    d->c->made ? task_log_last(d->c->dir, d->name, is_failed) : NULL;
	const char *what = doctor_text(ev, "event");

	*gone = 0;
	if (what == NULL || strcmp(what, "failed") != 0) {
		json_decref(ev);
		return NULL;
	}
	*gone = json_integer_value(json_object_get(ev, "status")) == 4;
	return ev;
}

/* Collections that the target has without their earlier rows. */
static void
add_partial(const struct doctor *d, struct named *out)
{
	const char *id;
	json_t *known;

	json_object_foreach(d->cp.known, id, known)
	{
		if (json_is_true(json_object_get(known, "partial")))
			named_add(out, "%s", doctor_text(known, "name"));
	}
}

/* Collections that the source has imported rows into, which are in no log. */
static void
add_imported(const struct doctor *d, struct named *out)
{
	const char *id;
	json_t *known;

	json_object_foreach(d->cp.known, id, known)
	{
		const json_t *m = json_object_get(known, "imported");

		if (m != NULL)
			named_add(out, "%s (%" JSON_INTEGER_FORMAT " rows)",
			    doctor_text(known, "name"),
			    json_integer_value(json_object_get(m, "rows")));
	}
}

/* The first loss or obstacle that is known; NULL: none is. */
static char *
loss(const struct doctor *d, size_t dead, const json_t *failure)
{
	const char *why = doctor_text(failure, "reason");

	if (d->gone)
		return x_asprintf("what %s no longer has between the position "
				  "and its oldest record",
		    doctor_log(d));
	if (dead > 0)
		return x_asprintf(
		    "%zu lines are set aside in dead.ndjson", dead);
	if (failure != NULL)
		return x_asprintf("nothing is applied since %s, when the last "
				  "run failed: %s",
		    doctor_text(failure, "time"), why == NULL ? "?" : why);
	return NULL;
}

static const char *
loss_todo(const struct doctor *d, size_t dead)
{
	return d->gone    ? "see 'position'"
	       : dead > 0 ? "mend the cause, and apply them"
			  : "see 'state'";
}

/* What could not be found out, so that "nothing is lost" cannot be said. */
static const char *
doubt(const struct doctor *d, enum verdict there, const struct err *dead)
{
	if (dead->kind != ERR_NONE)
		return dead->msg;
	if (d->cp_why.kind != ERR_NONE)
		return d->cp_why.msg;
	if (there < V_UNKNOWN)
		return NULL;
	return task_reads_source(d->c->task)
		   ? "whether the source has all from the position on could "
		     "not be asked"
		   : "whether Kafka has all from the position on could not be "
		     "asked";
}

void
check_lost(struct doctor *d)
{
	struct err e = { 0 };
	int gone, gaps;
	size_t dead = doctor_dead(d, NULL, &e);
	enum verdict there = doctor_need(d, "position");
	json_t *failure = doctor_failure(d, &gone);
	struct buf chosen = { 0 };
	struct named partial = { 0 }, imported = { 0 };
	char *lost = loss(d, dead, failure);
	const char *unsure = doubt(d, there, &e), *sep;

	add_partial(d, &partial);
	if (partial.n > 0)
		buf_addf(&chosen,
		    "collections made without the rows from before: %s",
		    named_end(&partial));
	add_chosen(d, &chosen);
	add_imported(d, &imported);
	gaps = imported.n > 0;
	if (gaps)
		buf_addf(&chosen, "%simported at the source, in no log: %s",
		    chosen.len > 0 ? "; " : "", named_end(&imported));
	sep = chosen.len > 0 ? "; " : "";
	if (lost != NULL)
		doctor_wrong(d, loss_todo(d, dead), "%s%s%s", lost, sep,
		    chosen.len > 0 ? chosen.ptr : "");
	else if (unsure != NULL)
		doctor_unknown(d, NULL, "no line is set aside; %s%s%s", unsure,
		    sep, chosen.len > 0 ? chosen.ptr : "");
	else if (gaps)
		doctor_warn(d,
		    "import the same files at the target, too (cdc-meta -k "
		    "import has them); 'rows' says whether that was done",
		    "no line is set aside; %s", chosen.ptr);
	else if (chosen.len > 0)
		doctor_warn(d, NULL, "nothing but by choice: %s", chosen.ptr);
	else
		doctor_ok(d,
		    "nothing: no line is set aside, none left out, %s has "
		    "all from the position on; %" PRId64
		    " of collections dropped by now were not needed",
		    doctor_log(d), applied(d, "gone"));
	free(lost);
	json_decref(failure);
	named_fini(&partial);
	named_fini(&imported);
	buf_fini(&chosen);
}

void
check_unknown(struct doctor *d)
{
	const char *skip = task_option(d->c->task, "skip");
	int gone;
	json_t *ev = doctor_failure(d, &gone);
	const char *why = doctor_text(ev, "reason");

	if (why != NULL && strstr(why, "does not know") != NULL)
		doctor_wrong(d, "a newer release, or --skip",
		    "stopped at "
		    "one: %s",
		    why);
	else if (skip != NULL && strstr(skip, "unknown") != NULL)
		doctor_ok(d,
		    "left out and counted, by --skip: %" PRId64 " so far",
		    applied(d, "unknown"));
	else if (d->cp_why.kind != ERR_NONE)
		doctor_unknown(d, NULL, "%s", d->cp_why.msg);
	else
		doctor_ok(d,
		    "%s; the run stops at one, and nothing behind it "
		    "is applied",
		    d->cp.gen > 0 ? "none up to the position"
				  : "nothing is applied yet");
	json_decref(ev);
}
