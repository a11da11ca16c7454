#include "run/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "base/sig.h"
#include "net/tls.h"
#include "net/transient.h"
#include "net/trouble.h"
#include "run/notify.h"
#include "run/pipeline.h"
#include "run/priv.h"
#include "state/state.h"
#include "task/task.h"

enum {
	LOOK_MS = 500, /* how often desired.json is looked at */
	/* a new reason for the same trouble is logged so often */
	TOLD_MS = 60000,
	DRAIN_MS = 10000, /* the most that an orderly stop may take */
	/* when one program ended, the others get this time to end */
	GRACE_MS = 2000,
	TERM_MS = 3000, /* from SIGTERM to SIGKILL */
	BACKOFF_MIN_MS = 500,
	BACKOFF_MAX_MS = 30000,
	PASSING_S = 600,     /* for failures that may pass, as --retry */
	LONG_RUN_MS = 60000, /* after a run of this length the backoff begins at
				its start again */
};

enum outcome { ENDED, PAUSED, STOPPED, AGAIN, FAILED };

struct runner {
	const struct runner_conf *conf;
	json_t *task;
	int64_t gen;        /* of the checkpoint at the start of this run */
	int64_t started_ms; /* monotonic */
	int64_t backoff_ms;
	int away;            /* the run ended with status 3: a peer was away */
	int64_t passing_ms;  /* since when there is no progress because of a
				failure that may pass; 0: there is none */
	int64_t passing_gen; /* gen of the checkpoint then */
	int64_t trouble_ms[TASK_PROGS]; /* since when each program tries again,
					   or 0 */
	struct {
		char text[1024];
		/* when another reason was logged, 0: not yet */
		int64_t again_ms;
	} told[TASK_PROGS]; /* the trouble of each program that is in the log */
	struct progress progress;
	struct runshow show;
};

static int64_t
mono_ms(void)
{
	return clock_ms();
}

/* A wish that cannot be read counts as no change. */
static int
paused(const struct runner *r)
{
	struct task_wish w = { 0 };
	struct err e;
	int yes;

	if (task_wish_load(r->conf->dir, r->conf->name, &w, &e) == -1) {
		log_info("%s", e.msg);
		return 0;
	}
	yes = w.paused;
	task_wish_fini(&w);
	return yes;
}

static int64_t
generation(const struct runner *r, uint64_t *ts)
{
	struct checkpoint c = { 0 };
	struct err e;
	int64_t gen = 0;

	if (checkpoint_load(r->conf->dir, r->conf->name, &c, &e) == 0) {
		gen = c.gen;
		if (ts != NULL)
			*ts = c.pos.ts;
	}
	checkpoint_fini(&c);
	return gen;
}

static void
log_start(struct runner *r)
{
	uint64_t ts = 0;
	char text[32];

	task_log_rotate(r->conf->dir, r->conf->name);
	r->gen = generation(r, &ts);
	r->started_ms = mono_ms();
	snprintf(text, sizeof text, "%" PRIu64, ts);
	task_log(r->conf->dir, r->conf->name, "start",
	    json_pack("{s:i, s:I, s:s}", "pid", (int)getpid(), "gen",
		(json_int_t)r->gen, "ts", text));
}

/* Which program ended the run, how, and its last message. */
static json_t *
cause_json(const struct pipeline *p, int i)
{
	const struct child *c;
	json_t *j = json_object();

	if (i < 0)
		return j;
	c = &p->c[i];
	json_object_set_new(
	    j, "program", json_string(task_prog_name((enum task_prog)i)));
	if (WIFSIGNALED(c->status))
		json_object_set_new(
		    j, "signal", json_integer(WTERMSIG(c->status)));
	else
		json_object_set_new(
		    j, "status", json_integer(WEXITSTATUS(c->status)));
	json_object_set_new(j, "reason", json_string(c->last));
	return j;
}

static void
add_ran(const struct runner *r, json_t *j)
{
	json_object_set_new(
	    j, "ran_ms", json_integer(mono_ms() - r->started_ms));
}

