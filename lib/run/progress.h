#ifndef CDC_RUN_PROGRESS_H
#define CDC_RUN_PROGRESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Does a run of a task get on? The service manager's watchdog is told so only
 *  - when the checkpoint has moved,
 *  - when the task is known to be caught up: what is applied is ten seconds
 *    behind the source's newest record at most. Kafka is asked that while the
 *    checkpoint stands still, by a process of its own, so that nothing here
 *    waits for it,
 *  - while Kafka does not answer that question, for the five minutes that
 *    cdc-read waits for it,
 *  - while the caller is patient: a program has said that it tries again for
 *    so long, which is its --retry, or status 3 was the end of the last run,
 *    and a peer is being waited for.
 * So a run whose programs are alive and do nothing is ended by the manager.
 * Without a watchdog nothing is asked.
 */
struct progress {
	const char *dir, *name; /* borrowed */
	int64_t interval_ms;    /* of the watchdog */
	int64_t fed_ms, asked_ms, away_ms;
	ino_t file; /* the checkpoint, as it was last seen */
	int64_t written_ns;
	pid_t asking; /* 0: nobody */
};

void progress_init(struct progress *p, const char *dir, const char *name);
/* Look, and tell: a few times a second. Times are those of clock_ns. */
void progress_look(struct progress *p, int64_t patient_until_ms);
/* Ends the process that asks. */
void progress_fini(struct progress *p);

#endif
