#include "task/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/utf8_json.h"
#include "state/state.h"

enum { LAST_TRIES = 100, LAST_WAIT_MS = 10, LOOK_MS = 10 };

json_t *
task_new(const char *name, const char *from, json_t *own_options)
{
	char *now = task_now();
	json_t *j = json_pack("{s:i, s:s, s:s, s:s, s:o}", "v", 1, "name", name,
	    "created", now, "from", from, "options", own_options);

	free(now);
	return j;
}

static int
put_json(const char *dir, const char *name, const char *file, const json_t *j,
    struct err *e)
{
	char *text = json_dumps(j, JSON_INDENT(2)), *sub;
	struct buf b = { 0 };
	int rc;

	if (text == NULL)
		return err_set(
		    e, ERR_DATA, "task '%s': '%s': not JSON", name, file);
	sub = state_sub(name, file);
	buf_adds(&b, text);
	buf_addc(&b, '\n');
	rc = state_replace(dir, sub, b.ptr, b.len, e);
	buf_fini(&b);
	free(sub);
	free(text);
	return rc;
}

int
task_save(const char *dir, const char *name, const json_t *task, struct err *e)
{
	json_t *kept = json_copy((json_t *)(uintptr_t)task);
	int rc;

	json_object_del(kept, "owner"); /* added by state_task each time */
	rc = put_json(dir, name, "task.json", kept, e);
	json_decref(kept);
	return rc;
}

/* Tries again every LOOK_MS, because waiting in fcntl has no limit. */
static int
lock_in_time(int fd, int wait_ms)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int64_t until = clock_ns() + wait_ms * NS_PER_MS;
	int rc;

	while ((rc = fcntl(fd, F_OFD_SETLK, &fl)) == -1 &&
	       (errno == EAGAIN || errno == EACCES || errno == EINTR) &&
	       clock_ns() < until)
		poll(NULL, 0, LOOK_MS);
	return rc;
}

int
task_dir_lock(const char *dir, const char *file, int wait, struct err *e)
{
	char *sub = state_sub(file, NULL);
	int fd = state_open(dir, sub, O_RDWR | O_CREAT);

	if (fd == -1)
		state_failed(e, ERR_OUTPUT, dir, sub);
	else if (lock_in_time(fd, wait ? TASK_LOCK_MS : 0) == -1) {
		err_sys(e, ERR_TEMP, "'%s/%s' is held", dir, sub);
		close(fd);
		fd = -1;
	}
	free(sub);
	return fd;
}

