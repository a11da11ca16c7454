/* The plain API: positions, logs, probes, metrics. */
#include "../apimake.h"

#include "model/pos.h"
#include "model/tso.h"
#include "task/task.h"

/* ---- position ---- */

static void
stand(const char *name, int64_t o)
{
	struct checkpoint cp = { 0 };
	struct err e;

	assert_int_equal(checkpoint_load(api.dir, name, &cp, &e), 0);
	cp.pos.ts = tso_from_ms(1700000000000);
	pos_set(&cp.pos, "t", mq_id_offset(o), mq_id_offset(o + 2), cp.pos.ts);
	assert_int_equal(checkpoint_save(api.dir, name, &cp, &e), 0);
	checkpoint_fini(&cp);
}

static void
a_position_is_text(void **state)
{
	json_t *j;

	(void)state;
	make("x", "h:1");
	j = plain("GET", "/tasks/x/position", "", 200);
	assert_true(json_is_null(at(j, "ts")));
	assert_int_equal(json_object_size(at(j, "topics")), 0);
	assert_memory_equal(text_at(j, "from"), "ts:", 3);
	json_decref(j);
	stand("x", 40);
	j = plain("GET", "/tasks/x/position", "", 200);
	assert_string_equal(text_at(j, "gen"), "1");
	assert_string_equal(text_at(j, "ts"), "445644800000000000");
	assert_string_equal(text_at(j, "time"), "2023-11-14T22:13:20.000Z");
	assert_string_equal(text_at(j, "topics.t.o"), "40");
	assert_string_equal(text_at(j, "topics.t.n"), "42");
	assert_string_equal(text_at(j, "topics.t.ts"), "445644800000000000");
	assert_string_equal(
	    text_at(j, "topics.t.time"), "2023-11-14T22:13:20.000Z");
	json_decref(j);
	json_decref(plain("GET", "/tasks/y/position", "", 404));
}

static void
put_is(const char *body, const char *if_match, int status)
{
	struct web_res r = ask("PUT", "/tasks/x/position", body, if_match);

	if ((r.status == 0 ? 200 : r.status) != status)
		fprintf(stderr, "%s: %s\n", body, r.body.ptr);
	assert_int_equal(r.status == 0 ? 200 : r.status, status);
	web_res_fini(&r);
}

static char *
tag_of_position(void)
{
	struct web_res r = ask("GET", "/tasks/x/position", "", NULL);
	char *tag = x_strdup(kvs_get(&r.headers, "ETag"));

	web_res_fini(&r);
	return tag;
}

static void
a_position_is_set_by_who_has_seen_it(void **state)
{
	static const char back[] = "{'ts':'5','topics':{'t':{'o':'30'}}}";
	char *tag;
	struct web_res r;

	(void)state;
	make("x", "h:1");
	stand("x", 40);
	tag = tag_of_position();
	put_is(back, NULL, 428);
	put_is(back, tag, 409); /* it is not paused */
	json_decref(plain("POST", "/tasks/x/pause", "", 200));
	put_is(back, "\"p0\"", 412);
	stand("x", 41);
	put_is(back, tag, 412);
	free(tag);
	tag = tag_of_position();
	put_is("{", tag, 400);
	put_is("[]", tag, 400);
	put_is("{}", tag, 422);
	put_is("{'from':'@/etc/passwd'}", tag, 422);
	put_is("{'from':'task:x'}", tag, 422);
	put_is("{'from':'nope'}", tag, 422);
	put_is("{'topics':{'t':{'o':'30'}}}", tag, 422);
	put_is("{'ts':'5','topics':{'t':{'o':'-1'}}}", tag, 422);
	put_is("{'ts':'5','topics':{'t':5}}", tag, 422);
	r = ask("PUT", "/tasks/x/position", back, tag);
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.body.ptr, "\"o\":\"30\""));
	/* what GET gives can be put */
	free(tag);
	tag = x_strdup(kvs_get(&r.headers, "ETag"));
	put_is(r.body.ptr, tag, 200);
	web_res_fini(&r);
	put_is("{'from':'beginning'}", "*", 200);
	r = ask("GET", "/tasks/x/position", "", NULL);
	assert_non_null(strstr(r.body.ptr, "\"from\":\"beginning\""));
	assert_non_null(strstr(r.body.ptr, "\"topics\":{}"));
	web_res_fini(&r);
	free(tag);
}

