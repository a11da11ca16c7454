#include "apply/priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "state/state.h"

/* A collection of the target, by its id, with its current name. */
struct identity_place {
	int64_t id;
	char *db, *name;
	int made; /* made by this run */
};

static struct identity_place *
by_id(const struct identity *w, int64_t id)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].id == id)
			return &w->v[i];
	return NULL;
}

static struct identity_place *
by_name(const struct identity *w, const char *db, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i].name, name) == 0 &&
		    strcmp(w->v[i].db, db) == 0)
			return &w->v[i];
	return NULL;
}

/* If a name stays the same, its memory is kept: the current line may use it. */
struct identity_place *
identity_put(struct identity *w, int64_t id, const char *db, const char *name)
{
	struct identity_place *p = by_id(w, id);
	char *d, *n;

	if (p != NULL && strcmp(p->db, db) == 0 && strcmp(p->name, name) == 0)
		return p;
	d = x_strdup(db);
	n = x_strdup(name);
	if (p == NULL) {
		w->passed = 0;
		w->v = x_grow(w->v, w->n, &w->cap, sizeof *w->v);
		p = &w->v[w->n++];
		memset(p, 0, sizeof *p);
		p->id = id;
	}
	free(p->db);
	free(p->name);
	p->db = d;
	p->name = n;
	return p;
}

void
identity_fini(struct identity *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].db);
		free(w->v[i].name);
	}
	free(w->v);
	ids_close(w->ids);
	memset(w, 0, sizeof *w);
}

int
identity_open(struct apply *a, struct err *e)
{
	char *dir = a->conf->dry_run ? NULL : state_dir(a->conf->state_dir);
	struct buf whose = { 0 };
	struct ids *ids;
	int64_t born;

	if (opline_int(&a->op, "born", 0, &born, e) == -1) {
		free(dir);
		return err_wrap(e, "'born'");
	}
	/*
	 * Under other names, one collection of the source is two at the target.
	 */
	buf_adds(&whose, a->op.cluster.ptr);
	names_text(&a->conf->rename, &whose);
	ids = ids_open(
	    dir, a->conf->milvus.grpc.uri, whose.ptr, (uint64_t)born, e);
	free(dir);
	buf_fini(&whose);
	if (ids == NULL && a->op.task.len > 0)
		return -1;
	if (ids == NULL) { /* a stream without a task */
		log_warn("%s; collections are known by name only", e->msg);
		err_clear(e);
		ids = ids_open(NULL, a->conf->milvus.grpc.uri,
		    a->op.cluster.ptr, (uint64_t)born, e);
	}
	a->who.ids = ids;
	return 0;
}

/* The current place of the line's collection; NULL if it is not known by id. */
static struct identity_place *
mine(const struct apply *a)
{
	int64_t id = apply_coll_id(a);

	if (id == 0 || a->who.ids == NULL)
		return NULL;
	return by_id(&a->who, ids_target(a->who.ids, id));
}

void
identity_resolve(struct apply *a)
{
	const struct identity_place *p = mine(a);

	if (p == NULL)
		return;
	a->db = p->db;
	a->coll = p->name;
}

int
identity_is_known(const struct apply *a)
{
	return mine(a) != NULL;
}

int
identity_is_own(struct apply *a)
{
	int64_t id = apply_coll_id(a);

	if (id == 0 || id == a->who.passed)
		return 0;
	if (by_id(&a->who, id) != NULL)
		return 1;
	a->who.passed = id; /* thousands of lines of rows follow for it */
	return 0;
}

int
identity_is_lost(const struct apply *a)
{
	int64_t id = apply_coll_id(a);

	return id != 0 && a->who.ids != NULL &&
	       ids_target(a->who.ids, id) != 0 && mine(a) == NULL;
}

int
identity_made(const struct apply *a)
{
	const struct identity_place *p = mine(a);

	return p != NULL && p->made;
}

/* The source's id of p; 0 if it is unknown, or that of the line's collection.
 */
static int64_t
another(const struct apply *a, const struct identity_place *p)
{
	int64_t id =
	    p == NULL || a->who.ids == NULL ? 0 : ids_source(a->who.ids, p->id);

	return id == apply_coll_id(a) ? 0 : id;
}

int
identity_has(const struct apply *a, const char *db, const char *coll)
{
	return another(a, by_name(&a->who, db, coll)) != 0;
}

/* 1 if the target's collection has this name now, 0, -1. */
static int
has_come(struct apply *a, int64_t id, const char *db, const char *coll,
    struct err *e)
{
	struct coll *c;
	int rc = colls_get(&a->colls, a->m, db, coll, &c, e);

