#include "net/grpc_stream.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/grpc_priv.h"

enum { BLIND_MS = 20 /* while curl has work but no socket */ };

struct grpc_watch {
	int epoll, timer;
	int *fds; /* sockets in the set */
	size_t n, cap;
};

struct grpc_watch *
grpc_watch_open(struct err *e)
{
	struct grpc_watch *w = x_calloc(1, sizeof *w);
	struct epoll_event ev = { .events = EPOLLIN };

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->epoll == -1 || w->timer == -1 ||
	    epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->timer, &ev) == -1) {
		err_sys(e, ERR_TEMP, "epoll");
		grpc_watch_close(w);
		return NULL;
	}
	return w;
}

void
grpc_watch_close(struct grpc_watch *w)
{
	if (w == NULL)
		return;
	if (w->timer != -1)
		close(w->timer);
	if (w->epoll != -1)
		close(w->epoll);
	free(w->fds);
	free(w);
}

int
grpc_watch_fd(const struct grpc_watch *w)
{
	return w->epoll;
}

static void
add(struct grpc_watch *w, int fd, int in, int out)
{
	struct epoll_event ev = { .events = (in ? EPOLLIN : 0) |
					    (out ? EPOLLOUT : 0) };

	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		return; /* the timer wakes us */
	w->fds = x_grow(w->fds, w->n, &w->cap, sizeof *w->fds);
	w->fds[w->n++] = fd;
}

/* The sockets of g; returns ms, or less if curl wants less. */
static int
add_channel(struct grpc_watch *w, struct grpc *g, int ms)
{
	fd_set in, out, err;
	int max = -1;
	long curl_ms = -1;

	if (g->pending == 0)
		return ms;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&err);
	curl_multi_fdset(g->multi, &in, &out, &err, &max);
	for (int fd = 0; fd <= max; fd++)
		if (FD_ISSET(fd, &in) || FD_ISSET(fd, &out))
			add(w, fd, FD_ISSET(fd, &in), FD_ISSET(fd, &out));
	curl_multi_timeout(g->multi, &curl_ms);
	if (max == -1 && (curl_ms < 0 || curl_ms > BLIND_MS))
		curl_ms = BLIND_MS;
	return curl_ms >= 0 && (ms < 0 || curl_ms < ms) ? (int)curl_ms : ms;
}

void
grpc_watch_set(
    struct grpc_watch *w, struct grpc *const *v, size_t n, int for_ms)
{
	struct itimerspec at = { 0 };

	/* one that was closed is gone from the set; its number may be another's
	 */
	for (size_t i = 0; i < w->n; i++)
		epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->fds[i], NULL);
	w->n = 0;
	for (size_t i = 0; i < n; i++)
		for_ms = add_channel(w, v[i], for_ms);
	at.it_value.tv_sec = for_ms / 1000;
	at.it_value.tv_nsec = for_ms % 1000 * NS_PER_MS;
	if (for_ms == 0) /* which would be never */
		at.it_value.tv_nsec = 1;
	if (for_ms < 0)
		at = (struct itimerspec){ 0 };
	timerfd_settime(w->timer, 0, &at, NULL);
}
