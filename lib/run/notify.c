#include "run/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

enum {
	TELL_S = 1, /* a manager that does not read is given up after this */
	TEXT_MAX = 1017,
};

static struct sockaddr_un to;
static socklen_t to_len; /* 0: no manager */
static int64_t watchdog_ms;

static void
take_socket(const char *name)
{
	size_t n = name == NULL ? 0 : strlen(name);

	if (n < 2 || n >= sizeof to.sun_path ||
	    (name[0] != '/' && name[0] != '@'))
		return;
	to.sun_family = AF_UNIX;
	memcpy(to.sun_path, name, n);
	if (name[0] == '@') /* unix(7): an abstract name begins with a NUL and
			       does not end with one */
		to.sun_path[0] = '\0';
	to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
			     (name[0] == '/'));
}

static void
take_watchdog(const char *usec, const char *pid)
{
	struct err e;
	uint64_t us, whose = (uint64_t)getpid();

	if (usec == NULL || num_u64(usec, 1, INT64_MAX, &us, &e) == -1)
		return;
	if (pid != NULL && num_u64(pid, 1, INT32_MAX, &whose, &e) == -1)
		return;
	if (whose == (uint64_t)getpid())
		watchdog_ms = us < 1000 ? 1 : (int64_t)(us / 1000);
}

void
notify_init(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",
		"WATCHDOG_PID" };

	to_len = 0;
	watchdog_ms = 0;
	take_socket(getenv("NOTIFY_SOCKET"));
	take_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
}

static void
tell(const char *text)
{
	const struct timeval most = { .tv_sec = TELL_S };
	int fd;

	if (to_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
	sendto(fd, text, strlen(text), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, to_len);
	close(fd);
}

void
notify_ready(void)
{
	tell("READY=1");
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_status(const char *fmt, ...)
{
	struct buf line = { 0 };
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_adds(&line, "STATUS=");
	/*
	 * The manager takes each line as a variable, and ignores one that is
	 * not UTF-8.
	 */
	text_plain(&line, text, strlen(text));
	tell(line.ptr);
	buf_fini(&line);
}

int64_t
notify_watchdog_ms(void)
{
	return watchdog_ms;
}

void
notify_watchdog(void)
{
	tell("WATCHDOG=1");
}
