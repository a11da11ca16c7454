#ifndef CDC_MILVUS_TEXTSET_H
#define CDC_MILVUS_TEXTSET_H

#include <stddef.h>

/* A sorted set of texts. All zero is valid and empty. */
struct textset {
	char **v;
	size_t n, cap;
};

void textset_fini(struct textset *t);
void textset_add(struct textset *t, const char *s);
int textset_has(const struct textset *t, const char *s);

#endif
