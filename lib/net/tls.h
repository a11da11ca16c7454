#ifndef CDC_NET_TLS_H
#define CDC_NET_TLS_H

#include <sys/types.h>

struct err;

/*
 * The first line of a file that holds a secret; the caller frees it with
 * trust_forget. Lines behind it, "for URI", name the servers that it may be
 * sent to; if there are any, uri must be one of them by url_same (uri NULL: not
 * checked). NULL with ERR_USAGE if it is not, or if the file cannot be read, is
 * empty, or can be read by others.
 */
char *trust_secret(const char *path, const char *uri, struct err *e);
/*
 * The same; port is that of a "for URI" without one, 0: as url_same takes it.
 */
char *trust_secret_at(
    const char *path, const char *uri, int port, struct err *e);
void trust_forget(char *secret);
/*
 * ERR_USAGE if users other than us and root can read the file; if root owns it,
 * our group may. A pipe, or anything else that is no file, is accepted.
 */
int trust_private(const char *path, struct err *e);

/*
 * The owner of a task can name any file in it, and the server that the secret
 * in the file is sent to. So while root works on a task that uid owns, the
 * functions above refuse a file that uid cannot read; 0 ends this. It holds for
 * this thread. trust_child passes it on to a program that is about to be
 * started.
 */
void trust_named_by(uid_t uid);
void trust_child(uid_t uid);
/*
 * ERR_USAGE if the user set by trust_named_by may not read the file; an absent
 * file is accepted.
 */
int trust_named(const char *path, struct err *e);
int trust_named_fd(int fd, const char *path, struct err *e);

/*
 * To be called before a login is sent: warns, once for each server, if others
 * on the way can read it.
 */
void trust_in_clear(const char *uri);
/*
 * ERR_USAGE if a URI has a user in it: it would be seen in process lists and
 * messages.
 */
int trust_no_user(const char *uri, const char *instead, struct err *e);

/* PEM files for TLS, each may be NULL. */

/*
 * ERR_USAGE if one of the files cannot be read, a certificate lacks its key, or
 * the key is readable for others. The libraries would find out only after they
 * have connected.
 */
int trust_files(
    const char *cacert, const char *cert, const char *key, struct err *e);

/*
 * 1 if this message of OpenSSL, as curl and librdkafka pass it on, says that
 * the peer ended the handshake for good: it wants a certificate, does not
 * accept ours, or shares no version or cipher with us. A connection that broke
 * in the middle of a handshake is something else.
 */
int trust_refused(const char *why);
/* 1 if it says that the peer does not speak TLS at all. */
int trust_no_tls(const char *why);

#endif
