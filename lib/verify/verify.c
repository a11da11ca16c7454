#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "milvus/count.h"
#include "verify/priv.h"

/* 1 if a collection of this database can be included. */
static int
included_db(const struct verify_conf *c, const char *db)
{
	return (c->include.n == 0 || patterns_match_db(&c->include, db)) &&
	       !patterns_whole_db(&c->exclude, db);
}

static void
pair_fini(struct verify *v, struct pair *p)
{
	for (int s = SRC; s <= DST; s++) {
		colls_forget(&v->side[s].colls, p->dbs[s], p->names[s]);
		p->coll[s] = NULL;
		textset_fini(&p->parts[s]);
		vload_fini(&p->load[s]);
	}
}

/*
 * Asks both sides about a collection: 0 with the answers; 1: it was dropped
 * meanwhile, and that is reported.
 */
static int
look(struct verify *v, struct pair *p, struct err *e)
{
	int there[2];

	for (int s = SRC; s <= DST; s++) {
		int rc = colls_get(&v->side[s].colls, v->side[s].m, p->dbs[s],
		    p->names[s], &p->coll[s], e);

		if (rc == 0)
			rc = ask_partitions(&v->side[s], p->dbs[s], p->names[s],
			    &p->parts[s], e);
		if (rc == -1)
			return err_wrap(e, "%s", v->side[s].name);
		there[s] = rc == 0;
	}
	if (there[SRC] && there[DST])
		return 0;
	if (there[SRC] || there[DST])
		diff_name(v, "collection", p->db, p->name, NULL, NULL,
		    there[SRC] ? "missing" : "extra");
	return 1;
}

static int
catalogue(struct verify *v, void *arg, struct err *e)
{
	struct pair *p = arg;
	int rc;

	pair_fini(v, p);
	rc = look(v, p, e);
	return rc == 0 ? verify_catalogue(v, p, e) : rc;
}

static int
collection(struct verify *v, const char *db, const char *name, struct err *e)
{
	struct pair p = { .db = db, .name = name };
	int rc;

	p.dbs[SRC] = db;
	p.names[SRC] = name;
	names_coll(&v->conf->rename, db, name, &p.dbs[DST], &p.names[DST]);
	rc = verify_settled(v, catalogue, &p, e);
	v->colls += rc == 0;
	if (rc == 0)
		rc = verify_rows(v, &p, e);
	if (rc == -1)
		err_wrap(e, "collection '%s.%s'", db, name);
	pair_fini(v, &p);
	return rc == -1 || out_flush(&v->out, e) == -1 ? -1 : 0;
}

/*
 * ERR_DATA if nothing was compared, because no output would look like "equal".
 */
static int
anything(struct verify *v, struct err *e)
{
	static const char none[] =
	    "nothing was compared: there is no collection to compare";

	if (v->colls > 0 || v->diffs > 0 || v->skipped > 0)
		return 0;
	v->nothing = !v->conf->allow_none;
	if (v->nothing)
		return err_set(e, ERR_DATA,
		    "%s (--allow-none takes that for equal)", none);
	log_warn("%s", none);
	return 0;
}

/* The databases of both sides, and the source's collections in each. */
struct lists {
	struct textset dbs[2];
	struct textset *ours; /* of dbs[SRC].v[i] */
};

static void
lists_fini(struct lists *l)
{
	for (size_t i = 0; l->ours != NULL && i < l->dbs[SRC].n; i++)
		textset_fini(&l->ours[i]);
	free(l->ours);
	l->ours = NULL;
	textset_fini(&l->dbs[SRC]);
	textset_fini(&l->dbs[DST]);
}

/*
 * 1 if the database itself is included, or a collection that belongs into it.
 */
static int
wanted(const struct verify *v, const char *db, const struct textset *ours)
{
	const struct verify_conf *c = v->conf;
	const char *d, *n;

	if (c->include.n == 0 || patterns_whole_db(&c->include, db))
		return 1;
	for (size_t i = 0; i < ours->n; i++) {
		names_coll(&c->rename, db, ours->v[i], &d, &n);
		if (verify_included(c, db, ours->v[i]) &&
		    strcmp(d, names_db(&c->rename, db)) == 0)
			return 1;
	}
	return 0;
}

