/* The plain API: /tasks and what is below it. */
#include "../apimake.h"

#define X "'task_id':'x'"
#define BODY(data) "{" data "}"
#define DEFINE(options) "{'name':'x','options':{'target':'h:1'," options "}}"

static void
a_task_is_made_once(void **state)
{
	static const char body[] = BODY(X "," HERE "," A);
	struct web_res r = ask("POST", "/tasks", body, NULL);
	json_t *j;

	(void)state;
	assert_int_equal(r.status, 201);
	assert_string_equal(kvs_get(&r.headers, "Location"), "/tasks/x");
	assert_non_null(kvs_get(&r.headers, "ETag"));
	assert_string_equal(r.task, "x");
	web_res_fini(&r);
	j = plain("POST", "/tasks", body, 200);
	assert_string_equal(text_at(j, "task_id"), "x");
	json_decref(j);
	json_decref(
	    plain("POST", "/tasks", BODY(X "," TO("'uri':'h:2'") "," A), 409));
	json_decref(
	    plain("POST", "/tasks", BODY("'task_id':'y'," HERE "," A), 409));
	api.max_tasks = 1;
	json_decref(plain("POST", "/tasks",
	    BODY("'task_id':'y'," TO("'uri':'h:2'") "," A), 409));
	assert_int_equal(tasks(), 1);
}

static void
what_is_no_task_is_refused(void **state)
{
	json_t *j;

	(void)state;
	json_decref(plain("POST", "/tasks", "", 400));
	json_decref(plain("POST", "/tasks", "{", 400));
	json_decref(plain("POST", "/tasks", "[]", 400));
	json_decref(plain("POST", "/tasks", "null", 400));
	json_decref(plain("POST", "/tasks?dry_run=2", "{}", 400));
	j = plain("POST", "/tasks", BODY(A), 422);
	assert_string_equal(
	    text_at(j, "message"), "the downstream address is empty");
	assert_string_equal(
	    text_at(j, "detail"), "the downstream address is empty");
	assert_int_equal(json_integer_value(at(j, "code")), 422);
	json_decref(j);
	json_decref(
	    plain("POST", "/tasks", BODY("'task_id':'../x'," HERE "," A), 422));
	assert_int_equal(tasks(), 0);
}

static void
a_dry_run_leaves_nothing(void **state)
{
	json_t *j;

	(void)state;
	j = plain(
	    "POST", "/tasks?dry_run=1", BODY(X "," HERE "," A ",'n':1"), 200);
	assert_string_equal(text_at(j, "task_id"), "x");
	assert_int_equal(json_array_size(at(j, "warnings")), 1);
	assert_true(json_is_array(at(j, "found")));
	json_decref(j);
	assert_int_equal(tasks(), 0);
	json_decref(plain("POST", "/tasks?dry_run=1", BODY(HERE), 422));
	json_decref(
	    plain("POST", "/tasks?dry_run=0", BODY(X "," HERE "," A), 201));
}

static void
a_definition_is_taken_too(void **state)
{
	json_t *j;

	(void)state;
	j = plain("POST", "/tasks",
	    "{'name':'x','from':'beginning','paused':true,'token':'a:b',"
	    "'options':{'target':'http://h:1','include':['d.a','e.*'],"
	    "'create-missing':true,'tick':'2'}}",
	    201);
	assert_string_equal(text_at(j, "state"), "Paused");
	assert_string_equal(
	    text_at(j, "milvus_connect_param.uri"), "http://h:1");
	assert_string_equal(text_at(j, "db_collections.d.0.name"), "a");
	assert_string_equal(text_at(j, "db_collections.e.0.name"), "*");
	json_decref(j);
	j = definition("x");
	assert_string_equal(text_at(j, "from"), "beginning");
	assert_string_equal(text_at(j, "options.tick"), "2");
	assert_true(json_is_true(at(j, "options.create-missing")));
	assert_non_null(strstr(text_at(j, "options.token-file"), "/x/token"));
	assert_null(at(j, "definition.token"));
	json_decref(j);
}

