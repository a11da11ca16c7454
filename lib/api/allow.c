#include <stdlib.h>
#include <string.h>

#include "api/priv.h"
#include "base/mem.h"
#include "base/opt.h"
#include "net/url.h"
#include "task/task.h"

/*
 * Which servers a request may name, and with which login. The administrator
 * gives each login for certain servers. A client must not be able to send it to
 * another server, nor to look for servers: a name is first looked up among
 * those allowed, before any server is asked.
 */

static const char *const source_words[] = { "etcd", "root", "meta-path",
	"brokers", "cluster", "source", NULL };

int
api_source_word(const char *name, size_t n)
{
	for (const char *const *w = source_words; *w != NULL; w++)
		if (strlen(*w) == n && strncmp(*w, name, n) == 0)
			return 1;
	return 0;
}

/*
 * 1 if NAME=VALUE is in the list, letter for letter, so that there are no two
 * ways to read a URL.
 */
static int
is_listed(const char *const *list, const char *name, const char *value)
{
	size_t n = strlen(name);

	for (; list != NULL && *list != NULL; list++)
		if (strncmp(*list, name, n) == 0 && (*list)[n] == '=' &&
		    strcmp(*list + n + 1, value) == 0)
			return 1;
	return 0;
}

/*
 * Drops the login for the server's own etcd, brokers or Milvus, because the
 * request names others.
 */
static void
forget_login(struct order *o, const char *name)
{
	static const char *const logins[][2] = { { "etcd", "etcd-user-file" },
		{ "etcd", "etcd-cert" }, { "etcd", "etcd-key" },
		{ "brokers", "property" }, { "source", "source-token-file" },
		{ "source", "source-cert" }, { "source", "source-key" } };

	for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
		if (strcmp(logins[i][0], name) == 0 &&
		    json_object_del(o->options, logins[i][1]) == 0)
			call_warn(o->c,
			    "'%s' of the server is not used: it is not for "
			    "this %s",
			    logins[i][1], name);
}

int
order_source(struct order *o, const char *name, const char *value)
{
	if (!api_source_word(name, strlen(name)) ||
	    strcmp(api_str(o->own, name), value) == 0)
		return 0;
	if (!is_listed(o->c->api->sources, name, value))
		return call_fail(o->c, 400,
		    "option '%s' is refused: tasks of this server read its "
		    "own source, and what its administrator allows besides",
		    name);
	forget_login(o, name);
	return 0;
}

/*
 * The URI in the list, given as URI or URI=FILE, for this target, to be freed,
 * with *file "" or FILE; NULL if it is not in the list.
 */
static char *
find_target(const char *const *list, const char *target, const char **file)
{
	for (; list != NULL && *list != NULL; list++) {
		size_t n = strcspn(*list, "=");
		char *uri = x_strndup(*list, n);

		*file = *list + n + ((*list)[n] == '=');
		if (url_same(uri, target))
			return uri;
		free(uri);
	}
	return NULL;
}

static int
any_target(const char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(*list, "*") == 0)
			return 1;
	return 0;
}

/* Takes the target as the list has it. */
static int
listed_login(struct order *o, const char *uri, const char *file)
{
	if (order_uri(o, uri) == -1)
		return -1;
	if (o->token != NULL)
		return 0;
	return file[0] != '\0' ? order_option(o, "token-file", file)
			       : order_option(o, "no-token", "");
}

int
order_login(struct order *o)
{
	const char *const *list = o->c->api->targets;
	const char *target = api_str(o->options, "target"), *file = "";
	const char *own = opt_env("CDC_TARGET", NULL);
	char *uri;
	int rc;

	/*
	 * $CDC_TOKEN is for $CDC_TARGET, and not for the default that all have.
	 */
	if (own != NULL && url_same(target, own))
		return order_uri(o, own);
	if ((uri = find_target(list, target, &file)) != NULL) {
		rc = listed_login(o, uri, file);
		free(uri);
		return rc;
	}
	if (list != NULL && !any_target(list))
		return call_fail(o->c, 400,
		    "the milvus is none that this server's administrator "
		    "allows");
	if (o->token != NULL)
		return 0;
	if (list != NULL) /* nor the runner's $CDC_TOKEN */
		return order_option(o, "no-token", "");
	return call_fail(o->c, 400,
	    "the milvus token is missing: a target without one is for this "
	    "server's administrator to allow");
}
