#ifndef CDC_APPLY_QUEUE_WINDOW_H
#define CDC_APPLY_QUEUE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many requests may be out: what keeps the target busy, and what is on
 * the wire besides. Halved when the target asks for less, and one more for
 * each full window that it then takes.
 */
struct window {
	size_t now; /* so many */
	size_t most;
	int fixed;          /* most was asked for */
	size_t taken;       /* requests since it last changed */
	int64_t refused_ns; /* when it was last halved */
};

enum {
	WINDOW_BUSY = 8,     /* keeps a target busy that is near */
	WINDOW_STEP_MS = 12, /* of a round trip, for each one more */
	WINDOW_FAR = 32,     /* no distance asks for more */
	WINDOW_MOST = 64,
};

/* most 0: by the round trip. */
void window_init(struct window *w, size_t most);

/* The shortest time that any question took, in ns; 0 if there was none. */
void window_distance(struct window *w, int64_t ns);

/* A request was taken by the target. */
void window_taken(struct window *w);

/*
 * A request that was sent at sent_ns was refused for now, as too much. One
 * sent before the last such answer says the same once more.
 */
void window_refused(struct window *w, int64_t sent_ns, int64_t now_ns);

#endif
