#include "task/actions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/state.h"
#include "state/where.h"
#include "task/check.h"
#include "task/task.h"

/*
 * Removes checkpoint.prev.json and then renames checkpoint.json. In this order,
 * a crash leaves either the newest position or none, never an older one.
 */
static int
shelve(const char *dir, const char *name, struct err *e)
{
	char *sub = state_sub(name, "checkpoint.json");
	const char *base;
	int at = state_parent(dir, sub, &base), rc = 0;

	if (at == -1 ||
	    (unlinkat(at, "checkpoint.prev.json", 0) == -1 &&
		errno != ENOENT) ||
	    (renameat(at, base, at, "checkpoint.set.json") == -1 &&
		errno != ENOENT))
		rc = state_failed(e, ERR_OUTPUT, dir, sub);
	if (at != -1)
		close(at);
	free(sub);
	return rc;
}

static int
set_position(
    const char *dir, const char *name, const struct where *w, struct err *e)
{
	struct checkpoint c = { 0 };
	struct err why = { 0 };
	json_t *task;
	int rc;

	if (state_check(dir, name, e) == -1 ||
	    (task = state_task(dir, name, e)) == NULL)
		return -1;
	rc = task_place_fits(task, &w->pos, e);
	json_decref(task);
	if (rc == -1)
		return -1;
	if (checkpoint_load(dir, name, &c, &why) == -1) {
		if (why.kind != ERR_DATA) { /* the checkpoint may be good, but
					       cannot be read now */
			*e = why;
			return -1;
		}
		log_warn("%s", why.msg);
		if (shelve(dir, name, e) == -1)
			return -1;
	}
	pos_copy(&c.pos, &w->pos);
	if (c.known == NULL)
		c.known = json_incref(w->known);
	json_decref(c.source); /* the source is that of the new position */
	c.source = json_incref(w->source);
	rc = checkpoint_save(dir, name, &c, e);
	checkpoint_fini(&c);
	return rc;
}

/*
 * A copy of the WHERE, to be freed; "now" becomes a time by the source's clock.
 * NULL if that is unknown.
 */
static char *
said(const char *dir, const char *name, const char *from, struct err *e)
{
	json_t *task;
	struct buf found = { 0 };
	char *text = NULL;

	if (strcmp(from, "now") != 0)
		return x_strdup(from);
	if ((task = state_task(dir, name, e)) == NULL)
		return NULL;
	json_object_set_new(task, "from", json_string(from));
	if (task_check_source(task, dir, 1, &found, e) == 0)
		text =
		    x_strdup(json_string_value(json_object_get(task, "from")));
	buf_fini(&found);
	json_decref(task);
	return text;
}

/* Writes the definition first: it has no effect while there is a checkpoint. */
static int
set_word(const char *dir, const char *name, const char *from, struct err *e)
{
	json_t *task = state_task(dir, name, e);
	int rc;

	if (task == NULL)
		return -1;
	json_object_set_new(task, "from", json_string(from));
	json_object_del(task, "source");
	rc = task_save(dir, name, task, e);
	json_decref(task);
	return rc == -1 ? -1 : shelve(dir, name, e);
}

static int
set_locked(const char *dir, const char *name, const char *from, struct err *e)
{
	struct where w = { 0 };
	int rc = where_from(&w, from, dir, e);

	if (rc == 0 && w.task != NULL && w.kind != WHERE_POS)
		rc = err_set(
		    e, ERR_DATA, "task '%s' has no position yet", w.task);
	if (rc == 0)
		rc = w.kind == WHERE_POS ? set_position(dir, name, &w, e)
					 : set_word(dir, name, from, e);
	if (rc == 0)
		task_log_by(dir, name, "set", json_pack("{s:s}", "from", from));
	where_fini(&w);
	return rc;
}

int
task_set(const char *dir, const char *name, const char *from, struct err *e)
{
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);
	char *when;

	/* the lock is released while the source is asked for its time */
	task_unlock_all(fds);
	if (rc == -1 || (when = said(dir, name, from, e)) == NULL)
		return -1;
	if ((rc = task_lock_all(dir, name, fds, e)) == 0)
		rc = set_locked(dir, name, when, e);
	task_unlock_all(fds);
	free(when);
	return rc;
}

/*
 * A `source` without identity, so that a run accepts the source that it finds.
 */
static json_t *
source_of(enum source_missing how)
{
	return json_pack(
	    "{s:s}", "missing", how == SOURCE_KEEP ? "keep" : "drop");
}

/* Sets it in the checkpoint, or in the definition if there is none. */
static int
set_missing(
    const char *dir, const char *name, enum source_missing how, struct err *e)
{
	struct checkpoint c = { 0 };
	json_t *task = NULL;
	int rc = checkpoint_load(dir, name, &c, e);

	if (rc == 0 && c.gen > 0) {
		json_decref(c.source);
		c.source = source_of(how);
		rc = checkpoint_save(dir, name, &c, e);
	} else if (rc == 0 && (task = state_task(dir, name, e)) == NULL)
		rc = -1;
	else if (rc == 0) {
		json_object_set_new(task, "source", source_of(how));
		rc = task_save(dir, name, task, e);
	}
	if (rc == 0)
		task_log_by(dir, name, "set", source_of(how));
	json_decref(task);
	checkpoint_fini(&c);
	return rc;
}

int
task_set_missing(
    const char *dir, const char *name, enum source_missing how, struct err *e)
{
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);

	if (rc == 0)
		rc = set_missing(dir, name, how, e);
	task_unlock_all(fds);
	return rc;
}

static int
set_adopt(const char *dir, const char *name, int on, struct err *e)
{
	json_t *task = state_task(dir, name, e), *options;
	int rc;

	if (task == NULL)
		return -1;
	options = json_object_get(task, "options");
	if (on)
		json_object_set_new(options, "adopt", json_true());
	else
		json_object_del(options, "adopt");
	rc = task_save(dir, name, task, e);
	if (rc == 0)
		task_log_by(dir, name, "adopt", json_pack("{s:b}", "on", on));
	json_decref(task);
	return rc;
}

int
task_set_adopt(const char *dir, const char *name, int on, struct err *e)
{
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);

	if (rc == 0)
		rc = set_adopt(dir, name, on, e);
	task_unlock_all(fds);
	return rc;
}

static int
set_line(const char *dir, const char *name, const json_t *line, struct err *e)
{
	struct where w = { 0 };
	int rc = where_line(&w, line, e);

	if (rc == 0)
		rc = set_position(dir, name, &w, e);
	if (rc == 0)
		task_log_by(
		    dir, name, "set", json_pack("{s:s}", "from", "a position"));
	where_fini(&w);
	return rc;
}

int
task_set_line(
    const char *dir, const char *name, const json_t *line, struct err *e)
{
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);

	if (rc == 0)
		rc = set_line(dir, name, line, e);
	task_unlock_all(fds);
	return rc;
}
