#ifndef CDC_BASE_OUT_H
#define CDC_BASE_OUT_H

#include <stddef.h>

#include "base/buf.h"

struct err;

/*
 * Records written to a descriptor, one a line. The first error sticks: after it
 * nothing is written any more, and out_flush reports it. Start with
 *
 *	struct out o = out_stdout();
 *
 * and end with out_fini, which writes nothing.
 */
struct out {
	int fd;
	const char *name; /* for messages, borrowed */
	struct buf b;     /* lines not yet written */
	int error;        /* errno of the first failure */
};
struct out out_stdout(void);

/*
 * Append one line and a line feed. Lines are written when OUT_MAX bytes are
 * held, or by out_flush; each write ends behind a whole line.
 */
enum { OUT_MAX = 256 * 1024 };
void out_line(struct out *o, const struct buf *line);
void out_mem(struct out *o, const void *line, size_t len);
/* A line for people, without characters that a terminal acts on. */
void out_text(struct out *o, const struct buf *line);

/*
 * Write all that is held. A signal does not cut a line short. -1 with
 * ERR_PIPE if the reader has left, ERR_OUTPUT for any other failure, now or
 * since the last call.
 */
int out_flush(struct out *o, struct err *e);

/* Flush and close: some file systems report a failed write only then. */
int out_close(struct out *o, struct err *e);

void out_fini(struct out *o);

#endif
