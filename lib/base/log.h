#ifndef CDC_BASE_LOG_H
#define CDC_BASE_LOG_H

#include <stddef.h>

/*
 * Messages for people, on stderr: "cdc-read: …". The only module that prints
 * there. Levels: -q errors only, the default warnings too, -v a line per
 * event.
 */
enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

/*
 * To be called first in main(): it also opens descriptors 0 to 2 if they are
 * closed.
 */
void log_init(const char *argv0);
void log_level(enum log_level level);
int log_verbose(void);      /* -v was said */
const char *log_name(void); /* the program's name */

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line that another program wrote, with `before` in front of it. */
void log_pass(const char *before, const char *text, size_t n);

/* One line that is rewritten in place, on a terminal only; "" removes it. Not
 * -q. */
void log_progress(const char *text);

#endif
