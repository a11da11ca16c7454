#include "task/task.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/uri.h"
#include "state/state.h"
#include "task/check.h"
#include "task/overlap.h"

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
an_option_of_a_task_is_one_of_its_program(void **state)
{
	(void)state;
	for (const struct task_option *t = task_options; t->name != NULL; t++) {
		struct opt o = task_option_opt(t, 0);

		assert_ptr_equal(task_option_find(t->name), t);
		assert_string_equal(o.name, t->name);
		assert_non_null(o.help);
		assert_int_equal(task_option_flag(t), o.arg == NULL);
	}
	assert_null(task_option_find("no-such"));
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
one_server_has_many_names(void **state)
{
	char uri[80], name[65] = "";
	struct ifaddrs *own, *i;
	unsigned tried = 0;

	(void)state;
	assert_true(overlap(
	    "http://[::ffff:127.0.0.1]:1", "", "http://127.0.0.1:1", ""));
	assert_true(overlap("http://127.8.8.8:1", "", "http://[::1]:1", ""));
	assert_true(overlap("0.0.0.0:1", "", "http://localhost:1/x", ""));
	assert_false(
	    overlap("http://127.0.0.1:1", "", "http://127.0.0.1:2", ""));
	assert_false(
	    overlap("http://192.0.2.1:1", "", "http://127.0.0.1:1", ""));
	assert_int_equal(getifaddrs(&own), 0);
	for (i = own; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
		    getnameinfo(i->ifa_addr, sizeof(struct sockaddr_in), name,
			sizeof name, NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		snprintf(uri, sizeof uri, "http://%s:1", name);
		assert_true(overlap(uri, "", "http://127.0.0.1:1", ""));
		tried++;
	}
	freeifaddrs(own);
	assert_true(tried > 0);
}

static int
born(const char *target_a, uint64_t a, const char *target_b, uint64_t b)
{
	json_t *x = task("x", target_a, ""), *y = task("y", target_b, "");
	int rc;

	task_note_born(x, "target", a);
	task_note_born(y, "target", b);
	assert_true(task_born(x, "target") == a);
	rc = task_overlap(x, y, &err);
	assert_int_equal(rc, task_overlap(y, x, &err));
	json_decref(x);
	json_decref(y);
	return rc;
}

static void
who_they_are_goes_before_where_they_are(void **state)
{
	(void)state;
	assert_true(born("http://192.0.2.1:1", 5, "http://192.0.2.2:2", 5));
	assert_false(born("http://127.0.0.1:1", 5, "http://[::1]:1", 6));
	assert_true(born("http://127.0.0.1:1", 5, "http://[::1]:1", 0));
	assert_true(born("http://127.0.0.1:1", 5, "127.0.0.1:1", 6));
	assert_false(born("http://192.0.2.1:1", 0, "http://192.0.2.2:1", 0));
}

/* A task from one server to another, by when they were made. */
static json_t *
from_to(const char *name, uint64_t from, uint64_t to, const char *words)
{
	json_t *t = task(name, "http://192.0.2.1:1", words);

	task_note_born(t, "source", from);
	task_note_born(t, "target", to);
	return t;
}

static void
a_circle_is_seen(const char *a, const char *b, const char *c, const char *who)
{
	json_t *x = from_to("x", 1, 2, a);
	json_t *all[] = { from_to("y", 2, 3, b), from_to("z", 3, 1, c), NULL };
	int rc;

	err_clear(&err);
	rc = task_no_circle(x, all, &err);
	assert_int_equal(rc, who == NULL ? 0 : -1);
	if (who != NULL)
		assert_non_null(strstr(err.msg, who));
	json_decref(x);
	json_decref(all[0]);
	json_decref(all[1]);
}

static void
what_comes_back_through_others_is_a_circle(void **state)
{
	json_t *x = from_to("x", 1, 2, ""), *y = from_to("y", 2, 1, "");
	json_t *none[] = { NULL }, *all[] = { y, NULL };

	(void)state;
	assert_int_equal(task_no_circle(x, none, &err), 0);
	assert_int_equal(task_no_circle(x, all, &err), -1);
	task_note_born(y, "source", 0);
	assert_int_equal(task_no_circle(x, all, &err), 0);
	json_decref(x);
	json_decref(y);
	a_circle_is_seen("", "", "", "through task 'y', 'z'");
	a_circle_is_seen("include a.*", "include b.*", "", NULL);
	a_circle_is_seen("include a.*", "exclude a.*", "", NULL);
	a_circle_is_seen("include a.*", "include a.x", "include a.y", NULL);
	a_circle_is_seen("include a.* rename a=b", "include b.*",
	    "include b.* rename b=a", "'y', 'z'");
	a_circle_is_seen("include a.* exclude b.* rename a=b", "include b.*",
	    "include b.* rename b=a", "'y', 'z'");
	a_circle_is_seen("include a.* rename a=b", "include a.*", "", NULL);
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
is_run(const char *event, const json_t *line)
{
	(void)line;
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
		cmocka_unit_test(an_option_of_a_task_is_one_of_its_program),
		cmocka_unit_test(patterns_with_a_text_in_common_overlap),
		cmocka_unit_test(patterns_without_one_do_not),
		cmocka_unit_test(what_is_left_out_does_not_overlap),
		cmocka_unit_test(renamed_ones_count_under_their_new_names),
		cmocka_unit_test(one_server_has_many_names),
		cmocka_unit_test(who_they_are_goes_before_where_they_are),
		cmocka_unit_test(what_comes_back_through_others_is_a_circle),
		cmocka_unit_test(shards_of_one_number_do_not_overlap),
		cmocka_unit_test(targets_are_compared_after_resolving),
		cmocka_unit_test(uris_are_taken_apart),
		cmocka_unit_test(command_lines_can_be_pasted),
		cmocka_unit_test(
		    the_log_is_kept_short_and_its_last_event_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
