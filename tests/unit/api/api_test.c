/* POST /cdc: what Milvus-CDC's clients send and get. */
#include "../apimake.h"

#define UNMARSHAL "fail to unmarshal the request, error: "
#define INVALID_TYPE                                                           \
	"invalid 'request_type' param, can be set [create delete get list "    \
	"maintenance pause position resume]"

/* ---- 1.1 and 1.2 ---- */

static void
only_post_is_supported(void **state)
{
	static const char *const methods[] = { "GET", "PUT", "PATCH", "DELETE",
		"OPTIONS" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct web_res r;

		api_bytes(methods[i], "/cdc", "", 0, NULL, &r);
		assert_int_equal(r.status, 0);
		assert_string_equal(r.body.ptr,
		    "{\"code\":405,\"message\":\"only support the POST "
		    "method\"}\n");
		assert_string_equal(kvs_get(&r.headers, "Allow"), "POST");
		web_res_fini(&r);
	}
}

static void
the_status_can_be_the_code(void **state)
{
	struct web_res r;

	(void)state;
	api.http_status = 1;
	api_bytes("GET", "/cdc", "", 0, NULL, &r);
	assert_int_equal(r.status, 405);
	web_res_fini(&r);
	api_bytes("POST", "/cdc", "{}", 2, NULL, &r);
	assert_int_equal(r.status, 400);
	web_res_fini(&r);
	api_bytes("POST", "/cdc", "{\"request_type\":\"list\"}", 23, NULL, &r);
	assert_int_equal(r.status, 200);
	web_res_fini(&r);
}

static void
a_path_is_exactly_cdc(void **state)
{
	(void)state;
	json_decref(plain("POST", "/cdc/", "", 404));
	json_decref(plain("POST", "/CDC", "", 404));
	json_decref(plain("POST", "//cdc", "", 404));
	json_decref(plain("GET", "//", "", 404));
	json_decref(plain("POST", "/tasks/../cdc", "", 404));
}

static void
a_token_for_reading_changes_nothing(void **state)
{
	static const char *const bodies[] = { "{\"request_type\":\"create\"}",
		"{\"request_type\":\"delete\"}", "{\"request_type\":\"pause\"}",
		"{\"request_type\":\"resume\"}",
		"{\"request_type\":\"maintenance\"}" };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		const char *b =
		    i < 5 ? bodies[i] : "{\"request_type\":\"list\"}";
		struct web_req q = { .method = "POST",
			.path = "/cdc",
			.body = b,
			.body_len = strlen(b),
			.id = "x" };
		struct web_res r = { 0 };

		api_handle(&api, &q, &r);
		assert_int_equal(r.code, i < 5 ? 403 : 200);
		assert_int_equal(r.status, i < 5 ? 403 : 0);
		web_res_fini(&r);
	}
}

static void
what_is_no_request(void **state)
{
	static const struct row t[] = {
		{ "", 400, NULL },
		{ "{", 400, NULL },
		{ "[]", 400, UNMARSHAL "it is no object" },
		{ "'list'", 400, UNMARSHAL "it is no object" },
		{ "3", 400, UNMARSHAL "it is no object" },
		{ "{'request_type':'list'} x", 400, NULL },
		{ "{'request_type':5}", 400,
		    UNMARSHAL "'request_type' wants a string, got an integer" },
		{ "{'request_type':'list','request_data':'x'}", 400,
		    UNMARSHAL "'request_data' wants an object, got a string" },
		{ "{'request_type':'list','request_data':[]}", 400,
		    UNMARSHAL "'request_data' wants an object, got an array" },
		{ "null", 400, INVALID_TYPE },
		{ "{}", 400, INVALID_TYPE },
		{ "{'request_type':null}", 400, INVALID_TYPE },
		{ "{'request_type':''}", 400, INVALID_TYPE },
		{ "{'request_type':'LIST'}", 400, INVALID_TYPE },
		{ "{'request_type':'nope'}", 400, INVALID_TYPE },
		{ "{'request_type':'list','request_type':'list'}", 400, NULL },
		{ "{'request_type':'list','REQUEST_TYPE':'list'}", 400,
		    UNMARSHAL "'REQUEST_TYPE' is there twice" },
		{ "{'request_type':'list','request_data':null}", 200, NULL },
		{ "{'request_type':'list'}", 200, NULL },
	};

	(void)state;
	ROWS(t);
}

