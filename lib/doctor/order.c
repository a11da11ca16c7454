#include "doctor/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "task/task.h"

enum { CHECK_S = 20 };

int
doctor_over(const struct doctor *d)
{
	return d->failed.kind != ERR_NONE || clock_ns() > d->until_ns;
}

size_t
doctor_number(const struct doctor *d, const char *name, size_t n)
{
	size_t i = 0;

	while (i < d->nchecks && (strncmp(d->checks[i].name, name, n) != 0 ||
				     d->checks[i].name[n] != '\0'))
		i++;
	return i;
}

int
doctor_applies(const struct doctor *d, size_t i)
{
	int how = d->checks[i].how;
	int asks = task_asks_source(d->c->task);
	int reads = task_reads_source(d->c->task);

	return !((how & DOCTOR_ETCD) && asks) &&
	       !((how & DOCTOR_KAFKA) && reads) &&
	       !((how & DOCTOR_MILVUS) && !asks && !reads) &&
	       !((how & DOCTOR_LOG) && !reads);
}

const char *
doctor_log(const struct doctor *d)
{
	return task_reads_source(d->c->task) ? "the source" : "Kafka";
}

/* Check i has no answer, since a check that it needs has none. */
static void
not_asked(struct doctor *d, size_t i, size_t why)
{
	const struct finding *f = &d->done[why];
	char *text =
	    x_asprintf("not asked, because of '%s'%s%s", d->checks[why].name,
		d->shown[why] ? "" : ": ", d->shown[why] ? "" : f->text);

	d->at = i;
	doctor_line(d, V_UNKNOWN, f->kind, text, NULL);
	free(text);
}

/* Runs check i, and before it the checks that it needs. */
void
doctor_make(struct doctor *d, size_t i)
{
	if (d->done[i].ran || d->failed.kind != ERR_NONE)
		return;
	d->done[i].ran = 1;
	for (size_t k = 0; k < DOCTOR_NEEDS && d->checks[i].needs[k] != NULL;
	     k++) {
		const char *need = d->checks[i].needs[k];
		size_t n = doctor_number(d, need, strlen(need));

		if (!doctor_applies(d, n))
			continue;
		doctor_make(d, n);
		if (d->done[n].verdict >= V_UNKNOWN) {
			not_asked(d, i, n);
			return;
		}
	}
	d->at = i;
	d->until_ns = clock_ns() + CHECK_S * NS_PER_S;
	d->checks[i].run(d);
}

enum verdict
doctor_need(struct doctor *d, const char *name)
{
	size_t i = doctor_number(d, name, strlen(name)), at = d->at;

	doctor_make(d, i);
	d->at = at;
	d->until_ns = clock_ns() + CHECK_S * NS_PER_S;
	return d->done[i].verdict;
}

const struct task_status *
doctor_status(struct doctor *d)
{
	if (!d->has_status)
		task_status_get(d->c->dir, d->name, CHECK_ASK_MS, &d->status);
	d->has_status = 1;
	return &d->status;
}
