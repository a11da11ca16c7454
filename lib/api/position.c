#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/hash.h"
#include "codec/json_write.h"
#include "codec/kv.h"
#include "model/tso.h"
#include "state/state.h"
#include "task/actions.h"
#include "task/task.h"

/* The plain API: a task's position, and setting it. */

static json_t *
time_of(uint64_t ts)
{
	struct buf b = { 0 };
	json_t *j;

	if (ts == 0)
		return json_null();
	tso_add_time(&b, ts);
	j = json_string(b.ptr);
	buf_fini(&b);
	return j;
}

/* Whole, so that what a client is given can be set again. */
static json_t *
mark_of(const struct mq_mark *m)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	json_t *j;

	jw_open(&w, NULL, '{');
	mq_mark_to_json(&w, m);
	jw_close(&w, '}');
	j = json_loadb(b.ptr, b.len, 0, NULL);
	buf_fini(&b);
	return j;
}

static json_t *
place_of(const struct pos_topic *t)
{
	json_t *j;

	if (t->mark != NULL)
		j = mark_of(t->mark);
	else
		j = json_pack("{s:s, s:s, s:o}", "o", MQ_TEXT(t->o), "n",
		    MQ_TEXT(t->n), "last", api_u64s(t->last));
	json_object_set_new(j, "ts", api_u64s(t->ts));
	json_object_set_new(j, "time", time_of(t->ts));
	return j;
}

static json_t *
topics_of(const struct pos *p)
{
	json_t *out = json_object();

	for (size_t i = 0; i < p->n; i++)
		json_object_set_new(out, p->v[i].topic, place_of(&p->v[i]));
	return out;
}

/*
 * Loads the checkpoint and makes the tag: the checkpoint's number and the start
 * in the definition.
 */
static int
load(struct call *c, struct checkpoint *cp, char tag[static 48], json_t **from)
{
	struct hash h = { 0 };
	struct err ignored;
	json_t *task = state_task(c->api->dir, c->name, &ignored);
	char *text;

	*from = json_incref(json_object_get(task, "from"));
	json_decref(task);
	if (checkpoint_load(c->api->dir, c->name, cp, &c->e) == -1) {
		c->code = 500;
		return -1;
	}
	text = *from == NULL ? NULL : json_dumps(*from, JSON_ENCODE_ANY);
	hash_num(&h, (uint64_t)cp->gen);
	hash_num(&h, cp->pos.ts);
	if (cp->gen == 0 && text != NULL)
		hash_bytes(&h, text, strlen(text));
	free(text);
	snprintf(tag, 48, "\"p%016" PRIx64 "\"", h.a);
	return 0;
}

int
plain_position(struct call *c)
{
	struct checkpoint cp = { 0 };
	json_t *from = NULL;
	char tag[48];
	int rc;

	if (api_find(c, c->name, 404) == -1)
		return -1;
	if ((rc = load(c, &cp, tag, &from)) == 0) {
		json_object_set_new(c->data, "task_id", json_string(c->name));
		json_object_set_new(c->data, "gen", api_i64s(cp.gen));
		json_object_set_new(c->data, "ts",
		    cp.gen > 0 ? api_u64s(cp.pos.ts) : json_null());
		json_object_set_new(c->data, "time",
		    cp.gen > 0 ? time_of(cp.pos.ts) : json_null());
		json_object_set(
		    c->data, "from", from == NULL ? json_null() : from);
		json_object_set_new(c->data, "topics", topics_of(&cp.pos));
		kvs_set(&c->r->headers, "ETag", tag);
	}
	checkpoint_fini(&cp);
	json_decref(from);
	return rc;
}

/* ---- set ---- */

static const struct api_field set_fields[] = {
	{ "from", API_ANY, API_H, NULL, NULL, NULL },
	{ "ts", API_ANY, API_H, NULL, NULL, NULL },
	{ "topics", API_MAP, API_H, NULL, NULL, NULL },
	{ "task_id", API_ANY, API_H, NULL, NULL, NULL },
	{ "gen", API_ANY, API_H, NULL, NULL, NULL },
	{ "time", API_ANY, API_H, NULL, NULL, NULL },
	{ 0 },
};

static int
set(struct call *c, const json_t *asked)
{
	json_t *topics = json_object_get(asked, "topics"), *line;
	const char *from = json_string_value(json_object_get(asked, "from"));
	int rc;

	if (api_zero(topics) && from != NULL && from[0] != '@' &&
	    strncmp(from, "task:", 5) != 0)
		return task_set(c->api->dir, c->name, from, &c->e);
	if (api_zero(topics))
		return err_set(&c->e, ERR_USAGE,
		    "want topics with ts, or a 'from' that is start, "
		    "beginning, now, checkpoint or a time");
	line = json_pack(
	    "{s:O, s:O*}", "pos", topics, "ts", json_object_get(asked, "ts"));
	rc = task_set_line(c->api->dir, c->name, line, &c->e);
	json_decref(line);
	return rc;
}

/*
 * Checks that no other client has changed the position, and that the task does
 * not run.
 */
static int
may_be_set(struct call *c)
{
	struct checkpoint cp = { 0 };
	struct task_wish w = { 0 };
	json_t *from = NULL;
	char tag[48];
	int rc = load(c, &cp, tag, &from);

	/* set is for a checkpoint that cannot be read, too */
	if (rc == -1 && strcmp(c->q->if_match, "*") == 0)
		rc = 0;
	else if (rc == 0 && strcmp(c->q->if_match, "*") != 0 &&
		 strcmp(c->q->if_match, tag) != 0)
		rc = call_fail(
		    c, 412, "the position is another by now: %s", tag);
	if (rc == 0 && task_wish_load(c->api->dir, c->name, &w, &c->e) == -1)
		rc = -1;
	else if (rc == 0 && !w.paused)
		rc = call_fail(c, 409, "task '%s' is not paused", c->name);
	task_wish_fini(&w);
	checkpoint_fini(&cp);
	json_decref(from);
	return rc;
}

static int
set_locked(struct call *c, const json_t *asked)
{
	if (api_find(c, c->name, 404) == -1 || may_be_set(c) == -1)
		return -1;
	c->code = 0;
	if (set(c, asked) == 0)
		return 0;
	if (c->e.kind == ERR_TEMP)
		c->plain = 409;
	else if (c->e.kind == ERR_DATA || c->e.kind == ERR_USAGE)
		c->plain = 422;
	return -1;
}

int
plain_set_position(struct call *c)
{
	json_t *asked;
	int fd, rc = -1;

	if (api_find(c, c->name, 404) == -1)
		return -1;
	if (c->q->if_match == NULL)
		return call_fail(
		    c, 428, "want If-Match: the ETag that GET gives, or *");
	if (api_object(c, set_fields, &asked) == -1)
		return -1;
	if ((fd = api_wish_lock(c)) != -1) {
		rc = set_locked(c, asked);
		close(fd);
	}
	json_decref(asked);
	return rc == -1 ? -1 : plain_position(c);
}
