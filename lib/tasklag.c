#include "tasklag.h"

#include <stdlib.h>

#include "err.h"
#include "kreader.h"
#include "state.h"
#include "task.h"
#include "x.h"

struct kreader *
task_kreader(const json_t *task, int wait_ms, struct err *e)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), "property");
	size_t n = json_array_size(list);
	const char **props = x_calloc(n + 1, sizeof *props);
	struct kreader_conf conf = { .brokers = task_option(task, "brokers"),
		.props = props,
		.wait_ms = wait_ms };
	struct kreader *r;

	for (size_t i = 0; i < n; i++)
		props[i] = json_string_value(json_array_get(list, i));
	r = kreader_open(&conf, e);
	free(props);
	return r;
}

int
task_newest_of(struct kreader *r, const char *topic, int64_t *ms, struct err *e)
{
	int64_t low, high;
	struct kmsg m = { 0 };

	*ms = -1;
	if (kreader_ends(r, topic, &low, &high, e) == -1)
		return -1;
	if (high <= low)
		return 0;
	if (kreader_peek(r, topic, high - 1, &m, e) == -1)
		return -1;
	*ms = m.time_ms;
	kmsg_free(&m);
	return 0;
}

int
task_newest(const char *dir, const json_t *task, int wait_ms, int64_t *ms,
    struct err *e)
{
	const char *name = json_string_value(json_object_get(task, "name"));
	struct checkpoint c = { 0 };
	struct kreader *r = NULL;
	int rc;

	*ms = -1;
	rc = name == NULL ? err_set(e, ERR_DATA, "task.json has no name")
			  : checkpoint_load(dir, name, &c, e);
	if (rc == 0 && (r = task_kreader(task, wait_ms, e)) == NULL)
		rc = -1;
	for (size_t i = 0; i < c.pos.n && rc == 0; i++) {
		int64_t at;

		rc = task_newest_of(r, c.pos.v[i].topic, &at, e);
		if (rc == 0 && at > *ms)
			*ms = at;
	}
	if (rc == 0 && *ms == -1)
		rc = err_set(e, ERR_DATA, "the source's topics are empty");
	kreader_close(r);
	checkpoint_fini(&c);
	return rc;
}
