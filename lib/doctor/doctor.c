#include "doctor/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/text.h"
#include "codec/json_write.h"
#include "milvus/client.h"
#include "mq/mq.h"
#include "task/task.h"

static const struct doctor_check checks[] = {
	{ "words", check_words_line, { NULL }, 0 },
	{ "others", check_others, { "words" }, 0 },
	{ "etcd", check_etcd_line, { "words" }, DOCTOR_REACHES | DOCTOR_ETCD },
	{ "source", check_source, { "words" }, DOCTOR_REACHES | DOCTOR_MILVUS },
	{ "root", check_root, { "etcd", "source" }, 0 },
	{ "selection", check_selection, { "root" }, 0 },
	{ "zstd", check_zstd, { NULL }, DOCTOR_KAFKA },
	{ "kafka", check_kafka, { "words", "zstd" },
	    DOCTOR_REACHES | DOCTOR_KAFKA },
	{ "topics", check_topics, { "kafka", "root" }, DOCTOR_KAFKA },
	{ "format", check_format, { "topics" }, DOCTOR_KAFKA },
	{ "size", check_size, { "topics" }, DOCTOR_KAFKA },
	{ "retention", check_retention, { "topics" }, DOCTOR_KAFKA },
	{ "log", check_log_line, { "source", "root" }, DOCTOR_LOG },
	{ "position", check_position, { "words" }, 0 },
	{ "target", check_target, { "words" }, DOCTOR_REACHES },
	{ "login", check_login, { "target" }, 0 },
	{ "mode", check_mode, { "login" }, 0 },
	{ "itself", check_itself, { "login", "root" }, 0 },
	{ "versions", check_versions, { "words" }, 0 },
	{ "writers", check_writers, { "target" }, 0 },
	{ "databases", check_databases, { "login", "root" }, 0 },
	{ "schemas", check_schemas, { "login", "root" }, 0 },
	{ "rows", check_rows, { "login", "root" }, DOCTOR_MADE },
	{ "wish", check_wish, { NULL }, DOCTOR_MADE },
	{ "state", check_state, { NULL }, DOCTOR_MADE },
	{ "lag", check_lag, { NULL }, DOCTOR_MADE },
	{ "progress", check_progress, { NULL }, DOCTOR_MADE },
	{ "start", check_start, { NULL }, DOCTOR_MADE },
	{ "lost", check_lost, { NULL }, DOCTOR_MADE },
	{ "unknown", check_unknown, { NULL }, 0 },
	{ "disk", check_disk, { NULL }, DOCTOR_MADE },
	{ "upgrade", check_upgrade, { NULL }, 0 },
	{ "collection", check_collections, { "root" }, 0 },
};
enum { CHECKS = sizeof checks / sizeof *checks, COLLECTION = CHECKS - 1 };

static int
no_check(const char *s, size_t n, struct err *e)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < COLLECTION; i++)
		buf_addf(&all, "%s%s", i > 0 ? "|" : "", checks[i].name);
	opt_word(all.ptr, s, n, e);
	buf_fini(&all);
	return err_wrap(e, "--check");
}

static int
choose(struct doctor *d, struct err *e)
{
	const char *s = d->c->only;

	for (size_t i = 0; s == NULL && i < CHECKS; i++)
		d->shown[i] =
		    d->c->coll != NULL
			? i == COLLECTION
			: i != COLLECTION && doctor_applies(d, i) &&
			      (d->c->made || !(checks[i].how & DOCTOR_MADE));
	while (s != NULL) {
		size_t n = strcspn(s, ","), i = doctor_number(d, s, n);

		if (i == COLLECTION)
			return no_check(s, n, e);
		if ((checks[i].how & DOCTOR_MADE) && !d->c->made)
			return err_set(e, ERR_USAGE,
			    "--check: '%s' is for a task that is there",
			    checks[i].name);
		if (!doctor_applies(d, i))
			return err_set(e, ERR_USAGE,
			    "--check: '%s' is not for where this task's "
			    "catalogue and log come from",
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
	mq_close(d->k);
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
	d.checks = checks;
	d.nchecks = COLLECTION;
	d.done = x_calloc(CHECKS, sizeof *d.done);
	d.shown = x_calloc(CHECKS, sizeof *d.shown);
	if (c->made)
		checkpoint_load(c->dir, d.name, &d.cp, &d.cp_why);
	rc = choose(&d, e);
	for (size_t i = 0; i < CHECKS && rc == 0; i++)
		if (d.shown[i])
			doctor_make(&d, i);
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
