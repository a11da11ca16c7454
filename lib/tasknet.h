#ifndef CDC_TASKNET_H
#define CDC_TASKNET_H

struct err;

/* A URI's parts: [scheme://]host[:port][/…]. */
struct net_uri {
	char host[256];
	char port[8];
};
/* ERR_USAGE. The port is 19530, 443 for https, if none is given. */
int net_parse(const char *uri, struct net_uri *u, struct err *e);

/*
 * Do two URIs lead to one server: one port, and hosts with the same name or
 * an address in common? localhost, 127.0.0.1 and ::1 are one.
 */
int net_same(const char *a, const char *b);

/* Connect to it and close again. ERR_TEMP. */
int net_reach(const char *uri, int wait_ms, struct err *e);

#endif
