#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "web/priv.h"

static void
put(struct web *w, struct exchange *k)
{
	TAILQ_INSERT_TAIL(&w->queue, k, next);
	w->queued++;
	pthread_cond_signal(&w->work);
}

/*
 * Gets more of an answer without an end. 0 if `more` has to be called again
 * later.
 */
static int
fill(struct exchange *k)
{
	struct web *w = k->web;
	ssize_t n = k->res.more(k->res.more_arg, k->chunk, WEB_MORE);
	int again = 0;

	pthread_mutex_lock(&w->mu);
	k->at = 0;
	k->len = n > 0 ? (size_t)n : 0;
	if (n < 0 || (n == 0 && w->stopping)) {
		k->ended = 1;
	} else if (n == 0) {
		k->wake = clock_ms() + WEB_MORE_MS;
		TAILQ_INSERT_TAIL(&w->waiting, k, next);
		again = 1;
	}
	pthread_mutex_unlock(&w->mu);
	return !again;
}

static int
handle(struct exchange *k)
{
	struct web *w = k->web;

	w->conf->handler(w->conf->arg, &k->req, &k->res);
	k->step = STEP_DONE;
	pthread_mutex_lock(&w->mu);
	w->requests[k->room]--;
	pthread_mutex_unlock(&w->mu);
	return 1;
}

static struct exchange *
take(struct web *w)
{
	struct exchange *k;

	pthread_mutex_lock(&w->mu);
	w->idle++;
	while (TAILQ_EMPTY(&w->queue) && !w->quit)
		pthread_cond_wait(&w->work, &w->mu);
	w->idle--;
	if ((k = TAILQ_FIRST(&w->queue)) != NULL) {
		TAILQ_REMOVE(&w->queue, k, next);
		w->queued--;
	}
	pthread_mutex_unlock(&w->mu);
	return k;
}

static void *
worker(void *arg)
{
	struct web *w = arg;
	struct exchange *k;

	while ((k = take(w)) != NULL) {
		/* after it is resumed, k belongs to libmicrohttpd's thread */
		struct MHD_Connection *conn = k->conn;

		if (k->step == STEP_WORK ? handle(k) : fill(k))
			MHD_resume_connection(conn);
	}
	return NULL;
}

/* Called with the mutex held. */
static int
start(struct web *w)
{
	if (pthread_create(&w->threads[w->nthreads], NULL, worker, w) != 0)
		return -1;
	w->nthreads++;
	return 0;
}

int
pool_open(struct web *w, struct err *e)
{
	int rc;

	TAILQ_INIT(&w->queue);
	TAILQ_INIT(&w->waiting);
	pthread_cond_init(&w->work, NULL);
	pthread_mutex_lock(&w->mu);
	rc = start(w);
	pthread_mutex_unlock(&w->mu);
	return rc == 0 ? 0 : err_set(e, ERR_TEMP, "no thread can be made");
}

void
pool_close(struct web *w)
{
	pthread_mutex_lock(&w->mu);
	w->quit = 1;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->mu);
	for (size_t i = 0; i < w->nthreads; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->work);
}

int
pool_reserve(struct web *w, enum web_room room)
{
	int rc = -1;

	pthread_mutex_lock(&w->mu);
	if (w->requests[room] < WEB_REQUESTS_MAX) {
		w->requests[room]++;
		rc = 0;
	}
	pthread_mutex_unlock(&w->mu);
	return rc;
}

void
pool_put(struct web *w, struct exchange *k)
{
	pthread_mutex_lock(&w->mu);
	put(w, k);
	/* if it cannot be started, the existing threads do the work */
	if (w->queued > w->idle &&
	    w->nthreads < sizeof w->threads / sizeof *w->threads)
		start(w);
	pthread_mutex_unlock(&w->mu);
}

/*
 * 1 if the peer has closed the connection. While suspended, libmicrohttpd does
 * not read it.
 */
static int
hung_up(int fd, short also)
{
	struct pollfd p = { .fd = fd, .events = also };

	return poll(&p, 1, 0) == 1 &&
	       (p.revents & (also | POLLHUP | POLLERR)) != 0;
}

/*
 * 1 if an answer without an end has lost its client: one that has ended its
 * sending counts as gone.
 */
static int
gone(const struct exchange *k)
{
	return hung_up(k->link->fd, POLLRDHUP);
}

/*
 * A client that ended its sending and waits for the answer (nc -N) is still
 * there.
 */
int
web_left(const struct web_req *q)
{
	return q->fd > 0 && hung_up(q->fd, 0);
}

/* A waiting stream whose time has come, or NULL. */
static struct exchange *
wake(struct web *w, int64_t now)
{
	struct exchange *k;

	for (k = TAILQ_FIRST(&w->waiting); k != NULL; k = TAILQ_NEXT(k, next))
		if (w->stopping || k->wake <= now || gone(k)) {
			TAILQ_REMOVE(&w->waiting, k, next);
			k->ended = w->stopping || gone(k);
			return k;
		}
	return NULL;
}

void
pool_sweep(struct web *w)
{
	int64_t now = clock_ms();
	struct exchange *k;

	do {
		struct MHD_Connection *conn = NULL;

		pthread_mutex_lock(&w->mu);
		if ((k = wake(w, now)) != NULL) {
			conn = k->ended ? k->conn : NULL;
			if (!k->ended)
				put(w, k);
		}
		pthread_mutex_unlock(&w->mu);
		if (conn != NULL)
			MHD_resume_connection(conn);
	} while (k != NULL);
}
