/* What a create is refused for. */
#include "../apimake.h"

#include <pthread.h>

static const char name_255[] =
    "nn12345678901234567890123456789012345678901234567890123456789012345678901"
    "234567890123456789012345678901234567890123456789012345678901234567890123"
    "456789012345678901234567890123456789012345678901234567890123456789012345"
    "67890123456789012345678901234567890123";

/* ---- 1.4: what a create is refused for ---- */

static void
targets_are_checked(void **state)
{
	static const struct row t[] = {
		{ CREATE(A), NO("the downstream address is empty") },
		{ CREATE(HERE ",'kafka_connect_param':{'address':'k:1'}," A),
		    NO("don't support milvus and kafka at the same time now") },
		{ CREATE(TO("'host':'h'") "," A),
		    NO("the milvus port is less or equal zero") },
		{ CREATE(TO("'host':'h','port':-1") "," A),
		    NO("the milvus port is less or equal zero") },
		{ CREATE(TO("'port':1") "," A),
		    NO("the milvus host is empty") },
		{ CREATE(TO("'uri':'h','username':'u'") "," A),
		    NO("cannot set only one of the milvus username and "
		       "password") },
		{ CREATE(TO("'uri':'h','password':'p','token':'t'") "," A),
		    NO("cannot set only one of the milvus username and "
		       "password") },
		{ CREATE(TO("'uri':'h','connect_timeout':-1") "," A),
		    NO("the milvus connect timeout is less zero") },
		{ CREATE(HERE ",'buffer_config':{'period':-1}," A),
		    NO("the cache period is less zero") },
		{ CREATE(HERE ",'buffer_config':{'size':-1}," A),
		    NO("the cache size is less zero") },
		{ CREATE("'kafka_connect_param':{'address':'k:1',"
			 "'topic':'t'}," A),
		    NO("'kafka_connect_param' is refused: pipe cdc-read into a "
		       "Kafka producer") },
		{ CREATE("'kafka_connect_param':{'address':'k:1'}," A),
		    NO("'kafka_connect_param' is refused: pipe cdc-read into a "
		       "Kafka producer") },
		{ CREATE(TO("'uri':'http://h:1/x'") "," A),
		    NO("the milvus uri has a path, which a Milvus has not, "
		       "http://h:1/x") },
		{ CREATE(TO("'uri':'tcp://h:1'") "," A),
		    NO("the milvus uri is neither http nor https, tcp://h:1") },
		{ CREATE(TO("'uri':'http://u:p@h:1'") "," A),
		    NO("the milvus uri has a user in it: use username and "
		       "password, or token") },
		{ CREATE(TO("'uri':'http://h:99999'") "," A),
		    NO("the milvus uri is invalid, http://h:99999") },
		{ CREATE(TO("'uri':'h h'") "," A),
		    NO("the milvus uri is invalid, h h") },
		{ CREATE(TO("'host':'h/x','port':1") "," A),
		    NO("the milvus host is invalid") },
		{ CREATE(TO("'uri':'h','token':'a\\nb'") "," A),
		    NO("the milvus token has control characters, or more than "
		       "4096 bytes") },
		{ CREATE(
		      TO("'uri':'h','dial_config':{'server_name':'x'}") "," A),
		    NO("'server_name' is refused: the certificate's name must "
		       "be the uri's host") },
	};

	(void)state;
	ROWS(t);
	assert_int_equal(tasks(), 0);
}

