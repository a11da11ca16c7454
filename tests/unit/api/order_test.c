/* What a create comes to. */
#include "../apimake.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/pb_write.h"
#include "model/tso.h"

/* ---- 2: what a create comes to ---- */

static void
option_is(const char *body, const char *option, const char *json)
{
	json_t *j = cdc(body), *task;
	char *text;

	if (text_at(j, "message")[0] != '\0')
		fprintf(stderr, "%s\n  %s\n", body, text_at(j, "message"));
	assert_int_equal(json_integer_value(at(j, "code")), 200);
	task = definition(text_at(j, "data.task_id"));
	text = json_dumps(
	    option[0] == '/' ? json_object_get(task, option + 1)
	    : at(task, "options") == NULL
		? NULL
		: json_object_get(json_object_get(task, "options"), option),
	    JSON_ENCODE_ANY | JSON_COMPACT);
	assert_string_equal(text == NULL ? "none" : text, json);
	free(text);
	json_decref(task);
	json_decref(cdc(REQUEST("list", "")));
	text = x_asprintf(
	    REQUEST("delete", "'task_id':'%s'"), text_at(j, "data.task_id"));
	expect(text, 200, NULL);
	free(text);
	json_decref(j);
}

static void
fields_become_options(void **state)
{
	static const struct {
		const char *body, *option, *json;
	} t[] = {
		{ CREATE(HERE "," A), "target", "\"http://127.0.0.1:1\"" },
		{ CREATE(TO("'uri':'h:5/'") "," A), "target",
		    "\"http://h:5\"" },
		{ CREATE(TO("'uri':'https://h','host':'i','port':3") "," A),
		    "target", "\"https://h\"" },
		{ CREATE(TO("'host':'h','port':5") "," A), "target",
		    "\"http://h:5\"" },
		{ CREATE(TO("'host':'h','port':5,'enable_tls':true") "," A),
		    "target", "\"https://h:5\"" },
		{ CREATE(TO("'host':'::1','port':5") "," A), "target",
		    "\"http://[::1]:5\"" },
		{ CREATE(HERE "," A), "token-file", "none" },
		{ CREATE(HERE "," A), "include", "[\"default.a\"]" },
		{ CREATE(HERE ",'collection_infos':[{'name':'a'},"
			      "{'name':'b'},{'name':'a'}]"),
		    "include", "[\"default.a\",\"default.b\"]" },
		{ CREATE(HERE ",'collection_infos':[{'name':'*'}]"), "include",
		    "[\"default.*\"]" },
		{ CREATE(HERE ",'db_collections':{'*':[{'name':'*'}]}"),
		    "include", "[\"*.*\"]" },
		{ CREATE(HERE ",'db_collections':{'d':[{'name':'a'},"
			      "{'name':'b'}],'e':[{'name':'*'}]}"),
		    "include", "[\"d.a\",\"d.b\",\"e.*\"]" },
		{ CREATE(HERE ",'collection_infos':[{'name':'a',"
			      "'use_start_position':true}]"),
		    "/from", "\"start\"" },
		{ CREATE(HERE "," A ",'name_mapping':[{'source_db':'default',"
			      "'target_db':'d','collection_mapping':"
			      "{'a':'b'}}]"),
		    "rename", "[\"default.a=d.b\"]" },
		{ CREATE(HERE "," A ",'name_mapping':[{'source_db':'default',"
			      "'target_db':'d'}]"),
		    "rename", "[\"default=d\"]" },
		{ CREATE(HERE "," A ",'extra_info':{'enable_user_role':true}"),
		    "with-users", "true" },
		{ CREATE("'milvus_connect_param':{'uri':'http://h:1',"
			 "'ignore_partition':true}," A),
		    "ignore-partitions", "true" },
		{ CREATE(HERE "," A ",'rpc_channel_info':"
			      "{'name':'by-dev-replicate-msg'}"),
		    "rename", "none" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		option_is(t[i].body, t[i].option, t[i].json);
}

static void
the_source_is_the_servers(void **state)
{
	static const char *const roots[] = { "root=other", "root=test", NULL };

	(void)state;
	option_is(CREATE(HERE "," A), "etcd", "\"http://127.0.0.1:2379\"");
	setenv("CDC_ETCD", "http://etcd:1", 1);
	option_is(CREATE(HERE "," A), "etcd", "\"http://etcd:1\"");
	unsetenv("CDC_ETCD");
	api.options = json_pack("{s:s, s:s, s:[s]}", "etcd", "http://e:2",
	    "root", "prod", "property", "a=b");
	option_is(CREATE(HERE "," A), "etcd", "\"http://e:2\"");
	option_is(CREATE(HERE "," A), "property", "[\"a=b\"]");
	option_is(CREATE(HERE "," A ",'rpc_channel_info':"
			      "{'name':'prod-replicate-msg'}"),
	    "root", "\"prod\"");
	json_decref(plain("POST", "/tasks",
	    "{'name':'x','options':{'target':'h','root':'test'}}", 422));
	api.sources = roots;
	json_decref(plain("POST", "/tasks",
	    "{'name':'x','options':{'target':'h','root':'test'}}", 201));
	json_decref(api.options);
	api.options = definition("x");
	assert_string_equal(text_at(api.options, "options.root"), "test");
	assert_string_equal(text_at(api.options, "options.etcd"), "http://e:2");
	json_decref(api.options);
}

/* What POST /tasks says to an option of the source besides the target. */
static json_t *
sourced(const char *option, int status)
{
	char *body = x_asprintf(
	    "{'name':'x','options':{'target':'h',%s},'token':'a:b'}", option);
	json_t *j = plain("POST", "/tasks", body, status);

	free(body);
	return j;
}

static void
a_source_is_refused_in_one_sentence(void **state)
{
	static const char *const others[] = { "'etcd':'http://127.0.0.1:1'",
		"'etcd':'http://e:2/'", "'etcd':'http://E:2'",
		"'etcd':'http://e:2,http://evil:1'", "'etcd':'http://e:2?a'",
		"'etcd':''", "'brokers':'evil:1'", "'brokers':'k:1,evil:1'",
		"'root':'other'", "'meta-path':'x'", "'cluster':'x'" };
	char want[200];

	(void)state;
	api.options = json_pack(
	    "{s:s, s:s}", "etcd", "http://e:2", "etcd-user-file", "/login");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		json_t *j = sourced(others[i], 422);

		snprintf(want, sizeof want,
		    "option '%.*s' is refused: tasks of this server read its "
		    "own source, and what its administrator allows besides",
		    (int)strcspn(others[i] + 1, "'"), others[i] + 1);
		assert_string_equal(text_at(j, "detail"), want);
		json_decref(j);
	}
	json_decref(sourced(
	    "'etcd':'http://e:2','root':'by-dev','brokers':'127.0.0.1:9092'",
	    201));
	json_decref(api.options);
	api.options = definition("x");
	assert_string_equal(text_at(api.options, "options.etcd"), "http://e:2");
	assert_string_equal(
	    text_at(api.options, "options.etcd-user-file"), "/login");
	json_decref(api.options);
}

static void
another_source_gets_no_login_of_ours(void **state)
{
	static const char *const some[] = { "etcd=http://f:3", "brokers=l:4",
		NULL };
	json_t *j;

	(void)state;
	api.sources = some;
	api.options = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s]}", "etcd",
	    "http://e:2", "etcd-user-file", "/login", "etcd-cert", "/c",
	    "etcd-key", "/k", "etcd-cacert", "/ca", "property", "@/sasl");
	json_decref(sourced("'etcd':'http://f:3'", 201));
	j = definition("x");
	assert_string_equal(text_at(j, "options.etcd"), "http://f:3");
	assert_null(at(j, "options.etcd-user-file"));
	assert_null(at(j, "options.etcd-cert"));
	assert_null(at(j, "options.etcd-key"));
	assert_string_equal(text_at(j, "options.etcd-cacert"), "/ca");
	assert_non_null(at(j, "options.property"));
	json_decref(j);
	json_decref(plain("DELETE", "/tasks/x", "", 204));
	json_decref(sourced("'brokers':'l:4'", 201));
	j = definition("x");
	assert_null(at(j, "options.property"));
	assert_string_equal(text_at(j, "options.etcd-user-file"), "/login");
	json_decref(j);
	json_decref(api.options);
}

