/* The document at /openapi.json is about the routes that there are. */
#include "../apimake.h"
#include "api/priv.h"

static json_t *
document(void)
{
	json_t *j = plain("GET", "/openapi.json", "", 200);

	assert_non_null(j);
	return j;
}

static json_t *
operation(const json_t *doc, const char *method, const char *path)
{
	char low[16];
	size_t n = strlen(method);

	assert_true(n < sizeof low);
	for (size_t i = 0; i <= n; i++)
		low[i] = method[i] == '\0' ? '\0' : (char)(method[i] | 32);
	return json_object_get(
	    json_object_get(json_object_get(doc, "paths"), path), low);
}

static void
every_route_is_in_it(void **state)
{
	json_t *doc = document();
	const char *path, *method;

	(void)state;
	for (size_t i = 0; (method = api_route(i, &path)) != NULL; i++)
		if (operation(doc, method, path) == NULL)
			fail_msg("not in openapi.json: %s %s", method, path);
	json_decref(doc);
}

static int
is_route(const char *method, const char *path)
{
	const char *m, *p;

	if (strcmp(path, "/cdc") == 0)
		return 1;
	for (size_t i = 0; (m = api_route(i, &p)) != NULL; i++)
		if (strcasecmp(m, method) == 0 && strcmp(p, path) == 0)
			return 1;
	return 0;
}

static void
it_has_no_other(void **state)
{
	json_t *doc = document(), *item, *op;
	const char *path, *method;
	int n = 0;

	(void)state;
	json_object_foreach(json_object_get(doc, "paths"), path, item)
	{
		json_object_foreach(item, method, op)
		{
			if (strcmp(method, "parameters") == 0)
				continue;
			n++;
			if (!is_route(method, path))
				fail_msg("no route: %s %s", method, path);
		}
	}
	assert_true(n > 15);
	assert_non_null(operation(doc, "POST", "/cdc"));
	json_decref(doc);
}

static void
it_has_our_version(void **state)
{
	json_t *doc = document();

	(void)state;
	assert_string_equal(text_at(doc, "info.version"), VERSION);
	assert_string_equal(text_at(doc, "openapi"), "3.1.0");
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest all[] = {
		T(every_route_is_in_it),
		T(it_has_no_other),
		T(it_has_our_version),
	};

	log_level(LOG_QUIET);
	return cmocka_run_group_tests(all, NULL, NULL);
}
