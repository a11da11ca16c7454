#ifndef CDC_VERIFY_PRIV_H
#define CDC_VERIFY_PRIV_H

#include "base/hash.h"
#include "base/out.h"
#include "codec/json_write.h"
#include "milvus/ask.h"
#include "milvus/collection.h"
#include "milvus/feed.h"
#include "milvus/page.h"
#include "model/pattern_met.h"
#include "verify/verify.h"

/* Shared by the files of this folder. */

/* A collection of the source and its counterpart. */
struct pair {
	const char *db, *name; /* the source's names, which lines show */
	const char *dbs[2], *names[2];
	struct coll *coll[2];
	struct textset parts[2];
	struct vload load[2];
};

struct verify {
	const struct verify_conf *conf;
	struct peer side[2];
	struct peer again[2]; /* for questions while rows come in from side[]; m
				 NULL: none */
	/* lines are collected here and not written; or NULL */
	struct textset *hold;
	struct out out;
	struct buf line;
	struct jsonw w; /* writes the current line */
	struct meets meets;
	int nothing; /* there was nothing to compare; *e says so */
	/* counts */
	uint64_t colls, rows, bytes, diffs;
	uint64_t skipped;             /* objects that could not be compared */
	uint64_t asked_again, moving; /* rows, with --as-of */
	int64_t started_ns, shown_ns;
	uint64_t expect; /* how many rows the source's statistics count */
};

/*
 * report.c: lines of differences. diff_open begins a line: kind, db, coll
 * (NULL: none); the caller adds keys to v->w; diff_close ends and writes the
 * line. what: "missing", "extra" or "differs".
 */
void diff_open(
    struct verify *v, const char *kind, const char *db, const char *coll);
void diff_close(struct verify *v, const char *what);
/* Write a whole line with one more name in it. */
void diff_name(struct verify *v, const char *kind, const char *db,
    const char *coll, const char *key, const char *name, const char *what);
/* Compare two sets of names: a line for each name that only one side has. */
void diff_texts(struct verify *v, const char *kind, const struct pair *p,
    const char *key, const struct textset *a, const struct textset *b);
/* Compare two texts (NULL: absent): a line if they differ. */
void diff_values(struct verify *v, const char *kind, const struct pair *p,
    const char *key, const char *name, const char *a, const char *b);
/* Report that something is not compared, and why. */
void diff_skip(struct verify *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Begin the line of a row. */
void diff_row(struct verify *v, const struct pair *p, const char *part,
    const struct vkey *k);

/* settle.c: comparing while rows are written. */
/*
 * Wait until everything that the source had done by now is at the target: until
 * the task says so, or one of `parts` equal parts of the time for it has
 * passed. ERR_TEMP if the task makes no progress.
 */
enum { SETTLE_ROUNDS = 3 };
int verify_settle(struct verify *v, int parts, struct err *e);
/*
 * Run look, which writes lines for differences. While the source changes, only
 * lines count that a second run writes again, after everything from the first
 * run has arrived. Returns the result of the last run.
 */
typedef int look_fn(struct verify *v, void *arg, struct err *e);
int verify_settled(struct verify *v, look_fn *look, void *arg, struct err *e);

/* catalogue.c: everything but the rows. */
int verify_catalogue(struct verify *v, struct pair *p, struct err *e);
/* The part of it that compares fields and other values of the schema. */
void verify_schema(struct verify *v, const struct pair *p);

/* backup.c: the target and the files of conf->backup. */
int verify_backup(struct verify *v, struct err *e);

/* load.c: what was loaded on one side temporarily. */
struct vloading {
	int whole;
	struct textset parts;
	struct textset fields; /* fields that got a temporary index */
};
void vloading_fini(struct vloading *l);
/*
 * Load on both sides what is not loaded, and wait for it. Afterwards, also
 * after a failure or a signal, verify_unload undoes what l says was done.
 */
int verify_load(
    struct verify *v, struct pair *p, struct vloading l[2], struct err *e);
int verify_unload(struct verify *v, const struct pair *p,
    const struct vloading l[2], struct err *e);

/* sample.c */
enum { SAMPLE_ROWS = 1000 }; /* rows at each place */

/*
 * A run of about SAMPLE_ROWS rows that begins at the row of this rank (0: the
 * row of the lowest key): lo < key <= hi, found by counting. *has_lo is 0 if
 * the run begins at the first row. vrange_fini frees the texts.
 */
struct vrange {
	struct vkey lo, hi;
	int has_lo, has_hi;
	struct buf text[2];
};
void vrange_fini(struct vrange *r);
int vrange_at(
    const struct vask *a, uint64_t rank, struct vrange *r, struct err *e);

/* recheck.c */
/*
 * Keys whose rows differed while rows were written. They are asked for again
 * after the source's state of then has arrived at the target; those that still
 * differ, and did not change at the source meanwhile, are differences. All zero
 * is valid and empty.
 */
enum { VCANDS_MAX = 100000 }; /* keys held at a time */

struct vcands {
	struct vcand *v;
	size_t n, cap;
};
void vcands_fini(struct vcands *c);
void vcands_add(struct vcands *c, const struct vkey *k); /* copies */

/*
 * Ask again, write lines for differences, and empty *c. ask has the bounds of
 * the rows that are compared.
 */
int vcands_settle(struct verify *v, const struct pair *p,
    const struct vask ask[2], struct vcands *c, struct err *e);

/* rows.c: the rows. */
int verify_rows(struct verify *v, struct pair *p, struct err *e);

/* 1 if a collection is included, by its name at the source. */
int verify_included(
    const struct verify_conf *c, const char *db, const char *coll);

/* verify.c: ERR_DATA if a pattern matched nothing on either side. */
int verify_meets(struct verify *v, struct err *e);

/* verify.c: updates the progress on a terminal, now and then. */
void verify_show(struct verify *v);

#endif
