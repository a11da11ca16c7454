#include "model/pos.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"

enum { MAX_TOPICS = 65536, MAX_NAME = 249 };

/* org.apache.kafka.common.internals.Topic.validate */
int
pos_topic_name(const char *topic, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n = strspn(topic, letters);

	if (n > 0 && n <= MAX_NAME && topic[n] == '\0' &&
	    strcmp(topic, ".") != 0 && strcmp(topic, "..") != 0)
		return 0;
	return err_set(e, ERR_DATA,
	    "'%.64s' is no name of a topic: want 1 to %d of letters, digits, "
	    "'.', '_' and '-'",
	    topic, MAX_NAME);
}

void
pos_fini(struct pos *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].topic);
		free(p->v[i].mark);
	}
	free(p->v);
	memset(p, 0, sizeof *p);
}

void
pos_copy(struct pos *to, const struct pos *from)
{
	pos_fini(to);
	pos_merge(to, from);
}

/* The index of topic, or the index at which it belongs. */
static size_t
place(const struct pos *p, const char *topic, int *found)
{
	size_t lo = 0, hi = p->n;

	*found = 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(p->v[mid].topic, topic);

		if (c == 0) {
			*found = 1;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct pos_topic *
pos_find(const struct pos *p, const char *topic)
{
	int found;
	size_t i = place(p, topic, &found);

	return found ? &p->v[i] : NULL;
}

/* Its entry, a new one if it has none. */
static struct pos_topic *
entry(struct pos *p, const char *topic)
{
	int found;
	size_t i = place(p, topic, &found);

	if (!found) {
		p->v = x_grow(p->v, p->n, &p->cap, sizeof *p->v);
		memmove(p->v + i + 1, p->v + i, (p->n - i) * sizeof *p->v);
		p->n++;
		p->v[i] = (struct pos_topic){ .topic = x_strdup(topic) };
	}
	return &p->v[i];
}

struct pos_topic *
pos_set(struct pos *p, const char *topic, struct mq_id o, struct mq_id n,
    uint64_t ts)
{
	struct pos_topic *t = entry(p, topic);

	free(t->mark);
	t->mark = NULL;
	t->o = o;
	t->n = n;
	t->ts = ts;
	t->last = 0;
	return t;
}

struct pos_topic *
pos_set_mark(
    struct pos *p, const char *topic, const struct mq_mark *mark, uint64_t ts)
{
	struct mq_mark *own = x_memdup(mark, sizeof *mark);
	struct pos_topic *t = pos_set(p, topic, mq_id_none(), mq_id_none(), ts);

	t->mark = own;
	return t;
}

static int
stamp(const json_t *j, const char *name, uint64_t *ts, struct err *e)
{
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*ts = (uint64_t)json_integer_value(j);
		return 0;
	}
	if (json_is_string(j))
		return num_u64(json_string_value(j), 0, UINT64_MAX, ts, e);
	return err_set(e, ERR_DATA, "'%s' is not a timestamp", name);
}

static int
ids_from_json(struct pos_topic *t, const json_t *j, struct err *e)
{
	const json_t *n = json_object_get(j, "n");
	const json_t *last = json_object_get(j, "last");

	if (mq_id_from_json(&t->o, json_object_get(j, "o"), "o", e) == -1)
		return -1;
	t->n = t->o;
	if (n != NULL && mq_id_from_json(&t->n, n, "n", e) == -1)
		return -1;
	if (t->n.kind != t->o.kind)
		return err_set(e, ERR_DATA,
		    "'n' %s and 'o' %s are of different queues", MQ_TEXT(t->n),
		    MQ_TEXT(t->o));
	if (mq_id_cmp(t->n, t->o) < 0)
		return err_set(e, ERR_DATA, "'n' %s is below 'o' %s",
		    MQ_TEXT(t->n), MQ_TEXT(t->o));
	return last == NULL ? 0 : stamp(last, "last", &t->last, e);
}

static int
topic_from_json(
    struct pos *p, const char *topic, const json_t *j, struct err *e)
{
	const json_t *ts = json_object_get(j, "ts");
	struct pos_topic t = { 0 };
	struct mq_mark mark;

	if (!json_is_object(j))
		return err_set(e, ERR_DATA, "not an object");
	if (ts != NULL && stamp(ts, "ts", &t.ts, e) == -1)
		return -1;
	if (json_object_get(j, "id") != NULL) {
		if (mq_mark_from_json(&mark, j, e) == -1)
			return -1;
		pos_set_mark(p, topic, &mark, t.ts);
		return 0;
	}
	if (ids_from_json(&t, j, e) == -1)
		return -1;
	pos_set(p, topic, t.o, t.n, t.ts)->last = t.last;
	return 0;
}

int
pos_from_json(struct pos *p, json_t *j, struct err *e)
{
	struct pos got = { .ts = p->ts };
	const char *topic;
	json_t *v;
	int rc = 0;

	if (!json_is_object(j) || json_object_size(j) > MAX_TOPICS)
		rc = err_set(e, ERR_DATA, "'pos' is not a position");
	else
		json_object_foreach(j, topic, v)
		{
			if (pos_topic_name(topic, e) == -1) {
				rc = -1;
				break;
			}
			if (topic_from_json(&got, topic, v, e) == -1) {
				rc = err_wrap(e, "position of '%s'", topic);
				break;
			}
		}
	if (rc == -1) {
		pos_fini(&got);
		return -1;
	}
	pos_fini(p);
	*p = got;
	return 0;
}

int
pos_from_line(struct pos *p, const json_t *line, struct err *e)
{
	json_t *at = json_object_get(line, "pos");
	uint64_t ts;

	if (at == NULL)
		/* the key in a begin line */
		at = json_object_get(line, "from");
	if (!json_is_object(at))
		return err_set(e, ERR_DATA, "no position in it");
	if (stamp(json_object_get(line, "ts"), "ts", &ts, e) == -1 ||
	    pos_from_json(p, at, e) == -1)
		return -1;
	p->ts = ts;
	return 0;
}

void
pos_to_json(const struct pos *p, struct jsonw *w, const char *key)
{
	jw_open(w, key, '{');
	for (size_t i = 0; i < p->n; i++) {
		const struct pos_topic *t = &p->v[i];

		jw_open(w, t->topic, '{');
		if (t->mark != NULL) {
			mq_mark_to_json(w, t->mark);
		} else {
			mq_id_to_json(w, "o", t->o);
			mq_id_to_json(w, "n", t->n);
		}
		jw_u64s(w, "ts", t->ts);
		if (t->last != 0)
			jw_u64s(w, "last", t->last);
		jw_close(w, '}');
	}
	jw_close(w, '}');
}

static int
topic_before(const struct pos_topic *a, const struct pos_topic *b)
{
	int c = mq_id_cmp(a->o, b->o);

	if (a->mark != NULL || b->mark != NULL)
		return a->mark != NULL && b->mark != NULL && a->ts < b->ts;
	return c != 0 ? c < 0 : mq_id_cmp(a->n, b->n) < 0;
}

int
pos_before(const struct pos *a, const struct pos *b, struct err *why)
{
	if (a->ts != b->ts) {
		if (a->ts < b->ts && why != NULL)
			err_set(why, ERR_DATA,
			    "timestamp %" PRIu64 " is below %" PRIu64, a->ts,
			    b->ts);
		return a->ts < b->ts;
	}
	for (size_t i = 0; i < a->n; i++) {
		const struct pos_topic *t = &a->v[i];
		const struct pos_topic *u = pos_find(b, t->topic);

		if (u == NULL || !topic_before(t, u))
			continue;
		if (why != NULL && t->mark != NULL)
			err_set(why, ERR_DATA,
			    "topic '%s' timestamp %" PRIu64
			    " is below %" PRIu64,
			    t->topic, t->ts, u->ts);
		else if (why != NULL)
			err_set(why, ERR_DATA,
			    "topic '%s' offset %s (next %s) is below %s (%s)",
			    t->topic, MQ_TEXT(t->o), MQ_TEXT(t->n),
			    MQ_TEXT(u->o), MQ_TEXT(u->n));
		return 1;
	}
	return 0;
}

int
pos_covers(const struct pos *a, const struct pos *b)
{
	if (a->ts != b->ts)
		return a->ts > b->ts;
	for (size_t i = 0; i < b->n; i++) {
		const struct pos_topic *t = pos_find(a, b->v[i].topic);

		if (t == NULL || topic_before(t, &b->v[i]))
			return 0;
	}
	return 1;
}

void
pos_merge(struct pos *p, const struct pos *newer)
{
	p->ts = newer->ts;
	for (size_t i = 0; i < newer->n; i++) {
		const struct pos_topic *t = &newer->v[i];

		if (t->mark != NULL)
			pos_set_mark(p, t->topic, t->mark, t->ts);
		else
			pos_set(p, t->topic, t->o, t->n, t->ts)->last = t->last;
	}
}

void
known_merge(json_t *known, json_t *delta)
{
	const char *id;
	json_t *v;

	json_object_foreach(delta, id, v)
	{
		if (json_is_null(v))
			json_object_del(known, id);
		else
			json_object_set(known, id, v);
	}
}
