#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "doctor/priv.h"
#include "milvus/client.h"
#include "milvus/feed.h"
#include "model/rename.h"
#include "state/state.h"
#include "task/servers.h"
#include "task/task.h"

/*
 * Counts rows on both sides, to find rows that were never in the log, such as
 * those of a bulk import. The source is counted first, then the target, after
 * everything up to that moment was applied, then the source again. If the
 * source's counts agree, no rows on their way can explain a difference.
 */
enum { ROUNDS = 3, PAUSE_MS = 100, APPLIED_MS = 5000 };

struct pair_count {
	const struct cat_coll *l;
	const char *db, *name; /* at the target */
	uint64_t before, there, after;
	int moved; /* the source's count changed each time */
	int equal;
};

struct counting {
	struct doctor *d;
	struct peer side[2];
	struct pair_count *v;
	size_t n, cap;
	size_t unloaded; /* not loaded on one side, or absent */
	int behind;      /* not everything was applied in time */
};

/* Chooses the collections that are loaded on both sides. 0, or -1. */
static int
choose(struct counting *c, const struct names *names, const struct cat_coll *l,
    struct err *e)
{
	struct pair_count p = { .l = l };
	int there;

	names_coll(names, l->db, l->name, &p.db, &p.name);
	if (ask_load_state(c->side[SRC].m, l->db, l->name, NULL, e) !=
	    MV_LOADED) {
		c->unloaded++;
		return e->kind == ERR_NONE ? 0 : -1;
	}
	there = ask_load_state(c->side[DST].m, p.db, p.name, NULL, e);
	if (there != MV_LOADED) {
		c->unloaded++;
		return e->kind == ERR_NONE ? 0 : -1;
	}
	c->v = x_grow(c->v, c->n, &c->cap, sizeof *c->v);
	c->v[c->n++] = p;
	return 0;
}

static int
count_one(struct counting *c, int s, const struct pair_count *p, uint64_t ts,
    uint64_t *n, struct err *e)
{
	struct vask a = { .peer = &c->side[s],
		.db = s == SRC ? p->l->db : p->db,
		.coll = s == SRC ? p->l->name : p->name,
		.read = READ_STRONG,
		.ts = ts };

	return vask_count(&a, "", n, e);
}

/* Counts those that are not equal yet on side s; *ts is the moment of that. */
static int
count_all(struct counting *c, int s, size_t offset, uint64_t *ts, struct err *e)
{
	if (ask_timestamp(&c->side[s], ts, e) == -1)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		char *p = (char *)&c->v[i];
		uint64_t n = 0;

		if (c->v[i].equal)
			continue;
		if (count_one(c, s, &c->v[i], *ts, &n, e) == -1)
			return -1;
		memcpy(p + offset, &n, sizeof n);
	}
	return 0;
}

/* Waits until everything up to ts is at the target. 0: it does not arrive. */
static int
applied(struct counting *c, uint64_t ts)
{
	int64_t until = clock_ms() + APPLIED_MS;
	uint64_t at = 0;

	while (!doctor_over(c->d)) {
		struct checkpoint cp = { 0 };
		struct err ignored;

		if (checkpoint_load(c->d->c->dir, c->d->name, &cp, &ignored) ==
		    0)
			at = cp.pos.ts;
		checkpoint_fini(&cp);
		if (at >= ts || clock_ms() > until)
			return at >= ts;
		poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

/* One round: returns how many are not equal; -1. */
static int
round_of(struct counting *c, struct err *e)
{
	uint64_t ts, ignored;
	int left = 0;

	if (count_all(c, SRC, offsetof(struct pair_count, before), &ts, e) ==
	    -1)
		return -1;
	c->behind = !applied(c, ts);
	if (count_all(c, DST, offsetof(struct pair_count, there), &ignored,
		e) == -1 ||
	    count_all(c, SRC, offsetof(struct pair_count, after), &ts, e) == -1)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		struct pair_count *p = &c->v[i];

		p->moved = p->before != p->after;
		p->equal |= !p->moved && p->there == p->after;
		left += !p->equal;
	}
	return left;
}

static void
name_those(struct counting *c, int moved, struct named *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct pair_count *p = &c->v[i];
		const json_t *known = doctor_known(c->d, p->l->id);

		if (p->equal || p->moved != moved)
			continue;
		named_add(out,
		    "'%s.%s' has %" PRIu64 " rows at the source and %" PRIu64
		    " at the target%s",
		    p->l->db, p->l->name, p->after, p->there,
		    json_is_true(json_object_get(known, "partial"))
			? " (made without its rows from before)"
			: "");
	}
}

static void
say(struct counting *c, int left)
{
	struct named differ = { 0 }, moving = { 0 };
	struct doctor *d = c->d;

	name_those(c, 0, &differ);
	name_those(c, 1, &moving);
	if (left > 0 && c->behind)
		doctor_unknown(d, NULL,
		    "what was written by now is not applied: %s",
		    named_end(differ.n > 0 ? &differ : &moving));
	else if (differ.n > 0)
		doctor_wrong(d,
		    "cdc-verify names the rows; those of a bulk import are "
		    "not in the log: import the same files at the target, "
		    "too (cdc-meta -k import has them); a key that was "
		    "inserted twice counts twice at the "
		    "source",
		    "%s", named_end(&differ));
	else if (moving.n > 0)
		doctor_unknown(d, NULL,
		    "written to while they were counted: %s",
		    named_end(&moving));
	else if (c->n == 0)
		doctor_warn(d, NULL,
		    "nothing was counted: none of %zu collections is loaded on "
		    "both sides",
		    c->unloaded);
	else
		doctor_ok(d,
		    "count(*) of %zu collections is the same on both sides; "
		    "%zu are not loaded on both, and were not counted",
		    c->n, c->unloaded);
	named_fini(&differ);
	named_fini(&moving);
}

static int
count_rows(struct counting *c, const struct names *names, struct err *e)
{
	const struct cat *cat = &c->d->source.cat;
	int left = 0;

	for (size_t i = 0; i < cat->n_colls && !doctor_over(c->d); i++)
		if (doctor_has(c->d, cat->colls[i]) &&
		    choose(c, names, cat->colls[i], e) == -1)
			return -1;
	for (int i = 0; c->n > 0 && i < ROUNDS; i++) {
		left = round_of(c, e);
		if (left <= 0 || c->behind)
			break;
	}
	if (left >= 0)
		say(c, left);
	return left == -1 ? -1 : 0;
}

void
check_rows(struct doctor *d)
{
	struct counting c = { .d = d,
		.side = {
		    { .name = "source" }, { .name = "target", .m = d->m } } };
	struct names names = { 0 };
	struct err e = { 0 };

	if (task_option(d->c->task, "source") == NULL) {
		doctor_unasked(d,
		    "cdc-task create -S URI, or 'source' in task.json",
		    "the task does not say where the source's Milvus is");
		return;
	}
	c.side[SRC].m = source_open(d->c->task, &e);
	if (c.side[SRC].m == NULL || doctor_names(d, &names, &e) == -1 ||
	    count_rows(&c, &names, &e) == -1)
		doctor_fail(d, &e, NULL);
	for (int s = SRC; s <= DST; s++)
		colls_fini(&c.side[s].colls);
	milvus_close(c.side[SRC].m);
	names_fini(&names);
	free(c.v);
}
