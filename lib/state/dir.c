#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

char *
state_sub(const char *task, const char *file)
{
	if (file == NULL)
		return x_asprintf("tasks/%s", task);
	return x_asprintf("tasks/%s/%s", task, file);
}

/*
 * openat(2) for one part of a path; ELOOP for a symbolic link, whatever flags
 * say.
 */
static int
open_part(int at, const char *name, int flags)
{
	int fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	/* for a link with O_DIRECTORY, Linux says ENOTDIR */
	if (fd == -1 && errno == ENOTDIR) {
		int link = fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			   S_ISLNK(st.st_mode);

		errno = link ? ELOOP : ENOTDIR;
	}
	return fd;
}

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

int
state_parent(const char *dir, const char *sub, const char **base)
{
	const int folder = O_RDONLY | O_DIRECTORY;
	int at = open(dir[0] == '\0' ? "." : dir, folder | O_CLOEXEC), fd;
	const char *slash;

	for (; at != -1 && (slash = strchr(sub, '/')) != NULL; at = fd) {
		char *part = x_strndup(sub, (size_t)(slash - sub));

		fd = open_part(at, part, folder);
		free(part);
		close_keeping_errno(at);
		sub = slash + 1;
	}
	*base = sub;
	return at;
}

int
state_open(const char *dir, const char *sub, int flags)
{
	const char *base;
	int at = state_parent(dir, sub, &base), fd;
	struct stat st;

	if (at == -1)
		return -1;
	/* O_NONBLOCK, so that opening a pipe does not wait */
	fd = open_part(at, base, flags | O_NONBLOCK | O_NOCTTY);
	close_keeping_errno(at);
	if (fd != -1 && (fstat(fd, &st) == -1 ||
			    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))) {
		close(fd);
		errno = ENXIO;
		fd = -1;
	}
	return fd;
}

int
state_flock(int fd)
{
	int64_t until = clock_ns() + STATE_FLOCK_MS * NS_PER_MS;
	int rc;

	while ((rc = flock(fd, LOCK_EX | LOCK_NB)) == -1 &&
	       (errno == EWOULDBLOCK || errno == EINTR)) {
		if (clock_ns() > until)
			break;
		poll(NULL, 0, 1);
	}
	return rc;
}

int
state_stat(const char *dir, const char *sub, struct stat *st)
{
	const char *base;
	int at = state_parent(dir, sub, &base), rc;

	if (at == -1)
		return -1;
	rc = fstatat(at, base, st, AT_SYMLINK_NOFOLLOW);
	close_keeping_errno(at);
	return rc;
}

int
state_failed(
    struct err *e, enum err_kind kind, const char *dir, const char *sub)
{
	if (errno == ELOOP)
		return err_set(e, kind,
		    "'%s/%s': a symbolic link in a state directory is not "
		    "followed",
		    dir, sub);
	if (errno == ENXIO)
		return err_set(
		    e, kind, "'%s/%s': neither a file nor a folder", dir, sub);
	if (errno == EWOULDBLOCK)
		return err_set(
		    e, kind, "'%s/%s' is held by another process", dir, sub);
	return err_sys(e, kind, "'%s/%s'", dir, sub);
}

const char *
state_within(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (strncmp(path, dir, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	return path + strspn(path, "/");
}
