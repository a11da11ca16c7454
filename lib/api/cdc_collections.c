#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/pb_read.h"
#include "model/names.h"
#include "model/pos.h"
#include "task/task.h"

/* What a create replicates: collections, their positions, new names. */

enum { NAME_LEN = 255, B64_MAX = 4096 };

static const struct api_field position_element = { "", API_STR, API_H, NULL,
	NULL, NULL };
const struct api_field coll_fields[] = {
	{ "name", API_STR, API_H, NULL, NULL, NULL },
	{ "positions", API_MAP, API_H, &position_element, NULL, NULL },
	{ "use_start_position", API_BOOL, API_H, NULL, NULL, NULL },
	{ 0 },
};
const struct api_field coll_element = { "", API_OBJ, API_H, coll_fields, NULL,
	NULL };
const struct api_field db_element = { "", API_LIST, API_H, &coll_element, NULL,
	NULL };

static const struct api_field target_name = { "", API_STR, API_H, NULL, NULL,
	NULL };
const struct api_field mapping_fields[] = {
	{ "source_db", API_STR, API_H, NULL, NULL, NULL },
	{ "target_db", API_STR, API_H, NULL, NULL, NULL },
	{ "collection_mapping", API_MAP, API_H, &target_name, NULL, NULL },
	{ 0 },
};
const struct api_field mapping_element = { "", API_OBJ, API_H, mapping_fields,
	NULL, NULL };
const struct api_field rpc_fields[] = {
	{ "name", API_STR, API_H, NULL, NULL, NULL },
	{ "position", API_STR, API_H, NULL, NULL, NULL },
	{ 0 },
};

/* ---- names ---- */

/*
 * 1 if Milvus accepts the name. Others, with a dot for example, would have a
 * meaning here.
 */
static int
name_good(const char *s)
{
	if (!isalpha((unsigned char)s[0]) && s[0] != '_')
		return 0;
	for (size_t i = 1; s[i] != '\0'; i++)
		if (i >= NAME_LEN ||
		    (!isalnum((unsigned char)s[i]) && s[i] != '_'))
			return 0;
	return 1;
}

static int
check_name(struct order *o, const char *what, const char *s)
{
	char cut[API_SHOWN + 1];

	if (strcmp(s, "*") == 0 || name_good(s))
		return 0;
	return call_fail(o->c, 400,
	    "the %s name is invalid: letters, digits and _, the first no "
	    "digit, or *, %s",
	    what, api_cut(s, cut));
}

static size_t
max_name(const struct order *o)
{
	return o->c->api->max_name == 0 ? API_NAME : o->c->api->max_name;
}

/* ---- positions ---- */

/*
 * The length of the topic in a channel name such as
 * by-dev-rootcoord-dml_11_4706v0; 0 if it is no channel name.
 */
static size_t
topic_len(const char *v)
{
	const char *last = strrchr(v, '_'), *p;

	if (last == NULL || last == v || !isdigit((unsigned char)last[1]))
		return 0;
	for (p = last + 1; isdigit((unsigned char)*p);)
		p++;
	if (*p++ != 'v' || !isdigit((unsigned char)*p))
		return 0;
	while (isdigit((unsigned char)*p))
		p++;
	return *p == '\0' ? (size_t)(last - v) : 0;
}

/*
 * msg.proto MsgPosition {1 channel_name, 2 msgID}; with Kafka the msgID is the
 * offset, eight bytes, little-endian. 0 if text is such a position.
 */
