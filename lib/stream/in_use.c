#include <string.h>

#include "stream/priv.h"

/* Which topics live collections are on; the stream waits for these. */

static int
need_topic(struct reader *r, const struct cat_start *c, struct err *e)
{
	struct reader_start s = { 0 };

	if (r->by_mark)
		return reader_mark_topic(r, c->topic, e) == -1
			   ? -1
			   : merge_topic_find(r->merge, c->topic);
	s.id = mq_id_is(c->id) ? c->id : mq_id_offset(0);
	return reader_add_topic(r, c->topic, &s, NULL, e);
}

int
reader_channels(struct reader *r, struct err *e)
{
	if (!r->channels_dirty)
		return 0;
	r->channels_dirty = 0;
	for (size_t i = 0; i < r->n_topics; i++)
		r->topics[i].in->used =
		    r->by_log && r->cat.control != NULL &&
		    strcmp(r->topics[i].in->name, r->cat.control) == 0;
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (c->state != CAT_CREATED || !c->included)
			continue;
		for (size_t k = 0; k < c->n_topics; k++) {
			int t = merge_topic_find(r->merge, c->topics[k].topic);

			if (t == -1 &&
			    (t = need_topic(r, &c->topics[k], e)) == -1)
				return -1;
			r->topics[t].in->used = 1;
		}
	}
	for (size_t i = 0; i < r->n_topics; i++) {
		struct reader_topic *t = &r->topics[i];

		if (t->in->used) {
			t->in->settled = 0;
			t->unused_end = mq_id_none();
		}
	}
	r->channels_dirty = 0;
	return 0;
}
