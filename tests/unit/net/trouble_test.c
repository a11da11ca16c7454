#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "net/trouble.h"

/* What was said on stderr meanwhile. */
static void
said(void (*f)(struct trouble *t), struct trouble *t, char *to, size_t cap)
{
	int fds[2], old = dup(2);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], 2);
	f(t);
	dup2(old, 2);
	close(old);
	close(fds[1]);
	n = read(fds[0], to, cap - 1);
	to[n < 0 ? 0 : n] = '\0';
	close(fds[0]);
}

static void
tell(struct trouble *t)
{
	trouble_tell(t, 600, "Upsert: at '%s': %s", "h:1", "no route");
}

static void
over(struct trouble *t)
{
	trouble_over(t, "the target");
}

static void
what_is_said_is_what_is_read(void **state)
{
	struct trouble t = { 0 };
	char line[256];
	int64_t limit_s = 0;

	(void)state;
	log_init("prog");
	said(over, &t, line, sizeof line);
	assert_string_equal(line, "");
	said(tell, &t, line, sizeof line);
	assert_string_equal(
	    line, "prog: Upsert: at 'h:1': no route; trying again for 600 s\n");
	assert_int_equal(trouble_line(line, &limit_s), TROUBLE_BEGINS);
	assert_int_equal(limit_s, 600);
	said(over, &t, line, sizeof line);
	assert_string_equal(
	    line, "prog: the target answers again, after 0.0 s\n");
	assert_int_equal(trouble_line(line, &limit_s), TROUBLE_OVER);
	said(over, &t, line, sizeof line);
	assert_string_equal(line, "");
	assert_int_equal(
	    trouble_line("trying again will not help", &limit_s), TROUBLE_NONE);
}

static void
numbers_make_no_other_reason(void **state)
{
	(void)state;
	assert_true(trouble_same("try 9: no route", "try 10: no route"));
	assert_true(trouble_same("", ""));
	assert_false(trouble_same("try 9: no route", "try 9: no room"));
	assert_false(trouble_same("no route", "no route to host"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_make_no_other_reason),
		cmocka_unit_test(what_is_said_is_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