static void
a_definition_names_no_file(void **state)
{
	static const char *const bad[] = { DEFINE("'token-file':'/etc/passwd'"),
		DEFINE("'etcd-user-file':'/etc/passwd'"),
		DEFINE("'target-cacert':'/etc/passwd'"),
		DEFINE("'property':['@/etc/passwd']"),
		DEFINE("'property':'ssl.ca.location=/etc/passwd'"),
		DEFINE("'on-error':'dead:/tmp/x'"), DEFINE("'nope':'x'"),
		DEFINE("'tick':5"), DEFINE("'create-missing':'yes'"),
		DEFINE("'include':[5]"), DEFINE("'include':'a.b.c'"),
		"{'name':'x','from':'@/etc/passwd','options':{'target':'h'}}",
		"{'name':'x','from':'task:y','options':{'target':'h'}}",
		"{'name':'x','from':5,'options':{'target':'h'}}",
		"{'name':'x','from':'never','options':{'target':'h'}}",
		"{'name':'x','from':{},'options':{'target':'h'}}",
		"{'name':'x','options':{'target':'http://u:p@h'}}",
		"{'name':'x','options':5}" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		json_decref(plain("POST", "/tasks", bad[i], 422));
	assert_int_equal(tasks(), 0);
}

static void
not_even_one_that_would_do(void **state)
{
	static const char line[] =
	    "{\"op\":\"tick\",\"ts\":\"5\",\"pos\":{\"t\":{\"o\":1}}}\n";
	char *path = x_asprintf("%s/line", api.dir);
	char *body = x_asprintf(
	    "{'name':'x','from':'@%s','options':{'target':'h'}}", path);
	char *set = x_asprintf("{'from':'@%s'}", path), *text = quotes(set);
	struct err e;
	struct web_res r;

	(void)state;
	assert_int_equal(
	    state_replace(api.dir, "line", line, sizeof line - 1, &e), 0);
	json_decref(plain("POST", "/tasks", body, 422));
	make("x", "h:1");
	json_decref(plain("POST", "/tasks/x/pause", "", 200));
	api_bytes("PUT", "/tasks/x/position", text, strlen(text), "*", &r);
	assert_int_equal(r.status, 422);
	web_res_fini(&r);
	free(text);
	free(set);
	free(body);
	free(path);
}

/* ---- all tasks ---- */

static void
tasks_come_in_pages(void **state)
{
	json_t *j;

	(void)state;
	make("b", "h:1");
	make("a", "h:2");
	make("c", "h:3");
	j = plain("GET", "/tasks", "", 200);
	assert_int_equal(json_array_size(at(j, "tasks")), 3);
	assert_true(json_is_null(at(j, "next")));
	assert_true(json_is_null(at(j, "tasks.0.lag_ms")));
	assert_string_equal(text_at(j, "tasks.0.rows"), "0");
	json_decref(j);
	j = plain("GET", "/tasks?limit=2", "", 200);
	assert_string_equal(text_at(j, "tasks.0.task_id"), "a");
	assert_string_equal(text_at(j, "tasks.1.task_id"), "b");
	assert_string_equal(text_at(j, "next"), "b");
	json_decref(j);
	j = plain("GET", "/tasks?limit=2&after=b", "", 200);
	assert_int_equal(json_array_size(at(j, "tasks")), 1);
	assert_string_equal(text_at(j, "tasks.0.task_id"), "c");
	assert_true(json_is_null(at(j, "next")));
	json_decref(j);
	json_decref(plain("POST", "/tasks/b/pause", "", 200));
	j = plain("GET", "/tasks?state=Paused", "", 200);
	assert_int_equal(json_array_size(at(j, "tasks")), 1);
	assert_string_equal(text_at(j, "tasks.0.task_id"), "b");
	json_decref(j);
	j = plain("GET", "/tasks?state=starting", "", 200);
	assert_int_equal(json_array_size(at(j, "tasks")), 2);
	json_decref(j);
	json_decref(plain("GET", "/tasks?state=nope", "", 400));
	json_decref(plain("GET", "/tasks?limit=0", "", 400));
	json_decref(plain("GET", "/tasks?limit=1001", "", 400));
	json_decref(plain("GET", "/tasks?limit=x", "", 400));
}

/* ---- one task ---- */

static void
a_task_has_a_tag_of_its_definition(void **state)
{
	struct web_res r;
	char *tag;

	(void)state;
	make("x", "h:1");
	r = ask("GET", "/tasks/x", "", NULL);
	tag = x_strdup(kvs_get(&r.headers, "ETag"));
	web_res_fini(&r);
	r = ask("GET", "/tasks/x", "", NULL);
	assert_string_equal(kvs_get(&r.headers, "ETag"), tag);
	web_res_fini(&r);
	r = ask("POST", "/tasks/x/pause", "", NULL);
	assert_string_not_equal(kvs_get(&r.headers, "ETag"), tag);
	web_res_fini(&r);
	free(tag);
	json_decref(plain("GET", "/tasks/y", "", 404));
	json_decref(plain("GET", "/tasks/..", "", 404));
	json_decref(plain("GET", "/tasks/", "", 404));
	json_decref(plain("GET", "/tasks/x/", "", 404));
	json_decref(plain("GET", "/tasks/x/nope", "", 404));
}

static void
pause_and_resume_may_be_repeated(void **state)
{
	json_t *j;
	char *body, *why;

	(void)state;
	make("x", "h:1");
	j = plain("POST", "/tasks/x/pause", "{'reason':'a night'}", 200);
	assert_string_equal(text_at(j, "state"), "Paused");
	assert_string_equal(text_at(j, "reason"), "a night");
	json_decref(j);
	j = plain("POST", "/tasks/x/pause", "", 200);
	assert_string_equal(text_at(j, "reason"), "a night");
	json_decref(j);
	j = plain("POST", "/tasks/x/resume", "", 200);
	assert_string_equal(text_at(j, "state"), "Running");
	assert_null(at(j, "reason"));
	json_decref(j);
	json_decref(plain("POST", "/tasks/x/resume", "{}", 200));
	json_decref(plain("POST", "/tasks/x/pause", "[]", 400));
	json_decref(plain("POST", "/tasks/x/pause", "{", 400));
	json_decref(plain("POST", "/tasks/x/pause", "{'reason':5}", 400));
	json_decref(plain("POST", "/tasks/y/pause", "", 404));
	json_decref(plain("POST", "/tasks/y/resume", "", 404));
	why = x_calloc(1, 1026);
	memset(why, 'x', 1025);
	body = x_asprintf("{'reason':'%s'}", why);
	json_decref(plain("POST", "/tasks/x/pause", body, 400));
	body[11] = '\'';
	free(body);
	free(why);
}

static void
a_task_is_deleted_when_nobody_writes(void **state)
{
	struct err e;
	int fd;

	(void)state;
	make("x", "h:1");
	fd = state_lock(api.dir, "x", &e);
	json_decref(plain("DELETE", "/tasks/x", "", 409));
	assert_int_equal(tasks(), 1);
	close(fd);
	json_decref(plain("DELETE", "/tasks/x", "", 204));
	json_decref(plain("DELETE", "/tasks/x", "", 404));
	assert_int_equal(tasks(), 0);
}

static void
methods_and_tokens_are_looked_at(void **state)
{
	static const char *const writes[][2] = { { "POST", "/tasks" },
		{ "DELETE", "/tasks/x" }, { "POST", "/tasks/x/pause" },
		{ "POST", "/tasks/x/resume" }, { "PUT", "/tasks/x/position" } };
	struct web_res r = ask("PATCH", "/tasks/x", "", NULL);

	(void)state;
	assert_int_equal(r.status, 405);
	assert_string_equal(kvs_get(&r.headers, "Allow"), "GET, DELETE");
	web_res_fini(&r);
	make("x", "h:1");
	for (size_t i = 0; i < 5; i++) {
		struct web_req q = { .method = writes[i][0],
			.path = writes[i][1],
			.body = "",
			.if_match = "*",
			.id = "x" };

		memset(&r, 0, sizeof r);
		api_handle(&api, &q, &r);
		assert_int_equal(r.status, 403);
		web_res_fini(&r);
	}
	assert_int_equal(tasks(), 1);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(a_task_is_made_once),
		T(what_is_no_task_is_refused),
		T(a_dry_run_leaves_nothing),
		T(a_definition_is_taken_too),
		T(a_definition_names_no_file),
		T(not_even_one_that_would_do),
		T(tasks_come_in_pages),
		T(a_task_has_a_tag_of_its_definition),
		T(pause_and_resume_may_be_repeated),
		T(a_task_is_deleted_when_nobody_writes),
		T(methods_and_tokens_are_looked_at),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
