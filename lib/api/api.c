#include "api/api.h"

#include <string.h>

#include "api/priv.h"
#include "base/buf.h"
#include "codec/kv.h"

/* Routes by method and path; {id} is one part of a path. */
static const struct route {
	const char *method, *path;
	int (*run)(struct call *c);
	int writes;
	enum web_room room;
} routes[] = {
	{ "GET", "/tasks", plain_tasks, 0, WEB_SHORT },
	{ "POST", "/tasks", plain_create, 1, WEB_LONG },
	{ "GET", "/tasks/{id}", plain_task, 0, WEB_SHORT },
	{ "DELETE", "/tasks/{id}", plain_delete, 1, WEB_LONG },
	{ "POST", "/tasks/{id}/pause", plain_pause, 1, WEB_LONG },
	{ "POST", "/tasks/{id}/resume", plain_resume, 1, WEB_LONG },
	{ "GET", "/tasks/{id}/position", plain_position, 0, WEB_QUICK },
	{ "PUT", "/tasks/{id}/position", plain_set_position, 1, WEB_LONG },
	{ "GET", "/tasks/{id}/log", plain_log, 0, WEB_QUICK },
	{ "GET", "/healthz", plain_healthz, 0, WEB_QUICK },
	{ "GET", "/readyz", plain_readyz, 0, WEB_SHORT },
	{ "GET", "/version", plain_version, 0, WEB_QUICK },
	{ "GET", "/metrics", plain_metrics, 0, WEB_SHORT },
	{ "GET", "/cdc/metrics", plain_cdc_metrics, 0, WEB_SHORT },
	{ "GET", "/openapi.json", plain_openapi, 0, WEB_QUICK },
	{ "GET", "/", plain_page, 0, WEB_QUICK },
	{ "GET", "/page.css", plain_page, 0, WEB_QUICK },
	{ "GET", "/page.js", plain_page, 0, WEB_QUICK },
};
enum { ROUTES = sizeof routes / sizeof *routes };
_Static_assert(ROUTES + 2 < API_PATHS, "a count for each route");

const char *
api_route(size_t i, const char **path)
{
	*path = i < ROUTES ? routes[i].path : NULL;
	return i < ROUTES ? routes[i].method : NULL;
}

/*
 * The paths in the order of the counts: one for each route, /cdc, all others.
 */
static const char *
path_of(size_t i)
{
	return i < ROUTES ? routes[i].path : i == ROUTES ? "/cdc" : "other";
}

/* 1 if a path matches; *id is then the part for {id}. */
static int
fits(const char *pattern, const char *path, char id[static 129])
{
	const char *brace = strchr(pattern, '{');
	size_t head = brace == NULL ? 0 : (size_t)(brace - pattern), n;

	id[0] = '\0';
	if (brace == NULL)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, head) != 0)
		return 0;
	n = strcspn(path + head, "/");
	if (n == 0 || n > 128 ||
	    strcmp(path + head + n, brace + sizeof "{id}" - 1) != 0)
		return 0;
	memcpy(id, path + head, n);
	id[n] = '\0';
	return 1;
}

/*
 * The route of this path and method, or ROUTES. *path, under which the request
 * is counted, is the first route of this path with any method, or that of all
 * others.
 */
static size_t
find(const struct web_req *q, char id[static 129], struct buf *allow,
    size_t *path)
{
	size_t hit = ROUTES;

	*path = ROUTES + 1;
	for (size_t i = 0; i < ROUTES && hit == ROUTES; i++) {
		if (!fits(routes[i].path, q->path, id))
			continue;
		if (*path > ROUTES)
			*path = i;
		if (strcmp(routes[i].method, q->method) == 0)
			hit = i;
		buf_addf(allow, "%s%s", allow->len > 0 ? ", " : "",
		    routes[i].method);
	}
	return hit;
}

/*
 * Requests of get and list only look. If the body cannot be read, the answer is
 * quick.
 */
static enum web_room
room_of_cdc(const char *body)
{
	json_t *j = json_loads(body, 0, NULL);
	const char *type =
	    json_string_value(json_object_get(j, "request_type"));
	int looks =
	    j == NULL || (type != NULL && (strcmp(type, "list") == 0 ||
					      strcmp(type, "get") == 0));

	json_decref(j);
	return looks ? WEB_SHORT : WEB_LONG;
}

enum web_room
api_room(const struct web_req *q)
{
	struct buf allow = { 0 };
	char id[129];
	size_t i, path;

	if (strcmp(q->path, "/cdc") == 0)
		return room_of_cdc(q->body);
	i = find(q, id, &allow, &path);
	buf_fini(&allow);
	return i < ROUTES ? routes[i].room : WEB_QUICK;
}

static void
problem(struct call *c, int status)
{
	json_t *text = api_text(c->e.msg);

	web_fail(c->r, c->q->path, status, "%s", json_string_value(text));
	json_decref(text);
}

static void
plain(struct call *c, const struct route *t)
{
	snprintf(c->r->task, sizeof c->r->task, "%s", c->name);
	if (t->writes && !c->q->may_write) {
		call_only_reads(c);
		problem(c, 403);
	} else if (t->run(c) == -1) {
		c->r->more = NULL;
		problem(c, c->plain != 0 ? c->plain : call_code(c));
	} else if (c->r->body.len == 0 && c->r->more == NULL &&
		   c->r->status != 204)
		api_put(&c->r->body, c->data);
}

/* Handles a request; returns the number under which it is counted. */
static size_t
dispatch(struct call *c)
{
	struct buf allow = { 0 };
	size_t i, path;

	if (strcmp(c->q->path, "/cdc") == 0) {
		cdc_handle(c);
		return ROUTES;
	}
	i = find(c->q, c->name, &allow, &path);
	if (i < ROUTES)
		plain(c, &routes[i]);
	else if (allow.len == 0) {
		call_fail(c, 404, "there is no such path");
		problem(c, 404);
	} else {
		call_fail(c, 405, "only %s here", allow.ptr);
		problem(c, 405);
		kvs_set(&c->r->headers, "Allow", allow.ptr);
	}
	buf_fini(&allow);
	return path;
}

void
api_handle(void *arg, const struct web_req *q, struct web_res *r)
{
	struct call c = { .api = arg,
		.q = q,
		.r = r,
		.data = json_object(),
		.warnings = json_array() };
	size_t i = dispatch(&c);

	api_count_http(
	    &c.api->counts, i, path_of(i), r->status == 0 ? 200 : r->status);
	json_decref(c.data);
	json_decref(c.warnings);
}
