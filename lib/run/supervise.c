#include "run/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "run/notify.h"
#include "run/pipeline.h"
#include "run/priv.h"
#include "state/state.h"
#include "task/process.h"
#include "task/task.h"

enum {
	/* between two looks if the kernel does not report changes */
	LOOK_MS = 1000,
	WATCHED_MS = 15000, /* and if it does */
	BACKOFF_MIN_MS = 1000,
	BACKOFF_MAX_MS = 60000,
	STARTS = 10, /* a runner that died is started so often at most */
	STARTS_MS = 10 * 60000, /* within this time */
	STOP_MS = 20000,        /* longer than an orderly stop of a run takes */
	KILL_MS = 5000,         /* for a killed process to disappear */
};

/* The definition's file when a run began. */
struct version {
	ino_t file;
	int64_t written_ns;
};

/* A task and its runner. */
struct ward {
	char *name;
	pid_t pid;     /* 0: no runner */
	int seen;      /* found in this round */
	char *settled; /* `since` of the wish for which no further run is needed
			*/
	struct version version;   /* of the present run, or of the last one */
	struct version refused;   /* of a definition that could not be read */
	int64_t gen;              /* of the checkpoint when the runner began */
	int64_t began_ms[STARTS]; /* the last starts, the oldest first */
	int64_t not_before_ms, backoff_ms;
	int64_t stop_ms; /* since when it is to end, 0: it is not */
	int told;        /* we have told it to end */
};

struct wards {
	const char *dir;
	struct ward *v;
	size_t n, cap;
	int watch; /* from taskwatch_open */
	int watched;
	char said[128]; /* last status told to the service manager */
};

static int64_t
mono_ms(void)
{
	return clock_ms();
}

static struct ward *
ward(struct wards *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	s->v[s->n] = (struct ward){ .name = x_strdup(name) };
	return &s->v[s->n++];
}

static struct version
version_of(const char *dir, const char *name)
{
	char *sub = state_sub(name, "task.json");
	struct version v = { 0 };
	struct stat st;

	if (state_stat(dir, sub, &st) == 0) {
		v.file = st.st_ino;
		v.written_ns =
		    (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	}
	free(sub);
	return v;
}

static int
differs(struct version a, struct version b)
{
	return a.file != b.file || a.written_ns != b.written_ns;
}

/*
 * 1 if the definition differs from that of the run. One that cannot be read is
 * being written, or is a mistake, and counts as no change.
 */
static int
changed(const struct wards *s, struct ward *w)
{
	struct version now = version_of(s->dir, w->name);
	struct err e;
	json_t *task;

	if (!differs(now, w->version) || !differs(now, w->refused))
		return 0;
	task = state_task(s->dir, w->name, &e);
	if (task == NULL) {
		log_warn("task '%s' is left as it was: %s", w->name, e.msg);
		w->refused = now;
	}
	json_decref(task);
	return task != NULL;
}

static int64_t
generation(const char *dir, const char *name)
{
	struct checkpoint c = { 0 };
	struct err e;
	int64_t gen = checkpoint_load(dir, name, &c, &e) == -1 ? 0 : c.gen;

	checkpoint_fini(&c);
	return gen;
}

static void
become_runner(const struct wards *s, const struct ward *w, pid_t parent)
{
	char *argv[] = { x_strdup("cdc-task"), x_strdup("--state-dir"),
		x_strdup(s->dir), x_strdup("run"), x_strdup("--label"),
		x_strdup(w->name), NULL };

	/* so that a terminal's signals reach only the supervisor */
	setpgid(0, 0);
	process_init(parent, SIGTERM);
	process_exec(argv);
}

static void
start(const struct wards *s, struct ward *w, const char *since)
{
	pid_t parent = getpid(), pid;

	w->version = version_of(s->dir, w->name);
	w->gen = generation(s->dir, w->name);
	pid = process_fork();
	if (pid == 0)
		become_runner(s, w, parent);
	if (pid == -1) {
		log_error("fork: %s", strerror(errno));
		w->not_before_ms = mono_ms() + BACKOFF_MIN_MS;
		return;
	}
	w->pid = pid;
	memmove(w->began_ms, w->began_ms + 1,
	    sizeof w->began_ms - sizeof *w->began_ms);
	w->began_ms[STARTS - 1] = mono_ms();
	free(w->settled);
	w->settled = x_strdup(since);
	log_info("task '%s': started, process %ld", w->name, (long)pid);
}

/* Tells the runner, once, to end its pipeline in order. */
static void
stop(struct ward *w, const char *why)
{
	if (w->pid == 0 || w->told)
		return;
	log_info("task '%s': %s", w->name, why);
	w->told = 1;
	w->stop_ms = mono_ms();
	kill(w->pid, SIGTERM);
}

/*
 * Ends a runner whose definition has changed. A runner notices a pause by
 * itself.
 */
static void
look_at_running(struct wards *s, struct ward *w, const struct task_wish *wish)
{
	if (w->told)
		return;
	if (!wish->paused)
		w->stop_ms = 0;
	else if (w->stop_ms == 0)
		w->stop_ms = mono_ms();
	if (changed(s, w))
		stop(w, "its definition has changed");
}

static void
look_at(struct wards *s, struct ward *w)
{
	struct task_wish wish = { 0 };
	const char *since;
	struct err e;

	if (taskwatch_task(s->watch, s->dir, w->name) == -1)
		s->watched = 0;
	if (task_wish_load(s->dir, w->name, &wish, &e) == -1)
		return;
	since = wish.since == NULL ? "" : wish.since;
	if (w->pid != 0)
		look_at_running(s, w, &wish);
	else if (!wish.paused && mono_ms() >= w->not_before_ms &&
		 (w->settled == NULL || strcmp(w->settled, since) != 0 ||
		     changed(s, w)))
		start(s, w, since);
	task_wish_fini(&wish);
}

/* Starts runners of wanted tasks, and stops those of tasks that are gone. */
static void
look(struct wards *s)
{
	struct err e;
	char **names;

	s->watched = taskwatch_tasks(s->watch, s->dir) == 0;
	names = task_list(s->dir, &e);
	if (names == NULL) {
		log_error("%s", e.msg);
		s->watched = 0;
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		s->v[i].seen = 0;
	for (size_t i = 0; names[i] != NULL; i++) {
		struct ward *w = ward(s, names[i]);

		w->seen = 1;
		look_at(s, w);
	}
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].seen)
			stop(&s->v[i], "it is gone");
	task_list_free(names);
}

