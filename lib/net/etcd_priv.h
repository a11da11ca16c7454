#ifndef CDC_NET_ETCD_PRIV_H
#define CDC_NET_ETCD_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "net/etcd.h"
#include "net/http.h"

/* Shared by etcd.c, etcd_range.c and etcd_fast.c. */

enum { ETCD_CLUSTER_MAX = 24 };

struct etcd {
	struct http *http;
	struct etcd_fast *fast; /* NULL: all is asked of the gateway */
	struct http_reply reply;
	char **urls; /* without a slash at the end */
	size_t n, cap, at;
	char *user, *password; /* NULL: no login */
	char *token;           /* NULL: not yet, or none needed */
	int no_auth;           /* a login was given, but etcd has none */
	char *version;
	char cluster[ETCD_CLUSTER_MAX]; /* "": no answer so far */
	/* the greatest revision in linearizable answers and events */
	int64_t rev;
	struct buf key, value;
};

/* etcd.c */
/* POST to the gateway of each endpoint, once at most. */
int etcd_call(struct etcd *c, const char *path, const struct buf *body,
    json_t **answer, struct err *e);
/* ERR_BACK if a revision falls: in linearizable answers it never does. */
int etcd_rises(struct etcd *c, int64_t rev, struct err *e);
/* ERR_BACK if this is another cluster. */
int etcd_same_id(struct etcd *c, const char *endpoint, const char *id,
    int64_t rev, struct err *e);

/*
 * etcd_fast.c: a range by etcd's own gRPC. The gateway makes JSON of each key,
 * which costs etcd ten times as much (3.4.23, 840,000 keys: 19 s of processor
 * time, and 1.2 s).
 */
struct etcd_fast;
struct etcd_fast *etcd_fast_open(const struct etcd_conf *conf);
void etcd_fast_close(struct etcd_fast *f);

/*
 * Ask for r from key `from` on. 1 if there is an answer, a RangeResponse in
 * *answer, borrowed until the next call. 0 if not, for whatever reason: the
 * gateway is to be asked, which says what is wrong.
 */
int etcd_fast_range(struct etcd_fast *f, const char *endpoint,
    const char *token, const struct etcd_range *r, const struct buf *from,
    struct span *answer);

#endif
