#include "ddl/known.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "codec/json_write.h"

static const char done[] = "done";

void
view_done(struct view *v, uint64_t broadcast)
{
	v->done[v->n_done++ % VIEW_DONE] = broadcast;
	v->done_changed = 1;
}

size_t
view_n_done(const struct view *v)
{
	return v->n_done < VIEW_DONE ? v->n_done : VIEW_DONE;
}

void
view_done_to_json(struct view *v, struct jsonw *w, int whole)
{
	if (v->n_done == 0 || (!whole && !v->done_changed))
		return;
	jw_open(w, done, '[');
	for (size_t i = 0; i < view_n_done(v); i++)
		jw_u64s(w, NULL, v->done[i]);
	jw_close(w, ']');
	v->done_changed = 0;
}

int
view_done_from_json(struct view *v, const char *key, const json_t *j)
{
	struct err e;
	json_t *x;
	size_t i;

	if (strcmp(key, done) != 0)
		return 0;
	json_array_foreach(j, i, x)
	{
		const char *s = json_string_value(x);
		uint64_t id;

		if (s != NULL && num_u64(s, 1, UINT64_MAX, &id, &e) == 0)
			view_done(v, id);
	}
	v->done_changed = 0;
	return 1;
}
