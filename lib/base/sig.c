#include "base/sig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

volatile sig_atomic_t sig_stop;
static int fds[2] = { -1, -1 };

static void
handler(int signo)
{
	int saved = errno;

	if (sig_stop != 0) {
		signal(signo, SIG_DFL);
		raise(signo);
	}
	sig_stop = signo;
	if (write(fds[1], "", 1) == -1)
		sig_stop = signo; /* the flag is enough */
	errno = saved;
}

void
sig_init(void)
{
	struct sigaction sa = { .sa_handler = handler };
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		abort(); /* no descriptors are left at the very start */
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		struct sigaction old;

		/* nohup(1) ignores SIGHUP; leave it ignored */
		if (sigaction(stops[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(stops[i], &sa, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

int
sig_fd(void)
{
	return fds[0];
}

static void
die(int signo)
{
	sigset_t set;

#ifdef __SANITIZE_ADDRESS__
	/*
	 * the sanitizer looks for leaks at exit, and dying of a signal is no
	 * leak
	 */
	__lsan_do_leak_check();
#endif
	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
}

void
sig_reraise(void)
{
	if (sig_stop != 0)
		die(sig_stop);
}

void
sig_die_of_pipe(void)
{
	die(SIGPIPE);
}
