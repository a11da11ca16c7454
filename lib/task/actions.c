#include "task/actions.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/utf8_json.h"
#include "model/tso.h"
#include "net/tls.h"
#include "state/state.h"
#include "task/check.h"
#include "task/others.h"
#include "task/overlap.h"
#include "task/task.h"

enum { LOOK_MS = 50 };

static int
overlap(void *arg, json_t *task, const json_t *other, struct err *e)
{
	struct task_order *o = arg;
	int rc = task_overlap(task, other, e);

	if (rc == -1 && !o->told)
		log_warn("%s", e->msg);
	if (rc == -1)
		err_clear(e);
	return rc == 1 ? -1 : 0;
}

static int
is_there(struct task_order *o, struct err *e)
{
	o->why = TASK_WHY_THERE;
	return err_set(e, ERR_DATA, "task '%s' is there already", o->name);
}

/*
 * Compares the new task with the others. One of them may have been made since
 * the first look.
 */
static int
fits(const char *dir, struct task_order *o, struct err *e)
{
	json_t **all = others_load(dir, e);
	int rc = all == NULL ? -1 : 0;
	size_t n;

	o->why = TASK_WHY_OTHER;
	if (rc == 0)
		others_tell(all, o->asked);
	for (n = 0; rc == 0 && all[n] != NULL; n++)
		rc = strcmp(task_name(all[n]), o->name) == 0
			 ? is_there(o, e)
			 : (o->beside == NULL ? overlap : o->beside)(
			       o->beside == NULL ? o : o->arg, o->task, all[n],
			       e);
	if (rc == 0 && o->max_tasks > 0 && n >= o->max_tasks) {
		o->why = TASK_WHY_FULL;
		rc = err_set(e, ERR_DATA,
		    "the task num has reach the limit, %zu", o->max_tasks);
	}
	if (rc == 0 && !o->paused) {
		others_wanted(dir, all);
		rc = task_no_circle(o->task, all, e);
	}
	others_free(all);
	return rc;
}

/*
 * Replaces a start of "now" by the present time: if a run took its own time,
 * rows between a failed run and the next would be left out. task_check_source
 * uses the source's clock; without it, ours is used.
 */
static void
fix_now(json_t *task)
{
	const char *from = json_string_value(json_object_get(task, "from"));
	char text[32];

	if (from == NULL || strcmp(from, "now") != 0)
		return;
	snprintf(
	    text, sizeof text, "ts:%" PRIu64, tso_from_ms(clock_unix_ms()));
	json_object_set_new(task, "from", json_string(text));
}

/* 1 with ERR_TEMP if the client that ordered the task has left. */
static int
is_left(struct task_order *o, struct err *e)
{
	if (o->left == NULL || !o->left(o->left_arg))
		return 0;
	o->why = TASK_WHY_LEFT;
	err_set(e, ERR_TEMP, "whoever ordered it has left: nothing was made");
	return 1;
}

/* Asks the servers, which may take a while; no lock is held meanwhile. */
static int
servers(const char *dir, struct task_order *o, struct err *e)
{
	o->why = TASK_WHY_SOURCE;
	if (is_left(o, e) ||
	    task_check_source(o->task, dir, o->allow_none, o->found, e) == -1)
		return -1;
	o->why = TASK_WHY_TARGET;
	if (is_left(o, e))
		return -1;
	if (task_check_target(o->task, o->token, o->wait_ms, o->found, e) == -1)
		return -1;
	o->asked = others_ask(dir, o->task, o->found);
	return 0;
}

/* Checks the number of tasks and that the name is free. */
static int
place(const char *dir, struct task_order *o, struct err *e)
{
	char *sub = state_sub(o->name, NULL);
	struct stat st;
	int rc;

	rc = state_stat(dir, sub, &st) == 0 ? is_there(o, e) : fits(dir, o, e);
	free(sub);
	return rc;
}

/*
 * Makes the task under the lock, so that no other is made meanwhile. The other
 * tasks are compared again, since there may be new ones.
 */
