#ifndef CDC_NET_URL_H
#define CDC_NET_URL_H

#include <stddef.h>

struct err;

/*
 * The n bytes of scheme://host… with :port behind the host if there is none,
 * as curl would take the scheme's, which is no port of etcd's or Milvus's.
 * For the caller to free.
 */
char *url_with_port(const char *url, size_t n, int port);

/* A URI's parts: [scheme://]host[:port][/…]. */
struct net_uri {
	char host[256];
	char port[8];
};
/* ERR_USAGE. The port is 19530, 443 for https, if none is given. */
int net_parse(const char *uri, struct net_uri *u, struct err *e);

/*
 * One scheme (http if none is given), host and port? By name, not by address:
 * who answers to a name can be another one each time. This is what a secret
 * is bound to.
 */
int url_same(const char *a, const char *b);

#endif
