/*
 * killat.so, to be preloaded: a program dies, or is refused, at a chosen call.
 * It does nothing unless KILLAT is set, to rules that are separated by ';':
 *
 *   CALL WHAT [key=value ...]
 *
 * CALL: write (pwrite and writev too), send (sendmsg too), rename
 * (renameat too), fsync (fdatasync too), read.  WHAT:
 *   before, after   kill -9 itself there; after: once the call has succeeded
 *   middle          write: half of the bytes, then kill -9
 *   term            SIGTERM to itself before the call, which goes on
 *   short           write: so many bytes at most (bytes=N [1]), no error
 *   eintr           the call fails as if a signal had come, once
 *   enospc, eio     the call fails; write, enospc: after bytes=N [0] of all
 *                   that matched, what fits being written
 * Keys: nth=N the N-th matching call [1] (short, enospc and eio: from then on),
 * path=TEXT in the file's name (rename: in either name), fd=N, has=TEXT in the
 * data, min=N bytes at least, prog=NAME of the program, once=FILE only while
 * this file is there, which is then removed: from the N-th call on, once.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { WRITE, SEND, RENAME, FSYNC, READ };
enum what { BEFORE, AFTER, MIDDLE, TERM, SHORT, ENOSPC_, EIO_, EINTR_ };
enum { RULES_MAX = 32, NAME_MAX_ = 4096 };

struct rule {
	enum call call;
	enum what what;
	long nth;
	long seen; /* matching calls so far */
	size_t bytes;
	size_t used; /* bytes that were let through */
	size_t min;
	int fd;
	const char *path, *has, *prog, *once;
};

/* What is being called: names are for rename, the rest for the others. */
struct event {
	enum call call;
	int fd;
	const void *data;
	size_t len;
	const char *names[2];
};

static struct rule rules[RULES_MAX];
static size_t n_rules;

static void bad(const char *word) __attribute__((noreturn));

static void
bad(const char *word)
{
	fprintf(stderr, "killat: '%s'?\n", word);
	_exit(2);
}

static int
choose(const char *word, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, names[i]) == 0)
			return i;
	bad(word);
}

static void
set_key(struct rule *r, char *word)
{
	char *value = strchr(word, '=');

	if (value == NULL)
		bad(word);
	*value++ = '\0';
	if (strcmp(word, "nth") == 0)
		r->nth = strtol(value, NULL, 10);
	else if (strcmp(word, "bytes") == 0)
		r->bytes = strtoul(value, NULL, 10);
	else if (strcmp(word, "min") == 0)
		r->min = strtoul(value, NULL, 10);
	else if (strcmp(word, "fd") == 0)
		r->fd = (int)strtol(value, NULL, 10);
	else if (strcmp(word, "path") == 0)
		r->path = value;
	else if (strcmp(word, "has") == 0)
		r->has = value;
	else if (strcmp(word, "prog") == 0)
		r->prog = value;
	else if (strcmp(word, "once") == 0)
		r->once = value;
	else
		bad(word);
}

static void
parse_rule(char *text)
{
	static const char *const calls[] = { "write", "send", "rename", "fsync",
		"read" };
	static const char *const whats[] = { "before", "after", "middle",
		"term", "short", "enospc", "eio", "eintr" };
	struct rule *r = &rules[n_rules];
	char *rest, *word = strtok_r(text, " ", &rest);

	if (word == NULL)
		return;
	if (n_rules == RULES_MAX)
		bad(word);
	*r = (struct rule){ .nth = 1, .fd = -1 };
	r->call = (enum call)choose(word, calls, 5);
	word = strtok_r(NULL, " ", &rest);
	r->what = (enum what)choose(word == NULL ? "" : word, whats, 8);
	while ((word = strtok_r(NULL, " ", &rest)) != NULL)
		set_key(r, word);
	if (r->what == SHORT && r->bytes == 0)
		r->bytes = 1;
	if (r->prog == NULL ||
	    strcmp(r->prog, program_invocation_short_name) == 0)
		n_rules++;
}

__attribute__((constructor)) static void
parse(void)
{
	const char *s = getenv("KILLAT");
	static char *text; /* the rules point into it */
	char *rest;

	if (s == NULL || (text = strdup(s)) == NULL)
		return;
	for (char *t = strtok_r(text, ";", &rest); t != NULL;
	     t = strtok_r(NULL, ";", &rest))
		parse_rule(t);
}

static int
name_has(int fd, const char *text)
{
	char link[64], name[NAME_MAX_];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof name - 1);
	name[n < 0 ? 0 : n] = '\0';
	return strstr(name, text) != NULL;
}

static int
matches(const struct rule *r, const struct event *v)
{
	if (r->call != v->call || (r->fd != -1 && r->fd != v->fd) ||
	    v->len < r->min)
		return 0;
	if (r->has != NULL &&
	    (v->data == NULL ||
		memmem(v->data, v->len, r->has, strlen(r->has)) == NULL))
		return 0;
	if (r->path == NULL)
		return 1;
	if (v->call == RENAME)
		return strstr(v->names[0], r->path) != NULL ||
		       strstr(v->names[1], r->path) != NULL;
	return name_has(v->fd, r->path);
}