/*
 * Doubles from BACKOFF_MIN_MS to BACKOFF_MAX_MS as long as no rows are applied.
 */
static int64_t
next_backoff(const struct wards *s, struct ward *w)
{
	int64_t half;

	if (generation(s->dir, w->name) > w->gen)
		w->backoff_ms = 0;
	w->backoff_ms = w->backoff_ms == 0 ? BACKOFF_MIN_MS : w->backoff_ms * 2;
	if (w->backoff_ms > BACKOFF_MAX_MS)
		w->backoff_ms = BACKOFF_MAX_MS;
	half = w->backoff_ms / 2;
	return half + (int64_t)((double)random() / RAND_MAX * (double)half);
}

/*
 * The runner itself died, which should not happen: start it again, but not for
 * ever.
 */
static void
died(const struct wards *s, struct ward *w, int signo)
{
	json_t *j =
	    json_pack("{s:s, s:i}", "program", "cdc-task", "signal", signo);
	int64_t ms;
	char why[256];

	if (w->began_ms[0] != 0 && mono_ms() - w->began_ms[0] < STARTS_MS) {
		snprintf(why, sizeof why,
		    "started %d times in %d minutes, and its runner died each "
		    "time; after 'cdc-task resume %.64s' it is tried again",
		    STARTS, STARTS_MS / 60000, w->name);
		log_error("task '%s': %s", w->name, why);
		json_object_set_new(j, "reason", json_string(why));
		task_log(s->dir, w->name, "failed", j);
		memset(w->began_ms, 0, sizeof w->began_ms);
		return;
	}
	ms = next_backoff(s, w);
	log_error("task '%s': its runner died of signal %d; again in %" PRId64
		  " ms",
	    w->name, signo, ms);
	json_object_set_new(j, "reason", json_string("its runner died"));
	json_object_set_new(j, "retry_ms", json_integer(ms));
	task_log(s->dir, w->name, "end", j);
	free(w->settled);
	w->settled = NULL;
	w->not_before_ms = mono_ms() + ms;
}

static void
ended(const struct wards *s, struct ward *w, int status)
{
	int told = w->told;

	w->pid = 0;
	w->stop_ms = w->told = 0;
	if (told) {
		free(w->settled); /* start it at once if it is still wanted */
		w->settled = NULL;
	} else if (WIFSIGNALED(status))
		died(s, w, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 3) { /* another process runs it */
		free(w->settled);
		w->settled = NULL;
		w->not_before_ms = mono_ms() + next_backoff(s, w);
	} else if (WEXITSTATUS(status) != 0)
		log_error("task '%s' failed with status %d; after resume it "
			  "is tried again",
		    w->name, WEXITSTATUS(status));
}

