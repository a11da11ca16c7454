#include <linux/tcp.h> /* has more than netinet/tcp.h */
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/priv.h"

/* a second each; then libmicrohttpd does not react any more */
enum { CUTS = 10 };

/*
 * Seconds for a whole phase. libmicrohttpd only closes connections that are
 * silent, so that a client could keep one open by sending a byte now and then.
 */
static const int seconds[] = {
	[LINK_FRESH] = WEB_REQUEST_S,
	[LINK_IDLE] = WEB_IDLE_S,
	[LINK_COMING] = WEB_REQUEST_S,
	[LINK_WORK] = 0,
	[LINK_SENDING] = WEB_IDLE_S,
	[LINK_STREAM] = 0, /* libmicrohttpd's limit is enough */
	[LINK_CUT] = 1,
};

/* The bytes received so far; 0 on a Unix socket. */
static uint64_t
received(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ||
	    len < offsetof(struct tcp_info, tcpi_bytes_received) +
		      sizeof info.tcpi_bytes_received)
		return 0;
	return info.tcpi_bytes_received;
}

static void
enter(struct link *l, enum phase phase)
{
	/* the rest of a half-sent first line belongs to the same request */
	int on = phase == LINK_COMING &&
		 (l->phase == LINK_FRESH || l->phase == LINK_COMING);

	if (!on)
		l->deadline = seconds[phase] == 0
				  ? 0
				  : clock_ms() + (int64_t)seconds[phase] * 1000;
	if (phase == LINK_IDLE)
		l->received = received(l->fd);
	if (phase == LINK_IDLE || (phase == LINK_COMING && !on)) {
		l->late = MHD_HTTP_REQUEST_TIMEOUT;
		l->path = "";
	}
	l->phase = phase;
}

/*
 * Writes an answer to a half-sent request straight to the socket, because
 * libmicrohttpd answers whole requests only. It then sees the end of the
 * connection.
 */
static void
say(const struct link *l)
{
	const char *reason = MHD_get_reason_phrase_for((unsigned)l->late);
	struct web_res r = { 0 };
	struct buf b = { 0 };

	web_fail(&r, l->path, l->late, "%s",
	    l->late == MHD_HTTP_REQUEST_TIMEOUT ? "the request took too long"
						: "the request is too long");
	buf_addf(&b,
	    "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: %s\r\n"
	    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    l->late, reason, r.type, r.body.len, r.body.ptr);
	if (send(l->fd, b.ptr, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		shutdown(l->fd, SHUT_RDWR); /* give up without an answer */
	log_info("status=%d: a request did not come whole", l->late);
	web_res_fini(&r);
	buf_fini(&b);
}

/* Reads no more; libmicrohttpd sees the end and closes. */
static void
cut(struct link *l, int how)
{
	shutdown(l->fd, how);
	l->cuts++;
	enter(l, LINK_CUT);
}

static void
expire(struct link *l)
{
	if (l->phase == LINK_FRESH || l->phase == LINK_COMING)
		say(l);
	cut(l, l->phase == LINK_SENDING || l->phase == LINK_CUT ? SHUT_RDWR
								: SHUT_RD);
}

/*
 * Makes room for the next connection: gives up the one that has been idle for
 * longest.
 */
static void
make_room(struct web *w)
{
	struct link *l;

	for (l = TAILQ_FIRST(&w->links); l != NULL; l = TAILQ_NEXT(l, next))
		if (l->phase <= LINK_COMING) {
			cut(l, SHUT_RDWR);
			return;
		}
}

struct link *
link_open(struct web *w, int fd)
{
	struct link *l = x_calloc(1, sizeof *l);

	l->fd = fd;
	l->late = MHD_HTTP_REQUEST_TIMEOUT;
	l->path = "";
	l->deadline = clock_ms() + (int64_t)seconds[LINK_FRESH] * 1000;
	pthread_mutex_lock(&w->mu);
	if (++w->nlinks > w->links_max)
		make_room(w);
	TAILQ_INSERT_TAIL(&w->links, l, next);
	pthread_mutex_unlock(&w->mu);
	return l;
}

void
link_close(struct web *w, struct link *l)
{
	pthread_mutex_lock(&w->mu);
	TAILQ_REMOVE(&w->links, l, next);
	w->nlinks--;
	pthread_mutex_unlock(&w->mu);
	free(l);
}

int
link_phase(struct web *w, struct link *l, enum phase phase)
{
	int rc = 0;

	pthread_mutex_lock(&w->mu);
	if (l->phase == LINK_CUT)
		rc = -1;
	else
		enter(l, phase);
	pthread_mutex_unlock(&w->mu);
	return rc;
}

void
link_late(struct web *w, struct link *l, int status, const char *path)
{
	pthread_mutex_lock(&w->mu);
	l->late = status;
	l->path = strcmp(path, "/cdc") == 0 ? "/cdc" : "";
	pthread_mutex_unlock(&w->mu);
}

void
link_refuse(struct web *w, struct link *l, int status)
{
	pthread_mutex_lock(&w->mu);
	l->late = status;
	say(l);
	cut(l, SHUT_RD);
	pthread_mutex_unlock(&w->mu);
}

static void
look(struct web *w, struct link *l)
{
	if (l->phase == LINK_IDLE && received(l->fd) != l->received)
		enter(l, LINK_COMING);
	if (l->deadline != 0 && clock_ms() > l->deadline)
		expire(l);
	else if (w->stopping && l->phase <= LINK_IDLE)
		/* what has already come is still read and answered */
		shutdown(l->fd, SHUT_RD);
}

void
link_sweep(struct web *w)
{
	struct link *l;

	pthread_mutex_lock(&w->mu);
	w->stuck = 0;
	for (l = TAILQ_FIRST(&w->links); l != NULL; l = TAILQ_NEXT(l, next)) {
		look(w, l);
		w->stuck |= l->cuts > CUTS;
	}
	pthread_mutex_unlock(&w->mu);
}