static int
decode(const char *text, struct buf *channel, int64_t *offset)
{
	size_t n = strlen(text);
	uint8_t raw[B64_MAX] = { 0 };
	ptrdiff_t k = n > B64_MAX ? -1 : b64_get(text, n, raw);
	struct pbwalk w = pbwalk_init(raw, k < 0 ? 0 : (size_t)k);
	struct pbfield f;
	int rc, found = 0;

	if (k < 0)
		return -1;
	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.wire == PB_BYTES && f.field == 1) {
			buf_clear(channel);
			buf_add(channel, f.ptr, f.len);
		}
		if (f.wire == PB_BYTES && f.field == 2) {
			if (f.len != 8)
				return -1;
			*offset = (int64_t)num_le64(f.ptr);
			found = 1;
		}
	}
	return rc == 0 && found && *offset >= -1 && *offset < INT64_MAX ? 0
									: -1;
}

/* Begin behind that message in that topic. */
static int
add_position(
    struct order *o, const char *vchannel, const char *topic, const char *text)
{
	json_t *pos = json_object_get(o->from, "pos");
	struct buf channel = { 0 };
	char cut[API_SHOWN + 1];
	int64_t offset = 0;
	int rc = 0;

	if (decode(text, &channel, &offset) == -1)
		rc = call_fail(o->c, 400,
		    "fail to decode the position data: of '%s': want base64 of "
		    "a MsgPosition with an offset of Kafka",
		    api_cut(vchannel, cut));
	else if (channel.len > 0 && strcmp(channel.ptr, topic) != 0 &&
		 strcmp(channel.ptr, vchannel) != 0)
		rc = call_fail(o->c, 400,
		    "fail to decode the position data: that of '%s' is of "
		    "another channel",
		    api_cut(vchannel, cut));
	else
		json_object_set_new(pos, topic,
		    json_pack("{s:I, s:I, s:s}", "o", (json_int_t)offset + 1,
			"n", (json_int_t)offset + 1, "ts", "0"));
	buf_fini(&channel);
	return rc;
}

static int
is_virtual(const char *channel)
{
	const char *last = strrchr(channel, '_');

	return last != NULL && strchr(last, 'v') != NULL;
}

static int
check_positions(struct order *o, const json_t *coll)
{
	json_t *positions = json_object_get(coll, "positions");
	char cut[API_SHOWN + 1];
	const char *key;
	json_t *v;

	if (json_object_size(positions) == 0)
		return 0;
	if (strcmp(api_str(coll, "name"), "*") == 0)
		return call_fail(o->c, 400,
		    "the collection name is `*`, the positions should be "
		    "empty");
	json_object_foreach(positions, key, v)
	{
		if (!is_virtual(key))
			return call_fail(o->c, 400,
			    "the position channel name is not virtual channel, "
			    "%s",
			    api_cut(key, cut));
	}
	return 0;
}

static int
take_positions(struct order *o, const json_t *coll)
{
	json_t *positions = json_object_get(coll, "positions");
	char cut[API_SHOWN + 1], *topic;
	const char *key;
	struct err e;
	json_t *v;
	int rc = 0;

	if (json_object_size(positions) == 0)
		return 0;
	json_decref(o->from);
	o->from = json_pack("{s:s, s:{}}", "ts", "0", "pos");
	json_object_foreach(positions, key, v)
	{
		if (topic_len(key) == 0)
			return call_fail(o->c, 400,
			    "the vchannel is invalid, %s, err: want "
			    "TOPIC_COLLECTIONvSHARD",
			    api_cut(key, cut));
		topic = x_strndup(key, topic_len(key));
		if (pos_topic_name(topic, &e) == -1)
			rc = call_fail(o->c, 400, "%s", e.msg);
		else
			rc = add_position(o, key, topic, json_string_value(v));
		free(topic);
		if (rc == -1)
			break;
	}
	return rc;
}

/* ---- collections ---- */

/*
 * Called for every collection of the request, with its database and its object.
 */
typedef int each(struct order *o, const char *db, const json_t *coll);

static int
each_of(struct order *o, const char *db, const json_t *list, each *f)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (f(o, db, json_array_get(list, i)) == -1)
			return -1;
	return 0;
}