/* The option of x, made for this target, or "refused". */
static void
login_is(const char *body, const char *option, const char *value)
{
	json_t *j = cdc(body);

	if (option == NULL) {
		assert_non_null(value);
		assert_int_equal(json_integer_value(at(j, "code")), 400);
		assert_non_null(strstr(text_at(j, "message"), value));
		json_decref(j);
		return;
	}
	assert_int_equal(json_integer_value(at(j, "code")), 200);
	json_decref(j);
	j = definition("x");
	if (value == NULL)
		assert_true(json_is_true(at(j, option)));
	else
		assert_string_equal(text_at(j, option), value);
	assert_int_equal(strcmp(option, "options.no-token") == 0,
	    at(j, "options.no-token") != NULL);
	json_decref(j);
	json_decref(plain("DELETE", "/tasks/x", "", 204));
}

static void
a_target_gets_the_login_that_is_for_it(void **state)
{
	static const char *const some[] = { "http://plain:1",
		"https://lock:2=/their/token", NULL };
	static const char *const both[] = { "https://lock:2=/their/token", "*",
		NULL };

	(void)state;
	api.targets = NULL;
	login_is(CREATE("'task_id':'x'," TO("'uri':'other:1'") "," A), NULL,
	    "the milvus token is missing");
	login_is(
	    CREATE("'task_id':'x'," TO("'uri':'other:1','token':'a:b'") "," A),
	    "options.target", "http://other:1");
	/* the default is no target of ours */
	login_is(CREATE("'task_id':'x'," TO("'uri':'127.0.0.1'") "," A), NULL,
	    "the milvus token is missing");
	/* ours, with whatever our environment has */
	setenv("CDC_TARGET", "https://ours:5", 1);
	login_is(CREATE("'task_id':'x'," TO("'uri':'https://OURS:5/'") "," A),
	    "options.target", "https://ours:5");
	login_is(CREATE("'task_id':'x'," TO("'uri':'http://ours:5'") "," A),
	    NULL, "the milvus token is missing");
	unsetenv("CDC_TARGET");
	api.targets = some;
	login_is(CREATE("'task_id':'x'," TO("'uri':'http://Plain:1'") "," A),
	    "options.no-token", NULL);
	login_is(CREATE("'task_id':'x'," TO("'uri':'https://lock:2'") "," A),
	    "options.token-file", "/their/token");
	login_is(CREATE("'task_id':'x'," TO("'uri':'http://lock:2'") "," A),
	    NULL, "none that this server's administrator allows");
	login_is(CREATE("'task_id':'x'," TO("'uri':'o:1','token':'a:b'") "," A),
	    NULL, "none that this server's administrator allows");
	api.targets = both;
	login_is(CREATE("'task_id':'x'," TO("'uri':'https://lock:2'") "," A),
	    "options.token-file", "/their/token");
	login_is(CREATE("'task_id':'x'," TO("'uri':'http://any:2'") "," A),
	    "options.no-token", NULL);
}

