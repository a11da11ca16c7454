#include "net/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/resolve.h"

static struct addrinfo *
resolve(const struct net_uri *u, int *why)
{
	return netname_find(u->host, u->port, why);
}

/* The bytes of an address and their number; ::ffff:127.0.0.1 is 127.0.0.1. */
static size_t
bytes_of(const struct sockaddr *a, const unsigned char **p)
{
	const struct sockaddr_in6 *six = (const void *)a;

	if (a->sa_family == AF_INET) {
		*p =
		    (const void *)&((const struct sockaddr_in *)(const void *)a)
			->sin_addr;
		return 4;
	}
	if (a->sa_family != AF_INET6)
		return 0;
	*p = six->sin6_addr.s6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		*p += 12;
		return 4;
	}
	return 16;
}

static int
same_address(const struct sockaddr *a, const struct sockaddr *b)
{
	const unsigned char *p, *q;
	size_t n = bytes_of(a, &p);

	return n > 0 && n == bytes_of(b, &q) && memcmp(p, q, n) == 0;
}

/* 1 if the address is loopback, "any", or one of this machine's. */
static int
is_here(const struct sockaddr *a, const struct ifaddrs *own)
{
	static const unsigned char zero[16];
	const unsigned char *p;
	size_t n = bytes_of(a, &p);

	if ((n == 4 && p[0] == 127) || (n > 0 && memcmp(p, zero, n) == 0) ||
	    (n == 16 && memcmp(p, zero, 15) == 0 && p[15] == 1))
		return 1;
	for (; own != NULL; own = own->ifa_next)
		if (own->ifa_addr != NULL && same_address(a, own->ifa_addr))
			return 1;
	return 0;
}

static int
share(const struct addrinfo *a, const struct addrinfo *b)
{
	struct ifaddrs *own = NULL;
	int rc = 0;

	if (getifaddrs(&own) == -1)
		own = NULL;
	for (const struct addrinfo *i = a; i != NULL; i = i->ai_next)
		for (const struct addrinfo *k = b; k != NULL; k = k->ai_next)
			rc |= same_address(i->ai_addr, k->ai_addr) ||
			      (is_here(i->ai_addr, own) &&
				  is_here(k->ai_addr, own));
	if (own != NULL)
		freeifaddrs(own);
	return rc;
}

int
net_same_text(const char *a, const char *b)
{
	struct net_uri ua, ub;
	struct err ignored;

	if (net_parse(a, &ua, &ignored) == -1 ||
	    net_parse(b, &ub, &ignored) == -1)
		return strcmp(a, b) == 0;
	return strcmp(ua.port, ub.port) == 0 &&
	       strcasecmp(ua.host, ub.host) == 0;
}

int
net_same(const char *a, const char *b)
{
	struct net_uri ua, ub;
	struct addrinfo *la, *lb;
	struct err ignored;
	int why, rc;

	if (net_same_text(a, b))
		return 1;
	if (net_parse(a, &ua, &ignored) == -1 ||
	    net_parse(b, &ub, &ignored) == -1 || strcmp(ua.port, ub.port) != 0)
		return 0;
	la = resolve(&ua, &why);
	lb = resolve(&ub, &why);
	rc = share(la, lb);
	if (rc == 0 && (la == NULL || lb == NULL))
		rc = -1;
	if (la != NULL)
		freeaddrinfo(la);
	if (lb != NULL)
		freeaddrinfo(lb);
	return rc;
}

/* 0 if it connects in time, else an errno value. */
static int
try_one(const struct addrinfo *a, int wait_ms)
{
	int fd = socket(
		a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	    why = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof why;

	if (fd == -1)
		return errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
		why = errno;
		if (why == EINPROGRESS) {
			why = ETIMEDOUT;
			if (poll(&p, 1, wait_ms) == 1)
				getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n);
		}
	}
	close(fd);
	return why;
}

int
net_reach(const char *uri, int wait_ms, struct err *e)
{
	struct net_uri u;
	struct addrinfo *list;
	int why;

	if (net_parse(uri, &u, e) == -1)
		return -1;
	if ((list = resolve(&u, &why)) == NULL)
		return err_set(e, ERR_TEMP, "'%s': %s", uri, gai_strerror(why));
	for (struct addrinfo *a = list; a != NULL; a = a->ai_next)
		if ((why = try_one(a, wait_ms)) == 0)
			break;
	freeaddrinfo(list);
	errno = why;
	return why == 0 ? 0 : err_sys(e, ERR_TEMP, "'%s'", uri);
}
