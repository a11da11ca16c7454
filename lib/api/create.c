#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "model/pattern.h"
#include "net/tls.h"
#include "net/uri.h"
#include "state/state.h"
#include "task/actions.h"
#include "task/task.h"

int
order_id(struct order *o, const json_t *v)
{
	const char *id = v == NULL ? "" : json_string_value(v);
	uint8_t r[16];

	if (id[0] != '\0') {
		if (state_name(id, &o->c->e) == -1) {
			o->c->code = 400;
			return -1;
		}
		snprintf(o->id, sizeof o->id, "%s", id);
		return 0;
	}
	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		return call_fail(o->c, 500, "no random numbers");
	r[6] = (uint8_t)((r[6] & 15) | 64); /* RFC 9562: version 4 */
	r[8] = (uint8_t)((r[8] & 63) | 128);
	for (size_t i = 0; i < sizeof r; i++)
		snprintf(o->id + 2 * i, 3, "%02x", r[i]);
	return 0;
}

static int
take_period(struct order *o, const json_t *v)
{
	if (json_integer_value(v) >= 0)
		return 0;
	return call_fail(o->c, 400, "the cache period is less zero");
}

static int
take_size(struct order *o, const json_t *v)
{
	if (json_integer_value(v) >= 0)
		return 0;
	return call_fail(o->c, 400, "the cache size is less zero");
}

static const struct api_field buffer_fields[] = {
	{ "period", API_INT, API_H, NULL, take_period, NULL },
	{ "size", API_INT, API_H, NULL, take_size, NULL },
	{ 0 },
};

static int
take_buffer(struct order *o, const json_t *v)
{
	return api_take(o, buffer_fields, v);
}

static int
take_users(struct order *o, const json_t *v)
{
	return json_is_true(v) ? order_option(o, "with-users", "") : 0;
}

static const struct api_field extra_fields[] = {
	{ "enable_user_role", API_BOOL, API_H, NULL, take_users, NULL },
	{ 0 },
};

static int
take_extra(struct order *o, const json_t *v)
{
	return api_take(o, extra_fields, v);
}

int
order_paused(struct order *o, const json_t *v)
{
	o->paused = json_is_true(v);
	return 0;
}

/* In the order of Milvus-CDC's checks: the first mistake is the answer. */
const struct api_field create_fields[] = {
	{ "task_id", API_STR, API_H, NULL, order_id, NULL },
	{ "milvus_connect_param", API_OBJ, API_H, target_fields, order_target,
	    NULL },
	{ "buffer_config", API_OBJ, API_W, buffer_fields, take_buffer,
	    "what is buffered has limits of its own" },
	{ "kafka_connect_param", API_OBJ, API_R, kafka_fields, NULL,
	    "pipe cdc-read into a Kafka producer" },
	{ "collection_infos", API_LIST, API_H, &coll_element, order_collections,
	    NULL },
	{ "db_collections", API_MAP, API_H, &db_element, NULL, NULL },
	{ "rpc_channel_info", API_OBJ, API_H, rpc_fields, order_rpc, NULL },
	{ "extra_info", API_OBJ, API_H, extra_fields, take_extra, NULL },
	{ "name_mapping", API_LIST, API_H, &mapping_element, order_mapping,
	    NULL },
	{ "disable_auto_start", API_BOOL, API_H, NULL, order_paused, NULL },
	{ "positions", API_MAP, API_W, NULL, NULL,
	    "positions are those of collection_infos and db_collections" },
	{ 0 },
};

/* ---- beside other tasks ---- */

/* A definition like task, with only this pattern. */
static json_t *
with_only(const json_t *task, const char *pattern)
{
	json_t *copy = json_deep_copy(task);

	json_object_set_new(json_object_get(copy, "options"), "include",
	    json_pack("[s]", pattern));
	return copy;
}

static const json_t *
option_list(const json_t *task, const char *name)
{
	return json_object_get(json_object_get(task, "options"), name);
}

/*
 * If a pattern with * overlaps with single collections of another task,
 * excludes these and returns 1. With a rename, or with another *, that is
 * impossible: 0.
 */