static void
fields_without_effect_are_told_of(void **state)
{
	(void)state;
	expect_warning(CREATE(TO("'uri':'h:1','channel_num':16") "," A),
	    "'channel_num' is ignored");
	expect_warning(
	    CREATE(TO("'uri':'h:2'") "," A ",'buffer_config':{'period':3}"),
	    "'buffer_config' is ignored");
	expect_warning(CREATE(TO("'uri':'h:3'") "," A ",'positions':{'a':1}"),
	    "'positions' is ignored");
	expect_warning(CREATE(TO("'uri':'h:4','connect_timeout':500") "," A),
	    "'connect_timeout' is 120");
}

static void
an_id_is_made(void **state)
{
	json_t *j = cdc(CREATE(HERE "," A));
	const char *id = text_at(j, "data.task_id");

	(void)state;
	assert_int_equal(strlen(id), 32);
	assert_int_equal(strspn(id, "0123456789abcdef"), 32);
	assert_int_equal(id[12], '4');
	assert_non_null(strchr("89ab", id[16]));
	json_decref(j);
}

static void
now_is_the_time_of_the_create(void **state)
{
	uint64_t before = tso_from_ms(clock_unix_ms());
	json_t *task;
	const char *from;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A), 200, NULL);
	task = definition("x");
	from = text_at(task, "from");
	assert_memory_equal(from, "ts:", 3);
	assert_true(strtoull(from + 3, NULL, 10) >= before);
	json_decref(task);
}

