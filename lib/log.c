#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "utf8.h"

static const char *name = "cdc";
static enum log_level level_now = LOG_NORMAL;
static int progress_shown;

/*
 * A standard descriptor that came closed would be the number of the next file
 * or socket, and lines or messages would go into that. Take its place with
 * one that fails: to read 0, to write 1. What is said on 2 is dropped.
 */
static void
hold_descriptors(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", modes[fd]) == -1)
			_exit(1);
}

void
log_init(const char *argv0)
{
	const char *p = strrchr(argv0, '/');

	hold_descriptors();
	name = p == NULL ? argv0 : p + 1;
}

void
log_level(enum log_level level)
{
	level_now = level;
}

int
log_verbose(void)
{
	return level_now == LOG_VERBOSE;
}

const char *
log_name(void)
{
	return name;
}

static void vline(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

/*
 * One write, so that lines of the programs of a pipe do not mix. What is
 * quoted from outside may have newlines, or escapes for the terminal.
 */
static void
vline(const char *fmt, va_list ap)
{
	char line[2048];
	int n, room, k;

	n = snprintf(line, sizeof line,
	    "%s%s: ", progress_shown ? "\r\033[K" : "", name);
	room = (int)sizeof line - n - 1;
	k = vsnprintf(line + n, (size_t)room, fmt, ap);
	utf8_mend(line + n, (size_t)room, k >= room);
	if (progress_shown) /* not written by threads, who show none */
		progress_shown = 0;
	for (; line[n] != '\0'; n++)
		if ((unsigned char)line[n] < ' ' || line[n] == 127)
			line[n] = ' ';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) == -1)
		return; /* nobody to tell */
}

#define LINE(min)                                                              \
	do {                                                                   \
		va_list ap;                                                    \
		if (level_now < (min))                                         \
			return;                                                \
		va_start(ap, fmt);                                             \
		vline(fmt, ap);                                                \
		va_end(ap);                                                    \
	} while (0)

void
log_error(const char *fmt, ...)
{
	LINE(LOG_QUIET);
}

void
log_warn(const char *fmt, ...)
{
	LINE(LOG_NORMAL);
}

void
log_info(const char *fmt, ...)
{
	LINE(LOG_VERBOSE);
}

void
log_progress(const char *text)
{
	if (text[0] == '\0' && !progress_shown)
		return;
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
	progress_shown = text[0] != '\0';
}
