#ifndef CDC_APPLY_PRIV_H
#define CDC_APPLY_PRIV_H

#include <protobuf-c/protobuf-c.h>

#include "apply/apply.h"
#include "apply/queue.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/out.h"
#include "milvus/client.h"
#include "milvus/collection.h"
#include "model/names.h"
#include "model/op_read.h"
#include "model/pos.h"
#include "state/ids.h"
#include "state/redo.h"

/* The inside of apply.h. */

struct Pb__NamesResponse; /* service.pb-c.h */

/* What was done since the last tick. */
struct counts {
	uint64_t insert, upsert, rows, del, keys, ddl, gone, skipped, dead;
	uint64_t unknown; /* of those skipped */
	uint64_t late;    /* of those applied */
};

struct ack {
	struct ack *next;
	uint64_t epoch; /* its rows are safe when the queue is past it */
	uint64_t ts;
	struct buf line;
};

/* The target's collections, by id, and whose they are: identity.c. */
struct identity {
	struct ids *ids; /* NULL: no begin yet, names are all there is */
	struct identity_place *v;
	size_t n, cap;
	int64_t source;    /* when it was born; 0: not told */
	int64_t pretended; /* ids of a dry run: INT64_MAX and less */
	uint64_t born;     /* of the target's Milvus, see milvus/born.h */
	int64_t passed;    /* the source's id that who_is_own said no to */
};

/* What is known of marks, circle.c. */
struct marks {
	struct kvs sent;    /* the source's ids, in this run */
	struct mark *out;   /* on their way */
	int64_t not_before; /* clock_ns(), after one that failed */
	int refused;        /* it was said */
	char *task;         /* of the last begin that names one */
	uint64_t told;      /* marks up to this ts were told before */
};

struct apply {
	const struct apply_conf *conf;
	struct milvus *m;
	struct rowq *q;
	struct colls colls;
	struct identity who;
	struct marks marks;
	int never_aside; /* what went wrong is not the line's fault */
	struct out out;
	struct lines *in;
	struct opline op;      /* the line at hand */
	const char *db, *coll; /* its names at the target */
	/* the stream */
	int begun;          /* a begin was read */
	int ended;          /* its end was read, and no begin since */
	struct pos pos;     /* of the last begin, tick or end */
	struct pos top;     /* of the highest tick or end */
	int behind;         /* the last end is below it */
	int reached;        /* --until, since the last begin */
	uint64_t later;     /* operations that were left out for it */
	uint64_t rows_from; /* rows that are not late have this ts or more */
	char *cluster;
	uint64_t acked_ts;
	struct ack *acks, **acks_end;
	size_t nacks;
	struct counts counts, total;
	/* locks of tasks, held until the end */
	char **tasks;
	int *locks;
	size_t ntasks;
	struct redo *redo; /* of the task at hand, or NULL */
	/* --on-error=dead */
	int dead_fd;
	struct kvs dead; /* names and ids of collections set aside */
	struct kvs dbs;  /* likely to be at the target: database.c */
	uint64_t seq;    /* of lines */
	/* progress */
	int64_t started_ns, shown_ns;
};

/* ack.c: begin, tick, end. */
int apply_begin(struct apply *a, struct err *e);
int apply_tick(struct apply *a, struct err *e); /* and end */
/* Write the acks whose rows are safe. */
int apply_acks(struct apply *a, struct err *e);
void apply_acks_free(struct apply *a);
void apply_summary(const struct apply *a); /* for who asks with -v */

/*
 * until.c: --until. The timestamp of each line decides, since an index or
 * a late record may stand below what is later than it. A tick that is later
 * is not acknowledged, as not all that is above it was done.
 */
int cut_begin(struct apply *a, struct err *e);
int cut_tick(struct apply *a);      /* 1: not to be acknowledged */
int cut_operation(struct apply *a); /* 1: to be left out */
/* The input is over: was that all? */
int cut_complete(const struct apply *a, struct err *e);

