#include "milvus/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/sig.h"

enum { AHEAD = 2, WAKE_MS = 200 };

/* One thread asks for pages, the other takes them. */
struct vfeed {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct vcursor c; /* used by the asking thread */
	struct vpage *q[AHEAD];
	size_t head, n;
	int ended, stop;
	struct err e; /* kind ERR_NONE: no error */
};

/*
 * Waits for the other thread; returns now and then by itself, to check for a
 * signal.
 */
static void
await(struct vfeed *f)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += WAKE_MS * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	pthread_cond_timedwait(&f->moved, &f->lock, &t);
}

/* 0 if the feed was stopped; then p is freed. */
static int
put(struct vfeed *f, struct vpage *p)
{
	int wanted;

	pthread_mutex_lock(&f->lock);
	while (f->n == AHEAD && !f->stop)
		await(f);
	wanted = !f->stop;
	if (wanted) {
		f->q[(f->head + f->n++) % AHEAD] = p;
		pthread_cond_broadcast(&f->moved);
	}
	pthread_mutex_unlock(&f->lock);
	if (!wanted)
		vpage_free(p);
	return wanted;
}

static void *
feed(void *arg)
{
	struct vfeed *f = arg;
	struct vpage *p;
	struct err e = { 0 };
	int rc;

	while ((rc = vcursor_next(&f->c, &p, &e)) == 1)
		if (!put(f, p))
			break;
	pthread_mutex_lock(&f->lock);
	f->ended = 1;
	if (rc == -1)
		f->e = e;
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

struct vfeed *
vfeed_start(const struct vask *a)
{
	struct vfeed *f = x_calloc(1, sizeof *f);

	f->c.ask = *a;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->moved, NULL);
	if (pthread_create(&f->thread, NULL, feed, f) != 0)
		abort(); /* as for memory */
	return f;
}

int
vfeed_next(struct vfeed *f, struct vpage **p, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&f->lock);
	while (f->n == 0 && !f->ended && sig_stop == 0)
		await(f);
	if (f->n > 0) {
		*p = f->q[f->head];
		f->head = (f->head + 1) % AHEAD;
		f->n--;
		rc = 1;
		pthread_cond_broadcast(&f->moved);
	} else if (f->e.kind != ERR_NONE) {
		*e = f->e;
		rc = -1;
	} else if (!f->ended) {
		rc = err_set(e, ERR_STOP, "stopped");
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}

void
vfeed_stop(struct vfeed *f, struct vcursor *sum)
{
	pthread_mutex_lock(&f->lock);
	f->stop = 1;
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	for (; f->n > 0; f->n--) {
		vpage_free(f->q[f->head]);
		f->head = (f->head + 1) % AHEAD;
	}
	sum->copies += f->c.copies;
	sum->bytes += f->c.bytes;
	sum->doubtful += f->c.doubtful;
	vcursor_fini(&f->c);
	pthread_cond_destroy(&f->moved);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
