#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "model/schema.h"
#include "state/state.h"
#include "task/status.h"
#include "task/task.h"

/* POST /cdc, as Milvus-CDC answers it. */

static int
with_task(struct call *c, const json_t *data, char id[static 129])
{
	char cut[API_SHOWN + 1];
	const char *s = api_str(data, "task_id");

	if (strlen(s) > 128)
		return call_fail(
		    c, 400, "not found the task, task_id: %s", api_cut(s, cut));
	snprintf(id, 129, "%s", s);
	snprintf(c->r->task, sizeof c->r->task, "%s", id);
	return 0;
}

/* The same for get, which has messages of its own. */
static int
find_for_get(struct call *c, const char *id)
{
	char cut[API_SHOWN + 1];

	if (id[0] == '\0')
		return call_fail(c, 400, "task_id is empty");
	if (api_find(c, id, 400) == 0)
		return 0;
	if (c->code == 500)
		return -1;
	return call_fail(c, 400, "not found: [%s]", api_cut(id, cut));
}

static int
do_create(struct call *c, const json_t *data)
{
	int rc = api_create(c, data, 0);

	snprintf(c->r->task, sizeof c->r->task, "%s", c->name);
	if (rc == -1)
		return -1;
	json_object_set_new(c->data, "task_id", json_string(c->name));
	return 0;
}

static int
do_delete(struct call *c, const json_t *data)
{
	char id[129];

	if (with_task(c, data, id) == 0 && api_find(c, id, 400) == 0 &&
	    api_delete(c, id, 400) == 0)
		return 0;
	if (c->code == 500 ||
	    !json_is_true(json_object_get(data, "ignore_not_found")))
		return -1;
	err_clear(&c->e);
	c->code = 0;
	return 0;
}

static int
do_pause(struct call *c, const json_t *data)
{
	char id[129];

	if (with_task(c, data, id) == -1 || api_find(c, id, 400) == -1)
		return -1;
	return api_pause(c, id, "manually pause through http interface", 1);
}

static int
do_resume(struct call *c, const json_t *data)
{
	char id[129];

	if (with_task(c, data, id) == -1 || api_find(c, id, 400) == -1)
		return -1;
	return api_resume(c, id, NULL, 1);
}

static int
do_get(struct call *c, const json_t *data)
{
	char id[129];
	struct ask a = { 0 };
	json_t *task;

	if (with_task(c, data, id) == -1 || find_for_get(c, id) == -1)
		return -1;
	if ((task = api_task(c, id, ask_next(c, &a), 0)) == NULL)
		return call_fail(c, 400, "not found: [%s]", id);
	json_object_set_new(c->data, "task", task);
	return 0;
}

static int
do_list(struct call *c, const json_t *data)
{
	char **names = task_list(c->api->dir, &c->e);
	json_t *list = json_array();
	struct task_status *v;
	struct ask a = { 0 };
	size_t n = 0;

	(void)data;
	json_object_set_new(c->data, "tasks", list);
	if (names == NULL) {
		c->code = 500;
		return -1;
	}
	while (names[n] != NULL)
		n++;
	v = x_calloc(n + 1, sizeof *v);
	task_status_all(c->api->dir, names, n, ask_next(c, &a), v);
	for (size_t i = 0; i < n; i++) {
		json_t *task = api_seen(c, &v[i], 0);

		if (task != NULL)
			json_array_append_new(list, task);
		task_status_fini(&v[i]);
	}
	free(v);
	task_list_free(names);
	return 0;
}

static int
do_position(struct call *c, const json_t *data)
{
	char id[129];

	if (with_task(c, data, id) == -1 || find_for_get(c, id) == -1)
		return -1;
	snprintf(c->name, sizeof c->name, "%s", id);
	return cdc_position(c, data);
}

/* ---- the eight types of requests ---- */

static const struct api_field id_fields[] = {
	{ "task_id", API_STR, API_H, NULL, NULL, NULL },
	{ 0 },
};
static const struct api_field delete_fields[] = {
	{ "task_id", API_STR, API_H, NULL, NULL, NULL },
	{ "ignore_not_found", API_BOOL, API_H, NULL, NULL, NULL },
	{ 0 },
};
static const struct api_field no_fields[] = { { 0 } };
static const struct api_field maintenance_fields[] = {
	{ "operation", API_STR, API_H, NULL, NULL, NULL },
	{ "params", API_MAP, API_H, NULL, NULL, NULL },
	{ 0 },
};