static int
leave_out(struct order *o, const char *pattern, const json_t *other)
{
	const json_t *list = option_list(other, "include");

	if (strchr(pattern, '*') == NULL || list == NULL ||
	    option_list(other, "rename") != NULL ||
	    json_object_get(o->options, "rename") != NULL)
		return 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strchr(json_string_value(json_array_get(list, i)), '*') !=
		    NULL)
			return 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (order_option(o, "exclude", s) == -1)
			return 0;
		call_warn(o->c,
		    "collection '%s' is left out: task '%s' writes it", s,
		    api_str(other, "name"));
	}
	return 1;
}

static int
users_twice(const json_t *task, const json_t *other)
{
	return option_list(task, "with-users") != NULL &&
	       option_list(other, "with-users") != NULL &&
	       task_same_target(task, other) == 1;
}

/* Other tasks are compared twice, so a warning may exist already. */
static void
warn_once(struct call *c, const char *text)
{
	json_t *w;
	size_t i;

	json_array_foreach(c->warnings, i,
	    w) if (strcmp(json_string_value(w), text) == 0) return;
	call_warn(c, "%s", text);
}

/* task_order.beside: refuses if other writes to the same collections. */
static int
beside(void *arg, json_t *task, const json_t *other, struct err *e)
{
	struct order *o = arg;
	json_t *list = json_deep_copy(option_list(task, "include"));
	struct buf twice = { 0 };
	struct err why = { 0 };
	int rc = 0, met = task_overlap(task, other, &why);

	if (met == -1)
		warn_once(o->c, why.msg);
	if (users_twice(task, other))
		rc = err_set(
		    e, ERR_DATA, "the enable user role param is duplicate");
	if (rc == 0 && met == 1 && list == NULL)
		rc = err_set(e, ERR_DATA, "%s", why.msg);
	for (size_t i = 0; rc == 0 && task_overlap(task, other, &why) == 1 &&
			   i < json_array_size(list) && twice.len < 512;
	     i++) {
		const char *p = json_string_value(json_array_get(list, i));
		json_t *one = with_only(task, p);

		if (task_overlap(one, other, &why) == 1 &&
		    !leave_out(o, p, other))
			buf_addf(&twice, "%s%s", twice.len > 0 ? " " : "", p);
		json_decref(one);
	}
	if (twice.len > 0)
		rc = err_set(e, ERR_DATA,
		    "the collection name is duplicate with existing task, [%s]",
		    twice.ptr);
	buf_fini(&twice);
	json_decref(list);
	return rc;
}

/* ---- the order ---- */

static int
same_option(const json_t *a, const json_t *b, const char *name)
{
	const json_t *x = option_list(a, name), *y = option_list(b, name);

	return x == y || json_equal(x, y);
}

/*
 * 1 if an existing task is equal to the ordered one, including its source and
 * its secret.
 */
static int
same_task(struct order *o, const json_t *task)
{
	static const char *const words[] = { "etcd", "root", "brokers",
		"source", "target" };
	json_t *there = state_task(o->c->api->dir, o->id, &o->c->e);
	char *path = state_path(o->c->api->dir, o->id, TASK_TOKEN), *token;
	struct err ignored;
	int same = json_equal(
	    json_object_get(there, o->key), json_object_get(task, o->key));

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		same &= same_option(there, task, words[i]);
	token = trust_secret(path, NULL, &ignored);
	same &= o->token == NULL ? token == NULL
				 : token != NULL && !strcmp(token, o->token);
	trust_forget(token);
	free(path);
	json_decref(there);
	return same;
}