/* ---- the log ---- */

static size_t
lines(const char *s)
{
	size_t n = 0;

	for (; s != NULL && (s = strchr(s, '\n')) != NULL; s++)
		n++;
	return n;
}

static void
the_log_is_its_last_lines(void **state)
{
	struct web_res r;

	(void)state;
	make("x", "h:1");
	for (int i = 0; i < 200; i++)
		task_log(api.dir, "x", "e", json_pack("{s:i}", "i", i));
	r = ask("GET", "/tasks/x/log", "", NULL);
	assert_string_equal(r.type, "application/x-ndjson");
	assert_int_equal(lines(r.body.ptr), 100);
	assert_non_null(strstr(r.body.ptr, "\"i\":199}\n"));
	web_res_fini(&r);
	r = ask("GET", "/tasks/x/log?limit=1", "", NULL);
	assert_int_equal(lines(r.body.ptr), 1);
	assert_non_null(strstr(r.body.ptr, "\"i\":199}\n"));
	web_res_fini(&r);
	r = ask("GET", "/tasks/x/log?limit=1000", "", NULL);
	assert_int_equal(lines(r.body.ptr), 201);
	web_res_fini(&r);
	json_decref(plain("GET", "/tasks/x/log?limit=0", "", 400));
	json_decref(plain("GET", "/tasks/x/log?follow=x", "", 400));
	json_decref(plain("GET", "/tasks/y/log", "", 404));
}

static void
next_is(struct web_res *r, const char *want)
{
	char p[4096];
	ssize_t n = r->more(r->more_arg, p, sizeof p - 1);

	if (want == NULL) {
		assert_int_equal(n, 0);
		return;
	}
	assert_true(n > 0);
	p[n] = '\0';
	assert_non_null(strstr(p, want));
}

static void
the_log_is_followed(void **state)
{
	struct web_res r;
	char *path, *old, p[64];

	(void)state;
	make("x", "h:1");
	r = ask("GET", "/tasks/x/log?follow=1&limit=1", "", NULL);
	assert_non_null(r.more);
	next_is(&r, "\"create\"");
	next_is(&r, NULL);
	task_log(api.dir, "x", "one", NULL);
	next_is(&r, "\"one\"");
	next_is(&r, NULL);
	/* also into the file that takes its place */
	path = state_path(api.dir, "x", "log.ndjson");
	old = state_path(api.dir, "x", "log.ndjson.1");
	assert_int_equal(rename(path, old), 0);
	task_log(api.dir, "x", "two", NULL);
	next_is(&r, NULL);
	next_is(&r, "\"two\"");
	/* and ends with the task */
	json_decref(plain("DELETE", "/tasks/x", "", 204));
	next_is(&r, "\"pause\"");
	assert_int_equal(r.more(r.more_arg, p, sizeof p), -1);
	r.more_free(r.more_arg);
	web_res_fini(&r);
	free(path);
	free(old);
}

/* ---- probes and metrics ---- */

static void
health_is_a_folder_that_can_be_written(void **state)
{
	char *cmd;
	json_t *j;

	(void)state;
	json_decref(plain("GET", "/healthz", "", 200));
	cmd = x_asprintf("mkdir '%s/tasks/.probe.tmp'", api.dir);
	assert_int_equal(system(cmd), 0);
	json_decref(plain("GET", "/healthz", "", 503));
	free(cmd);
	cmd = x_asprintf("rm -r '%s/tasks' && : >'%s/tasks'", api.dir, api.dir);
	assert_int_equal(system(cmd), 0);
	j = plain("GET", "/healthz", "", 503);
	assert_null(strstr(text_at(j, "message"), api.dir));
	json_decref(j);
	free(cmd);
	j = plain("GET", "/version", "", 200);
	assert_string_equal(text_at(j, "version"), VERSION);
	json_decref(j);
}

