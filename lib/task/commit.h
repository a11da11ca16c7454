#ifndef CDC_TASK_COMMIT_H
#define CDC_TASK_COMMIT_H

struct err;

/*
 * Read ack lines from fd until its end and keep the task's checkpoint up to
 * them: at most ten writes a second, the newest ack on the disk within 100 ms
 * and a write. Writes stats.json beside it, once a second at most.
 *
 * Returns 0 if the last ack said "end":true. -1 with ERR_DATA if not, for a
 * line that is no ack or whose position is lower than the one before; with
 * ERR_TEMP if another process commits to this task; with ERR_STOP on a
 * signal. In each case all acks up to there have been written.
 */
int task_commit(const char *dir, const char *name, int fd, struct err *e);

#endif