static void
types_are_strict(void **state)
{
	static const struct row t[] = {
		{ REQUEST("get", "'task_id':5"), 400,
		    FAILED("get") "'task_id' wants a string, got an integer" },
		{ REQUEST("get", "'task_id':null"), 400,
		    FAILED("get") "task_id is empty" },
		{ CREATE("'milvus_connect_param':{'host':'h','port':'1'}"), 400,
		    FAILED("create") "'milvus_connect_param.port' wants an "
				     "integer, got a string" },
		{ CREATE("'milvus_connect_param':{'host':'h','port':3.9}"), 400,
		    FAILED("create") "'milvus_connect_param.port' wants an "
				     "integer, got a number" },
		{ CREATE("'milvus_connect_param':{'enable_tls':'true'}"), 400,
		    FAILED("create") "'milvus_connect_param.enable_tls' wants "
				     "a boolean, got a string" },
		{ CREATE("'collection_infos':{}"), 400,
		    FAILED("create") "'collection_infos' wants an array, got "
				     "an object" },
		{ CREATE("'collection_infos':[5]"), 400,
		    FAILED("create") "'collection_infos.0' wants an object, "
				     "got an integer" },
		{ CREATE("'db_collections':{'d':{}}"), 400,
		    FAILED("create") "'db_collections.d' wants an array, got "
				     "an object" },
		{ CREATE("'task_id':'x','task_id':'y'"), 400, NULL },
		{ CREATE(
		      "'milvus_connect_param':{'port':99999999999999999999}"),
		    400, NULL },
	};

	(void)state;
	ROWS(t);
	/* 3.0 is 3 */
	expect(CREATE("'milvus_connect_param':{'host':'127.0.0.1',"
		      "'port':3.0}," A),
	    200, NULL);
}

static void
unknown_fields_and_other_cases_are_told_of(void **state)
{
	(void)state;
	expect_warning(CREATE(HERE "," A ",'nope':1"),
	    "field 'nope' is not known and ignored");
	expect_warning(CREATE("'milvus_connect_param':{'uri':'127.0.0.1:2',"
			      "'deep':{}}," A),
	    "field 'milvus_connect_param.deep' is not known");
	expect_warning(CREATE("'milvus_connect_param':{'uri':'127.0.0.1:3'},"
			      "'COLLECTION_INFOS':[{'name':'a'}]"),
	    "field 'COLLECTION_INFOS' is taken for 'collection_infos'");
	expect_warning(
	    "{'request_type':'list','more':1}", "field 'more' is not known");
}

