#include "doctor/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/tso.h"
#include "codec/json_write.h"
#include "milvus/client.h"
#include "mq/kafka.h"
#include "task/task.h"

enum { CHECK_S = 20, MAX_NEEDS = 3 };

/*
 * A check that needs others is not made if one of them went wrong. MADE: only
 * of a task that is there; REACHES: it asks whether somebody answers.
 */
enum { MADE = 1, REACHES = 2 };
static const struct {
	const char *name;
	void (*run)(struct doctor *d);
	const char *needs[MAX_NEEDS];
	int how;
} checks[] = {
	{ "words", check_words_line, { NULL }, 0 },
	{ "others", check_others, { "words" }, 0 },
	{ "etcd", check_etcd_line, { "words" }, REACHES },
	{ "root", check_root, { "etcd" }, 0 },
	{ "selection", check_selection, { "root" }, 0 },
	{ "zstd", check_zstd, { NULL }, 0 },
	{ "kafka", check_kafka, { "words", "zstd" }, REACHES },
	{ "topics", check_topics, { "kafka", "root" }, 0 },
	{ "format", check_format, { "topics" }, 0 },
	{ "size", check_size, { "topics" }, 0 },
	{ "retention", check_retention, { "topics" }, 0 },
	{ "position", check_position, { "words" }, 0 },
	{ "target", check_target, { "words" }, REACHES },
	{ "login", check_login, { "target" }, 0 },
	{ "mode", check_mode, { "login" }, 0 },
	{ "itself", check_itself, { "login", "root" }, 0 },
	{ "versions", check_versions, { "words" }, 0 },
	{ "writers", check_writers, { "target" }, 0 },
	{ "databases", check_databases, { "login", "root" }, 0 },
	{ "schemas", check_schemas, { "login", "root" }, 0 },
	{ "rows", check_rows, { "login", "root" }, MADE },
	{ "wish", check_wish, { NULL }, MADE },
	{ "state", check_state, { NULL }, MADE },
	{ "lag", check_lag, { NULL }, MADE },
	{ "progress", check_progress, { NULL }, MADE },
	{ "start", check_start, { NULL }, MADE },
	{ "lost", check_lost, { NULL }, MADE },
	{ "unknown", check_unknown, { NULL }, 0 },
	{ "disk", check_disk, { NULL }, MADE },
	{ "upgrade", check_upgrade, { NULL }, 0 },
	{ "collection", check_collections, { "root" }, 0 },
};
enum { CHECKS = sizeof checks / sizeof *checks, COLLECTION = CHECKS - 1 };

const char *
doctor_check_name(size_t i)
{
	return i < COLLECTION ? checks[i].name : NULL;
}

/* ---- lines ---- */

static const char *const verdicts[] = { "ok", "warn", "unknown", "wrong" };

static void
add_json(struct doctor *d, enum verdict v, const char *text, const char *todo,
    struct buf *b)
{
	struct jsonw w = { .b = b };
	const char *key;
	json_t *val;

	jw_open(&w, NULL, '{');
	jw_str(&w, "task", d->name);
	jw_str(&w, "check", checks[d->at].name);
	jw_str(&w, "verdict", verdicts[v]);
	jw_str(&w, "text", text);
	jw_str(&w, "todo", todo);
	json_object_foreach(d->more, key, val)
	{
		jw_value(&w, key, val);
	}
	jw_close(&w, '}');
}

static void
add_text(struct doctor *d, enum verdict v, const char *text, const char *todo,
    struct buf *b)
{
	buf_addf(b, "%-7s %-10s ", verdicts[v], checks[d->at].name);
	text_plain(b, text, strlen(text));
	if (todo != NULL) {
		buf_adds(b, "; ");
		text_plain(b, todo, strlen(todo));
	}
}

/* 1 before 3: what is wrong for good is more than what may pass. */
static void
count(struct doctor *d, enum verdict v, enum err_kind kind)
{
	int code = v < V_UNKNOWN || kind == ERR_STOP    ? 0
		   : kind == ERR_TEMP                   ? 3
		   : v == V_UNKNOWN && kind == ERR_NONE ? 3
							: 1;

	if (code == 1 || d->status_code == 0)
		d->status_code = code;
}

