#ifndef CDC_NET_TROUBLE_H
#define CDC_NET_TROUBLE_H

#include <stdint.h>

/*
 * Messages about a peer that is away and is tried again: one line when it
 * begins, one when it is over. cdc-task run reads both in the output of its
 * programs, and shows the first until the second comes; so the words of both
 * are only here.
 */
struct trouble {
	int64_t since_ns; /* when it began, of clock_ns(); 0: no trouble */
};

/* Writes "TEXT; trying again for 600 s"; while it lasts, again at each call. */
void trouble_tell(struct trouble *t, int limit_s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes "WHO answers again, after 12.3 s", if there was trouble. */
void trouble_over(struct trouble *t, const char *who);

/* Tells which of the two a line is. *limit_s is the seconds in the first. */
enum trouble_line { TROUBLE_NONE, TROUBLE_BEGINS, TROUBLE_OVER };
enum trouble_line trouble_line(const char *text, int64_t *limit_s);
/*
 * 1 if two reasons are the same but for numbers, which may differ with each
 * try.
 */
int trouble_same(const char *a, const char *b);

#endif
