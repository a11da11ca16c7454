#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/opt.h"
#include "catalogue/cat.h"
#include "doctor/priv.h"
#include "format/format.h"
#include "model/rename.h"
#include "task/servers.h"
#include "task/task.h"
#include "verify/backup_rows.h"
#include "verify/verify.h"

void
check_target(struct doctor *d)
{
	struct err e = { 0 };

	if (target_reach(d->c->task, 0, &e) == -1)
		doctor_fail(d, &e, "does it run there (-T)?");
	else
		doctor_ok(d, "%s answers", task_option(d->c->task, "target"));
}

static int
has_token(const struct doctor *d)
{
	return task_option(d->c->task, "token-file") != NULL ||
	       (opt_env("CDC_TOKEN", NULL) != NULL &&
		   !target_without_token(d->c->task));
}

void
check_login(struct doctor *d)
{
	struct err e = { 0 };

	d->m = target_open(d->c->task, NULL, 1, &e);
	if (d->m == NULL ||
	    target_version(d->m, d->target, sizeof d->target, &e) == -1)
		doctor_fail(d, &e, NULL);
	else if (has_token(d))
		doctor_ok(d, "the login is taken");
	else
		doctor_ok(d, "none is asked for, and there is none");
}

void
check_mode(struct doctor *d)
{
	struct err e = { 0 };

	if (target_mode(d->m, &e) == -1)
		doctor_fail(d, &e, NULL);
	else
		doctor_ok(d, "an ordinary Milvus, no standby: it takes writes");
}

/* Asks without the login, to see what a stranger may do. */
void
check_writers(struct doctor *d)
{
	struct err e = { 0 };
	struct milvus *m = target_open(d->c->task, NULL, 0, &e);
	char version[64];

	if (m == NULL)
		doctor_fail(d, &e, NULL);
	else if (target_version(m, version, sizeof version, &e) == 0)
		doctor_warn(d,
		    "common.security.authorizationEnabled, and a user for the "
		    "task alone",
		    "yes, by anybody who reaches it: it asks for no login");
	else if (e.kind == ERR_TEMP || strstr(e.msg, "login") == NULL)
		doctor_unknown(d, NULL, "what a stranger is told: %s", e.msg);
	else
		doctor_ok(d, "only by its users with the right to: it asks for "
			     "a login");
	milvus_close(m);
}

/* "2.3.5" or "v2.3.5-lite": 2003005; 0: not known. */
static int
number_of(const char *v)
{
	int64_t part[3] = { 0 }, n = 0;
	struct err e;

	v += *v == 'v';
	for (int i = 0; i < 3; i++) {
		size_t len = strspn(v, "0123456789");

		if (num_i64n(v, len, 0, 999, &part[i], &e) == -1)
			return 0;
		n = n * 1000 + part[i];
		v += len;
		v += *v == '.';
	}
	return (int)n;
}

static void
say_versions(struct doctor *d, const char *source, const char *target)
{
	int n = number_of(d->source.milvus);
	const struct format *f = format_of_version(n);
	struct buf todo = { 0 };

	buf_addf(&todo, "sources are ");
	format_versions(&todo);
	if (n != 0 && f == NULL)
		doctor_wrong(d, todo.ptr, "source Milvus %s; target Milvus %s",
		    source, target);
	else if (n == 0 || d->target[0] == '\0')
		doctor_unknown(d, NULL, "source Milvus %s; target Milvus %s",
		    source, target);
	else
		doctor_ok(
		    d, "source Milvus %s; target Milvus %s", source, target);
	buf_fini(&todo);
}

void
check_versions(struct doctor *d)
{
	const char *who = task_asks_source(d->c->task) ? "source" : "etcd";
	int asked = doctor_need(d, who) < V_UNKNOWN;
	int login = doctor_need(d, "login") < V_UNKNOWN;

	say_versions(d,
	    !asked                        ? "could not be asked"
	    : d->source.milvus[0] == '\0' ? "does not run"
					  : d->source.milvus,
	    login ? d->target : "could not be asked");
}

/* ---- what is there ---- */

/* The names that replicated collections have at the target, "db.name". */
static void
images(const struct doctor *d, const struct names *names, struct textset *dbs,
    struct textset *colls)
{
	const struct cat *c = &d->source.cat;

	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *l = c->colls[i];
		struct buf all = { 0 };
		const char *db, *name;

		if (!doctor_has(d, l))
			continue;
		names_coll(names, l->db, l->name, &db, &name);
		buf_addf(&all, "%s.%s", db, name);
		textset_add(colls, all.ptr);
		if (!textset_has(dbs, db))
			textset_add(dbs, db);
		buf_fini(&all);
	}
}

static int
foreign(struct peer *s, const char *db, const struct textset *ours,
    struct named *out, struct err *e)
{
	struct textset theirs = { 0 };
	int rc = ask_collections(s, db, &theirs, e);

	for (size_t i = 0; rc == 0 && i < theirs.n; i++) {
		struct buf all = { 0 };

		buf_addf(&all, "%s.%s", db, theirs.v[i]);
		if (!textset_has(ours, all.ptr))
			named_add(out, "%s", all.ptr);
		buf_fini(&all);
	}
	textset_fini(&theirs);
	return rc == -1 ? -1 : 0;
}

