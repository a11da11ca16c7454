#include "net/grpc_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "base/mem.h"

/*
 * While the server's window (RFC 9113, 5.2) is closed, libcurl before 8.1 waits
 * until the socket is writable, which it always is; so curl_multi_poll returns
 * at once, again and again, and keeps a core busy (seen: 776,000 polls for
 * 6,800 writes). With such a libcurl this file waits instead: for the same
 * bytes to read, but only for the moment in which a socket becomes writable.
 * Reading opens the window.
 */
enum {
	MAX_EVENTS = 64,
	BLIND_MS = 100, /* while curl has work but no socket */
};

void
grpc_wait_open(struct grpc *g)
{
	g->edges = -1;
	if (curl_version_info(CURLVERSION_NOW)->version_num < 0x080100)
		g->edges = epoll_create1(EPOLL_CLOEXEC);
}

void
grpc_wait_close(struct grpc *g)
{
	if (g->edges != -1)
		close(g->edges);
}

/*
 * close(2) removes it from the epoll set. If epoll_ctl fails, fall back to
 * curl_multi_poll.
 */
void
grpc_wait_socket(struct grpc *g, int fd)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };

	if (g->edges != -1 &&
	    epoll_ctl(g->edges, EPOLL_CTL_ADD, fd, &ev) == -1) {
		close(g->edges);
		g->edges = -1;
	}
}

/*
 * The bytes of requests sent so far. If a step has sent some, the next may send
 * more.
 */
static curl_off_t
sent(const struct grpc *g)
{
	curl_off_t all = 0, n = 0;

	for (const struct rpc *c = g->active; c != NULL; c = c->next) {
		curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &n);
		all += n;
	}
	return all;
}

CURLMcode
grpc_step(struct grpc *g, int *moved)
{
	curl_off_t before = sent(g);
	int running;
	CURLMcode rc = curl_multi_perform(g->multi, &running);

	*moved = sent(g) != before;
	return rc;
}

/* timeout_ms, but not longer than curl wants to wait; -1 is for ever. */
static int
shorter(int timeout_ms, long curl_ms)
{
	return curl_ms >= 0 && (timeout_ms < 0 || curl_ms < timeout_ms)
		   ? (int)curl_ms
		   : timeout_ms;
}

/*
 * Appends the sockets that curl reads from, and the epoll descriptor, to the n
 * of p.
 */
static nfds_t
add_sockets(struct grpc *g, struct pollfd *p, nfds_t n, int *max)
{
	fd_set in, out, err;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&err);
	*max = -1;
	curl_multi_fdset(g->multi, &in, &out, &err, max);
	for (int fd = 0; fd <= *max; fd++)
		if (FD_ISSET(fd, &in))
			p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = g->edges, .events = POLLIN };
	return n;
}

static CURLMcode
wait_edges(struct grpc *g, struct curl_waitfd *w, unsigned nfds, int timeout_ms)
{
	struct pollfd p[FD_SETSIZE + GRPC_MAX_FDS + 1];
	struct epoll_event ignored[MAX_EVENTS];
	nfds_t n = nfds;
	long curl_ms = -1;
	int max;

	for (unsigned i = 0; i < nfds; i++)
		p[i] = (struct pollfd){ .fd = w[i].fd, .events = POLLIN };
	n = add_sockets(g, p, n, &max);
	curl_multi_timeout(g->multi, &curl_ms);
	timeout_ms = shorter(timeout_ms, curl_ms);
	if (max == -1 && g->pending > 0)
		timeout_ms = shorter(timeout_ms, BLIND_MS);
	if (poll(p, n, timeout_ms) <= 0)
		return CURLM_OK;
	if (p[n - 1].revents != 0)
		epoll_wait(g->edges, ignored, MAX_EVENTS, 0);
	for (unsigned i = 0; i < nfds; i++)
		w[i].revents = p[i].revents;
	return CURLM_OK;
}

CURLMcode
grpc_poll(struct grpc *g, struct curl_waitfd *w, unsigned nfds, int timeout_ms)
{
	if (g->edges != -1)
		return wait_edges(g, w, nfds, timeout_ms);
	return curl_multi_poll(g->multi, w, nfds, timeout_ms, NULL);
}
