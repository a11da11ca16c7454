#include "ddl/ddl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/err.h"
#include "base/out.h"
#include "ddl/known.h"
#include "model/op_write.h"

/* A source's catalogue on one side, what the target has on the other. */
struct fixture {
	struct cat cat;
	struct view view;
	struct emit emit;
	struct out out;
	struct ddl *d;
};

static int
want(void *arg, const char *db, const char *coll, int64_t id)
{
	(void)arg;
	(void)db;
	(void)id;
	return strcmp(coll, "not_ours") != 0;
}

static int
want_db(void *arg, const char *db)
{
	(void)arg;
	return strcmp(db, "not_ours") != 0;
}

static void
begin(struct fixture *f)
{
	struct ddl_conf conf = { .cat = &f->cat,
		.view = &f->view,
		.emit = &f->emit,
		.want = want,
		.want_db = want_db,
		.drop_dbs = 1 };

	memset(f, 0, sizeof *f);
	f->out.fd = -1;
	f->emit.out = &f->out;
	f->d = ddl_new(&conf);
}

static void
end(struct fixture *f)
{
	ddl_free(f->d);
	view_fini(&f->view);
	cat_fini(&f->cat);
	emit_fini(&f->emit);
	out_fini(&f->out);
}

/* A line of the catalogue; noted if the catalogue is `ready`. */
static void
at_source(struct fixture *f, const char *fmt, ...)
{
	struct cat_change ch;
	struct err e = { 0 };
	struct buf b = { 0 };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_adds(&b, text);
	for (size_t i = 0; i < b.len; i++)
		if (b.ptr[i] == '\'')
			b.ptr[i] = '"';
	if (cat_line(&f->cat, b.ptr, b.len, &ch, &e) == -1)
		fail_msg("%s: %s", b.ptr, e.msg);
	if (f->cat.ready && ch.kind != CAT_READY)
		ddl_note(f->d, &ch);
	buf_fini(&b);
}

static void
database(struct fixture *f, int id, const char *name, const char *state, int ts)
{
	at_source(f,
	    "{'kind':'database','id':'%d','name':'%s','state':'%s','ts':'%d'}",
	    id, name, state, ts);
}

/* In database d, of the id 2. */
static void
collection(
    struct fixture *f, int id, const char *name, const char *state, int ts)
{
	at_source(f,
	    "{'kind':'collection','id':'%d','db':'d','db_id':'2',"
	    "'name':'%s','state':'%s','ts':'%d','create_ts':'%d','shards':1,"
	    "'vchannels':[],'start':{}}",
	    id, name, state, ts, id * 10);
}

static void
partition(struct fixture *f, int id, int coll, const char *state, int ts)
{
	at_source(f,
	    "{'kind':'partition','id':'%d','coll_id':'%d','name':'p%d',"
	    "'state':'%s','ts':'%d','create_ts':'%d'}",
	    id, coll, id, state, ts, ts);
}

static void
ready(struct fixture *f)
{
	at_source(f, "{'kind':'catalogue','v':1,'root':'r/meta'}");
	database(f, 2, "d", "created", 5);
}

static void
add_one(struct buf *b, const char *line)
{
	static const char *const texts[] = { "db", "coll", "new_coll", "part",
		"alias", "index" };
	static const char *const flags[] = { "ensure", "partial", "gone" };
	json_t *j = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	const char *s;

	assert_non_null(j);
	buf_addf(b, "%s@%s", json_string_value(json_object_get(j, "op")),
	    json_string_value(json_object_get(j, "ts")));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if ((s = json_string_value(json_object_get(j, texts[i]))))
			buf_addf(b, " %s", s);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (json_is_true(json_object_get(j, flags[i])))
			buf_addf(b, " %s", flags[i]);
	buf_addc(b, '\n');
	json_decref(j);
}

/* What was written since the last look. */
static void
is_told(struct fixture *f, const char *text)
{
	struct buf b = { 0 };
	char *line, *at = f->out.b.ptr;

	buf_adds(&b, "");
	while (f->out.b.len > 0 && (line = strsep(&at, "\n")) != NULL &&
	       *line != '\0')
		add_one(&b, line);
	assert_string_equal(b.ptr == NULL ? "" : b.ptr, text);
	buf_clear(&f->out.b);
	buf_fini(&b);
}