static void
collections_are_checked(void **state)
{
	static const struct row t[] = {
		{ CREATE(HERE), NO("the collection info is empty") },
		{ CREATE(HERE ",'collection_infos':[]"),
		    NO("the collection info is empty") },
		{ CREATE(HERE ",'db_collections':{'d':[]}"),
		    NO("empty collection info") },
		{ CREATE(HERE "," A ",'db_collections':{'d':[{'name':'a'}]}"),
		    NO("the collection info and db collection info should be "
		       "only one") },
		{ CREATE(HERE ",'collection_infos':[{'name':''}]"),
		    NO("there is a collection name that is empty. ") },
		{ CREATE(HERE ",'collection_infos':[{}]"),
		    NO("there is a collection name that is empty. ") },
		{ CREATE(HERE ",'collection_infos':[{'name':'*','positions':"
			      "{'a_1v0':''}}]"),
		    NO("the collection name is `*`, the positions should be "
		       "empty") },
		{ CREATE(HERE ",'collection_infos':[{'name':'a','positions':"
			      "{'a':''}}]"),
		    NO("the position channel name is not virtual channel, a") },
		{ CREATE(HERE ",'collection_infos':[{'name':'a','positions':"
			      "{'x_1_v':''}}]"),
		    NO("the vchannel is invalid, x_1_v, err: want "
		       "TOPIC_COLLECTIONvSHARD") },
		{ CREATE(HERE ",'collection_infos':[{'name':'a','positions':"
			      "{'t_1v0':'!'}}]"),
		    NO("fail to decode the position data: of 't_1v0': want "
		       "base64 of a MsgPosition with an offset of Kafka") },
		{ CREATE(HERE "," A ",'rpc_channel_info':{'name':'x'}"),
		    NO("the rpc channel is invalid, the channel name should be "
		       "the same as the source config") },
		{ CREATE(HERE "," A ",'name_mapping':[{'source_db':'default',"
			      "'target_db':'d','collection_mapping':"
			      "{'b':'c'}}]"),
		    NO("the collection name in the name mapping is not in the "
		       "collection info, checkout it") },
		{ CREATE(HERE "," A ",'name_mapping':[{'source_db':'e',"
			      "'target_db':'d'}]"),
		    NO("the collection name in the name mapping is not in the "
		       "collection info, checkout it") },
		{ CREATE(HERE "," A ",'name_mapping':[{'source_db':'default',"
			      "'target_db':'d.e'}]"),
		    NO("a name in the name mapping is invalid: letters, digits "
		       "and _, the first no digit") },
		{ CREATE(HERE ",'collection_infos':[{'name':'a.b'}]"),
		    NO("the collection name is invalid: letters, digits and _, "
		       "the first no digit, or *, a.b") },
		{ CREATE(HERE ",'collection_infos':[{'name':'foo*'}]"),
		    NO("the collection name is invalid: letters, digits and _, "
		       "the first no digit, or *, foo*") },
		{ CREATE(HERE ",'db_collections':{'a.b':[{'name':'c'}]}"),
		    NO("the db name is invalid: letters, digits and _, the "
		       "first no digit, or *, a.b") },
		{ CREATE(HERE ",'collection_infos':[{'name':'a'},{'name':'b',"
			      "'use_start_position':true}]"),
		    NO("use_start_position must be the same for all "
		       "collections of a task") },
	};

	(void)state;
	ROWS(t);
	assert_int_equal(tasks(), 0);
}

static void
a_name_that_is_too_long_is_cut(void **state)
{
	char *body = x_asprintf(
	    CREATE(HERE ",'collection_infos':[{'name':'%sxy'}]"), name_255);
	char *db = x_asprintf(
	    CREATE(HERE ",'db_collections':{'%sxy':[{'name':'a'}]}"), name_255);
	char *good = x_asprintf(
	    CREATE(HERE ",'collection_infos':[{'name':'%s'}]"), name_255);
	char *want = x_asprintf(
	    FAILED("create") "there are some collection names whose length "
			     "exceeds 256 characters, [%.64s]",
	    name_255);
	char *want_db = x_asprintf(FAILED("create") "the db name length "
						    "exceeds 256 characters, "
						    "%.64s",
	    name_255);

	(void)state;
	assert_int_equal(strlen(name_255), 255);
	expect(body, 400, want);
	expect(db, 400, want_db);
	expect(good, 200, NULL);
	free(body);
	free(db);
	free(good);
	free(want);
	free(want_db);
}

static void
a_task_id_names_a_folder(void **state)
{
	static const char *const bad[] = { "../x", "a/b", "..", ".x", "-x",
		"a b", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		char *body =
		    x_asprintf(CREATE("'task_id':'%s'," HERE "," A), bad[i]);
		json_t *j = cdc(body);

		assert_int_equal(json_integer_value(at(j, "code")), 400);
		assert_non_null(strstr(text_at(j, "message"), "no task name"));
		json_decref(j);
		free(body);
	}
	assert_int_equal(tasks(), 0);
}

/* ---- 1.4: beside others ---- */

static void
an_equal_task_is_the_same_one(void **state)
{
	static const char x[] = "'task_id':'x'," A ",";
	json_t *j;

	(void)state;
	(void)x;
	expect(CREATE("'task_id':'x'," A "," TO("'uri':'h:1','token':'a:b'")),
	    200, NULL);
	j = cdc(CREATE("'task_id':'x'," A "," TO("'uri':'h:1','token':'a:b'")));
	assert_string_equal(text_at(j, "data.task_id"), "x");
	json_decref(j);
	expect(CREATE("'task_id':'x'," A "," TO("'uri':'h:1','token':'a:c'")),
	    NO("the task 'x' is there with another definition"));
	expect(CREATE("'task_id':'x'," A "," TO("'uri':'h:1'")),
	    NO("the task 'x' is there with another definition"));
	expect(CREATE("'task_id':'x','collection_infos':[{'name':'b'}]," TO(
		   "'uri':'h:1','token':'a:b'")),
	    NO("the task 'x' is there with another definition"));
	assert_int_equal(tasks(), 1);
}

