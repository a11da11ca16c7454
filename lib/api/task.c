#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/priv.h"
#include "base/clock.h"
#include "model/pattern.h"
#include "model/tso.h"
#include "state/state.h"
#include "task/actions.h"
#include "task/status.h"
#include "task/task.h"

/* A task in the form for clients, and what clients can do with it. */

enum {
	RUNNER_MS = 30000, /* without a runner, though wanted */
	CAUGHT_UP_MS = 10000,
};

/* ---- states ---- */

static int64_t
age_ms(const char *time)
{
	uint64_t ts = 0;
	struct err ignored;

	if (time == NULL || tso_parse_time(time, &ts, &ignored) == -1)
		return INT64_MAX;
	return clock_unix_ms() - tso_ms(ts);
}

/*
 * 1 if the task is wanted and does not run, but supervise is likely to start it
 * soon.
 */
static int
awaited(const struct task_status *s, const struct task_wish *w)
{
	return age_ms(w->since) < RUNNER_MS || age_ms(s->since) < RUNNER_MS;
}

int
api_task_state(const struct task_status *s, const struct task_wish *w)
{
	if (w->paused || s->state == TASK_PAUSED || s->state == TASK_FAILED)
		return 2;
	return s->state != TASK_STOPPED || awaited(s, w);
}

const char *
api_state_name(int state)
{
	static const char *const names[] = { "Initial", "Running", "Paused" };

	return names[state];
}

const char *
api_health(const struct task_status *s, const struct task_wish *w)
{
	if (s->state == TASK_RUNNING && !s->has_checkpoint && !w->paused)
		return "starting";
	if (s->state == TASK_RUNNING && s->lag_ms >= 0 &&
	    s->lag_ms < CAUGHT_UP_MS)
		return "caught_up";
	if (s->state == TASK_STOPPED && awaited(s, w))
		return "starting";
	return task_state_name(s->state);
}

int
ask_next(const struct call *c, struct ask *a)
{
	int64_t now = clock_ns(), left;

	if (!c->api->check)
		return 0;
	if (a->until_ns == 0)
		a->until_ns = now + API_ASK_MS * NS_PER_MS;
	left = (a->until_ns - now) / NS_PER_MS;
	return left <= 0 ? 0 : (int)left;
}

/* ---- TASK ---- */

/* A definition that was not made by request, in the form of a request. */
static json_t *
request_of(const json_t *task)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), "include");
	const char *uri = task_option(task, "target");
	int start = strcmp(api_str(task, "from"), "start") == 0;
	struct patterns p = { 0 };
	json_t *dbs = json_object();
	struct err ignored;

	for (size_t i = 0; i < json_array_size(list); i++)
		patterns_add(
		    &p, json_string_value(json_array_get(list, i)), &ignored);
	if (task != NULL && p.n == 0)
		patterns_add(&p, "*.*", &ignored);
	for (size_t i = 0; i < p.n; i++) {
		if (json_object_get(dbs, p.v[i].db) == NULL)
			json_object_set_new(dbs, p.v[i].db, json_array());
		json_array_append_new(json_object_get(dbs, p.v[i].db),
		    json_pack("{s:s, s:b}", "name", p.v[i].coll,
			"use_start_position", start));
	}
	patterns_fini(&p);
	return json_pack("{s:{s:s}, s:o}", "milvus_connect_param", "uri",
	    uri == NULL ? "" : uri, "db_collections", dbs);
}

static const char *
reason_of(const struct task_status *s, const struct task_wish *w, int state,
    const json_t *request)
{
	if (state == 0)
		return "no runner holds this task";
	if (state == 1 && s->state == TASK_STOPPED)
		return NULL;
	if (w->paused && w->reason != NULL)
		return w->reason;
	if (s->reason == NULL && w->paused &&
	    json_is_true(json_object_get(request, "disable_auto_start")))
		return "the task is disabled auto start";
	return s->reason;
}

/* The lag and position of a task, for the plain API. */
static void
add_progress(json_t *out, const struct task_status *s)
{
	json_t *rows = json_object_get(s->applied, "rows");

	json_object_set_new(out, "since",
	    s->since == NULL ? json_null() : json_string(s->since));
	json_object_set_new(out, "applied_ts",
	    s->has_checkpoint ? api_u64s(s->ts) : json_null());
	json_object_set_new(out, "lag_ms",
	    s->lag_ms >= 0 ? json_integer(s->lag_ms) : json_null());
	json_object_set_new(out, "lag_unknown",
	    s->lag_ms >= 0 || s->lag_why == NULL ? json_null()
						 : api_text(s->lag_why));
	json_object_set_new(out, "rows", api_i64s(json_integer_value(rows)));
	json_object_set_new(
	    out, "rate", s->rate >= 0 ? json_integer(s->rate) : json_null());
}

static void
add_definition(json_t *out, const json_t *task, const json_t *request)
{
	json_t *whole = api_whole(create_fields, request);
	const json_t *options = json_object_get(task, "options");
	json_t *left = json_object_get(options, "exclude");
	json_t *warnings = json_object_get(task, "warnings");

	json_object_del(whole, "task_id");
	json_object_del(whole, "positions");
	json_object_update(out, whole);
	json_object_set(out, "left_out", left == NULL ? json_null() : left);
	json_object_set(out, "created", json_object_get(task, "created"));
	if (json_object_get(out, "created") == NULL)
		json_object_set_new(out, "created", json_string(""));
	if (warnings == NULL)
		json_object_set_new(out, "warnings", json_array());
	else
		json_object_set(out, "warnings", warnings);
	json_decref(whole);
}

