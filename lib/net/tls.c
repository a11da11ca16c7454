#include "net/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/url.h"

/* ---- files that a task names ---- */

static const char named_key[] = "CDC_NAMED_BY";
static _Thread_local uid_t named_by;

void
trust_named_by(uid_t uid)
{
	named_by = uid;
}

void
trust_child(uid_t uid)
{
	char text[24];

	if (uid == 0)
		return;
	snprintf(text, sizeof text, "%lu", (unsigned long)uid);
	setenv(named_key, text, 1);
}

static uid_t
namer(void)
{
	const char *s = getenv(named_key);

	if (geteuid() != 0)
		return 0;
	return named_by != 0 ? named_by
	       : s == NULL   ? 0
			     : (uid_t)strtoul(s, NULL, 10);
}

static int
is_named(const struct stat *st, const char *path, struct err *e)
{
	uid_t who = namer();

	if (who == 0 || st->st_uid == who || (st->st_mode & 04) != 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "'%s' is named in a task of user %lu, who may not read it: root "
	    "does not read it for him; run this as that user, or give him the "
	    "file",
	    path, (unsigned long)who);
}

int
trust_named(const char *path, struct err *e)
{
	struct stat st;

	return stat(path, &st) == -1 ? 0 : is_named(&st, path, e);
}

int
trust_named_fd(int fd, const char *path, struct err *e)
{
	struct stat st;

	return fstat(fd, &st) == -1 ? err_sys(e, ERR_USAGE, "'%s'", path)
				    : is_named(&st, path, e);
}

/* ---- secrets in files ---- */

static int
is_private(const struct stat *st, const char *path, struct err *e)
{
	/*
	 * a file of root's, as a service manager or a mounted secret makes it,
	 * may be readable for our group
	 */
	mode_t others = st->st_uid == 0 && geteuid() != 0 ? 037 : 077;

	if (is_named(st, path, e) == -1)
		return -1;
	if (!S_ISREG(st->st_mode))
		return 0;
	if ((st->st_mode & others) != 0)
		return err_set(e, ERR_USAGE,
		    "secret file '%s' has mode %04o: others may read it, want "
		    "0600",
		    path, (unsigned)(st->st_mode & 07777));
	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0)
		return err_set(
		    e, ERR_USAGE, "secret file '%s' is somebody else's", path);
	return 0;
}