static void
hostile_bodies_are_refused(void **state)
{
	static const char utf8[] = "{\"request_type\":\"\xff\xfe\"}";
	static const char raw[] = "{\"request_type\":\"li\x01st\"}";
	static const char nul[] = "{\"request_type\":\"list\"}\0\0";
	static const char u0000[] = "{\"request_type\":\"li\\u0000st\"}";
	struct buf b = { 0 };
	json_t *j;

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_adds(&b, "{\"a\":");
	j = cdc_n(b.ptr, b.len);
	assert_string_equal(
	    text_at(j, "message"), UNMARSHAL "more than 32 levels");
	json_decref(j);
	buf_clear(&b);
	for (int i = 0; i < 33; i++)
		buf_addc(&b, '[');
	for (int i = 0; i < 33; i++)
		buf_addc(&b, ']');
	j = cdc_n(b.ptr, b.len);
	assert_string_equal(
	    text_at(j, "message"), UNMARSHAL "more than 32 levels");
	json_decref(j);
	j = cdc_n(b.ptr + 1, b.len - 2);
	assert_string_equal(text_at(j, "message"), UNMARSHAL "it is no object");
	json_decref(j);
	buf_fini(&b);
	/* brackets in a string are no levels */
	expect("{'request_type':'[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[['}", 400,
	    INVALID_TYPE);
	for (int i = 0; i < 4; i++) {
		static const struct {
			const char *p;
			size_t n;
		} all[] = { { utf8, sizeof utf8 - 1 }, { raw, sizeof raw - 1 },
			{ nul, sizeof nul - 1 }, { u0000, sizeof u0000 - 1 } };

		j = cdc_n(all[i].p, all[i].n);
		assert_int_equal(
		    json_integer_value(json_object_get(j, "code")), 400);
		json_decref(j);
	}
	assert_int_equal(tasks(), 0);
}

/* ---- 1.3 ---- */

static void
tasks_that_are_not_there(void **state)
{
	static const struct row t[] = {
		{ REQUEST("get", ""), 400, FAILED("get") "task_id is empty" },
		{ REQUEST("get", "'task_id':'nope'"), 400,
		    FAILED("get") "not found: [nope]" },
		{ REQUEST("pause", "'task_id':'nope'"), 400,
		    FAILED("pause") "not found the task, task_id: nope" },
		{ REQUEST("pause", ""), 400,
		    FAILED("pause") "not found the task, task_id: " },
		{ REQUEST("resume", "'task_id':'nope'"), 400,
		    FAILED("resume") "not found the task, task_id: nope" },
		{ REQUEST("delete", "'task_id':'nope'"), 400,
		    FAILED("delete") "not found the task, task_id: nope" },
		{ REQUEST("delete", ""), 400,
		    FAILED("delete") "not found the task, task_id: " },
		{ REQUEST("delete", "'task_id':'nope','ignore_not_found':true"),
		    200, NULL },
		{ REQUEST("position", ""), 400,
		    FAILED("position") "task_id is empty" },
		{ REQUEST("position", "'task_id':'nope'"), 400,
		    FAILED("position") "not found: [nope]" },
		{ REQUEST("get", "'task_id':'../../etc'"), 400,
		    FAILED("get") "not found: [../../etc]" },
		{ REQUEST("delete", "'task_id':'..'"), 400,
		    FAILED("delete") "not found the task, task_id: .." },
		{ REQUEST("pause", "'task_id':'a/b'"), 400,
		    FAILED("pause") "not found the task, task_id: a/b" },
	};
	json_t *j;

	(void)state;
	ROWS(t);
	j = cdc("{'request_type':'list'}");
	assert_int_equal(json_array_size(at(j, "data.tasks")), 0);
	assert_true(json_is_array(at(j, "data.tasks")));
	json_decref(j);
}

static void
a_task_is_paused_resumed_and_deleted_once(void **state)
{
	static const struct row t[] = {
		{ CREATE("'task_id':'x'," HERE "," A), 200, NULL },
		{ REQUEST("resume", "'task_id':'x'"), 400,
		    FAILED("resume") "the task has running, task_id: x" },
		{ REQUEST("pause", "'task_id':'x'"), 200, NULL },
		{ REQUEST("pause", "'task_id':'x'"), 400,
		    FAILED("pause") "the task has paused, task_id: x" },
		{ REQUEST("resume", "'task_id':'x'"), 200, NULL },
		{ REQUEST("resume", "'task_id':'x'"), 400,
		    FAILED("resume") "the task has running, task_id: x" },
		{ REQUEST("delete", "'task_id':'x'"), 200, NULL },
		{ REQUEST("delete", "'task_id':'x'"), 400,
		    FAILED("delete") "not found the task, task_id: x" },
		{ REQUEST("delete", "'task_id':'x','ignore_not_found':true"),
		    200, NULL },
	};

	(void)state;
	ROWS(t);
	assert_int_equal(tasks(), 0);
}

