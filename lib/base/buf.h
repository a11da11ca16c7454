#ifndef CDC_BASE_BUF_H
#define CDC_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A growing run of bytes. All zero is valid and empty. ptr[len] is always a
 * NUL once something was added, so text can be used as a string.
 */
struct buf {
	char *ptr;
	size_t len;
	size_t cap;
};

void buf_fini(struct buf *b);
void buf_clear(struct buf *b);         /* empty, memory kept */
void buf_cut(struct buf *b, size_t n); /* drop the first n bytes */

/* Room for n more bytes and a NUL; returns where they go. */
char *buf_room(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_addu64(struct buf *b, uint64_t v); /* decimal */
void buf_addi64(struct buf *b, int64_t v);  /* decimal */

/*
 * Returns the text, which the caller frees, and leaves the buffer empty. Never
 * NULL.
 */
char *buf_take(struct buf *b);

/* A piece of a text, borrowed from it. */
struct span {
	const char *ptr;
	size_t len;
};

#endif
