#ifndef CDC_NET_ETCD_H
#define CDC_NET_ETCD_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * etcd v3 over its JSON gateway: /v3/kv/range and /v3/watch of etcd 3.4 and
 * later; scans of many keys use its gRPC, where the endpoint has it. All reads
 * are linearizable. With several endpoints the next one is asked when one is
 * away; each is asked once before a call gives up.
 *
 * Errors: ERR_TEMP no endpoint answers or the cluster has no leader, ERR_GONE
 * the revision was compacted, ERR_DATA refused (a revision in the future, a
 * login that fails, no permission), ERR_USAGE a URL or certificate that cannot
 * be used, ERR_BACK the cluster is another one than in calls before, or its
 * revision is lower than in those.
 */
struct etcd;

struct etcd_conf {
	const char *endpoints; /* URL,URL,…; http:// where no scheme is */
	const char *user_file; /* first line user:password, or NULL */
	const char *cacert, *cert, *key; /* PEM files, or NULL */
	int gateway_only; /* no gRPC, which scans use where they can */
	int answer_ms;    /* the longest wait for an answer, 0: http.h's */
};

/* Nothing is sent yet. The strings of conf are borrowed until etcd_close. */
struct etcd *etcd_open(const struct etcd_conf *conf, struct err *e);
void etcd_close(struct etcd *c);

/* The current endpoint. */
const char *etcd_endpoint(const struct etcd *c);
/* Use the next endpoint from now on. */
void etcd_rotate(struct etcd *c);

/*
 * The cluster's id, "" before the first answer. etcd makes it of the addresses
 * and the token with which the cluster was first started. So a different id is
 * certainly another cluster; but a cluster that was restored from a snapshot
 * can have the same id.
 */
const char *etcd_cluster(const struct etcd *c);

/* "3.4.23"; borrowed until the next call. NULL with *e set. */
const char *etcd_version(struct etcd *c, struct err *e);

/* A key and its value, borrowed for the length of the call. */
struct etcd_kv {
	const char *key; /* NUL-terminated, can hold NULs too */
	size_t key_len;
	const void *value;
	size_t value_len;
	int64_t mod; /* mod_revision */
	int deleted; /* in events: the key was deleted */
};
/* -1 with *e set ends the scan. */
typedef int (*etcd_fn)(void *arg, const struct etcd_kv *kv, struct err *e);

struct etcd_range {
	const char *from; /* first key */
	const char *end;  /* behind the last; NULL: this one key; "": no end */
	int64_t rev;      /* 0: the newest */
	int64_t min_mod; /* only keys changed at this revision or later, or 0 */
	int limit;       /* 0: all */
	int keys_only;
};

/*
 * One page. fn is called for each key, in the order of their bytes.
 * *now is the cluster's revision when it answered. Returns 1 if there are
 * more keys, 0 if not, -1.
 */
int etcd_range(struct etcd *c, const struct etcd_range *r, etcd_fn fn,
    void *arg, int64_t *now, struct err *e);

/*
 * All keys that begin with prefix, in pages, at revision *rev; if that is 0
 * it is set to the revision of the first page. Returns 0 or -1.
 */
int etcd_scan(struct etcd *c, const char *prefix, int64_t *rev, etcd_fn fn,
    void *arg, struct err *e);

/* The same for the keys of a range, whose rev and limit are not looked at. */
int etcd_scan_range(struct etcd *c, const struct etcd_range *range,
    int64_t *rev, etcd_fn fn, void *arg, struct err *e);

/*
 * The end of the range of all keys with this prefix: the prefix with its last
 * byte one higher. The caller frees it.
 */
char *etcd_prefix_end(const char *prefix);

/*
 * A watch on the keys in [from, end) from revision rev on, at the current
 * endpoint. It is also read while other calls on c wait. A client has one watch
 * at most, which must be closed before c.
 */
struct etcd_watch;
struct etcd_watch *etcd_watch_open(struct etcd *c, const char *from,
    const char *end, int64_t rev, struct err *e);
void etcd_watch_close(struct etcd_watch *w);

/*
 * Wait up to ms for events, or until the descriptor `out`, if it is not -1, can
 * be written to. Calls fn for each event, in order of revision; those of one
 * revision can come in several calls. Returns 1 if something came, 0 if not,
 * -1: ERR_TEMP the watch has ended and should be opened again; ERR_GONE the
 * next revision was compacted; ERR_DATA etcd refused, or fn failed.
 */
int etcd_watch_next(struct etcd_watch *w, int ms, int out, etcd_fn fn,
    void *arg, struct err *e);

#endif
