#ifndef CDC_APPLY_PRIV_H
#define CDC_APPLY_PRIV_H

#include <protobuf-c/protobuf-c.h>

#include "apply/apply.h"
#include "apply/queue.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/out.h"
#include "milvus/ask.h"
#include "milvus/client.h"
#include "milvus/collection.h"
#include "model/names.h"
#include "model/op_read.h"
#include "model/pos.h"
#include "state/ids.h"
#include "state/redo.h"

/* Shared by the files of this folder. */

/* What was done since the last tick. */
struct counts {
	uint64_t insert, upsert, rows, del, keys, ddl, gone, skipped, dead;
	uint64_t unknown; /* of those skipped */
	uint64_t late;    /* of those applied */
};

struct ack {
	struct ack *next;
	uint64_t epoch; /* the ack is safe when the queue is past this epoch */
	uint64_t ts;
	struct buf line;
};

/*
 * The target's collections by id, and to which source's collection each
 * belongs: identity.c.
 */
struct identity {
	struct ids *ids; /* NULL: no begin yet, so that only names are known */
	struct identity_place *v;
	size_t n, cap;
	int64_t source;    /* birth of the source; 0: not told */
	int64_t pretended; /* the next id in a dry run, from INT64_MAX down */
	uint64_t born;     /* birth of the target's Milvus, see milvus/born.h */
	int64_t passed; /* the source's id that was last found to have no such
			   collection at the target */
};

/* The state of marks, circle.c. */
struct marks {
	/* the source's ids whose marks were sent in this run */
	struct kvs sent;
	struct mark *out;   /* marks that are being sent */
	int64_t not_before; /* clock_ns() for the next try after a failure */
	int refused;        /* the warning about a refusal was given */
	char *task;         /* task of the last begin that names one */
	uint64_t told;      /* marks up to this ts were reported before */
};

struct apply {
	const struct apply_conf *conf;
	struct milvus *m;
	struct rowq *q;
	struct colls colls;
	struct identity who;
	struct marks marks;
	int never_aside; /* the failure is not the line's fault, so it is not
			    set aside */
	struct out out;
	struct lines *in;
	struct opline op;      /* the current line */
	const char *db, *coll; /* its names at the target */
	/* the stream */
	int begun;      /* a begin was read */
	int ended;      /* its end was read, and no begin since */
	struct pos pos; /* position of the last begin, tick or end */
	struct pos top; /* position of the highest tick or end */
	int behind;     /* the last end is below top */
	int reached;    /* the stream reached --until, since the last begin */
	uint64_t later; /* operations skipped because of --until */
	/* rows that are not late must have this ts or more */
	uint64_t rows_from;
	int by_topic; /* only those of a topic are in order; ticks say more */
	char *cluster;
	uint64_t acked_ts;
	struct ack *acks, **acks_end;
	size_t nacks;
	struct counts counts, total;
	/* locks of tasks, held until the process ends */
	char **tasks;
	int *locks;
	size_t ntasks;
	struct redo *redo; /* of the current task, or NULL */
	/* --on-error=dead */
	int dead_fd;
	struct kvs dead; /* names and ids of collections set aside */
	struct kvs dbs;  /* databases that the target has, as far as known:
			    database.c */
	uint64_t seq;    /* number of the last line that was kept */
	/* progress */
	int64_t started_ns, shown_ns;
};

/* apply.c: what one line of the stream asks for. */
int apply_line(struct apply *a, const char *line, size_t n, struct err *e);

/* ack.c: begin, tick, end. */
int apply_begin(struct apply *a, struct err *e);
int apply_tick(struct apply *a, struct err *e); /* and end */
/* Write the acks whose rows are safe. */
int apply_acks(struct apply *a, struct err *e);
void apply_acks_free(struct apply *a);
void apply_summary(const struct apply *a); /* shown with -v */

/*
 * until.c: --until. The timestamp of each line decides, because an index or a
 * late record can stand below later lines. A tick later than --until is not
 * acknowledged, because lines above it were skipped.
 */
int cut_begin(struct apply *a, struct err *e);
int cut_tick(struct apply *a);      /* 1: it must not be acknowledged */
int cut_operation(struct apply *a); /* 1: it is skipped */
/* Called at the end of the input: -1 if it ended before --until. */
int cut_complete(const struct apply *a, struct err *e);

