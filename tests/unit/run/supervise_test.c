/* What comes of an end, and when: no runner is started here. */
#include "run/supervise.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOBODY = 1 << 30 }; /* a process that cannot be */

static char *dir;

static int
setup(void **state)
{
	char templ[] = "/tmp/cdc-supervise-XXXXXX", *path;
	struct err e;

	(void)state;
	dir = x_strdup(mkdtemp(templ));
	if (state_init(dir, &e) == -1)
		return -1;
	path = state_path(dir, "t", NULL);
	mkdir(path, 0700);
	free(path);
	return 0;
}

static int
teardown(void **state)
{
	char *rm = x_asprintf("rm -r %s", dir);
	int rc = system(rm);

	(void)state;
	free(rm);
	free(dir);
	return rc;
}

/* A task whose runner was started now, and has ended. */
static struct ward *
began(struct wards *s)
{
	struct ward *w;

	memset(s, 0, sizeof *s);
	s->dir = dir;
	s->watch = -1;
	s->watched = 1;
	w = ward(s, "t");
	w->pid = NOBODY;
	w->settled = x_strdup("then");
	w->began_ms[STARTS - 1] = clock_ms();
	return w;
}

static void
end(struct wards *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].settled);
	}
	free(s->v);
}

static void
is_about(int64_t ms, int64_t least, int64_t most)
{
	assert_true(ms >= least);
	assert_true(ms <= most);
}

/* Half of it is by chance. */
static void
a_pause_is_twice_the_last_and_has_an_end(void **state)
{
	struct wards s;
	struct ward *w = began(&s);

	(void)state;
	for (int64_t most = BACKOFF_MIN_MS; most < BACKOFF_MAX_MS; most *= 2)
		is_about(next_backoff(&s, w), most / 2, most);
	for (int i = 0; i < 3; i++)
		is_about(
		    next_backoff(&s, w), BACKOFF_MAX_MS / 2, BACKOFF_MAX_MS);
	w->gen = -1; /* the checkpoint is ahead of what it was */
	is_about(next_backoff(&s, w), BACKOFF_MIN_MS / 2, BACKOFF_MIN_MS);
	end(&s);
}

static void
what_ended_well_or_failed_stays(void **state)
{
	struct wards s;
	struct ward *w = began(&s);

	(void)state;
	ended(&s, w, 0);
	assert_int_equal(w->pid, 0);
	assert_string_equal(w->settled, "then");
	w->pid = NOBODY;
	ended(&s, w, 1 << 8);
	assert_string_equal(w->settled, "then");
	assert_int_equal(w->not_before_ms, 0);
	end(&s);
}

static void
what_we_ended_may_begin_at_once(void **state)
{
	struct wards s;
	struct ward *w = began(&s);

	(void)state;
	w->told = 1;
	w->stop_ms = clock_ms();
	ended(&s, w, SIGTERM);
	assert_null(w->settled);
	assert_int_equal(w->not_before_ms, 0);
	assert_int_equal(w->told, 0);
	assert_int_equal(w->stop_ms, 0);
	end(&s);
}

static void
what_another_runs_or_died_begins_later(void **state)
{
	static const int how[] = { 3 << 8, SIGKILL };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct wards s;
		struct ward *w = began(&s);
		int64_t now = clock_ms();

		ended(&s, w, how[i]);
		assert_null(w->settled);
		is_about(w->not_before_ms, now + BACKOFF_MIN_MS / 2,
		    clock_ms() + BACKOFF_MIN_MS);
		end(&s);
	}
}

/* The last of so many deaths in so long. */
static void
who_dies_too_often_has_failed(void **state)
{
	struct wards s;
	struct ward *w = began(&s);

	(void)state;
	for (int i = 0; i < STARTS; i++)
		w->began_ms[i] = clock_ms() - STARTS_MS - 1000;
	ended(&s, w, SIGSEGV);
	assert_null(w->settled); /* that is long ago */
	w->settled = x_strdup("then");
	for (int i = 0; i < STARTS; i++)
		w->began_ms[i] = clock_ms() - STARTS_MS + 60000;
	ended(&s, w, SIGSEGV);
	assert_string_equal(w->settled, "then");
	assert_int_equal(w->began_ms[0], 0); /* a resume has all of them */
	end(&s);
}

static pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	return pid;
}

static void
who_does_not_end_is_killed(void **state)
{
	struct wards s;
	struct ward *w = began(&s);
	int status;

	(void)state;
	w->pid = sleeper();
	assert_false(stuck(&s));
	w->stop_ms = clock_ms() - STOP_MS + 10000;
	assert_false(stuck(&s));
	poll(NULL, 0, 50); /* a kill would be over by then */
	assert_int_equal(waitpid(w->pid, &status, WNOHANG), 0);
	w->stop_ms = clock_ms() - STOP_MS - 1;
	assert_false(stuck(&s));
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_int_equal(status, SIGKILL);
	w->pid = NOBODY;
	w->stop_ms -= KILL_MS;
	assert_true(stuck(&s)); /* then the watchdog is not fed */
	end(&s);
}

static void
a_stop_is_told_once(void **state)
{
	struct wards s;
	struct ward *w = began(&s);
	pid_t pid = sleeper();
	int64_t first;

	(void)state;
	w->pid = 0;
	stop(w, "stopped");
	assert_false(w->told);
	w->pid = pid;
	stop(w, "stopped");
	first = w->stop_ms;
	assert_true(w->told && first > 0);
	poll(NULL, 0, 5);
	stop(w, "stopped");
	assert_true(w->stop_ms == first);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end(&s);
}

static void
the_next_look_is_in_time(void **state)
{
	struct wards s;
	struct ward *w = began(&s);

	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(pause_ms(&s), WATCHED_MS);
	s.watched = 0;
	assert_int_equal(pause_ms(&s), LOOK_MS);
	s.watched = 1;
	w->stop_ms = clock_ms();
	assert_int_equal(pause_ms(&s), LOOK_MS);
	w->stop_ms = 0;
	w->pid = 0;
	w->not_before_ms = clock_ms() + 5000;
	is_about(pause_ms(&s), 4000, 5001);
	end(&s);
}

/* Those that are gone and whose run has ended, in whatever order. */
static void
forgets_what_is_no_more(void **state)
{
	struct wards s;
	struct ward *w = began(&s);
	pid_t pid = sleeper();

	(void)state;
	w->pid = 0;
	ward(&s, "u")->seen = 1;
	ward(&s, "v")->pid = pid;
	assert_int_equal(reap(&s), 1);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "v");
	assert_string_equal(s.v[1].name, "u");
	kill(pid, SIGKILL);
	while (reap(&s) != 0)
		poll(NULL, 0, 10);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].name, "u");
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_is_twice_the_last_and_has_an_end),
		cmocka_unit_test(what_ended_well_or_failed_stays),
		cmocka_unit_test(what_we_ended_may_begin_at_once),
		cmocka_unit_test(what_another_runs_or_died_begins_later),
		cmocka_unit_test(who_dies_too_often_has_failed),
		cmocka_unit_test(who_does_not_end_is_killed),
		cmocka_unit_test(a_stop_is_told_once),
		cmocka_unit_test(the_next_look_is_in_time),
		cmocka_unit_test(forgets_what_is_no_more),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
