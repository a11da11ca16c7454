/* How tasks are shown, and what becomes of them. */
#include "../apimake.h"
#include "api/priv.h"

#include "base/clock.h"
#include "model/tso.h"
#include "task/status.h"
#include "task/task.h"

/* ---- TASK ---- */

static void
a_task_is_shown_as_it_was_made(void **state)
{
	json_t *j, *t;

	(void)state;
	expect(CREATE("'task_id':'x'," A
		      "," TO("'host':'localhost','port':19530,'token':'t',"
			     "'connect_timeout':10")),
	    200, NULL);
	j = cdc(REQUEST("get", "'task_id':'x'"));
	t = json_object_get(json_object_get(j, "data"), "task");
	assert_string_equal(text_at(t, "task_id"), "x");
	assert_string_equal(text_at(t, "state"), "Running");
	assert_null(json_object_get(t, "reason"));
	assert_string_equal(text_at(t, "health"), "starting");
	assert_string_equal(
	    text_at(t, "milvus_connect_param.host"), "localhost");
	assert_int_equal(
	    json_integer_value(at(t, "milvus_connect_param.port")), 19530);
	assert_int_equal(
	    json_integer_value(at(t, "milvus_connect_param.connect_timeout")),
	    10);
	assert_string_equal(text_at(t, "milvus_connect_param.uri"), "");
	assert_non_null(at(t, "milvus_connect_param.uri"));
	assert_null(at(t, "milvus_connect_param.token"));
	assert_null(at(t, "milvus_connect_param.username"));
	assert_null(at(t, "milvus_connect_param.password"));
	assert_true(json_is_false(at(t, "milvus_connect_param.enable_tls")));
	assert_non_null(at(t, "kafka_connect_param.address"));
	assert_null(at(t, "kafka_connect_param.sasl.password"));
	assert_string_equal(text_at(t, "collection_infos.0.name"), "a");
	assert_true(json_is_null(at(t, "collection_infos.0.positions")));
	assert_true(
	    json_is_false(at(t, "collection_infos.0.use_start_position")));
	assert_true(json_is_null(json_object_get(t, "db_collections")));
	assert_int_equal(strlen(text_at(t, "created")), 24);
	assert_true(json_is_array(json_object_get(t, "warnings")));
	json_decref(j);
	expect(REQUEST("pause", "'task_id':'x'"), 200, NULL);
	j = cdc(REQUEST("get", "'task_id':'x'"));
	assert_string_equal(text_at(j, "data.task.state"), "Paused");
	assert_string_equal(text_at(j, "data.task.reason"),
	    "manually pause through http interface");
	assert_string_equal(text_at(j, "data.task.health"), "paused");
	json_decref(j);
}

static void
a_task_that_is_not_to_start_is_paused(void **state)
{
	json_t *j;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A ",'disable_auto_start':true"),
	    200, NULL);
	j = cdc(REQUEST("get", "'task_id':'x'"));
	assert_string_equal(text_at(j, "data.task.state"), "Paused");
	assert_string_equal(
	    text_at(j, "data.task.reason"), "the task is disabled auto start");
	json_decref(j);
	expect(REQUEST("resume", "'task_id':'x'"), 200, NULL);
	j = cdc(REQUEST("get", "'task_id':'x'"));
	assert_string_equal(text_at(j, "data.task.state"), "Running");
	json_decref(j);
}

/* A wish as it was so many seconds ago. */
static void
wish_of(const char *name, int paused, int seconds)
{
	struct buf b = { 0 }, t = { 0 };
	char *path = state_sub(name, "desired.json");
	struct err e;

	tso_add_time(
	    &t, tso_from_ms(clock_unix_ms() - seconds * INT64_C(1000)));
	buf_addf(&b, "{\"v\":1,\"desired\":\"%s\",\"since\":\"%s\"}",
	    paused ? "paused" : "running", t.ptr);
	assert_int_equal(state_replace(api.dir, path, b.ptr, b.len, &e), 0);
	buf_fini(&b);
	buf_fini(&t);
	free(path);
}

