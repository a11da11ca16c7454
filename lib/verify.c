#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "sig.h"
#include "tso.h"
#include "verifyi.h"

enum { SHOW_MS = 500 };

static int
included(const struct verify_conf *c, const char *db, const char *coll)
{
	return (c->include.n == 0 || patterns_match(&c->include, db, coll)) &&
	       !patterns_match(&c->exclude, db, coll);
}

/* Could a collection of this database be included? */
static int
included_db(const struct verify_conf *c, const char *db)
{
	return (c->include.n == 0 || patterns_match_db(&c->include, db)) &&
	       !patterns_whole_db(&c->exclude, db);
}

static void
left(int64_t s, char *text, size_t n)
{
	snprintf(text, n, ", %" PRId64 ":%02" PRId64 " left", s / 60, s % 60);
}

void
verify_show(struct verify *v)
{
	int64_t now = tso_mono_ns();
	double s = (double)(now - v->started_ns) / 1e9;
	double rate = s > 0 ? (double)v->rows / s : 0;
	char text[128], more[32] = "";

	if (!v->conf->progress || now - v->shown_ns < SHOW_MS * 1000000)
		return;
	v->shown_ns = now;
	if (v->expect > v->rows && rate > 0)
		left((int64_t)((double)(v->expect - v->rows) / rate), more,
		    sizeof more);
	snprintf(text, sizeof text,
	    "%" PRIu64 " collections, %" PRIu64 " rows, %.0f rows/s%s",
	    v->colls, v->rows, rate, more);
	log_progress(text);
}

static void
pair_fini(struct pair *p)
{
	for (int s = SRC; s <= DST; s++) {
		texts_fini(&p->parts[s]);
		vload_fini(&p->load[s]);
	}
}

/* 0 with all that is asked of both; 1: one of them went, which is told. */
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
	if (there[SRC])
		diff_name(
		    v, "collection", p->db, p->name, NULL, NULL, "missing");
	else if (there[DST])
		diff_name(v, "collection", p->db, p->name, NULL, NULL, "extra");
	return 1;
}

static int
collection(struct verify *v, const char *db, const char *name, struct err *e)
{
	struct pair p = { .db = db, .name = name };
	int rc;

	p.dbs[SRC] = db;
	p.names[SRC] = name;
	names_coll(&v->conf->rename, db, name, &p.dbs[DST], &p.names[DST]);
	rc = look(v, &p, e);
	if (rc == 0) {
		v->colls++;
		if ((rc = verify_catalogue(v, &p, e)) == 0)
			rc = verify_rows(v, &p, e);
	}
	if (rc == -1)
		err_wrap(e, "collection '%s.%s'", db, name);
	for (int s = SRC; s <= DST; s++)
		colls_forget(&v->side[s].colls, p.dbs[s], p.names[s]);
	pair_fini(&p);
	return rc == -1 || out_flush(&v->out, e) == -1 ? -1 : 0;
}

/* What the target has in a database that no collection of the source is. */
static void
extras(struct verify *v, const char *db, const struct texts *ours,
    const struct texts *theirs)
{
	const char *to_db = names_db(&v->conf->rename, db);
	struct texts images = { 0 };

	for (size_t i = 0; i < ours->n; i++) {
		const char *d, *c;

		names_coll(&v->conf->rename, db, ours->v[i], &d, &c);
		if (strcmp(d, to_db) == 0)
			texts_add(&images, c);
	}
	for (size_t i = 0; i < theirs->n; i++)
		if (!texts_has(&images, theirs->v[i]) &&
		    included(v->conf, db, theirs->v[i]))
			diff_name(v, "collection", db, theirs->v[i], NULL, NULL,
			    "extra");
	texts_fini(&images);
}

/* Is the database itself asked for, or a collection that belongs into it? */
static int
wanted(const struct verify *v, const char *db, const struct texts *ours)
{
	const struct verify_conf *c = v->conf;
	const char *d, *n;

	if (c->include.n == 0 || patterns_whole_db(&c->include, db))
		return 1;
	for (size_t i = 0; i < ours->n; i++) {
		names_coll(&c->rename, db, ours->v[i], &d, &n);
		if (included(c, db, ours->v[i]) &&
		    strcmp(d, names_db(&c->rename, db)) == 0)
			return 1;
	}
	return 0;
}