/* names_met.c: what there is at the source, by this line, for --rename. */
void met_note(struct apply *a);
/*
 * ERR_DATA if a rule met nothing: what it was meant for has another name, and
 * that it kept. What is cut short may have ended before it came: a warning.
 */
int met_all(const struct apply *a, int cut, struct err *e);

/*
 * The operation at hand is about to change the target: tell it to the next
 * start (state/redo.h).
 */
int apply_redo(struct apply *a, struct err *e);

/*
 * identity.c: the line's collection by the source's id. A replay of lines
 * that were applied already meets the names of later; ids stay the same.
 */
int identity_open(
    struct apply *a, struct err *e); /* empty, at the first begin */
void identity_fini(struct identity *w);
/* The target has that collection. */
struct identity_place *identity_put(
    struct identity *w, int64_t id, const char *db, const char *name);
/* The source's id of the line's collection; 0: not told. */
int64_t apply_coll_id(const struct apply *a);
/* Let a->db and a->coll be what the line's collection is called now. */
void identity_resolve(struct apply *a);
int identity_is_known(const struct apply *a);
/* Has the target the very collection that the line is of? */
int identity_is_own(struct apply *a);
int identity_is_lost(const struct apply *a); /* known, and no more there */
/* Is that name taken by another collection of the source? */
int identity_has(const struct apply *a, const char *db, const char *coll);
int identity_make_room(
    struct apply *a, const char *db, const char *coll, struct err *e);
int identity_moved_aside(const struct apply *a); /* by who_make_room */
/* The line's collection is c; made: by this run. */
int identity_is(struct apply *a, const struct coll *c, int made, struct err *e);
int identity_made(const struct apply *a);
/* The same of one that was there before; adopted: with rows of others'. */
int identity_take(
    struct apply *a, const struct coll *c, int adopted, struct err *e);
/* Was it there before us, or has nobody told us of it? */
int identity_is_others(const struct apply *a, const struct coll *c);
int identity_rename(
    struct apply *a, const char *db, const char *coll, struct err *e);
int identity_dropped(struct apply *a, struct err *e);
/* What stood there is dropped. */
void identity_gone(struct apply *a, const char *db, const char *coll);

/*
 * inventory.c: at the first begin. Is it a Milvus, does it take our login, and
 * which databases and collections has it?
 */
int apply_meet(struct apply *a, struct err *e);

/*
 * itself.c: the target is never the Milvus that the stream is of. By its
 * birth, where both are told and the stream is a task's; else by the ids of
 * collections, so that a file may go back to where it came from under other
 * names, or for what was dropped there. Both: -1 with ERR_DATA.
 */
int self_begin(struct apply *a, struct err *e);
/* A begin behind another: is it of the same source? -1 with ERR_DATA. */
int self_same(struct apply *a, struct err *e);
int self_line(struct apply *a, struct err *e);
/* c, if it is not NULL, stands where the line's collection is to be. */
int self_coll(struct apply *a, const struct coll *c, struct err *e);
/* Nothing stands there, and one is to be made. */
int self_new(struct apply *a, struct err *e);

/*
 * circle.c: does what is written to the target come from the target? Before
 * the first rows of a collection of the source go out in a run, a delete of a
 * key that nobody has goes before them: its mark, which follows from the
 * collection's id. Milvus writes it into its log as any delete, so whoever
 * carries the rows on carries the mark before them; and a mark of the target's
 * own collection, or of the source's own, in the input is a circle.
 */
void mark_begin(struct apply *a, const char *task);
/* Rows or keys of the line at hand are about to go to c. */
void mark_send(struct apply *a, struct coll *c);
/* Has the line's list of keys such a mark? -1 with ERR_DATA. */
int mark_look(struct apply *a, const struct coll *c, struct err *e);
void mark_fini(struct marks *m);

