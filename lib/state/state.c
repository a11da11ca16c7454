#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"

enum { NAME_MAX_LEN = 128 };
static const char format_word[] = "milvus-cdc state ";

char *
state_dir(const char *option)
{
	const char *s;

	if (option != NULL)
		return x_strdup(option);
	if ((s = opt_env("CDC_STATE_DIR", NULL)) != NULL)
		return x_strdup(s);
	if ((s = opt_env("XDG_STATE_HOME", NULL)) != NULL)
		return x_asprintf("%s/milvus-cdc", s);
	return x_asprintf(
	    "%s/.local/state/milvus-cdc", opt_env("HOME", "/root"));
}

char *
state_dir_whole(const char *option)
{
	char *dir = state_dir(option), *cwd = NULL, *whole;

	if (dir[0] == '/' || (cwd = getcwd(NULL, 0)) == NULL)
		return dir;
	whole = x_asprintf("%s/%s", cwd, dir);
	free(dir);
	free(cwd);
	return whole;
}

char *
state_path(const char *dir, const char *task, const char *file)
{
	if (file == NULL)
		return x_asprintf("%s/tasks/%s", dir, task);
	return x_asprintf("%s/tasks/%s/%s", dir, task, file);
}

static int
alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

int
state_name(const char *task, struct err *e)
{
	size_t n = strlen(task);
	int ok = n > 0 && n <= NAME_MAX_LEN && alnum(task[0]);

	for (size_t i = 1; ok && i < n; i++)
		ok = alnum(task[i]) || strchr("._-", task[i]) != NULL;
	if (ok)
		return 0;
	return err_set(e, ERR_USAGE,
	    "'%.64s' is no task name: letters, digits, '.', '_' and '-', "
	    "the first a letter or digit, %d at most",
	    task, NAME_MAX_LEN);
}

/* The first line of a small file, without newline; 0 if absent, 1 if read. */
static int
first_line(
    const char *dir, const char *sub, char *line, size_t cap, struct err *e)
{
	int fd = state_open(dir, sub, O_RDONLY);
	ssize_t n;

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return state_failed(e, ERR_DATA, dir, sub);
	n = x_read(fd, line, cap - 1);
	close(fd);
	if (n == -1)
		return state_failed(e, ERR_DATA, dir, sub);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 1;
}

int
state_format(const char *dir, struct err *e)
{
	char line[64];
	size_t n = sizeof format_word - 1;
	int64_t v = 0;
	int rc = first_line(dir, "FORMAT", line, sizeof line, e);

	if (rc == 1 && (strncmp(line, format_word, n) != 0 ||
			   num_i64(line + n, 1, INT64_MAX, &v, e) == -1))
		rc = err_set(e, ERR_DATA,
		    "'%s' is not a state directory of milvus-cdc: its FORMAT "
		    "says '%s'",
		    dir, line);
	if (rc == 1 && v > STATE_FORMAT)
		rc = err_set(e, ERR_DATA,
		    "state directory '%s' has format %lld, written by a newer "
		    "release; this one knows %d",
		    dir, (long long)v, STATE_FORMAT);
	return rc;
}

int
state_check(const char *dir, const char *task, struct err *e)
{
	char *sub = NULL;
	struct stat st;
	int rc;

	if (state_name(task, e) == -1)
		return -1;
	if ((rc = state_format(dir, e)) == 1) {
		sub = state_sub(task, "task.json");
		rc = state_stat(dir, sub, &st) == 0;
		if (!rc && errno != ENOENT && errno != ENOTDIR)
			rc = state_failed(e, ERR_DATA, dir, sub);
	}
	free(sub);
	if (rc == 0)
		return err_set(e, ERR_DATA,
		    "no task '%s' in state directory '%s'", task, dir);
	return rc == -1 ? -1 : 0;
}

/* mkdir -p, mode 0700. */
static int
make_dirs(const char *path, struct err *e)
{
	char *p = x_strdup(path);
	int rc = 0;

	for (char *s = p + 1; rc == 0; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(p, 0700) == -1 && errno != EEXIST)
			rc = err_sys(e, ERR_OUTPUT, "'%s'", p);
		*s = c;
		if (c == '\0')
			break;
	}
	free(p);
	return rc;
}