	return rc == -1 ? -1 : rc == 0 && id != 0 && c->id == id;
}

/* p: the collection that has the name db.coll, or NULL. */
static int
rename_call(struct apply *a, const struct identity_place *p, const char *db,
    const char *coll, const char *to_db, const char *to, struct err *e)
{
	Pb__RenameCollectionRequest req = PB__RENAME_COLLECTION_REQUEST__INIT;
	struct mv_status s;
	int rc;

	if (strcmp(db, to_db) != 0 && ensure_database(a, to_db, e) == -1)
		return -1;
	req.db_name = mv_str(db);
	req.oldname = mv_str(coll);
	req.newname = mv_str(to);
	req.newdbname = mv_str(to_db); /* an empty name would mean `default` */
	rc = apply_call(
	    a, "RenameCollection", apply_label(db, coll, to), &req.base, &s, e);
	colls_forget(&a->colls, db, coll);
	colls_forget(&a->colls, to_db, to);
	if (rc == 1 && p != NULL) {
		/* The answer to a first try may have been lost. */
		int done = has_come(a, p->id, to_db, to, e);

		if (done != 0)
			return done == -1 ? -1 : 0;
	}
	return rc == 1 ? apply_refused("RenameCollection",
			     apply_label(db, coll, to), &s, e)
		       : rc;
}

/*
 * Another collection of the source has the name that this one is to get,
 * because a replay is behind the state of the target. It gets a temporary name;
 * its own lines will give it its name again.
 */
int
identity_make_room(
    struct apply *a, const char *db, const char *coll, struct err *e)
{
	struct identity_place *p = by_name(&a->who, db, coll);
	int64_t id = another(a, p);
	char temp[48];

	if (id == 0)
		return 0;
	snprintf(temp, sizeof temp, "cdc_moving_%" PRId64, id);
	if (rename_call(a, p, db, coll, db, temp, e) == -1)
		return -1;
	log_warn("collection '%s' at the target is '%s.%s' from now on: "
		 "another one of the source gets its name; it gets a name "
		 "again as the stream gives it one",
	    apply_label(db, coll, NULL), db, temp);
	identity_put(&a->who, p->id, db, temp);
	return 0;
}

int
identity_rename(
    struct apply *a, const char *to_db, const char *to, struct err *e)
{
	struct identity_place *p;
	char *db = x_strdup(a->db), *coll = x_strdup(a->coll);
	int rc = identity_make_room(a, to_db, to, e);

	if (rc == 0)
		rc = rename_call(
		    a, by_name(&a->who, db, coll), db, coll, to_db, to, e);
	if (rc == 0 && (p = mine(a)) != NULL)
		identity_put(&a->who, p->id, to_db, to);
	free(db);
	free(coll);
	return rc;
}

int
identity_is(struct apply *a, const struct coll *c, int made, struct err *e)
{
	if (a->who.ids == NULL || c->id == 0 || apply_coll_id(a) == 0)
		return 0;
	identity_put(&a->who, c->id, c->db, c->name)->made |= made;
	return ids_set(a->who.ids, apply_coll_id(a), c->id, e);
}

int
identity_take(struct apply *a, const struct coll *c, int adopted, struct err *e)
{
	if (a->who.ids == NULL || c->id == 0 || apply_coll_id(a) == 0)
		return 0;
	identity_put(&a->who, c->id, c->db, c->name);
	return ids_take(a->who.ids, apply_coll_id(a), c->id,
	    adopted ? apply_label(c->db, c->name, NULL) : NULL, e);
}

int
identity_is_others(const struct apply *a, const struct coll *c)
{
	int64_t id = apply_coll_id(a);

	if (a->who.ids == NULL || id == 0 ||
	    ids_has_target(a->who.ids, c->id) || ids_is(a->who.ids, id, c->id))
		return 0;
	return mine(a) == NULL || ids_adopted(a->who.ids, id) != NULL;
}

void
identity_gone(struct apply *a, const char *db, const char *coll)
{
	struct identity_place *p = by_name(&a->who, db, coll);

	if (p == NULL)
		return;
	free(p->db);
	free(p->name);
	*p = a->who.v[--a->who.n];
}

int
identity_dropped(struct apply *a, struct err *e)
{
	int64_t id = apply_coll_id(a);

	identity_gone(a, a->db, a->coll);
	return id == 0 || a->who.ids == NULL ? 0
					     : ids_forget(a->who.ids, id, e);
}

int
identity_moved_aside(const struct apply *a)
{
	return strncmp(a->coll, "cdc_moving_", 11) == 0 &&
	       strcmp(a->coll, a->op.coll.ptr) != 0;
}
