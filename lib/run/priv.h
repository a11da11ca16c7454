#ifndef CDC_RUN_PRIV_H
#define CDC_RUN_PRIV_H

#include <stdint.h>
#include <sys/types.h>

/* Shared by the files of this folder. */

/* progress.c */
/*
 * Progress of a task's run, for the service manager's watchdog: it is fed only
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
	int64_t interval_ms;    /* of feeding the watchdog */
	int64_t fed_ms, asked_ms, away_ms;
	ino_t file; /* the checkpoint, as it was last seen */
	int64_t written_ns;
	pid_t asking; /* the process that asks; 0: none */
};

void progress_init(struct progress *p, const char *dir, const char *name);
/*
 * Check, and feed the watchdog: to be called a few times a second. Times are
 * those of clock_ns.
 */
void progress_look(struct progress *p, int64_t patient_until_ms);
/* End the process that asks. */
void progress_fini(struct progress *p);

/* show.c */
/*
 * The progress of a task's run, as a line on a terminal that is rewritten: rows
 * since it began, rows a second, how far behind the present.
 */
struct runshow {
	const char *dir, *name; /* borrowed */
	int on;
	int64_t rows; /* applied when it began; -1: not known yet */
	int64_t shown_ms;
};

void runshow_init(struct runshow *s, const char *dir, const char *name, int on);
/* To be called a few times a second; reads the checkpoint once a second. */
void runshow_look(struct runshow *s);
/* No program runs: remove the line. */
void runshow_end(struct runshow *s);

/* watch.c */
/*
 * Changes of tasks in a state directory, reported by the kernel (inotify(7)):
 * tasks that come and go, their definitions and wishes. Files are watched and
 * not the tasks' folders, because these change with each checkpoint, ten times
 * a second. A network file system does not report changes by other machines, so
 * the caller must look from time to time all the same.
 */

/* A descriptor that is readable when something has changed, or -1. */
int taskwatch_open(void);
/*
 * Watch the folder of the tasks, or the files of one task. To be called before
 * these are read, so that no change is missed, and again after each change,
 * since a replaced file is another one. 0, or -1 if changes cannot be reported.
 */
int taskwatch_tasks(int fd, const char *dir);
int taskwatch_task(int fd, const char *dir, const char *name);
/* Discard the reported changes, which are about to be looked at. */
void taskwatch_drain(int fd);

#endif
