#include "task/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/text.h"
#include "codec/json_write.h"
#include "model/tso.h"

static void
number(struct jsonw *w, const char *key, int known, int64_t v)
{
	if (known)
		jw_i64(w, key, v);
	else
		jw_null(w, key);
}

static void
place(struct jsonw *w, const char *key, struct mq_id id)
{
	if (mq_id_is(id))
		mq_id_to_json(w, key, id);
	else
		jw_null(w, key);
}

static int64_t
age(uint64_t ts)
{
	return clock_unix_ms() - tso_ms(ts);
}

static void
position(const struct task_status *s, struct jsonw *w)
{
	struct buf t = { 0 };

	if (s->has_checkpoint) {
		tso_add_time(&t, s->ts);
		jw_u64s(w, "ts", s->ts);
		jw_str(w, "time", t.ptr);
	} else {
		jw_null(w, "ts");
		jw_null(w, "time");
	}
	buf_fini(&t);
	number(w, "checkpoint_age_ms", s->has_checkpoint, s->age_ms);
}

static void
topics(const struct task_lag *l, struct jsonw *w)
{
	jw_open(w, "topics", '[');
	for (size_t i = 0; i < l->n; i++) {
		const struct topic_lag *t = &l->v[i];

		jw_open(w, NULL, '{');
		jw_str(w, "topic", t->topic);
		place(w, "low", t->low);
		place(w, "high", t->high);
		place(w, "committed", t->committed);
		jw_u64s(w, "ts", t->ts);
		jw_i64(w, "age_ms", age(t->ts));
		jw_close(w, '}');
	}
	jw_close(w, ']');
}

static void
trouble_json(const struct task_status *s, struct jsonw *w)
{
	if (s->trouble == NULL) {
		jw_null(w, "trouble");
		return;
	}
	jw_open(w, "trouble", '{');
	jw_str(w, "program", s->trouble_program);
	jw_str(w, "reason", s->trouble);
	jw_str(w, "since", s->trouble_since);
	jw_close(w, '}');
}

static json_int_t
imported_number(const json_t *known, const char *key)
{
	return json_integer_value(
	    json_object_get(json_object_get(known, "imported"), key));
}

static const char *
imported_ts(const json_t *known)
{
	return json_string_value(
	    json_object_get(json_object_get(known, "imported"), "ts"));
}

static void
imports_json(const struct task_status *s, struct jsonw *w)
{
	const char *id;
	json_t *v;

	jw_open(w, "imported", '[');
	json_object_foreach(s->imported, id, v)
	{
		jw_open(w, NULL, '{');
		jw_str(w, "coll_id", id);
		jw_str(
		    w, "name", json_string_value(json_object_get(v, "name")));
		jw_i64(w, "imports", imported_number(v, "imports"));
		jw_i64(w, "rows", imported_number(v, "rows"));
		jw_str(w, "ts", imported_ts(v));
		jw_close(w, '}');
	}
	jw_close(w, ']');
}

void
task_status_json(const struct task_status *s, struct buf *b)
{
	struct jsonw w = { .b = b };

	jw_open(&w, NULL, '{');
	jw_str(&w, "task", s->name);
	jw_str(&w, "state", task_state_name(s->state));
	jw_str(&w, "reason", s->reason);
	jw_str(&w, "since", s->since);
	jw_str(&w, "desired", s->want_paused ? "paused" : "running");
	number(&w, "runner", s->runner > 0, s->runner);
	number(&w, "writer", s->writer > 0, s->writer);
	jw_i64(&w, "gen", s->gen);
	position(s, &w);
	number(&w, "newest_ms", s->newest_ms >= 0, s->newest_ms);
	number(&w, "lag_ms", s->lag_ms >= 0, s->lag_ms);
	jw_str(&w, "lag_unknown", s->lag_ms >= 0 ? NULL : s->lag_why);
	number(&w, "backlog", s->backlog >= 0, s->backlog);
	jw_str(&w, "backlog_unknown", s->backlog >= 0 ? NULL : s->backlog_why);
	number(&w, "rate", s->rate >= 0, s->rate);
	if (s->applied == NULL)
		jw_raw(&w, "applied", "{}", 2);
	else
		jw_value(&w, "applied", s->applied);
	trouble_json(s, &w);
	jw_str(&w, "last_error", s->last_error);
	jw_str(&w, "last_error_time", s->last_error_time);
	imports_json(s, &w);
	topics(&s->topics, &w);
	jw_close(&w, '}');
}

void
task_duration(int64_t ms, char *out, size_t cap)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(out, cap, "-");
	else if (s < 60)
		snprintf(
		    out, cap, "%" PRId64 ".%" PRId64 "s", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(out, cap, "%" PRId64 "m %" PRId64 "s", s / 60, s % 60);
	else
		snprintf(out, cap, "%" PRId64 "h %" PRId64 "m", s / 3600,
		    s / 60 % 60);
}

static void
count(int64_t n, char *out, size_t cap)
{
	if (n < 0)
		snprintf(out, cap, "-");
	else
		snprintf(out, cap, "%" PRId64, n);
}

