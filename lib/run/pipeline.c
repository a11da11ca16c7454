#include "run/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "base/utf8.h"
#include "net/trouble.h"
#include "task/process.h"

enum { LINE_MAX_BYTES = 4096 };

int
pipeline_chld_fd(struct err *e)
{
	static int fd = -1;
	sigset_t set;

	if (fd != -1)
		return fd;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_sys(e, ERR_TEMP, "signalfd");
	return fd;
}

static void
shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* In the child: sets up descriptors 0, 1 and 2, and starts the program. */
static void
become(struct pipeline *p, char **argv, const int fds[3], pid_t parent)
{
	setpgid(0, p->group);
	process_init(parent, SIGKILL);
	for (int i = 0; i < 3; i++)
		if (fds[i] != -1 && dup2(fds[i], i) == -1)
			_exit(2);
	process_exec(argv);
}

static int
start_one(struct pipeline *p, int i, const json_t *task, const char *dir,
    int in, int out, struct err *e)
{
	struct child *c = &p->c[i];
	char **argv;
	int err_fds[2];
	pid_t parent = getpid(), pid;

	if (pipe2(err_fds, O_CLOEXEC) == -1)
		return err_sys(e, ERR_TEMP, "pipe");
	argv = task_argv(task, (enum task_prog)i, dir);
	pid = process_fork();
	if (pid == 0)
		become(p, argv, (int[]){ in, out, err_fds[1] }, parent);
	task_argv_free(argv);
	close(err_fds[1]);
	c->err_fd = err_fds[0];
	if (pid == -1)
		return err_sys(e, ERR_TEMP, "fork");
	if (p->group == 0)
		p->group = pid;
	setpgid(pid, p->group); /* both processes do it, so that it is done
				   whichever is first */
	fcntl(c->err_fd, F_SETFL, O_NONBLOCK);
	c->pid = pid;
	return 0;
}

int
pipeline_start(
    struct pipeline *p, const json_t *task, const char *dir, struct err *e)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC), rc = 0;

	p->chld_fd = pipeline_chld_fd(e);
	if (p->chld_fd == -1)
		rc = -1;
	for (int i = 0; i < TASK_PROGS; i++)
		p->c[i].err_fd = -1;
	for (int i = 0; i < TASK_PROGS && rc == 0; i++) {
		int fds[2] = { -1, -1 };

		if (i < TASK_PROGS - 1 && pipe2(fds, O_CLOEXEC) == -1)
			rc = err_sys(e, ERR_TEMP, "pipe");
		else
			rc = start_one(p, i, task, dir, in, fds[1], e);
		shut(&in);
		shut(&fds[1]);
		in = fds[0];
	}
	shut(&in);
	if (rc == -1)
		pipeline_end(p, 0);
	return rc;
}

/*
 * Notes until when a program tries a peer again, or that this is over. Needs
 * the whole line: the time stands at its end, and c->last keeps only the
 * beginning of a long line.
 */
static void
patience(struct pipeline *p, struct child *c, const char *line)
{
	int64_t limit_s, until;

	switch (trouble_line(line, &limit_s)) {
	case TROUBLE_BEGINS:
		memcpy(c->trouble, c->last, sizeof c->trouble);
		until = clock_ms() + limit_s * 1000;
		if (until > p->patient_ms)
			p->patient_ms = until;
		break;
	case TROUBLE_OVER:
		c->trouble[0] = '\0';
		break;
	case TROUBLE_NONE:
		break;
	}
}

/* Takes one whole message of a program: keeps it and passes it on. */
static void
message(struct pipeline *p, struct child *c, const char *s, size_t n)
{
	struct buf label = { 0 };
	char *line = x_strndup(s, n);

	utf8_copy(c->last, sizeof c->last, s, n);
	patience(p, c, line);
	free(line);
	buf_adds(&label, "");
	if (p->label != NULL)
		buf_addf(&label, "[%s] ", p->label);
	log_pass(label.ptr, s, n);
	buf_fini(&label);
}

static void
messages(struct pipeline *p, struct child *c, int end)
{
	char *lf;

	while (c->text.len > 0 &&
	       (lf = memchr(c->text.ptr, '\n', c->text.len)) != NULL) {
		message(p, c, c->text.ptr, (size_t)(lf - c->text.ptr));
		buf_cut(&c->text, (size_t)(lf + 1 - c->text.ptr));
	}
	if (c->text.len > LINE_MAX_BYTES || (end && c->text.len > 0)) {
		message(p, c, c->text.ptr, c->text.len);
		buf_clear(&c->text);
	}
}

