#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "stream/priv.h"

int
reader_ours(const struct reader *r, const char *topic)
{
	return strncmp(topic, r->dml_prefix, strlen(r->dml_prefix)) == 0 ||
	       strcmp(topic, r->replicate) == 0;
}

int
reader_add_topic(struct reader *r, const char *name,
    const struct reader_start *s, struct err *e)
{
	int ticks = strcmp(name, r->replicate) != 0;
	int i = merge_topic_add(r->merge, name, ticks, s->offset);
	struct merge_topic *t = merge_topic(r->merge, (size_t)i);

	t->skip_n = s->skip_n;
	t->skip_ts = s->skip_ts;
	t->skip_last = s->skip_last;
	t->began = t->looked = s->offset;
	t->by_time = s->above != 0;
	r->channels_dirty = 1;
	log_info("topic '%s' from offset %" PRId64, name, s->offset);
	return kreader_start(r->k, name, i, s->offset, e) == -1 ? -1 : i;
}

int
reader_topics(struct reader *r, struct err *e)
{
	char **list = kreader_topics(r->k, r->cluster, e);
	struct reader_start s;
	int rc = 0;

	if (list == NULL)
		return -1;
	for (char **t = list; *t != NULL; t++) {
		memset(&s, 0, sizeof s);
		if (rc == 0 && reader_ours(r, *t) &&
		    merge_topic_find(r->merge, *t) == -1 &&
		    reader_add_topic(r, *t, &s, e) == -1)
			rc = -1;
		free(*t);
	}
	free(list);
	r->topics_ns = clock_ns();
	return rc;
}

static int
need_topic(struct reader *r, const struct cat_start *c, struct err *e)
{
	struct reader_start s = { 0 };

	s.offset = c->offset < 0 ? 0 : c->offset;
	return reader_add_topic(r, c->topic, &s, e);
}

int
reader_channels(struct reader *r, struct err *e)
{
	if (!r->channels_dirty)
		return 0;
	r->channels_dirty = 0;
	for (size_t i = 0; i < merge_topics(r->merge); i++)
		merge_topic(r->merge, i)->used = 0;
	for (size_t i = 0; i < r->cat.n_colls; i++) {
		const struct cat_coll *c = r->cat.colls[i];

		if (c->state != CAT_CREATED || !c->included)
			continue;
		for (size_t k = 0; k < c->n_topics; k++) {
			int t = merge_topic_find(r->merge, c->topics[k].topic);

			if (t == -1 &&
			    (t = need_topic(r, &c->topics[k], e)) == -1)
				return -1;
			merge_topic(r->merge, (size_t)t)->used = 1;
		}
	}
	for (size_t i = 0; i < merge_topics(r->merge); i++) {
		struct merge_topic *t = merge_topic(r->merge, i);

		if (t->used) {
			t->settled = 0;
			t->unused_end = -1;
		}
	}
	r->channels_dirty = 0;
	return 0;
}