static void
secrets_are_in_a_file_of_their_own(void **state)
{
	char *path = NULL, *task_path = NULL, *secret;
	struct err e;
	struct stat st;
	struct web_res r;
	json_t *j;

	(void)state;
	expect(CREATE("'task_id':'x'," A
		      "," TO("'uri':'h:1','username':'u','password':'s3cret'")),
	    200, NULL);
	path = state_path(api.dir, "x", "token");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	j = definition("x");
	assert_string_equal(text_at(j, "options.token-file"), path);
	secret = json_dumps(j, 0);
	assert_null(strstr(secret, "s3cret"));
	assert_null(strstr(secret, "username"));
	free(secret);
	json_decref(j);
	j = state_read(api.dir, path + strlen(api.dir) + 1, &e); /* no JSON */
	assert_null(j);
	for (int i = 0; i < 2; i++) {
		const char *b = i == 0 ? "{\"request_type\":\"list\"}"
				       : "{\"request_type\":\"get\",\"request_"
					 "data\":{\"task_id\":\"x\"}}";

		api_bytes("POST", "/cdc", b, strlen(b), NULL, &r);
		assert_null(strstr(r.body.ptr, "s3cret"));
		assert_null(strstr(r.body.ptr, "username"));
		web_res_fini(&r);
	}
	free(path);
	free(task_path);
}

/* A runner may be elsewhere. */
static void
a_secret_has_its_whole_path(void **state)
{
	json_t *j;
	char *want = x_asprintf("%s/x/tasks/x/token", api_dir);

	(void)state;
	assert_int_equal(chdir(api_dir), 0);
	api.dir = "x";
	expect(CREATE("'task_id':'x'," A "," TO("'uri':'h:1','token':'t'")),
	    200, NULL);
	j = definition("x");
	assert_string_equal(text_at(j, "options.token-file"), want);
	json_decref(j);
	free(want);
	assert_int_equal(chdir("/"), 0);
}

static void
certificates_lie_below_the_folder(void **state)
{
	static const char *const bad[] = { "/etc/ssl/certs/ca-certificates.crt",
		"../x", "none.pem", "link.pem", "text.pem", "sub/../ca.pem" };
	char *tls = x_asprintf("%s/tls", api_dir), *cmd, *body;

	(void)state;
	cmd = x_asprintf("mkdir '%s' && cd '%s' && echo '-----BEGIN X' >ca.pem "
			 "&& echo x >text.pem && ln -s ca.pem link.pem && "
			 "mkdir sub",
	    tls, tls);
	assert_int_equal(system(cmd), 0);
	api.tls_dir = tls;
	for (size_t i = 0; i < 6; i++) {
		body = x_asprintf(
		    CREATE(TO("'uri':'h:1','dial_config':{'server_pem_path':"
			      "'%s'}") "," A),
		    bad[i]);
		expect(body,
		    NO("fail to connect the milvus: a file of dial_config is "
		       "no certificate below the server's --tls-dir"));
		free(body);
	}
	free(cmd);
	cmd = x_asprintf("\"%s/ca.pem\"", tls);
	option_is(CREATE(TO("'uri':'h:1','dial_config':{'server_pem_path':"
			    "'ca.pem','server_name':'h'}") "," A),
	    "target-cacert", cmd);
	api.tls_dir = NULL;
	expect(CREATE(TO("'uri':'h:1','dial_config':{'server_pem_path':"
			 "'ca.pem'}") "," A),
	    NO("fail to connect the milvus: a file of dial_config is no "
	       "certificate below the server's --tls-dir"));
	free(cmd);
	free(tls);
}

/* ---- 2.5: positions ---- */

/* Base64 of MsgPosition {channel, offset}. */
static char *
position(const char *channel, int64_t offset)
{
	struct buf pb = { 0 }, text = { 0 };
	uint8_t id[8];

	num_put_le64(id, (uint64_t)offset);
	pbw_bytes(&pb, 1, channel, strlen(channel));
	pbw_bytes(&pb, 2, id, 8);
	b64_add(&text, pb.ptr, pb.len);
	buf_fini(&pb);
	return buf_take(&text);
}

