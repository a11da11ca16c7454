#ifndef CDC_TASK_STATUS_H
#define CDC_TASK_STATUS_H

#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "task/lag.h"

struct buf;
struct err;

/* The state of a task, derived anew each time; it is not stored. */
enum task_state {
	TASK_RUNNING, /* a process runs it or writes for it */
	TASK_STALLED, /* the same, but without progress although there is a
			 backlog */
	TASK_PAUSED,
	TASK_STOPPED, /* wanted, but no process runs it */
	TASK_FAILED,  /* the last run ended in a way that trying again cannot
			 help */
};
const char *task_state_name(enum task_state s);

struct task_status {
	char *name;
	enum task_state state;
	char *reason, *since; /* or NULL */
	int want_paused;
	pid_t runner, writer; /* 0: none, or unknown */
	int has_checkpoint;
	int64_t gen;
	uint64_t ts;            /* everything up to here is applied */
	int64_t age_ms;         /* since the checkpoint was written */
	json_t *applied;        /* counts, or NULL */
	json_t *imported;       /* `imported` of collections in known */
	int64_t rate;           /* rows a second; -1: not known */
	int64_t newest_ms;      /* the source's newest record; -1: not known */
	int64_t lag_ms;         /* -1: not known */
	char *lag_why;          /* why it is unknown */
	int64_t backlog;        /* records, ticks too; -1: not known */
	char *backlog_why;      /* why it is unknown */
	struct task_lag topics; /* the lag by topic */
	char *trouble;          /* why a program tries a peer again; or NULL */
	char *trouble_program, *trouble_since;
	char *last_error;      /* how the last run that failed ended, or NULL */
	char *last_error_time; /* when that was */
};

/*
 * Look at one task. ask_ms: how long all questions to the source's Kafka may
 * take; 0: do not ask it. A folder that cannot be read gives TASK_FAILED with
 * the reason, never an error.
 */
void task_status_get(
    const char *dir, const char *name, int ask_ms, struct task_status *s);
/*
 * The same for n tasks, several at a time. ask_ms is for all of them together,
 * so that the last ones may find no time left.
 */
void task_status_all(const char *dir, char *const *names, size_t n, int ask_ms,
    struct task_status *v);
void task_status_fini(struct task_status *s);

/*
 * 1 if the task is as it is wanted: it runs and makes progress, or is paused.
 */
int task_status_good(const struct task_status *s);

/* One line of JSON, cdc-task(1). */
void task_status_json(const struct task_status *s, struct buf *b);
/*
 * 1 if colors may be written to fd: it is a terminal, and NO_COLOR
 * (no-color.org) is not set.
 */
int task_status_color(int fd);
/*
 * A table for people, a line each under a head; color: for a terminal. With
 * topics, a task's topics follow its line, under a head of their own.
 */
void task_status_table(const struct task_status *v, size_t n, int color,
    int topics, struct buf *b);

/* "1.2s", "3m 20s", "2h 5m" or "-". */
void task_duration(int64_t ms, char *out, size_t cap);

#endif
