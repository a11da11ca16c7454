#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"

static const char erase[] = "\r\033[K"; /* removes the line of progress */
static const char *name = "cdc";
static enum log_level level_now = LOG_NORMAL;
static int progress_shown;

/*
 * If a standard descriptor is closed when the program starts, the next file or
 * socket would get its number, and data or messages would be written into that.
 * So the descriptor is filled with one on which reading (0) or writing (1)
 * fails. What is written to 2 is dropped.
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

/* One write, so that lines of the programs of a pipe do not mix. */
static void
put(const char *before, const char *behind, const char *text, size_t n)
{
	struct buf line = { 0 };

	if (progress_shown) { /* only the main thread shows progress */
		buf_adds(&line, erase);
		progress_shown = 0;
	}
	text_plain(&line, before, strlen(before));
	buf_adds(&line, behind);
	text_plain(&line, text, n);
	buf_addc(&line, '\n');
	if (write(STDERR_FILENO, line.ptr, line.len) == -1)
		/* stderr is closed, so no one sees progress */
		progress_shown = 0;
	buf_fini(&line);
}

static void
vline(const char *fmt, va_list ap)
{
	char text[2048];
	int n = vsnprintf(text, sizeof text, fmt, ap);

	utf8_mend(text, sizeof text, n >= (int)sizeof text);
	put(name, ": ", text, strlen(text));
}

void
log_pass(const char *before, const char *text, size_t n)
{
	put(before, "", text, n);
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
	struct buf line = { 0 };

	if (level_now == LOG_QUIET || (text[0] == '\0' && !progress_shown))
		return;
	buf_adds(&line, erase);
	text_plain(&line, text, strlen(text));
	progress_shown = text[0] != '\0';
	if (write(STDERR_FILENO, line.ptr, line.len) == -1)
		progress_shown = 0;
	buf_fini(&line);
}
