#include "net/resolve.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum { SLOW = 16 };

/* A question in a thread of its own; freed by the side that is done last. */
struct question {
	char *host, *port;
	struct addrinfo *list;
	int why;
	int done, left;
	pthread_cond_t changed;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char host[256];
	int64_t until_ns;
} slow[SLOW]; /* names that took too long */
static size_t n_slow;

static void
question_free(struct question *q)
{
	if (q->list != NULL)
		freeaddrinfo(q->list);
	pthread_cond_destroy(&q->changed);
	free(q->host);
	free(q->port);
	free(q);
}

static void *
ask(void *arg)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *a = NULL;
	struct question *q = arg;
	int why = getaddrinfo(q->host, q->port, &want, &a), left;

	pthread_mutex_lock(&mu);
	q->why = why;
	q->list = why == 0 ? a : NULL;
	q->done = 1;
	left = q->left;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&mu);
	if (left)
		question_free(q);
	return NULL;
}

static int
is_slow(const char *host)
{
	int yes = 0;

	pthread_mutex_lock(&mu);
	for (size_t i = 0; i < SLOW; i++)
		yes |= clock_ns() < slow[i].until_ns &&
		       strcmp(slow[i].host, host) == 0;
	pthread_mutex_unlock(&mu);
	return yes;
}

/* Called with the mutex held. */
static void
note_slow(const char *host)
{
	size_t i = n_slow++ % SLOW;

	snprintf(slow[i].host, sizeof slow[i].host, "%s", host);
	slow[i].until_ns = clock_ns() + NETNAME_KEPT_MS * (int64_t)NS_PER_MS;
}

/* Waits for the answer, or returns NULL; q belongs to the thread afterwards. */
static struct addrinfo *
answer(struct question *q, int *why)
{
	struct addrinfo *list;
	struct timespec until;
	int rc = 0, done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += NETNAME_MS / 1000;
	pthread_mutex_lock(&mu);
	while (!q->done && rc == 0)
		rc = pthread_cond_clockwait(
		    &q->changed, &mu, CLOCK_MONOTONIC, &until);
	done = q->done;
	q->left = !done;
	*why = done ? q->why : EAI_AGAIN;
	list = q->list;
	if (done)
		q->list = NULL;
	else
		note_slow(q->host);
	pthread_mutex_unlock(&mu);
	if (done)
		question_free(q);
	return list;
}

struct addrinfo *
netname_find(const char *host, const char *port, int *why)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST },
			*a = NULL;
	struct question *q;
	pthread_t t;

	/* a numeric address needs no question */
	*why = getaddrinfo(host, port, &want, &a);
	if (*why == 0)
		return a;
	*why = EAI_AGAIN;
	if (is_slow(host))
		return NULL;
	q = x_calloc(1, sizeof *q);
	q->host = x_strdup(host);
	q->port = x_strdup(port);
	pthread_cond_init(&q->changed, NULL);
	if (pthread_create(&t, NULL, ask, q) != 0) {
		question_free(q);
		return NULL;
	}
	pthread_detach(t);
	return answer(q, why);
}
