#ifndef CDC_STREAM_MERGE_PRIV_H
#define CDC_STREAM_MERGE_PRIV_H

/*
 * Between merge.c, order.c, which has the order and the places, and channels.c,
 * which has what happens to records of a streaming log before they have a place
 * in that order.
 */

#include "stream/merge.h"

/* Records and marks in the order of the topic: where o is. */
struct fifo {
	struct rec **v;
	size_t head, n, cap;
};

/* Records that wait. */
struct recs {
	struct rec **v;
	size_t n, cap;
};

struct recent {
	int64_t id;
	enum msg_kind kind;
};

/* A transaction. Its first record has it as long as it is held. */
struct txn {
	int64_t id;
	uint64_t last; /* timestamp of its newest record */
	int64_t keepalive_ms;
	struct rec *begin;
	struct recs rows;
};

/* A broadcast, of which not all copies have come. */
struct barrier;

struct topic {
	struct merge_topic pub;
	struct fifo fifo;
	struct recent recent[MERGE_RECENT];
	size_t n_recent; /* ever added */
	int64_t newest;  /* the greatest id of them */
	/* streaming log only */
	struct txn **txns; /* open ones */
	size_t n_txns, txns_cap;
	struct recs young; /* no tick is behind them yet */
	struct recs ripe;  /* in order; they wait for block */
	struct barrier *block;
};

struct merge {
	struct topic **v;
	size_t n, cap;
	struct rec **heap;
	size_t n_heap, heap_cap;
	int by_channel;
	struct recs standing; /* copies of broadcasts that are not whole */
	struct barrier **barriers;
	size_t n_barriers, barriers_cap;
	uint64_t done[MERGE_RECENT]; /* broadcasts that are out */
	size_t n_done;               /* ever added */
	uint64_t released;
	uint64_t newest;
	uint64_t until; /* rows that are later stay */
	struct merge_stats stats;
	int (*want)(void *arg, const struct rec *r);
	void *arg;
	void (*told)(void *arg, const struct msg *msg);
	void *told_arg;
};

/* order.c */
int merge_before(const struct rec *a, const struct rec *b);
void merge_push(struct merge *m, struct rec *r); /* to those that leave */
void merge_pop(struct merge *m);                 /* the first of them */
void merge_keep(struct topic *t, struct rec *r); /* its place in the topic */
/*
 * Keep only the place, until all up to its timestamp is out: no position may
 * be behind a record that is younger than what has left.
 */
void merge_mark(struct topic *t, struct rec *r);
void merge_shift(struct topic *t); /* forget what has left */
void merge_rec_free(struct rec *r);
int merge_rank(enum msg_kind kind);
/* Has a producer written it again? Then it is not to be taken. */
int merge_is_retry(struct topic *t, const struct rec *r);
int merge_wants(const struct merge *m, const struct rec *r);
void recs_push(struct recs *l, struct rec *r);
int merge_skips(const struct topic *t, const struct rec *r);

/*
 * channels.c: take a decoded record, as merge_add. A record that is at its
 * place in the order goes to merge_push.
 */
struct rec *channels_add(struct merge *m, struct topic *t, struct rec *r);
/* All up to this of the topic is out, or is not there. */
uint64_t channels_out(const struct merge *m, size_t topic);
/* And this of all topics in use; 0 if there is none. */
uint64_t channels_proven(const struct merge *m);
void channels_free(struct merge *m);

/* txn.c: a record that is part of a transaction, as merge_add. */
struct rec *txns_add(struct merge *m, struct topic *t, struct rec *r);
/* Drop those that have been silent for longer than they may. */
void txns_expire(struct merge *m, struct topic *t, uint64_t tick);
/* Drop all: the source was made a primary, which ends none that are open. */
void txns_end(struct merge *m, struct topic *t);

/* broadcast.c: move ripe records of t on. */
void broadcasts_pump(struct merge *m, struct topic *t);
/* Note a copy that is not to be written. */
void broadcasts_skip(struct merge *m, const struct rec *r);
/* Those that are not to be written let their channels go on. */
void broadcasts_pass(struct merge *m);
int broadcasts_done(const struct merge *m, uint64_t id);
/* The one that is to leave when of the heap nothing may, or NULL. */
struct rec *broadcasts_first(const struct merge *m);
void broadcasts_take(struct merge *m, struct rec *r);
void broadcasts_free(struct merge *m);

#endif
