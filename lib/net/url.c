#include "net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"

/* RFC 3986 3.2: [user[:password]@]host[:port], where an IPv6 host has []. */
char *
url_with_port(const char *url, size_t n, int port)
{
	char *all = x_strndup(url, n), *out;
	const char *host, *end, *p;

	host = strstr(all, "://");
	host = host == NULL ? all : host + 3;
	end = host + strcspn(host, "/?#");
	for (p = host; p < end; p++)
		if (*p == '@')
			host = p + 1;
	p = host[0] == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
	if (p != NULL && memchr(p, ':', (size_t)(end - p)) == NULL)
		out = x_asprintf("%.*s:%d%s", (int)(end - all), all, port, end);
	else
		out = x_strdup(all);
	free(all);
	return out;
}

static int
bad(const char *uri, struct err *e)
{
	return err_set(e, ERR_USAGE, "'%s' is not a URI", uri);
}

int
net_parse(const char *uri, struct net_uri *u, struct err *e)
{
	const char *p = strstr(uri, "://"), *host, *port = NULL;
	int https = strncmp(uri, "https:", 6) == 0;
	size_t n, all;
	int64_t v;

	host = p == NULL ? uri : p + 3;
	all = strcspn(host, "/?#");
	/* it may hold a password, which must not be in a message */
	if (memchr(host, '@', all) != NULL)
		return err_set(e, ERR_USAGE, "a user in a URI");
	n = strcspn(host, ":/?#");
	if (host[0] == '[') { /* an IPv6 address */
		const char *end = memchr(host, ']', all);

		if (end == NULL)
			return bad(uri, e);
		host++;
		n = (size_t)(end - host);
		all--;
		if (end[1] == ':')
			port = end + 2;
	} else if (host[n] == ':')
		port = host + n + 1;
	if (n == 0 || n >= sizeof u->host)
		return bad(uri, e);
	memcpy(u->host, host, n);
	u->host[n] = '\0';
	if (port == NULL)
		snprintf(u->port, sizeof u->port, https ? "443" : "19530");
	else if (num_i64n(port, (size_t)(host + all - port), 1, 65535, &v, e) ==
		 -1)
		return bad(uri, e);
	else
		snprintf(u->port, sizeof u->port, "%d", (int)v);
	return 0;
}

static int
is_https(const char *uri)
{
	return strncasecmp(uri, "https:", 6) == 0;
}

int
url_same(const char *a, const char *b)
{
	struct net_uri u, v;
	struct err ignored;

	return net_parse(a, &u, &ignored) == 0 &&
	       net_parse(b, &v, &ignored) == 0 && is_https(a) == is_https(b) &&
	       strcasecmp(u.host, v.host) == 0 && strcmp(u.port, v.port) == 0;
}
