#ifndef CDC_NET_URI_H
#define CDC_NET_URI_H

#include "net/url.h"

struct err;

/*
 * 1 if two URIs lead to one server: they have one port, and the hosts have the
 * same name or an address in common. All addresses of this machine count as
 * one, and ::ffff:127.0.0.1 is 127.0.0.1. 0 if not; -1 if the addresses of a
 * name, which are asked for, cannot be found out now.
 */
int net_same(const char *a, const char *b);
/* The same by text only, without asking for addresses. */
int net_same_text(const char *a, const char *b);

/* Connect and close again. ERR_TEMP. */
int net_reach(const char *uri, int wait_ms, struct err *e);

#endif