static int64_t
next_backoff(struct runner *r)
{
	int64_t ms;

	if (generation(r, NULL) > r->gen ||
	    mono_ms() - r->started_ms >= LONG_RUN_MS)
		r->backoff_ms = 0;
	r->backoff_ms = r->backoff_ms == 0 ? BACKOFF_MIN_MS : r->backoff_ms * 2;
	if (r->backoff_ms > BACKOFF_MAX_MS)
		r->backoff_ms = BACKOFF_MAX_MS;
	ms = r->backoff_ms / 2;
	return ms + (int64_t)((double)random() / RAND_MAX * (double)ms);
}

static enum err_kind
kind_of(int status)
{
	switch (status) {
	case 2:
		return ERR_USAGE;
	case 3:
		return ERR_TEMP;
	case 4:
		return ERR_GONE;
	default:
		return ERR_DATA;
	}
}

/*
 * Advice for a position that is gone: no run can help, and what was lost must
 * be copied by other means. If the source is another one, the program's message
 * has the choices.
 */
static void
advise(const char *name, const char *said, struct err *e)
{
	size_t n = strlen(e->msg);

	if (strstr(said, "'cdc-task set ") != NULL) {
		snprintf(e->msg + n, sizeof e->msg - n, ": %s", said);
		return;
	}
	snprintf(e->msg + n, sizeof e->msg - n,
	    "; what is gone is not at the target: copy it by other means, or "
	    "leave it, and go on with 'cdc-task set %s --from WHERE', where "
	    "'beginning' is all that the log has",
	    name);
}

static int64_t
patience_ms(const struct runner *r)
{
	const char *text = task_option(r->task, "retry");
	int64_t s = PASSING_S;
	struct err ignored;

	if (text != NULL && num_i64(text, 0, INT32_MAX, &s, &ignored) == -1)
		s = PASSING_S;
	return s * 1000;
}

/*
 * 1 if the failure is of a kind that may pass; before: the task has run before.
 */
static int
of_passing(const struct child *c, int before)
{
	enum passing why = passing_cause(c->last);
	int status = WEXITSTATUS(c->status);

	if (status != 1 && (status != 2 || why != PASSING_FILE))
		return 0;
	return why == PASSING_DISK || (why != PASSING_NOT && before);
}

/* 1 if a refusal, status 1 or 2, is to be tried again for the usual time. */
static int
may_pass(struct runner *r, const struct child *c)
{
	int64_t gen = generation(r, NULL), now = mono_ms();

	if (!of_passing(c, gen > 0)) {
		r->passing_ms = 0;
		return 0;
	}
	if (gen != r->passing_gen || r->passing_ms == 0) {
		r->passing_ms = now;
		r->passing_gen = gen;
	}
	return now - r->passing_ms < patience_ms(r);
}

/* Decides what to do when all programs have ended by themselves. */
static enum outcome
judge(
    struct runner *r, const struct pipeline *p, int64_t *wait_ms, struct err *e)
{
	int i = pipeline_cause(p), bad = i >= 0 && WIFEXITED(p->c[i].status);
	json_t *j = cause_json(p, i);
	const char *dir = r->conf->dir, *name = r->conf->name;
	int sum = 0;

	add_ran(r, j);
	for (int k = 0; k < TASK_PROGS; k++)
		sum |= p->c[k].status;
	if (sum == 0) {
		task_log(dir, name, "ended", j);
		return ENDED;
	}
	if (bad && WEXITSTATUS(p->c[i].status) != 3 && !may_pass(r, &p->c[i])) {
		err_set(e, kind_of(WEXITSTATUS(p->c[i].status)),
		    "task '%s' failed: %s status %d", name,
		    task_prog_name((enum task_prog)i),
		    WEXITSTATUS(p->c[i].status));
		if (e->kind == ERR_GONE)
			advise(name, p->c[i].last, e);
		task_log(dir, name, "failed", j);
		return FAILED;
	}
	r->away = bad;
	*wait_ms = next_backoff(r);
	notify_status("again in %" PRId64 " ms: %s", *wait_ms,
	    i < 0 ? "it ended" : p->c[i].last);
	json_object_set_new(j, "retry_ms", json_integer(*wait_ms));
	task_log(dir, name, "end", j);
	return AGAIN;
}

