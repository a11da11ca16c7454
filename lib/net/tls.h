#ifndef CDC_NET_TLS_H
#define CDC_NET_TLS_H

#include <sys/types.h>

struct err;

/*
 * The first line of a file that holds a secret, for the caller to free with
 * trust_forget. Lines behind it, "for URI", say for which servers it was
 * given: if there are such, the one at uri must be among them, by url_same.
 * uri NULL: that is not asked. NULL with *e set (ERR_USAGE) then, and if the
 * file cannot be read, is empty, or is no secret: others may read it.
 */
char *trust_secret(const char *path, const char *uri, struct err *e);
/* The same; a "for URI" without a port has this one, 0: as url_same has it. */
char *trust_secret_at(
    const char *path, const char *uri, int port, struct err *e);
void trust_forget(char *secret);
/*
 * May nobody but us, and root, read the file? A group may if root has given
 * it to us so. What is no file, such as a pipe, is as it is. ERR_USAGE.
 */
int trust_private(const char *path, struct err *e);

/*
 * Whoever owns a task can name any file in it, and the server that its secret
 * is sent to. So while root works on a task of uid's, the functions above
 * refuse a file that uid could not read himself; 0: our own again. Of this
 * thread. trust_child hands it on to a program that is about to be started.
 */
void trust_named_by(uid_t uid);
void trust_child(uid_t uid);
/* May whoever named it read it? ERR_USAGE; none that is not there. */
int trust_named(const char *path, struct err *e);
int trust_named_fd(int fd, const char *path, struct err *e);

/*
 * A login is about to go there. If all on the way can read it, it is said,
 * once for each such server.
 */
void trust_in_clear(const char *uri);
/* A user in a URI stands in process lists and messages. ERR_USAGE. */
int trust_no_user(const char *uri, const char *instead, struct err *e);

/* PEM files for TLS, each may be NULL. */

/*
 * Can they be read, is there a key for a certificate, and is it private?
 * Libraries would look only after they have connected. ERR_USAGE.
 */
int trust_files(
    const char *cacert, const char *cert, const char *key, struct err *e);

/*
 * Does this sentence of OpenSSL's, as curl and librdkafka hand it on, say
 * that the other side ended the connection for good: no certificate of ours,
 * one that it does not take, no version or cipher in common? A connection
 * that broke in the middle of a handshake is none of these.
 */
int trust_refused(const char *why);
/* Does it say that what answers there speaks no TLS at all? */
int trust_no_tls(const char *why);

#endif
