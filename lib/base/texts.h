#ifndef CDC_BASE_TEXTS_H
#define CDC_BASE_TEXTS_H

#include <stddef.h>

/* Texts, sorted and each once. All zero is valid and empty. */
struct texts {
	char **v;
	size_t n, cap;
};

void texts_fini(struct texts *t);
void texts_add(struct texts *t, const char *s);
int texts_has(const struct texts *t, const char *s);

#endif