static void
apply_all(struct fixture *f)
{
	while (ddl_next(f->d) != UINT64_MAX)
		ddl_apply(f->d);
}

static void
what_is_there_is_made_in_the_order_of_time(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	ready(&f);
	database(&f, 3, "not_ours", "created", 6);
	collection(&f, 7, "b", "created", 90);
	collection(&f, 6, "a", "created", 95);
	collection(&f, 8, "not_ours", "created", 80);
	partition(&f, 71, 7, "created", 75);
	at_source(&f, "{'kind':'alias','db':'d','db_id':'2','name':'al',"
		      "'coll_id':'6','state':'created','ts':'73'}");
	at_source(&f, "{'kind':'ready','rev':9,'ts':'95'}");
	ddl_start(f.d, 100, 0);
	is_told(&f, "");
	assert_int_equal(ddl_next(f.d), 5);
	assert_int_equal(ddl_last(f.d), 75);
	apply_all(&f);
	is_told(&f, "create_database@5 d\n"
		    "create_collection@60 d a\n"
		    "create_collection@70 d b\n"
		    "create_alias@73 d a al\n"
		    "create_partition@75 d b p71\n");
	end(&f);
}

/* With two collections of before, and nothing left to write. */
static void
begin_with_two(struct fixture *f)
{
	begin(f);
	ready(f);
	collection(f, 6, "a", "created", 60);
	collection(f, 7, "b", "created", 70);
	at_source(f, "{'kind':'ready','rev':9,'ts':'70'}");
	ddl_start(f->d, 100, 0);
	apply_all(f);
	is_told(f, "create_database@5 d\n"
		   "create_collection@60 d a\n"
		   "create_collection@70 d b\n");
}

static void
a_change_waits_for_its_turn(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	collection(&f, 7, "b", "dropped", 120);
	partition(&f, 61, 6, "created", 110);
	assert_int_equal(ddl_next(f.d), 110);
	assert_int_equal(ddl_last(f.d), 120);
	is_told(&f, "");
	ddl_apply(f.d);
	is_told(&f, "create_partition@110 d a p61\n");
	ddl_apply(f.d);
	is_told(&f, "drop_collection@120 d b\n");
	assert_int_equal(ddl_next(f.d), UINT64_MAX);
	assert_int_equal(ddl_last(f.d), 0);
	end(&f);
}

static void
two_may_change_their_names(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	collection(&f, 6, "b", "created", 110);
	collection(&f, 7, "a", "created", 111);
	apply_all(&f);
	is_told(&f, "rename_collection@110 d b cdc_moving_7\n"
		    "rename_collection@110 d a b\n"
		    "rename_collection@111 d cdc_moving_7 a\n");
	end(&f);
}

/* Rows of what is made and dropped while it waits have a place all the same. */
static void
what_came_and_went_is_gone(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	collection(&f, 11, "c", "created", 110);
	collection(&f, 11, "c", "dropped", 120);
	apply_all(&f);
	is_told(&f, "create_collection@110 d c gone\n"
		    "drop_collection@120 d c gone\n");
	end(&f);
}

static void
a_drop_after_until_is_none(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	ddl_until(f.d, 119);
	collection(&f, 7, "b", "dropped", 120);
	assert_false(ddl_gone(f.d, cat_coll(&f.cat, 7)));
	apply_all(&f);
	is_told(&f, "");
	ddl_until(f.d, 120);
	assert_true(ddl_gone(f.d, cat_coll(&f.cat, 7)));
	end(&f);
}

static void
rows_bring_what_they_need(void **state)
{
	struct fixture f;
	struct cat_coll *c;

	(void)state;
	begin(&f);
	ready(&f);
	collection(&f, 6, "a", "created", 60);
	partition(&f, 61, 6, "created", 65);
	at_source(&f, "{'kind':'ready','rev':9,'ts':'65'}");
	ddl_start(f.d, 100, 0);
	c = cat_coll(&f.cat, 6);
	ddl_need(f.d, c, cat_part(c, 61), 80);
	is_told(&f, "create_database@5 d\n"
		    "create_collection@60 d a\n"
		    "create_partition@65 d a p61\n");
	ddl_need(f.d, c, cat_part(c, 61), 81);
	is_told(&f, "");
	/* what waits in the queue is said once more, and not as new */
	apply_all(&f);
	is_told(&f, "create_database@5 d ensure\n"
		    "create_collection@60 d a ensure\n"
		    "create_partition@65 d a p61 ensure\n");
	end(&f);
}