/* ---- maintenance ---- */

#define DO(op, params)                                                         \
	REQUEST("maintenance", "'operation':'" op "','params':{" params "}")
#define CANNOT(message) 400, FAILED("maintenance") message

static void
maintenance_says_what_it_did(void **state)
{
	static const struct row t[] = {
		{ DO("nope", ""), CANNOT("unsupported operation: nope") },
		{ DO("set_log_level", ""), CANNOT("log_level is required") },
		{ DO("set_log_level", "'log_level':'bogus'"),
		    CANNOT("parse log level failed: unrecognized level: "
			   "\"bogus\"") },
		{ DO("set_force_log_msg", "'force':true"),
		    CANNOT("set_force_log_msg is refused: rows have no place "
			   "in a log") },
		{ DO("reset_log_msg", "'count':1"),
		    CANNOT("duration is required") },
		{ DO("reset_log_msg", "'count':'x','duration':1"),
		    CANNOT("parse count failed: it is no integer") },
	};
	json_t *j;

	(void)state;
	ROWS(t);
	j = cdc(DO("set_log_level", "'log_level':'warn'"));
	assert_string_equal(text_at(j, "data.State"), "set log level to warn");
	assert_string_equal(text_at(j, "data.state"), "set log level to warn");
	json_decref(j);
	j = cdc(DO("reset_log_msg", "'count':1,'duration':1"));
	assert_string_equal(text_at(j, "data.State"),
	    "reset log msg count to 1, duration to 1");
	assert_int_equal(json_array_size(at(j, "data.warnings")), 1);
	json_decref(j);
}

static void
html_is_escaped_as_go_does_it(void **state)
{
	struct web_res r;
	static const char ask[] = "{\"request_type\":\"get\",\"request_data\":{"
				  "\"task_id\":\"<a&b>\"}}";

	(void)state;
	api_bytes("POST", "/cdc", ask, sizeof ask - 1, NULL, &r);
	assert_string_equal(r.body.ptr,
	    "{\"code\":400,\"message\":\"fail to handle the get request, "
	    "error: not found: [\\u003ca\\u0026b\\u003e]\"}\n");
	web_res_fini(&r);
}

/* A name in it is no word of what is asked. */
static void
its_type_decides_its_room(void **state)
{
	static const struct {
		const char *body;
		enum web_room room;
	} all[] = {
		{ "{\"request_type\":\"list\"}", WEB_SHORT },
		{ "{\"request_type\" : \"get\",\"request_data\":{\"task_id\":"
		  "\"create\"}}",
		    WEB_SHORT },
		{ "{\"request_type\":\"create\",\"request_data\":{"
		  "\"collection_infos\":[{\"name\":\"list\"},{\"name\":"
		  "\"get\"}]}}",
		    WEB_LONG },
		{ "{\"request_type\":\"cr\\u0065ate\",\"x\":\"get\"}",
		    WEB_LONG },
		{ "{\"request_type\":\"delete\"}", WEB_LONG },
	};
	struct web_req q = { .method = "POST", .path = "/cdc" };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		q.body = all[i].body;
		q.body_len = strlen(q.body);
		assert_int_equal(api_room(&q), all[i].room);
	}
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(only_post_is_supported),
		T(the_status_can_be_the_code),
		T(a_path_is_exactly_cdc),
		T(a_token_for_reading_changes_nothing),
		T(what_is_no_request),
		T(types_are_strict),
		T(unknown_fields_and_other_cases_are_told_of),
		T(hostile_bodies_are_refused),
		T(tasks_that_are_not_there),
		T(a_task_is_paused_resumed_and_deleted_once),
		T(maintenance_says_what_it_did),
		T(html_is_escaped_as_go_does_it),
		T(its_type_decides_its_room),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
