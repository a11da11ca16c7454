#ifndef CDC_TASK_TASK_H
#define CDC_TASK_TASK_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/opt.h"

struct buf;
struct err;

/*
 * Tasks in a state directory, cdc-state(5): definition (task.json), wish
 * (desired.json), log (log.ndjson). dir and name are borrowed.
 */

/* The programs of a task's pipeline, in its order. */
enum task_prog { TASK_META, TASK_READ, TASK_APPLY, TASK_COMMIT, TASK_PROGS };
const char *task_prog_name(enum task_prog prog); /* "cdc-meta" */

/*
 * An option of cdc-task create is that of one program: kept in task.json
 * under its name, and handed to that program. What is not said here is as it
 * is there. MANY may be repeated (an array of strings), PATH is a file's name
 * (made absolute), KEPT is in task.json also if it is not given: from the
 * environment, or the program's default.
 */
enum { TASK_KEPT = 1, TASK_MANY = 2, TASK_PATH = 4 };
struct task_option {
	const char *name;
	enum task_prog prog; /* TASK_PROGS: of none */
	int flags;
	const char *as;  /* the program's name or letter for it */
	const char *arg; /* as in struct opt */
	const char *help;
};
extern const struct task_option task_options[]; /* name NULL at the end */
const struct task_option *task_option_find(const char *name); /* or NULL */
int task_option_flag(const struct task_option *o); /* takes no argument */
/* A row for it, of a table of options. */
struct opt task_option_opt(
    const struct task_option *o, size_t at, opt_call *call);

/*
 * Put one option into a definition's "options". ERR_USAGE for an argument that
 * is empty, or has a secret in it (a password in a URL, a librdkafka property
 * that is one); the message does not name the option.
 */
int task_option_set(json_t *options, const struct task_option *o,
    const char *arg, struct err *e);
/* Environment and fallbacks, for what is not set yet. */
int task_option_defaults(json_t *options, struct err *e);
/* What a definition says the task is called. Borrowed from it. */
const char *task_name(const json_t *task);
/* An option's text, or NULL. Borrowed from task. */
const char *task_option(const json_t *task, const char *name);

/* A whole definition, made now. own_options is taken. */
json_t *task_new(const char *name, const char *from, json_t *own_options);

/*
 * The arguments of one program of the task's pipeline, NULL at the end; free
 * with task_argv_free. argv[0] is the program's name.
 */
char **task_argv(const json_t *task, enum task_prog prog, const char *dir);
void task_argv_free(char **argv);
/* The same as text for people, quoted for a shell where needed. To free. */
char *task_argv_text(char **argv);

/* A file in a task's folder, mode 0600. */
struct task_file {
	const char *name, *text;
};
/*
 * Write the folder aside and rename it, so that nothing is left of a task
 * that could not be made. ERR_DATA if it is there already. files, if not
 * NULL, end with one whose name is NULL.
 */
int task_create(const char *dir, const char *name, const json_t *task,
    int paused, const struct task_file *files, struct err *e);
/*
 * Lock a file of dir/tasks until the descriptor is closed. ERR_TEMP if it is
 * held, with wait for TASK_LOCK_MS: nobody holds one while he asks a peer.
 * ".lock" is held from the last look at the other tasks until task_create is
 * done.
 */
enum { TASK_LOCK_MS = 10000 };
int task_dir_lock(const char *dir, const char *file, int wait, struct err *e);
/* Replace task.json. */
int task_save(
    const char *dir, const char *name, const json_t *task, struct err *e);
/* Refused with ERR_TEMP while somebody runs it or writes to it. */
int task_delete(const char *dir, const char *name, struct err *e);

/*
 * All locks of a task, so that nobody runs it or writes for it. To be followed
 * by task_unlock_all, also after -1 with ERR_TEMP.
 */
enum { TASK_LOCKS = 3 };
int task_lock_all(
    const char *dir, const char *name, int fds[TASK_LOCKS], struct err *e);
void task_unlock_all(int fds[TASK_LOCKS]);

/* Sorted names, NULL at the end; free each and the list. Or NULL. */
char **task_list(const char *dir, struct err *e);
void task_list_free(char **names);

/* Do they write to one Milvus, whatever it is called? -1: not known now. */
int task_same_target(const json_t *a, const json_t *b);
/*
 * Do two definitions write to one collection at one target? 1: *why says
 * which; -1: if their targets are one, which is not known, and *why says why.
 */
int task_overlap(const json_t *a, const json_t *b, struct err *why);

/* What is wanted. All strings are owned; task_wish_fini frees. */
struct task_wish {
	int paused;
	char *since;
	char *reason;
	char *by; /* who wanted it, task_by */
};
int task_wish_load(
    const char *dir, const char *name, struct task_wish *w, struct err *e);
int task_wish_save(const char *dir, const char *name, int paused,
    const char *reason, struct err *e);
void task_wish_fini(struct task_wish *w);

/*
 * Append {"time":"…","event":event,…} to log.ndjson; own_more is an object or
 * NULL. A log that cannot be written is a warning, nothing more. task_log_by
 * adds "by", for what a person asks.
 */
void task_log_by(
    const char *dir, const char *name, const char *event, json_t *own_more);
void task_log(
    const char *dir, const char *name, const char *event, json_t *own_more);
/* Only by the holder of run.lock: past 1 MiB the log becomes log.ndjson.1. */
void task_log_rotate(const char *dir, const char *name);
/* All of it, appended to b. ERR_DATA. */
int task_log_read(
    const char *dir, const char *name, struct buf *b, struct err *e);
/* The last line for whose event wanted() is not 0, or NULL. */
json_t *task_log_last(const char *dir, const char *name,
    int (*wanted)(const char *event, const json_t *line));

/* Now as RFC 3339; to free. */
char *task_now(void);
/* "alice@host", or "alice as milvus-cdc@host" behind sudo; to free. */
char *task_by(void);

#endif
