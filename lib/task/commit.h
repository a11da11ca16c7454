#ifndef CDC_TASK_COMMIT_H
#define CDC_TASK_COMMIT_H

struct err;

/*
 * Read ack lines from fd until its end, and keep the task's checkpoint up to
 * date: at most ten writes a second, and each ack is on the disk within 100 ms
 * plus the time of a write. Also writes stats.json, once a second at most.
 *
 * Returns 0 if the last ack said "end":true. -1 with ERR_DATA if not, and for a
 * line that is no ack or whose position is lower than the one before; with
 * ERR_TEMP if another process commits to this task; with ERR_STOP on a signal.
 * In each case all acks before were written.
 */
int task_commit(const char *dir, const char *name, int fd, struct err *e);

#endif
