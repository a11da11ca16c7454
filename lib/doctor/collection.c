#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/priv.h"
#include "milvus/count.h"
#include "model/rename.h"
#include "task/task.h"

/*
 * The state of a collection on its way from the source's catalogue to the
 * target.
 */

enum { MAX_COLLS = 1000 };

struct coll_path {
	struct doctor *d;
	const struct cat_coll *l;
	const char *db, *name; /* at the target */
	struct peer *target;   /* NULL: the target could not be asked */
	struct buf chosen;     /* the pattern that chose it, or why none did */
	int partial;           /* made at the target without its earlier rows */
	const char *known;  /* name at the target, by the checkpoint; or NULL */
	struct coll *there; /* at the target, or NULL */
	int load;           /* GetLoadState's number */
	uint64_t rows;
	size_t dead;
	struct named diff; /* differences of the schemas */
	int fits;
};

static void
add_topics(const struct cat_coll *l, struct buf *b)
{
	for (size_t i = 0; i < l->n_topics; i++)
		buf_addf(b, "%s%s", i > 0 ? ", " : "", l->topics[i].topic);
}

static const char *
load_word(int load)
{
	return load == MV_LOADED    ? "loaded"
	       : load == MV_LOADING ? "being loaded"
				    : "not loaded";
}

/* Asks the target about the collection. -1 with *e. */
static int
ask_target(struct coll_path *p, struct err *e)
{
	int rc = doctor_schema(
	    p->d, p->target, p->l, p->db, p->name, &p->diff, &p->fits, e);

	if (rc != 0)
		return rc == -1 ? -1 : 0;
	if (colls_get(&p->target->colls, p->d->m, p->db, p->name, &p->there,
		e) == -1 ||
	    (p->load = ask_load_state(p->target->m, p->db, p->name, NULL, e)) ==
		-1)
		return -1;
	return milvus_rows(p->target->m, p->db, p->name, &p->rows, e);
}

/* The rest of the line: where the collection is on both sides. */
static void
add_facts(const struct coll_path *p, struct buf *b)
{
	const struct cat_coll *l = p->l;

	buf_addf(b, "id %" PRId64 " on ", l->id);
	add_topics(l, b);
	if (strcmp(p->db, l->db) != 0 || strcmp(p->name, l->name) != 0)
		buf_addf(b, ", called '%s.%s' at the target", p->db, p->name);
	if (p->target == NULL)
		buf_adds(b, ", the target could not be asked");
	else if (p->there == NULL)
		buf_adds(b, ", not at the target");
	else
		buf_addf(b, ", at the target %s with about %" PRIu64 " rows",
		    load_word(p->load), p->rows);
}

static void
to_json(const struct coll_path *p, int replicated)
{
	json_t *j = json_object(), *topics = json_array();
	const struct cat_coll *l = p->l;

	for (size_t i = 0; i < l->n_topics; i++)
		json_array_append_new(topics, json_string(l->topics[i].topic));
	json_object_set_new(j, "db", json_string(l->db));
	json_object_set_new(j, "coll", json_string(l->name));
	json_object_set_new(j, "coll_id", json_sprintf("%" PRId64, l->id));
	json_object_set_new(j, "replicated", json_boolean(replicated));
	json_object_set_new(j, "chosen", json_string(p->chosen.ptr));
	json_object_set_new(j, "topics", topics);
	json_object_set_new(j, "target_db", json_string(p->db));
	json_object_set_new(j, "target_coll", json_string(p->name));
	json_object_set_new(
	    j, "known", p->known == NULL ? json_null() : json_string(p->known));
	json_object_set_new(j, "at_target",
	    p->target == NULL ? json_null() : json_boolean(p->there != NULL));
	json_object_set_new(j, "loaded",
	    p->there == NULL ? json_null()
			     : json_boolean(p->load == MV_LOADED));
	json_object_set_new(j, "rows",
	    p->there == NULL ? json_null() : json_integer((json_int_t)p->rows));
	json_object_set_new(j, "partial", json_boolean(p->partial));
	json_object_set_new(j, "dead", json_integer((json_int_t)p->dead));
	p->d->more = j;
}

/* The option that leaves out rows, of reading or of applying; NULL: none. */
static const char *
no_rows(const struct doctor *d)
{
	const char *ops = task_option(d->c->task, "ops");
	const char *skip = task_option(d->c->task, "skip");

	if (ops != NULL && strstr(ops, "insert") == NULL)
		return "--ops has no insert";
	if (skip != NULL && strstr(skip, "insert") != NULL)
		return "--skip has insert";
	return NULL;
}

