#ifndef CDC_TASK_ACTIONS_H
#define CDC_TASK_ACTIONS_H

#include <jansson.h>

#include "model/source.h"

struct buf;
struct err;

/* What clients can do with a task, complete with locks, checks and log. */

/* Why a task was not made. */
enum task_why {
	TASK_WHY_WORDS, /* names, patterns, WHERE, or the state directory */
	TASK_WHY_THERE, /* the name is taken */
	TASK_WHY_FULL,  /* there are max_tasks already */
	TASK_WHY_OTHER, /* another task writes to the same collections */
	TASK_WHY_SOURCE,
	TASK_WHY_TARGET,
	TASK_WHY_LEFT, /* the client that ordered it has left */
};

/* An order for a task. All is borrowed. */
struct task_order {
	const char *name;
	json_t *task; /* from task_new; "from" and "options" may be completed */
	/*
	 * The target's user:password, to be kept in a file of the task; or
	 * NULL.
	 */
	const char *token;
	int paused;
	size_t max_tasks; /* 0: unlimited */
	int check, dry;   /* check: ask the servers; dry: make nothing */
	int allow_none;   /* a pattern that matches nothing is only a warning */
	int wait_ms;      /* for the connection to the target, 0: default */
	struct buf *found; /* what the servers said, also after a failure */
	/*
	 * Called for each other task: may the new one exist beside it? It may
	 * complete the order, or refuse with -1. NULL: task_overlap decides.
	 */
	int (*beside)(
	    void *arg, json_t *task, const json_t *other, struct err *e);
	void *arg;
	/*
	 * Returns 1 if the client has left, so that no task is made. NULL:
	 * never.
	 */
	int (*left)(void *arg);
	void *left_arg;
	int told; /* for task_make_order: targets without identity were reported
		   */
	enum task_why why; /* set if the result is -1 */
	json_t *asked;     /* for task_make_order: the result of others_ask */
};
/* The name of the token's file in the task's folder. */
#define TASK_TOKEN "token"

/*
 * Make a task as ordered. First the servers are asked; then it is made under a
 * lock that every maker of a task takes, so that of several orders with one
 * name only one succeeds. `beside` is called for each other task before and
 * after that. On -1 with the fitting kind, nothing is left behind.
 */
int task_make_order(const char *dir, struct task_order *o, struct err *e);

enum { TASK_MAKE_PAUSED = 1, TASK_MAKE_ALLOW_NONE = 2 };
/*
 * Make a task; how is of these words; takes own_options and adds defaults.
 * Checks the words, then that no other task writes to the same collections at
 * its target, then, if found is not NULL, asks the servers: what they say is
 * appended to it, also after a failure. On -1 with the fitting kind, nothing is
 * left behind.
 */
int task_make(const char *dir, const char *name, const char *from,
    json_t *own_options, struct buf *found, unsigned how, struct err *e);

/*
 * Set the wish to paused, and wait until the task writes nothing to the target
 * any more. ERR_TEMP if that takes longer than wait_ms; the wish is stored all
 * the same. reason may be NULL. A task that is paused is left as it is.
 */
int task_pause(const char *dir, const char *name, const char *reason,
    int wait_ms, struct err *e);
int task_resume(
    const char *dir, const char *name, const char *reason, struct err *e);

/*
 * Begin at another WHERE of cdc-read(1). A position becomes the next
 * checkpoint, even if it is lower, and `known` stays; any other WHERE is kept
 * in the definition, and the checkpoint is set aside. ERR_TEMP while another
 * process runs the task or writes for it.
 */
int task_set(
    const char *dir, const char *name, const char *from, struct err *e);
/*
 * Accept a source that went back or is another one, as it is now, at the same
 * position. What it has lost is kept at the target, or dropped there.
 */
int task_set_missing(
    const char *dir, const char *name, enum source_missing how, struct err *e);
/*
 * From now on, collections that the target has already are, or are not, the
 * task's own.
 */
int task_set_adopt(const char *dir, const char *name, int on, struct err *e);
/* Begin at a position that is parsed already: a line such as @FILE may have. */
int task_set_line(
    const char *dir, const char *name, const json_t *line, struct err *e);

#endif
