#include "task/overlap.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/pattern.h"
#include "task/check.h"
#include "task/task.h"

enum { LONGEST = 8 }; /* the longest circle that is looked for */

/* 1 if one task reads what the other writes. */
static int
follows(const json_t *writer, const json_t *reader)
{
	uint64_t born = task_born(writer, "target");
	struct patterns out = { 0 }, in = { 0 };
	struct err ignored;
	int rc = 0;

	if (born == 0 || born != task_born(reader, "source"))
		return 0;
	task_written(&out, writer);
	task_patterns(&in, reader, "include");
	if (in.n == 0)
		patterns_add(&in, "*.*", &ignored);
	for (size_t i = 0; i < out.n && !rc; i++)
		for (size_t k = 0; k < in.n && !rc; k++)
			rc = task_texts_meet(out.v[i].db, in.v[k].db) &&
			     task_texts_meet(out.v[i].coll, in.v[k].coll) &&
			     !task_left_out(reader, &out.v[i]) &&
			     !task_unwritten(writer, &in.v[k]);
	patterns_fini(&out);
	patterns_fini(&in);
	return rc;
}

/*
 * Continues behind the last task of path; 1 if the path comes back to its
 * first.
 */
static int
comes_round(const json_t **path, size_t n, json_t *const *all)
{
	if (follows(path[n - 1], path[0])) {
		path[n] = NULL;
		return n > 1;
	}
	for (size_t i = 0; n < LONGEST && all[i] != NULL; i++) {
		size_t k = 0;

		while (k < n && path[k] != all[i])
			k++;
		if (k < n || !follows(path[n - 1], all[i]))
			continue;
		path[n] = all[i];
		if (comes_round(path, n + 1, all))
			return 1;
	}
	return 0;
}

int
task_no_circle(const json_t *task, json_t *const *all, struct err *e)
{
	const json_t *path[LONGEST + 1] = { task };
	struct buf names = { 0 };

	if (!comes_round(path, 1, all))
		return 0;
	for (size_t i = 1; path[i] != NULL; i++)
		buf_addf(
		    &names, "%s'%s'", i == 1 ? "" : ", ", task_name(path[i]));
	err_set(e, ERR_DATA,
	    "what it writes would come back to its source through task %s: a "
	    "circle, in which older rows overtake later ones for ever; choose "
	    "patterns that share nothing, or pause the other first",
	    names.ptr);
	buf_fini(&names);
	return -1;
}