/* The rule that fires now, or NULL. */
static struct rule *
fires(const struct event *v)
{
	int saved = errno;
	struct rule *found = NULL;

	for (size_t i = 0; i < n_rules && found == NULL; i++) {
		struct rule *r = &rules[i];

		if (!matches(r, v))
			continue;
		r->seen++;
		if (r->seen < r->nth ||
		    ((r->what <= TERM || r->what == EINTR_) && !r->once &&
			r->seen > r->nth))
			continue;
		if (r->once == NULL || unlink(r->once) == 0)
			found = r;
	}
	errno = saved;
	return found;
}

static void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* How many bytes a write may have, or -1 with errno. */
static ssize_t
allowed(struct rule *r, size_t len)
{
	size_t left;

	if (r->what == EIO_ || r->what == EINTR_) {
		errno = r->what == EIO_ ? EIO : EINTR;
		return -1;
	}
	if (r->what == SHORT)
		return (ssize_t)(len < r->bytes ? len : r->bytes);
	if (r->what == MIDDLE)
		return (ssize_t)(len / 2);
	if (r->what != ENOSPC_)
		return (ssize_t)len;
	left = r->bytes - r->used;
	if (left == 0 && len > 0) {
		errno = ENOSPC;
		return -1;
	}
	return (ssize_t)(len < left ? len : left);
}

/* Before the call: dies, or says how many bytes it may have. */
static ssize_t
enter(struct rule *r, size_t len)
{
	if (r == NULL)
		return (ssize_t)len;
	if (r->what == BEFORE)
		die();
	if (r->what == TERM)
		kill(getpid(), SIGTERM);
	return allowed(r, len);
}

static void
leave(struct rule *r, ssize_t done)
{
	if (r == NULL || done < 0)
		return;
	r->used += (size_t)done;
	if (r->what == AFTER || r->what == MIDDLE)
		die();
}

#define REAL(name)                                                             \
	static __typeof__(name) *real;                                         \
	if (real == NULL)                                                      \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t
write(int fd, const void *p, size_t len)
{
	REAL(write);
	struct rule *r = fires(&(struct event){ WRITE, fd, p, len, { 0 } });
	ssize_t n = enter(r, len);

	if (n >= 0)
		leave(r, n = real(fd, p, (size_t)n));
	return n;
}

ssize_t
read(int fd, void *p, size_t len)
{
	REAL(read);
	struct rule *r = fires(&(struct event){ READ, fd, NULL, len, { 0 } });
	ssize_t n = enter(r, len);

	if (n >= 0)
		leave(r, n = real(fd, p, (size_t)n));
	return n;
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t at)
{
	REAL(pwrite);
	struct rule *r = fires(&(struct event){ WRITE, fd, p, len, { 0 } });
	ssize_t n = enter(r, len);

	if (n >= 0)
		leave(r, n = real(fd, p, (size_t)n, at));
	return n;
}

ssize_t
writev(int fd, const struct iovec *v, int n_v)
{
	REAL(writev);
	struct rule *r = n_v == 0 ? NULL
				  : fires(&(struct event){ WRITE, fd,
					v->iov_base, v->iov_len, { 0 } });
	ssize_t n = enter(r, 1);

	if (n >= 0)
		leave(r, n = real(fd, v, n_v));
	return n;
}

ssize_t
send(int fd, const void *p, size_t len, int flags)
{
	REAL(send);
	struct rule *r = fires(&(struct event){ SEND, fd, p, len, { 0 } });
	ssize_t n = enter(r, len);

	if (n >= 0)
		leave(r, n = real(fd, p, (size_t)n, flags));
	return n;
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);
	struct rule *r = fires(&(struct event){ SEND, fd, NULL, 0, { 0 } });
	ssize_t n = enter(r, 1);

	if (n >= 0)
		leave(r, n = real(fd, m, flags));
	return n;
}

int
rename(const char *from, const char *to)
{
	REAL(rename);
	struct rule *r =
	    fires(&(struct event){ RENAME, -1, NULL, 0, { from, to } });
	int n = enter(r, 1) < 0 ? -1 : 0;

	if (n == 0)
		leave(r, n = real(from, to));
	return n;
}

/* A name in a folder that is open, as rename would have it. */
static void
whole_name(char *to, int at, const char *name)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", at);
	n = readlink(link, to, NAME_MAX_ - 1);
	snprintf(to + (n < 0 ? 0 : n), NAME_MAX_, "/%s", name);
}

int
renameat(int from_at, const char *from, int to_at, const char *to)
{
	REAL(renameat);
	char names[2][2 * NAME_MAX_];
	struct rule *r;
	int saved = errno, n;

	whole_name(names[0], from_at, from);
	whole_name(names[1], to_at, to);
	errno = saved;
	r = fires(
	    &(struct event){ RENAME, -1, NULL, 0, { names[0], names[1] } });
	n = enter(r, 1) < 0 ? -1 : 0;
	if (n == 0)
		leave(r, n = real(from_at, from, to_at, to));
	return n;
}

int
fsync(int fd)
{
	REAL(fsync);
	struct rule *r = fires(&(struct event){ FSYNC, fd, NULL, 0, { 0 } });
	int n = enter(r, 1) < 0 ? -1 : 0;

	if (n == 0)
		leave(r, n = real(fd));
	return n;
}

int
fdatasync(int fd)
{
	REAL(fdatasync);
	struct rule *r = fires(&(struct event){ FSYNC, fd, NULL, 0, { 0 } });
	int n = enter(r, 1) < 0 ? -1 : 0;

	if (n == 0)
		leave(r, n = real(fd));
	return n;
}
