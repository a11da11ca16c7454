#include "task/status.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/tso.h"
#include "mq/mq.h"
#include "state/state.h"
#include "task/task.h"

enum {
	STALL_MS = 30000,   /* stalled: no progress for so long */
	BACKLOG_MS = 10000, /* and so far behind */
	/* the most that ask Kafka at a time, in the whole process */
	ASKERS = 16,
};

const char *
task_state_name(enum task_state s)
{
	static const char *const names[] = { "running", "stalled", "paused",
		"stopped", "failed" };

	return names[s];
}

static int
about_runs(const char *event, const json_t *line)
{
	static const char *const words[] = { "start", "end", "failed", "ended",
		"stopped", "paused", "resume" };

	(void)line;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(event, words[i]) == 0)
			return 1;
	return 0;
}

static int
about_errors(const char *event, const json_t *line)
{
	(void)line;
	return strcmp(event, "end") == 0 || strcmp(event, "failed") == 0;
}

/* 1 for events that begin or end a trouble. */
static int
about_trouble(const char *event, const json_t *line)
{
	(void)line;
	return strcmp(event, "trouble") == 0 || strcmp(event, "over") == 0 ||
	       about_runs(event, line);
}

static const char *
text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static void
set(char **to, const char *s)
{
	char *copy = s == NULL ? NULL : x_strdup(s);

	free(*to);
	*to = copy;
}

/* "cdc-apply, status 3: its last message" */
static char *
cause(const json_t *ev)
{
	const char *program = text(ev, "program"), *why = text(ev, "reason");
	const json_t *signo = json_object_get(ev, "signal");
	json_int_t n = json_integer_value(
	    signo != NULL ? signo : json_object_get(ev, "status"));

	if (program == NULL)
		return x_strdup(why == NULL ? "it ended" : why);
	return x_asprintf("%s, %s %" JSON_INTEGER_FORMAT "%s%s", program,
	    signo != NULL ? "signal" : "status", n,
	    why == NULL || why[0] == '\0' ? "" : ": ", why == NULL ? "" : why);
}

/* By id, the collections that the source has imported rows into. */
static json_t *
imported(const json_t *known)
{
	union {
		const json_t *from;
		json_t *to;
	} u = { known }; /* jansson takes a pointer that is not const */
	json_t *all = json_object(), *v;
	const char *id;

	json_object_foreach(u.to, id, v)
	{
		if (json_object_get(v, "imported") != NULL)
			json_object_set(all, id, v);
	}
	return all;
}

/* Takes the values of the checkpoint and of stats.json. */
static void
progress(const char *dir, struct task_status *s, const struct checkpoint *c)
{
	char *sub = state_sub(s->name, "checkpoint.json");
	struct stat st;
	json_t *j;
	struct err ignored;

	s->has_checkpoint = c->gen > 0;
	s->gen = c->gen;
	s->ts = c->pos.ts;
	s->applied = json_incref(c->applied);
	s->imported = imported(c->known);
	if (state_stat(dir, sub, &st) == 0)
		s->age_ms =
		    clock_unix_ms() - ((int64_t)st.st_mtim.tv_sec * 1000 +
					  st.st_mtim.tv_nsec / NS_PER_MS);
	free(sub);
	sub = state_sub(s->name, "stats.json");
	j = state_read(dir, sub, &ignored);
	if (j != NULL && s->writer != 0 && s->age_ms < STALL_MS)
		s->rate = json_integer_value(json_object_get(j, "rate"));
	json_decref(j);
	free(sub);
}

/*
 * Each thread that asks Kafka needs some more threads and descriptors. Many
 * clients can ask a server for all its tasks at a time, which must not use up
 * what other work needs.
 */
static sem_t askers;
static pthread_once_t askers_once = PTHREAD_ONCE_INIT;

static void
make_askers(void)
{
	sem_init(&askers, 0, ASKERS);
}

/* Waits for a place; returns how much of ask_ms is left, 0: none. */
static int
turn(int ask_ms)
{
	int64_t until = clock_ns() + ask_ms * NS_PER_MS, left;
	struct timespec t = { .tv_sec = until / NS_PER_S,
		.tv_nsec = until % NS_PER_S };
	int rc;

	pthread_once(&askers_once, make_askers);
	while ((rc = sem_clockwait(&askers, CLOCK_MONOTONIC, &t)) == -1 &&
	       errno == EINTR)
		;
	left = (until - clock_ns()) / NS_PER_MS;
	if (rc == 0 && left <= 0)
		sem_post(&askers);
	return rc == 0 && left > 0 ? (int)left : 0;
}

/*
 * Loads the checkpoint right before it asks Kafka, so that both are of one
 * moment. Connecting may take long, so that comes first.
 */
