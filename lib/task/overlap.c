#include "task/task.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/pattern.h"
#include "net/uri.h"
#include "task/check.h"
#include "task/overlap.h"

/* 1 if a text exists that both patterns match. */
int
task_texts_meet(const char *a, const char *b)
{
	if (*a == '*')
		return task_texts_meet(a + 1, b) ||
		       (*b != '\0' && task_texts_meet(a, b + 1));
	if (*b == '*')
		return task_texts_meet(b, a);
	if (*a == '\0' || *b == '\0')
		return *a == *b;
	return *a == *b && task_texts_meet(a + 1, b + 1);
}

void
task_patterns(struct patterns *p, const json_t *task, const char *name)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), name);
	struct err ignored;

	for (size_t i = 0; i < json_array_size(list); i++)
		patterns_add(
		    p, json_string_value(json_array_get(list, i)), &ignored);
}

/* Adds names that a rename leads to: the task can write these, too. */
static void
add_renamed(struct patterns *p, const json_t *task)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), "rename");
	struct err ignored;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		const char *to = s == NULL ? NULL : strchr(s, '=');
		char *all;

		if (to == NULL)
			continue;
		to++;
		all = strchr(to, '.') != NULL ? x_strdup(to)
					      : x_asprintf("%s.*", to);
		patterns_add(p, all, &ignored);
		free(all);
	}
}

/* 1 if everything that the pattern matches gets another name by a rename. */
static int
renamed_away(const json_t *task, const struct pattern *p)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), "rename");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		size_t n = s == NULL ? 0 : strcspn(s, "="), k = strlen(p->db);

		if (s == NULL)
			continue;
		if (n == k && strncmp(s, p->db, k) == 0)
			return 1;
		if (n == k + 1 + strlen(p->coll) && strncmp(s, p->db, k) == 0 &&
		    s[k] == '.' && strncmp(s + k + 1, p->coll, n - k - 1) == 0)
			return 1;
	}
	return 0;
}

/*
 * The patterns of what a task may write at its target, regardless of excludes.
 */
void
task_written(struct patterns *p, const json_t *task)
{
	struct patterns in = { 0 };
	struct err ignored;

	task_patterns(&in, task, "include");
	if (in.n == 0)
		patterns_add(&in, "*.*", &ignored);
	for (size_t i = 0; i < in.n; i++)
		if (!renamed_away(task, &in.v[i])) {
			char *s = x_asprintf("%s.%s", in.v[i].db, in.v[i].coll);

			patterns_add(p, s, &ignored);
			free(s);
		}
	patterns_fini(&in);
	add_renamed(p, task);
}

int
task_left_out(const json_t *task, const struct pattern *q)
{
	struct patterns out = { 0 };
	int rc = 0;

	task_patterns(&out, task, "exclude");
	for (size_t i = 0; i < out.n && !rc; i++)
		/* A * in q's text is matched only by a * in the exclude. */
		rc = pattern_glob(out.v[i].db, q->db) &&
		     pattern_glob(out.v[i].coll, q->coll);
	patterns_fini(&out);
	return rc;
}

int
task_unwritten(const json_t *task, const struct pattern *q)
{
	return json_object_get(json_object_get(task, "options"), "rename") ==
		   NULL &&
	       task_left_out(task, q);
}

/*
 * 1 if the tasks are different shards, I/N and J/N: they share no collection.
 */
static int
other_shards(const json_t *a, const json_t *b)
{
	const char *s = task_option(a, "shard"), *t = task_option(b, "shard");
	const char *sn = s == NULL ? NULL : strchr(s, '/');
	const char *tn = t == NULL ? NULL : strchr(t, '/');

	return sn != NULL && tn != NULL && strcmp(sn, tn) == 0 &&
	       strcmp(s, t) != 0;
}

/*
 * Compares the identities of the targets if both are known, else their
 * addresses.
 */
int
task_same_target(const json_t *a, const json_t *b)
{
	const char *ta = task_option(a, "target"),
		   *tb = task_option(b, "target");
	uint64_t wa = task_born(a, "target"), wb = task_born(b, "target");

	if (ta == NULL || tb == NULL)
		return 0;
	if (net_same_text(ta, tb))
		return 1;
	return wa != 0 && wb != 0 ? wa == wb : net_same(ta, tb);
}

static void
not_known(struct err *why, const json_t *a, const json_t *b)
{
	err_set(why, ERR_TEMP,
	    "whether task '%s' writes to the same Milvus is not known: the "
	    "address of '%s' or '%s' cannot be found out now",
	    task_name(b), task_option(a, "target"), task_option(b, "target"));
}

int
task_overlap(const json_t *a, const json_t *b, struct err *why)
{
	struct patterns pa = { 0 }, pb = { 0 };
	int rc = 0, same;

	if (other_shards(a, b) || (same = task_same_target(a, b)) == 0)
		return 0;
	task_written(&pa, a);
	task_written(&pb, b);
	for (size_t i = 0; i < pa.n && !rc; i++)
		for (size_t k = 0; k < pb.n && !rc; k++) {
			const struct pattern *p = &pa.v[i], *q = &pb.v[k];

			if (!task_texts_meet(p->db, q->db) ||
			    !task_texts_meet(p->coll, q->coll) ||
			    task_unwritten(a, q) || task_unwritten(b, p))
				continue;
			rc = same;
			if (same == -1)
				not_known(why, a, b);
			else
				err_set(why, ERR_DATA,
				    "'%s.%s' overlaps '%s.%s' of task '%s' at "
				    "target "
				    "'%s'",
				    p->db, p->coll, q->db, q->coll,
				    task_name(b), task_option(b, "target"));
		}
	patterns_fini(&pa);
	patterns_fini(&pb);
	return rc;
}