static int
each_coll(struct order *o, each *f)
{
	json_t *dbs = json_object_get(o->all, "db_collections");
	const char *db;
	json_t *list;

	if (each_of(o, DEFAULT_DB, json_object_get(o->all, "collection_infos"),
		f) == -1)
		return -1;
	json_object_foreach(dbs, db, list)
	{
		if (each_of(o, db, list, f) == -1)
			return -1;
	}
	return 0;
}

static int
check_empty(struct order *o, const char *db, const json_t *coll)
{
	(void)db;
	if (api_str(coll, "name")[0] != '\0')
		return 0;
	return call_fail(
	    o->c, 400, "there is a collection name that is empty. ");
}

static int
check_length(struct order *o, const char *db, const json_t *coll)
{
	char cut[API_SHOWN + 1];

	if (strlen(db) > max_name(o))
		return call_fail(o->c, 400,
		    "the db name length exceeds %zu characters, %s",
		    max_name(o), api_cut(db, cut));
	if (strlen(api_str(coll, "name")) <= max_name(o))
		return 0;
	return call_fail(o->c, 400,
	    "there are some collection names whose length exceeds %zu "
	    "characters, [%s]",
	    max_name(o), api_cut(api_str(coll, "name"), cut));
}

static int
check_each(struct order *o, const char *db, const json_t *coll)
{
	if (check_positions(o, coll) == -1 || check_name(o, "db", db) == -1)
		return -1;
	return check_name(o, "collection", api_str(coll, "name"));
}

/*
 * Takes the one start of a task; collections made later always start at their
 * own beginning.
 */
static int
take_start(struct order *o, const json_t *coll)
{
	int start = json_is_true(json_object_get(coll, "use_start_position"));
	const char *word = start ? "start" : "now";

	if (o->from != NULL && strcmp(json_string_value(o->from), word) != 0)
		return call_fail(o->c, 400,
		    "use_start_position must be the same for all collections "
		    "of a task");
	if (o->from == NULL)
		o->from = json_string(word);
	return 0;
}

static int
take_coll(struct order *o, const char *db, const json_t *coll)
{
	char *pattern = x_asprintf("%s.%s", db, api_str(coll, "name"));
	const json_t *list = json_object_get(o->options, "include");
	int rc = 0, there = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		there |= strcmp(json_string_value(json_array_get(list, i)),
			     pattern) == 0;
	if (!there)
		rc = order_option(o, "include", pattern);
	free(pattern);
	return rc == -1 ? -1 : take_start(o, coll);
}

static int
take_each_position(struct order *o, const char *db, const json_t *coll)
{
	const json_t *list = json_object_get(o->options, "include");

	(void)db;
	if (json_object_size(json_object_get(coll, "positions")) > 0 &&
	    json_array_size(list) > 1)
		return call_fail(
		    o->c, 400, "positions are for a task of one collection");
	return take_positions(o, coll);
}

/* Counts the collections; -1 if a database has none. */
static int
count(struct order *o, const json_t *dbs, size_t *n)
{
	const char *db;
	json_t *list;

	json_object_foreach(api_any(dbs), db, list)
	{
		if (json_array_size(list) == 0)
			return call_fail(o->c, 400, "empty collection info");
		*n += json_array_size(list);
	}
	return 0;
}

int
order_collections(struct order *o, const json_t *v)
{
	const json_t *dbs = json_object_get(o->all, "db_collections");
	size_t n = json_array_size(v);

	if (n == 0 && json_object_size(dbs) == 0)
		return call_fail(o->c, 400, "the collection info is empty");
	if (n > 0 && json_object_size(dbs) > 0)
		return call_fail(o->c, 400,
		    "the collection info and db collection info should be only "
		    "one");
	if (count(o, dbs, &n) == -1)
		return -1;
	if (n > API_COLLS)
		return call_fail(o->c, 400,
		    "more than %d collections: use * or several tasks",
		    API_COLLS);
	if (each_coll(o, check_empty) == -1 ||
	    each_coll(o, check_length) == -1 ||
	    each_coll(o, check_each) == -1 || each_coll(o, take_coll) == -1)
		return -1;
	return each_coll(o, take_each_position);
}

