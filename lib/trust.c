#include "trust.h"

#include <string.h>
#include <unistd.h>

#include "err.h"

static int
check_file(const char *path, struct err *e)
{
	if (path == NULL || access(path, R_OK) == 0)
		return 0;
	return err_sys(e, ERR_USAGE, "'%s'", path);
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
	return check_file(key, e);
}

int
trust_refused(const char *why)
{
	/* RFC 8446, 6.2, in OpenSSL's words: ssl/ssl_stat.c */
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
