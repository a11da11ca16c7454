#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/tls.h"
#include "web/priv.h"

/* Reads the file of a token, which must be private. */
static int
token(const char *path, char **text, struct err *e)
{
	if (path == NULL)
		return 0;
	return (*text = trust_secret(path, NULL, e)) == NULL ? -1 : 0;
}

int
access_open(struct access *w, const struct web_conf *conf,
    const struct listener *at, struct err *e)
{
	static const char *const none[] = { NULL };

	w->hosts = conf->hosts == NULL ? none : conf->hosts;
	w->origins = conf->origins == NULL ? none : conf->origins;
	w->open = conf->open;
	w->own_host = at->host;
	w->file = at->file;
	w->anyone = conf->anyone || at->path != NULL;
	if (conf->anyone && conf->token_file != NULL)
		return err_set(e, ERR_USAGE,
		    "--allow-anyone and --token-file exclude each other");
	if (!at->local && conf->token_file == NULL && !conf->insecure)
		return err_set(e, ERR_USAGE,
		    "'%s' can be reached from other machines: "
		    "--token-file is needed",
		    at->address);
	if (conf->read_token_file != NULL && conf->token_file == NULL)
		return err_set(e, ERR_USAGE,
		    "--read-token-file without --token-file: "
		    "everybody may read");
	if (token(conf->token_file, &w->write_token, e) == -1 ||
	    token(conf->read_token_file, &w->read_token, e) == -1)
		return -1;
	if (w->write_token == NULL && !w->anyone)
		log_warn("any user of %s may look, and nobody may change "
			 "anything: --token-file says who may, or "
			 "--allow-anyone that all may",
		    at->local ? "this machine" : "this network");
	return 0;
}

void
access_close(struct access *w)
{
	trust_forget(w->write_token);
	trust_forget(w->read_token);
	memset(w, 0, sizeof *w);
}

/* Compares in a time that depends on the length of `given` alone. */
static int
same_secret(const char *given, const char *secret)
{
	size_t n = strlen(given), m = strlen(secret);
	volatile unsigned char differ = n != m;

	for (size_t i = 0; i < n; i++)
		differ =
		    (unsigned char)(differ |
				    (unsigned char)(given[i] ^ secret[i % m]));
	return !differ;
}

/* RFC 6750: the scheme in any case, then the token. */
static const char *
bearer(const char *authorization)
{
	if (authorization == NULL ||
	    strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	authorization += 7;
	return authorization + strspn(authorization, " ");
}

static int
check_token(const struct access *w, const char *authorization, int *may_write)
{
	const char *given = bearer(authorization);
	int reads;

	*may_write = w->write_token == NULL && w->anyone;
	if (w->write_token == NULL)
		return 0;
	if (given == NULL)
		return 401;
	*may_write = same_secret(given, w->write_token);
	reads = w->read_token != NULL && same_secret(given, w->read_token);
	return *may_write || reads ? 0 : 401;
}

static int
listed(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcasecmp(name, *list) == 0)
			return 1;
	return 0;
}

/*
 * The name in a Host header, without brackets and port; -1 if it is malformed.
 */
static int
host_name(const char *host, char *name, size_t cap)
{
	int bracket = host[0] == '[';
	size_t n = strcspn(host += bracket, bracket ? "]" : ":");
	const char *rest = host + n + (bracket && host[n] == ']');

	if (n == 0 || n >= cap || (bracket && host[n] != ']'))
		return -1;
	if (*rest == ':')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (*rest != '\0')
		return -1;
	n -= n > 1 && host[n - 1] == '.'; /* "localhost." is localhost */
	memcpy(name, host, n);
	name[n] = '\0';
	return 0;
}

static int
known_host(const struct access *w, const char *host)
{
	char name[256];

	/* HTTP/1.0 has no Host; a browser always sends it */
	if (host == NULL || w->file)
		return 1;
	return host_name(host, name, sizeof name) == 0 &&
	       (listener_loopback(name) || strcasecmp(name, w->own_host) == 0 ||
		   listed(name, w->hosts));
}

/*
 * 1 for pages of this server, whose origin is the Host, and for origins that
 * the configuration allows.
 */
static int
known_origin(const struct access *w, const char *origin, const char *host)
{
	const char *rest;

	if (origin == NULL || listed(origin, w->origins))
		return 1;
	rest = strncmp(origin, "http://", 7) == 0    ? origin + 7
	       : strncmp(origin, "https://", 8) == 0 ? origin + 8
						     : NULL;
	return rest != NULL && host != NULL && strcasecmp(rest, host) == 0;
}

int
access_check(const struct access *w, const struct asker *q, int *may_write,
    struct err *e)
{
	int status;

	*may_write = 0;
	if (!known_host(w, q->host)) {
		err_set(e, ERR_DATA, "Host '%.70s' is not allowed; see --host",
		    q->host);
		return 403;
	}
	if (!known_origin(w, q->origin, q->host)) {
		err_set(e, ERR_DATA, "pages of this Origin may not ask here");
		return 403;
	}
	status = check_token(w, q->authorization, may_write);
	if (status != 0)
		err_set(e, ERR_DATA, "%s",
		    q->authorization == NULL ? "a bearer token is needed"
					     : "this token is not known here");
	return status;
}
