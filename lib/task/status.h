#ifndef CDC_TASK_STATUS_H
#define CDC_TASK_STATUS_H

#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "task/lag.h"

struct buf;
struct err;

/* How a task is, derived anew each time; nothing of it is stored. */
enum task_state {
	TASK_RUNNING, /* somebody runs it or writes for it */
	TASK_STALLED, /* so, but without progress though there is a backlog */
	TASK_PAUSED,
	TASK_STOPPED, /* wanted, and nobody runs it */
	TASK_FAILED, /* the last run ended in a way that retrying cannot help */
};
const char *task_state_name(enum task_state s);

struct task_status {
	char *name;
	enum task_state state;
	char *reason, *since; /* or NULL */
	int want_paused;
	pid_t runner, writer; /* 0: none, or not known */
	int has_checkpoint;
	int64_t gen;
	uint64_t ts;            /* applied up to here */
	int64_t age_ms;         /* since the checkpoint was written */
	json_t *applied;        /* counts, or NULL */
	json_t *imported;       /* known of the collections with imports */
	int64_t rate;           /* rows a second; -1: not known */
	int64_t newest_ms;      /* the source's newest record; -1: not known */
	int64_t lag_ms;         /* -1: not known */
	char *lag_why;          /* then why */
	int64_t backlog;        /* records, ticks too; -1: not known */
	char *backlog_why;      /* then why */
	struct task_lag topics; /* each of them */
	char *trouble;          /* a program tries again, and why; or NULL */
	char *trouble_program, *trouble_since;
	char *last_error;      /* how the last run that failed ended, or NULL */
	char *last_error_time; /* and when */
};

/*
 * Look at one task. ask_ms: how long all questions to the source's Kafka may
 * take, 0: it is not asked. A folder that cannot be read gives TASK_FAILED
 * with the reason, never an error.
 */
void task_status_get(
    const char *dir, const char *name, int ask_ms, struct task_status *s);
/*
 * The same for n tasks, several at a time, and ask_ms for all of them
 * together: those that come last may find no time left.
 */
void task_status_all(const char *dir, char *const *names, size_t n, int ask_ms,
    struct task_status *v);
void task_status_fini(struct task_status *s);

/* Is it as it is wanted: it runs and gets on, or shall not run? */
int task_status_good(const struct task_status *s);

/* One line of JSON, cdc-task(1). */
void task_status_json(const struct task_status *s, struct buf *b);
/* May colors be written there? A terminal, and no-color.org. */
int task_status_color(int fd);
/*
 * For people, a line each under a head; color: for a terminal. With topics
 * those of a task under its line, with a head of their own.
 */
void task_status_table(const struct task_status *v, size_t n, int color,
    int topics, struct buf *b);

/* "1.2s", "3m 20s", "2h 5m" or "-". */
void task_duration(int64_t ms, char *out, size_t cap);

#endif
