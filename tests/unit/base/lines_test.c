#include "base/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

/* Its path; remove and free it. */
static char *
file_of(const char *text, size_t n)
{
	char *name = x_strdup("/tmp/lines_test.XXXXXX");
	int fd = mkstemp(name);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
	return name;
}

/* All that is there: "number@offset=line;", with ! before ; if it is cut. */
static int
take(struct lines *l, struct buf *b, struct err *e)
{
	const char *line;
	size_t n;
	int rc;

	while ((rc = lines_next(l, &line, &n, e)) == LINES_LINE) {
		assert_true(line[n] == '\0' || line[n] == '\n');
		buf_addf(
		    b, "%d@%d=", (int)lines_number(l), (int)lines_offset(l));
		buf_add(b, line, n);
		buf_adds(b, lines_cut(l) ? "!;" : ";");
	}
	return rc;
}

static void
hold(char *const *names, size_t n, const char *want)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct lines *l = lines_open(names, n, &e);
	int rc;

	assert_non_null(l);
	while ((rc = take(l, &b, &e)) == LINES_WAIT)
		assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(rc, LINES_END);
	assert_string_equal(b.len == 0 ? "" : b.ptr, want);
	lines_close(l);
	buf_fini(&b);
}

static void
each_line_has_its_place(void **state)
{
	static const char text[] = "one\n\nthree\r\nlast";
	char *name = file_of(text, strlen(text));

	(void)state;
	hold(&name, 1, "1@0=one;2@4=;3@5=three\r;4@12=last!;");
	unlink(name);
	free(name);
}

static void
places_begin_again_in_the_next_file(void **state)
{
	char *name[3] = { file_of("a\nb", 3), file_of("", 0),
		file_of("c\n", 2) };

	(void)state;
	hold(name, 3, "1@0=a;2@2=b!;1@0=c;");
	hold(name + 1, 1, "");
	for (int i = 0; i < 3; i++) {
		unlink(name[i]);
		free(name[i]);
	}
}

static void
a_line_may_be_longer_than_a_read(void **state)
{
	size_t n = 3 * LINES_STEP + 7;
	char *text = x_malloc(n + 4), *name;
	struct err e = { 0 };
	struct lines *l;
	const char *line;
	size_t len;
	int rc;

	(void)state;
	memset(text, 'x', n);
	memcpy(text + n, "\nab\n", 4);
	name = file_of(text, n + 4);
	l = lines_open(&name, 1, &e);
	while ((rc = lines_next(l, &line, &len, &e)) == LINES_WAIT)
		assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(rc, LINES_LINE);
	assert_int_equal(len, n);
	assert_memory_equal(line, text, n);
	while ((rc = lines_next(l, &line, &len, &e)) == LINES_WAIT)
		assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(rc, LINES_LINE);
	assert_int_equal(len, 2);
	assert_memory_equal(line, "ab\n", 3);
	assert_int_equal(lines_offset(l), n + 1);
	lines_close(l);
	unlink(name);
	free(name);
	free(text);
}

/* What comes through a pipe is handed out as it comes. */
static void
a_pipe_is_waited_for(void **state)
{
	struct err e = { 0 };
	struct buf b = { 0 };
	struct lines *l;
	int fd[2], was = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(fd), 0);
	dup2(fd[0], STDIN_FILENO);
	l = lines_open(NULL, 0, &e);
	assert_int_equal(take(l, &b, &e), LINES_WAIT);
	assert_int_equal(lines_fd(l), STDIN_FILENO);
	assert_string_equal(lines_name(l), "standard input");
	assert_false(lines_partial(l));
	assert_int_equal(write(fd[1], "ab", 2), 2);
	assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(take(l, &b, &e), LINES_WAIT);
	assert_true(lines_partial(l));
	assert_int_equal(b.len, 0);
	assert_int_equal(write(fd[1], "c\nd", 3), 3);
	assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(take(l, &b, &e), LINES_WAIT);
	assert_string_equal(b.ptr, "1@0=abc;");
	close(fd[1]);
	assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(take(l, &b, &e), LINES_END);
	assert_string_equal(b.ptr, "1@0=abc;2@4=d!;");
	lines_close(l);
	dup2(was, STDIN_FILENO);
	close(was);
	close(fd[0]);
	buf_fini(&b);
}

static void
a_line_without_an_end_is_refused(void **state)
{
	char *name = file_of("a\n", 2);
	struct buf b = { 0 };
	struct err e = { 0 };
	struct lines *l;
	int rc;

	(void)state;
	assert_int_equal(truncate(name, 2 + LINES_MAX + LINES_STEP), 0);
	l = lines_open(&name, 1, &e);
	while ((rc = take(l, &b, &e)) == LINES_WAIT)
		assert_int_equal(lines_fill(l, &e), 0);
	assert_int_equal(rc, -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_non_null(
	    strstr(e.msg, " line 2: a line of more than 67108864 bytes"));
	assert_string_equal(b.ptr, "1@0=a;");
	lines_close(l);
	unlink(name);
	free(name);
	buf_fini(&b);
}

static void
refuses_at_once_what_cannot_be_read(void **state)
{
	char *good = file_of("a\n", 2), folder[] = "/tmp",
	     none[] = "/nonexistent/x";
	char *names[2] = { good, none };
	struct err e = { 0 };

	(void)state;
	assert_null(lines_open(names, 2, &e));
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(
	    e.msg, "file '/nonexistent/x': No such file or directory");
	names[1] = folder;
	assert_null(lines_open(names, 2, &e));
	assert_int_equal(e.kind, ERR_USAGE);
	assert_string_equal(e.msg, "file '/tmp': Is a directory");
	unlink(good);
	free(good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_has_its_place),
		cmocka_unit_test(places_begin_again_in_the_next_file),
		cmocka_unit_test(a_line_may_be_longer_than_a_read),
		cmocka_unit_test(a_pipe_is_waited_for),
		cmocka_unit_test(a_line_without_an_end_is_refused),
		cmocka_unit_test(refuses_at_once_what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