/* A time without the fraction, or "-". */
static void
seconds(const char *time, char *out, size_t cap)
{
	size_t n = time == NULL ? 0 : strcspn(time, ".Z");

	if (n == 0)
		snprintf(out, cap, "-");
	else
		snprintf(out, cap, "%.*sZ", (int)n, time);
}

static void
words(struct buf *b, const char *s)
{
	text_plain(b, s, strlen(s));
}

/*
 * Names are never cut, so that they can be copied: the column is as wide as the
 * longest.
 */
enum { NAME_WIDTH = 20, TOPIC_WIDTH = 36 };

static size_t
wider(size_t width, const char *s)
{
	size_t w = text_width(s);

	return w > width ? w : width;
}

static void
table_head(size_t width, struct buf *b)
{
	text_cell(b, "NAME", width);
	buf_addf(b, "%-8s %-20s %9s %9s %8s  %-24s  %s\n", "STATE", "SINCE",
	    "LAG", "BACKLOG", "ROWS/S", "APPLIED", "LAST-ERROR");
}

int
task_status_color(int fd)
{
	return isatty(fd) && opt_env("NO_COLOR", NULL) == NULL &&
	       strcmp(opt_env("TERM", "dumb"), "dumb") != 0;
}

static void
state_word(const struct task_status *s, int color, struct buf *b)
{
	static const char *const colors[] = { "32", "33", "2", "31", "31" };
	const char *name = task_state_name(s->state);

	if (color)
		buf_addf(b, "\033[%sm%-8s\033[0m", colors[s->state], name);
	else
		buf_addf(b, "%-8s", name);
}

/* Why the state is as it is; else what was in the way when it last stopped. */
static void
trouble(const struct task_status *s, struct buf *b)
{
	char when[32];

	if (s->reason != NULL)
		words(b, s->reason);
	else if (s->last_error != NULL) {
		seconds(s->last_error_time, when, sizeof when);
		words(b, when);
		buf_addc(b, ' ');
		words(b, s->last_error);
	} else
		buf_addc(b, '-');
}

static void
table_line(const struct task_status *s, size_t width, int color, struct buf *b)
{
	char since[32], lag[32], backlog[32], rate[32];
	struct buf t = { 0 };

	seconds(s->since, since, sizeof since);
	task_duration(s->lag_ms, lag, sizeof lag);
	count(s->backlog, backlog, sizeof backlog);
	count(s->rate, rate, sizeof rate);
	if (s->has_checkpoint)
		tso_add_time(&t, s->ts);
	else
		buf_addc(&t, '-');
	text_cell(b, s->name, width);
	state_word(s, color, b);
	buf_addf(
	    b, " %-20s %9s %9s %8s  %-24s  ", since, lag, backlog, rate, t.ptr);
	trouble(s, b);
	buf_addc(b, '\n');
	buf_fini(&t);
}

static void
table_topics(const struct task_status *s, struct buf *b)
{
	static const char format[] = "%12s %12s %12s  %-24s %9s\n";
	size_t width = TOPIC_WIDTH;

	if (s->topics.n == 0)
		return;
	for (size_t i = 0; i < s->topics.n; i++)
		width = wider(width, s->topics.v[i].topic);
	buf_adds(b, "  ");
	text_cell(b, "TOPIC", width);
	buf_addf(b, format, "LOW", "HIGH", "COMMITTED", "TS", "AGE");
	for (size_t i = 0; i < s->topics.n; i++) {
		const struct topic_lag *t = &s->topics.v[i];
		char old[32];
		struct buf time = { 0 };

		task_duration(age(t->ts), old, sizeof old);
		tso_add_time(&time, t->ts);
		buf_adds(b, "  ");
		text_cell(b, t->topic, width);
		buf_addf(b, format, mq_id_is(t->low) ? MQ_TEXT(t->low) : "-",
		    mq_id_is(t->high) ? MQ_TEXT(t->high) : "-",
		    mq_id_is(t->committed) ? MQ_TEXT(t->committed) : "-",
		    time.ptr, old);
		buf_fini(&time);
	}
}

static void
table_imports(const struct task_status *s, struct buf *b)
{
	const char *id;
	json_t *v;

	json_object_foreach(s->imported, id, v)
	{
		const char *name =
		    json_string_value(json_object_get(v, "name"));
		const char *ts = imported_ts(v);
		struct err ignored;
		uint64_t n;

		buf_adds(b, "  IMPORTED at the source, in no log: '");
		words(b, name == NULL ? id : name);
		buf_addf(b, "' %" JSON_INTEGER_FORMAT " rows",
		    imported_number(v, "rows"));
		if (ts != NULL &&
		    num_u64(ts, 1, UINT64_MAX, &n, &ignored) == 0) {
			buf_adds(b, ", last ");
			tso_add_time(b, n);
		}
		buf_adds(b,
		    "; import the same files at the target, too (cdc-meta -k "
		    "import has them)\n");
	}
}

void
task_status_table(
    const struct task_status *v, size_t n, int color, int topics, struct buf *b)
{
	size_t width = NAME_WIDTH;

	for (size_t i = 0; i < n; i++)
		width = wider(width, v[i].name);
	table_head(width, b);
	for (size_t i = 0; i < n; i++) {
		table_line(&v[i], width, color, b);
		if (!topics)
			continue;
		table_topics(&v[i], b);
		table_imports(&v[i], b);
	}
}