static void
ask(const char *dir, struct task_status *s, json_t *task, int ask_ms,
    struct checkpoint *c)
{
	struct err e = { 0 }, e2 = { 0 };
	struct mq *r = NULL;
	int ms = c->gen > 0 && ask_ms > 0 ? turn(ask_ms) : 0;

	if (ms > 0)
		r = task_mq(task, ms, ms, &e);
	if (r != NULL && checkpoint_load(dir, s->name, c, &e2) == -1)
		task_lag_unknown(&s->topics, e2.msg);
	task_lag_init(&s->topics, &c->pos);
	if (c->gen == 0)
		task_lag_unknown(&s->topics, "nothing applied yet");
	else if (ms == 0)
		task_lag_unknown(&s->topics,
		    ask_ms == 0 ? "not asked"
				: "not asked: too many ask at a time");
	else if (r == NULL)
		task_lag_unknown(&s->topics, e.msg);
	else
		task_lag_ask(&s->topics, r);
	mq_close(r);
	if (ms > 0)
		sem_post(&askers);
}

static void
lag(struct task_status *s)
{
	set(&s->lag_why, s->topics.newest_why);
	set(&s->backlog_why, s->topics.backlog_why);
	s->backlog = s->topics.backlog;
	s->newest_ms = s->topics.newest_ms;
	s->lag_ms = s->topics.lag_ms;
}

static void
last_error(const char *dir, struct task_status *s)
{
	json_t *ev = task_log_last(dir, s->name, about_errors);

	if (ev != NULL) {
		s->last_error = cause(ev);
		set(&s->last_error_time, text(ev, "time"));
	}
	json_decref(ev);
}

/*
 * Sets when the trouble began: an event that is logged again has how long ago.
 */
static void
since(struct task_status *s, const json_t *ev)
{
	json_int_t ms = json_integer_value(json_object_get(ev, "ms"));
	struct buf b = { 0 };
	struct err ignored;
	uint64_t ts;

	if (ms <= 0 || text(ev, "time") == NULL ||
	    tso_parse_time(text(ev, "time"), &ts, &ignored) == -1) {
		set(&s->trouble_since, text(ev, "time"));
		return;
	}
	tso_add_time(&b, ts - ((uint64_t)ms << 18));
	set(&s->trouble_since, b.ptr);
	buf_fini(&b);
}

/* The trouble of a run that goes on. */
static void
trouble(const char *dir, struct task_status *s)
{
	json_t *ev = task_log_last(dir, s->name, about_trouble);
	const char *what = text(ev, "event");

	if (what != NULL && strcmp(what, "trouble") == 0) {
		set(&s->trouble, text(ev, "reason"));
		set(&s->trouble_program, text(ev, "program"));
		since(s, ev);
	}
	json_decref(ev);
}

/* A process runs the task: decides between running and stalled. */
static void
alive(const char *dir, struct task_status *s, const json_t *ev)
{
	const char *what = text(ev, "event");
	uint64_t started = 0;
	struct err e;
	int64_t quiet = s->age_ms;

	s->state = TASK_RUNNING;
	set(&s->since, text(ev, "time"));
	if (what != NULL && strcmp(what, "end") == 0) {
		char *why = cause(ev);

		free(s->reason);
		s->reason = x_asprintf("retrying: %s", why);
		free(why);
	} else if (s->want_paused)
		set(&s->reason, "being paused");
	else {
		trouble(dir, s);
		set(&s->reason, s->trouble);
	}
	if (s->since != NULL && what != NULL && strcmp(what, "start") == 0 &&
	    tso_parse_time(s->since, &started, &e) == 0 &&
	    (!s->has_checkpoint || quiet > clock_unix_ms() - tso_ms(started)))
		quiet = clock_unix_ms() - tso_ms(started);
	if (quiet < STALL_MS || (s->lag_ms >= 0 && s->lag_ms < BACKLOG_MS))
		return;
	s->state = TASK_STALLED;
	if (s->reason == NULL)
		s->reason =
		    x_asprintf("no progress for %" PRId64 " s", quiet / 1000);
}

