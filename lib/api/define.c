#include <string.h>

#include "api/priv.h"
#include "task/task.h"

/* A task created from a definition as task.json has it. */

/*
 * 0 for options that name a file of the server, and for properties of
 * librdkafka, which may name one.
 */
static int
may_set(struct order *o, const struct task_option *t, const char *v)
{
	if ((t->flags & TASK_PATH) || strcmp(t->name, "property") == 0 ||
	    (strcmp(t->name, "on-error") == 0 && strcmp(v, "stop") != 0 &&
		strcmp(v, "dead") != 0))
		return call_fail(o->c, 400,
		    "option '%s' names a file, which is not done over HTTP",
		    t->name);
	return order_source(o, t->name, v);
}

static int
set_one(struct order *o, const struct task_option *t, const json_t *v)
{
	int flag = task_option_flag(t);

	if (flag ? !json_is_true(v) : !json_is_string(v))
		return call_fail(o->c, 400, "option '%s' wants %s", t->name,
		    flag                   ? "true"
		    : t->flags & TASK_MANY ? "strings"
					   : "a string");
	if (!flag && may_set(o, t, json_string_value(v)) == -1)
		return -1;
	if (strcmp(t->name, "target") == 0)
		return order_uri(o, json_string_value(v));
	return order_option(o, t->name, flag ? "" : json_string_value(v));
}

static int
take_options(struct order *o, const json_t *options)
{
	const char *key;
	json_t *v;
	char cut[API_SHOWN + 1];

	json_object_foreach(api_any(options), key, v)
	{
		const struct task_option *t = task_option_find(key);
		int rc = 0;

		if (t == NULL)
			return call_fail(o->c, 400, "there is no option '%s'",
			    api_cut(key, cut));
		if (!(t->flags & TASK_MANY) || !json_is_array(v))
			rc = set_one(o, t, v);
		for (size_t i = 0; rc == 0 && (t->flags & TASK_MANY) &&
				   i < json_array_size(v);
		     i++)
			rc = set_one(o, t, json_array_get(v, i));
		if (rc == -1)
			return -1;
	}
	return 0;
}

/*
 * from: a word, a time or a position, but no file of the server and no other
 * task.
 */
static int
take_from(struct order *o, const json_t *v)
{
	const char *word = json_string_value(v);

	if (v == NULL)
		o->from = json_string("start");
	else if (json_is_object(v))
		o->from = json_deep_copy(v);
	else if (word == NULL || word[0] == '@' ||
		 strncmp(word, "task:", 5) == 0)
		return call_fail(o->c, 400,
		    "'from' is none of start, beginning, now, checkpoint, a "
		    "time or a position");
	else
		o->from = json_string(word);
	return 0;
}

static const struct api_field define_fields[] = {
	{ "name", API_STR, API_H, NULL, order_id, NULL },
	{ "from", API_ANY, API_H, NULL, take_from, NULL },
	{ "options", API_MAP, API_H, NULL, take_options, NULL },
	{ "token", API_STR, API_S, NULL, order_token, NULL },
	{ "paused", API_BOOL, API_H, NULL, order_paused, NULL },
	{ 0 },
};

int
api_define(struct call *c, const json_t *data, int dry)
{
	struct order o = { .c = c, .key = "definition" };

	return order_make(&o, define_fields, data, dry);
}
