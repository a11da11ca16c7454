#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/tso.h"
#include "state/state.h"
#include "task/status.h"
#include "task/task.h"

/* The state of the server and its tasks: for probes and for Prometheus. */

int
plain_version(struct call *c)
{
	json_object_set_new(c->data, "name", json_string("milvus-cdc-tools"));
	json_object_set_new(c->data, "version", json_string(VERSION));
	return 0;
}

/*
 * Every client gets this answer, so it has neither path nor reason; the log has
 * them.
 */
int
plain_healthz(struct call *c)
{
	char **names = NULL;
	struct err e;
	int bad = state_init(c->api->dir, &e) == -1 ||
		  (names = task_list(c->api->dir, &e)) == NULL ||
		  state_put(c->api->dir, "tasks/.probe", "", 0, &e) == -1;

	task_list_free(names);
	if (bad) {
		log_warn("%s", e.msg);
		return call_fail(
		    c, 503, "the state directory cannot be read and written");
	}
	json_object_set_new(c->data, "status", json_string("ok"));
	return 0;
}

/* ---- all tasks, looked at once ---- */

struct task_seen {
	struct task_status s;
	struct task_wish w;
};

static struct task_seen *
look(struct call *c, size_t *n)
{
	char **names = task_list(c->api->dir, &c->e);
	struct task_status *all;
	struct task_seen *v;
	struct err ignored;
	struct ask a = { 0 };
	size_t m = 0;

	*n = 0;
	if (names == NULL) {
		c->code = 500;
		return NULL;
	}
	while (names[m] != NULL)
		m++;
	v = x_calloc(m + 1, sizeof *v);
	all = x_calloc(m + 1, sizeof *all);
	task_status_all(c->api->dir, names, m, ask_next(c, &a), all);
	for (size_t i = 0; i < m; i++) {
		struct task_seen *t = &v[*n];

		t->s = all[i];
		if (api_gone(c, &t->s)) {
			task_status_fini(&t->s);
			continue;
		}
		task_wish_load(c->api->dir, names[i], &t->w, &ignored);
		(*n)++;
	}
	task_list_free(names);
	free(all);
	return v;
}

static void
looked(struct task_seen *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		task_status_fini(&v[i].s);
		task_wish_fini(&v[i].w);
	}
	free(v);
}

int
plain_readyz(struct call *c)
{
	size_t n, bad = 0;
	struct task_seen *v = look(c, &n);
	struct buf names = { 0 };

	if (v == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct task_status *s = &v[i].s;

		if (v[i].w.paused ||
		    (s->state != TASK_STALLED && s->state != TASK_FAILED))
			continue;
		bad++;
		if (names.len < 512)
			buf_addf(&names, "%s%s (%s)", names.len > 0 ? ", " : "",
			    s->name, api_health(s, &v[i].w));
	}
	looked(v, n);
	if (bad > 0)
		call_fail(
		    c, 503, "%zu tasks do not get on: %s", bad, names.ptr);
	buf_fini(&names);
	json_object_set_new(c->data, "status", json_string("ok"));
	json_object_set_new(c->data, "tasks", json_integer((json_int_t)n));
	return bad > 0 ? -1 : 0;
}

/* ---- Prometheus ---- */

static void
head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A metric and its labels: names and values in turn, NULL at the end. */
static void
labels(struct buf *b, const char *name, const char *const *pairs)
{
	buf_adds(b, name);
	for (size_t i = 0; pairs[i] != NULL; i += 2) {
		buf_addf(b, "%c%s=\"", i == 0 ? '{' : ',', pairs[i]);
		text_label(b, pairs[i + 1]);
		buf_addc(b, '"');
	}
	buf_adds(b, "} ");
}

#define LABELS(b, name, ...)                                                   \
	labels(b, name, (const char *const[]){ __VA_ARGS__, NULL })

static void
number(struct buf *b, int64_t v)
{
	buf_addi64(b, v);
	buf_addc(b, '\n');
}

static void
states(const struct task_seen *v, size_t n, struct buf *b)
{
	int64_t num[3] = { 0 };

	head(b, "milvus_cdc_task_state", "gauge",
	    "0 Initial, 1 Running, 2 Paused");
	for (size_t i = 0; i < n; i++) {
		int state = api_task_state(&v[i].s, &v[i].w);

		num[state]++;
		LABELS(b, "milvus_cdc_task_state", "task_id", v[i].s.name);
		number(b, state);
	}
	head(b, "milvus_cdc_task_num", "gauge", "tasks in this state");
	for (int i = 0; i < 3; i++) {
		LABELS(
		    b, "milvus_cdc_task_num", "task_state", api_state_name(i));
		number(b, num[i]);
	}
}

