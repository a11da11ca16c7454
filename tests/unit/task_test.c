#include "task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "state.h"
#include "tasknet.h"
#include "x.h"

static struct err err;

/* A definition of one target and "option value" words. */
static json_t *
task(const char *name, const char *target, const char *words)
{
	json_t *options = json_object();
	char *copy = x_strdup(words), *save = NULL;

	for (char *o = strtok_r(copy, " ", &save); o != NULL;
	     o = strtok_r(NULL, " ", &save)) {
		char *v = strtok_r(NULL, " ", &save);

		for (const struct task_option *t = task_options;
		     t->name != NULL; t++)
			if (strcmp(t->name, o) == 0)
				assert_int_equal(
				    task_option_set(options, t, v, &err), 0);
	}
	json_object_set_new(options, "target", json_string(target));
	free(copy);
	return task_new(name, "start", options);
}

static int
overlap(
    const char *target_a, const char *a, const char *target_b, const char *b)
{
	json_t *x = task("x", target_a, a), *y = task("y", target_b, b);
	int rc = task_overlap(x, y, &err);

	/* which of them is older makes no difference */
	assert_int_equal(rc, task_overlap(y, x, &err));
	json_decref(x);
	json_decref(y);
	return rc;
}

static int
same(const char *a, const char *b)
{
	return overlap("http://127.0.0.1:1", a, "http://127.0.0.1:1", b);
}

static void
patterns_with_a_text_in_common_overlap(void **state)
{
	(void)state;
	assert_true(same("", ""));
	assert_true(same("", "include a.b"));
	assert_true(same("include a.b", "include a.b"));
	assert_true(same("include a", "include default.a"));
	assert_true(same("include *.b", "include a.*"));
	assert_true(same("include a.x*", "include a.*y"));
	assert_true(same("include a.*b*", "include a.c*d"));
	assert_true(same("include a.a include b.b", "include c.c include b.*"));
	assert_true(same("include *.*", "include a.**"));
}

static void
patterns_without_one_do_not(void **state)
{
	(void)state;
	assert_false(same("include a.*", "include b.*"));
	assert_false(same("include a", "include b.a"));
	assert_false(same("include a.x*", "include a.y*"));
	assert_false(same("include a.*x", "include a.*y"));
	assert_false(same("include a.ab*", "include a.a"));
}

static void
what_is_left_out_does_not_overlap(void **state)
{
	(void)state;
	assert_false(same("exclude a.*", "include a.b"));
	assert_false(same("exclude a.*", "include a.b*"));
	assert_true(same("exclude a.b", "include a.*"));
	assert_true(same("exclude a.* include *.*", "include *.b"));
	assert_true(same("exclude a.*", "exclude b.*"));
}

static void
renamed_ones_count_under_their_new_names(void **state)
{
	(void)state;
	assert_false(same("include a.* rename a=b", "include a.*"));
	assert_true(same("include a.* rename a=b", "include b.c"));
	assert_true(same("include a.c rename a.c=d.e", "include d.*"));
	assert_false(same("include a.c rename a.c=d.e", "include a.c"));
	/* a name that is left out at the source is not that of the target */
	assert_true(same("exclude b.* rename a=b", "include b.*"));
}

static void
shards_of_one_number_do_not_overlap(void **state)
{
	(void)state;
	assert_false(same("shard 0/2", "shard 1/2"));
	assert_true(same("shard 0/2", "shard 0/2"));
	assert_true(same("shard 0/2", "shard 1/3"));
	assert_true(same("shard 0/2", ""));
}

static void
targets_are_compared_after_resolving(void **state)
{
	(void)state;
	assert_true(overlap("http://127.0.0.1:5", "", "127.0.0.1:5", ""));
	assert_true(
	    overlap("http://localhost:5", "", "http://127.0.0.1:5/x", ""));
	assert_true(overlap("http://[::1]:5", "", "http://127.0.0.1:5", ""));
	assert_true(overlap("http://HOST.invalid:5", "", "host.invalid:5", ""));
	assert_true(overlap("http://127.0.0.1", "", "127.0.0.1:19530", ""));
	assert_false(overlap("http://127.0.0.1:5", "", "127.0.0.1:6", ""));
	assert_false(overlap("http://127.0.0.1:5", "", "192.0.2.1:5", ""));
}

static void
uris_are_taken_apart(void **state)
{
	static const char *const bad[] = { "", "http://", "http://:5",
		"http://h:0", "http://h:65536", "http://h:", "http://h:x",
		"http://[::1:5" };
	struct net_uri u;

	(void)state;
	assert_int_equal(net_parse("https://h", &u, &err), 0);
	assert_string_equal(u.host, "h");
	assert_string_equal(u.port, "443");
	assert_int_equal(net_parse("[fe80::1]:77", &u, &err), 0);
	assert_string_equal(u.host, "fe80::1");
	assert_string_equal(u.port, "77");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(net_parse(bad[i], &u, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

static void
command_lines_can_be_pasted(void **state)
{
	char *argv[] = { x_strdup("a"), x_strdup("b c"), x_strdup("d'e"),
		x_strdup(""), x_strdup("x=$(y)"), NULL };
	char *text = task_argv_text(argv);

	(void)state;
	assert_string_equal(text, "a 'b c' 'd'\\''e' '' 'x=$(y)'");
	free(text);
	for (int i = 0; argv[i] != NULL; i++)
		free(argv[i]);
}

static int
is_run(const char *event)
{
	return event[0] == 'r';
}

static void
the_log_is_kept_short_and_its_last_event_found(void **state)
{
	char templ[] = "/tmp/cdc-task-XXXXXX", *dir = mkdtemp(templ), *cmd;
	char *path = state_path(dir, "t", "log.ndjson.1");
	json_t *t = task("t", "http://127.0.0.1:1", ""), *j;

	(void)state;
	assert_int_equal(state_init(dir, &err), 0);
	assert_int_equal(task_create(dir, "t", t, 0, NULL, &err), 0);
	task_log(dir, "t", "r", json_pack("{s:i}", "n", 7));
	for (int i = 0; i < 5000; i++)
		task_log(dir, "t", "x",
		    json_pack("{s:s}", "pad",
			"0123456789012345678901234567890123456789012345678901"
			"234567890123456789012345678901234567890123456789012"
			"345678901234567890123456789012345678901234567890123"
			"456789012345678901234567890123456789012345678901234"));
	assert_int_equal(access(path, F_OK), -1);
	assert_null(task_log_last(dir, "t", is_run)); /* too far back */
	task_log(dir, "t", "r", json_pack("{s:i}", "n", 8));
	task_log_rotate(dir, "t");
	assert_int_equal(access(path, F_OK), 0);
	task_log(dir, "t", "x", NULL);
	j = task_log_last(dir, "t", is_run);
	assert_int_equal(json_integer_value(json_object_get(j, "n")), 8);
	json_decref(j);
	json_decref(t);
	cmd = x_asprintf("rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
	free(cmd);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_with_a_text_in_common_overlap),
		cmocka_unit_test(patterns_without_one_do_not),
		cmocka_unit_test(what_is_left_out_does_not_overlap),
		cmocka_unit_test(renamed_ones_count_under_their_new_names),
		cmocka_unit_test(shards_of_one_number_do_not_overlap),
		cmocka_unit_test(targets_are_compared_after_resolving),
		cmocka_unit_test(uris_are_taken_apart),
		cmocka_unit_test(command_lines_can_be_pasted),
		cmocka_unit_test(
		    the_log_is_kept_short_and_its_last_event_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