/* No process runs the task: decides between paused, stopped and failed. */
static void
not_alive(struct task_status *s, const struct task_wish *w, const json_t *ev)
{
	const char *what = text(ev, "event");

	s->state = s->want_paused ? TASK_PAUSED : TASK_STOPPED;
	set(&s->since, s->want_paused ? w->since : text(ev, "time"));
	if (what != NULL && strcmp(what, "failed") == 0) {
		if (!s->want_paused)
			s->state = TASK_FAILED;
		free(s->reason);
		s->reason = cause(ev);
	}
	if (s->want_paused && w->reason != NULL)
		set(&s->reason, w->reason);
	if (s->reason != NULL || s->want_paused)
		return;
	if (what == NULL && !s->has_checkpoint)
		set(&s->reason, "never run");
	else if (what == NULL)
		set(&s->reason, "no runner holds this task");
	else if (strcmp(what, "start") == 0 || strcmp(what, "end") == 0)
		set(&s->reason, "its runner died");
	else if (strcmp(what, "resume") == 0 || strcmp(what, "paused") == 0)
		set(&s->reason, "no runner holds this task");
	else if (strcmp(what, "ended") == 0)
		set(&s->reason, "the stream ended");
}

static void
derive(const char *dir, struct task_status *s, int ask_ms, json_t *task,
    const struct task_wish *w)
{
	json_t *ev = task_log_last(dir, s->name, about_runs);
	int run = state_locked_file(dir, s->name, "run.lock", &s->runner);
	int write = state_locked(dir, s->name, &s->writer);
	struct checkpoint c = { 0 };
	struct err e = { 0 };

	s->want_paused = w->paused;
	last_error(dir, s);
	if (checkpoint_load(dir, s->name, &c, &e) == -1) {
		s->state = TASK_FAILED;
		set(&s->reason, e.msg);
	} else {
		ask(dir, s, task, ask_ms, &c);
		progress(dir, s, &c);
		lag(s);
		if (run || write)
			alive(dir, s, ev);
		else
			not_alive(s, w, ev);
	}
	checkpoint_fini(&c);
	json_decref(ev);
}

void
task_status_get(
    const char *dir, const char *name, int ask_ms, struct task_status *s)
{
	struct task_wish w = { 0 };
	struct err e = { 0 };
	json_t *task;

	memset(s, 0, sizeof *s);
	s->name = x_strdup(name);
	s->rate = s->newest_ms = s->lag_ms = s->backlog = -1;
	task = state_task(dir, name, &e);
	if (task == NULL || task_wish_load(dir, name, &w, &e) == -1) {
		s->state = TASK_FAILED;
		s->reason = x_strdup(e.msg);
		s->lag_why = x_strdup("the task cannot be read");
		s->backlog_why = x_strdup(s->lag_why);
	} else
		derive(dir, s, ask_ms, task, &w);
	json_decref(task);
	task_wish_fini(&w);
}

/* Tasks that several threads look at; each takes the next one. */
struct round {
	const char *dir;
	char *const *names;
	size_t n;
	int64_t ask_until_ns; /* 0: do not ask Kafka */
	struct task_status *v;
	atomic_size_t next;
};

static int
left_ms(const struct round *r)
{
	int64_t left = (r->ask_until_ns - clock_ns()) / NS_PER_MS;

	return r->ask_until_ns == 0 || left <= 0 ? 0 : (int)left;
}

static void *
look(void *arg)
{
	struct round *r = arg;
	size_t i;

	while ((i = atomic_fetch_add(&r->next, 1)) < r->n)
		task_status_get(r->dir, r->names[i], left_ms(r), &r->v[i]);
	return NULL;
}

/* Counts a thread more or less; 0 if the limit is reached. */
static int
helper(int more)
{
	static atomic_int n;

	if (atomic_fetch_add(&n, more) < ASKERS || more < 0)
		return 1;
	atomic_fetch_sub(&n, more);
	return 0;
}

void
task_status_all(const char *dir, char *const *names, size_t n, int ask_ms,
    struct task_status *v)
{
	struct round r = { .dir = dir,
		.names = names,
		.n = n,
		.ask_until_ns =
		    ask_ms == 0 ? 0 : clock_ns() + ask_ms * NS_PER_MS,
		.v = v };
	pthread_t t[ASKERS];
	size_t m = 0;

	/* This thread is one of them, and alone would do. */
	while (m + 1 < n && m < ASKERS && helper(1)) {
		if (pthread_create(&t[m], NULL, look, &r) != 0) {
			helper(-1);
			break;
		}
		m++;
	}
	look(&r);
	for (; m > 0; helper(-1))
		pthread_join(t[--m], NULL);
}

int
task_status_good(const struct task_status *s)
{
	return s->state == TASK_RUNNING || s->state == TASK_PAUSED;
}

void
task_status_fini(struct task_status *s)
{
	free(s->name);
	free(s->reason);
	free(s->since);
	free(s->lag_why);
	free(s->backlog_why);
	free(s->trouble);
	free(s->trouble_program);
	free(s->trouble_since);
	free(s->last_error);
	free(s->last_error_time);
	task_lag_fini(&s->topics);
	json_decref(s->applied);
	json_decref(s->imported);
	memset(s, 0, sizeof *s);
}