static void
two_tasks_do_not_write_to_one_collection(void **state)
{
	static const struct row t[] = {
		{ CREATE(TO("'uri':'127.0.0.1:1'") "," A), 200, NULL },
		/* the same target, spelled otherwise */
		{ CREATE(TO("'uri':'http://localhost:1/'") "," A),
		    NO("the collection name is duplicate with existing task, "
		       "[default.a]") },
		{ CREATE(TO("'host':'localhost','port':1") ","
							   "'collection_infos':"
							   "[{'name':'b'},{'"
							   "name':'a'}]"),
		    NO("the collection name is duplicate with existing task, "
		       "[default.a]") },
		/* another target */
		{ CREATE(TO("'uri':'127.0.0.1:2'") "," A), 200, NULL },
	};

	(void)state;
	ROWS(t);
	/* a * leaves out what is there */
	expect_warning(
	    CREATE(TO("'uri':'127.0.0.1:1'") ",'task_id':'star','collection_"
					     "infos':[{'name':'*'}]"),
	    "collection 'default.a' is left out");
	expect(CREATE(TO(
		   "'uri':'127.0.0.1:1'") ",'collection_infos':[{'name':'c'}]"),
	    NO("the collection name is duplicate with existing task, "
	       "[default.c]"));
	expect(CREATE(TO(
		   "'uri':'127.0.0.1:1'") ",'collection_infos':[{'name':'*'}]"),
	    NO("the collection name is duplicate with existing task, "
	       "[default.*]"));
	assert_int_equal(tasks(), 3);
}

static void
users_are_taken_by_one_task(void **state)
{
	static const struct row t[] = {
		{ CREATE("'task_id':'x'," HERE "," A
			 ",'extra_info':{'enable_user_role':true}"),
		    200, NULL },
		{ CREATE(HERE ",'collection_infos':[{'name':'b'}],"
			      "'extra_info':{'enable_user_role':true}"),
		    NO("the enable user role param is duplicate") },
		{ REQUEST("delete", "'task_id':'x'"), 200, NULL },
		{ CREATE(HERE ",'collection_infos':[{'name':'b'}],"
			      "'extra_info':{'enable_user_role':true}"),
		    200, NULL },
	};

	(void)state;
	ROWS(t);
}

static void
there_are_so_many_tasks(void **state)
{
	(void)state;
	api.max_tasks = 2;
	expect(CREATE(TO("'uri':'h:1'") "," A), 200, NULL);
	expect(CREATE(TO("'uri':'h:2'") "," A), 200, NULL);
	expect(CREATE(TO("'uri':'h:3'") "," A),
	    NO("the task num has reach the limit, 2"));
	assert_int_equal(tasks(), 2);
}

/* ---- at once ---- */

enum { THREADS = 10 };
static const char *at_once_body;

static void *
one_of_many(void *arg)
{
	json_t *j = cdc(at_once_body);

	*(json_t **)arg = j;
	return NULL;
}

/* How many of them are answered so. */
static int
at_once(const char *const *bodies, int code, const char *message)
{
	pthread_t t[THREADS];
	json_t *j[THREADS];
	int n = 0;

	for (int i = 0; i < THREADS; i++) {
		at_once_body = bodies[0];
		assert_int_equal(
		    pthread_create(&t[i], NULL, one_of_many, &j[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		n += json_integer_value(at(j[i], "code")) == code &&
		     strcmp(text_at(j[i], "message"), message) == 0;
		json_decref(j[i]);
	}
	return n;
}

static void
of_ten_at_once_one_is_made(void **state)
{
	static const char *const same[] = { CREATE(
	    "'task_id':'x'," HERE "," A) };
	static const char *const any[] = { CREATE(
	    TO("'uri':'127.0.0.1:9'") "," A) };
	static const char *const pause[] = { REQUEST(
	    "pause", "'task_id':'x'") };
	static const char *const resume[] = { REQUEST(
	    "resume", "'task_id':'x'") };
	static const char *const delete[] = { REQUEST(
	    "delete", "'task_id':'x'") };

	(void)state;
	assert_int_equal(at_once(same, 200, ""), THREADS);
	assert_int_equal(tasks(), 1);
	assert_int_equal(at_once(pause, 400,
			     FAILED("pause") "the task has paused, task_id: x"),
	    THREADS - 1);
	assert_int_equal(at_once(resume, 200, ""), 1);
	assert_int_equal(at_once(delete, 200, ""), 1);
	assert_int_equal(tasks(), 0);
	assert_int_equal(
	    at_once(any, 400,
		FAILED("create") "the collection name is duplicate with "
				 "existing task, [default.a]"),
	    THREADS - 1);
	assert_int_equal(tasks(), 1);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(targets_are_checked),
		T(collections_are_checked),
		T(a_name_that_is_too_long_is_cut),
		T(a_task_id_names_a_folder),
		T(an_equal_task_is_the_same_one),
		T(two_tasks_do_not_write_to_one_collection),
		T(users_are_taken_by_one_task),
		T(there_are_so_many_tasks),
		T(of_ten_at_once_one_is_made),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