/*
 * Reports collections of the target in a database that belong to none of the
 * source.
 */
static int
extras(
    struct verify *v, const char *db, const struct textset *ours, struct err *e)
{
	const char *to_db = names_db(&v->conf->rename, db), *d, *c;
	struct textset theirs = { 0 }, images = { 0 };
	int rc = ask_collections(&v->side[DST], to_db, &theirs, e);

	for (size_t i = 0; i < ours->n; i++) {
		names_coll(&v->conf->rename, db, ours->v[i], &d, &c);
		if (strcmp(d, to_db) == 0)
			textset_add(&images, c);
	}
	for (size_t i = 0; i < theirs.n; i++) {
		if (textset_has(&images, theirs.v[i]))
			continue;
		meets_coll(&v->meets, db, theirs.v[i], MEET_LIVE);
		if (verify_included(v->conf, db, theirs.v[i]))
			diff_name(v, "collection", db, theirs.v[i], NULL, NULL,
			    "extra");
	}
	textset_fini(&images);
	textset_fini(&theirs);
	return rc == -1 ? -1 : 0;
}

/*
 * Reports databases that only the target has, if a pattern matches whole
 * databases.
 */
static void
extra_dbs(
    struct verify *v, const struct textset *ours, const struct textset *theirs)
{
	const struct verify_conf *c = v->conf;
	struct textset images = { 0 };

	for (size_t i = 0; i < ours->n; i++)
		textset_add(&images, names_db(&c->rename, ours->v[i]));
	for (size_t i = 0; i < theirs->n; i++) {
		const char *db = theirs->v[i];

		meets_db(&v->meets, db);
		if (textset_has(&images, db) || textset_has(ours, db) ||
		    patterns_whole_db(&c->exclude, db) ||
		    (c->include.n > 0 && !patterns_whole_db(&c->include, db)))
			continue;
		diff_name(v, "database", db, NULL, NULL, NULL, "extra");
	}
	textset_fini(&images);
}

static int
database(struct verify *v, const struct lists *l, size_t i, struct err *e)
{
	const char *db = l->dbs[SRC].v[i];

	if (ask_collections(&v->side[SRC], db, &l->ours[i], e) == -1)
		return -1;
	meets_db(&v->meets, db);
	names_meet(&v->conf->rename, db, NULL);
	for (size_t k = 0; k < l->ours[i].n; k++) {
		meets_coll(&v->meets, db, l->ours[i].v[k], MEET_LIVE);
		names_meet(&v->conf->rename, db, l->ours[i].v[k]);
	}
	if (textset_has(&l->dbs[DST], names_db(&v->conf->rename, db)))
		return extras(v, db, &l->ours[i], e);
	if (wanted(v, db, &l->ours[i]))
		diff_name(v, "database", db, NULL, NULL, NULL, "missing");
	return 0;
}

/* Lists databases and collections. */
static int
list(struct verify *v, void *arg, struct err *e)
{
	struct lists *l = arg;
	int rc = 0;

	lists_fini(l);
	for (int s = SRC; s <= DST && rc == 0; s++)
		rc = ask_databases(&v->side[s], &l->dbs[s], e);
	if (rc == -1)
		return -1;
	extra_dbs(v, &l->dbs[SRC], &l->dbs[DST]);
	l->ours = x_calloc(l->dbs[SRC].n + 1, sizeof *l->ours);
	for (size_t i = 0; i < l->dbs[SRC].n && rc == 0; i++)
		if (included_db(v->conf, l->dbs[SRC].v[i]))
			rc = database(v, l, i, e);
	return rc;
}

