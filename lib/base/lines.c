#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

struct lines {
	char *const *names;
	size_t n, next;
	int fd, eof;
	const char *name;
	struct buf b;
	size_t at;                     /* the first byte not handed out */
	size_t scanned;                /* no newline between at and here */
	uint64_t number, offset, base; /* base: offset of b.ptr[0] */
	int cut;
};

static char dash[] = "-";
static char *const only_stdin[] = { dash };

/*
 * Check that an input can be read. All inputs are checked before the first is
 * read, because together they are one stream.
 */
static int
check(const char *name, struct err *e)
{
	struct stat st;

	if (strcmp(name, "-") == 0)
		return 0;
	if (access(name, R_OK) == -1 || stat(name, &st) == -1)
		return err_sys(e, ERR_USAGE, "file '%s'", name);
	return S_ISDIR(st.st_mode)
		   ? err_set(e, ERR_USAGE, "file '%s': Is a directory", name)
		   : 0;
}

struct lines *
lines_open(char *const *names, size_t n, struct err *e)
{
	struct lines *l;

	for (size_t i = 0; i < n; i++)
		if (check(names[i], e) == -1)
			return NULL;
	l = x_calloc(1, sizeof *l);
	l->names = n == 0 ? only_stdin : names;
	l->n = n == 0 ? 1 : n;
	l->fd = -1;
	l->name = "input";
	return l;
}

static void
shut(struct lines *l)
{
	if (l->fd > STDIN_FILENO)
		close(l->fd);
	l->fd = -1;
}

void
lines_close(struct lines *l)
{
	if (l == NULL)
		return;
	shut(l);
	buf_fini(&l->b);
	free(l);
}

static int
open_next(struct lines *l, struct err *e)
{
	const char *name = l->names[l->next++];

	l->eof = 0;
	l->number = l->offset = l->base = 0;
	l->at = l->scanned = 0;
	buf_clear(&l->b);
	if (strcmp(name, "-") == 0) {
		l->name = "standard input";
		l->fd = STDIN_FILENO;
		/*
		 * larger than a pipe's usual 64 KiB; the system may refuse it
		 */
		fcntl(l->fd, F_SETPIPE_SZ, LINES_STEP);
		return 0;
	}
	l->name = name;
	l->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (l->fd == -1)
		return err_sys(e, ERR_DATA, "file '%s'", name);
	return 0;
}

static int
hand_out(struct lines *l, size_t n, int cut, const char **line, size_t *len)
{
	*line = l->b.ptr + l->at;
	*len = n;
	l->offset = l->base + l->at;
	l->number++;
	l->cut = cut;
	l->at += n + (cut ? 0 : 1);
	l->scanned = l->at;
	return LINES_LINE;
}

int
lines_next(struct lines *l, const char **line, size_t *n, struct err *e)
{
	const char *nl = NULL;

	for (;;) {
		if (l->fd == -1 && l->next == l->n)
			return LINES_END;
		if (l->fd == -1 && open_next(l, e) == -1)
			return -1;
		if (l->b.len > l->scanned)
			nl = memchr(
			    l->b.ptr + l->scanned, '\n', l->b.len - l->scanned);
		if (nl != NULL)
			return hand_out(
			    l, (size_t)(nl - l->b.ptr) - l->at, 0, line, n);
		l->scanned = l->b.len;
		if (l->b.len - l->at > LINES_MAX)
			return err_set(e, ERR_DATA,
			    "%s line %" PRIu64 ": a line of more than %d bytes",
			    l->name, l->number + 1, LINES_MAX);
		if (!l->eof)
			return LINES_WAIT;
		if (l->b.len > l->at)
			return hand_out(l, l->b.len - l->at, 1, line, n);
		shut(l);
	}
}

int
lines_fill(struct lines *l, struct err *e)
{
	ssize_t got;

	if (l->at > 0) {
		l->base += l->at;
		buf_cut(&l->b, l->at);
		l->scanned -= l->at;
		l->at = 0;
	}
	buf_room(&l->b, LINES_STEP);
	got = read(l->fd, l->b.ptr + l->b.len, LINES_STEP);
	if (got == -1 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got == -1)
		return err_sys(e, ERR_DATA, "%s", l->name);
	l->b.len += (size_t)got;
	l->b.ptr[l->b.len] = '\0';
	l->eof = got == 0;
	return 0;
}

int
lines_fd(const struct lines *l)
{
	return l->fd;
}

int
lines_partial(const struct lines *l)
{
	return l->b.len > l->at;
}

const char *
lines_name(const struct lines *l)
{
	return l->name;
}

uint64_t
lines_number(const struct lines *l)
{
	return l->number;
}

uint64_t
lines_offset(const struct lines *l)
{
	return l->offset;
}

int
lines_cut(const struct lines *l)
{
	return l->cut;
}
