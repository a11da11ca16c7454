#ifndef APIMAKE_H
#define APIMAKE_H

/* Requests to the API over a state directory of its own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/api.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "state/state.h"
#include "web/server.h"

static struct api api;
static char api_dir[64];
static const char *const any_target[] = { "*", NULL };

static int __attribute__((unused)) api_up(void **state)
{
	(void)state;
	snprintf(api_dir, sizeof api_dir, "/tmp/cdc-api-XXXXXX");
	memset(&api, 0, sizeof api);
	api.dir = mkdtemp(api_dir);
	api.targets = any_target;
	unsetenv("CDC_TARGET");
	unsetenv("CDC_TOKEN");
	return api.dir == NULL ? -1 : 0;
}

static int __attribute__((unused)) api_down(void **state)
{
	char *cmd = x_asprintf("rm -rf '%s'", api_dir);
	int rc = system(cmd);

	(void)state;
	free(cmd);
	return rc;
}

/* "a=b&c=d" */
static void __attribute__((unused)) add_query(struct kvs *k, const char *query)
{
	char *copy = x_strdup(query), *save = NULL;

	for (char *s = strtok_r(copy, "&", &save); s != NULL;
	     s = strtok_r(NULL, "&", &save)) {
		char *eq = strchr(s, '=');

		if (eq != NULL)
			*eq = '\0';
		kvs_set(k, s, eq == NULL ? "" : eq + 1);
	}
	free(copy);
}

/* n bytes as they are; the answer is the caller's. */
static void __attribute__((unused))
api_bytes(const char *method, const char *target, const char *body, size_t n,
    const char *if_match, struct web_res *r)
{
	const char *mark = strchr(target, '?');
	char *path = mark == NULL ? x_strdup(target)
				  : x_strndup(target, (size_t)(mark - target));
	char *copy = x_malloc(n + 1);
	struct web_req q = { .method = method,
		.path = path,
		.if_match = if_match,
		.body = copy,
		.body_len = n,
		.id = "test",
		.may_write = 1 };

	memcpy(copy, body, n);
	copy[n] = '\0';
	if (mark != NULL)
		add_query(&q.query, mark + 1);
	memset(r, 0, sizeof *r);
	api_handle(&api, &q, r);
	kvs_fini(&q.query);
	free(copy);
	free(path);
}

