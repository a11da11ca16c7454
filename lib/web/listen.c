#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "web/priv.h"

enum { BACKLOG = 1024, STREAM = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK };

static int
loopback4(struct in_addr a)
{
	return ntohl(a.s_addr) >> 24 == 127;
}

static int
loopback6(const struct in6_addr *a)
{
	struct in_addr v4;

	memcpy(&v4, a->s6_addr + 12, sizeof v4);
	return IN6_IS_ADDR_LOOPBACK(a) ||
	       (IN6_IS_ADDR_V4MAPPED(a) && loopback4(v4));
}

int
listener_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return loopback4(v4);
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return loopback6(&v6);
	return strcasecmp(host, "localhost") == 0;
}

/*
 * The host's name as getnameinfo writes it, and the whole address for people.
 */
static int
name_inet(
    struct listener *l, const struct sockaddr *sa, socklen_t len, struct err *e)
{
	char port[8];
	int rc = getnameinfo(sa, len, l->host, sizeof l->host, port,
	    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);

	if (rc != 0)
		return err_set(
		    e, ERR_USAGE, "socket's address: %s", gai_strerror(rc));
	l->local = listener_loopback(l->host);
	snprintf(l->address, sizeof l->address,
	    sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", l->host, port);
	return 0;
}

static int
name_it(struct listener *l, struct err *e)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_un *un = (struct sockaddr_un *)&ss;
	socklen_t len = sizeof ss;

	if (getsockname(l->fd, (struct sockaddr *)&ss, &len) == -1)
		return err_sys(e, ERR_USAGE, "socket's address");
	if (ss.ss_family != AF_UNIX)
		return name_inet(l, (struct sockaddr *)&ss, len, e);
	l->local = l->file = 1;
	snprintf(l->address, sizeof l->address, "unix:%s", un->sun_path);
	return 0;
}

/*
 * 1 if a server listens at this socket. ECONNREFUSED means a file without a
 * server.
 */
static int
alive(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, STREAM, 0);
	int rc = connect(fd, (const struct sockaddr *)un, sizeof *un);
	int yes = rc == 0 || errno != ECONNREFUSED;

	if (fd != -1)
		close(fd);
	return yes;
}

/*
 * Removes the socket file of a server that was killed; refuses if the server is
 * alive.
 */
static int
remove_stale(const struct sockaddr_un *un, struct err *e)
{
	struct stat st;

	if (lstat(un->sun_path, &st) == -1)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_USAGE, "'%s' is there and is no socket",
		    un->sun_path);
	if (alive(un))
		return err_set(e, ERR_TEMP, "'%s' is in use", un->sun_path);
	return unlink(un->sun_path) == 0
		   ? 0
		   : err_sys(e, ERR_USAGE, "'%s'", un->sun_path);
}

static int
open_unix(struct listener *l, const char *path, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (path[0] == '\0' || strlen(path) >= sizeof un.sun_path)
		return err_set(e, ERR_USAGE,
		    "'%s' is no path of 1 to %zu bytes", path,
		    sizeof un.sun_path - 1);
	memcpy(un.sun_path, path, strlen(path));
	if (remove_stale(&un, e) == -1)
		return -1;
	if ((l->fd = socket(AF_UNIX, STREAM, 0)) == -1)
		return err_sys(e, ERR_TEMP, "socket");
	/* for the owner only; called before any thread exists */
	mask = umask(0177);
	rc = bind(l->fd, (const struct sockaddr *)&un, sizeof un);
	umask(mask);
	if (rc == -1)
		return err_sys(e, ERR_USAGE, "'%s'", path);
	l->path = x_strdup(path);
	return 0;
}

static int
bind_one(struct listener *l, const struct addrinfo *ai)
{
	int on = 1;

	l->fd = socket(ai->ai_family, STREAM, 0);
	if (l->fd == -1)
		return -1;
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(l->fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return 0;
	on = errno;
	close(l->fd);
	l->fd = -1;
	errno = on;
	return -1;
}

/* HOST:PORT, [HOST]:PORT, or :PORT for all addresses. */
static int
split(const char *where, char *host, size_t cap, char port[8], struct err *e)
{
	const char *colon = strrchr(where, ':');
	int bracket = where[0] == '[';
	size_t n = colon == NULL ? 0 : (size_t)(colon - where);
	uint64_t number;

	if (colon == NULL || n >= cap ||
	    num_u64(colon + 1, 0, 65535, &number, e) == -1 ||
	    (bracket && (n < 2 || colon[-1] != ']')) ||
	    (!bracket && memchr(where, ':', n) != NULL))
		return err_set(e, ERR_USAGE,
		    "'%s' is not HOST:PORT, [HOST]:PORT or unix:PATH", where);
	memcpy(host, where + bracket, n - 2 * (size_t)bracket);
	host[n - 2 * (size_t)bracket] = '\0';
	snprintf(port, 8, "%u", (unsigned)number);
	return 0;
}

static int
open_inet(struct listener *l, const char *where, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char host[256], port[8];
	int rc;

	if (split(where, host, sizeof host, port, e) == -1)
		return -1;
	rc = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &list);
	if (rc != 0)
		return err_set(e, rc == EAI_AGAIN ? ERR_TEMP : ERR_USAGE,
		    "'%s': %s", where, gai_strerror(rc));
	rc = -1;
	for (const struct addrinfo *ai = list; ai != NULL && rc == -1;
	     ai = ai->ai_next)
		rc = bind_one(l, ai);
	if (rc == -1)
		err_sys(e, errno == EADDRINUSE ? ERR_TEMP : ERR_USAGE, "'%s'",
		    where);
	freeaddrinfo(list);
	return rc;
}

/* A socket that a service manager has opened for us. */
static int
open_fd(struct listener *l, const char *number, struct err *e)
{
	int listens = 0;
	socklen_t len = sizeof listens;
	uint64_t fd;

	if (num_u64(number, 0, INT32_MAX, &fd, e) == -1)
		return err_set(e, ERR_USAGE, "'fd:%s' is no number", number);
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
	    -1)
		return err_sys(e, ERR_USAGE, "descriptor %s", number);
	if (!listens)
		return err_set(e, ERR_USAGE,
		    "descriptor %s: a socket that does not listen", number);
	l->fd = (int)fd;
	fcntl(l->fd, F_SETFD, FD_CLOEXEC);
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

static int
open_any(struct listener *l, const char *where, struct err *e)
{
	int rc;

	if (strncmp(where, "fd:", 3) == 0)
		return open_fd(l, where + 3, e);
	rc = strncmp(where, "unix:", 5) == 0 ? open_unix(l, where + 5, e)
					     : open_inet(l, where, e);
	if (rc == 0 && listen(l->fd, BACKLOG) == -1)
		rc = err_sys(e, errno == EADDRINUSE ? ERR_TEMP : ERR_USAGE,
		    "'%s'", where);
	return rc;
}

int
listener_open(struct listener *l, const char *where, struct err *e)
{
	memset(l, 0, sizeof *l);
	l->fd = -1;
	if (open_any(l, where, e) == 0 && name_it(l, e) == 0)
		return 0;
	listener_close(l);
	return -1;
}

void
listener_close(struct listener *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	if (l->path != NULL)
		unlink(l->path);
	free(l->path);
	l->path = NULL;
}