static void
ready_is_when_what_is_wanted_gets_on(void **state)
{
	json_t *j;
	struct err e;
	char *path;

	(void)state;
	make("x", "h:1");
	make("y", "h:2");
	json_decref(plain("GET", "/readyz", "", 200));
	task_log(api.dir, "x", "failed",
	    json_pack("{s:s, s:i}", "program", "cdc-read", "status", 4));
	j = plain("GET", "/readyz", "", 503);
	assert_string_equal(
	    text_at(j, "message"), "1 tasks do not get on: x (failed)");
	json_decref(j);
	json_decref(plain("POST", "/tasks/x/pause", "", 200));
	json_decref(plain("GET", "/readyz", "", 200));
	/* also what cannot run, if it is not to */
	path = state_sub("x", "checkpoint.json");
	assert_int_equal(state_replace(api.dir, path, "{", 1, &e), 0);
	json_decref(plain("GET", "/readyz", "", 200));
	json_decref(plain("POST", "/tasks/x/resume", "", 200));
	json_decref(plain("GET", "/readyz", "", 503));
	free(path);
}

static int
has_line(const char *path, const char *want)
{
	struct web_res r = ask("GET", path, "", NULL);
	char *all = x_asprintf("\n%s", r.body.ptr);
	char *line = x_asprintf("\n%s\n", want);
	int yes = strstr(all, line) != NULL;

	assert_string_equal(r.type, "text/plain; version=0.0.4");
	free(all);
	free(line);
	web_res_fini(&r);
	return yes;
}

static void
metrics_have_the_names_of_milvus_cdc(void **state)
{
	static const char m[] = "/metrics", cdc_m[] = "/cdc/metrics";

	(void)state;
	make("x", "h:1");
	make("y", "h:2");
	stand("x", 40);
	json_decref(plain("POST", "/tasks/y/pause", "", 200));
	expect("{'request_type':'list'}", 200, NULL);
	expect("{'request_type':'get'}", 400, NULL);
	expect("{'request_type':'no\\\"pe'}", 400, NULL);
	expect("{", 400, NULL);
	assert_true(has_line(m, "milvus_cdc_task_state{task_id=\"x\"} 1"));
	assert_true(has_line(m, "milvus_cdc_task_state{task_id=\"y\"} 2"));
	assert_true(
	    has_line(cdc_m, "milvus_cdc_task_num{task_state=\"Paused\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"list\",request_status="
	    "\"total\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"list\",request_status="
	    "\"success\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"get\",request_status="
	    "\"total\"} 1"));
	assert_false(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"get\",request_status="
	    "\"success\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"unknown\",request_status="
	    "\"total\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_total{request_type=\"unknown\",request_status="
	    "\"unmarshal_error\"} 1"));
	assert_true(has_line(cdc_m,
	    "milvus_cdc_request_latency_count{request_type=\"list\"} 1"));
	assert_true(has_line(m,
	    "milvus_cdc_replicate_tt{task_id=\"x\",vchannel_name=\"t\",op_type="
	    "\"write\"} 1700000000000"));
	assert_true(has_line(
	    m, "cdc_http_requests_total{path=\"/tasks\",code=\"201\"} 2"));
	assert_true(has_line(m, "cdc_build_info{version=\"" VERSION "\"} 1"));
	/* no series of deleted tasks */
	json_decref(plain("DELETE", "/tasks/x", "", 204));
	assert_false(has_line(m, "milvus_cdc_task_state{task_id=\"x\"} 1"));
	assert_false(has_line(m, "milvus_cdc_task_state{task_id=\"x\"} -1"));
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(a_position_is_text),
		T(a_position_is_set_by_who_has_seen_it),
		T(the_log_is_its_last_lines),
		T(the_log_is_followed),
		T(health_is_a_folder_that_can_be_written),
		T(ready_is_when_what_is_wanted_gets_on),
		T(metrics_have_the_names_of_milvus_cdc),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
