#include "state/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

enum { FILE_MAX = 64 << 20 };

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k == -1 && errno == EINTR)
			continue;
		if (k == -1)
			return -1;
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
state_sync_folder(int at)
{
	/* some file systems cannot sync a folder; that is accepted */
	return fsync(at) == 0 || errno == EINVAL ? 0 : -1;
}

/* 1 if fd, which is locked, still is the file of that name. */
static int
is_at(int fd, int at, const char *name)
{
	struct stat mine, there;

	if (fstat(fd, &mine) == -1)
		return -1;
	if (fstatat(at, name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	return mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/*
 * Opens the temporary file in the folder `at`, empty and locked. Its name is
 * always the same, so that the file of a killed process is used again. After
 * waiting for the lock, the file may have been renamed by its owner; then open
 * again.
 */
static int
open_new(int at, const char *name)
{
	int fd, rc = 0, saved;

	while (rc == 0) {
		fd = openat(at, name,
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0600);
		if (fd == -1)
			return -1;
		if ((rc = state_flock(fd)) == 0)
			rc = is_at(fd, at, name);
		if (rc == 1 && ftruncate(fd, 0) == 0)
			return fd;
		saved = errno;
		close(fd);
		errno = saved;
	}
	return -1;
}

int
state_write_new(int at, const char *name, const void *p, size_t n, int durable)
{
	int fd = open_new(at, name);

	if (fd != -1 &&
	    (write_all(fd, p, n) == -1 || (durable && fsync(fd) == -1))) {
		int saved = errno;

		unlinkat(at, name, 0);
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
replace(const char *dir, const char *sub, const void *p, size_t n, int durable,
    struct err *e)
{
	const char *name;
	int at = state_parent(dir, sub, &name), rc = 0;
	char *tmp = x_asprintf("%s.tmp", name);
	int fd = at == -1 ? -1 : state_write_new(at, tmp, p, n, durable);

	if (fd == -1 || renameat(at, tmp, at, name) == -1 ||
	    (durable && state_sync_folder(at) == -1))
		rc = state_failed(e, ERR_OUTPUT, dir, sub);
	if (fd != -1)
		close(fd);
	if (at != -1)
		close(at);
	free(tmp);
	return rc;
}

int
state_put(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e)
{
	return replace(dir, sub, p, n, 0, e);
}

/*
 * The kind for an errno of a file: ERR_DATA if it is not a file of this
 * directory, ERR_TEMP if it cannot be read now.
 */
static enum err_kind
kind_of(int why)
{
	return why == ELOOP || why == ENOTDIR || why == EISDIR || why == ENXIO
		   ? ERR_DATA
		   : ERR_TEMP;
}

int
state_slurp(const char *dir, const char *sub, struct buf *b, struct err *e)
{
	int fd = state_open(dir, sub, O_RDONLY), rc = 1;
	ssize_t n = 1;

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1)
		return state_failed(e, kind_of(errno), dir, sub);
	while (rc == 1 && n > 0) {
		n = x_read(fd, buf_room(b, 65536), 65536);
		if (n == -1)
			rc = state_failed(e, kind_of(errno), dir, sub);
		else if (n > 0 && (b->len += (size_t)n) > FILE_MAX)
			rc = err_set(e, ERR_DATA,
			    "'%s/%s' is larger than %d bytes", dir, sub,
			    FILE_MAX);
	}
	close(fd);
	return rc;
}

json_t *
state_parse(
    const char *dir, const char *sub, const struct buf *b, struct err *e)
{
	json_error_t je;
	json_t *j = json_loadb(
	    b->len == 0 ? "" : b->ptr, b->len, JSON_REJECT_DUPLICATES, &je);

	if (j != NULL && json_is_object(j))
		return j;
	if (j == NULL)
		err_set(e, ERR_DATA, "'%s/%s' line %d column %d: %s", dir, sub,
		    je.line, je.column, je.text);
	else
		err_set(e, ERR_DATA, "'%s/%s' is not a JSON object", dir, sub);
	json_decref(j);
	return NULL;
}

json_t *
state_read(const char *dir, const char *sub, struct err *e)
{
	struct buf b = { 0 };
	json_t *j = NULL;
	int rc = state_slurp(dir, sub, &b, e);

	if (rc == 0)
		err_set(e, ERR_DATA, "'%s/%s': %s", dir, sub, strerror(ENOENT));
	else if (rc == -1)
		e->kind = ERR_DATA; /* waiting does not help these files */
	if (rc == 1)
		j = state_parse(dir, sub, &b, e);
	buf_fini(&b);
	return j;
}

int
state_replace(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e)
{
	return replace(dir, sub, p, n, 1, e);
}
