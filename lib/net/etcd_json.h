#ifndef CDC_NET_ETCD_JSON_H
#define CDC_NET_ETCD_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "net/etcd.h"

struct buf;
struct http;
struct jsonw;

/* Shared by etcd.c and etcd_watch.c. */

/*
 * Key and value of one kv, decoded; the buffers are used for one kv after
 * another.
 */
struct etcd_bytes {
	struct buf *key, *value;
};

void etcd_json_key(struct jsonw *w, const char *name, const char *key);

/* A member that is an integer or a string of digits; 0 if it is absent. */
int64_t etcd_json_i64(const json_t *o, const char *name);

/* Decode a kv object; -1 with ERR_DATA if it is malformed. */
int etcd_json_kv(
    const json_t *o, struct etcd_bytes *b, struct etcd_kv *kv, struct err *e);

/* The error of {"error","message","code"}; http is the status. Returns -1. */
int etcd_json_error(
    const json_t *o, long http, const char *endpoint, struct err *e);

/*
 * ERR_BACK if the header of an answer names another cluster than answers
 * before. The endpoint is for the message.
 */
int etcd_same_cluster(
    struct etcd *c, const char *endpoint, const json_t *header, struct err *e);

/* Note the revision of an event: no later answer may be below it. */
void etcd_saw(struct etcd *c, int64_t rev);

struct http *etcd_http(struct etcd *c);
/*
 * The token, fetched if there is none yet; *token is NULL if no login is used.
 */
int etcd_token(struct etcd *c, const char **token, struct err *e);
void etcd_forget_token(struct etcd *c);

#endif