static int
not_made(struct order *o, const struct task_order *t)
{
	struct call *c = o->c;
	const char *tls = c->api->tls_dir;
	int again = c->e.kind == ERR_TEMP;

	c->code = c->e.kind == ERR_OUTPUT || again ? 500 : 400;
	c->plain = again ? 503 : 0;
	switch (t->why) {
	case TASK_WHY_SOURCE:
		if (c->e.kind != ERR_GONE)
			c->code = 500; /* a failure of the server, not of the
					  client */
		return err_wrap(&c->e, "fail to read the source");
	case TASK_WHY_TARGET:
		if (tls == NULL || strstr(c->e.msg, tls) == NULL)
			return err_wrap(&c->e, "fail to connect the milvus");
		return call_fail(c, 400,
		    "fail to connect the milvus: a file of dial_config cannot "
		    "be used");
	case TASK_WHY_OTHER:
	case TASK_WHY_FULL:
		c->plain = 409;
		break;
	case TASK_WHY_WORDS:
	case TASK_WHY_THERE:
	case TASK_WHY_LEFT:
		break;
	}
	return -1;
}

static void
add_found(struct call *c, const struct buf *found)
{
	char *text = x_strdup(found->len == 0 ? "" : found->ptr), *save = NULL;
	json_t *list = json_array();

	for (char *s = strtok_r(text, "\n", &save); s != NULL;
	     s = strtok_r(NULL, "\n", &save))
		json_array_append_new(list, api_text(s));
	json_object_set_new(c->data, "found", list);
	free(text);
}

static int
has_left(void *arg)
{
	const struct call *c = arg;

	return web_left(c->q);
}

static int
make(struct order *o, json_t *task, int dry)
{
	struct call *c = o->c;
	size_t max = c->api->max_tasks;
	struct buf found = { 0 };
	struct task_order t = { .name = o->id,
		.task = task,
		.token = o->token,
		.paused = o->paused,
		.max_tasks = max == 0 ? API_TASKS : max,
		.check = c->api->check,
		.dry = dry,
		.allow_none = 1, /* Milvus-CDC waits for collections */
		.wait_ms = o->wait_s * 1000,
		.found = &found,
		.beside = beside,
		.arg = o,
		.left = has_left,
		.left_arg = c };
	int rc = task_make_order(c->api->dir, &t, &c->e);

	if (dry)
		add_found(c, &found);
	buf_fini(&found);
	if (rc == 0)
		return 1;
	if (t.why != TASK_WHY_THERE)
		return not_made(o, &t);
	if (same_task(o, task))
		return 0;
	call_fail(
	    c, 400, "the task '%s' is there with another definition", o->id);
	c->plain = 409;
	return -1;
}

/* Keeps the request in the definition, so that it can be shown and compared. */
static json_t *
definition(struct order *o, const struct api_field *f)
{
	json_t *task = task_new(o->id, "start", json_incref(o->options));
	json_t *asked = json_deep_copy(o->all);

	if (o->from != NULL)
		json_object_set(task, "from", o->from);
	api_without_secrets(f, asked);
	json_object_del(asked, f->name); /* kept as name */
	json_object_set_new(task, o->key, asked);
	json_object_set(task, "warnings", o->c->warnings);
	return task;
}

static int
fill(struct order *o, const struct api_field *f, const json_t *data)
{
	if ((o->all = api_clean(o->c, f, data)) == NULL)
		return -1;
	if (task_option_defaults(o->options, &o->c->e) == -1) {
		o->c->code = 500;
		return -1;
	}
	o->own = json_deep_copy(o->options);
	return api_take(o, f, o->all) == -1 ? -1 : order_login(o);
}

int
order_make(
    struct order *o, const struct api_field *f, const json_t *data, int dry)
{
	const json_t *given = o->c->api->options;
	json_t *task = NULL;
	int rc;

	o->options = given == NULL ? json_object() : json_deep_copy(given);
	if ((rc = fill(o, f, data)) == 0) {
		task = definition(o, f);
		rc = make(o, task, dry);
		snprintf(o->c->name, sizeof o->c->name, "%s", o->id);
	}
	json_decref(task);
	json_decref(o->all);
	json_decref(o->options);
	json_decref(o->own);
	json_decref(o->from);
	trust_forget(o->token);
	return rc;
}

int
api_create(struct call *c, const json_t *data, int dry)
{
	struct order o = { .c = c, .key = "request" };

	return order_make(&o, create_fields, data, dry);
}