static int
open_secret(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		err_sys(e, ERR_USAGE, "secret file '%s'", path);
	else if (is_private(&st, path, e) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

int
trust_private(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == -1 || access(path, R_OK) == -1)
		return err_sys(e, ERR_USAGE, "secret file '%s'", path);
	return is_private(&st, path, e);
}

void
trust_forget(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* A line without its end; -1 at the end of the file. */
static ssize_t
next_line(FILE *f, char **line, size_t *cap)
{
	ssize_t n = getline(line, cap, f);

	while (n > 0 && strchr("\r\n", (*line)[n - 1]) != NULL)
		(*line)[--n] = '\0';
	return n;
}

/*
 * The server that a line "for URI" names, or NULL. port: of a URI without one;
 * 0 for Milvus's.
 */
static char *
said_for(char *line, int port)
{
	char *uri = line + 4, *end;

	uri += strspn(uri, " \t");
	end = uri + strlen(uri);
	while (end > uri && strchr(" \t", end[-1]) != NULL)
		end--;
	*end = '\0';
	return port == 0 ? x_strdup(uri)
			 : url_with_port(uri, strlen(uri), port);
}

/* Checks the lines behind the secret: may the server at uri have it? */
static int
is_for(FILE *f, const char *path, const char *uri, int port, struct err *e)
{
	char *line = NULL, *said, other[256] = "";
	size_t cap = 0;
	int found = 0;

	while (!found && next_line(f, &line, &cap) >= 0) {
		if (strncmp(line, "for ", 4) != 0)
			continue;
		said = said_for(line, port);
		snprintf(other, sizeof other, "%s", said);
		found = url_same(said, uri);
		free(said);
	}
	free(line);
	if (found || other[0] == '\0')
		return 0;
	return err_set(e, ERR_USAGE,
	    "secret file '%s' is for '%s', not for '%s'", path, other, uri);
}

char *
trust_secret_at(const char *path, const char *uri, int port, struct err *e)
{
	int fd = open_secret(path, e);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	if (f == NULL)
		return NULL;
	n = next_line(f, &line, &cap);
	if (n <= 0 && ferror(f))
		rc = err_sys(e, ERR_USAGE, "secret file '%s'", path);
	else if (n <= 0)
		rc = err_set(e, ERR_USAGE, "secret file '%s' is empty", path);
	else if (uri != NULL)
		rc = is_for(f, path, uri, port, e);
	fclose(f);
	if (rc == 0)
		return line;
	if (line != NULL) /* getline gave a buffer */
		explicit_bzero(line, cap);
	free(line);
	return NULL;
}

char *
trust_secret(const char *path, const char *uri, struct err *e)
{
	return trust_secret_at(path, uri, 0, e);
}

/* ---- secrets that are sent ---- */

static int
is_here(const char *host)
{
	struct in_addr a;
	struct in6_addr b;

	if (strcasecmp(host, "localhost") == 0)
		return 1;
	if (inet_pton(AF_INET, host, &a) == 1)
		return ntohl(a.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &b) == 1 && IN6_IS_ADDR_LOOPBACK(&b);
}

/* 1 if a warning about this server was given before. There are few servers. */
static int
is_said(const char *uri)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static char said[16][256];
	size_t n = sizeof said / sizeof *said, i = 0;

	pthread_mutex_lock(&lock);
	while (i < n && said[i][0] != '\0' && !url_same(said[i], uri))
		i++;
	if (i < n && said[i][0] == '\0') {
		snprintf(said[i], sizeof said[i], "%s", uri);
		i = n + 1;
	}
	pthread_mutex_unlock(&lock);
	return i <= n;
}

void
trust_in_clear(const char *uri)
{
	struct net_uri u;
	struct err ignored;

	if (strncasecmp(uri, "https:", 6) == 0 ||
	    net_parse(uri, &u, &ignored) == -1 || is_here(u.host) ||
	    is_said(uri))
		return;
	log_warn("the login for '%s' goes there in clear, where anybody on the "
		 "way can read it: want https",
	    uri);
}

int
trust_no_user(const char *uri, const char *instead, struct err *e)
{
	if (strchr(uri, '@') == NULL)
		return 0;
	return err_set(e, ERR_USAGE,
	    "a user in a URL, where others can read the password: use %s",
	    instead);
}

/* ---- TLS ---- */

static int
check_file(const char *path, struct err *e)
{
	if (path == NULL || access(path, R_OK) == 0)
		return path == NULL ? 0 : trust_named(path, e);
	return err_sys(e, ERR_USAGE, "certificate file '%s'", path);
}

int
trust_files(
    const char *cacert, const char *cert, const char *key, struct err *e)
{
	if ((cert == NULL) != (key == NULL))
		return err_set(e, ERR_USAGE,
		    "a certificate and its key go together: '%s'",
		    cert == NULL ? key : cert);
	if (check_file(cacert, e) == -1 || check_file(cert, e) == -1)
		return -1;
	return key == NULL ? 0 : trust_private(key, e);
}

int
trust_refused(const char *why)
{
	/* alerts of RFC 8446, 6.2, as OpenSSL words them in ssl/ssl_stat.c */
	static const char *const final[] = { "certificate", "unknown ca",
		"handshake failure", "protocol version", "access denied",
		"insufficient security" };
	const char *alert = strstr(why, " alert ");

	for (size_t i = 0; alert != NULL && i < sizeof final / sizeof *final;
	     i++)
		if (strstr(alert, final[i]) != NULL)
			return 1;
	return 0;
}

int
trust_no_tls(const char *why)
{
	return strstr(why, "wrong version number") != NULL ||
	       strstr(why, "packet length too long") != NULL;
}
