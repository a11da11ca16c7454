#ifndef CDC_TASK_TASK_H
#define CDC_TASK_TASK_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/opt.h"

struct buf;
struct err;
struct pos;

/*
 * Tasks in a state directory, cdc-state(5): definition (task.json), wish
 * (desired.json), log (log.ndjson). dir and name are borrowed.
 */

/* The programs of a task's pipeline, in its order. */
enum task_prog { TASK_META, TASK_READ, TASK_APPLY, TASK_COMMIT, TASK_PROGS };
const char *task_prog_name(enum task_prog prog); /* "cdc-meta" */

/*
 * An option of cdc-task create belongs to one program: task.json keeps it under
 * its name, and that program gets it. The option's row in that program's table
 * says all that is not said here. MANY may be repeated (an array of strings),
 * PATH is a file's name (made absolute), KEPT is in task.json even if it is not
 * given: from the environment, or with the program's default.
 */
enum { TASK_KEPT = 1, TASK_MANY = 2, TASK_PATH = 4 };
struct task_option {
	const char *name;
	enum task_prog prog; /* TASK_PROGS: of --source, see task_asks_source */
	int flags;
	const char *as;  /* the program's name or letter for it */
	const char *arg; /* as in struct opt */
	const char *help;
};
extern const struct task_option task_options[]; /* name NULL at the end */
const struct task_option *task_option_find(const char *name); /* or NULL */
int task_option_flag(const struct task_option *o); /* takes no argument */
/* A row for it: puts it into the definition's "options", a json_t * at `at`. */
struct opt task_option_opt(const struct task_option *o, size_t at);

/*
 * Put one option into a definition's "options". ERR_USAGE for an argument that
 * is empty, that has a secret in it (a password in a URL, a librdkafka property
 * that is one), or that its program would refuse, with its words; the message
 * does not name the option.
 */
int task_option_set(json_t *options, const struct task_option *o,
    const char *arg, struct err *e);
/*
 * Set options that are not set yet from the environment or to their fallbacks;
 * with a source, only those of a target.
 */
int task_option_defaults(json_t *options, struct err *e);
/* The name of the task in its definition, borrowed. */
const char *task_name(const json_t *task);
/* The text of an option, or NULL; borrowed from task. */
const char *task_option(const json_t *task, const char *name);

/*
 * A definition with a source, but without etcd, has its catalogue from there;
 * without brokers, its log. If it has both, only doctor asks the source.
 */
int task_asks_source(const json_t *task);
int task_reads_source(const json_t *task);

/* ERR_USAGE for offsets of Kafka with a log through Milvus, or its marks. */
int task_place_fits(const json_t *task, const struct pos *p, struct err *e);

/* A whole new definition; takes own_options. */
json_t *task_new(const char *name, const char *from, json_t *own_options);

/*
 * The arguments of one program of the task's pipeline, NULL at the end; free
 * with task_argv_free. argv[0] is the program's name.
 */
char **task_argv(const json_t *task, enum task_prog prog, const char *dir);
void task_argv_free(char **argv);
/*
 * The same as text for people, quoted for a shell where necessary. To be freed.
 */
char *task_argv_text(char **argv);

/* A file for a task's folder, mode 0600. */
struct task_file {
	const char *name, *text;
};
/*
 * Write the folder under another name and rename it, so that a task that cannot
 * be made leaves nothing. ERR_DATA if it exists. files, if not NULL, end with
 * one whose name is NULL.
 */
int task_create(const char *dir, const char *name, const json_t *task,
    int paused, const struct task_file *files, struct err *e);
/*
 * Lock a file of dir/tasks until the descriptor is closed. ERR_TEMP if another
 * process holds it, with wait after TASK_LOCK_MS; no process holds it while it
 * asks a server. ".lock" is held from the last look at the other tasks until
 * task_create is done.
 */
enum { TASK_LOCK_MS = 10000 };
int task_dir_lock(const char *dir, const char *file, int wait, struct err *e);
/* Replace task.json. */
int task_save(
    const char *dir, const char *name, const json_t *task, struct err *e);
/* Delete a task. ERR_TEMP while a process runs it or writes for it. */
int task_delete(const char *dir, const char *name, struct err *e);

/*
 * Take all locks of a task, so that no process runs it or writes for it.
 * task_unlock_all must follow, also after -1 with ERR_TEMP.
 */
enum { TASK_LOCKS = 3 };
int task_lock_all(
    const char *dir, const char *name, int fds[TASK_LOCKS], struct err *e);
void task_unlock_all(int fds[TASK_LOCKS]);

/* Sorted names, NULL at the end; free each and the list. Or NULL. */
char **task_list(const char *dir, struct err *e);
void task_list_free(char **names);

/* 1 if both targets are one Milvus, whatever its name; -1: unknown now. */
int task_same_target(const json_t *a, const json_t *b);
/*
 * 1 if two definitions write to one collection at one target; *why names it. -1
 * if they would, but it is unknown whether the targets are one; *why says why.
 */
int task_overlap(const json_t *a, const json_t *b, struct err *why);

/* The wish for a task. Strings are owned; task_wish_fini frees them. */
struct task_wish {
	int paused;
	char *since;
	char *reason;
	char *by; /* the user, as task_by has it */
};
int task_wish_load(
    const char *dir, const char *name, struct task_wish *w, struct err *e);
int task_wish_save(const char *dir, const char *name, int paused,
    const char *reason, struct err *e);
void task_wish_fini(struct task_wish *w);

/*
 * Append {"time":"…","event":event,…} to log.ndjson; own_more is an object or
 * NULL. If the log cannot be written, there is only a warning. task_log_by adds
 * "by", for requests of users.
 */
void task_log_by(
    const char *dir, const char *name, const char *event, json_t *own_more);
void task_log(
    const char *dir, const char *name, const char *event, json_t *own_more);
/*
 * Rename a log of more than 1 MiB to log.ndjson.1; only for the holder of
 * run.lock.
 */
void task_log_rotate(const char *dir, const char *name);
/* Append the whole log to b. ERR_DATA. */
int task_log_read(
    const char *dir, const char *name, struct buf *b, struct err *e);
/* The last line whose event wanted() accepts, or NULL. */
json_t *task_log_last(const char *dir, const char *name,
    int (*wanted)(const char *event, const json_t *line));

/* The present time as RFC 3339; to be freed. */
char *task_now(void);
/*
 * The user: "alice@host", or "alice as milvus-cdc@host" behind sudo; to be
 * freed.
 */
char *task_by(void);

#endif