/*
 * ownership.c: what was at the target before anybody of this state directory
 * wrote to it, with rows, is taken as it is, which is said; but nothing of it
 * is dropped or renamed, unless with --adopt.
 */
/* Is c of another source that has this state directory? -1 with ERR_DATA. */
int own_is_anothers(
    struct apply *a, const struct coll *c, const char *verb, struct err *e);
/* c was found there, and the line would make it. */
int own_take(struct apply *a, const struct coll *c, struct err *e);
/* May the line do so to c? -1 with ERR_DATA and the choices. */
int own_may(
    struct apply *a, const struct coll *c, const char *verb, struct err *e);

/* dead.c */
int dead_open(struct apply *a, struct err *e);
int dead_is(const struct apply *a, const struct opline *o);
int dead_line(struct apply *a, const char *line, size_t n, struct err *e);
/* The op at hand failed by *why: set it and its collection aside. */
int dead_op(struct apply *a, const char *line, size_t n, const struct err *why,
    struct err *e);
/*
 * The collection of the rows at hand was set aside while they waited for a
 * request with their keys: they follow it.
 */
int dead_late(struct apply *a, const char *line, size_t n, struct err *e);
int dead_batch(void *arg, struct batch *b, struct err *e);

/* call.c: calls that change the target. what is the object's name. */
/* 0 done (or said, in a dry run), 1 refused with *s, -1. */
int apply_call(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, struct mv_status *s, struct err *e);
/* The error for a refusal; returns -1. */
int apply_refused(const char *method, const char *what,
    const struct mv_status *s, struct err *e);
/* call and refused in one; absent is fine if absent_ok. */
int apply_must(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, int absent_ok, struct err *e);
/* "db.coll", "db.coll/x" if x is not NULL; good for a few calls. */
const char *apply_label(const char *db, const char *coll, const char *x);
/* The collection of the op at hand; 1 if it is not at the target. */
int apply_find(struct apply *a, struct coll **c, struct err *e);
/* key and value texts as protobuf-c wants them; free(*v) and free_pairs. */
struct Pb__KeyValuePair **apply_pairs(const struct kvs *k);
void apply_pairs_free(struct Pb__KeyValuePair **v);
int op_kvs(
    const struct opline *o, const char *key, struct kvs *k, struct err *e);
/* CreatePartition and their like: db, collection, a name. */
int name_call(struct apply *a, const char *method, const char *db,
    const char *coll, const char *name, struct mv_status *s, struct err *e);
int coll_call(struct apply *a, const char *method, const char *db,
    const char *coll, struct mv_status *s, struct err *e);

/* One function for each operation; all before it is answered. */
typedef int do_fn(struct apply *a, struct err *e);
/* database.c */
do_fn do_create_database, do_drop_database, do_alter_database;
int ensure_database(struct apply *a, const char *db, struct err *e);
/* These are at the target. */
void know_databases(struct apply *a, const struct Pb__NamesResponse *r);
/* collection.c */
do_fn do_create_collection, do_drop_collection, do_alter_collection,
    do_rename_collection, do_create_partition, do_drop_partition, do_flush;
/* alias.c */
do_fn do_create_alias, do_alter_alias, do_drop_alias;
/* index.c */
do_fn do_create_index, do_alter_index, do_drop_index;
/* load.c */
do_fn do_load_collection, do_release_collection, do_load_partitions,
    do_release_partitions;
/* What of a collection is loaded, to be loaded again. */
struct loaded {
	int any, all; /* all: the collection, not some partitions */
	int replicas;
	char **parts;
	size_t n;
};
void loaded_fini(struct loaded *l);
int loaded_get(struct apply *a, const char *db, const char *coll,
    struct loaded *l, struct err *e);
int loaded_restore(struct apply *a, const char *db, const char *coll,
    const struct loaded *l, const char *without, struct err *e);
/* user.c */
do_fn do_create_user, do_drop_user, do_create_role, do_drop_role, do_grant_role,
    do_revoke_role, do_grant, do_revoke;

#endif
