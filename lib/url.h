#ifndef CDC_URL_H
#define CDC_URL_H

#include <stddef.h>

/*
 * The n bytes of scheme://host… with :port behind the host if there is none,
 * as curl would take the scheme's, which is no port of etcd's or Milvus's.
 * For the caller to free.
 */
char *url_with_port(const char *url, size_t n, int port);

#endif
