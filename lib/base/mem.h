#ifndef CDC_BASE_MEM_H
#define CDC_BASE_MEM_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Memory. Running out of it is fatal here and nowhere else. Sizes from outside
 * are compared with a named maximum before they come here.
 */
void *x_malloc(size_t n) __attribute__((returns_nonnull));
void *x_calloc(size_t n, size_t size) __attribute__((returns_nonnull));
void *x_realloc(void *p, size_t n) __attribute__((returns_nonnull));
void *x_reallocarray(void *p, size_t n, size_t size)
    __attribute__((returns_nonnull));
char *x_strdup(const char *s) __attribute__((returns_nonnull));
char *x_strndup(const char *s, size_t n) __attribute__((returns_nonnull));
void *x_memdup(const void *p, size_t n) __attribute__((returns_nonnull));
char *x_asprintf(const char *fmt, ...) __attribute__((returns_nonnull))
__attribute__((format(printf, 1, 2)));

/*
 * Let the heap keep this many freed bytes, and allocate blocks of up to that
 * size from it, so that pages are not given back and asked for again. To be
 * called before the first thread is started; only glibc takes this hint.
 */
void x_keep(int bytes);
/* Give freed pages in the middle of the heap back to the system; glibc only. */
void x_trim(void);

/*
 * read(2), repeated after EINTR, so that a signal does not look like the end.
 */
ssize_t x_read(int fd, void *p, size_t n);

/*
 * Make room for one more element in an array that has n elements and room for
 * cap. Returns the array, which may have moved, and raises *cap.
 */
void *x_grow(void *p, size_t n, size_t *cap, size_t size)
    __attribute__((returns_nonnull));

#endif
