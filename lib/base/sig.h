#ifndef CDC_BASE_SIG_H
#define CDC_BASE_SIG_H

#include <signal.h>

/* The signal that asked us to stop, else 0. Set by the handler only. */
extern volatile sig_atomic_t sig_stop;

/*
 * SIGINT, SIGTERM and SIGHUP set sig_stop; a second one of them ends the
 * program at once. SIGPIPE is ignored: we own sockets. No SA_RESTART.
 */
void sig_init(void);

/*
 * A descriptor that is readable once sig_stop is set, so that poll(2) misses no
 * signal.
 */
int sig_fd(void);

/* Die of the signal that stopped us; returns if there was none. */
void sig_reraise(void);

/* Die of SIGPIPE, as a filter does whose reader has left. */
void sig_die_of_pipe(void);

#endif
