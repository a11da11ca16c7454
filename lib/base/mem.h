#ifndef CDC_BASE_MEM_H
#define CDC_BASE_MEM_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Memory, or death: running out of it is fatal here and nowhere else. Sizes
 * from outside are compared with a named maximum before they come here.
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
 * Let the heap keep this many freed bytes, and have blocks of up to that size
 * in it, instead of giving them back to the system and asking it for zeroed
 * pages again. Before the first thread; a hint, of glibc only.
 */
void x_keep(int bytes);
/* Freed pages between what is in use go back to the system; glibc only. */
void x_trim(void);

/* read(2), again if a signal came in between: that is no end of a file. */
ssize_t x_read(int fd, void *p, size_t n);

/*
 * Make room for one more element in an array of n elements of cap places;
 * returns the array, perhaps moved, and raises *cap.
 */
void *x_grow(void *p, size_t n, size_t *cap, size_t size)
    __attribute__((returns_nonnull));

#endif
