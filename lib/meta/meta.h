#ifndef CDC_META_META_H
#define CDC_META_META_H

#include <stdint.h>

#include "meta/line.h"
#include "model/pattern.h"

struct err;
struct etcd;
struct out;

/*
 * The catalogue of a Milvus, read from etcd and written as lines
 * (cdc-ndjson(5), "kind"): whole at one revision, then its changes. One thread.
 */
struct meta_conf {
	const char *root;         /* etcd.rootPath of that Milvus */
	const char *meta_path;    /* etcd.metaSubPath */
	int64_t rev;              /* 0: now */
	unsigned kinds;           /* 1 << enum meta_kind for each; 0: all */
	struct patterns patterns; /* empty: everything */
	int follow;               /* the header says so */
	int allow_none;           /* patterns that meet nothing are no error */
	const char
	    *source; /* a Milvus that is asked instead of etcd, or NULL */
	int retry_s; /* meta_follow: how long etcd may be away */
};
enum { META_RETRY_S = 60 };

/* All are borrowed until meta_free. */
struct meta;
struct meta *meta_new(
    const struct meta_conf *conf, struct etcd *etcd, struct out *out);
void meta_free(struct meta *m);

/*
 * Read the catalogue at conf.rev or now into memory, and forget the one read
 * before. -1: ERR_GONE the revision is compacted, ERR_DATA there is no Milvus
 * under that root, or one whose log is not in Kafka, or a value that does
 * not parse; ERR_TEMP etcd is away.
 */
int meta_read(struct meta *m, struct err *e);

/*
 * The same through the public API of that Milvus, 2.6 or later; all is asked
 * again until nothing has come or gone meanwhile. meta_new's etcd is NULL then,
 * and meta_follow cannot follow: changes are in the log.
 */
struct milvus;
int meta_ask(struct meta *m, struct milvus *source, struct err *e);

/*
 * After meta_read: ERR_DATA if a pattern meets no object (live: no object that
 * is not dropped), unless conf allows that or follows changes.
 */
int meta_meets(const struct meta *m, int live, struct err *e);

/* Header, objects and "ready", and flush. */
int meta_write(struct meta *m, struct err *e);

/* One object of the catalogue. */
struct meta_view {
	enum meta_kind kind;
	const char *line; /* as meta_write writes it */
	int live; /* it and its collection are neither dropped nor dropping */
	struct meta_name coll; /* the collection that it belongs to, or "" */
};

/* Call fn for each object, in order. -1 from fn ends it. */
typedef int (*meta_fn)(void *arg, const struct meta_view *view, struct err *e);
int meta_each(struct meta *m, meta_fn fn, void *arg, struct err *e);

/*
 * After meta_write: changes and "at" lines for ever. Returns -1: ERR_STOP,
 * ERR_TEMP etcd was away for conf.retry_s, or any other error. If changes that
 * were not yet seen are compacted, "resync" and the whole catalogue follow.
 */
int meta_follow(struct meta *m, struct err *e);

#endif
