#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "milvus/feed.h"
#include "verify/backup_rows.h"
#include "verify/priv.h"

/* A collection of the files and its counterpart at the target. */
struct job {
	struct verify *v;
	struct vfile *f;
	struct vfrows *rows;
	uint32_t i;
	struct pair p;
	struct vfeed *feed;
	struct vpage *page;
	size_t at;
};

/* The target's next row: 1, 0 at the end, -1. */
static int
theirs(struct job *j, const struct vrow **r, struct err *e)
{
	while (j->page == NULL || j->at == j->page->n) {
		int rc;

		vpage_free(j->page);
		j->page = NULL;
		j->at = 0;
		verify_show(j->v);
		if ((rc = vfeed_next(j->feed, &j->page, e)) != 1)
			return rc;
	}
	*r = &j->page->rows[j->at];
	return 1;
}

static void
line(struct job *j, const struct vkey *k, const char *what)
{
	diff_row(j->v, &j->p, NULL, k);
	diff_close(j->v, what);
}

static int
merge(struct job *j, struct err *e)
{
	struct vrow a = { 0 };
	const struct vrow *b = NULL;
	int ours = vfile_row(j->f, j->rows, j->i, &a, e), has = 0, cmp;

	for (;;) {
		if (ours == -1 || (has = theirs(j, &b, e)) == -1)
			return -1;
		if (!ours && !has)
			return 0;
		cmp = !ours ? 1 : !has ? -1 : vkey_cmp(&a.key, &b->key);
		if (cmp != 0)
			line(j, cmp < 0 ? &a.key : &b->key,
			    cmp < 0 ? "missing" : "extra");
		else if (!j->page->unreadable && !hash_equal(&a.hash, &b->hash))
			line(j, &a.key, "differs");
		j->v->rows += cmp <= 0;
		j->at += cmp >= 0;
		if (cmp <= 0)
			ours = vfile_row(j->f, j->rows, j->i, &a, e);
	}
}

static int
rows(struct job *j, struct err *e)
{
	struct verify *v = j->v;
	const struct fcoll *c = &j->f->v[j->i];
	struct vask ask = { .peer = &v->side[DST],
		.db = j->p.dbs[DST],
		.coll = j->p.names[DST],
		.schema = &j->p.coll[DST]->schema,
		.pk = j->p.coll[DST]->pk,
		.fields = &c->fields,
		.read = v->conf->read,
		.page_max = v->conf->page };
	struct vcursor sum = { 0 };
	int rc = 0;

	if (v->conf->read == READ_STRONG)
		rc = ask_timestamp(&v->side[DST], &ask.ts, e);
	if (rc == -1)
		return -1;
	j->feed = vfeed_start(&ask);
	rc = merge(j, e);
	vfeed_stop(j->feed, &sum);
	vpage_free(j->page);
	v->bytes += sum.bytes;
	return rc;
}

/*
 * Rows can be compared by hash only if schema_same finds no difference at all.
 */
static int
comparable(struct job *j)
{
	const struct coll *a = j->p.coll[SRC], *b = j->p.coll[DST];
	struct err why = { 0 };

	if (schema_same(&a->schema, &b->schema, &why) == -1)
		diff_skip(j->v, "the rows of collection '%s.%s': %s", j->p.db,
		    j->p.name, why.msg);
	else if (!j->v->conf->load && !j->p.load[DST].all)
		diff_skip(j->v,
		    "the rows of collection '%s.%s', not loaded at the target "
		    "(--load)",
		    j->p.db, j->p.name);
	else
		return 1;
	return 0;
}

static int
loaded_rows(struct job *j, struct err *e)
{
	struct vloading l[2] = { { 0 } };
	struct err f = { 0 };
	int rc = 0;

	j->p.load[SRC].any = j->p.load[SRC].all = 1;
	if (j->v->conf->load)
		rc = verify_load(j->v, &j->p, l, e);
	if (rc == 0)
		rc = rows(j, e);
	if (verify_unload(j->v, &j->p, l, &f) == -1 && rc != -1) {
		*e = f;
		rc = -1;
	}
	vloading_fini(&l[SRC]);
	vloading_fini(&l[DST]);
	return rc;
}