/* names_met.c: note for --rename the names of the source in this line. */
void met_note(struct apply *a);
/*
 * ERR_DATA if a rule matched nothing, because the collection that it was meant
 * for has kept its name. If the stream was cut, that is a warning: the
 * collection may come later.
 */
int met_all(const struct apply *a, int cut, struct err *e);

/*
 * Note in the redo file (state/redo.h) that the current operation is about to
 * change the target.
 */
int apply_redo(struct apply *a, struct err *e);

/*
 * identity.c: finds the line's collection by the source's id. A replay of lines
 * that were applied before finds later names at the target; ids stay the same.
 */
int identity_open(
    struct apply *a, struct err *e); /* called at the first begin */
void identity_fini(struct identity *w);
/* Note that the target has this collection. */
struct identity_place *identity_put(
    struct identity *w, int64_t id, const char *db, const char *name);
/* The line's collection id at the source; 0: none given. */
int64_t apply_coll_id(const struct apply *a);
/* Set a->db and a->coll to the current name of the line's collection. */
void identity_resolve(struct apply *a);
int identity_is_known(const struct apply *a);
/* 1 if the target has the very collection of the line. */
int identity_is_own(struct apply *a);
/* known, and absent at the target */
int identity_is_lost(const struct apply *a);
/* 1 if another collection of the source has that name. */
int identity_has(const struct apply *a, const char *db, const char *coll);
int identity_make_room(
    struct apply *a, const char *db, const char *coll, struct err *e);
int identity_moved_aside(const struct apply *a); /* by identity_make_room */
/* Note that c is the line's collection; made: by this run. */
int identity_is(struct apply *a, const struct coll *c, int made, struct err *e);
int identity_made(const struct apply *a);
/*
 * The same for a collection that existed before; adopted: others wrote rows to
 * it.
 */
int identity_take(
    struct apply *a, const struct coll *c, int adopted, struct err *e);
/* 1 if the collection existed before this task, or its origin is unknown. */
int identity_is_others(const struct apply *a, const struct coll *c);
int identity_rename(
    struct apply *a, const char *db, const char *coll, struct err *e);
int identity_dropped(struct apply *a, struct err *e);
/* Note that the collection of this name was dropped. */
void identity_gone(struct apply *a, const char *db, const char *coll);

/*
 * itself.c: the target must not be the Milvus that the stream comes from. Their
 * births are compared, if both are known and the stream is a task's; else the
 * ids of collections, so that a file can be applied to its own source under
 * other names, or to restore what was dropped there. -1 with ERR_DATA.
 */
int self_begin(struct apply *a, struct err *e);
/* A begin after another: -1 with ERR_DATA if it is of another source. */
int self_same(struct apply *a, struct err *e);
int self_line(struct apply *a, struct err *e);
/* No collection has the name, and one is to be made. */
int self_new(struct apply *a, struct err *e);

/*
 * circle.c: detects that rows written to the target come back from it. Before
 * the first rows of a collection in a run, a delete of a key that no row has is
 * sent: its mark, which is computed from the collection's id. Milvus logs it
 * like any delete, so a task that carries the rows further carries the mark
 * before them. A mark of the target's own collection, or of the source's own,
 * in the input is a circle.
 */
void mark_begin(struct apply *a, const char *task);
/* Rows or keys of the current line are about to be sent to c. */
void mark_send(struct apply *a, struct coll *c);
/* -1 with ERR_DATA if the line's list of keys has such a mark. */
int mark_look(struct apply *a, const struct coll *c, struct err *e);
void mark_fini(struct marks *m);

/*
 * ownership.c: collections that had rows at the target before any task of this
 * state directory wrote to them. They are used, with a warning, but not dropped
 * or renamed without --adopt.
 */
/* -1 with ERR_DATA if c belongs to another source of this state directory. */
int own_is_anothers(
    struct apply *a, const struct coll *c, const char *verb, struct err *e);
/* The line would make c, which exists already. */
int own_take(struct apply *a, const struct coll *c, struct err *e);
/* 0 if the line may do this to c; -1 with ERR_DATA and the choices. */
int own_may(
    struct apply *a, const struct coll *c, const char *verb, struct err *e);

/* dead.c */
int dead_open(struct apply *a, struct err *e);
int dead_is(const struct apply *a, const struct opline *o);
int dead_line(struct apply *a, const char *line, size_t n, struct err *e);
/* The current line failed because of *why: set it and its collection aside. */
int dead_op(struct apply *a, const char *line, size_t n, const struct err *why,
    struct err *e);
