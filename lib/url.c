#include "url.h"

#include <stdlib.h>
#include <string.h>

#include "x.h"

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