/* Removes a folder of tasks/ and what is in it, which is only files. */
static int
empty_folder(int tasks, const char *name)
{
	int fd = openat(
	    tasks, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *f;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((f = readdir(d)) != NULL)
		if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			unlinkat(fd, f->d_name, 0);
	closedir(d);
	return unlinkat(tasks, name, AT_REMOVEDIR);
}

/*
 * A process that opened the folder under its name before may still write a file
 * there, so removing is tried again.
 */
static int
remove_folder(int tasks, const char *name)
{
	int rc = empty_folder(tasks, name);

	for (int i = 0; rc == -1 && errno == ENOTEMPTY && i < LAST_TRIES; i++) {
		poll(NULL, 0, LAST_WAIT_MS);
		rc = empty_folder(tasks, name);
	}
	return rc;
}

/* The folder of all tasks; ERR_OUTPUT. */
static int
open_tasks(const char *dir, struct err *e)
{
	int fd = state_open(dir, "tasks", O_RDONLY | O_DIRECTORY);

	return fd == -1 ? state_failed(e, ERR_OUTPUT, dir, "tasks") : fd;
}

static int
put_files(
    const char *dir, const char *name, const struct task_file *f, struct err *e)
{
	int rc = 0;

	for (; rc == 0 && f != NULL && f->name != NULL; f++) {
		char *sub = state_sub(name, f->name);

		rc = state_replace(dir, sub, f->text, strlen(f->text), e);
		free(sub);
	}
	return rc;
}

int
task_create(const char *dir, const char *name, const json_t *task, int paused,
    const struct task_file *files, struct err *e)
{
	char *aside = x_asprintf(".new.%s", name);
	char *from = state_sub(aside, NULL), *to = state_sub(name, NULL);
	int tasks = open_tasks(dir, e), rc = -1;
	struct stat st;

	if (tasks == -1)
		goto out;
	remove_folder(tasks, aside); /* left by a task that was not finished */
	if (fstatat(tasks, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		err_set(e, ERR_DATA, "task '%s' is there already", name);
	else if (mkdirat(tasks, aside, 0700) == -1)
		state_failed(e, ERR_OUTPUT, dir, from);
	else if (put_files(dir, aside, files, e) == 0 &&
		 task_save(dir, aside, task, e) == 0 &&
		 task_wish_save(dir, aside, paused, NULL, e) == 0) {
		task_log_by(dir, aside, "create",
		    json_pack("{s:O*}", "from", json_object_get(task, "from")));
		if (renameat(tasks, aside, tasks, name) == -1)
			state_failed(e, ERR_OUTPUT, dir, to);
		else
			rc = 0;
	}
	if (rc == -1)
		remove_folder(tasks, aside);
	close(tasks);
out:
	free(aside);
	free(from);
	free(to);
	return rc;
}

int
task_lock_all(
    const char *dir, const char *name, int fds[TASK_LOCKS], struct err *e)
{
	static const char *const files[TASK_LOCKS] = { "run.lock", "lock",
		"commit.lock" };

	for (int i = 0; i < TASK_LOCKS; i++)
		fds[i] = -1;
	for (int i = 0; i < TASK_LOCKS; i++)
		if ((fds[i] = state_lock_file(dir, name, files[i], e)) == -1)
			return -1;
	return 0;
}

void
task_unlock_all(int fds[TASK_LOCKS])
{
	for (int i = 0; i < TASK_LOCKS; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

int
task_delete(const char *dir, const char *name, struct err *e)
{
	char *aside = x_asprintf(".deleted.%s.%ld", name, (long)getpid());
	char *from = state_sub(name, NULL), *to = state_sub(aside, NULL);
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);
	int tasks = rc == 0 ? open_tasks(dir, e) : -1;

	if (tasks == -1)
		rc = -1;
	if (rc == 0 && renameat(tasks, name, tasks, aside) == -1)
		rc = state_failed(e, ERR_OUTPUT, dir, from);
	if (rc == 0 && remove_folder(tasks, aside) == -1)
		rc = state_failed(e, ERR_OUTPUT, dir, to);
	if (tasks != -1)
		close(tasks);
	task_unlock_all(fds);
	free(from);
	free(to);
	free(aside);
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
task_list(const char *dir, struct err *e)
{
	char **v = NULL;
	DIR *d;
	struct dirent *f;
	size_t n = 0, cap = 0;
	struct err ignored;
	int fd;

	if (state_format(dir, e) == -1)
		return NULL;
	fd = state_open(dir, "tasks", O_RDONLY | O_DIRECTORY);
	d = fd == -1 ? NULL : fdopendir(fd);
	if (d == NULL && errno != ENOENT) {
		state_failed(e, ERR_DATA, dir, "tasks");
		return NULL;
	}
	while (d != NULL && (f = readdir(d)) != NULL) {
		if (state_name(f->d_name, &ignored) == -1)
			continue;
		v = x_grow(v, n, &cap, sizeof *v);
		v[n++] = x_strdup(f->d_name);
	}
	if (d != NULL)
		closedir(d);
	if (n > 1)
		qsort(v, n, sizeof *v, by_name);
	v = x_grow(v, n, &cap, sizeof *v);
	v[n] = NULL;
	return v;
}

void
task_list_free(char **names)
{
	task_argv_free(names);
}

int
task_wish_load(
    const char *dir, const char *name, struct task_wish *w, struct err *e)
{
	char *sub = state_sub(name, "desired.json");
	json_t *j = state_read(dir, sub, e);
	const char *s;

	free(sub);
	task_wish_fini(w);
	if (j == NULL)
		return -1;
	s = json_string_value(json_object_get(j, "desired"));
	w->paused = s != NULL && strcmp(s, "paused") == 0;
	if ((s = json_string_value(json_object_get(j, "since"))) != NULL)
		w->since = x_strdup(s);
	if ((s = json_string_value(json_object_get(j, "reason"))) != NULL)
		w->reason = x_strdup(s);
	if ((s = json_string_value(json_object_get(j, "by"))) != NULL)
		w->by = x_strdup(s);
	json_decref(j);
	return 0;
}

int
task_wish_save(const char *dir, const char *name, int paused,
    const char *reason, struct err *e)
{
	char *now = task_now(), *by = task_by();
	json_t *j = json_pack("{s:i, s:s, s:s}", "v", 1, "desired",
	    paused ? "paused" : "running", "since", now);
	int rc;

	if (reason != NULL)
		json_object_set_new(j, "reason", utf8_json(reason));
	json_object_set_new(j, "by", utf8_json(by));
	rc = put_json(dir, name, "desired.json", j, e);
	json_decref(j);
	free(by);
	free(now);
	return rc;
}

void
task_wish_fini(struct task_wish *w)
{
	free(w->since);
	free(w->reason);
	free(w->by);
	memset(w, 0, sizeof *w);
}
