#ifndef CDC_RUN_PIPELINE_H
#define CDC_RUN_PIPELINE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "task/task.h"

struct err;

/* One program of a pipeline; it runs or has ended. */
struct child {
	pid_t pid; /* 0: not started */
	int ended;
	int status;         /* from waitpid, when it has ended */
	int by_us;          /* we sent it a signal before it ended */
	int err_fd;         /* its stderr, -1 when closed */
	struct buf text;    /* from stderr, not a whole line yet */
	char last[1024];    /* its last message */
	char trouble[1024]; /* why it tries a peer again; "" if it does not */
};

/* The four programs of a task. Start with pipeline_start. */
struct pipeline {
	struct child c[TASK_PROGS];
	pid_t group;
	int chld_fd;       /* readable when a child has ended */
	const char *label; /* in front of messages, or NULL; borrowed */
	/* clock_ns: a program tries a peer again until then */
	int64_t patient_ms;
};

/* Block SIGCHLD and return a descriptor for it; once in a process. */
int pipeline_chld_fd(struct err *e);
/* Start all programs; -1 if that fails, and then none runs. */
int pipeline_start(
    struct pipeline *p, const json_t *task, const char *dir, struct err *e);
/*
 * Pass messages on and reap, until wait_ms are over, a program ends or a signal
 * comes. Returns how many still run.
 */
int pipeline_wait(struct pipeline *p, int wait_ms);
/* The same until no program runs or wait_ms are over. */
int pipeline_drain(struct pipeline *p, int64_t wait_ms);
void pipeline_kill(struct pipeline *p, enum task_prog prog, int signo);
/* End programs that still run: SIGTERM, and after wait_ms SIGKILL. */
void pipeline_end(struct pipeline *p, int64_t wait_ms);
void pipeline_fini(struct pipeline *p);

/*
 * The program that ended the pipeline, when all have ended: one that died of a
 * signal which neither we sent nor its reader caused by leaving; else the first
 * whose status is not 0, because those behind it only lost their input. -1 if
 * there is none.
 */
int pipeline_cause(const struct pipeline *p);

#endif
