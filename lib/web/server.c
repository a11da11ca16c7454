#include "web/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "codec/json_write.h"
#include "web/priv.h"

enum {
	FILES = 256, /* descriptors besides the connections' */
	SWEEP_MS = 250,
	TICK_MS = 1000,
	LAST_MS = 50, /* between checks while stopping */
};

/* As many connections as the limit on open files leaves room for. */
static size_t
links_max(void)
{
	struct rlimit lim;
	rlim_t want = WEB_LINKS_MAX + FILES;

	if (getrlimit(RLIMIT_NOFILE, &lim) == -1)
		return WEB_LINKS_MAX / 8;
	if (lim.rlim_cur < want) {
		lim.rlim_cur = lim.rlim_max < want ? lim.rlim_max : want;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
	if (lim.rlim_cur >= want)
		return WEB_LINKS_MAX;
	log_warn("%llu open files allowed: fewer than %d connections",
	    (unsigned long long)lim.rlim_cur, WEB_LINKS_MAX);
	return lim.rlim_cur / 2 > FILES ? lim.rlim_cur - FILES
					: lim.rlim_cur / 2;
}

/*
 * Blocks signals, so that only the thread that waits for them gets them;
 * threads inherit this.
 */
static int
start(struct web *w, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pool_open(w, e);
	if (rc == 0 && (w->mhd = web_listen(w)) == NULL)
		rc = err_set(
		    e, ERR_TEMP, "'%s' cannot be served", w->at.address);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void
wait_ms(int ms)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN };

	if (poll(&p, 1, ms) == -1 && errno != EINTR)
		abort(); /* only a bug can cause this */
}

static void
serve(struct web *w)
{
	const struct web_conf *c = w->conf;
	int64_t tick = 0;

	while (sig_stop == 0) {
		link_sweep(w);
		pool_sweep(w);
		if (c->tick != NULL && !w->stuck && clock_ms() >= tick) {
			c->tick(c->arg);
			tick = clock_ms() + TICK_MS;
		}
		wait_ms(SWEEP_MS);
	}
}

/*
 * Accepts no more connections and lets open requests be answered. Returns how
 * many are left when the time is up.
 */
static size_t
drain(struct web *w)
{
	int64_t end = clock_ms() + (int64_t)WEB_STOP_S * 1000;
	size_t left;

	MHD_quiesce_daemon(w->mhd);
	listener_close(&w->at);
	pthread_mutex_lock(&w->mu);
	w->stopping = 1;
	pthread_mutex_unlock(&w->mu);
	do {
		link_sweep(w);
		pool_sweep(w);
		poll(NULL, 0, LAST_MS);
		pthread_mutex_lock(&w->mu);
		left = w->nlinks;
		pthread_mutex_unlock(&w->mu);
	} while (left > 0 && clock_ms() < end);
	return left;
}

static int
run(struct web *w, struct err *e)
{
	const struct web_conf *c = w->conf;
	size_t left;
	int rc = 0;

	if (start(w, e) == -1)
		rc = -1;
	else if (c->ready != NULL)
		rc = c->ready(c->arg, w->at.address, e);
	if (rc == 0)
		serve(w);
	if (rc == 0 && c->stopping != NULL)
		c->stopping(c->arg);
	left = w->mhd == NULL ? 0 : drain(w);
	if (left > 0) {
		/* their threads still run, so that nothing may be freed */
		log_warn("%zu connections are left unanswered", left);
		sig_reraise();
	}
	if (w->mhd != NULL)
		MHD_stop_daemon(w->mhd);
	pool_close(w);
	return rc == -1 ? -1 : err_set(e, ERR_STOP, "stopped");
}

int
web_run(const struct web_conf *conf, struct err *e)
{
	struct web *w = x_calloc(1, sizeof *w);
	int rc = -1;

	w->conf = conf;
	w->links_max = links_max();
	TAILQ_INIT(&w->links);
	pthread_mutex_init(&w->mu, NULL);
	if (listener_open(&w->at, conf->listen, e) == 0) {
		if (access_open(&w->who, conf, &w->at, e) == 0)
			rc = run(w, e);
		listener_close(&w->at);
	}
	access_close(&w->who);
	pthread_mutex_destroy(&w->mu);
	free(w);
	return rc;
}
