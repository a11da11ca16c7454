#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/notify.h"

/* A manager's socket, and its name in the environment. */
static int
manager(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, name, strlen(name));
	if (name[0] == '@')
		a.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			    strlen(name) + (name[0] == '/'))),
	    0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void
hears(int fd, const char *want)
{
	char got[2048] = "";
	ssize_t n = recv(fd, got, sizeof got - 1, 0);

	if (want == NULL)
		assert_int_equal(n, -1);
	else
		assert_string_equal(got, want);
}

static void
says_it_all(const char *name)
{
	int fd = manager(name);

	notify_init();
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_ready();
	hears(fd, "READY=1");
	notify_status("%d of %s\nREADY=0", 3, "five");
	hears(fd, "STATUS=3 of five READY=0");
	notify_watchdog();
	hears(fd, "WATCHDOG=1");
	notify_stopping();
	hears(fd, "STOPPING=1");
	hears(fd, NULL);
	close(fd);
	notify_ready(); /* it has left */
}

static void
speaks_to_a_path_and_to_an_abstract_name(void **state)
{
	char dir[] = "/tmp/notify.XXXXXX", path[64], name[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	says_it_all(path);
	unlink(path);
	rmdir(dir);
	snprintf(name, sizeof name, "@cdc-notify-%ld", (long)getpid());
	says_it_all(name);
}

static void
cuts_a_long_status(void **state)
{
	char name[64], *text = x_calloc(1, 4001), *want = x_calloc(1, 1024);
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@cdc-notify-%ld-b", (long)getpid());
	fd = manager(name);
	notify_init();
	memset(text, 'x', 4000);
	memset(want, 'x', 1023);
	memcpy(want, "STATUS=", 7);
	notify_status("%s", text);
	hears(fd, want);
	close(fd);
	free(text);
	free(want);
}

static void
says_nothing_without_a_manager(void **state)
{
	static const char *const names[] = { "", "/", "relative",
		"/no/such/socket", NULL };

	(void)state;
	for (size_t i = 0; names[i] != NULL; i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_init();
		assert_null(getenv("NOTIFY_SOCKET"));
		notify_ready();
	}
	notify_init();
	notify_ready();
}

static int64_t
interval(const char *usec, const char *pid)
{
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid == NULL)
		unsetenv("WATCHDOG_PID");
	else
		setenv("WATCHDOG_PID", pid, 1);
	notify_init();
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	return notify_watchdog_ms();
}

static void
knows_the_watchdog_that_is_its_own(void **state)
{
	char pid[32];

	(void)state;
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	assert_int_equal(interval("30000000", NULL), 30000);
	assert_int_equal(interval("30000000", pid), 30000);
	assert_int_equal(interval("30000000", "1"), 0);
	assert_int_equal(interval("30000000", "x"), 0);
	assert_int_equal(interval("1", NULL), 1);
	assert_int_equal(interval("0", NULL), 0);
	assert_int_equal(interval("soon", NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_to_a_path_and_to_an_abstract_name),
		cmocka_unit_test(cuts_a_long_status),
		cmocka_unit_test(says_nothing_without_a_manager),
		cmocka_unit_test(knows_the_watchdog_that_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