/* Reaps runners and forgets deleted tasks. Returns how many run. */
static size_t
reap(struct wards *s)
{
	size_t left = 0;

	/* downwards, since the last task moves to a free place */
	for (size_t i = s->n; i-- > 0;) {
		struct ward *w = &s->v[i];
		int status;

		if (w->pid != 0 && waitpid(w->pid, &status, WNOHANG) == w->pid)
			ended(s, w, status);
		left += w->pid != 0;
		if (w->pid == 0 && !w->seen) {
			free(w->name);
			free(w->settled);
			*w = s->v[--s->n];
		}
	}
	return left;
}

/*
 * Kills runners that take too long to end. 1 if one is left although it was
 * killed.
 */
static int
stuck(const struct wards *s)
{
	int yes = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct ward *w = &s->v[i];
		int64_t over = mono_ms() - w->stop_ms - STOP_MS;

		if (w->pid == 0 || w->stop_ms == 0 || over < 0)
			continue;
		kill(w->pid, SIGKILL);
		yes |= over > KILL_MS;
	}
	return yes;
}

/* Stops all runners at the same time, and waits for a bounded time. */
static void
stop_all(struct wards *s, int chld_fd)
{
	int64_t until = mono_ms() + STOP_MS + KILL_MS;
	size_t left;

	notify_stopping();
	for (size_t i = 0; i < s->n; i++)
		stop(&s->v[i], "stopped");
	while ((left = reap(s)) > 0 && mono_ms() < until) {
		struct pollfd p = { .fd = chld_fd, .events = POLLIN };

		stuck(s);
		poll(&p, 1, 100);
	}
	if (left > 0)
		log_error("%zu tasks could not be stopped", left);
}

/* How long nothing needs to be done unless an event comes. */
static int
pause_ms(const struct wards *s)
{
	int64_t now = mono_ms(), ms = s->watched ? WATCHED_MS : LOOK_MS;
	int64_t watchdog = notify_watchdog_ms() / 2;

	if (watchdog > 0 && watchdog < ms)
		ms = watchdog;
	for (size_t i = 0; i < s->n; i++) {
		const struct ward *w = &s->v[i];
		int64_t left = w->not_before_ms - now;

		if (w->pid == 0 && left > 0 && left < ms)
			ms = left + 1;
		if (w->stop_ms != 0 && LOOK_MS < ms)
			ms = LOOK_MS;
	}
	return (int)ms;
}

static void
tell(struct wards *s, size_t running)
{
	char text[sizeof s->said];

	snprintf(text, sizeof text, "%zu of %zu tasks run", running, s->n);
	if (strcmp(text, s->said) != 0)
		notify_status("%s", text);
	memcpy(s->said, text, sizeof text);
}

static void
supervise(struct wards *s, int chld_fd)
{
	look(s);
	notify_ready();
	while (sig_stop == 0) {
		struct pollfd p[3] = { { .fd = sig_fd(), .events = POLLIN },
			{ .fd = chld_fd, .events = POLLIN },
			{ .fd = s->watch, .events = POLLIN } };
		char drop[256];

		poll(p, 3, pause_ms(s));
		while (read(chld_fd, drop, sizeof drop) > 0)
			;
		taskwatch_drain(s->watch);
		reap(s);
		if (sig_stop == 0)
			look(s);
		tell(s, reap(s));
		if (!stuck(s))
			notify_watchdog();
	}
	stop_all(s, chld_fd);
}

int
runner_supervise(const char *dir, struct err *e)
{
	struct wards s = { .dir = dir, .watch = -1 };
	int lock, chld_fd;

	if (state_init(dir, e) == -1 ||
	    (lock = task_dir_lock(dir, ".supervise.lock", 0, e)) == -1)
		return -1;
	srandom((unsigned)(clock_ns() ^ getpid()));
	chld_fd = pipeline_chld_fd(e);
	if (chld_fd != -1) {
		s.watch = taskwatch_open();
		supervise(&s, chld_fd);
		err_set(e, ERR_STOP, "stopped");
	}
	for (size_t i = 0; i < s.n; i++) {
		free(s.v[i].name);
		free(s.v[i].settled);
	}
	free(s.v);
	if (s.watch != -1)
		close(s.watch);
	close(lock);
	return -1;
}