/* ---- other names ---- */

/*
 * 1 if the task includes db.coll; with coll NULL, if it includes anything of
 * db.
 */
static int
in_task(const struct order *o, const char *db, const char *coll)
{
	const json_t *list = json_object_get(o->options, "include");
	size_t n = strlen(db);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		const char *dot = strchr(s, '.');
		int same_db;

		/* not from such a request: it names no database */
		if (dot == NULL)
			continue;
		same_db = s[0] == '*' ||
			  ((size_t)(dot - s) == n && !strncmp(s, db, n));

		if (same_db && (coll == NULL || dot[1] == '*' ||
				   strcmp(dot + 1, coll) == 0))
			return 1;
	}
	return 0;
}

static int
rename_one(struct order *o, const char *db, const char *coll, const char *to_db,
    const char *to_coll)
{
	char *rule;
	int rc;

	if (!in_task(o, db, coll))
		return call_fail(o->c, 400,
		    "the collection name in the name mapping is not in the "
		    "collection info, checkout it");
	if (!name_good(db) || !name_good(to_db) ||
	    (coll != NULL && !name_good(coll)) ||
	    (to_coll != NULL && !name_good(to_coll)))
		return call_fail(o->c, 400,
		    "a name in the name mapping is invalid: letters, digits "
		    "and _, the first no digit");
	rule = coll == NULL
		   ? x_asprintf("%s=%s", db, to_db)
		   : x_asprintf("%s.%s=%s.%s", db, coll, to_db, to_coll);
	rc = order_option(o, "rename", rule);
	free(rule);
	return rc;
}

static int
take_mapping(struct order *o, const json_t *m)
{
	const char *db = api_str(m, "source_db");
	const char *to_db = api_str(m, "target_db"), *coll;
	json_t *colls = json_object_get(m, "collection_mapping"), *to;

	db = db[0] == '\0' ? DEFAULT_DB : db;
	to_db = to_db[0] == '\0' ? DEFAULT_DB : to_db;
	if (json_object_size(colls) == 0)
		return rename_one(o, db, NULL, to_db, NULL);
	json_object_foreach(colls, coll, to)
	{
		if (rename_one(o, db, coll, to_db, json_string_value(to)) == -1)
			return -1;
	}
	return 0;
}

int
order_mapping(struct order *o, const json_t *v)
{
	for (size_t i = 0; i < json_array_size(v); i++)
		if (take_mapping(o, json_array_get(v, i)) == -1)
			return -1;
	return 0;
}

/* ---- the source's channel of requests: only used for flushes ---- */

static char *
rpc_topic(const struct order *o)
{
	const char *cluster =
	    json_string_value(json_object_get(o->options, "cluster"));
	const char *root =
	    json_string_value(json_object_get(o->options, "root"));

	if (cluster != NULL)
		return x_asprintf("%s-replicate-msg", cluster);
	root = root == NULL ? "by-dev" : root;
	return x_asprintf("%.*s-replicate-msg", (int)strcspn(root, "/"), root);
}

int
order_rpc(struct order *o, const json_t *v)
{
	const char *name = api_str(v, "name"), *at = api_str(v, "position");
	char *topic = rpc_topic(o);
	int rc = 0;

	if ((name[0] != '\0' || at[0] != '\0') && strcmp(name, topic) != 0)
		rc = call_fail(o->c, 400,
		    "the rpc channel is invalid, the channel name should be "
		    "the same as the source config");
	else if (at[0] != '\0' && json_is_object(o->from))
		rc = add_position(o, topic, topic, at);
	else if (at[0] != '\0')
		call_warn(o->c,
		    "'rpc_channel_info.position' is ignored: without positions "
		    "of a collection this channel begins where they do");
	free(topic);
	return rc;
}
