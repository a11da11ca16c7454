#include <string.h>

#include "base/mem.h"
#include "format/format.h"
#include "stream/priv.h"

/* Drops of collections and partitions that the log has told of. */

/* The index of the first drop whose id is not below id. */
static size_t
place(const struct reader_drops *d, int64_t id)
{
	size_t lo = 0, hi = d->n;

	if (d->n > 0 && d->v[d->n - 1].id < id) /* ids rise in time */
		return d->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct reader_drop *
reader_drop_of(const struct reader *r, int64_t id)
{
	const struct reader_drops *d = &r->drops;
	size_t i = place(d, id);

	return i < d->n && d->v[i].id == id ? &d->v[i] : NULL;
}

void
reader_note_drop(void *arg, const struct msg *m)
{
	struct reader *r = arg;
	struct reader_drops *d = &r->drops;
	int64_t id = m->kind == MSG_DROP_COLLECTION  ? m->coll_id
		     : m->kind == MSG_DROP_PARTITION ? m->part_id
						     : 0;
	size_t i = place(d, id);

	if (id <= 0 || reader_drop_of(r, id) != NULL)
		return;
	d->v = x_grow(d->v, d->n, &d->cap, sizeof *d->v);
	memmove(d->v + i + 1, d->v + i, (d->n - i) * sizeof *d->v);
	d->v[i].id = id;
	d->v[i].ts = m->ts;
	d->n++;
}

void
reader_note_record(struct reader *r, struct record *own_m)
{
	struct msg msg = { 0 };

	if (format_peek(own_m, &msg) == 0)
		reader_note_drop(r, &msg);
	record_free(own_m);
}