static void
a_create_begins_behind_its_positions(void **state)
{
	char *at_41 = position("by-dev-rootcoord-dml_3", 41);
	char *rpc = position("by-dev-replicate-msg", 7);
	char *other = position("by-dev-rootcoord-dml_4", 41);
	char *body = x_asprintf(
	    CREATE("'task_id':'x'," HERE ",'collection_infos':[{'name':'a',"
		   "'positions':{'by-dev-rootcoord-dml_3_4706v0':'%s'}}],"
		   "'rpc_channel_info':{'name':'by-dev-replicate-msg',"
		   "'position':'%s'}"),
	    at_41, rpc);
	json_t *j;

	(void)state;
	expect(body, 200, NULL);
	j = definition("x");
	assert_int_equal(
	    json_integer_value(at(j, "from.pos.by-dev-rootcoord-dml_3.o")), 42);
	assert_int_equal(
	    json_integer_value(at(j, "from.pos.by-dev-replicate-msg.o")), 8);
	json_decref(j);
	/* and says so, as given, with the time of one that has not run */
	j = cdc(REQUEST("position", "'task_id':'x'"));
	assert_int_equal(json_array_size(at(j, "data.positions")), 2);
	assert_string_equal(text_at(j, "data.positions.1.channel_name"),
	    "by-dev-rootcoord-dml_3");
	assert_string_equal(text_at(j, "data.positions.1.msg_id"), at_41);
	assert_int_equal(json_integer_value(at(j, "data.positions.1.time")), 0);
	assert_int_equal(
	    json_integer_value(at(j, "data.positions.1.tt")), 262144);
	json_decref(j);
	free(body);
	body = x_asprintf(
	    CREATE(TO("'uri':'h:7'") ",'collection_infos':[{'name':'a',"
				     "'positions':{'by-dev-rootcoord-dml_3_"
				     "4706v0':'%s'}}]"),
	    other);
	expect(
	    body, NO("fail to decode the position data: that of "
		     "'by-dev-rootcoord-dml_3_4706v0' is of another channel"));
	free(body);
	body = x_asprintf(
	    CREATE(
		TO("'uri':'h:7'") ",'collection_infos':[{'name':'b'},"
				  "{'name':'a','positions':"
				  "{'by-dev-rootcoord-dml_3_4706v0':'%s'}}]"),
	    at_41);
	expect(body, NO("positions are for a task of one collection"));
	free(body);
	free(at_41);
	free(rpc);
	free(other);
}

static void
positions_are_those_of_the_checkpoint(void **state)
{
	struct checkpoint cp = { .known = json_pack("{s:{s:s}, s:{s:s}}",
				     "470613509629281985", "name", "default.a",
				     "db:1", "name", "default") };
	uint64_t ts = tso_from_ms(1700000000000) + 5;
	char *want = position("by-dev-rootcoord-dml_3", 99);
	struct web_res r;
	static const char ask[] = "{\"request_type\":\"position\",\"request_"
				  "data\":{\"task_id\":\"x\"}}";
	struct err e;
	json_t *j;

	(void)state;
	expect(CREATE("'task_id':'x'," HERE "," A), 200, NULL);
	j = cdc(REQUEST("position", "'task_id':'x'"));
	assert_int_equal(json_array_size(at(j, "data.positions")), 0);
	assert_true(json_is_array(at(j, "data.op_positions")));
	assert_true(json_is_null(at(j, "data.target_positions")));
	json_decref(j);
	cp.pos.ts = ts;
	pos_set(&cp.pos, "by-dev-rootcoord-dml_3", mq_id_offset(100),
	    mq_id_offset(120), ts);
	assert_int_equal(checkpoint_save(api.dir, "x", &cp, &e), 0);
	api_bytes("POST", "/cdc", ask, sizeof ask - 1, NULL, &r);
	/* exact digits, which a double has not */
	assert_non_null(
	    strstr(r.body.ptr, "\"collection_id\":470613509629281985,"));
	assert_non_null(strstr(r.body.ptr, "\"time\":1700000000000,"));
	assert_non_null(strstr(r.body.ptr, "\"tt\":445644800000262144,"));
	assert_non_null(strstr(r.body.ptr, want));
	j = json_loads(r.body.ptr, 0, NULL);
	assert_int_equal(json_array_size(at(j, "data.positions")), 1);
	assert_true(
	    json_equal(at(j, "data.positions"), at(j, "data.op_positions")));
	json_decref(j);
	web_res_fini(&r);
	checkpoint_fini(&cp);
	free(want);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(fields_become_options),
		T(the_source_is_the_servers),
		T(a_source_is_refused_in_one_sentence),
		T(another_source_gets_no_login_of_ours),
		T(a_target_gets_the_login_that_is_for_it),
		T(fields_without_effect_are_told_of),
		T(an_id_is_made),
		T(now_is_the_time_of_the_create),
		T(secrets_are_in_a_file_of_their_own),
		T(a_secret_has_its_whole_path),
		T(certificates_lie_below_the_folder),
		T(a_create_begins_behind_its_positions),
		T(positions_are_those_of_the_checkpoint),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