static void
times(const struct task_seen *v, size_t n, struct buf *b)
{
	head(b, "milvus_cdc_replicate_tt", "gauge",
	    "the last message, milliseconds since 1970");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].s.topics.n; k++) {
			LABELS(b, "milvus_cdc_replicate_tt", "task_id",
			    v[i].s.name, "vchannel_name",
			    v[i].s.topics.v[k].topic, "op_type", "write");
			number(b, tso_ms(v[i].s.topics.v[k].ts));
		}
}

static int64_t
applied(const struct task_seen *v, const char *what)
{
	return json_integer_value(json_object_get(v->s.applied, what));
}

static void
counts(const struct task_seen *v, size_t n, struct buf *b)
{
	static const char *const calls[][2] = { { "insert", "Insert" },
		{ "upsert", "Upsert" }, { "delete", "Delete" },
		{ "ddl", "DDL" } };
	static const char *const rows[][2] = { { "rows", "insert" },
		{ "keys", "delete" } };

	head(b, "milvus_cdc_api_execute_total", "counter",
	    "operations applied to the target");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 4; k++) {
			LABELS(b, "milvus_cdc_api_execute_total", "task_id",
			    v[i].s.name, "api_type", calls[k][1]);
			number(b, applied(&v[i], calls[k][0]));
		}
	head(b, "milvus_cdc_replicate_data_cnt", "counter",
	    "rows and keys applied, of all collections");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 2; k++) {
			LABELS(b, "milvus_cdc_replicate_data_cnt", "task_id",
			    v[i].s.name, "collection_id", "", "collection_name",
			    "", "op_type", "write", "api_type", rows[k][1]);
			number(b, applied(&v[i], rows[k][0]));
		}
}

static int64_t
trouble_s(const struct task_status *s)
{
	uint64_t since;
	struct err ignored;
	int64_t ms;

	if (s->trouble_since == NULL ||
	    tso_parse_time(s->trouble_since, &since, &ignored) == -1)
		return 0;
	ms = clock_unix_ms() - tso_ms(since);
	return ms < 1000 ? 1 : ms / 1000;
}

static void
lags(const struct task_seen *v, size_t n, struct buf *b)
{
	head(b, "cdc_task_lag_seconds", "gauge",
	    "newest record of the source less what is applied");
	for (size_t i = 0; i < n; i++)
		if (v[i].s.lag_ms >= 0) {
			LABELS(
			    b, "cdc_task_lag_seconds", "task_id", v[i].s.name);
			buf_addf(b, "%" PRId64 ".%03d\n", v[i].s.lag_ms / 1000,
			    (int)(v[i].s.lag_ms % 1000));
		}
	head(b, "cdc_task_trouble_seconds", "gauge",
	    "a peer is tried again for so long, 0: none is");
	for (size_t i = 0; i < n; i++) {
		LABELS(b, "cdc_task_trouble_seconds", "task_id", v[i].s.name);
		number(b, trouble_s(&v[i].s));
	}
	head(b, "cdc_task_health", "gauge", "1 for the word that fits");
	for (size_t i = 0; i < n; i++) {
		LABELS(b, "cdc_task_health", "task_id", v[i].s.name, "health",
		    api_health(&v[i].s, &v[i].w));
		number(b, 1);
	}
}

static int
metrics(struct call *c, int all)
{
	size_t n;
	struct task_seen *v = look(c, &n);
	struct buf *b = &c->r->body;

	if (v == NULL)
		return -1;
	states(v, n, b);
	api_counts_cdc(&c->api->counts, b);
	times(v, n, b);
	counts(v, n, b);
	if (all) {
		lags(v, n, b);
		head(b, "cdc_build_info", "gauge", "what runs here");
		LABELS(b, "cdc_build_info", "version", VERSION);
		number(b, 1);
		api_counts_http(&c->api->counts, b);
	}
	c->r->type = "text/plain; version=0.0.4";
	looked(v, n);
	return 0;
}

int
plain_metrics(struct call *c)
{
	return metrics(c, 1);
}

int
plain_cdc_metrics(struct call *c)
{
	return metrics(c, 0);
}
