#ifndef CDC_RUN_NOTIFY_H
#define CDC_RUN_NOTIFY_H

#include <stdint.h>

/*
 * Words to the service manager that started us, sd_notify(3): datagrams to
 * the socket that $NOTIFY_SOCKET names, a path or, behind an @, an abstract
 * name. Without a manager, or when it does not listen, all of these do
 * nothing: nobody depends on them.
 */

/*
 * Take $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, and remove them from
 * the environment: programs that we start must not speak for us. Once, early
 * in a main().
 */
void notify_init(void);

void notify_ready(void);
void notify_stopping(void);
/* One line for people, in systemctl status. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * How long the manager waits for notify_watchdog before it ends us; 0: it
 * does not wait for it.
 */
int64_t notify_watchdog_ms(void);
void notify_watchdog(void);

#endif
