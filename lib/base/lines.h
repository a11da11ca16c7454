#ifndef CDC_BASE_LINES_H
#define CDC_BASE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Lines out of standard input and files, one after the other, found in place
 * in one large buffer.
 */
struct lines;

enum {
	LINES_MAX = 64 << 20,   /* bytes of one line, at most */
	LINES_STEP = 256 << 10, /* bytes asked of the system at a time */
};

/*
 * names as on the command line, "-" for standard input; n 0 is that alone.
 * NULL with ERR_USAGE if there is one that cannot be read.
 */
struct lines *lines_open(char *const *names, size_t n, struct err *e);
void lines_close(struct lines *l);

enum { LINES_END, LINES_LINE, LINES_WAIT };

/*
 * The next line, without its newline, borrowed until the next call; a NUL or
 * a newline stands behind it. LINES_WAIT: there is none in the buffer, read
 * when lines_fd is readable. LINES_END after the last input. -1 with ERR_DATA
 * for a line that is too long or an input that cannot be read, with its place.
 */
int lines_next(struct lines *l, const char **line, size_t *n, struct err *e);
/* Read what is there; blocks if there is nothing. */
int lines_fill(struct lines *l, struct err *e);
int lines_fd(const struct lines *l);
/* Is there the beginning of a line, after LINES_WAIT? */
int lines_partial(const struct lines *l);

/* Of the line that was handed out last. */
const char *lines_name(const struct lines *l);
uint64_t lines_number(const struct lines *l);
uint64_t lines_offset(const struct lines *l); /* byte where it begins */
int lines_cut(const struct lines *l);         /* no newline ended it */

#endif
