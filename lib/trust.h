#ifndef CDC_TRUST_H
#define CDC_TRUST_H

struct err;

/* PEM files for TLS, each may be NULL. */

/*
 * Can they be read, and is there a key for a certificate? Libraries would
 * look only after they have connected. ERR_USAGE.
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
