#include "net/etcd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/json_write.h"
#include "net/etcd_json.h"
#include "net/etcd_priv.h"
#include "net/http.h"
#include "net/tls.h"
#include "net/url.h"

enum { TOKEN_MAX = 4096, ETCD_PORT = 2379 };

static void
add_url(struct etcd *c, const char *s, size_t n)
{
	char *url;

	while (n > 0 && (s[n - 1] == '/' || s[n - 1] == ' '))
		n--;
	for (; n > 0 && *s == ' '; n--)
		s++;
	if (n == 0)
		return;
	url = x_asprintf("%s%.*s",
	    memmem(s, n, "://", 3) == NULL ? "http://" : "", (int)n, s);
	c->urls = x_grow(c->urls, c->n, &c->cap, sizeof *c->urls);
	c->urls[c->n++] = url_with_port(url, strlen(url), ETCD_PORT);
	free(url);
}

static int
add_urls(struct etcd *c, const char *list, struct err *e)
{
	const char *s = list, *q;

	if (trust_no_user(list, "--etcd-user-file", e) == -1)
		return -1;
	for (; (q = strchr(s, ',')) != NULL; s = q + 1)
		add_url(c, s, (size_t)(q - s));
	add_url(c, s, strlen(s));
	if (c->n == 0)
		return err_set(e, ERR_USAGE, "no etcd endpoint in '%s'", list);
	return 0;
}

static int
read_login(struct etcd *c, const char *path, struct err *e)
{
	char *line = NULL, *colon;

	/* the login is sent to all of them */
	for (size_t i = 0; i < c->n; i++) {
		trust_forget(line);
		if ((line = trust_secret_at(path, c->urls[i], ETCD_PORT, e)) ==
		    NULL)
			return -1;
		trust_in_clear(c->urls[i]);
	}
	if (line == NULL || (colon = strchr(line, ':')) == NULL ||
	    colon == line) {
		trust_forget(line);
		return err_set(e, ERR_USAGE,
		    "secret file '%s': want USER:PASSWORD in its first line",
		    path);
	}
	c->user = x_strndup(line, (size_t)(colon - line));
	c->password = x_strdup(colon + 1);
	trust_forget(line);
	return 0;
}

struct etcd *
etcd_open(const struct etcd_conf *conf, struct err *e)
{
	struct etcd *c = x_calloc(1, sizeof *c);
	struct http_conf h = {
		.cacert = conf->cacert,
		.cert = conf->cert,
		.key = conf->key,
		.answer_ms = conf->answer_ms,
	};

	if (add_urls(c, conf->endpoints, e) == -1 ||
	    trust_files(conf->cacert, conf->cert, conf->key, e) == -1 ||
	    (conf->user_file != NULL &&
		read_login(c, conf->user_file, e) == -1) ||
	    (c->http = http_open(&h, e)) == NULL) {
		etcd_close(c);
		return NULL;
	}
	c->fast = conf->gateway_only ? NULL : etcd_fast_open(conf);
	return c;
}

void
etcd_close(struct etcd *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->urls[i]);
	free(c->urls);
	free(c->user);
	trust_forget(c->password);
	free(c->token);
	free(c->version);
	buf_fini(&c->reply.body);
	buf_fini(&c->key);
	buf_fini(&c->value);
	etcd_fast_close(c->fast);
	http_close(c->http);
	free(c);
}

const char *
etcd_endpoint(const struct etcd *c)
{
	return c->urls[c->at];
}

void
etcd_rotate(struct etcd *c)
{
	c->at = (c->at + 1) % c->n;
}

struct http *
etcd_http(struct etcd *c)
{
	return c->http;
}

/*
 * etcd/server/embed/serve.go: the gateway cannot tell the server which user a
 * certificate belongs to, so with logins on it refuses a certificate that has a
 * common name.
 */
static int
is_name_refused(const struct buf *body)
{
	static const char text[] = "CommonName of client";

	return memmem(body->ptr, body->len, text, sizeof text - 1) != NULL;
}

const char *
etcd_cluster(const struct etcd *c)
{
	return c == NULL ? "" : c->cluster;
}

/*
 * ERR_BACK if this answer comes from another cluster than those before. Called
 * for every answer.
 */
int
etcd_same_id(struct etcd *c, const char *endpoint, const char *id, int64_t rev,
    struct err *e)
{
	if (id == NULL || strcmp(id, c->cluster) == 0)
		return 0;
	if (c->cluster[0] != '\0')
		return err_set(e, ERR_BACK,
		    "etcd '%s' is another cluster: %.23s, at revision %" PRId64
		    ", and was %s, at %" PRId64,
		    endpoint, id, rev, c->cluster, c->rev);
	snprintf(c->cluster, sizeof c->cluster, "%s", id);
	return 0;
}

int
etcd_same_cluster(
    struct etcd *c, const char *endpoint, const json_t *header, struct err *e)
{
	return etcd_same_id(c, endpoint,
	    json_string_value(json_object_get(header, "cluster_id")),
	    etcd_json_i64(header, "revision"), e);
}

