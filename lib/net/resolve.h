#ifndef CDC_NET_RESOLVE_H
#define CDC_NET_RESOLVE_H

#include <netdb.h>

/*
 * The addresses of a host for TCP, to freeaddrinfo; NULL with *why of
 * gai_strerror. A name whose server has not answered within NETNAME_MS is
 * EAI_AGAIN, and for NETNAME_KEPT_MS it is that at once: getaddrinfo itself
 * takes as long as the machine's resolver likes, half a minute by default.
 */
enum { NETNAME_MS = 2000, NETNAME_KEPT_MS = 30000 };
struct addrinfo *netname_find(const char *host, const char *port, int *why);

#endif
