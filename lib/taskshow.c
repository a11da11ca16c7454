#include "taskstatus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "jsonw.h"
#include "tso.h"

static void
number(struct jsonw *w, const char *key, int known, int64_t v)
{
	if (known)
		jw_i64(w, key, v);
	else
		jw_null(w, key);
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

void
task_status_json(const struct task_status *s, struct buf *b)
{
	struct jsonw w = { .b = b };
	char *n =
	    s->applied == NULL ? NULL : json_dumps(s->applied, JSON_COMPACT);

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
	number(&w, "rate", s->rate >= 0, s->rate);
	jw_raw(&w, "applied", n == NULL ? "{}" : n, n == NULL ? 2 : strlen(n));
	jw_close(&w, '}');
	free(n);
}

static const char format[] = "%-20s %-8s %10s  %-24s %12s %8s%s%s\n";

void
task_status_head(struct buf *b)
{
	buf_addf(b, "%-20s %-8s %10s  %-24s %12s %8s%s%s\n", "TASK", "STATE",
	    "LAG", "APPLIED UP TO", "ROWS", "ROWS/S", "  ", "REASON");
}

/* "1.250s", "3m 20s", "2h 5m" or "unknown". */
static void
duration(int64_t ms, char *out, size_t cap)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		snprintf(out, cap, "unknown");
	else if (s < 60)
		snprintf(
		    out, cap, "%" PRId64 ".%" PRId64 "s", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(out, cap, "%" PRId64 "m %" PRId64 "s", s / 60, s % 60);
	else
		snprintf(out, cap, "%" PRId64 "h %" PRId64 "m", s / 3600,
		    s / 60 % 60);
}

void
task_status_line(const struct task_status *s, struct buf *b)
{
	char lag[32], rows[32] = "-", rate[32] = "-";
	struct buf t = { 0 };

	duration(s->lag_ms, lag, sizeof lag);
	if (s->has_checkpoint) {
		tso_add_time(&t, s->ts);
		snprintf(rows, sizeof rows, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(json_object_get(s->applied, "rows")));
	} else
		buf_adds(&t, "-");
	if (s->rate >= 0)
		snprintf(rate, sizeof rate, "%" PRId64, s->rate);
	buf_addf(b, format, s->name, task_state_name(s->state), lag, t.ptr,
	    rows, rate, s->reason == NULL ? "" : "  ",
	    s->reason == NULL ? "" : s->reason);
	buf_fini(&t);
}
