#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/uri.h"
#include "state/state.h"
#include "task/task.h"

/* The target of a create: milvus_connect_param, kafka_connect_param. */

enum { TOKEN_MAX = 4096, PEM_MAX = 1 << 20, TIMEOUT_MAX = 120 };

int
order_option(struct order *o, const char *name, const char *value)
{
	const struct task_option *t = task_option_find(name);
	char cut[API_SHOWN + 1];

	if (t == NULL)
		return call_fail(
		    o->c, 400, "no option '%s'", api_cut(name, cut));
	if (task_option_set(o->options, t, value, &o->c->e) == -1) {
		err_wrap(&o->c->e, "--%s", name);
		o->c->code = 400;
		return -1;
	}
	return 0;
}

/* ---- its address ---- */

static int
plain_host(const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
			   "Z0123456789.-_:[]",
			*s) == NULL)
			return 0;
	return 1;
}

/* Sets the target to a URI with a scheme and without a path. */
int
order_uri(struct order *o, const char *uri)
{
	const char *sep = strstr(uri, "://");
	size_t scheme = sep == NULL ? 0 : (size_t)(sep - uri), n;
	char cut[API_SHOWN + 1], *host, *all;
	struct net_uri u;
	int rc;

	if (strchr(uri, '@') != NULL)
		return call_fail(o->c, 400,
		    "the milvus uri has a user in it: use username and "
		    "password, or token");
	if (sep != NULL && !(scheme == 4 && !strncasecmp(uri, "http", 4)) &&
	    !(scheme == 5 && !strncasecmp(uri, "https", 5)))
		return call_fail(o->c, 400,
		    "the milvus uri is neither http nor https, %s",
		    api_cut(uri, cut));
	host = x_strdup(sep == NULL ? uri : sep + 3);
	n = strlen(host);
	if (n > 0 && host[n - 1] == '/')
		host[n - 1] = '\0';
	all = x_asprintf("%s://%s", scheme == 5 ? "https" : "http", host);
	if (strchr(host, '/') != NULL)
		rc = call_fail(o->c, 400,
		    "the milvus uri has a path, which a Milvus has not, %s",
		    api_cut(uri, cut));
	else if (!plain_host(host) || net_parse(all, &u, &o->c->e) == -1)
		rc = call_fail(o->c, 400, "the milvus uri is invalid, %s",
		    api_cut(uri, cut));
	else
		rc = order_option(o, "target", all);
	free(host);
	free(all);
	return rc;
}

static int
set_host(struct order *o, const json_t *v)
{
	const char *host = api_str(v, "host");
	json_int_t port = json_integer_value(json_object_get(v, "port"));
	int tls = json_is_true(json_object_get(v, "enable_tls")), rc;
	int six = strchr(host, ':') != NULL && host[0] != '[';
	char *uri;

	if (host[0] == '\0')
		return call_fail(o->c, 400, "the milvus host is empty");
	if (port <= 0)
		return call_fail(
		    o->c, 400, "the milvus port is less or equal zero");
	uri = x_asprintf("%s://%s%.256s%s:%" JSON_INTEGER_FORMAT,
	    tls ? "https" : "http", six ? "[" : "", host, six ? "]" : "", port);
	rc = strchr(host, '/') != NULL
		 ? call_fail(o->c, 400, "the milvus host is invalid")
		 : order_uri(o, uri);
	free(uri);
	return rc;
}

/* ---- the login there ---- */

static int
is_secret_text(const char *s)
{
	if (strlen(s) > TOKEN_MAX)
		return 0;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return 0;
	return 1;
}

static int
check_token(struct order *o)
{
	if (o->token == NULL || is_secret_text(o->token))
		return 0;
	return call_fail(o->c, 400,
	    "the milvus token has control characters, or more than %d bytes",
	    TOKEN_MAX);
}

static int
set_token(struct order *o, const json_t *v)
{
	const char *token = api_str(v, "token");
	const char *user = api_str(v, "username");
	const char *password = api_str(v, "password");

	if ((user[0] == '\0') != (password[0] == '\0'))
		return call_fail(o->c, 400,
		    "cannot set only one of the milvus username and password");
	if (token[0] != '\0')
		o->token = x_strdup(token);
	else if (user[0] != '\0')
		o->token = x_asprintf("%s:%s", user, password);
	return check_token(o);
}

int
order_token(struct order *o, const json_t *v)
{
	if (!api_zero(v))
		o->token = x_strdup(json_string_value(v));
	return check_token(o);
}

int
order_target(struct order *o, const json_t *v)
{
	const json_t *kafka = json_object_get(o->all, "kafka_connect_param");
	int milvus = api_str(v, "uri")[0] != '\0' ||
		     api_str(v, "host")[0] != '\0' ||
		     !api_zero(json_object_get(v, "port"));

	if (!milvus && api_zero(kafka))
		return call_fail(o->c, 400, "the downstream address is empty");
	if (milvus && !api_zero(kafka))
		return call_fail(o->c, 400,
		    "don't support milvus and kafka at the same time now");
	if (!milvus)
		return 0; /* order_kafka refuses with more detail */
	if ((api_str(v, "uri")[0] != '\0' ? order_uri(o, api_str(v, "uri"))
					  : set_host(o, v)) == -1 ||
	    set_token(o, v) == -1)
		return -1;
	return api_take(o, target_fields, v);
}

static int
take_timeout(struct order *o, const json_t *v)
{
	json_int_t s = json_integer_value(v);

	if (s < 0)
		return call_fail(
		    o->c, 400, "the milvus connect timeout is less zero");
	if (s > TIMEOUT_MAX)
		call_warn(
		    o->c, "'connect_timeout' is %d, the longest", TIMEOUT_MAX);
	o->wait_s = s > TIMEOUT_MAX ? TIMEOUT_MAX : (int)s;
	return 0;
}

