#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "verify/priv.h"

enum { SHOW_MS = 500 };

static void
left(int64_t s, char *text, size_t n)
{
	snprintf(text, n, ", %" PRId64 ":%02" PRId64 " left", s / 60, s % 60);
}

void
verify_show(struct verify *v)
{
	int64_t now = clock_ns();
	double s = (double)(now - v->started_ns) / 1e9;
	double rate = s > 0 ? (double)v->rows / s : 0;
	char text[128], more[32] = "";

	if (!v->conf->progress || now - v->shown_ns < SHOW_MS * NS_PER_MS)
		return;
	v->shown_ns = now;
	if (v->expect > v->rows && rate > 0)
		left((int64_t)((double)(v->expect - v->rows) / rate), more,
		    sizeof more);
	snprintf(text, sizeof text,
	    "%" PRIu64 " collections, %" PRIu64 " rows, %.0f rows/s%s",
	    v->colls, v->rows, rate, more);
	log_progress(text);
}
