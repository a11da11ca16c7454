#ifndef CDC_CATALOGUE_CAT_H
#define CDC_CATALOGUE_CAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/mq_id.h"
#include "model/schema.h"

struct err;

/*
 * The source's catalogue in memory, built from cdc-meta's lines (cdc-ndjson(5),
 * "kind"). Everything is found by id; names are the newest that cdc-meta has
 * told. A dropped object stays, with that state, so that records about it that
 * are still in the log are recognized.
 */
enum cat_state {
	CAT_CREATED,
	CAT_CREATING,
	CAT_DROPPING,
	CAT_DROPPED,
	/* after a resync: it is not there, and no drop of it was seen */
	CAT_MISSING,
};

struct cat_db {
	int64_t id;
	char *name;
	enum cat_state state;
	uint64_t ts; /* of the newest change */
	struct kvs props;
};

struct cat_part {
	int64_t id;
	char *name;
	enum cat_state state;
	uint64_t ts, create_ts;
};

struct cat_index {
	int64_t id;
	char *field, *name;
	enum cat_state state;
	uint64_t ts; /* create_time */
	struct kvs params;
};

struct cat_start {
	char *topic;
	struct mq_id id; /* of the CreateCollection record, or none */
};

enum cat_load { CAT_LOAD_NONE, CAT_LOAD_ALL, CAT_LOAD_PARTS };

/* What a collection was before its newest line; empty where it is the same. */
struct cat_was {
	struct schema schema;
	char *consistency; /* or NULL */
};

struct cat_coll {
	int64_t id, db_id;
	char *db, *name;
	enum cat_state state;
	uint64_t ts, create_ts;
	uint64_t kept_ts; /* of the newest change that etcd has; 0: of none */
	uint64_t truncate_ts; /* older rows are not there any more; 0: none */
	struct schema schema; /* n == 0 if it is not known any more */
	struct cat_was was; /* only if ddl_in_log, once the catalogue is ready;
			       who tells of the change takes it */
	int64_t shards;
	struct cat_start *topics; /* one for each shard's pchannel */
	size_t n_topics;
	char *consistency; /* "Bounded", or "" */
	struct kvs props;
	struct cat_part *parts;
	size_t n_parts, parts_cap;
	struct cat_index *indexes;
	size_t n_indexes, indexes_cap;
	enum cat_load load;
	int64_t replicas;
	int64_t *load_parts; /* ids of the partitions that are loaded */
	size_t n_load_parts;
	int load_whole; /* load_parts is complete: all others were released */
	/* what it has that no member of its line tells, or NULL */
	char *unread;
	int partial;  /* Kafka no longer has its first rows */
	int included; /* set by cdc-read; 0 in a new object */
};

struct cat_alias {
	int64_t db_id, coll_id;
	char *db, *name;
	enum cat_state state;
	uint64_t ts;
};

/* A bulk import: its rows are in no log. */
struct cat_import {
	int64_t id, coll_id;
	int64_t rows;
	int64_t mod; /* etcd's revision of the import's newest change */
	uint64_t create_ts;
	int done;    /* the import has been completed */
	int judged;  /* ddl/import.c has looked at it since then, */
	int missing; /* and the target lacks its rows */
};

struct cat_checkpoint { /* Milvus's own checkpoint of a vchannel */
	char *topic;
	int64_t coll_id; /* from the vchannel's name, 0 if it has none */
	struct mq_id id;
	uint64_t ts;
};

struct cat {
	int follow; /* changes follow `ready` */
	/* a pattern left collections out: absence proves nothing */
	int partial;
	int some_kinds; /* kinds that a target can have were left out */
	int ready;
	int ddl_in_log; /* changes come in the log, not in later lines */
	int64_t rev;    /* all changes up to this revision are in here */
	/* when etcd was asked for rev, clock_ns(); 0: not known */
	int64_t at_ns;
	uint64_t ts;   /* later writes of root-coord have a greater timestamp */
	char *root;    /* "by-dev/meta" */
	char etcd[24]; /* the id of etcd's cluster, or "" */
	/* when the Milvus was made, unix nanoseconds; 0: not known */
	uint64_t born;
	struct cat_db *dbs;
	size_t n_dbs, dbs_cap;
	struct cat_coll **colls; /* by id */
	size_t n_colls, colls_cap;
	struct cat_alias *aliases;
	size_t n_aliases, aliases_cap;
	struct cat_import *imports;
	size_t n_imports, imports_cap;
	char *control;    /* the topic of changes that are of no collection */
	char **pchannels; /* topics of a streaming log, that one, too */
	size_t n_pchannels, pchannels_cap;
	int wal; /* the queue that its log is in, WAL_KAFKA …; 0: not said */
	struct cat_checkpoint *cps;
	size_t n_cps, cps_cap;
	json_t *users, *roles, *groups; /* name to its newest line; or NULL */
	json_t *doc; /* of the last line, if it was a user or role */
};