void
etcd_saw(struct etcd *c, int64_t rev)
{
	if (rev > c->rev)
		c->rev = rev;
}

/* ERR_BACK if a revision falls: in linearizable answers it never does. */
int
etcd_rises(struct etcd *c, int64_t rev, struct err *e)
{
	if (rev < c->rev)
		return err_set(e, ERR_BACK,
		    "etcd '%s' went back: cluster %s is at revision %" PRId64
		    ", and was at %" PRId64,
		    etcd_endpoint(c), c->cluster, rev, c->rev);
	c->rev = rev;
	return 0;
}

/* One request to the current endpoint; *answer is a new reference. */
static int
ask(struct etcd *c, const char *path, const char *token, const struct buf *body,
    json_t **answer, struct err *e)
{
	char *url = x_asprintf("%s%s", etcd_endpoint(c), path);
	json_error_t je;
	int rc = http_request(c->http, url, token, body, &c->reply, e);

	*answer = NULL;
	free(url);
	if (rc == -1)
		return err_wrap(e, "etcd");
	*answer = json_loadb(
	    c->reply.body.ptr, c->reply.body.len, JSON_ALLOW_NUL, &je);
	if (c->reply.status == 200 && json_is_object(*answer)) {
		rc = etcd_same_cluster(
		    c, etcd_endpoint(c), json_object_get(*answer, "header"), e);
		if (rc == 0)
			return 0;
	} else if (*answer == NULL && is_name_refused(&c->reply.body))
		rc = err_set(e, ERR_DATA,
		    "etcd '%s': with logins on, it takes no certificate that "
		    "has a common name: want one without, and a login, "
		    "--etcd-user-file",
		    etcd_endpoint(c));
	else
		rc = etcd_json_error(
		    *answer, c->reply.status, etcd_endpoint(c), e);
	json_decref(*answer);
	*answer = NULL;
	return rc;
}

static int
login(struct etcd *c, struct err *e)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	const char *token;
	json_t *a;
	int rc;

	jw_open(&w, NULL, '{');
	jw_str(&w, "name", c->user);
	jw_str(&w, "password", c->password);
	jw_close(&w, '}');
	rc = ask(c, "/v3/auth/authenticate", NULL, &b, &a, e);
	explicit_bzero(b.ptr, b.len);
	buf_fini(&b);
	if (rc == -1 && strstr(e->msg, "is not enabled") != NULL) {
		log_info("etcd has no logins: the user file is not used");
		c->no_auth = 1;
		return 0;
	}
	if (rc == -1)
		return err_wrap(e, "login as '%s'", c->user);
	token = json_string_value(json_object_get(a, "token"));
	if (token == NULL || strlen(token) > TOKEN_MAX)
		rc = err_set(e, ERR_DATA, "etcd '%s': a login without a token",
		    etcd_endpoint(c));
	else
		c->token = x_strdup(token);
	json_decref(a);
	return rc;
}

int
etcd_token(struct etcd *c, const char **token, struct err *e)
{
	*token = NULL;
	if (c->user != NULL && !c->no_auth && c->token == NULL &&
	    login(c, e) == -1)
		return -1;
	*token = c->token;
	return 0;
}

void
etcd_forget_token(struct etcd *c)
{
	free(c->token);
	c->token = NULL;
	c->no_auth = 0;
}

/*
 * 1 if the request was refused because of its token, so that a new token may
 * help.
 */
static int
token_expired(const struct etcd *c, const struct err *e)
{
	return c->user != NULL &&
	       (strstr(e->msg, "invalid auth token") != NULL ||
		   strstr(e->msg, "auth store is old") != NULL ||
		   strstr(e->msg, "user name is empty") != NULL);
}

static int
ask_logged_in(struct etcd *c, const char *path, const struct buf *body,
    json_t **answer, struct err *e)
{
	const char *token;

	for (int again = 0;; again++) {
		if (etcd_token(c, &token, e) == -1)
			return -1;
		if (ask(c, path, token, body, answer, e) == 0) {
			err_clear(e); /* the failures of endpoints before */
			return 0;
		}
		if (again > 0 || !token_expired(c, e))
			return -1;
		etcd_forget_token(c);
	}
}

/* Asks each endpoint once at most. */
int
etcd_call(struct etcd *c, const char *path, const struct buf *body,
    json_t **answer, struct err *e)
{
	for (size_t i = 1;; i++) {
		if (ask_logged_in(c, path, body, answer, e) == 0)
			return 0;
		if (e->kind != ERR_TEMP)
			return -1;
		if (c->n > 1)
			log_info("%s", e->msg);
		etcd_rotate(c);
		if (i >= c->n)
			break;
	}
	if (c->n > 1)
		return err_wrap(e, "none of %zu endpoints answers", c->n);
	return -1;
}

const char *
etcd_version(struct etcd *c, struct err *e)
{
	const char *v;
	json_t *a;

	if (etcd_call(c, "/version", NULL, &a, e) == -1)
		return NULL;
	v = json_string_value(json_object_get(a, "etcdserver"));
	free(c->version);
	c->version = x_strdup(v == NULL ? "" : v);
	json_decref(a);
	return c->version;
}
