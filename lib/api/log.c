#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "state/state.h"

/* A task's log over HTTP: the last lines, and new ones as they come. */

enum { LINES = 100, LINES_MAX = 10000, TAIL_MAX = 1 << 20 };

/* The last n lines, at most, of an open file; *at is the place behind them. */
static void
last_lines(int fd, int64_t n, struct buf *b, off_t *at)
{
	struct stat st;
	off_t from;
	ssize_t k;
	char *p;

	*at = 0;
	if (fstat(fd, &st) == -1)
		return;
	from = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
	k = pread(fd, buf_room(b, TAIL_MAX), TAIL_MAX, from);
	if (k <= 0)
		return;
	b->len = (size_t)k;
	b->ptr[k] = '\0';
	*at = from + k;
	for (p = b->ptr + b->len; p > b->ptr; p--)
		if (p[-1] == '\n' && p < b->ptr + b->len && --n == 0)
			break;
	if (p == b->ptr && from > 0 && (p = memchr(p, '\n', b->len)) != NULL)
		p++; /* the first line is cut */
	if (p != NULL)
		buf_cut(b, (size_t)(p - b->ptr));
}

static int
open_log(const char *dir, const char *sub)
{
	return state_open(dir, sub, O_RDONLY);
}

/* ---- to follow ---- */

struct log_follow {
	const char *dir;
	char *sub;
	int fd;
	off_t at;
	struct buf first; /* the lines that were there */
};

/* If another file has replaced the log, reads that from its beginning. */
static int
reopen(struct log_follow *f)
{
	struct stat here, there;
	int fd = open_log(f->dir, f->sub);

	if (fd == -1)
		return errno == ENOENT ? -1 : 0; /* the task is gone */
	if (f->fd != -1 && fstat(f->fd, &here) == 0 && fstat(fd, &there) == 0 &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev) {
		close(fd);
		return 0;
	}
	if (f->fd != -1)
		close(f->fd);
	f->fd = fd;
	f->at = 0;
	return 0;
}

static ssize_t
follow_more(void *arg, char *p, size_t cap)
{
	struct log_follow *f = arg;
	size_t n = f->first.len < cap ? f->first.len : cap;
	ssize_t k = 0;

	if (n > 0) {
		memcpy(p, f->first.ptr, n);
		buf_cut(&f->first, n);
		return (ssize_t)n;
	}
	if (f->fd != -1)
		k = pread(f->fd, p, cap, f->at);
	if (k > 0) {
		f->at += k;
		return k;
	}
	return reopen(f);
}

static void
follow_free(void *arg)
{
	struct log_follow *f = arg;

	if (f->fd != -1)
		close(f->fd);
	buf_fini(&f->first);
	free(f->sub);
	free(f);
}

int
plain_log(struct call *c)
{
	int64_t n;
	struct buf raw = { 0 };
	struct log_follow *f;
	int go_on;

	if (api_find(c, c->name, 404) == -1 ||
	    api_flag(c, "follow", &go_on) == -1 ||
	    api_number(c, "limit", LINES, LINES_MAX, &n) == -1)
		return -1;
	f = x_calloc(1, sizeof *f);
	f->dir = c->api->dir;
	f->sub = state_sub(c->name, "log.ndjson");
	if ((f->fd = open_log(f->dir, f->sub)) != -1)
		last_lines(f->fd, n, &raw, &f->at);
	jw_lines(&f->first, raw.ptr, raw.len);
	buf_fini(&raw);
	c->r->type = "application/x-ndjson";
	c->r->status = 200;
	if (go_on) {
		c->r->more = follow_more;
		c->r->more_free = follow_free;
		c->r->more_arg = f;
		return 0;
	}
	buf_add(&c->r->body, f->first.ptr == NULL ? "" : f->first.ptr,
	    f->first.len);
	follow_free(f);
	return 0;
}
