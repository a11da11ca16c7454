#ifndef CDC_NET_URI_H
#define CDC_NET_URI_H

#include "net/url.h"

struct err;

/*
 * 1, 0, or -1 if an address that would tell cannot be found out now.
 * Do two URIs lead to one server: one port, and hosts with the same name or
 * an address in common? All addresses of this machine are one, and
 * ::ffff:127.0.0.1 is 127.0.0.1. Asks for the addresses of names.
 */
int net_same(const char *a, const char *b);
/* Only by what stands there: asks nobody. */
int net_same_text(const char *a, const char *b);

/* Connect to it and close again. ERR_TEMP. */
int net_reach(const char *uri, int wait_ms, struct err *e);

#endif
