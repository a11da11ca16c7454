#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "doctor/priv.h"
#include "model/rename.h"
#include "model/source.h"
#include "model/tso.h"
#include "state/state.h"
#include "task/task.h"

/* ---- which collections ---- */

static const char *
option_at(const json_t *task, const char *name, size_t i)
{
	const char *s = json_string_value(json_array_get(
	    json_object_get(json_object_get(task, "options"), name), i));

	return s == NULL ? "?" : s;
}

/* The index of the first pattern that matches; p->n: none does. */
static size_t
first_match(const struct patterns *p, const struct cat_coll *l)
{
	size_t i = 0;

	for (; i < p->n; i++) {
		struct patterns one = { .v = &p->v[i], .n = 1 };

		if (patterns_match(&one, l->db, l->name))
			break;
	}
	return i;
}

const json_t *
doctor_known(const struct doctor *d, int64_t id)
{
	char key[24];

	snprintf(key, sizeof key, "%" PRId64, id);
	return json_object_get(d->cp.known, key);
}

/* 1 if the collection is replicated because of a name that it had before. */
static int
known_by(const struct doctor *d, int64_t id, const struct patterns *p)
{
	const json_t *known = doctor_known(d, id);

	const char *as = json_string_value(json_object_get(known, "as"));

	if (known != NULL && as == NULL && !source_keeps_names(d->cp.source))
		return 1;
	return patterns_match_list(
		   p, json_string_value(json_object_get(known, "name"))) ||
	       patterns_match_list(p, as);
}

int
doctor_takes(const struct doctor *d, const struct cat_coll *l, struct buf *why)
{
	const struct check *c = &d->source;
	size_t in = first_match(&c->in, l), out = first_match(&c->out, l);

	if (out < c->out.n)
		buf_addf(why, "excluded by -x '%s'",
		    option_at(c->task, "exclude", out));
	else if (!shard_has(&c->shard, l->id))
		buf_addf(why, "of another --shard than %s",
		    task_option(c->task, "shard"));
	else if (in < c->in.n)
		buf_addf(why, "included by -i '%s'",
		    option_at(c->task, "include", in));
	else if (c->in.n > 0 && known_by(d, l->id, &c->in))
		buf_adds(why, "included before it was renamed");
	else if (c->in.n > 0)
		buf_adds(why, "no -i names it");
	else
		buf_adds(why, "included, as all are");
	return strncmp(why->ptr, "included", 8) == 0;
}

int
doctor_has(const struct doctor *d, const struct cat_coll *l)
{
	struct buf why = { 0 };
	int yes = l->state == CAT_CREATED && doctor_takes(d, l, &why);

	buf_fini(&why);
	return yes;
}

int
doctor_names(const struct doctor *d, struct names *n, struct err *e)
{
	return check_names(&d->source, n, e);
}

/* ---- checks ---- */

void
check_words_line(struct doctor *d)
{
	static const char *const must[] = { "etcd", "root", "brokers",
		"target" };
	int asks = task_asks_source(d->c->task);
	struct err e = { 0 };
	struct names n = { 0 };

	for (size_t i = 0; i < sizeof must / sizeof *must; i++)
		if (task_option(d->c->task, must[i]) == NULL &&
		    !(i < 2 && asks) &&
		    !(i == 2 && task_reads_source(d->c->task))) {
			doctor_wrong(d, "make the task anew",
			    "the definition has no option '%s'", must[i]);
			return;
		}
	if (check_words(&d->source, &e) == -1 || doctor_names(d, &n, &e) == -1)
		doctor_fail(d, &e, "make the task anew");
	else
		doctor_ok(d, "names, patterns and --from make sense");
	names_fini(&n);
}