static void
state_is(const char *state, const char *reason, const char *health)
{
	json_t *j = cdc(REQUEST("get", "'task_id':'x'"));

	assert_string_equal(text_at(j, "data.task.state"), state);
	assert_string_equal(text_at(j, "data.task.reason"), reason);
	assert_string_equal(text_at(j, "data.task.health"), health);
	json_decref(j);
}

static void
states_follow_from_what_happened(void **state)
{
	int fd;
	struct err e;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A), 200, NULL);
	wish_of("x", 0, 29);
	state_is("Running", "", "starting");
	wish_of("x", 0, 31);
	state_is("Initial", "no runner holds this task", "stopped");
	/* and then it can be resumed */
	expect(REQUEST("resume", "'task_id':'x'"), 200, NULL);
	state_is("Running", "", "starting");
	/* a runner */
	fd = state_lock_file(api.dir, "x", "run.lock", &e);
	assert_int_not_equal(fd, -1);
	state_is("Running", "", "starting");
	task_log(api.dir, "x", "end",
	    json_pack("{s:s, s:i, s:s}", "program", "cdc-read", "status", 3,
		"reason", "brokers are away"));
	state_is("Running", "retrying: cdc-read, status 3: brokers are away",
	    "starting");
	close(fd);
	/* it failed for good */
	task_log(api.dir, "x", "failed",
	    json_pack("{s:s, s:i, s:s}", "program", "cdc-apply", "status", 1,
		"reason", "no"));
	state_is("Paused", "cdc-apply, status 1: no", "failed");
	expect(REQUEST("resume", "'task_id':'x'"), 200, NULL);
	state_is("Running", "", "starting");
}

static void
a_broken_folder_is_one_failed_task(void **state)
{
	char *path;
	struct err e;
	json_t *j;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A), 200, NULL);
	expect(CREATE("'task_id':'y'," TO("'uri':'h:5'") "," A), 200, NULL);
	path = state_sub("x", "task.json");
	assert_int_equal(state_replace(api.dir, path, "{", 1, &e), 0);
	free(path);
	j = cdc("{'request_type':'list'}");
	assert_int_equal(json_array_size(at(j, "data.tasks")), 2);
	assert_string_equal(text_at(j, "data.tasks.0.health"), "failed");
	assert_string_equal(text_at(j, "data.tasks.0.state"), "Paused");
	assert_string_equal(text_at(j, "data.tasks.1.state"), "Running");
	json_decref(j);
}

static void
a_pause_waits_for_the_runner(void **state)
{
	struct err e;
	int fd;
	json_t *j;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A), 200, NULL);
	fd = state_lock(api.dir, "x", &e); /* one who writes */
	assert_int_not_equal(fd, -1);
	j = cdc(REQUEST("pause", "'task_id':'x'"));
	assert_int_equal(json_integer_value(at(j, "code")), 500);
	assert_non_null(
	    strstr(text_at(j, "message"), FAILED("pause") "still stopping: "));
	json_decref(j);
	state_is("Paused", "manually pause through http interface", "running");
	close(fd);
}

/* It was there when a name was looked for, and is not when it is read. */
static void
a_task_that_goes_meanwhile_is_none(void **state)
{
	struct web_res r = { 0 };
	struct call c = { .api = &api, .r = &r, .name = "x" };
	struct task_status s = { .name = c.name, .state = TASK_FAILED };

	(void)state;
	make("x", "h:1");
	assert_false(api_gone(&c, &s));
	json_decref(plain("DELETE", "/tasks/x", "", 204));
	assert_true(api_gone(&c, &s));
	assert_null(api_task(&c, "x", 0, 1));
	assert_int_equal(api_pause(&c, "x", NULL, 0), -1);
	assert_int_equal(call_code(&c), 404);
	assert_int_equal(api_resume(&c, "x", NULL, 1), -1);
	assert_int_equal(call_code(&c), 400);
	assert_int_equal(api_delete(&c, "x", 404), -1);
	assert_int_equal(call_code(&c), 404);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(a_task_is_shown_as_it_was_made),
		T(a_task_that_is_not_to_start_is_paused),
		T(states_follow_from_what_happened),
		T(a_broken_folder_is_one_failed_task),
		T(a_pause_waits_for_the_runner),
		T(a_task_that_goes_meanwhile_is_none),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