void
check_databases(struct doctor *d)
{
	struct peer s = { .name = "target", .m = d->m };
	struct textset there = { 0 }, dbs = { 0 }, colls = { 0 };
	struct named missing = { 0 }, others = { 0 };
	struct names names = { 0 };
	struct err e = { 0 };
	int rc = doctor_names(d, &names, &e);
	size_t i;

	images(d, &names, &dbs, &colls);
	if (rc == 0)
		doctor_adopted(d, &names);
	if (rc == 0)
		rc = ask_databases(&s, &there, &e);
	for (i = 0; rc == 0 && i < dbs.n && !doctor_over(d); i++)
		if (!textset_has(&there, dbs.v[i]))
			named_add(&missing, "%s", dbs.v[i]);
		else
			rc = foreign(&s, dbs.v[i], &colls, &others, &e);
	if (rc == -1)
		doctor_fail(d, &e, NULL);
	else if (others.n > 0)
		doctor_warn(d, NULL,
		    "the target has collections of somebody else's, which are "
		    "left alone: %s",
		    named_end(&others));
	else if (i < dbs.n)
		doctor_unknown(d, NULL,
		    "only %zu of %zu could be looked at in time", i, dbs.n);
	else if (missing.n > 0)
		doctor_ok(d, "not at the target yet, and will be made: %s",
		    named_end(&missing));
	else
		doctor_ok(d,
		    "all %zu that are used are at the target, with "
		    "nothing else in them",
		    dbs.n);
	textset_fini(&there);
	textset_fini(&dbs);
	textset_fini(&colls);
	named_fini(&missing);
	named_fini(&others);
	names_fini(&names);
}

/* ---- schemas, as cdc-verify compares them ---- */

static const char *
member(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "?" : s;
}

/* A line of cdc-verify in a few words. */
static void
in_words(const char *line, struct named *out)
{
	json_t *j = json_loads(line, 0, NULL);

	if (strcmp(member(j, "kind"), "field") == 0)
		named_add(out, "field '%s' %s", member(j, "field"),
		    member(j, "diff"));
	else
		named_add(out, "%s is '%s', at the target '%s'",
		    member(j, "what"), member(j, "source"),
		    member(j, "target"));
	json_decref(j);
}

int
doctor_schema(struct doctor *d, struct peer *target, const struct cat_coll *l,
    const char *db, const char *name, struct named *diff, int *fits,
    struct err *e)
{
	struct coll a = { .db = l->db, .name = l->name };
	struct coll *b;
	struct textset lines = { 0 };
	struct err why;
	int rc = colls_get(&target->colls, d->m, db, name, &b, e);

	if (rc != 0)
		return rc;
	a.schema = l->schema; /* borrowed */
	a.blank_part = schema_partition_key(&a.schema) != NULL;
	a.consistency = vfile_consistency(l->consistency);
	a.num_partitions = cat_num_partitions(l);
	a.shards = b->shards; /* may differ */
	verify_schemas(&a, b, &lines);
	*fits = schema_same(&a.schema, &b->schema, &why) == 0;
	for (size_t i = 0; i < lines.n; i++)
		in_words(lines.v[i], diff);
	textset_fini(&lines);
	return 0;
}

/* The result of check_schemas. */
struct schemas_seen {
	size_t equal, all;
	struct named absent, lost;
};

static int
compare(struct doctor *d, struct peer *s, const struct names *names,
    const struct cat_coll *l, struct schemas_seen *seen, struct err *e)
{
	struct named diff = { 0 };
	const char *db, *name;
	int rc, fits = 1;

	names_coll(names, l->db, l->name, &db, &name);
	rc = doctor_schema(d, s, l, db, name, &diff, &fits, e);
	seen->all++;
	if (rc == 1)
		named_add(doctor_known(d, l->id) != NULL ? &seen->lost
							 : &seen->absent,
		    "%s.%s", db, name);
	else if (rc == 0 && diff.n > 0 && fits)
		doctor_warn(d, "cdc-verify says more",
		    "collection '%s.%s' is not quite the same at the target: "
		    "%s",
		    l->db, l->name, named_end(&diff));
	else if (rc == 0 && !fits)
		doctor_wrong(d, "cdc-verify says more",
		    "collection '%s.%s' is another one at the target: %s",
		    l->db, l->name, named_end(&diff));
	else if (rc == 0)
		seen->equal++;
	named_fini(&diff);
	return rc == -1 ? -1 : 0;
}

static void
say_schemas(struct doctor *d, struct schemas_seen *seen)
{
	if (seen->lost.n > 0)
		doctor_wrong(d, "--create-missing, or bring it back",
		    "the target has lost collections: %s",
		    named_end(&seen->lost));
	if (seen->equal + seen->absent.n == seen->all && seen->absent.n > 0)
		doctor_ok(d,
		    "those of %zu collections are equal; not at the target "
		    "yet: %s",
		    seen->equal, named_end(&seen->absent));
	else if (seen->equal == seen->all)
		doctor_ok(
		    d, "those of all %zu collections are equal", seen->all);
}

void
check_schemas(struct doctor *d)
{
	struct peer s = { .name = "target", .m = d->m };
	const struct cat *c = &d->source.cat;
	struct names names = { 0 };
	struct schemas_seen seen = { 0 };
	struct err e = { 0 };
	int rc = doctor_names(d, &names, &e);

	for (size_t i = 0; rc == 0 && i < c->n_colls; i++) {
		if (!doctor_has(d, c->colls[i]))
			continue;
		if (doctor_over(d)) {
			doctor_unknown(d, "cdc-verify has the time",
			    "only %zu collections could be looked at",
			    seen.all);
			break;
		}
		rc = compare(d, &s, &names, c->colls[i], &seen, &e);
	}
	if (rc == -1)
		doctor_fail(d, &e, NULL);
	else
		say_schemas(d, &seen);
	named_fini(&seen.absent);
	named_fini(&seen.lost);
	names_fini(&names);
	colls_fini(&s.colls);
}
