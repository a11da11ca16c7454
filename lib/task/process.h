#ifndef CDC_TASK_PROCESS_H
#define CDC_TASK_PROCESS_H

#include <sys/types.h>

/*
 * fork(), with all signals blocked in the child until process_init, so that a
 * handler of this process does not take signals meant for the program.
 */
pid_t process_fork(void);
/*
 * To be called by a child of process_fork: sets signals as a program expects
 * them, and pdeathsig for when its parent (pid parent) ends.
 */
void process_init(pid_t parent, int pdeathsig);
/*
 * Become a program from the folder of this program, else from PATH; does not
 * return.
 */
void process_exec(char **argv) __attribute__((noreturn));
/* The path that a program has beside this one, to be freed. NULL: unknown. */
char *process_beside(const char *name);

#endif
