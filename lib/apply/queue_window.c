#include "apply/queue_window.h"
#include "base/clock.h"

void
window_init(struct window *w, size_t most)
{
	*w = (struct window){ .fixed = most != 0 };
	w->now = w->most = most != 0 ? most : WINDOW_BUSY;
}

void
window_distance(struct window *w, int64_t ns)
{
	int64_t more = ns / (WINDOW_STEP_MS * NS_PER_MS);
	size_t most = WINDOW_FAR;
	int full = w->now == w->most;

	if (w->fixed)
		return;
	if (more < WINDOW_FAR - WINDOW_BUSY)
		most = WINDOW_BUSY + (size_t)more;
	w->most = most;
	if (full || w->now > most)
		w->now = most;
}

void
window_taken(struct window *w)
{
	if (w->now == w->most || ++w->taken < w->now)
		return;
	w->taken = 0;
	w->now++;
}

void
window_refused(struct window *w, int64_t sent_ns, int64_t now_ns)
{
	if (sent_ns <= w->refused_ns)
		return;
	w->refused_ns = now_ns;
	w->taken = 0;
	w->now = w->now > 1 ? w->now / 2 : 1;
}