/* Counts how many rows will be compared, for the progress. */
static int
measure(struct verify *v, const struct lists *l, struct err *e)
{
	uint64_t n;

	for (size_t i = 0; v->conf->progress && i < l->dbs[SRC].n; i++)
		for (size_t k = 0; k < l->ours[i].n; k++) {
			if (!verify_included(
				v->conf, l->dbs[SRC].v[i], l->ours[i].v[k]))
				continue;
			if (milvus_rows(v->side[SRC].m, l->dbs[SRC].v[i],
				l->ours[i].v[k], &n, e) == -1)
				return -1;
			v->expect += n;
		}
	return 0;
}

static int
compare(struct verify *v, struct err *e)
{
	struct lists l = { 0 };
	int rc = verify_settled(v, list, &l, e);

	if (rc == 0)
		rc = out_flush(&v->out, e);
	if (rc == 0)
		rc = verify_meets(v, e);
	if (rc == 0)
		rc = measure(v, &l, e);
	for (size_t i = 0; rc == 0 && i < l.dbs[SRC].n; i++)
		for (size_t k = 0; rc == 0 && k < l.ours[i].n; k++) {
			const char *db = l.dbs[SRC].v[i];
			const char *coll = l.ours[i].v[k];

			if (sig_stop != 0)
				rc = err_set(e, ERR_STOP, "stopped");
			else if (verify_included(v->conf, db, coll))
				rc = collection(v, db, coll, e);
		}
	lists_fini(&l);
	return rc;
}

static int
open_side(struct verify *v, int s, const struct milvus_conf *conf,
    const char *name, struct err *e)
{
	struct milvus_conf c = *conf;

	c.name = v->side[s].name = v->again[s].name = name;
	if ((v->side[s].m = milvus_open(&c, e)) == NULL ||
	    (v->again[s].m = milvus_open(&c, e)) == NULL)
		return err_wrap(e, "%s '%s'", name, conf->grpc.uri);
	return 0;
}

static void
summary(const struct verify *v)
{
	double s = (double)(clock_ns() - v->started_ns) / 1e9;

	log_info("%" PRIu64 " collections, %" PRIu64 " rows, %.1f MB, %" PRIu64
		 " differences, %.1f s, %.0f rows/s",
	    v->colls, v->rows, (double)v->bytes / 1e6, v->diffs, s,
	    s > 0 ? (double)v->rows / s : 0.0);
	if (v->asked_again > 0)
		log_info("%" PRIu64 " rows differed at first and were asked "
			 "for again; %" PRIu64 " of them never stood still",
		    v->asked_again, v->moving);
}

int
verify_run(const struct verify_conf *c, struct err *e)
{
	struct verify v = { .conf = c, .out = out_stdout() };
	int rc;

	v.started_ns = clock_ns();
	meets_init(&v.meets, "--include", &c->include, &c->exclude);
	v.side[SRC].name = "backup";
	rc = c->nbackup > 0 ? 0 : open_side(&v, SRC, &c->source, "source", e);
	if (rc == 0)
		rc = open_side(&v, DST, &c->target, "target", e);
	if (c->sample > 0)
		log_info("--seed %" PRIu64, c->seed);
	if (rc == 0)
		rc = c->nbackup > 0 ? verify_backup(&v, e) : compare(&v, e);
	log_progress("");
	if (rc != -1 || e->kind != ERR_PIPE) {
		struct err f = { 0 };

		if (out_flush(&v.out, &f) == -1 && rc != -1) {
			*e = f;
			rc = -1;
		}
	}
	if (rc != -1)
		rc = anything(&v, e);
	if (rc != -1)
		summary(&v);
	for (int s = SRC; s <= DST; s++) {
		colls_fini(&v.side[s].colls);
		milvus_close(v.side[s].m);
		milvus_close(v.again[s].m);
	}
	out_fini(&v.out);
	buf_fini(&v.line);
	meets_fini(&v.meets);
	if (rc == -1)
		return v.nothing ? VERIFY_NOTHING : -1;
	return v.diffs > 0     ? VERIFY_DIFFERENT
	       : v.skipped > 0 ? VERIFY_PARTLY
			       : VERIFY_EQUAL;
}
