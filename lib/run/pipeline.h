#ifndef CDC_RUN_PIPELINE_H
#define CDC_RUN_PIPELINE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "task/task.h"

struct err;

/* One program of a pipeline that is running, or has ended. */
struct child {
	pid_t pid; /* 0: not started */
	int ended;
	int status;         /* of waitpid, when it has ended */
	int by_us;          /* we sent it a signal before it ended */
	int err_fd;         /* its stderr, -1 when closed */
	struct buf text;    /* of stderr, not yet a whole line */
	char last[1024];    /* its last message */
	char trouble[1024]; /* why it tries again, until that is over; or "" */
};

/* The four programs of a task. Start with pipeline_start. */
struct pipeline {
	struct child c[TASK_PROGS];
	pid_t group;
	int chld_fd;        /* readable when a child has ended */
	const char *label;  /* in front of messages, or NULL; borrowed */
	int64_t patient_ms; /* clock_ns: a program has said that it tries
			       again until then */
};

/* Once a process: SIGCHLD is blocked and comes through a descriptor. */
int pipeline_chld_fd(struct err *e);
/* Start all; -1 with what could not be done, and then none runs. */
int pipeline_start(
    struct pipeline *p, const json_t *task, const char *dir, struct err *e);
/*
 * Pass messages on and reap, for as long as wait_ms or until a child ends or
 * a signal comes. Returns how many still run.
 */
int pipeline_wait(struct pipeline *p, int wait_ms);
/* The same until none runs or wait_ms are over. */
int pipeline_drain(struct pipeline *p, int64_t wait_ms);
void pipeline_kill(struct pipeline *p, enum task_prog prog, int signo);
/* Take down what still runs: SIGTERM, and SIGKILL after wait_ms. */
void pipeline_end(struct pipeline *p, int64_t wait_ms);
void pipeline_fini(struct pipeline *p);

/*
 * The program that ended the pipeline, when all have ended: one that died of
 * a signal that neither we nor its reader's leaving sent; else the first of
 * the pipe whose status is not 0 (those behind it only lost their input).
 * -1 if there is none.
 */
int pipeline_cause(const struct pipeline *p);

#endif