/* Between two runs: one dropped, one renamed, one older than the stream. */
static void
a_start_mends_what_was_not_seen(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	view_add_db(&f.view, 2, "d");
	view_add_db(&f.view, 3, "e");
	view_add(&f.view, 6, "d", "a");
	view_add(&f.view, 7, "d", "b");
	ready(&f);
	collection(&f, 6, "x", "created", 90);
	collection(&f, 8, "c", "created", 80);
	at_source(&f, "{'kind':'ready','rev':9,'ts':'90'}");
	ddl_start(f.d, 100, 85);
	is_told(&f, "drop_collection@100 d b\n"
		    "rename_collection@100 d a x\n"
		    "drop_database@100 e\n");
	apply_all(&f);
	is_told(&f, "create_database@5 d ensure\n"
		    "create_collection@60 d x ensure\n"
		    "create_collection@80 d c partial\n");
	end(&f);
}

static void
indexes_and_loads_follow_the_rows(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	ddl_settle(f.d, 100);
	is_told(&f, "");
	at_source(&f,
	    "{'kind':'index','id':'91','coll_id':'6','field':'v','name':'i',"
	    "'state':'created','ts':'110','params':{}}");
	at_source(&f,
	    "{'kind':'load','coll_id':'6','type':'collection','replicas':1,"
	    "'partitions':[]}");
	assert_int_equal(ddl_next(f.d), UINT64_MAX);
	ddl_settle(f.d, 109);
	is_told(&f, "");
	ddl_settle(f.d, 110);
	is_told(&f, "create_index@110 d a i\n"
		    "load_collection@110 d a\n");
	ddl_settle(f.d, 120);
	is_told(&f, "");
	/* Milvus drops no index of what is loaded */
	at_source(&f,
	    "{'kind':'index','id':'91','coll_id':'6','field':'v','name':'i',"
	    "'state':'dropped','ts':'130','params':{}}");
	at_source(&f, "{'kind':'load','event':'delete','coll_id':'6'}");
	ddl_settle(f.d, 131);
	is_told(&f, "release_collection@131 d a\n"
		    "drop_index@131 d a i\n");
	end(&f);
}

/* A load has no time of its own: it is behind all that is known by then. */
static void
a_load_waits_for_what_was_before_it(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	ddl_settle(f.d, 100);
	collection(&f, 7, "c", "created", 140);
	at_source(&f,
	    "{'kind':'load','coll_id':'7','type':'collection','replicas':1,"
	    "'partitions':[]}");
	ddl_settle(f.d, 139);
	is_told(&f, "");
	apply_all(&f);
	ddl_settle(f.d, 140);
	is_told(&f, "rename_collection@140 d b c\n"
		    "load_collection@140 d c\n");
	end(&f);
}

/* At its own moment, which the catalogue's newest change does not hide. */
static void
a_truncation_is_told_once(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	at_source(&f,
	    "{'kind':'collection','id':'7','db_id':'2','state':'created',"
	    "'ts':'150','create_ts':'70','truncate_ts':'145'}");
	apply_all(&f);
	is_told(&f, "truncate_collection@145 d b\n");
	collection(&f, 7, "c", "created", 160);
	apply_all(&f);
	is_told(&f, "rename_collection@160 d b c\n");
	end(&f);
}

/* One that the target does not have yet is made, and empty. */
static void
a_truncation_before_its_creation_is_none(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_two(&f);
	at_source(&f,
	    "{'kind':'collection','id':'9','db':'d','db_id':'2','name':'e',"
	    "'state':'created','ts':'150','create_ts':'90','shards':1,"
	    "'vchannels':[],'start':{},'truncate_ts':'145'}");
	apply_all(&f);
	is_told(&f, "create_collection@150 d e partial\n");
	collection(&f, 9, "e", "created", 160);
	apply_all(&f);
	is_told(&f, "");
	end(&f);
}