/* The first obstacle for a collection that is chosen. 0: there is none. */
static int
obstacle(struct coll_path *p, struct buf *why)
{
	const struct task_status *s =
	    p->d->c->made ? doctor_status(p->d) : NULL;
	char from[64];

	if (p->dead > 0)
		buf_addf(why, "%zu lines of it are set aside in dead.ndjson",
		    p->dead);
	else if (no_rows(p->d) != NULL)
		buf_addf(why, "%s", no_rows(p->d));
	else if (!p->fits)
		buf_addf(why, "it is another one at the target: %s",
		    named_end(&p->diff));
	else if (p->target != NULL && p->there == NULL && p->known != NULL)
		buf_adds(why, "the target has lost it");
	else if (s == NULL)
		buf_adds(why, "the task is not made yet");
	else if (s->state != TASK_RUNNING)
		buf_addf(why, "the task is %s%s%s", task_state_name(s->state),
		    s->reason == NULL ? "" : ": ",
		    s->reason == NULL ? "" : s->reason);
	else if (p->target != NULL && p->there == NULL &&
		 p->l->create_ts > p->d->cp.pos.ts) {
		task_duration(s->lag_ms, from, sizeof from);
		buf_addf(
		    why, "its creation is not applied yet, %s behind", from);
	} else if (p->target != NULL && p->there == NULL)
		buf_adds(why, "it is not at the target, and the task does not "
			      "know of it");
	else
		return 0;
	return 1;
}

static void
say(struct coll_path *p, int takes)
{
	struct buf why = { 0 }, facts = { 0 };
	int wrong = takes && obstacle(p, &why);
	const char *l = p->l->db, *n = p->l->name;

	add_facts(p, &facts);
	to_json(p, takes && !wrong);
	if (!takes)
		doctor_warn(p->d, NULL, "'%s.%s' is not replicated: %s; %s", l,
		    n, p->chosen.ptr, facts.ptr);
	else if (wrong)
		doctor_wrong(p->d, NULL,
		    "'%s.%s' is not replicated: %s; %s, %s", l, n, why.ptr,
		    p->chosen.ptr, facts.ptr);
	else if (p->target == NULL)
		doctor_unknown(p->d, NULL,
		    "'%s.%s' should be replicated: %s, %s", l, n, p->chosen.ptr,
		    facts.ptr);
	else
		doctor_ok(p->d, "'%s.%s' is replicated: %s, %s%s", l, n,
		    p->chosen.ptr, facts.ptr,
		    p->partial ? "; made without its rows from before" : "");
	buf_fini(&why);
	buf_fini(&facts);
}

static int
collection(struct doctor *d, struct peer *target, const struct names *names,
    const struct cat_coll *l, struct err *e)
{
	struct coll_path p = { .d = d, .l = l, .target = target, .fits = 1 };
	const json_t *known = doctor_known(d, l->id);
	char id[24];
	int takes = doctor_takes(d, l, &p.chosen), rc = 0;

	snprintf(id, sizeof id, "%" PRId64, l->id);
	p.dead = doctor_dead(d, id, e);
	if (e->kind != ERR_NONE)
		return -1;
	p.partial = json_is_true(json_object_get(known, "partial"));
	p.known = json_string_value(json_object_get(known, "name"));
	names_coll(names, l->db, l->name, &p.db, &p.name);
	if (target != NULL)
		rc = ask_target(&p, e);
	if (rc == 0)
		say(&p, takes);
	named_fini(&p.diff);
	buf_fini(&p.chosen);
	return rc;
}

/*
 * No live collection has this name: says whether it is an alias or was dropped.
 */
static void
say_none(struct doctor *d, const struct patterns *p)
{
	const struct cat *c = &d->source.cat;

	for (size_t i = 0; i < c->n_aliases; i++) {
		const struct cat_alias *a = &c->aliases[i];
		const struct cat_coll *l = cat_coll(c, a->coll_id);

		if (a->state != CAT_CREATED || l == NULL ||
		    !patterns_match(p, a->db, a->name))
			continue;
		doctor_warn(d, "ask for that one",
		    "'%s.%s' is an alias of '%s.%s'", a->db, a->name, l->db,
		    l->name);
		return;
	}
	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *l = c->colls[i];

		if (!patterns_match(p, l->db, l->name))
			continue;
		doctor_wrong(d, NULL,
		    "'%s.%s' is %s at the source, id %" PRId64, l->db, l->name,
		    l->state == CAT_CREATING ? "being made" : "dropped", l->id);
		return;
	}
	doctor_wrong(d, "cdc-meta --plain shows what there is",
	    "the source has no collection '%s'", d->c->coll);
}

void
check_collections(struct doctor *d)
{
	struct peer target = { .name = "target" };
	struct patterns p = { 0 };
	struct names names = { 0 };
	struct err e = { 0 };
	const struct cat *c = &d->source.cat;
	int rc = patterns_add(&p, d->c->coll, &e), n = 0;
	int login = doctor_need(d, "login") < V_UNKNOWN;

	if (rc == 0)
		rc = doctor_names(d, &names, &e);
	target.m = d->m;
	for (size_t i = 0; rc == 0 && i < c->n_colls; i++) {
		const struct cat_coll *l = c->colls[i];

		if (l->state != CAT_CREATED ||
		    !patterns_match(&p, l->db, l->name))
			continue;
		if (doctor_over(d) || ++n > MAX_COLLS) {
			doctor_unknown(d, "a narrower pattern",
			    "not all that fit '%s' were looked at", d->c->coll);
			break;
		}
		rc = collection(d, login ? &target : NULL, &names, l, &e);
	}
	if (rc == -1)
		doctor_fail(d, &e, NULL);
	else if (n == 0)
		say_none(d, &p);
	colls_fini(&target.colls);
	names_fini(&names);
	patterns_fini(&p);
}
