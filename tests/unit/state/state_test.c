#include "state/state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

static struct err err;
static char *dir;

/* A state directory with the task "t". */
static int
setup(void **state)
{
	char templ[] = "/tmp/cdc-state-XXXXXX", *path;

	(void)state;
	dir = x_strdup(mkdtemp(templ));
	err_clear(&err);
	if (state_init(dir, &err) == -1)
		return -1;
	path = state_path(dir, "t", NULL);
	mkdir(path, 0700);
	free(path);
	path = state_sub("t", "task.json");
	state_replace(dir, path, "{\"v\":1}", 7, &err);
	free(path);
	return 0;
}

static int
teardown(void **state)
{
	char *cmd = x_asprintf("rm -rf '%s'", dir);
	int rc = system(cmd);

	(void)state;
	free(cmd);
	free(dir);
	return rc;
}

static void
put(const char *file, const char *p, size_t n)
{
	char *path = state_path(dir, "t", file);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, p, n), n);
	close(fd);
	free(path);
}

static size_t
get(const char *file, char *out, size_t cap)
{
	char *path = state_path(dir, "t", file);
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, out, cap);

	close(fd);
	free(path);
	assert_true(n > 0 && (size_t)n < cap);
	return (size_t)n;
}

static void
drop(const char *file)
{
	char *path = state_path(dir, "t", file);

	unlink(path);
	free(path);
}

/* Write one checkpoint with this timestamp. */
static void
save(uint64_t ts)
{
	struct checkpoint c = { 0 };

	assert_int_equal(checkpoint_load(dir, "t", &c, &err), 0);
	c.pos.ts = ts;
	pos_set(&c.pos, "topic", mq_id_offset(5), mq_id_offset(7), ts);
	assert_int_equal(checkpoint_save(dir, "t", &c, &err), 0);
	checkpoint_fini(&c);
}

/* The timestamp that is read back; 0 if none, -1 if it failed. */
static int64_t
load(void)
{
	struct checkpoint c = { 0 };
	int rc = checkpoint_load(dir, "t", &c, &err);
	int64_t ts = rc == -1 ? -1 : (int64_t)c.pos.ts;

	checkpoint_fini(&c);
	return ts;
}

