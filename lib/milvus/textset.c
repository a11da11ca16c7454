#include "milvus/textset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
textset_fini(struct textset *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	free(t->v);
	memset(t, 0, sizeof *t);
}

/* The index of s, or the index at which it belongs. */
static size_t
place(const struct textset *t, const char *s)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->v[mid], s) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int
textset_has(const struct textset *t, const char *s)
{
	size_t i = place(t, s);

	return i < t->n && strcmp(t->v[i], s) == 0;
}

void
textset_add(struct textset *t, const char *s)
{
	size_t i = place(t, s);

	if (i < t->n && strcmp(t->v[i], s) == 0)
		return;
	t->v = x_grow(t->v, t->n, &t->cap, sizeof *t->v);
	memmove(t->v + i + 1, t->v + i, (t->n - i) * sizeof *t->v);
	t->v[i] = x_strdup(s);
	t->n++;
}