static int
database(struct verify *v, const char *db, int there, struct err *e)
{
	struct texts ours = { 0 }, theirs = { 0 };
	const char *to_db = names_db(&v->conf->rename, db);
	int rc = ask_collections(&v->side[SRC], db, &ours, e);

	if (!there && wanted(v, db, &ours))
		diff_name(v, "database", db, NULL, NULL, NULL, "missing");
	if (rc != -1 && there)
		rc = ask_collections(&v->side[DST], to_db, &theirs, e);
	if (rc != -1)
		extras(v, db, &ours, &theirs);
	for (size_t i = 0; rc != -1 && sig_stop == 0 && i < ours.n; i++)
		if (included(v->conf, db, ours.v[i]))
			rc = collection(v, db, ours.v[i], e);
	texts_fini(&ours);
	texts_fini(&theirs);
	return rc == -1 ? -1 : 0;
}

/* Databases of the target alone count where a whole one is asked for. */
static void
extra_dbs(
    struct verify *v, const struct texts *ours, const struct texts *theirs)
{
	const struct verify_conf *c = v->conf;
	struct texts images = { 0 };

	for (size_t i = 0; i < ours->n; i++)
		texts_add(&images, names_db(&c->rename, ours->v[i]));
	for (size_t i = 0; i < theirs->n; i++) {
		const char *db = theirs->v[i];

		if (texts_has(&images, db) || texts_has(ours, db) ||
		    patterns_whole_db(&c->exclude, db) ||
		    (c->include.n > 0 && !patterns_whole_db(&c->include, db)))
			continue;
		diff_name(v, "database", db, NULL, NULL, NULL, "extra");
	}
	texts_fini(&images);
}

static int
databases(struct verify *v, struct err *e)
{
	struct texts t[2] = { { 0 } };
	int rc = 0;

	for (int s = SRC; s <= DST && rc != -1; s++)
		rc = ask_databases(&v->side[s], &t[s], e);
	if (rc != -1)
		extra_dbs(v, &t[SRC], &t[DST]);
	for (size_t i = 0; rc != -1 && sig_stop == 0 && i < t[SRC].n; i++) {
		const char *db = t[SRC].v[i];

		if (included_db(v->conf, db))
			rc = database(v, db,
			    texts_has(&t[DST], names_db(&v->conf->rename, db)),
			    e);
	}
	texts_fini(&t[SRC]);
	texts_fini(&t[DST]);
	return rc;
}

static int
open_side(struct verify *v, int s, const struct milvus_conf *conf,
    const char *name, struct err *e)
{
	struct milvus_conf c = *conf;

	c.name = v->side[s].name = name;
	if ((v->side[s].m = milvus_open(&c, e)) == NULL)
		return err_wrap(e, "%s '%s'", name, conf->grpc.uri);
	return 0;
}

static void
summary(const struct verify *v)
{
	double s = (double)(tso_mono_ns() - v->started_ns) / 1e9;

	log_info("%" PRIu64 " collections, %" PRIu64 " rows, %.1f MB, %" PRIu64
		 " differences, %.1f s, %.0f rows/s",
	    v->colls, v->rows, (double)v->bytes / 1e6, v->diffs, s,
	    s > 0 ? (double)v->rows / s : 0.0);
}

int
verify_run(const struct verify_conf *c, struct err *e)
{
	struct verify v = { .conf = c,
		.out = { .fd = STDOUT_FILENO, .name = "standard output" } };
	int rc;

	v.started_ns = tso_mono_ns();
	rc = open_side(&v, SRC, &c->source, "source", e);
	if (rc == 0)
		rc = open_side(&v, DST, &c->target, "target", e);
	if (rc == 0)
		rc = databases(&v, e);
	log_progress("");
	if (rc != -1 || e->kind != ERR_PIPE) {
		struct err f = { 0 };

		if (out_flush(&v.out, &f) == -1 && rc != -1) {
			*e = f;
			rc = -1;
		}
	}
	if (rc != -1)
		summary(&v);
	for (int s = SRC; s <= DST; s++) {
		colls_fini(&v.side[s].colls);
		milvus_close(v.side[s].m);
	}
	out_fini(&v.out);
	buf_fini(&v.line);
	if (rc == -1)
		return -1;
	return v.diffs > 0     ? VERIFY_DIFFERENT
	       : v.skipped > 0 ? VERIFY_PARTLY
			       : VERIFY_EQUAL;
}