int
api_gone(const struct call *c, const struct task_status *s)
{
	struct stat st;
	char *sub;
	int gone;

	if (s->state != TASK_FAILED)
		return 0;
	sub = state_sub(s->name, NULL);
	gone = state_stat(c->api->dir, sub, &st) == -1 && errno == ENOENT;
	free(sub);
	return gone;
}

static json_t *
show(struct call *c, const struct task_status *s, int strings)
{
	struct task_wish w = { 0 };
	struct err ignored;
	json_t *task = state_task(c->api->dir, s->name, &ignored);
	json_t *request = json_object_get(task, "request"), *out;
	const char *why;
	int state;

	request = request == NULL ? request_of(task) : json_incref(request);
	task_wish_load(c->api->dir, s->name, &w, &ignored);
	state = api_task_state(s, &w);
	out = json_pack(
	    "{s:s, s:s}", "task_id", s->name, "state", api_state_name(state));
	if ((why = reason_of(s, &w, state, request)) != NULL)
		json_object_set_new(out, "reason", api_text(why));
	json_object_set_new(out, "health", json_string(api_health(s, &w)));
	add_definition(out, task, request);
	if (strings)
		add_progress(out, s);
	task_wish_fini(&w);
	json_decref(request);
	json_decref(task);
	return out;
}

json_t *
api_seen(struct call *c, const struct task_status *s, int strings)
{
	return api_gone(c, s) ? NULL : show(c, s, strings);
}

json_t *
api_task(struct call *c, const char *name, int ask_ms, int strings)
{
	struct task_status s;
	json_t *out;

	task_status_get(c->api->dir, name, ask_ms, &s);
	out = api_seen(c, &s, strings);
	task_status_fini(&s);
	return out;
}

/* ---- pause, resume, delete ---- */

int
api_find(struct call *c, const char *name, int code)
{
	char *sub = NULL, cut[API_SHOWN + 1];
	struct stat st;
	struct err ignored;
	int there = 0, rc = state_format(c->api->dir, &c->e);

	if (rc == -1) {
		c->code = 500;
		return -1;
	}
	if (rc == 1 && state_name(name, &ignored) == 0) {
		sub = state_sub(name, NULL);
		there = state_stat(c->api->dir, sub, &st) == 0;
		free(sub);
	}
	if (there)
		return 0;
	return call_fail(
	    c, code, "not found the task, task_id: %s", api_cut(name, cut));
}

static int
still_stopping(struct call *c)
{
	struct err e = c->e;

	c->code = 500;
	if (e.kind != ERR_TEMP)
		return -1;
	call_fail(c, 500, "still stopping: %s", e.msg);
	c->plain = 409;
	return -1;
}

/* Waits until no process runs the task; it may be deleted meanwhile. */
static int
wait_stopped(struct call *c, const char *name, int not_found)
{
	struct err e;

	if (task_pause(c->api->dir, name, NULL, API_STOP_MS, &c->e) == 0)
		return 0;
	e = c->e;
	if (api_find(c, name, not_found) == -1)
		return -1;
	c->e = e;
	return still_stopping(c);
}

int
api_wish_lock(struct call *c)
{
	int fd = task_dir_lock(c->api->dir, ".wish.lock", 1, &c->e);

	if (fd == -1)
		c->code = 500;
	return fd;
}

static int
pause_locked(struct call *c, const char *name, const char *reason, int strict)
{
	struct task_wish w = { 0 };
	int paused;

	if (api_find(c, name, strict ? 400 : 404) == -1)
		return -1; /* another client was faster */
	if (task_wish_load(c->api->dir, name, &w, &c->e) == -1)
		return -1;
	paused = w.paused;
	task_wish_fini(&w);
	if (paused && strict)
		return call_fail(
		    c, 400, "the task has paused, task_id: %s", name);
	if (task_pause(c->api->dir, name, reason, 0, &c->e) == -1 &&
	    c->e.kind != ERR_TEMP) {
		c->code = 500;
		return -1;
	}
	return 0;
}

int
api_pause(struct call *c, const char *name, const char *reason, int strict)
{
	int fd = api_wish_lock(c), rc;

	if (fd == -1)
		return -1;
	rc = pause_locked(c, name, reason, strict);
	close(fd);
	if (rc == -1)
		return -1;
	return wait_stopped(c, name, strict ? 400 : 404);
}

static int
resume_locked(struct call *c, const char *name, const char *reason, int strict)
{
	struct task_status s;
	struct task_wish w = { 0 };
	struct err ignored;
	int state;

	if (api_find(c, name, strict ? 400 : 404) == -1)
		return -1;
	task_status_get(c->api->dir, name, 0, &s);
	task_wish_load(c->api->dir, name, &w, &ignored);
	state = api_task_state(&s, &w);
	task_status_fini(&s);
	task_wish_fini(&w);
	if (state == 1 && !strict)
		return 0;
	if (state == 1)
		return call_fail(
		    c, 400, "the task has running, task_id: %s", name);
	if (task_resume(c->api->dir, name, reason, &c->e) == 0)
		return 0;
	c->code = 500;
	return -1;
}

int
api_resume(struct call *c, const char *name, const char *reason, int strict)
{
	int fd = api_wish_lock(c), rc;

	if (fd == -1)
		return -1;
	rc = resume_locked(c, name, reason, strict);
	close(fd);
	return rc;
}

static int
delete_locked(struct call *c, const char *name, int not_found)
{
	if (api_find(c, name, not_found) == -1)
		return -1; /* another client was faster */
	if (task_delete(c->api->dir, name, &c->e) == 0)
		return 0;
	return still_stopping(c);
}

int
api_delete(struct call *c, const char *name, int not_found)
{
	int fd, rc;

	if (wait_stopped(c, name, not_found) == -1)
		return -1;
	if ((fd = api_wish_lock(c)) == -1)
		return -1;
	rc = delete_locked(c, name, not_found);
	close(fd);
	return rc;
}