/*
 * The collection of the current rows was set aside while they waited for a
 * request with their keys, so they are set aside too.
 */
int dead_late(struct apply *a, const char *line, size_t n, struct err *e);
int dead_batch(void *arg, struct batch *b, struct err *e);

/* call.c: calls that change the target. `what` is the object's name. */
/* 0 done (or printed, in a dry run), 1 refused with *s, -1. */
int apply_call(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, struct mv_status *s, struct err *e);
/* Set *e for a refusal; returns -1. */
int apply_refused(const char *method, const char *what,
    const struct mv_status *s, struct err *e);
/*
 * apply_call and apply_refused in one; with absent_ok an absent object is no
 * error.
 */
int apply_must(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, int absent_ok, struct err *e);
/* "db.coll", or "db.coll/x" if x is not NULL; valid for the next few calls. */
const char *apply_label(const char *db, const char *coll, const char *x);
/* Find the collection of the current line; 1 if the target does not have it. */
int apply_find(struct apply *a, struct coll **c, struct err *e);
/* Pairs as protobuf-c takes them; to be freed with free(*v) and free_pairs. */
struct Pb__KeyValuePair **apply_pairs(const struct kvs *k);
void apply_pairs_free(struct Pb__KeyValuePair **v);
int op_kvs(
    const struct opline *o, const char *key, struct kvs *k, struct err *e);
/* A list of texts, empty if it is absent; *v is freed by the caller. */
int op_texts(const struct opline *o, const char *key, char ***v, size_t *n,
    struct err *e);
/* CreatePartition and similar calls: db, collection, a name. */
int name_call(struct apply *a, const char *method, const char *db,
    const char *coll, const char *name, struct mv_status *s, struct err *e);
int coll_call(struct apply *a, const char *method, const char *db,
    const char *coll, struct mv_status *s, struct err *e);

/*
 * A function for each operation; called when all requests before it are
 * answered.
 */
typedef int do_fn(struct apply *a, struct err *e);
/* database.c */
do_fn do_create_database, do_drop_database, do_alter_database;
int ensure_database(struct apply *a, const char *db, struct err *e);
/* Note databases that the target has. */
void know_databases(struct apply *a, const struct textset *dbs, uint64_t born);
/* collection.c */
do_fn do_create_collection, do_drop_collection, do_rename_collection,
    do_create_partition, do_drop_partition, do_flush;
/* alias.c */
do_fn do_create_alias, do_alter_alias, do_drop_alias;
/* index.c */
do_fn do_create_index, do_drop_index;
/* alter.c */
do_fn do_alter_collection, do_alter_index, do_truncate_collection;
/*
 * AlterIndex and AlterCollectionField: 0 done, 1 refused with *s, -1; and with
 * what the line says, where `key` has the name.
 */
int alter_call(struct apply *a, const char *method, const char *name,
    const struct kvs *params, char **gone, size_t n_gone, struct mv_status *s,
    struct err *e);
int alter_line(
    struct apply *a, const char *method, const char *key, struct err *e);
/* Set and take away properties of the current collection. */
int coll_set(struct apply *a, const struct kvs *props, char **gone,
    size_t n_gone, struct err *e);
/* field.c */
do_fn do_add_field, do_drop_field, do_alter_field;
/*
 * Make the fields of the collection that is there already those of s, as far
 * as that loses nothing; -1 with ERR_DATA if rows of s do not fit it. *c is
 * asked for again if it was changed. ours: the id says that it is the line's,
 * and so what differs came later.
 */
int fields_follow(struct apply *a, const struct schema *s, struct coll **c,
    int ours, struct err *e);
/* load.c */
do_fn do_load_collection, do_release_collection, do_load_partitions,
    do_release_partitions;
/* Which partitions are loaded, so that they can be loaded again. */
int loaded_get(struct apply *a, const char *db, const char *coll,
    struct vload *l, struct err *e);
int loaded_restore(struct apply *a, const char *db, const char *coll,
    const struct vload *l, const char *without, struct err *e);
/* LoadPartitions or ReleasePartitions; n replicas, 0 for a release. */
int parts_call(struct apply *a, const char *method, const char *db,
    const char *coll, char **parts, size_t nparts, int n, struct mv_status *s,
    struct err *e);
/* user.c */
do_fn do_create_user, do_drop_user, do_create_role, do_drop_role, do_grant_role,
    do_revoke_role, do_grant, do_revoke;

#endif