static int
make_locked(const char *dir, struct task_order *o, struct err *e)
{
	/*
	 * If the definition names another target later, that one does not get
	 * the secret.
	 */
	char *text = o->token == NULL ? NULL
				      : x_asprintf("%s\nfor %s\n", o->token,
					    task_option(o->task, "target"));
	struct task_file files[2] = {
		{ text == NULL ? NULL : TASK_TOKEN, text }, { 0 }
	};
	int fd = task_dir_lock(dir, ".lock", 1, e), rc;

	if (fd == -1) {
		trust_forget(text);
		return -1;
	}
	rc = is_left(o, e) ? -1 : place(dir, o, e);
	if (rc == 0) {
		o->why = TASK_WHY_WORDS;
		rc = task_create(dir, o->name, o->task, o->paused, files, e);
	}
	trust_forget(text);
	close(fd);
	return rc;
}

/* Sets the option as cdc-task create would get it: the file's whole path. */
static int
name_token(const char *dir, const struct task_order *o, struct err *e)
{
	char *path = state_path(dir, o->name, TASK_TOKEN);
	int rc = task_option_set(json_object_get(o->task, "options"),
	    task_option_find("token-file"), path, e);

	free(path);
	return rc;
}

int
task_make_order(const char *dir, struct task_order *o, struct err *e)
{
	int rc = state_name(o->name, e);

	o->why = TASK_WHY_WORDS;
	if (rc == 0 && o->token != NULL)
		rc = name_token(dir, o, e);
	if (rc == 0)
		rc = task_check_words(o->task, dir, e);
	if (rc == 0)
		rc = state_init(dir, e);
	if (rc == 0)
		rc = place(dir, o, e); /* refuse what cannot be made before any
					  server is asked */
	o->told = 1;
	if (rc == 0 && o->check)
		rc = servers(dir, o, e);
	fix_now(o->task);
	if (rc == 0)
		rc = o->dry ? place(dir, o, e) : make_locked(dir, o, e);
	json_decref(o->asked);
	o->asked = NULL;
	return rc;
}

int
task_make(const char *dir, const char *name, const char *from,
    json_t *own_options, struct buf *found, unsigned how, struct err *e)
{
	json_t *task = task_new(name, from, own_options);
	struct task_order o = { .name = name,
		.task = task,
		.paused = (how & TASK_MAKE_PAUSED) != 0,
		.allow_none = (how & TASK_MAKE_ALLOW_NONE) != 0,
		.check = found != NULL,
		.found = found };
	int rc = task_make_order(dir, &o, e);

	json_decref(task);
	return rc;
}

static int
wish(const char *dir, const char *name, int paused, const char *reason,
    struct err *e)
{
	if (task_wish_save(dir, name, paused, reason, e) == -1)
		return -1;
	task_log_by(dir, name, paused ? "pause" : "resume",
	    reason == NULL ? NULL
			   : json_pack("{s:o}", "reason", utf8_json(reason)));
	return 0;
}

/*
 * 1 if it is paused, so that pausing it again changes neither date nor reason.
 */
static int
is_paused(const char *dir, const char *name)
{
	struct task_wish w = { 0 };
	struct err ignored;
	int yes = task_wish_load(dir, name, &w, &ignored) == 0 && w.paused;

	task_wish_fini(&w);
	return yes;
}

int
task_pause(const char *dir, const char *name, const char *reason, int wait_ms,
    struct err *e)
{
	int64_t until = clock_ns() + wait_ms * NS_PER_MS;
	pid_t pid = 0;

	if (state_check(dir, name, e) == -1)
		return -1;
	if ((reason != NULL || !is_paused(dir, name)) &&
	    wish(dir, name, 1, reason, e) == -1)
		return -1;
	while (state_locked_file(dir, name, "run.lock", &pid)) {
		if (clock_ns() > until)
			return err_set(e, ERR_TEMP,
			    "task '%s' is still being stopped by process %ld",
			    name, (long)pid);
		poll(NULL, 0, LOOK_MS);
	}
	if (!state_locked(dir, name, &pid))
		return 0;
	return err_set(e, ERR_TEMP,
	    "process %ld, not started by 'run', still writes for task '%s'",
	    (long)pid, name);
}

int
task_resume(
    const char *dir, const char *name, const char *reason, struct err *e)
{
	if (state_check(dir, name, e) == -1)
		return -1;
	return wish(dir, name, 0, reason, e);
}
