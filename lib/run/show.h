#ifndef CDC_RUN_SHOW_H
#define CDC_RUN_SHOW_H

#include <stdint.h>

/*
 * What a run of a task has done, as one line on a terminal that is rewritten:
 * rows since it began, how many a second, how far behind the present.
 */
struct runshow {
	const char *dir, *name; /* borrowed */
	int on;
	int64_t rows; /* applied when it began; -1: not looked yet */
	int64_t shown_ms;
};

void runshow_init(struct runshow *s, const char *dir, const char *name, int on);
/* A few times a second; it looks at the checkpoint once in one. */
void runshow_look(struct runshow *s);
/* Nothing runs now: the line is removed. */
void runshow_end(struct runshow *s);

#endif
