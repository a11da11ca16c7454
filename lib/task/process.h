#ifndef CDC_TASK_PROCESS_H
#define CDC_TASK_PROCESS_H

#include <sys/types.h>

/*
 * fork(), with all signals blocked in the child until process_init: a
 * handler of ours must not take those that are meant for the program.
 */
pid_t process_fork(void);
/*
 * A child of process_fork calls it: signals as a program expects them, and it
 * gets pdeathsig when its parent, pid parent, is gone.
 */
void process_init(pid_t parent, int pdeathsig);
/* Become a program from the folder of our own, else from PATH; no return. */
void process_exec(char **argv) __attribute__((noreturn));
/* Where a program lies beside our own; to free. NULL: we do not know. */
char *process_beside(const char *name);

#endif
