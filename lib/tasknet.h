#ifndef CDC_TASKNET_H
#define CDC_TASKNET_H

#include "url.h"

struct err;

/*
 * Do two URIs lead to one server: one port, and hosts with the same name or
 * an address in common? localhost, 127.0.0.1 and ::1 are one.
 */
int net_same(const char *a, const char *b);

/* Connect to it and close again. ERR_TEMP. */
int net_reach(const char *uri, int wait_ms, struct err *e);

#endif
