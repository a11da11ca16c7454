#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "format/format.h"
#include "stream/priv.h"

/* Places in a log that is read through Milvus (by_mark.c). */

enum { WAIT_MS = 200 };

void
reader_mark_made(struct reader *r, struct reader_topic *t)
{
	struct reader_mark *m;

	t->marks = x_grow(t->marks, t->n_marks, &t->marks_cap, sizeof *m);
	m = &t->marks[t->n_marks];
	m->ts = t->in->tick;
	mq_get_mark(r->k, t->in->name, &m->mark);
	/* the same one: it stands for the first time that proved it */
	if (t->n_marks == 0 || strcmp(m->mark.id, m[-1].mark.id) != 0)
		t->n_marks++;
}

static void
mark_pos(struct reader *r, struct pos *p)
{
	for (size_t i = 0; i < r->n_topics; i++) {
		struct reader_topic *t = &r->topics[i];
		size_t n = 0;

		while (n < t->n_marks && t->marks[n].ts <= t->in->out)
			n++;
		if (n > 0) {
			t->mark = t->marks[n - 1].mark;
			t->n_marks -= n;
			memmove(t->marks, t->marks + n,
			    t->n_marks * sizeof *t->marks);
		}
		pos_set_mark(p, t->in->name, &t->mark, t->in->out);
	}
}

void
reader_pos(struct reader *r, struct pos *p)
{
	merge_pos(r->merge, p);
	if (r->by_mark)
		mark_pos(r, p);
}

/* ---- the search for a drop ---- */

/* Notes a drop; a topic that was read up to now is done. */
static int
search_take(struct reader *r, struct mq *q, struct record *own_m, uint64_t now,
    size_t *left, struct err *e)
{
	struct reader_topic *t = reader_topic(r, own_m);
	struct msg msg = { 0 };
	int done;

	if (!own_m->made) {
		reader_note_record(r, own_m);
		return 0;
	}
	mq_get_mark(q, t->in->name, &t->searched);
	done = format_peek(own_m, &msg) == 0 && msg.ts >= now;
	record_free(own_m);
	if (!done)
		return 0;
	--*left;
	return mq_pause(q, t->in->name, e);
}

int
reader_mark_search(struct reader *r, int64_t id, struct err *e)
{
	struct mq *q = mq_open(&r->conf->kafka, e);
	size_t left = r->n_topics;
	struct record m;
	uint64_t now = 0;
	int rc = q == NULL ? -1 : mq_now(q, &now, e);

	log_info("looking for drops up to now");
	for (size_t i = 0; i < r->n_topics && rc == 0; i++)
		rc = mq_start_behind(q, r->topics[i].in->name, (int)i,
		    &r->topics[i].searched, e);
	while (rc != -1 && left > 0 && sig_stop == 0 &&
	       reader_drop_of(r, id) == NULL)
		if ((rc = mq_next(q, WAIT_MS, &m, e)) == MQ_RECORD)
			rc = search_take(r, q, &m, now, &left, e);
	mq_close(q);
	return rc == -1 ? -1 : 0;
}
