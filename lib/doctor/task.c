#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "doctor/priv.h"
#include "model/op.h"
#include "model/tso.h"
#include "task/task.h"

enum { IDLE_MS = 10000, LOW_SPACE = 1 << 30 };

const char *
doctor_text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

/* ---- what is wanted, and how it is ---- */

void
check_wish(struct doctor *d)
{
	struct task_wish w = { 0 };
	struct err e = { 0 };

	if (task_wish_load(d->c->dir, d->name, &w, &e) == -1) {
		doctor_fail(d, &e, "cdc-task pause or resume writes it anew");
		return;
	}
	doctor_ok(d, "%s by %s at %s%s%s",
	    w.paused ? "paused" : "wanted to run",
	    w.by == NULL ? "somebody" : w.by, w.since == NULL ? "?" : w.since,
	    w.reason == NULL ? "" : ": ", w.reason == NULL ? "" : w.reason);
	task_wish_fini(&w);
}

/* What will start the task, if anything does. */
static const char *
starter(const struct doctor *d, char *out, size_t n)
{
	pid_t pid;

	if (state_locked_file(d->c->dir, ".", ".supervise.lock", &pid))
		snprintf(out, n, "'cdc-task supervise' starts it again");
	else
		snprintf(out, n,
		    "nothing starts it again: no 'cdc-task supervise' runs "
		    "here");
	return out;
}

static void
say_stopped(struct doctor *d, const struct task_status *s)
{
	pid_t pid;
	char who[128];
	int kept = state_locked_file(d->c->dir, ".", ".supervise.lock", &pid);

	if (s->state == TASK_FAILED)
		doctor_wrong(d, "mend it, then cdc-task resume",
		    "failed at %s: %s; it does not start again by itself",
		    s->since == NULL ? "?" : s->since,
		    s->reason == NULL ? "?" : s->reason);
	else
		doctor_wrong(d, kept ? NULL : "cdc-task run, or supervise",
		    "wanted, and does not run%s%s: %s; %s",
		    s->since == NULL ? "" : " since ",
		    s->since == NULL ? "" : s->since,
		    s->reason == NULL ? "never started" : s->reason,
		    starter(d, who, sizeof who));
}

void
check_state(struct doctor *d)
{
	const struct task_status *s = doctor_status(d);
	const char *why = s->reason == NULL ? "" : s->reason;
	const char *since = s->since == NULL ? "?" : s->since;

	switch (s->state) {
	case TASK_RUNNING:
		if (strncmp(why, "retrying", 8) == 0)
			doctor_warn(d, NULL,
			    "%s; it starts again by itself, within 30 s", why);
		else if (s->trouble != NULL)
			doctor_warn(d, NULL, "runs, and waits since %s: %s",
			    s->trouble_since, s->trouble);
		else
			doctor_ok(d, "runs since %s%s%s", since,
			    why[0] == '\0' ? "" : ": ", why);
		break;
	case TASK_STALLED:
		doctor_wrong(d, "see the other checks",
		    "runs since %s, but does not get on: %s", since, why);
		break;
	case TASK_PAUSED:
		doctor_ok(d,
		    "paused since %s%s%s; it starts again after "
		    "'cdc-task resume'",
		    since, why[0] == '\0' ? "" : ": ", why);
		break;
	case TASK_STOPPED:
	case TASK_FAILED:
	default:
		say_stopped(d, s);
	}
}

/* ---- how far ---- */

void
check_lag(struct doctor *d)
{
	const struct task_status *s = doctor_status(d);
	char lag[32];

	task_duration(s->lag_ms, lag, sizeof lag);
	if (!s->has_checkpoint && d->cp_why.kind == ERR_NONE)
		doctor_warn(d, NULL, "nothing is applied yet");
	else if (s->lag_ms >= 0 && task_reads_source(d->c->task))
		doctor_ok(d,
		    "%s behind the source; how many records that are is not "
		    "told",
		    lag);
	else if (s->lag_ms < 0 || s->backlog < 0)
		doctor_unknown(d, NULL, "not known: %s",
		    s->lag_ms < 0 ? s->lag_why : s->backlog_why);
	else
		doctor_ok(d, "%s and %" PRId64 " records behind the source",
		    lag, s->backlog);
}

/* "3.0s behind the source's newest record", or that it is unknown. */
static void
add_behind(const struct task_status *s, const json_t *task, struct buf *b)
{
	char lag[32];

	task_duration(s->lag_ms, lag, sizeof lag);
	if (s->lag_ms >= 0)
		buf_addf(b, "%s behind the source's %s", lag,
		    task_reads_source(task) ? "clock" : "newest record");
	else
		buf_addf(b, "how far behind is not known: %s",
		    s->lag_why == NULL ? "?" : s->lag_why);
}

static void
add_age(const struct task_status *s, struct buf *b)
{
	char age[32];

	task_duration(s->age_ms, age, sizeof age);
	if (s->has_checkpoint)
		buf_addf(b, "the last checkpoint is %s old", age);
	else
		buf_adds(b, "nothing has been applied yet");
}

