#include <stdlib.h>

#include "base/mem.h"
#include "doctor/priv.h"
#include "model/rename.h"
#include "state/ids.h"
#include "task/servers.h"
#include "task/task.h"

/* Checks that the source is not its own target (law 12). */
void
check_itself(struct doctor *d)
{
	uint64_t source = d->source.cat.born, born = 0;
	struct err e = { 0 };

	if (target_itself(d->m, source, &born, &e) == -1)
		doctor_fail(d, &e, NULL);
	else if (source == 0 || born == 0)
		doctor_unknown(d, NULL,
		    "the %s does not say when it was made: a run compares the "
		    "ids of collections",
		    source == 0 ? "source" : "target");
	else
		doctor_ok(d, "source and target are two, made at different "
			     "moments");
}

/*
 * Reports collections that, by the target's ids file, no task of this directory
 * made.
 */
void
doctor_adopted(struct doctor *d, const struct names *names)
{
	const char *cluster = task_option(d->c->task, "cluster");
	char *own =
	    cluster == NULL ? cat_cluster(&d->source.cat) : x_strdup(cluster);
	struct buf whose = { 0 };
	struct named list = { 0 };
	struct err why;
	const char *id;
	json_t *v;
	struct ids *ids;

	buf_adds(&whose, own);
	names_text(names, &whose);
	ids = ids_look(d->c->dir, task_option(d->c->task, "target"), whose.ptr,
	    d->source.cat.born, &why);
	if (ids == NULL)
		doctor_unknown(d, NULL, "%s", why.msg);
	else
		json_object_foreach(ids_all_adopted(ids), id, v)
		{
			named_add(&list, "%s", json_string_value(v));
		}
	if (list.n > 0)
		doctor_warn(d, "--adopt, if nobody else writes there",
		    "at the target, with rows, before this state directory "
		    "wrote there; a drop or rename will be refused: %s",
		    named_end(&list));
	named_fini(&list);
	ids_close(ids);
	buf_fini(&whose);
	free(own);
}
