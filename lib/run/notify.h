#ifndef CDC_RUN_NOTIFY_H
#define CDC_RUN_NOTIFY_H

#include <stdint.h>

/*
 * Messages to the service manager that started this process, sd_notify(3):
 * datagrams to the socket that $NOTIFY_SOCKET names, a path or, behind an @, an
 * abstract name. Without a manager, or if it does not listen, these functions
 * do nothing.
 */

/*
 * Take $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID and remove them from
 * the environment, so that child processes do not write to the manager. To be
 * called once, early in main().
 */
void notify_init(void);

void notify_ready(void);
void notify_stopping(void);
/* One line for people, in systemctl status. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * How long the manager waits for notify_watchdog before it kills this process;
 * 0: it does not wait.
 */
int64_t notify_watchdog_ms(void);
void notify_watchdog(void);

#endif
