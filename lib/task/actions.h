#ifndef CDC_TASK_ACTIONS_H
#define CDC_TASK_ACTIONS_H

#include <jansson.h>

#include "model/source.h"

struct buf;
struct err;

/* What can be asked of a task, whole: with its locks, checks and log. */

/* Why a task was not made. */
enum task_why {
	TASK_WHY_WORDS, /* names, patterns, WHERE, or the state directory */
	TASK_WHY_THERE, /* there is one of this name */
	TASK_WHY_FULL,  /* there are max_tasks */
	TASK_WHY_OTHER, /* another task writes to the same */
	TASK_WHY_SOURCE,
	TASK_WHY_TARGET,
	TASK_WHY_LEFT, /* nobody waits for it any more */
};

/* An order for a task. All is borrowed. */
struct task_order {
	const char *name;
	json_t *task; /* task_new; "from" and "options" may be completed */
	/* The target's user:password, for a file of the task; or NULL. */
	const char *token;
	int paused;
	size_t max_tasks;  /* 0: as many as there may be */
	int check, dry;    /* ask the servers; and then do no more */
	int allow_none;    /* a pattern that meets nothing is only said */
	int wait_ms;       /* for the connection to the target, 0: default */
	struct buf *found; /* what the servers said, also after -1 */
	/*
	 * May it stand beside this one? It may complete the order, or say no
	 * with -1. NULL: task_overlap decides.
	 */
	int (*beside)(
	    void *arg, json_t *task, const json_t *other, struct err *e);
	void *arg;
	/* Does nobody wait for it any more? Then it is not made. NULL: no. */
	int (*left)(void *arg);
	void *left_arg;
	int told;          /* of task_make_order: of targets not known */
	enum task_why why; /* set with -1 */
	json_t *asked;     /* of task_make_order: others_ask */
};
/* The name of the token's file in the task's folder. */
#define TASK_TOKEN "token"

/*
 * Make a task as ordered. First the servers are asked, then it is made under
 * the lock that everybody takes who makes one: of several with one name one is
 * made. `beside` is called for each other task before and after. -1 with the
 * kind that fits, and nothing is left.
 */
int task_make_order(const char *dir, struct task_order *o, struct err *e);

enum { TASK_MAKE_PAUSED = 1, TASK_MAKE_ALLOW_NONE = 2 };
/*
 * Make a task; how is of these words; own_options is taken, with its defaults.
 * The words are checked, then that no other task writes to the same at its
 * target, then, if found is not NULL, the servers: what they said is appended
 * to it, also when it fails. -1 with the kind that fits, and nothing is left.
 */
int task_make(const char *dir, const char *name, const char *from,
    json_t *own_options, struct buf *found, unsigned how, struct err *e);

/*
 * Want it paused, and wait until nothing of it reaches the target any more.
 * ERR_TEMP if that is not so after wait_ms; the wish is stored all the same.
 * reason may be NULL. A task that is paused stays as it is.
 */
int task_pause(const char *dir, const char *name, const char *reason,
    int wait_ms, struct err *e);
int task_resume(
    const char *dir, const char *name, const char *reason, struct err *e);

/*
 * Begin elsewhere: a WHERE of cdc-read(1). A position becomes the next
 * checkpoint, lower or not, and what the target has stays known; anything
 * else is kept in the definition, and the checkpoint is put aside. ERR_TEMP
 * while somebody runs the task or writes for it.
 */
int task_set(
    const char *dir, const char *name, const char *from, struct err *e);
/*
 * The source went back, or is another one: go on with it as it is, at the same
 * position. What it has no more is kept at the target, or dropped there.
 */
int task_set_missing(
    const char *dir, const char *name, enum source_missing how, struct err *e);
/* Are the collections that its target has already ours, from now on? */
int task_set_adopt(const char *dir, const char *name, int on, struct err *e);
/* Begin elsewhere, with a position at hand: a line of those that @FILE may
 * have. */
int task_set_line(
    const char *dir, const char *name, const json_t *line, struct err *e);

#endif
