#include "task/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"

pid_t
process_fork(void)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/*
 * Resets handlers; a signal that is ignored stays ignored, as nohup(1) wants
 * it.
 */
static void
no_handlers(void)
{
	struct sigaction sa;

	for (int s = 1; s < NSIG; s++)
		if (sigaction(s, NULL, &sa) == 0 && sa.sa_handler != SIG_IGN)
			signal(s, SIG_DFL);
}

void
process_init(pid_t parent, int pdeathsig)
{
	sigset_t none;

	no_handlers();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL); /* exec would keep it ignored */
	prctl(PR_SET_PDEATHSIG, pdeathsig);
	if (getppid() != parent)
		_exit(1); /* the parent died before prctl was called */
}

char *
process_beside(const char *name)
{
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return x_asprintf("%s/%s", self, name);
}

void
process_exec(char **argv)
{
	char *path = process_beside(argv[0]);

	/* a task's logins at its source are in files: this is for nobody's */
	unsetenv("CDC_SOURCE_TOKEN");
	if (path != NULL) {
		execv(path, argv);
		if (errno == ENOENT)
			execvp(argv[0], argv);
	}
	dprintf(STDERR_FILENO, "cdc-task: cannot run '%s': %s\n", argv[0],
	    strerror(errno));
	_exit(2);
}