/* ---- certificates: in the folder that the server allows ---- */

/* 1 if path below dir is a file with PEM in it. */
static int
is_pem(const char *dir, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), yes = 0;
	int fd = at == -1
		     ? -1
		     : (int)syscall(SYS_openat2, at, path, &how, sizeof how);
	struct stat st;
	char *text;
	ssize_t n;

	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= PEM_MAX) {
		text = x_calloc(1, (size_t)st.st_size + 1);
		n = x_read(fd, text, (size_t)st.st_size);
		yes = n > 0 && strstr(text, "-----BEGIN ") != NULL;
		free(text);
	}
	if (fd != -1)
		close(fd);
	if (at != -1)
		close(at);
	return yes;
}

/*
 * The message is the same for all reasons, so that it does not show which files
 * exist.
 */
static int
set_pem(struct order *o, const char *option, const char *path)
{
	const char *dir = o->c->api->tls_dir;
	size_t n = dir == NULL ? 0 : strlen(dir);
	char *all;
	int rc;

	if (path[0] == '\0')
		return 0;
	if (n > 0 && strncmp(path, dir, n) == 0 && path[n] == '/')
		path += n + 1;
	if (dir == NULL || strstr(path, "..") != NULL || !is_pem(dir, path))
		return call_fail(o->c, 400,
		    "fail to connect the milvus: a file of dial_config is no "
		    "certificate below the server's --tls-dir");
	all = x_asprintf("%s/%s", dir, path);
	rc = order_option(o, option, all);
	free(all);
	return rc;
}

static int
take_server_pem(struct order *o, const json_t *v)
{
	return v == NULL ? 0
			 : set_pem(o, "target-cacert", json_string_value(v));
}

static int
take_client_pem(struct order *o, const json_t *v)
{
	return v == NULL ? 0 : set_pem(o, "target-cert", json_string_value(v));
}

static int
take_client_key(struct order *o, const json_t *v)
{
	return v == NULL ? 0 : set_pem(o, "target-key", json_string_value(v));
}

static int
take_server_name(struct order *o, const json_t *v)
{
	const char *name = v == NULL ? "" : json_string_value(v);
	struct net_uri u;

	if (name[0] == '\0' ||
	    (net_parse(json_string_value(json_object_get(o->options, "target")),
		 &u, &o->c->e) == 0 &&
		strcasecmp(u.host, name) == 0))
		return 0;
	return call_fail(o->c, 400,
	    "'server_name' is refused: the certificate's name must be the "
	    "uri's host");
}

static const struct api_field dial_fields[] = {
	{ "server_name", API_STR, API_H, NULL, take_server_name, NULL },
	{ "server_pem_path", API_STR, API_H, NULL, take_server_pem, NULL },
	{ "ca_pem_path", API_STR, API_H, NULL, take_server_pem, NULL },
	{ "client_pem_path", API_STR, API_H, NULL, take_client_pem, NULL },
	{ "client_key_path", API_STR, API_H, NULL, take_client_key, NULL },
	{ 0 },
};

/* TLS with certificates on both sides takes all three. */
static int
take_dial(struct order *o, const json_t *v)
{
	int cert = api_str(v, "client_pem_path")[0] != '\0';
	int key = api_str(v, "client_key_path")[0] != '\0';

	if (cert != key)
		return call_fail(o->c, 400,
		    "dial_config needs both of client_pem_path and "
		    "client_key_path");
	if (api_str(v, "server_pem_path")[0] != '\0' &&
	    api_str(v, "ca_pem_path")[0] != '\0')
		return call_fail(o->c, 400,
		    "dial_config needs one of server_pem_path and "
		    "ca_pem_path");
	return api_take(o, dial_fields, v);
}

static int
take_one_part(struct order *o, const json_t *v)
{
	return json_is_true(v) ? order_option(o, "ignore-partitions", "") : 0;
}

const struct api_field target_fields[] = {
	{ "uri", API_STR, API_H, NULL, NULL, NULL },
	{ "host", API_STR, API_H, NULL, NULL, NULL },
	{ "port", API_INT, API_H, NULL, NULL, NULL },
	{ "enable_tls", API_BOOL, API_H, NULL, NULL, NULL },
	{ "token", API_STR, API_S, NULL, NULL, NULL },
	{ "username", API_STR, API_S, NULL, NULL, NULL },
	{ "password", API_STR, API_S, NULL, NULL, NULL },
	{ "connect_timeout", API_INT, API_H, NULL, take_timeout, NULL },
	{ "channel_num", API_INT, API_W, NULL, NULL,
	    "the target is written through its public API" },
	{ "ignore_partition", API_BOOL, API_H, NULL, take_one_part, NULL },
	{ "dial_config", API_OBJ, API_H, dial_fields, take_dial, NULL },
	{ 0 },
};

/* ---- Kafka ---- */

static const struct api_field sasl_fields[] = {
	{ "username", API_STR, API_S, NULL, NULL, NULL },
	{ "password", API_STR, API_S, NULL, NULL, NULL },
	{ "mechanisms", API_STR, API_R, NULL, NULL, NULL },
	{ "security_protocol", API_STR, API_R, NULL, NULL, NULL },
	{ 0 },
};

const struct api_field kafka_fields[] = {
	{ "address", API_STR, API_R, NULL, NULL, NULL },
	{ "topic", API_STR, API_R, NULL, NULL, NULL },
	{ "enable_sasl", API_BOOL, API_R, NULL, NULL, NULL },
	{ "sasl", API_OBJ, API_R, sasl_fields, NULL, NULL },
	{ 0 },
};