/* What a line was, for the caller to act on. */
enum cat_kind {
	CAT_HEADER,
	CAT_DB,
	CAT_COLL,
	CAT_PART,
	CAT_INDEX,
	CAT_LOAD,
	CAT_ALIAS,
	CAT_USER,
	CAT_ROLE,
	CAT_GROUP, /* of privileges */
	CAT_IMPORT,
	CAT_READY,
	CAT_AT,
	CAT_RESYNC,
	CAT_OTHER, /* checkpoint, or a kind of a newer program */
};

/* What a line has changed; pointers until the next cat_line. */
struct cat_change {
	enum cat_kind kind;
	const struct cat_db *db;
	struct cat_coll *coll; /* also for its parts, indexes and load */
	const struct cat_part *part;
	const struct cat_alias *alias;
	json_t *doc; /* of a user or role: the line, borrowed */
};

void cat_fini(struct cat *c);

/*
 * Take one line in. ERR_DATA if it is not a catalogue line, ERR_BACK if its
 * revision is below an earlier one. After CAT_RESYNC
 * databases, aliases and indexes count as dropped, collections and partitions
 * as missing, until the lines up to the next `ready` say otherwise.
 */
int cat_line(struct cat *c, const char *line, size_t len, struct cat_change *ch,
    struct err *e);

/* What the target has already, by id; an alias for the collection `coll`. */
struct cat_target {
	int (*has_db)(void *arg, int64_t db);
	int (*has_coll)(void *arg, int64_t coll);
	int (*has_part)(void *arg, int64_t coll, int64_t part);
	int (*has_index)(void *arg, int64_t coll, int64_t index);
	int (*has_alias)(void *arg, int64_t coll, const char *alias);
	void *arg;
};
/*
 * Take out what was made after ts, but not what the target has; of that, what
 * is being dropped is there again. The log tells of all this.
 */
void cat_rewind(struct cat *c, uint64_t ts, const struct cat_target *at);

void cat_was_fini(struct cat_was *w);
struct cat_coll *cat_coll(const struct cat *c, int64_t id); /* or NULL */
/* 1 if the state of the object is known: it is neither NULL nor CAT_MISSING. */
int cat_knows(const struct cat_coll *c);
int cat_knows_part(const struct cat_part *p);
const struct cat_db *cat_db(const struct cat *c, int64_t id);
const struct cat_part *cat_part(const struct cat_coll *c, int64_t id);
/* The live collection that a name or an alias stands for, or NULL. */
struct cat_coll *cat_by_name(
    const struct cat *c, const char *db, const char *name);
/*
 * The source's identity as the catalogue tells it, without the choice of
 * --missing.
 */
struct source;
void cat_source(const struct cat *c, struct source *s);
/*
 * 1 if the catalogue has the last change that s names. 0 if it has the
 * collection without that change: etcd was restored, and has grown past its old
 * revision since. -1 if it does not have the collection, which may have been
 * dropped.
 */
int cat_remembers(const struct cat *c, const struct source *s);
/* What stands between the cluster and the number in a pchannel's name. */
#define CAT_DML "-rootcoord-dml_"
/*
 * The cluster, "by-dev": from a pchannel's name, else the root's first part.
 * The caller frees it.
 */
char *cat_cluster(const struct cat *c);

/*
 * The number of partitions that Milvus made for a partition key; 0 without a
 * key.
 */
int64_t cat_num_partitions(const struct cat_coll *c);

#endif
