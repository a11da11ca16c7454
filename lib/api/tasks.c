#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "model/schema.h"
#include "state/state.h"
#include "task/status.h"
#include "task/task.h"

/* The plain API: /tasks and below. */

enum { LIMIT = 100, LIMIT_MAX = 1000, REASON_MAX = 1024, CHUNK = 16 };

/* The task of a path; 404 if there is none. */
static int
find(struct call *c)
{
	return api_find(c, c->name, 404);
}

/* A body that may be absent: then *out is NULL. */
static int
body(struct call *c, const struct api_field *fields, json_t **out)
{
	*out = NULL;
	return c->q->body_len == 0 ? 0 : api_object(c, fields, out);
}

/* ---- tags: a client changes only the state that it has seen ---- */

static void
hash_json(struct hash *h, const json_t *j)
{
	char *text = j == NULL ? NULL
			       : json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS |
						   JSON_ENCODE_ANY);

	hash_bytes(
	    h, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
	free(text);
}

static void
tag_text(const struct hash *h, char tag[static 40])
{
	snprintf(tag, 40, "\"%016" PRIx64 "%016" PRIx64 "\"", h->a, h->b);
}

/* The tag of a task, made from its definition and its wish. */
static void
tag_task(struct call *c, char tag[static 40])
{
	static const char *const files[] = { "task.json", "desired.json" };
	struct hash h = { 0 };

	for (int i = 0; i < 2; i++) {
		char *sub = state_sub(c->name, files[i]);
		struct err ignored;
		json_t *j = state_read(c->api->dir, sub, &ignored);

		hash_json(&h, j);
		json_decref(j);
		free(sub);
	}
	tag_text(&h, tag);
}

static int
answer_task(struct call *c)
{
	struct ask a = { 0 };
	char tag[40];

	tag_task(c, tag);
	json_decref(c->data);
	c->data = api_task(c, c->name, ask_next(c, &a), 1);
	if (c->data == NULL)
		return call_fail(
		    c, 404, "not found the task, task_id: %s", c->name);
	kvs_set(&c->r->headers, "ETag", tag);
	return 0;
}

/* ---- all tasks ---- */

static int
wanted(const json_t *task, const char *state)
{
	return state == NULL || strcmp(api_str(task, "state"), state) == 0 ||
	       strcmp(api_str(task, "health"), state) == 0;
}

static int
check_state(struct call *c, const char *state)
{
	static const char *const words[] = { "Initial", "Running", "Paused",
		"starting", "running", "caught_up", "stalled", "stopped",
		"failed", "paused" };
	char cut[API_SHOWN + 1];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (state == NULL || strcmp(state, words[i]) == 0)
			return 0;
	return call_fail(
	    c, 400, "'state': there is none called '%s'", api_cut(state, cut));
}

/*
 * Fills a page with those of names that are wanted, looking at CHUNK together,
 * up to limit. Returns the first name for the next page, or NULL.
 */
static json_t *
fill_page(struct call *c, char *const *names, size_t limit, json_t *list)
{
	const char *state = kvs_get(&c->q->query, "state");
	struct task_status v[CHUNK];
	struct ask a = { 0 };
	int full = 0;

	for (size_t n; *names != NULL && !full; names += n) {
		for (n = 0; n < CHUNK && names[n] != NULL; n++)
			;
		task_status_all(c->api->dir, names, n, ask_next(c, &a), v);
		for (size_t i = 0; i < n; i++) {
			json_t *task = NULL;

			full = full || json_array_size(list) == limit;
			if (!full)
				task = api_seen(c, &v[i], 1);
			if (task != NULL && wanted(task, state))
				json_array_append(list, task);
			json_decref(task);
			task_status_fini(&v[i]);
		}
	}
	return full ? json_incref(json_object_get(
			  json_array_get(list, limit - 1), "task_id"))
		    : json_null();
}

int
plain_tasks(struct call *c)
{
	const char *state = kvs_get(&c->q->query, "state");
	const char *after = kvs_get(&c->q->query, "after");
	json_t *list = json_array();
	char **names;
	size_t first = 0;
	int64_t limit;

	json_object_set_new(c->data, "tasks", list);
	if (check_state(c, state) == -1 ||
	    api_number(c, "limit", LIMIT, LIMIT_MAX, &limit) == -1)
		return -1;
	if ((names = task_list(c->api->dir, &c->e)) == NULL) {
		c->code = 500;
		return -1;
	}
	while (after != NULL && names[first] != NULL &&
	       strcmp(names[first], after) <= 0)
		first++;
	json_object_set_new(
	    c->data, "next", fill_page(c, names + first, (size_t)limit, list));
	task_list_free(names);
	return 0;
}

int
plain_create(struct call *c)
{
	json_t *data;
	char *at;
	int rc, only;

	if (api_flag(c, "dry_run", &only) == -1 || body(c, NULL, &data) == -1)
		return -1;
	if (data == NULL)
		return call_fail(c, 400, "there is no body");
	rc = json_object_get(data, "options") != NULL
		 ? api_define(c, data, only)
		 : api_create(c, data, only);
	json_decref(data);
	if (rc == -1) {
		if (c->plain == 0 && c->code == 400)
			c->plain = 422; /* the body is JSON, but not a task */
		return -1;
	}
	snprintf(c->r->task, sizeof c->r->task, "%s", c->name);
	if (only) {
		json_object_set_new(c->data, "task_id", json_string(c->name));
		json_object_set(c->data, "warnings", c->warnings);
		return 0;
	}
	if (rc == 1)
		c->r->status = 201;
	at = x_asprintf("/tasks/%s", c->name);
	kvs_set(&c->r->headers, "Location", at);
	free(at);
	return answer_task(c);
}

/* ---- one task ---- */

int
plain_task(struct call *c)
{
	return find(c) == -1 ? -1 : answer_task(c);
}

int
plain_delete(struct call *c)
{
	if (find(c) == -1 || api_delete(c, c->name, 404) == -1)
		return -1;
	c->r->status = 204;
	return 0;
}

static const struct api_field reason_fields[] = {
	{ "reason", API_STR, API_H, NULL, NULL, NULL },
	{ 0 },
};

/* Sets the wish to paused or running, with a reason from the body. */
static int
want(struct call *c,
    int (*f)(struct call *c, const char *name, const char *reason, int strict))
{
	json_t *asked;
	const char *reason;
	int rc;

	if (find(c) == -1 || body(c, reason_fields, &asked) == -1)
		return -1;
	reason = json_string_value(json_object_get(asked, "reason"));
	if (reason != NULL && strlen(reason) > REASON_MAX)
		rc = call_fail(
		    c, 400, "a reason has %d bytes at most", REASON_MAX);
	else
		rc = f(c, c->name, reason, 0);
	json_decref(asked);
	return rc == -1 ? -1 : answer_task(c);
}

int
plain_pause(struct call *c)
{
	return want(c, api_pause);
}

int
plain_resume(struct call *c)
{
	return want(c, api_resume);
}