int
state_folder(const char *dir, const char *name, struct err *e)
{
	const char *base;
	int at = state_parent(dir, name, &base), fd = -1;

	if (at != -1 && (mkdirat(at, base, 0700) == 0 || errno == EEXIST))
		fd = state_open(dir, name, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		state_failed(e, ERR_OUTPUT, dir, name);
	else
		close(fd);
	if (at != -1)
		close(at);
	return fd == -1 ? -1 : 0;
}

int
state_init(const char *dir, struct err *e)
{
	int rc = state_format(dir, e);

	if (rc == 0) {
		struct buf b = { 0 };

		buf_addf(&b, "%s%d\n", format_word, STATE_FORMAT);
		if (dir[0] == '\0')
			rc = err_set(e, ERR_USAGE, "empty state directory");
		else if (make_dirs(dir, e) == -1 ||
			 state_folder(dir, "tasks", e) == -1)
			rc = -1;
		else
			rc = state_replace(dir, "FORMAT", b.ptr, b.len, e);
		buf_fini(&b);
	} else if (rc == 1)
		rc = state_folder(dir, "tasks", e);
	return rc;
}

/* The pid that the lock's holder wrote, or 0. */
static pid_t
written_pid(int fd)
{
	char s[32];
	struct err e;
	int64_t v;
	ssize_t n = pread(fd, s, sizeof s - 1, 0);

	if (n <= 0)
		return 0;
	s[n] = '\0';
	s[strcspn(s, "\n")] = '\0';
	return num_i64(s, 1, INT32_MAX, &v, &e) == -1 ? 0 : (pid_t)v;
}

static int
write_pid(int fd, struct err *e)
{
	char s[32];
	int n = snprintf(s, sizeof s, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == -1 || pwrite(fd, s, (size_t)n, 0) != n)
		return err_sys(e, ERR_OUTPUT, "lock");
	return 0;
}

static int
held_by(struct err *e, const char *task, const char *file, pid_t pid)
{
	if (pid == 0)
		return err_set(e, ERR_TEMP,
		    "task '%s' is held by another process ('%s')", task, file);
	return err_set(e, ERR_TEMP, "task '%s' is held by process %ld ('%s')",
	    task, (long)pid, file);
}

static int
lock_fd(int fd, const char *task, const char *file, struct err *e)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
		return write_pid(fd, e);
	if (errno != EAGAIN && errno != EACCES)
		return err_sys(e, ERR_DATA, "task '%s': '%s'", task, file);
	return held_by(e, task, file, written_pid(fd));
}

int
state_lock_file(
    const char *dir, const char *task, const char *file, struct err *e)
{
	char *sub;
	int fd;

	if (state_check(dir, task, e) == -1)
		return -1;
	sub = state_sub(task, file);
	fd = state_open(dir, sub, O_RDWR | O_CREAT);
	if (fd == -1)
		state_failed(e, ERR_OUTPUT, dir, sub);
	free(sub);
	if (fd != -1 && lock_fd(fd, task, file, e) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

int
state_lock(const char *dir, const char *task, struct err *e)
{
	return state_lock_file(dir, task, "lock", e);
}

int
state_locked_file(
    const char *dir, const char *task, const char *file, pid_t *pid)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *sub = state_sub(task, file);
	int fd = state_open(dir, sub, O_RDWR), held = 0;

	free(sub);
	*pid = 0;
	if (fd == -1)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK) {
		held = 1;
		*pid = written_pid(fd);
	}
	close(fd);
	return held;
}

int
state_locked(const char *dir, const char *task, pid_t *pid)
{
	return state_locked_file(dir, task, "lock", pid);
}

int
state_unlocked(
    const char *dir, const char *task, const char *file, struct err *e)
{
	pid_t pid;

	return state_locked_file(dir, task, file, &pid)
		   ? held_by(e, task, file, pid)
		   : 0;
}

/*
 * The user who can write the file: its owner, or the owner of its folder, who
 * can replace it. 0 if that is root, or if this process is not root.
 */
static uid_t
owner_of(const char *dir, const char *task, const char *file)
{
	char *folder = state_sub(task, NULL);
	struct stat st;
	uid_t uid = 0;

	if (geteuid() == 0 && state_stat(dir, file, &st) == 0)
		uid = st.st_uid;
	if (geteuid() == 0 && uid == 0 && state_stat(dir, folder, &st) == 0)
		uid = st.st_uid;
	free(folder);
	return uid;
}

uid_t
state_owner(const json_t *task)
{
	return (uid_t)json_integer_value(json_object_get(task, "owner"));
}

json_t *
state_task(const char *dir, const char *task, struct err *e)
{
	uid_t uid;

	char *sub;
	json_t *j;

	if (state_check(dir, task, e) == -1)
		return NULL;
	sub = state_sub(task, "task.json");
	uid = owner_of(dir, task, sub); /* before reading: the owner may put
					   root's file there meanwhile */
	j = state_read(dir, sub, e);
	if (j != NULL)
		json_object_del(j, "owner");
	if (j != NULL && (uid != 0 || (uid = owner_of(dir, task, sub)) != 0))
		json_object_set_new(j, "owner", json_integer(uid));
	free(sub);
	return j;
}
