#ifndef CDC_APPLY_QUEUE_WINDOW_H
#define CDC_APPLY_QUEUE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many requests may be out: as many as keep the target busy, plus those on
 * the wire. Halved when the target asks for less; then one more for each full
 * window that the target takes.
 */
struct window {
	size_t now; /* the current limit */
	size_t most;
	int fixed;          /* the user gave the limit */
	size_t taken;       /* requests taken since it last changed */
	int64_t refused_ns; /* when it was last halved */
};

enum {
	WINDOW_BUSY = 8,     /* enough for a target that is near */
	WINDOW_STEP_MS = 12, /* one more for each such part of a round trip */
	WINDOW_FAR = 32,     /* the most for any distance */
	WINDOW_MOST = 64,
};

/* most 0: depends on the round trip. */
void window_init(struct window *w, size_t most);

/* Tell the shortest round trip of any question so far, in ns; 0: none yet. */
void window_distance(struct window *w, int64_t ns);

/* The target has taken a request. */
void window_taken(struct window *w);

/*
 * The target refused a request for now, as too much, that was sent at sent_ns.
 * If it was sent before the last such answer, it counts as the same refusal.
 */
void window_refused(struct window *w, int64_t sent_ns, int64_t now_ns);

#endif
