#include "tasknet.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"

static struct addrinfo *
resolve(const struct net_uri *u, int *why)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *a = NULL;

	*why = getaddrinfo(u->host, u->port, &want, &a);
	return *why == 0 ? a : NULL;
}

static int
loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)(const void *)a)
				  ->sin_addr.s_addr) >>
			   24) == 127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		   &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static int
same_address(const struct addrinfo *a, const struct addrinfo *b)
{
	if (loopback(a->ai_addr) && loopback(b->ai_addr))
		return 1;
	return a->ai_family == b->ai_family && a->ai_addrlen == b->ai_addrlen &&
	       memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0;
}

int
net_same(const char *a, const char *b)
{
	struct net_uri ua, ub;
	struct addrinfo *la, *lb;
	struct err ignored;
	int why, rc = 0;

	if (net_parse(a, &ua, &ignored) == -1 ||
	    net_parse(b, &ub, &ignored) == -1)
		return strcmp(a, b) == 0;
	if (strcmp(ua.port, ub.port) != 0)
		return 0;
	if (strcasecmp(ua.host, ub.host) == 0)
		return 1;
	la = resolve(&ua, &why);
	lb = resolve(&ub, &why);
	for (struct addrinfo *i = la; i != NULL; i = i->ai_next)
		for (struct addrinfo *k = lb; k != NULL; k = k->ai_next)
			rc |= same_address(i, k);
	if (la != NULL)
		freeaddrinfo(la);
	if (lb != NULL)
		freeaddrinfo(lb);
	return rc;
}

/* 0 if it connects in time, else an errno. */
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
