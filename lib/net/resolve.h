#ifndef CDC_NET_RESOLVE_H
#define CDC_NET_RESOLVE_H

#include <netdb.h>

/*
 * The TCP addresses of a host, to be freed with freeaddrinfo; NULL with *why
 * for gai_strerror. If the name server has not answered within NETNAME_MS, this
 * is EAI_AGAIN, and for NETNAME_KEPT_MS the same name fails so at once.
 * getaddrinfo itself takes as long as the machine's resolver allows, by default
 * half a minute.
 */
enum { NETNAME_MS = 2000, NETNAME_KEPT_MS = 30000 };
struct addrinfo *netname_find(const char *host, const char *port, int *why);

#endif
