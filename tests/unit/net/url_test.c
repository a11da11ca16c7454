#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
is(const char *url, const char *want)
{
	char *got = url_with_port(url, strlen(url), 7);

	assert_string_equal(got, want);
	free(got);
}

static void
adds_the_port_that_is_left_out(void **state)
{
	(void)state;
	is("http://h", "http://h:7");
	is("https://h.example.org/a/b:1", "https://h.example.org:7/a/b:1");
	is("http://u:p@h", "http://u:p@h:7");
	is("http://[::1]", "http://[::1]:7");
	is("http://[::1]/x", "http://[::1]:7/x");
	is("h", "h:7");
}

static void
leaves_one_that_is_there(void **state)
{
	(void)state;
	is("http://h:1", "http://h:1");
	is("http://h:1/x", "http://h:1/x");
	is("http://u:p@h:1", "http://u:p@h:1");
	is("http://[::1]:1/x", "http://[::1]:1/x");
	is("http://[::1", "http://[::1");
}

static void
takes_so_many_bytes(void **state)
{
	char *got;

	(void)state;
	got = url_with_port("http://host/", 9, 7);
	assert_string_equal(got, "http://ho:7");
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_the_port_that_is_left_out),
		cmocka_unit_test(leaves_one_that_is_there),
		cmocka_unit_test(takes_so_many_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
