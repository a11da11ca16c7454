#include "task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "opt.h"
#include "state.h"
#include "tso.h"
#include "x.h"

char *
task_now(void)
{
	struct buf b = { 0 };

	tso_add_time(&b, tso_from_ms(tso_now_ms()));
	return buf_take(&b);
}

json_t *
task_new(const char *name, const char *from, json_t *own_options)
{
	char *now = task_now();
	json_t *j = json_pack("{s:i, s:s, s:s, s:s, s:o}", "v", 1, "name", name,
	    "created", now, "from", from, "options", own_options);

	free(now);
	return j;
}

char *
task_by(void)
{
	char host[HOST_NAME_MAX + 1] = "", text[1024];
	const char *sudo = opt_env("SUDO_USER", NULL), *user = "?";
	struct passwd pw, *u = NULL;

	if (gethostname(host, sizeof host - 1) == -1)
		host[0] = '\0';
	if (getpwuid_r(geteuid(), &pw, text, sizeof text, &u) == 0 && u != NULL)
		user = u->pw_name;
	if (sudo == NULL || strcmp(sudo, user) == 0)
		return x_asprintf("%s@%s", user, host);
	return x_asprintf("%s as %s@%s", sudo, user, host);
}

static int
put_json(const char *path, const json_t *j, struct err *e)
{
	char *text = json_dumps(j, JSON_INDENT(2));
	struct buf b = { 0 };
	int rc;

	if (text == NULL)
		return err_set(e, ERR_DATA, "'%s': not JSON", path);
	buf_adds(&b, text);
	buf_addc(&b, '\n');
	rc = state_replace(path, b.ptr, b.len, e);
	buf_fini(&b);
	free(text);
	return rc;
}

int
task_save(const char *dir, const char *name, const json_t *task, struct err *e)
{
	char *path = state_path(dir, name, "task.json");
	int rc = put_json(path, task, e);

	free(path);
	return rc;
}

int
task_dir_lock(const char *dir, const char *file, int wait, struct err *e)
{
	char *path = x_asprintf("%s/tasks/%s", dir, file);
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		err_sys(e, ERR_OUTPUT, "'%s'", path);
	else if (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &fl) == -1) {
		err_sys(e, ERR_TEMP, "'%s' is held", path);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* Remove a task's folder, in which there are only files. */
static int
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *f;

	if (d == NULL)
		return -1;
	while ((f = readdir(d)) != NULL)
		if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	return rmdir(path);
}

static int
put_files(
    const char *dir, const char *name, const struct task_file *f, struct err *e)
{
	int rc = 0;

	for (; rc == 0 && f != NULL && f->name != NULL; f++) {
		char *path = state_path(dir, name, f->name);

		rc = state_replace(path, f->text, strlen(f->text), e);
		free(path);
	}
	return rc;
}

int
task_create(const char *dir, const char *name, const json_t *task, int paused,
    const struct task_file *files, struct err *e)
{
	char *aside = x_asprintf(".new.%s", name);
	char *from = state_path(dir, aside, NULL);
	char *to = state_path(dir, name, NULL);
	int rc = -1;

	remove_folder(from); /* one that was not finished */
	if (access(to, F_OK) == 0)
		err_set(e, ERR_DATA, "task '%s' is there already", name);
	else if (mkdir(from, 0700) == -1)
		err_sys(e, ERR_OUTPUT, "'%s'", from);
	else if (put_files(dir, aside, files, e) == 0 &&
		 task_save(dir, aside, task, e) == 0 &&
		 task_wish_save(dir, aside, paused, NULL, e) == 0) {
		task_log_by(dir, aside, "create",
		    json_pack("{s:O*}", "from", json_object_get(task, "from")));
		if (rename(from, to) == -1)
			err_sys(e, ERR_OUTPUT, "'%s'", to);
		else
			rc = 0;
	}
	if (rc == -1)
		remove_folder(from);
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
	char *from = state_path(dir, name, NULL), *aside, *to;
	int fds[TASK_LOCKS], rc = task_lock_all(dir, name, fds, e);

	aside = x_asprintf(".deleted.%s.%ld", name, (long)getpid());
	to = state_path(dir, aside, NULL);
	if (rc == 0 && rename(from, to) == -1)
		rc = err_sys(e, ERR_OUTPUT, "'%s'", from);
	if (rc == 0 && remove_folder(to) == -1)
		rc = err_sys(e, ERR_OUTPUT, "'%s'", to);
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
	char *path, **v = NULL;
	DIR *d;
	struct dirent *f;
	size_t n = 0, cap = 0;
	struct err ignored;

	if (state_format(dir, e) == -1)
		return NULL;
	path = x_asprintf("%s/tasks", dir);
	d = opendir(path);
	if (d == NULL && errno != ENOENT) {
		err_sys(e, ERR_DATA, "'%s'", path);
		free(path);
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
	free(path);
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
	char *path = state_path(dir, name, "desired.json");
	json_t *j = state_read(path, e);
	const char *s;

	free(path);
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
	char *path = state_path(dir, name, "desired.json"), *now = task_now();
	char *by = task_by();
	json_t *j = json_pack("{s:i, s:s, s:s, s:s*}", "v", 1, "desired",
	    paused ? "paused" : "running", "since", now, "reason", reason);
	int rc;

	json_object_set_new(j, "by", json_string(by));
	rc = put_json(path, j, e);
	json_decref(j);
	free(by);
	free(now);
	free(path);
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
