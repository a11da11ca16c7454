#include "run/priv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/tso.h"
#include "mq/mq.h"
#include "run/notify.h"
#include "run/pipeline.h"
#include "state/state.h"
#include "task/lag.h"
#include "task/process.h"

enum {
	CAUGHT_UP_MS = 10000,
	AWAY_MS = 300000, /* cdc-read waits so long for Kafka before it ends
			     with status 3 */
	ASK_MS = 3000,
	ASK_PART = 4, /* how often to ask within the watchdog's time */
};
enum answer { CAUGHT_UP, BEHIND, AWAY };

void
progress_init(struct progress *p, const char *dir, const char *name)
{
	*p = (struct progress){
		.dir = dir, .name = name, .interval_ms = notify_watchdog_ms()
	};
}

static int
moved(struct progress *p)
{
	char *sub = state_sub(p->name, "checkpoint.json");
	struct stat st;
	int64_t ns;
	int yes = 0;

	if (state_stat(p->dir, sub, &st) == 0) {
		ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
		yes = st.st_ino != p->file || ns != p->written_ns;
		p->file = st.st_ino;
		p->written_ns = ns;
	}
	free(sub);
	return yes;
}

/* Asks Kafka, which may take a while. */
static enum answer
ask(const struct progress *p)
{
	struct err e = { 0 };
	json_t *task = state_task(p->dir, p->name, &e);
	struct checkpoint c = { 0 };
	struct task_lag l = { 0 };
	struct mq *r;

	if (task == NULL)
		return BEHIND;
	r = task_mq(task, ASK_MS, ASK_MS, &e);
	if (r == NULL)
		return e.kind == ERR_TEMP ? AWAY : BEHIND;
	if (checkpoint_load(p->dir, p->name, &c, &e) == -1)
		return BEHIND;
	task_lag_init(&l, &c.pos);
	task_lag_ask(&l, r);
	if (l.silent)
		return AWAY;
	return l.lag_ms >= 0 && l.lag_ms < CAUGHT_UP_MS ? CAUGHT_UP : BEHIND;
}

static void
question(struct progress *p, int64_t now)
{
	pid_t parent = getpid();

	p->asked_ms = now;
	p->asking = process_fork();
	/* with all connections that it makes */
	if (p->asking == 0) {
		process_init(parent, SIGKILL);
		_exit((int)ask(p));
	}
	if (p->asking == -1)
		p->asking = 0;
}

/* 1 if the process has answered that the task is caught up. */
static int
answered(struct progress *p, int64_t now)
{
	int status;

	if (p->asking == 0 || waitpid(p->asking, &status, WNOHANG) != p->asking)
		return 0;
	p->asking = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != AWAY)
		p->away_ms = 0;
	else if (p->away_ms == 0)
		p->away_ms = now;
	if (p->away_ms != 0)
		return now - p->away_ms < AWAY_MS;
	return WIFEXITED(status) && WEXITSTATUS(status) == CAUGHT_UP;
}

void
progress_look(struct progress *p, int64_t patient_until_ms)
{
	int64_t now = clock_ms();
	int64_t part = p->interval_ms / ASK_PART;

	if (p->interval_ms == 0)
		return;
	if (moved(p) || now < patient_until_ms || answered(p, now)) {
		notify_watchdog();
		p->fed_ms = now;
	} else if (p->asking == 0 && now - p->fed_ms >= part &&
		   now - p->asked_ms >= part)
		question(p, now);
}

void
progress_fini(struct progress *p)
{
	if (p->asking != 0) {
		kill(p->asking, SIGKILL);
		waitpid(p->asking, NULL, 0);
	}
	memset(p, 0, sizeof *p);
}