static void
partitions(struct job *j)
{
	const struct fcoll *c = &j->f->v[j->i];

	for (size_t i = 1; i < c->nparts; i++)
		if (c->parts[i].there)
			textset_add(&j->p.parts[SRC], c->parts[i].name);
	/* partitions of a partition key are in no line */
	if (!c->coll.blank_part)
		diff_texts(j->v, "partition", &j->p, "part", &j->p.parts[SRC],
		    &j->p.parts[DST]);
}

static int
there(struct job *j, struct err *e)
{
	struct peer *s = &j->v->side[DST];
	struct pair *p = &j->p;

	verify_schema(j->v, p);
	if (ask_partitions(s, p->dbs[DST], p->names[DST], &p->parts[DST], e) ==
		-1 ||
	    ask_load(s->m, p->dbs[DST], p->names[DST], &p->parts[DST],
		&p->load[DST], e) == -1)
		return -1;
	partitions(j);
	return comparable(j) ? loaded_rows(j, e) : 0;
}

static int
collection(struct verify *v, struct vfile *f, struct vfrows *r, uint32_t i,
    struct err *e)
{
	struct fcoll *c = &f->v[i];
	struct job j = { .v = v, .f = f, .rows = r, .i = i };
	struct pair *p = &j.p;
	int rc;

	p->db = c->coll.db;
	p->name = c->coll.name;
	p->coll[SRC] = &c->coll;
	names_coll(
	    &v->conf->rename, p->db, p->name, &p->dbs[DST], &p->names[DST]);
	rc = colls_get(&v->side[DST].colls, v->side[DST].m, p->dbs[DST],
	    p->names[DST], &p->coll[DST], e);
	v->colls += rc == 0;
	if (rc == 1)
		diff_name(
		    v, "collection", p->db, p->name, NULL, NULL, "missing");
	else if (rc == 0)
		rc = there(&j, e);
	if (rc == 0 && c->partial)
		diff_skip(v,
		    "the files do not have all rows of collection '%s.%s'",
		    p->db, p->name);
	if (rc == -1)
		err_wrap(e, "collection '%s.%s'", p->db, p->name);
	colls_forget(&v->side[DST].colls, p->dbs[DST], p->names[DST]);
	for (int s = SRC; s <= DST; s++) {
		textset_fini(&p->parts[s]);
		vload_fini(&p->load[s]);
	}
	return rc == -1 || out_flush(&v->out, e) == -1 ? -1 : 0;
}

int
verify_backup(struct verify *v, struct err *e)
{
	struct vfile f = { .until = v->conf->until };
	struct vfrows r = { 0 };
	int rc = vfile_read(&f, v->conf->backup, v->conf->nbackup, e);

	for (uint32_t i = 0; i < f.n; i++) {
		const struct coll *c = &f.v[i].coll;

		meets_coll(&v->meets, c->db, c->name,
		    f.v[i].dropped ? MEET_DROPPED : MEET_LIVE);
		names_meet(&v->conf->rename, c->db, c->name);
	}
	if (rc == 0)
		rc = verify_meets(v, e);
	for (uint32_t i = 0; i < f.n && rc == 0; i++)
		if (!f.v[i].dropped &&
		    verify_included(v->conf, f.v[i].coll.db, f.v[i].coll.name))
			rc = collection(v, &f, &r, i, e);
	if (rc == 0 && !f.ended)
		diff_skip(v, "what follows: the files end %s",
		    f.until == 0 ? "without an end line" : "before --until");
	buf_fini(&r.key);
	vfile_fini(&f);
	return rc;
}
