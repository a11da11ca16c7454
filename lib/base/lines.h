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
 * names are operands of the command line, "-" is standard input; with n 0 that
 * alone is read. NULL with ERR_USAGE if an input cannot be read.
 */
struct lines *lines_open(char *const *names, size_t n, struct err *e);
void lines_close(struct lines *l);

enum { LINES_END, LINES_LINE, LINES_WAIT };

/*
 * The next line without its newline, borrowed until the next call; a NUL or a
 * newline stands behind it. LINES_WAIT: the buffer has no whole line; call
 * lines_fill when lines_fd is readable. LINES_END: after the last input. -1
 * with ERR_DATA and the place, if a line is too long or an input cannot be
 * read.
 */
int lines_next(struct lines *l, const char **line, size_t *n, struct err *e);
/* Read what is there; blocks if there is nothing. */
int lines_fill(struct lines *l, struct err *e);
int lines_fd(const struct lines *l);
/* 1 after LINES_WAIT if the buffer has the beginning of a line. */
int lines_partial(const struct lines *l);

/* About the line that was returned last. */
const char *lines_name(const struct lines *l);
uint64_t lines_number(const struct lines *l);
uint64_t lines_offset(const struct lines *l); /* byte where it begins */
int lines_cut(const struct lines *l);         /* no newline ended it */

#endif