static void
line(struct doctor *d, enum verdict v, enum err_kind kind, const char *text,
    const char *todo)
{
	struct finding *f = &d->done[d->at];
	struct buf b = { 0 };

	if (f->text == NULL || v > f->verdict) {
		free(f->text);
		f->text = x_strdup(text);
		f->verdict = v;
		f->kind = kind;
	}
	if (d->shown[d->at] && d->failed.kind == ERR_NONE) {
		count(d, v, kind);
		(d->c->json ? add_json : add_text)(d, v, text, todo, &b);
		buf_addc(&b, '\n');
		d->c->print(&b, &d->failed);
		buf_fini(&b);
	}
	json_decref(d->more);
	d->more = NULL;
}

#define SAY(v, kind, todo)                                                     \
	do {                                                                   \
		char text[4096];                                               \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		vsnprintf(text, sizeof text, fmt, ap);                         \
		va_end(ap);                                                    \
		line(d, v, kind, text, todo);                                  \
	} while (0)

void
doctor_ok(struct doctor *d, const char *fmt, ...)
{
	SAY(V_OK, ERR_NONE, NULL);
}

void
doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_WARN, ERR_NONE, todo);
}

void
doctor_wrong(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_WRONG, ERR_DATA, todo);
}

void
doctor_unknown(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_UNKNOWN, ERR_NONE, todo);
}

void
doctor_unasked(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_UNKNOWN, ERR_STOP, todo);
}

void
doctor_fail(struct doctor *d, const struct err *e, const char *todo)
{
	int unknown = e->kind == ERR_TEMP && (checks[d->at].how & REACHES) == 0;

	/* what to do about a wrong thing does not help whom we cannot ask */
	line(d, unknown ? V_UNKNOWN : V_WRONG, e->kind, e->msg,
	    unknown ? NULL : todo);
}

void
named_add(struct named *l, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (l->n++ >= DOCTOR_NAMED)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (l->n > 1)
		buf_adds(&l->b, ", ");
	buf_adds(&l->b, text);
}

const char *
named_end(struct named *l)
{
	if (l->n > DOCTOR_NAMED)
		buf_addf(&l->b, " and %zu more", l->n - DOCTOR_NAMED);
	l->n = 0;
	return l->b.len == 0 ? "" : l->b.ptr;
}

void
named_fini(struct named *l)
{
	buf_fini(&l->b);
	memset(l, 0, sizeof *l);
}

/* ---- the order ---- */

int
doctor_over(const struct doctor *d)
{
	return d->failed.kind != ERR_NONE || tso_mono_ns() > d->until_ns;
}

static size_t
number(const char *name, size_t n)
{
	size_t i = 0;

	while (i < COLLECTION && (strncmp(checks[i].name, name, n) != 0 ||
				     checks[i].name[n] != '\0'))
		i++;
	return i;
}

/* It has no answer, since another one has none. */
static void
not_asked(struct doctor *d, size_t i, size_t why)
{
	const struct finding *f = &d->done[why];
	char *text =
	    x_asprintf("not asked, because of '%s'%s%s", checks[why].name,
		d->shown[why] ? "" : ": ", d->shown[why] ? "" : f->text);

	d->at = i;
	line(d, V_UNKNOWN, f->kind, text, NULL);
	free(text);
}

/* The check i, those that it needs first. */
static void
run(struct doctor *d, size_t i)
{
	if (d->done[i].ran || d->failed.kind != ERR_NONE)
		return;
	d->done[i].ran = 1;
	for (size_t k = 0; k < MAX_NEEDS && checks[i].needs[k] != NULL; k++) {
		const char *need = checks[i].needs[k];
		size_t n = number(need, strlen(need));

		run(d, n);
		if (d->done[n].verdict >= V_UNKNOWN) {
			not_asked(d, i, n);
			return;
		}
	}
	d->at = i;
	d->until_ns = tso_mono_ns() + CHECK_S * 1000000000LL;
	checks[i].run(d);
}

