#ifndef CDC_RUN_PRIV_H
#define CDC_RUN_PRIV_H

#include <stdint.h>
#include <sys/types.h>

/* The inside of runner.h. */

/* progress.c */
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

/* show.c */
/*
 * What a run of a task has done, as one line on a terminal that is rewritten:
 * rows since it began, how many a second, how far behind the present.
 */
struct runshow {
	const char *dir, *name; /* borrowed */
	int on;
	int64_t rows; /* applied when it began; -1: not looked yet */
	int64_t shown_ms;
};

void runshow_init(struct runshow *s, const char *dir, const char *name, int on);
/* A few times a second; it looks at the checkpoint once in one. */
void runshow_look(struct runshow *s);
/* Nothing runs now: the line is removed. */
void runshow_end(struct runshow *s);

/* watch.c */
/*
 * What changes among the tasks of a state directory, told by the kernel
 * (inotify(7)): tasks that come and go, their definitions and wishes. Files
 * are watched, not the tasks' folders: those change with each checkpoint, ten
 * times a second. A network's file system does not tell what others change:
 * look from time to time all the same.
 */

/* A descriptor that is readable when something has changed, or -1. */
int taskwatch_open(void);
/*
 * Watch the folder of the tasks, or the files of one. Before they are read,
 * so that no change is missed; again each time they were, as a file that is
 * replaced is another one. 0, or -1 if that cannot be told.
 */
int taskwatch_tasks(int fd, const char *dir);
int taskwatch_task(int fd, const char *dir, const char *name);
/* What was told is being looked at. */
void taskwatch_drain(int fd);

#endif
