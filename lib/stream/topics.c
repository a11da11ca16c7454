#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "stream/priv.h"

int
reader_ours(const struct reader *r, const char *topic)
{
	return strncmp(topic, r->dml_prefix, strlen(r->dml_prefix)) == 0 ||
	       (!r->by_log && strcmp(topic, r->replicate) == 0);
}

struct reader_topic *
reader_topic(const struct reader *r, const struct record *m)
{
	return &r->topics[m->topic];
}

static struct reader_topic *
add(struct reader *r, struct merge_topic *in)
{
	struct reader_topic *t;

	r->topics =
	    x_grow(r->topics, r->n_topics, &r->topics_cap, sizeof *r->topics);
	t = &r->topics[r->n_topics++];
	*t = (struct reader_topic){
		.in = in, .end = mq_id_none(), .unused_end = mq_id_none()
	};
	return t;
}

int
reader_add_topic(struct reader *r, const char *name,
    const struct reader_start *s, const struct mq_mark *mark, struct err *e)
{
	int ticks = strcmp(name, r->replicate) != 0;
	int i = merge_topic_add(r->merge, name, ticks, s->id);
	struct reader_topic *t = add(r, merge_topic(r->merge, (size_t)i));

	t->in->skip_n = s->skip_n;
	t->in->skip_ts = s->skip_ts;
	t->in->skip_last = s->skip_last;
	t->in->by_time = s->above != 0;
	if (r->by_log)
		t->in->out = s->skip_ts;
	t->in->cut = r->from.kind != WHERE_POS && !mq_id_is_first(s->id);
	t->began = t->looked = s->id;
	r->channels_dirty = 1;
	if (mark == NULL) {
		log_info("topic '%s' from offset %s", name, MQ_TEXT(s->id));
		return mq_start(r->k, name, i, s->id, e) == -1 ? -1 : i;
	}
	t->mark = t->searched = *mark;
	log_info("topic '%s' from behind id '%s', time tick %" PRIu64, name,
	    mark->id, mark->ts);
	return mq_start_behind(r->k, name, i, mark, e) == -1 ? -1 : i;
}

int
reader_topics(struct reader *r, struct err *e)
{
	char **list = mq_topics(r->k, r->cluster, e);
	struct reader_start s;
	int rc = 0;

	if (list == NULL)
		return -1;
	for (char **t = list; *t != NULL; t++) {
		memset(&s, 0, sizeof s);
		if (rc == 0 && reader_ours(r, *t) &&
		    merge_topic_find(r->merge, *t) == -1 &&
		    reader_add_topic(r, *t, &s, NULL, e) == -1)
			rc = -1;
		free(*t);
	}
	free(list);
	r->topics_ns = clock_ns();
	return rc;
}