/* The same; ' stands for " in the body, which JSON has none of. */
static char *
quotes(const char *body)
{
	char *copy = x_strdup(body);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

/* One request of the plain API; its body as JSON, or NULL. */
static __attribute__((unused)) json_t *
plain(const char *method, const char *target, const char *body, int status)
{
	struct web_res r;
	char *text = quotes(body);
	json_t *j;

	api_bytes(method, target, text, strlen(text), NULL, &r);
	if ((r.status == 0 ? 200 : r.status) != status)
		fprintf(stderr, "%s %s %s: %d %s\n", method, target, body,
		    r.status, r.body.ptr);
	assert_int_equal(r.status == 0 ? 200 : r.status, status);
	j = json_loads(r.body.ptr == NULL ? "" : r.body.ptr, 0, NULL);
	if (status >= 400) {
		assert_string_equal(r.type, "application/problem+json");
		assert_int_equal(
		    json_integer_value(json_object_get(j, "status")), status);
	}
	web_res_fini(&r);
	free(text);
	return j;
}

/* One request to /cdc; always with status 200. */
static __attribute__((unused)) json_t *
cdc_n(const char *body, size_t n)
{
	struct web_res r;
	json_t *j;
	json_error_t je;

	api_bytes("POST", "/cdc", body, n, NULL, &r);
	assert_int_equal(r.status, 0);
	j = json_loads(r.body.ptr, JSON_REJECT_DUPLICATES, &je);
	assert_non_null(j);
	assert_int_equal(r.body.ptr[r.body.len - 1], '\n');
	assert_int_equal(
	    json_integer_value(json_object_get(j, "code")), r.code);
	/* clients test for one or the other */
	assert_int_equal(json_object_get(j, "data") != NULL, r.code == 200);
	assert_int_equal(json_object_get(j, "message") != NULL, r.code != 200);
	web_res_fini(&r);
	return j;
}

static __attribute__((unused)) json_t *
cdc(const char *body)
{
	char *text = quotes(body);
	json_t *j = cdc_n(text, strlen(text));

	free(text);
	return j;
}

/* A text at a path "a.b.0.c" of it. */
static __attribute__((unused)) const json_t *
at(const json_t *j, const char *path)
{
	char *copy = x_strdup(path), *save = NULL;

	for (char *s = strtok_r(copy, ".", &save); s != NULL;
	     s = strtok_r(NULL, ".", &save))
		j = json_is_array(j)
			? json_array_get(j, (size_t)strtoul(s, NULL, 10))
			: json_object_get(j, s);
	free(copy);
	return j;
}

static __attribute__((unused)) const char *
text_at(const json_t *j, const char *path)
{
	const char *s = json_string_value(at(j, path));

	return s == NULL ? "" : s;
}

/* A task's task.json. */
static __attribute__((unused)) json_t *
definition(const char *name)
{
	struct err e;
	json_t *j = state_task(api.dir, name, &e);

	assert_non_null(j);
	return j;
}

/* Code and message of one request; message NULL: it must do it. */
static void __attribute__((unused))
expect(const char *body, int code, const char *message)
{
	json_t *j = cdc(body);

	if (json_integer_value(json_object_get(j, "code")) != code ||
	    (message != NULL && strcmp(text_at(j, "message"), message) != 0))
		fprintf(stderr, "%s\n  %s\n", body, text_at(j, "message"));
	assert_int_equal(json_integer_value(json_object_get(j, "code")), code);
	if (message != NULL)
		assert_string_equal(text_at(j, "message"), message);
	json_decref(j);
}

/* The same, and that it is told of in a warning with these words. */
static void __attribute__((unused))
expect_warning(const char *body, const char *words)
{
	json_t *j = cdc(body);
	const json_t *list = at(j, "data.warnings");
	int found = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		found |= strstr(json_string_value(json_array_get(list, i)),
			     words) != NULL;
	if (!found)
		json_dumpf(j, stderr, 0);
	assert_true(found);
	json_decref(j);
}

static size_t __attribute__((unused)) tasks(void)
{
	json_t *j = cdc("{'request_type':'list'}");
	size_t n = json_array_size(at(j, "data.tasks"));

	json_decref(j);
	return n;
}

#define REQUEST(type, data)                                                    \
	"{'request_type':'" type "','request_data':{" data "}}"
#define HERE "'milvus_connect_param':{'uri':'http://127.0.0.1:1'}"
#define CREATE(data) REQUEST("create", data)
#define A "'collection_infos':[{'name':'a'}]"
#define NO(message) 400, FAILED("create") message
#define TO(param) "'milvus_connect_param':{" param "}"
#define T(f) cmocka_unit_test_setup_teardown(f, api_up, api_down)
#define FAILED(type) "fail to handle the " type " request, error: "

struct row {
	const char *body;
	int code;
	const char *message;
};

static void __attribute__((unused)) rows(const struct row *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(r[i].body, r[i].code, r[i].message);
}
#define ROWS(t) rows(t, sizeof t / sizeof *t)

/* One answer whole: status, headers, text. */
static __attribute__((unused)) struct web_res
ask(const char *method, const char *target, const char *body,
    const char *if_match)
{
	struct web_res r;
	char *text = quotes(body);

	api_bytes(method, target, text, strlen(text), if_match, &r);
	free(text);
	return r;
}

static void __attribute__((unused)) make(const char *name, const char *target)
{
	char *body = x_asprintf("{'task_id':'%s',"
				"'milvus_connect_param':{'uri':'%s'}," A "}",
	    name, target);

	json_decref(plain("POST", "/tasks", body, 201));
	free(body);
}

#endif
