#include "task/others.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "milvus/born.h"
#include "milvus/client.h"
#include "net/uri.h"
#include "state/state.h"
#include "task/check.h"
#include "task/servers.h"
#include "task/task.h"

enum { ALL_MS = 3000, REACH_MS = 1000 };

json_t **
others_load(const char *dir, struct err *e)
{
	char **names = task_list(dir, e);
	struct err why;
	json_t **all;
	size_t n = 0, k = 0;

	if (names == NULL)
		return NULL;
	while (names[n] != NULL)
		n++;
	all = x_calloc(n + 1, sizeof *all);
	for (size_t i = 0; i < n; i++) {
		json_t *one = state_task(dir, names[i], &why);

		/* a task that cannot be read cannot run either */
		if (one == NULL)
			log_warn("%s", why.msg);
		else
			all[k++] = one;
	}
	task_list_free(names);
	return all;
}

void
others_free(json_t **all)
{
	for (size_t i = 0; all != NULL && all[i] != NULL; i++)
		json_decref(all[i]);
	free(all);
}

static int
ask(const json_t *other, uint64_t *born, struct err *e)
{
	struct milvus *m;
	int rc;

	if (target_reach(other, REACH_MS, e) == -1)
		return -1;
	if ((m = target_open_brief(other, e)) == NULL)
		return -1;
	rc = milvus_ask_born(m, born, e);
	milvus_close(m);
	return rc;
}

json_t *
others_ask(const char *dir, const json_t *task, struct buf *found)
{
	const char *own = task_option(task, "target"), *its;
	int64_t until = clock_ns() + (int64_t)ALL_MS * NS_PER_MS;
	json_t *asked = json_object(), **all;
	struct err e = { 0 };
	uint64_t born;

	all = task_born(task, "target") == 0 ? NULL : others_load(dir, &e);
	for (size_t i = 0; all != NULL && all[i] != NULL; i++) {
		char text[24];

		its = task_option(all[i], "target");
		if (its == NULL || task_born(all[i], "target") != 0 ||
		    net_same_text(own, its))
			continue;
		born = 0;
		if (clock_ns() > until)
			err_set(&e, ERR_TEMP, "there was no time for it");
		else if (ask(all[i], &born, &e) == 0 && born != 0) {
			snprintf(text, sizeof text, "%" PRIu64, born);
			json_object_set_new(
			    asked, task_name(all[i]), json_string(text));
			continue;
		} else if (born == 0 && e.kind == ERR_NONE)
			err_set(&e, ERR_DATA, "it does not say");
		buf_addf(found,
		    "others    whether task '%s' writes to the same Milvus is "
		    "known by its address only: %s\n",
		    task_name(all[i]), e.msg);
		err_clear(&e);
	}
	others_free(all);
	return asked;
}

void
others_tell(json_t **all, const json_t *asked)
{
	for (size_t i = 0; all[i] != NULL; i++) {
		json_t *born = json_object_get(asked, task_name(all[i]));

		if (born == NULL || task_born(all[i], "target") != 0)
			continue;
		if (json_object_get(all[i], "born") == NULL)
			json_object_set_new(all[i], "born", json_object());
		json_object_set(
		    json_object_get(all[i], "born"), "target", born);
	}
}

void
others_wanted(const char *dir, json_t **all)
{
	size_t k = 0;

	for (size_t i = 0; all[i] != NULL; i++) {
		struct task_wish w = { 0 };
		struct err ignored;
		int paused =
		    task_wish_load(dir, task_name(all[i]), &w, &ignored) == 0 &&
		    w.paused;

		task_wish_fini(&w);
		if (paused)
			json_decref(all[i]);
		else
			all[k++] = all[i];
	}
	all[k] = NULL;
}