/* Of a streaming log: a whole schema, whose fields are those of `fields`. */
static void
schema_is(struct fixture *f, int ts, const char *more, const char *fields)
{
	at_source(f,
	    "{'kind':'collection','id':'7','db':'d','db_id':'2','name':'b',"
	    "'state':'created','ts':'%d','create_ts':'70','vchannels':[],"
	    "%s'fields':[{'id':100,'name':'pk','type':'Int64',"
	    "'primary_key':true},%s]}}",
	    ts, more, fields);
}

/* The catalogue at ts ends here; the log goes on behind 100. */
static void
ready_for_log(struct fixture *f, const char *ts)
{
	at_source(f, "{'kind':'ready','rev':9,'ts':'%s','ddl':'log'}", ts);
	ddl_start(f->d, 100, 0);
	apply_all(f);
}

static void
begin_with_fields(struct fixture *f)
{
	begin(f);
	at_source(f, "{'kind':'catalogue','v':1,'root':'r/meta'}");
	database(f, 2, "d", "created", 5);
	schema_is(f, 70, "'consistency':'Bounded','schema':{",
	    "{'id':101,'name':'a','type':'Int64','nullable':true},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'9','mmap.enabled':'true'}}");
	ready_for_log(f, "70");
	is_told(f, "create_database@5 d\ncreate_collection@70 d b\n");
}

static void
is_line(struct fixture *f, const char *text)
{
	apply_all(f);
	buf_adds(&f->out.b, "");
	for (size_t i = 0; i < f->out.b.len; i++)
		if (f->out.b.ptr[i] == '"')
			f->out.b.ptr[i] = '\'';
	assert_string_equal(f->out.b.ptr, text);
	buf_clear(&f->out.b);
}

/* One that goes and one that comes, of one name; and the dynamic one. */
static void
fields_are_the_same_by_their_ids(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_fields(&f);
	schema_is(&f, 150, "'schema':{'dynamic':true,'dynamic_id':104,",
	    "{'id':103,'name':'a','type':'VarChar','nullable':true,"
	    "'params':{'max_length':'5'}},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'9','mmap.enabled':'true'}}");
	is_line(&f, "{'op':'drop_field','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','field':'a','field_id':'101'}\n"
		    "{'op':'add_field','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','field':'$meta','field_id':'104',"
		    "'schema':{'id':104,'name':'$meta','type':'JSON'}}\n"
		    "{'op':'add_field','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','field':'a','field_id':'103',"
		    "'schema':{'id':103,'name':'a','type':'VarChar',"
		    "'nullable':true,'params':{'max_length':'5'}}}\n");
	schema_is(&f, 160, "'schema':{'dynamic':true,'dynamic_id':104,",
	    "{'id':103,'name':'a','type':'VarChar','nullable':true,"
	    "'params':{'max_length':'5'}},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'9','mmap.enabled':'true'}}");
	is_line(&f, "");
	end(&f);
}

static void
a_field_is_altered(void **state)
{
	struct fixture f;

	(void)state;
	begin_with_fields(&f);
	schema_is(&f, 150, "'schema':{",
	    "{'id':101,'name':'a','type':'Int64','nullable':true,"
	    "'description':'w'},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'20'}}");
	is_line(&f, "{'op':'alter_field','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','field':'a','params':{},'description':'w'}\n"
		    "{'op':'alter_field','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','field':'s','params':{'max_length':'20'},"
		    "'delete':['mmap.enabled']}\n");
	schema_is(&f, 160, "'schema':{",
	    "{'id':101,'name':'z','type':'Int64','nullable':true,"
	    "'description':'w'},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'20'}}");
	is_line(&f, "{'op':'alter_field','ts':'160','db':'d','coll':'b',"
		    "'coll_id':'7','field':'a','params':{},"
		    "'schema':{'id':101,'name':'z','description':'w',"
		    "'type':'Int64','nullable':true}}\n");
	end(&f);
}