static void
names_are_checked(void **state)
{
	char name[130];

	(void)state;
	memset(name, 'a', sizeof name);
	name[129] = '\0';
	assert_int_equal(state_name(name, &err), -1);
	name[128] = '\0';
	assert_int_equal(state_name(name, &err), 0);
	assert_int_equal(state_name("dr.1_x-Y", &err), 0);
	assert_int_equal(state_name("", &err), -1);
	assert_int_equal(state_name(".dr", &err), -1);
	assert_int_equal(state_name("..", &err), -1);
	assert_int_equal(state_name("a/b", &err), -1);
	assert_int_equal(state_name("a\nb", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
}

static void
none_at_all_is_no_error(void **state)
{
	(void)state;
	err_clear(&err);
	assert_null(state_checkpoint(dir, "t", &err));
	assert_int_equal(err.kind, ERR_NONE);
}

static void
no_such_task_is_an_error(void **state)
{
	(void)state;
	assert_null(state_checkpoint(dir, "other", &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_non_null(strstr(err.msg, "no task 'other'"));
	assert_null(state_task("/nonexistent", "t", &err));
	assert_int_equal(state_lock(dir, "other", &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
}

static void
the_newest_is_read_and_the_one_before_kept(void **state)
{
	struct checkpoint c = { 0 };

	(void)state;
	save(10);
	save(20);
	save(30);
	assert_int_equal(load(), 30);
	drop("checkpoint.json");
	assert_int_equal(load(), 20);
	assert_int_equal(checkpoint_load(dir, "t", &c, &err), 0);
	assert_int_equal(c.gen, 2);
	assert_int_equal(c.fell_back, 0); /* a killed writer leaves it so */
	assert_int_equal(pos_find(&c.pos, "topic")->n.entry, 7);
	checkpoint_fini(&c);
}

static void
torn_at_any_byte_falls_back(void **state)
{
	char text[4096];
	size_t n;

	(void)state;
	save(10);
	save(20);
	n = get("checkpoint.json", text, sizeof text);
	for (size_t i = 0; i < n; i++) {
		put("checkpoint.json", text, i);
		assert_int_equal(load(), 10);
	}
	put("checkpoint.json", text, n);
	assert_int_equal(load(), 20);
}

static void
any_changed_byte_falls_back(void **state)
{
	char text[4096];
	size_t n;

	(void)state;
	save(10);
	save(20);
	n = get("checkpoint.json", text, sizeof text);
	for (size_t i = 0; i < n; i++) {
		text[i] ^= 4;
		put("checkpoint.json", text, n);
		assert_int_equal(load(), 10);
		text[i] ^= 4;
	}
}

static void
torn_without_one_before_is_an_error(void **state)
{
	(void)state;
	save(10);
	put("checkpoint.json", "{\"v\":1", 6);
	assert_int_equal(load(), -1);
	assert_int_equal(err.kind, ERR_DATA);
	drop("checkpoint.json");
	put("checkpoint.prev.json", "", 0);
	assert_int_equal(load(), -1);
}

static void
a_torn_one_never_replaces_the_one_before(void **state)
{
	(void)state;
	save(10);
	save(20);
	put("checkpoint.json", "{", 1);
	save(30);
	assert_int_equal(load(), 30);
	drop("checkpoint.json");
	assert_int_equal(load(), 10);
}

static void
the_greater_generation_counts(void **state)
{
	char text[4096];
	size_t n;

	(void)state;
	save(10);
	n = get("checkpoint.json", text, sizeof text);
	save(20);
	save(30);
	put("checkpoint.json", text, n); /* generation 1 again, prev has 2 */
	assert_int_equal(load(), 20);
}

static void
every_state_between_two_steps_is_readable(void **state)
{
	char old[4096];
	size_t n;

	(void)state;
	save(10);
	save(20);
	n = get("checkpoint.json", old, sizeof old);
	put("checkpoint.tmp", "{\"v\":", 5); /* killed while writing */
	assert_int_equal(load(), 20);
	drop("checkpoint.json"); /* killed between the renames */
	put("checkpoint.prev.json", old, n);
	assert_int_equal(load(), 20);
	save(30);
	assert_int_equal(load(), 30);
	drop("checkpoint.json");
	assert_int_equal(load(), 20);
}

static void
a_newer_format_is_refused_in_one_sentence(void **state)
{
	(void)state;
	state_replace(dir, "FORMAT", "milvus-cdc state 2\n", 19, &err);
	assert_null(state_task(dir, "t", &err));
	assert_non_null(strstr(err.msg, "newer release"));
	assert_int_equal(state_lock(dir, "t", &err), -1);
	assert_null(state_checkpoint(dir, "t", &err));
	assert_int_equal(err.kind, ERR_DATA);
	assert_int_equal(state_init(dir, &err), -1);
	state_replace(dir, "FORMAT", "my photos\n", 10, &err);
	assert_int_equal(state_init(dir, &err), -1);
}

static void
one_holder_at_a_time_and_it_is_named(void **state)
{
	pid_t child, pid;
	int fd, status;

	(void)state;
	assert_int_equal(state_locked(dir, "t", &pid), 0);
	fd = state_lock(dir, "t", &err);
	assert_true(fd >= 0);
	assert_int_equal(state_locked(dir, "t", &pid), 1);
	assert_int_equal(pid, getpid());
	assert_int_equal(state_unlocked(dir, "t", "lock", &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_non_null(strstr(err.msg, "task 't' is held by process"));
	if ((child = fork()) == 0) {
		struct err e = { 0 };
		char want[32];
		int other = state_lock(dir, "t", &e);

		snprintf(want, sizeof want, "process %ld", (long)getppid());
		_exit(!(other == -1 && e.kind == ERR_TEMP &&
			strstr(e.msg, want) != NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fd);
	assert_int_equal(state_locked(dir, "t", &pid), 0);
	assert_int_equal(state_unlocked(dir, "t", "lock", &err), 0);
	fd = state_lock(dir, "t", &err);
	assert_true(fd >= 0);
	close(fd);
}

/* Is that file of the task there? */
static int
there(const char *file)
{
	char *path = state_path(dir, "t", file);
	int rc = access(path, F_OK) == 0;

	free(path);
	return rc;
}

static void
what_a_killed_writer_left_is_taken_up_again(void **state)
{
	char *path = state_sub("t", "x.json"), got[64];

	(void)state;
	put("x.json.tmp", "{\"half\":\"of something longer", 29);
	assert_int_equal(state_replace(dir, path, "{}\n", 3, &err), 0);
	assert_int_equal(get("x.json", got, sizeof got), 3);
	assert_memory_equal(got, "{}\n", 3);
	assert_false(there("x.json.tmp"));
	free(path);
}

enum { WRITERS = 4, TIMES = 300, LONG = 9000 };

/* Writer k puts k + 1 thousand times its own letter. */
static void
write_often(const char *path, int k)
{
	char text[LONG];
	struct err e = { 0 };

	memset(text, 'a' + k, sizeof text);
	for (int i = 0; i < TIMES; i++)
		if (state_put(dir, path, text, 1000 * ((size_t)k + 1), &e) ==
		    -1)
			_exit(1);
	_exit(0);
}

static void
writers_at_once_leave_a_whole_file_of_one_of_them(void **state)
{
	char *path = state_sub("t", "x"), got[LONG];
	int status, left = WRITERS;

	(void)state;
	put("x", "aaaa", 4);
	for (int k = 0; k < WRITERS; k++)
		if (fork() == 0)
			write_often(path, k);
	while (left > 0) {
		size_t n = get("x", got, sizeof got);

		assert_true(n == 4 || n == 1000 * (size_t)(got[0] - 'a' + 1));
		for (size_t i = 1; i < n; i++)
			assert_int_equal(got[i], got[0]);
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			left--;
		}
	}
	assert_false(there("x.tmp"));
	free(path);
}

static void
the_directory_comes_from_the_option_then_the_environment(void **state)
{
	char *s;

	(void)state;
	setenv("HOME", "/h", 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("CDC_STATE_DIR");
	assert_string_equal(s = state_dir(NULL), "/h/.local/state/milvus-cdc");
	free(s);
	setenv("XDG_STATE_HOME", "/x", 1);
	assert_string_equal(s = state_dir(NULL), "/x/milvus-cdc");
	free(s);
	setenv("CDC_STATE_DIR", "/c", 1);
	assert_string_equal(s = state_dir(NULL), "/c");
	free(s);
	assert_string_equal(s = state_dir("/o"), "/o");
	free(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(names_are_checked),
		T(none_at_all_is_no_error),
		T(no_such_task_is_an_error),
		T(the_newest_is_read_and_the_one_before_kept),
		T(torn_at_any_byte_falls_back),
		T(any_changed_byte_falls_back),
		T(torn_without_one_before_is_an_error),
		T(a_torn_one_never_replaces_the_one_before),
		T(the_greater_generation_counts),
		T(every_state_between_two_steps_is_readable),
		T(a_newer_format_is_refused_in_one_sentence),
		T(one_holder_at_a_time_and_it_is_named),
		T(what_a_killed_writer_left_is_taken_up_again),
		T(writers_at_once_leave_a_whole_file_of_one_of_them),
		T(the_directory_comes_from_the_option_then_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
