#ifndef CDC_RUN_RUNNER_H
#define CDC_RUN_RUNNER_H

struct err;

struct runner_conf {
	const char *dir, *name; /* borrowed */
	int label;    /* put "[name] " in front of the programs' messages */
	int progress; /* show progress, on a terminal */
};

/*
 * Run a task's pipeline, cdc-meta | cdc-read | cdc-apply | cdc-task commit, and
 * start it again if it ended for a reason that may pass: status 3 or a signal.
 * The programs are looked for beside our own, then in PATH. They form one
 * process group, none outlives this process, and all are reaped before the next
 * start. Starts, ends and reasons go into the task's log.
 *
 * Returns 0 when the task was paused or the pipeline ended with status 0.
 * -1 with ERR_STOP if a signal stopped it, in order: cdc-read is asked to
 * end, what it wrote is applied and committed. -1 with the kind of the status
 * of the program that failed, 1, 2 or 4; with ERR_TEMP if another process runs
 * the task. sig_init must have been called. Changes how SIGCHLD is handled.
 * A service manager is told (run/notify.h), its watchdog as priv.h says.
 */
int runner_run(const struct runner_conf *conf, struct err *e);

/*
 * Run every wanted task of a state directory, each in a process of its own so
 * that tasks cannot harm each other, until a signal; then all are ended in
 * order, at the same time. New, deleted and changed tasks are noticed at once
 * if the system reports changes. A task that failed is tried again when it is
 * resumed or changed. A runner that died is started again with backoff, at most
 * ten times in ten minutes; then its task has failed. The watchdog of a service
 * manager (notify.h) is fed while the loop runs and no runner that was killed
 * is left.
 */
int runner_supervise(const char *dir, struct err *e);

#endif
