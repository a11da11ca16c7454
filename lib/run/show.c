#include "run/priv.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/tso.h"
#include "task/status.h"

enum { SHOW_MS = 1000 };

void
runshow_init(struct runshow *s, const char *dir, const char *name, int on)
{
	*s = (struct runshow){ .dir = dir, .name = name, .on = on, .rows = -1 };
}

static void
show(struct runshow *s, const struct task_status *t)
{
	int64_t rows = json_integer_value(json_object_get(t->applied, "rows")),
		lag = clock_unix_ms() - tso_ms(t->ts);
	char text[128];

	if (s->rows == -1)
		s->rows = rows;
	if (!t->has_checkpoint)
		snprintf(text, sizeof text, "nothing applied yet");
	else
		snprintf(text, sizeof text,
		    "%" PRId64 " rows, %" PRId64 " rows/s, %" PRId64 ".%" PRId64
		    " s behind",
		    rows - s->rows, t->rate > 0 ? t->rate : 0,
		    lag < 0 ? 0 : lag / 1000, lag < 0 ? 0 : lag % 1000 / 100);
	log_progress(text);
}

void
runshow_look(struct runshow *s)
{
	int64_t now = clock_ms();
	struct task_status t;

	if (!s->on || (s->shown_ms != 0 && now - s->shown_ms < SHOW_MS))
		return;
	s->shown_ms = now;
	task_status_get(s->dir, s->name, 0, &t);
	show(s, &t);
	task_status_fini(&t);
}

void
runshow_end(struct runshow *s)
{
	if (s->on)
		log_progress("");
}