/* The program that holds up those behind it; -1 if the last one has ended. */
static int
straggler(const struct pipeline *p)
{
	for (int i = TASK_READ; i < TASK_PROGS; i++)
		if (!p->c[i].ended)
			return i;
	return -1;
}

/*
 * Ends cdc-read's stream and waits until everything that it wrote is applied.
 */
static enum outcome
stop_in_order(struct runner *r, struct pipeline *p, enum outcome why)
{
	const struct child *last = &p->c[TASK_COMMIT];
	json_t *j = json_object(), *cause;
	int late, in_order;

	notify_stopping();
	pipeline_kill(p, TASK_READ, SIGTERM);
	pipeline_drain(p, DRAIN_MS);
	late = straggler(p);
	pipeline_end(p, TERM_MS);
	in_order = last->status == 0 && !last->by_us;
	json_object_set_new(j, "in_order", json_boolean(in_order));
	if (!in_order) {
		cause = cause_json(p, late >= 0 ? late : pipeline_cause(p));
		json_object_set_new(cause, "late", json_boolean(late >= 0));
		json_object_set_new(j, "cause", cause);
	}
	add_ran(r, j);
	if (why == STOPPED)
		json_object_set_new(j, "signal", json_integer(sig_stop));
	task_log(r->conf->dir, r->conf->name,
	    why == STOPPED ? "stopped" : "paused", j);
	return why;
}

/*
 * 0 while a process still commits or applies for this task: a new run would
 * read a position that is soon an old one.
 */
static int
is_free(const struct runner *r, struct err *e)
{
	static const char *const locks[] = { "lock", "commit.lock" };

	for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
		if (state_unlocked(r->conf->dir, r->conf->name, locks[i], e) ==
		    -1) {
			log_warn("%s; trying again", e->msg);
			return 0;
		}
	return 1;
}

static enum outcome
not_started(struct runner *r, int64_t *wait_ms, const struct err *e)
{
	*wait_ms = next_backoff(r);
	task_log(r->conf->dir, r->conf->name, "end",
	    json_pack("{s:s, s:I}", "reason", e->msg, "retry_ms",
		(json_int_t)*wait_ms));
	return AGAIN;
}

static void
log_trouble(struct runner *r, const struct pipeline *p, int i)
{
	snprintf(
	    r->told[i].text, sizeof r->told[i].text, "%s", p->c[i].trouble);
	task_log_rotate(r->conf->dir, r->conf->name);
	task_log(r->conf->dir, r->conf->name, "trouble",
	    json_pack("{s:s, s:s, s:I}", "program",
		task_prog_name((enum task_prog)i), "reason", p->c[i].trouble,
		"ms", (json_int_t)(mono_ms() - r->trouble_ms[i])));
	notify_status("%s", p->c[i].trouble);
}

/*
 * The log shows the last event. If other programs still try again, their
 * trouble is logged again.
 */
static void
log_over(struct runner *r, const struct pipeline *p, int i)
{
	task_log(r->conf->dir, r->conf->name, "over",
	    json_pack("{s:s, s:I}", "program",
		task_prog_name((enum task_prog)i), "ms",
		(json_int_t)(mono_ms() - r->trouble_ms[i])));
	r->trouble_ms[i] = 0;
	notify_status("running");
	for (int k = 0; k < TASK_PROGS; k++)
		if (r->trouble_ms[k] != 0)
			log_trouble(r, p, k);
}

/* Logs another reason of a program that still tries again. */
static void
look_for_another(struct runner *r, const struct pipeline *p, int i)
{
	int64_t now = mono_ms(), *again = &r->told[i].again_ms;

	if ((*again != 0 && now - *again < TOLD_MS) ||
	    trouble_same(r->told[i].text, p->c[i].trouble))
		return;
	*again = now;
	log_trouble(r, p, i);
}

/* Logs trouble while it lasts, so that every display has it. */
static void
look_for_trouble(struct runner *r, const struct pipeline *p)
{
	for (int i = 0; i < TASK_PROGS; i++) {
		int tries = p->c[i].trouble[0] != '\0' && !p->c[i].ended;

		if (tries && r->trouble_ms[i] == 0) {
			r->trouble_ms[i] = mono_ms();
			r->told[i].again_ms = 0;
			log_trouble(r, p, i);
		} else if (!tries && r->trouble_ms[i] != 0)
			log_over(r, p, i);
		else if (tries)
			look_for_another(r, p, i);
	}
}