enum verdict
doctor_need(struct doctor *d, const char *name)
{
	size_t i = number(name, strlen(name)), at = d->at;

	run(d, i);
	d->at = at;
	d->until_ns = tso_mono_ns() + CHECK_S * 1000000000LL;
	return d->done[i].verdict;
}

const struct task_status *
doctor_status(struct doctor *d)
{
	if (!d->has_status)
		task_status_get(d->c->dir, d->name, CHECK_ASK_MS, &d->status);
	d->has_status = 1;
	return &d->status;
}

static int
no_check(const char *s, size_t n, struct err *e)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < COLLECTION; i++)
		buf_addf(&all, "%s%s", i > 0 ? " " : "", checks[i].name);
	err_set(
	    e, ERR_USAGE, "no check '%.*s'; there are: %s", (int)n, s, all.ptr);
	buf_fini(&all);
	return -1;
}

static int
choose(struct doctor *d, struct err *e)
{
	const char *s = d->c->only;

	for (size_t i = 0; s == NULL && i < CHECKS; i++)
		d->shown[i] = d->c->coll != NULL
				  ? i == COLLECTION
				  : i != COLLECTION &&
					(d->c->made || !(checks[i].how & MADE));
	while (s != NULL) {
		size_t n = strcspn(s, ","), i = number(s, n);

		if (i == COLLECTION)
			return no_check(s, n, e);
		if ((checks[i].how & MADE) && !d->c->made)
			return err_set(e, ERR_USAGE,
			    "check '%s' is for a task that is there",
			    checks[i].name);
		d->shown[i] = 1;
		s = s[n] == '\0' ? NULL : s + n + 1;
	}
	return 0;
}

static void
fini(struct doctor *d)
{
	for (size_t i = 0; i < CHECKS; i++)
		free(d->done[i].text);
	free(d->done);
	free(d->shown);
	checkpoint_fini(&d->cp);
	check_fini(&d->source);
	kreader_close(d->k);
	task_list_free(d->topics);
	textset_fini(&d->used);
	doctor_settings_free(d);
	milvus_close(d->m);
	if (d->has_status)
		task_status_fini(&d->status);
	json_decref(d->more);
}

int
doctor_run(const struct doctor_conf *c, struct err *e)
{
	struct doctor d = { .c = c,
		.source = { .task = c->task, .dir = c->dir } };
	int rc;

	d.name = c->name != NULL
		     ? c->name
		     : json_string_value(json_object_get(c->task, "name"));
	d.done = x_calloc(CHECKS, sizeof *d.done);
	d.shown = x_calloc(CHECKS, sizeof *d.shown);
	if (c->made)
		checkpoint_load(c->dir, d.name, &d.cp, &d.cp_why);
	rc = choose(&d, e);
	for (size_t i = 0; i < CHECKS && rc == 0; i++)
		if (d.shown[i])
			run(&d, i);
	if (rc == 0 && d.failed.kind != ERR_NONE) {
		*e = d.failed;
		rc = -1;
	} else if (rc == 0)
		rc = d.status_code;
	fini(&d);
	return rc;
}

json_t *
doctor_task(const char *dir, const char *name, const char *from,
    json_t *options, int *made, struct err *e)
{
	int said = json_object_size(options) > 0 || from != NULL;

	*made = 0;
	if (name != NULL && state_name(name, e) == -1)
		return NULL;
	if (name != NULL && state_check(dir, name, e) == 0)
		*made = 1;
	else if (name != NULL && !said)
		return NULL;
	if (*made && said) {
		err_set(e, ERR_USAGE,
		    "task '%s' is there, with options of its own", name);
		return NULL;
	}
	if (*made)
		return state_task(dir, name, e);
	if (task_option_defaults(options, e) == -1)
		return NULL;
	return task_new(name == NULL ? "new" : name,
	    from == NULL ? "start" : from, json_incref(options));
}