void
check_progress(struct doctor *d)
{
	const struct task_status *s = doctor_status(d);
	struct buf lag = { 0 }, age = { 0 };

	add_behind(s, d->c->task, &lag);
	add_age(s, &age);
	if (s->state == TASK_STALLED)
		doctor_wrong(d, "see 'state' and cdc-task log",
		    "stuck: %s, and %s", age.ptr, lag.ptr);
	else if (s->state != TASK_RUNNING)
		doctor_ok(d, "neither: it is %s; %s", task_state_name(s->state),
		    s->has_checkpoint ? lag.ptr : age.ptr);
	else if (s->trouble != NULL)
		doctor_warn(d, "see 'state'", "waits for a peer; %s, %s",
		    age.ptr, lag.ptr);
	else if (s->rate > 0)
		doctor_ok(d, "works: %" PRId64 " rows/s, %s", s->rate, lag.ptr);
	else if (s->lag_ms >= 0 && s->lag_ms < IDLE_MS)
		doctor_ok(d, "idle: it follows, %s; %s", lag.ptr, age.ptr);
	else
		doctor_unknown(
		    d, NULL, "not known yet: %s; %s", age.ptr, lag.ptr);
	buf_fini(&lag);
	buf_fini(&age);
}

/* ---- from where ---- */

int
doctor_is_set(const char *event, const json_t *line)
{
	return strcmp(event, "set") == 0 &&
	       json_object_get(line, "from") != NULL;
}

static int
is_begin(const char *event, const json_t *line)
{
	return strcmp(event, "create") == 0 || doctor_is_set(event, line);
}

static const char *
meaning(const char *from)
{
	if (strcmp(from, "start") == 0)
		return "the beginning of each collection, so nothing was left "
		       "out";
	if (strcmp(from, "beginning") == 0)
		return "all that the log had then, which may be less than the "
		       "beginning";
	if (strcmp(from, "checkpoint") == 0)
		return "not the beginning: what Milvus had in its storage by "
		       "then was left out";
	return "not the beginning: what was written before was left out";
}

void
check_start(struct doctor *d)
{
	json_t *ev = task_log_last(d->c->dir, d->name, is_begin);
	const char *from = doctor_text(ev, "from"),
		   *when = doctor_text(ev, "time");
	const char *by = doctor_text(ev, "by"),
		   *what = doctor_text(ev, "event");
	char when_text[64] = "";
	uint64_t ts = 0;
	struct buf b = { 0 };
	struct err e;

	if (from == NULL) /* by an older release, or a position */
		from = doctor_text(d->c->task, "from");
	if (from == NULL)
		from = "a position";
	if (strncmp(from, "ts:", 3) == 0 &&
	    tso_parse_time(from + 3, &ts, &e) == 0) {
		tso_add_time(&b, ts);
		snprintf(when_text, sizeof when_text, ", %s", b.ptr);
	}
	doctor_ok(d, "began at '%s'%s: %s (%s %s by %s)", from, when_text,
	    meaning(from),
	    what != NULL && doctor_is_set(what, ev) ? "set" : "created",
	    when != NULL ? when : doctor_text(d->c->task, "created"),
	    by == NULL ? "somebody" : by);
	buf_fini(&b);
	json_decref(ev);
}

/* ---- the folder ---- */

static void
human(int64_t n, char *out, size_t cap)
{
	if (n < 10000)
		snprintf(out, cap, "%" PRId64 " bytes", n);
	else if (n < 10000000)
		snprintf(out, cap, "%" PRId64 " kB", n / 1000);
	else
		snprintf(out, cap, "%" PRId64 " MB", n / 1000000);
}

struct folder {
	int64_t all, most;
	char name[NAME_MAX + 1];
};

static void
measure(int fd, struct folder *f, int64_t *left)
{
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *x;
	struct stat st;
	struct statvfs fs;

	if (dir != NULL && fstatvfs(fd, &fs) == 0)
		*left = (int64_t)(fs.f_bavail * fs.f_frsize);
	while (dir != NULL && (x = readdir(dir)) != NULL) {
		if (fstatat(fd, x->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			continue;
		f->all += st.st_size;
		if (st.st_size <= f->most)
			continue;
		f->most = st.st_size;
		snprintf(f->name, sizeof f->name, "%s", x->d_name);
	}
	if (dir != NULL)
		closedir(dir);
}

void
check_disk(struct doctor *d)
{
	char *sub = state_sub(d->name, NULL);
	struct folder f = { 0 };
	char all[32], most[32], free_text[32];
	int64_t left = -1;

	measure(state_open(d->c->dir, sub, O_RDONLY | O_DIRECTORY), &f, &left);
	human(f.all, all, sizeof all);
	human(f.most, most, sizeof most);
	human(left, free_text, sizeof free_text);
	if (left < 0)
		doctor_unknown(d, NULL, "its folder cannot be measured");
	else if (left < LOW_SPACE)
		doctor_warn(d, "checkpoints need a place",
		    "%s, most of it %s (%s); only %s are free", all, f.name,
		    most, free_text);
	else
		doctor_ok(d, "%s, most of it %s (%s); %s are free", all, f.name,
		    most, free_text);
	free(sub);
}

void
check_upgrade(struct doctor *d)
{
	struct err e = { 0 };

	if (state_format(d->c->dir, &e) == -1)
		doctor_fail(d, &e, "use the newer release");
	else
		doctor_ok(d,
		    "release %s: state format %d, stream version %d; a newer "
		    "release reads both, an older one says so if it does not",
		    VERSION, STATE_FORMAT, STREAM_VERSION);
}
