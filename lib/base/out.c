#include "base/out.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"

struct out
out_stdout(void)
{
	return (struct out){ .fd = STDOUT_FILENO, .name = "standard output" };
}

/*
 * The descriptor is non-blocking, set so by another process that shares it:
 * wait until it takes more.
 */
static void
wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	poll(&p, 1, -1);
}

static void
put(struct out *o, const char *p, size_t len)
{
	size_t done = 0;

	while (o->error == 0 && done < len) {
		ssize_t n = write(o->fd, p + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			wait_writable(o->fd);
		else if (errno != EINTR)
			o->error = errno;
	}
}

static void
drain(struct out *o)
{
	put(o, o->b.ptr, o->b.len);
	buf_clear(&o->b);
}

void
out_mem(struct out *o, const void *line, size_t len)
{
	/* written from where it is, without a copy */
	int large = len >= OUT_MAX;

	if (o->error != 0)
		return;
	if (large) {
		drain(o);
		put(o, line, len);
	} else {
		buf_add(&o->b, line, len);
	}
	buf_addc(&o->b, '\n');
	if (large || o->b.len >= OUT_MAX)
		drain(o);
}

void
out_line(struct out *o, const struct buf *line)
{
	out_mem(o, line->ptr, line->len);
}

void
out_text(struct out *o, const struct buf *line)
{
	struct buf b = { 0 };

	text_plain(&b, line->ptr, line->len);
	out_mem(o, b.ptr, b.len);
	buf_fini(&b);
}

static int
failed(struct out *o, struct err *e)
{
	if (o->error == 0)
		return 0;
	errno = o->error;
	return err_sys(
	    e, o->error == EPIPE ? ERR_PIPE : ERR_OUTPUT, "%s", o->name);
}

int
out_flush(struct out *o, struct err *e)
{
	drain(o);
	return failed(o, e);
}

int
out_close(struct out *o, struct err *e)
{
	drain(o);
	if (close(o->fd) == -1 && o->error == 0 && errno != EINTR)
		o->error = errno;
	o->fd = -1;
	return failed(o, e);
}

void
out_fini(struct out *o)
{
	buf_fini(&o->b);
}