void
check_others(struct doctor *d)
{
	struct err e = { 0 }, why = { 0 };
	struct named unread = { 0 };
	char **all = task_list(d->c->dir, &e);
	int rc = all == NULL ? -1 : 0, met;
	size_t n = 0;

	for (size_t i = 0; rc == 0 && all[i] != NULL; i++) {
		json_t *other;

		if (strcmp(all[i], d->name) == 0)
			continue;
		other = state_task(d->c->dir, all[i], &why);
		if (other == NULL)
			named_add(&unread, "%s", why.msg);
		else if ((met = task_overlap(d->c->task, other, &why)) == 1) {
			rc = -1;
			e = why;
		} else if (met == -1)
			named_add(&unread, "%s", why.msg);
		n += other != NULL;
		json_decref(other);
	}
	if (rc == -1)
		doctor_fail(d, &e, "two tasks cannot write to one collection");
	else if (unread.n > 0)
		doctor_unknown(d, NULL,
		    "whether another task writes to the same: %s",
		    named_end(&unread));
	else
		doctor_ok(d,
		    "none of the %zu other tasks in '%s' writes to the same", n,
		    d->c->dir);
	named_fini(&unread);
	task_list_free(all);
}

void
check_etcd_line(struct doctor *d)
{
	struct err e = { 0 };

	if (check_etcd(&d->source, &e) == -1)
		doctor_fail(d, &e,
		    e.kind == ERR_TEMP ? "does it run there (-E)?" : NULL);
	else
		doctor_ok(
		    d, "%s: version %s", d->source.endpoint, d->source.etcd);
}

void
check_source(struct doctor *d)
{
	struct err e = { 0 };
	char apart[32];
	int64_t ms;

	if (check_milvus(&d->source, &e) == -1)
		doctor_fail(d, &e,
		    e.kind == ERR_TEMP ? "does it run there (-S)?"
				       : "--source-token-file");
	else {
		ms = tso_ms(d->source.clock) - clock_unix_ms();
		task_duration(ms < 0 ? -ms : ms, apart, sizeof apart);
		doctor_ok(d, "%s: Milvus %s, whose clock is %s %s ours",
		    task_option(d->c->task, "source"), d->source.milvus, apart,
		    ms < 0 ? "behind" : "ahead of");
	}
}

static size_t
live(const struct cat *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_colls; i++)
		n += c->colls[i]->state == CAT_CREATED;
	return n;
}

void
check_root(struct doctor *d)
{
	const struct cat *c = &d->source.cat;
	struct err e = { 0 };
	int asks = task_asks_source(d->c->task);
	struct buf what = { 0 };
	size_t dbs = 0;

	if (check_catalogue(&d->source, &e) == -1) {
		doctor_fail(d, &e,
		    e.kind == ERR_TEMP || asks ? NULL
					       : "--root or --meta-path");
		return;
	}
	for (size_t i = 0; i < c->n_dbs; i++)
		dbs += c->dbs[i].state == CAT_CREATED;
	check_which(&d->source, &what);
	doctor_ok(
	    d, "%s: %zu collections in %zu databases", what.ptr, live(c), dbs);
	buf_fini(&what);
}

void
check_selection(struct doctor *d)
{
	const struct cat *c = &d->source.cat;
	size_t all = live(c), n = 0;
	struct named out = { 0 };

	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *l = c->colls[i];
		struct buf why = { 0 };

		if (l->state != CAT_CREATED)
			continue;
		if (doctor_takes(d, l, &why))
			n++;
		else
			named_add(&out, "%s.%s: %s", l->db, l->name, why.ptr);
		buf_fini(&why);
	}
	if (all == 0)
		doctor_warn(d, NULL, "the source has no collection yet");
	else if (n == 0)
		doctor_warn(d, "look at -i and -x",
		    "none of %zu collections is replicated: %s", all,
		    named_end(&out));
	else if (n < all)
		doctor_ok(d, "%zu of %zu collections are replicated, not %s", n,
		    all, named_end(&out));
	else
		doctor_ok(d, "all %zu collections are replicated", all);
	named_fini(&out);
}

void
check_log_line(struct doctor *d)
{
	char *from = d->cp.gen > 0 ? x_asprintf("task:%s", d->name) : NULL;
	struct check_begin b = { 0 };
	struct err e = { 0 };

	if (check_log(&d->source, from, &b, &e) == -1) {
		d->gone = e.kind == ERR_GONE;
		doctor_fail(d, &e, NULL);
	} else
		doctor_ok(d, "%s gives that of %zu channels from the %s on",
		    task_option(d->c->task, "source"), b.topics,
		    from == NULL ? "start" : "position");
	free(from);
}