static const struct cdc_type {
	const char *name;
	const struct api_field *fields; /* NULL: checked by it */
	int writes;
	int (*run)(struct call *c, const json_t *data);
} types[] = {
	{ "create", NULL, 1, do_create },
	{ "delete", delete_fields, 1, do_delete },
	{ "get", id_fields, 0, do_get },
	{ "list", no_fields, 0, do_list },
	{ "maintenance", maintenance_fields, 1, cdc_maintenance },
	{ "pause", id_fields, 1, do_pause },
	{ "position", id_fields, 0, do_position },
	{ "resume", id_fields, 1, do_resume },
};
enum { TYPES = sizeof types / sizeof *types };

/* Milvus-CDC lists the names in no order; here they are sorted. */
static const char invalid_type[] =
    "invalid 'request_type' param, can be set [create delete get list "
    "maintenance pause position resume]";

static const struct cdc_type *
type_of(const char *name)
{
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static const struct api_field envelope[] = {
	{ "request_type", API_STR, API_H, NULL, NULL, NULL },
	{ "request_data", API_MAP, API_H, NULL, NULL, NULL },
	{ 0 },
};

static int
run(struct call *c, const struct cdc_type *t, const json_t *data)
{
	json_t *own = NULL;
	int rc = 0;

	if (t->writes && !c->q->may_write) {
		c->r->status = 403;
		return call_only_reads(c);
	}
	if (t->fields != NULL && (own = api_clean(c, t->fields, data)) == NULL)
		rc = -1;
	if (rc == 0)
		rc = t->run(c, t->fields == NULL ? data : own);
	json_decref(own);
	if (rc == -1 && c->r->status == 0)
		err_wrap(
		    &c->e, "fail to handle the %s request, error", t->name);
	return rc;
}

/* Handles the envelope, and the request in it. */
static int
request(struct call *c, const json_t *body)
{
	json_t *own, *data;
	const struct cdc_type *t;
	int rc;

	if (!json_is_object(body) && !json_is_null(body)) {
		api_count(&c->api->counts, "", API_UNMARSHAL_ERROR);
		return call_fail(c, 400,
		    "fail to unmarshal the request, error: it is no object");
	}
	if ((own = api_clean(c, envelope, body)) == NULL) {
		api_count(&c->api->counts, "", API_UNMARSHAL_ERROR);
		return err_wrap(&c->e, "fail to unmarshal the request, error");
	}
	t = type_of(api_str(own, "request_type"));
	snprintf(c->r->what, sizeof c->r->what, "%s", t == NULL ? "" : t->name);
	api_count(&c->api->counts, c->r->what, API_TOTAL);
	data = json_object_get(own, "request_data");
	data = data == NULL ? json_object() : json_incref(data);
	rc =
	    t == NULL ? call_fail(c, 400, "%s", invalid_type) : run(c, t, data);
	json_decref(data);
	json_decref(own);
	return rc;
}

static int
post(struct call *c)
{
	json_t *body = api_parse(c->q->body, c->q->body_len, &c->e);
	int64_t began = clock_ns();
	int rc;

	if (body == NULL) {
		api_count(&c->api->counts, "", API_UNMARSHAL_ERROR);
		return err_wrap(&c->e, "fail to unmarshal the request, error");
	}
	rc = request(c, body);
	json_decref(body);
	if (rc == -1)
		return -1;
	api_count(&c->api->counts, c->r->what, API_SUCCESS);
	api_count_ms(
	    &c->api->counts, c->r->what, (clock_ns() - began) / NS_PER_MS);
	return 0;
}

static void
answer(struct call *c, int rc)
{
	json_t *out;

	c->r->code = rc == 0 ? 200 : call_code(c);
	if (c->api->http_status)
		c->r->status = c->r->code;
	if (rc == 0 && json_array_size(c->warnings) > 0)
		json_object_set(c->data, "warnings", c->warnings);
	out = json_pack("{s:i}", "code", c->r->code);
	if (rc == 0)
		json_object_set(out, "data", c->data);
	else
		json_object_set_new(out, "message", api_text(c->e.msg));
	api_put(&c->r->body, out);
	json_decref(out);
}

void
cdc_handle(struct call *c)
{
	int rc;

	if (strcmp(c->q->method, "POST") == 0)
		rc = post(c);
	else {
		api_count(&c->api->counts, "", API_INVALID_METHOD);
		kvs_set(&c->r->headers, "Allow", "POST");
		rc = call_fail(c, 405, "only support the POST method");
	}
	answer(c, rc);
}
