#include "run/pipeline.h"
#include "task/process.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"

enum { OK = 0, PIPE = SIGPIPE, KILL = SIGKILL, TERM = SIGTERM };
#define STATUS(n) ((n) << 8)

/* Who ended it, when the four ended so? One of them perhaps by us. */
static int
cause(int meta, int read, int apply, int commit, int by_us)
{
	struct pipeline p = { 0 };
	const int s[] = { meta, read, apply, commit };

	for (int i = 0; i < TASK_PROGS; i++) {
		p.c[i].pid = 1;
		p.c[i].ended = 1;
		p.c[i].status = s[i];
	}
	if (by_us >= 0)
		p.c[by_us].by_us = 1;
	return pipeline_cause(&p);
}

static void
nobody_if_all_is_well(void **state)
{
	(void)state;
	assert_int_equal(cause(PIPE, OK, OK, OK, -1), -1);
	assert_int_equal(cause(PIPE, TERM, OK, OK, TASK_READ), -1);
}

static void
a_kill_is_a_cause_wherever_it_is(void **state)
{
	(void)state;
	assert_int_equal(
	    cause(KILL, STATUS(3), STATUS(1), STATUS(1), -1), TASK_META);
	assert_int_equal(
	    cause(PIPE, KILL, STATUS(1), STATUS(1), -1), TASK_READ);
	assert_int_equal(cause(PIPE, PIPE, KILL, STATUS(1), -1), TASK_APPLY);
	assert_int_equal(
	    cause(PIPE, STATUS(1), STATUS(1), KILL, -1), TASK_COMMIT);
}

static void
a_lost_input_is_a_consequence(void **state)
{
	(void)state;
	assert_int_equal(
	    cause(STATUS(3), STATUS(3), STATUS(1), STATUS(1), -1), TASK_META);
	assert_int_equal(
	    cause(PIPE, STATUS(4), STATUS(1), STATUS(1), -1), TASK_READ);
	assert_int_equal(
	    cause(PIPE, PIPE, STATUS(1), STATUS(1), -1), TASK_APPLY);
	assert_int_equal(cause(PIPE, PIPE, PIPE, STATUS(1), -1), TASK_COMMIT);
}

static void
what_we_took_down_is_no_cause(void **state)
{
	(void)state;
	assert_int_equal(
	    cause(TERM, PIPE, STATUS(3), STATUS(1), TASK_META), TASK_APPLY);
}

/* Programs that are not there: each says so, and none is left. */
static void
starts_reaps_and_hears_all(void **state)
{
	struct pipeline p = { 0 };
	struct err e = { 0 };
	json_t *task = json_pack("{s:s, s:{}}", "name", "t", "options");

	(void)state;
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(pipeline_start(&p, task, "/nonexistent", &e), 0);
	assert_int_equal(pipeline_drain(&p, 5000), 0);
	for (int i = 0; i < TASK_PROGS; i++) {
		assert_true(p.c[i].ended);
		assert_int_equal(p.c[i].status, STATUS(2));
		assert_non_null(
		    strstr(p.c[i].last, task_prog_name((enum task_prog)i)));
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	pipeline_fini(&p);
	json_decref(task);
}

static void
takes_nothing(int signo)
{
	(void)signo;
}

static void
a_signal_before_exec_is_the_childs(void **state)
{
	pid_t parent = getpid(), pid;
	int status;

	(void)state;
	signal(SIGTERM, takes_nothing);
	pid = process_fork();
	if (pid == 0) {
		poll(NULL, 0, 200); /* the signal comes now */
		process_init(parent, SIGKILL);
		_exit(0);
	}
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	signal(SIGTERM, SIG_DFL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_if_all_is_well),
		cmocka_unit_test(a_kill_is_a_cause_wherever_it_is),
		cmocka_unit_test(a_lost_input_is_a_consequence),
		cmocka_unit_test(what_we_took_down_is_no_cause),
		cmocka_unit_test(starts_reaps_and_hears_all),
		cmocka_unit_test(a_signal_before_exec_is_the_childs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
