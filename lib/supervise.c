#include "runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "pipeline.h"
#include "sig.h"
#include "state.h"
#include "task.h"
#include "tso.h"
#include "x.h"

enum {
	LOOK_MS = 1000,
	AGAIN_MS = 5000, /* after a run that somebody else held, or that died */
	STOP_MS = 20000, /* more than a run needs for an orderly stop */
};

/* A task that we have seen. */
struct ward {
	char *name;
	pid_t pid; /* 0: none runs */
	int seen;  /* in this round */
	int64_t not_before_ms;
	char *settled; /* since of the wish that needs no run any more */
};

struct wards {
	struct ward *v;
	size_t n, cap;
};

static int64_t
mono_ms(void)
{
	return tso_mono_ns() / 1000000;
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

static void
start(struct ward *w, const char *dir, const char *since)
{
	char *argv[] = { x_strdup("cdc-task"), x_strdup("--state-dir"),
		x_strdup(dir), x_strdup("run"), x_strdup("--label"),
		x_strdup(w->name), NULL };
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		setpgid(0, 0); /* a terminal's signals are for us alone */
		pipeline_child_init(parent, SIGTERM);
		pipeline_exec(argv);
	}
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	if (pid == -1) {
		log_error("fork: %s", strerror(errno));
		w->not_before_ms = mono_ms() + AGAIN_MS;
		return;
	}
	w->pid = pid;
	free(w->settled);
	w->settled = x_strdup(since);
	log_info("task '%s': started, process %ld", w->name, (long)pid);
}

/* Start what is wanted and is not there. */
static void
look(struct wards *s, const char *dir)
{
	struct err e;
	char **names = task_list(dir, &e);

	if (names == NULL)
		log_error("%s", e.msg);
	for (size_t i = 0; i < s->n; i++)
		s->v[i].seen = names == NULL;
	for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
		struct ward *w = ward(s, names[i]);
		struct task_wish wish = { 0 };
		const char *since;

		w->seen = 1;
		if (w->pid != 0 || mono_ms() < w->not_before_ms ||
		    task_wish_load(dir, names[i], &wish, &e) == -1)
			continue;
		since = wish.since == NULL ? "" : wish.since;
		if (!wish.paused &&
		    (w->settled == NULL || strcmp(w->settled, since) != 0))
			start(w, dir, since);
		task_wish_fini(&wish);
	}
	task_list_free(names);
}

static void
ended(struct ward *w, int status)
{
	w->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 3) {
		if (WEXITSTATUS(status) != 0)
			log_error("task '%s' failed with status %d; after "
				  "resume it is tried again",
			    w->name, WEXITSTATUS(status));
		return; /* settled until its wish is renewed */
	}
	if (WIFSIGNALED(status))
		log_error("task '%s': its runner died of signal %d", w->name,
		    WTERMSIG(status));
	free(w->settled);
	w->settled = NULL;
	w->not_before_ms = mono_ms() + AGAIN_MS;
}

/* Reap, and forget tasks that are no more. How many run. */
static int
reap(struct wards *s)
{
	int left = 0;

	for (size_t i = s->n; i-- > 0;) { /* the last takes a free place */
		struct ward *w = &s->v[i];
		int status;

		if (w->pid != 0 && waitpid(w->pid, &status, WNOHANG) == w->pid)
			ended(w, status);
		left += w->pid != 0;
		if (w->pid == 0 && !w->seen) {
			free(w->name);
			free(w->settled);
			*w = s->v[--s->n];
		}
	}
	return left;
}

static void
signal_all(const struct wards *s, int signo)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].pid != 0)
			kill(s->v[i].pid, signo);
}

static void
stop_all(struct wards *s, int chld_fd)
{
	int64_t until = mono_ms() + STOP_MS;

	signal_all(s, SIGTERM);
	while (reap(s) > 0) {
		struct pollfd p = { .fd = chld_fd, .events = POLLIN };

		if (mono_ms() > until)
			signal_all(s, SIGKILL);
		poll(&p, 1, 100);
	}
}

int
runner_supervise(const char *dir, struct err *e)
{
	struct wards s = { 0 };
	int lock, chld_fd;

	if (state_init(dir, e) == -1 ||
	    (lock = task_dir_lock(dir, ".supervise.lock", 0, e)) == -1)
		return -1;
	chld_fd = pipeline_chld_fd(e);
	while (chld_fd != -1 && sig_stop == 0) {
		struct pollfd p[2] = { { .fd = sig_fd(), .events = POLLIN },
			{ .fd = chld_fd, .events = POLLIN } };
		char drop[256];

		look(&s, dir);
		if (poll(p, 2, LOOK_MS) > 0 && p[1].revents != 0)
			while (read(chld_fd, drop, sizeof drop) > 0)
				;
		reap(&s);
	}
	if (chld_fd != -1) {
		stop_all(&s, chld_fd);
		err_set(e, ERR_STOP, "stopped");
	}
	for (size_t i = 0; i < s.n; i++) {
		free(s.v[i].name);
		free(s.v[i].settled);
	}
	free(s.v);
	close(lock);
	return -1;
}