static void
a_level_and_words_are_altered(void **state)
{
	static const char same[] =
	    "{'id':101,'name':'a','type':'Int64','nullable':true},"
	    "{'id':102,'name':'s','type':'VarChar',"
	    "'params':{'max_length':'9','mmap.enabled':'true'}}";
	struct fixture f;

	(void)state;
	begin_with_fields(&f);
	schema_is(&f, 150, "'schema':{'description':'w',", same);
	is_line(&f, "{'op':'alter_collection','ts':'150','db':'d','coll':'b',"
		    "'coll_id':'7','properties':{},'description':'w',"
		    "'consistency':'Bounded'}\n");
	at_source(&f,
	    "{'kind':'collection','id':'7','db_id':'2','state':'created',"
	    "'ts':'160','create_ts':'70','consistency':'Strong'}");
	is_line(&f, "{'op':'alter_collection','ts':'160','db':'d','coll':'b',"
		    "'coll_id':'7','properties':{},'description':'w',"
		    "'consistency':'Strong'}\n");
	end(&f);
}

/* In a log they have their places, though the catalogue is of later. */
static void
in_a_log_indexes_and_loads_wait_for_nothing(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	ready(&f);
	collection(&f, 6, "a", "created", 60);
	at_source(&f,
	    "{'kind':'index','id':'61','coll_id':'6','field':'v','name':'i',"
	    "'state':'created','ts':'65','params':{}}");
	ready_for_log(&f, "900");
	ddl_settle(f.d, 100);
	at_source(&f,
	    "{'kind':'load','coll_id':'6','type':'collection','replicas':1,"
	    "'partitions':[]}");
	ddl_settle(f.d, 110);
	at_source(&f,
	    "{'kind':'index','event':'delete','id':'61','coll_id':'6',"
	    "'field':'v','name':'i','state':'dropped','ts':'65','params':{}}");
	ddl_settle(f.d, 120);
	is_told(&f, "create_database@5 d\n"
		    "create_collection@60 d a\n"
		    "create_index@65 d a i\n"
		    "load_collection@110 d a\n"
		    "release_collection@120 d a\n"
		    "drop_index@120 d a i\n"
		    "load_collection@120 d a\n");
	end(&f);
}

/* The source loads it by itself, and no message tells of that. */
static void
in_a_log_a_new_partition_of_a_loaded_collection_is_loaded(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	ready(&f);
	collection(&f, 6, "a", "created", 60);
	at_source(&f,
	    "{'kind':'load','coll_id':'6','type':'collection','replicas':1,"
	    "'partitions':['60']}");
	ready_for_log(&f, "100");
	ddl_settle(f.d, 100);
	partition(&f, 61, 6, "created", 110);
	apply_all(&f);
	ddl_settle(f.d, 110);
	at_source(&f,
	    "{'kind':'load','coll_id':'6','type':'collection','replicas':1,"
	    "'partitions':['60']}");
	ddl_settle(f.d, 120);
	is_told(&f, "create_database@5 d\n"
		    "create_collection@60 d a\n"
		    "load_collection@100 d a\n"
		    "create_partition@110 d a p61\n"
		    "release_partitions@120 d a\n");
	end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_made_in_the_order_of_time),
		cmocka_unit_test(a_change_waits_for_its_turn),
		cmocka_unit_test(two_may_change_their_names),
		cmocka_unit_test(what_came_and_went_is_gone),
		cmocka_unit_test(a_drop_after_until_is_none),
		cmocka_unit_test(rows_bring_what_they_need),
		cmocka_unit_test(a_start_mends_what_was_not_seen),
		cmocka_unit_test(indexes_and_loads_follow_the_rows),
		cmocka_unit_test(a_load_waits_for_what_was_before_it),
		cmocka_unit_test(a_truncation_is_told_once),
		cmocka_unit_test(a_truncation_before_its_creation_is_none),
		cmocka_unit_test(in_a_log_indexes_and_loads_wait_for_nothing),
		cmocka_unit_test(
		    in_a_log_a_new_partition_of_a_loaded_collection_is_loaded),
		cmocka_unit_test(fields_are_the_same_by_their_ids),
		cmocka_unit_test(a_field_is_altered),
		cmocka_unit_test(a_level_and_words_are_altered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
