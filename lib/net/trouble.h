#ifndef CDC_NET_TROUBLE_H
#define CDC_NET_TROUBLE_H

#include <stdint.h>

/*
 * A peer is away, and is tried again: one line when that begins, one when it
 * is over. cdc-task run reads both in what its programs say, and shows the
 * first until the second comes, so their words stand here and nowhere else.
 */
struct trouble {
	int64_t since_ns; /* of clock_ns(); 0: there is none */
};

/* "TEXT; trying again for 600 s". Said again while it lasts if asked to. */
void trouble_tell(struct trouble *t, int limit_s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "WHO answers again, after 12.3 s", if there was any. */
void trouble_over(struct trouble *t, const char *who);

/* Which of the two is this line? *limit_s is the first one's. */
enum trouble_line { TROUBLE_NONE, TROUBLE_BEGINS, TROUBLE_OVER };
enum trouble_line trouble_line(const char *text, int64_t *limit_s);
/* One reason, but for the numbers in it, which may be of each try? */
int trouble_same(const char *a, const char *b);

#endif
