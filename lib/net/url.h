#ifndef CDC_NET_URL_H
#define CDC_NET_URL_H

#include <stddef.h>

struct err;

/*
 * The n bytes of scheme://host… with :port behind the host if it has none,
 * because curl would take the scheme's default port, which is not that of etcd
 * or Milvus. The caller frees it.
 */
char *url_with_port(const char *url, size_t n, int port);

/* The parts of a URI: [scheme://]host[:port][/…]. */
struct net_uri {
	char host[256];
	char port[8];
};
/* Parse a URI. ERR_USAGE. Without a port it is 19530, for https 443. */
int net_parse(const char *uri, struct net_uri *u, struct err *e);

/*
 * 1 if scheme (http if absent), host and port are equal. Hosts are compared by
 * name, not by address, because the address behind a name can change. A secret
 * is bound to a server in this sense.
 */
int url_same(const char *a, const char *b);

#endif