static void
read_messages(struct pipeline *p, struct child *c)
{
	ssize_t n = 1;

	while (n > 0) {
		n = x_read(c->err_fd, buf_room(&c->text, LINE_MAX_BYTES),
		    LINE_MAX_BYTES);
		if (n > 0)
			c->text.len += (size_t)n;
		messages(p, c, n == 0);
	}
	if (n == 0 || errno != EAGAIN)
		shut(&c->err_fd);
}

/* Reaps programs that have ended; returns how many still run. */
static int
reap(struct pipeline *p, int *ended)
{
	struct signalfd_siginfo si;
	int left = 0;

	while (read(p->chld_fd, &si, sizeof si) > 0)
		;
	for (int i = 0; i < TASK_PROGS; i++) {
		struct child *c = &p->c[i];

		if (c->pid == 0 || c->ended)
			continue;
		if (waitpid(c->pid, &c->status, WNOHANG) == c->pid) {
			c->ended = 1;
			*ended = 1;
			if (c->err_fd != -1) /* its last messages */
				read_messages(p, c);
		} else
			left++;
	}
	return left;
}

int
pipeline_wait(struct pipeline *p, int wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	int ended = 0, left = reap(p, &ended), seen = sig_stop;

	while (left > 0 && !ended && sig_stop == seen) {
		struct pollfd fds[TASK_PROGS + 2];
		int64_t ms = until - clock_ms();

		for (int i = 0; i < TASK_PROGS; i++)
			fds[i] = (struct pollfd){ .fd = p->c[i].err_fd,
				.events = POLLIN };
		fds[TASK_PROGS] =
		    (struct pollfd){ .fd = p->chld_fd, .events = POLLIN };
		fds[TASK_PROGS + 1] =
		    (struct pollfd){ .fd = seen ? -1 : sig_fd(),
			    .events = POLLIN };
		if (ms <= 0 || poll(fds, TASK_PROGS + 2, (int)ms) == 0)
			break;
		for (int i = 0; i < TASK_PROGS; i++)
			if (fds[i].fd != -1 && fds[i].revents != 0)
				read_messages(p, &p->c[i]);
		left = reap(p, &ended);
	}
	return left;
}

int
pipeline_drain(struct pipeline *p, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	int left;

	do {
		int64_t ms = until - clock_ms();

		left = pipeline_wait(p, ms < 0 ? 0 : (int)ms);
	} while (left > 0 && clock_ms() < until);
	return left;
}

void
pipeline_kill(struct pipeline *p, enum task_prog prog, int signo)
{
	struct child *c = &p->c[prog];

	if (c->pid == 0 || c->ended)
		return;
	c->by_us = 1;
	kill(c->pid, signo);
}

void
pipeline_end(struct pipeline *p, int64_t wait_ms)
{
	static const int signals[] = { SIGTERM, SIGKILL };

	for (int s = 0; s < 2; s++) {
		for (int i = 0; i < TASK_PROGS; i++)
			pipeline_kill(p, (enum task_prog)i, signals[s]);
		if (pipeline_drain(p, s == 0 ? wait_ms : 60000) == 0)
			return;
	}
}

void
pipeline_fini(struct pipeline *p)
{
	for (int i = 0; i < TASK_PROGS; i++) {
		shut(&p->c[i].err_fd);
		buf_fini(&p->c[i].text);
	}
}

static int
killed(const struct child *c)
{
	return WIFSIGNALED(c->status) && WTERMSIG(c->status) != SIGPIPE;
}

int
pipeline_cause(const struct pipeline *p)
{
	for (int i = 0; i < TASK_PROGS; i++)
		if (p->c[i].pid != 0 && !p->c[i].by_us && killed(&p->c[i]))
			return i;
	for (int i = 0; i < TASK_PROGS; i++)
		if (p->c[i].pid != 0 && !p->c[i].by_us &&
		    WIFEXITED(p->c[i].status) &&
		    WEXITSTATUS(p->c[i].status) != 0)
			return i;
	return -1;
}
