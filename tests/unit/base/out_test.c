#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/out.h"

static void
lines_come_out_whole_at_a_flush(void **state)
{
	struct out o = { .name = "pipe" };
	struct err e;
	char got[32] = { 0 };
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	o.fd = fd[1];
	out_mem(&o, "one", 3);
	out_mem(&o, "", 0);
	assert_int_equal(out_flush(&o, &e), 0);
	assert_int_equal(read(fd[0], got, sizeof got), 5);
	assert_string_equal(got, "one\n\n");
	assert_int_equal(out_close(&o, &e), 0);
	out_fini(&o);
	close(fd[0]);
}

static void
a_large_line_does_not_wait(void **state)
{
	static char line[OUT_MAX], got[OUT_MAX + 8];
	char name[] = "/tmp/out_test.XXXXXX";
	struct out o = { .fd = mkstemp(name), .name = name };

	(void)state;
	assert_int_not_equal(o.fd, -1);
	assert_int_equal(unlink(name), 0);
	memset(line, 'x', sizeof line);
	out_mem(&o, "one", 3);
	out_mem(&o, line, sizeof line);
	assert_int_equal(pread(o.fd, got, sizeof got, 0), sizeof line + 5);
	assert_memory_equal(got, "one\n", 4);
	assert_memory_equal(got + 4, line, sizeof line);
	assert_int_equal(got[sizeof line + 4], '\n');
	close(o.fd);
	out_fini(&o);
}

static void
a_full_disk_sticks(void **state)
{
	struct out o = { .fd = open("/dev/full", O_WRONLY), .name = "full" };
	struct err e = { 0 };

	(void)state;
	out_mem(&o, "x", 1);
	assert_int_equal(out_flush(&o, &e), -1);
	assert_int_equal(e.kind, ERR_OUTPUT);
	assert_non_null(strstr(e.msg, "full: "));
	assert_int_equal(out_flush(&o, &e), -1);
	assert_int_equal(out_close(&o, &e), -1);
	out_fini(&o);
}

static void
a_reader_that_left_is_told_apart(void **state)
{
	struct out o = { .name = "pipe" };
	struct err e = { 0 };
	int fd[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	o.fd = fd[1];
	out_mem(&o, "x", 1);
	assert_int_equal(out_flush(&o, &e), -1);
	assert_int_equal(e.kind, ERR_PIPE);
	out_close(&o, &e);
	out_fini(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_out_whole_at_a_flush),
		cmocka_unit_test(a_large_line_does_not_wait),
		cmocka_unit_test(a_full_disk_sticks),
		cmocka_unit_test(a_reader_that_left_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