/*
 * The catalogue of a source without etcd is read once, and cdc-meta ends then;
 * what may end the run is what comes of it behind.
 */
static int
is_whole(const struct pipeline *p, int left)
{
	const struct child *m = &p->c[TASK_META];

	return left == TASK_PROGS ||
	       (left == TASK_PROGS - 1 && m->ended && m->status == 0);
}

static enum outcome
run_once(struct runner *r, int64_t *wait_ms, struct err *e)
{
	struct pipeline p = { .label = r->conf->label ? r->conf->name : NULL };
	enum outcome o;
	int left = TASK_PROGS;

	log_start(r);
	r->away = 0;
	if (!is_free(r, e))
		return not_started(r, wait_ms, e);
	if (pipeline_start(&p, r->task, r->conf->dir, e) == -1) {
		pipeline_fini(&p);
		return not_started(r, wait_ms, e);
	}
	notify_status("running");
	while (is_whole(&p, left) && sig_stop == 0 && !paused(r)) {
		progress_look(&r->progress, p.patient_ms);
		runshow_look(&r->show);
		left = pipeline_wait(&p, LOOK_MS);
		if (is_whole(&p, left))
			look_for_trouble(r, &p);
	}
	runshow_end(&r->show);
	memset(r->trouble_ms, 0, sizeof r->trouble_ms);
	if (!is_whole(&p, left)) {
		pipeline_drain(&p, GRACE_MS);
		pipeline_end(&p, TERM_MS);
		o = judge(r, &p, wait_ms, e);
	} else
		o = stop_in_order(r, &p, sig_stop != 0 ? STOPPED : PAUSED);
	pipeline_fini(&p);
	return o;
}

/* Waits between two runs. */
static enum outcome
wait_again(struct runner *r, int64_t wait_ms)
{
	int64_t until = mono_ms() + wait_ms, ms;

	while (sig_stop == 0 && (ms = until - mono_ms()) > 0) {
		struct pollfd p = { .fd = sig_fd(), .events = POLLIN };

		if (paused(r)) {
			task_log(r->conf->dir, r->conf->name, "paused", NULL);
			return PAUSED;
		}
		progress_look(&r->progress, r->away ? INT64_MAX : 0);
		poll(&p, 1, (int)(ms > LOOK_MS ? LOOK_MS : ms));
	}
	if (sig_stop == 0)
		return AGAIN;
	task_log(r->conf->dir, r->conf->name, "stopped",
	    json_pack("{s:i}", "signal", (int)sig_stop));
	return STOPPED;
}

static int
run_all(struct runner *r, struct err *e)
{
	enum outcome o = AGAIN;
	int64_t wait_ms = 0;

	while (o == AGAIN) {
		o = run_once(r, &wait_ms, e);
		if (o == AGAIN)
			o = wait_again(r, wait_ms);
	}
	if (o == STOPPED)
		return err_set(e, ERR_STOP, "stopped");
	if (o == FAILED)
		return -1;
	err_clear(e);
	return 0;
}

int
runner_run(const struct runner_conf *conf, struct err *e)
{
	struct runner r = { .conf = conf };
	int lock = state_lock_file(conf->dir, conf->name, "run.lock", e);
	int rc = -1;

	if (lock == -1)
		return -1;
	srandom((unsigned)(clock_ns() ^ getpid()));
	r.task = state_task(conf->dir, conf->name, e);
	progress_init(&r.progress, conf->dir, conf->name);
	runshow_init(&r.show, conf->dir, conf->name, conf->progress);
	if (r.task != NULL) {
		/* for all programs that it starts */
		trust_child(state_owner(r.task));
		notify_ready();
		if (paused(&r)) {
			log_warn("task '%s' is paused", conf->name);
			rc = 0;
		} else
			rc = run_all(&r, e);
	}
	progress_fini(&r.progress);
	json_decref(r.task);
	close(lock);
	return rc;
}
