#ifndef CDC_MODEL_POS_H
#define CDC_MODEL_POS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "model/mq_id.h"

struct err;
struct jsonw;

/*
 * A place in one topic: read from o, skip records below n with a timestamp
 * <= ts. `last` shows whether the topic is still the same: one that was deleted
 * and made anew has another record at that offset.
 *
 * Or, of a topic that is read through Milvus: read behind the mark, skip what
 * has a timestamp <= ts; o, n and last say nothing.
 */
struct pos_topic {
	char *topic;
	struct mq_mark *mark; /* owned, or NULL */
	struct mq_id o;       /* oldest record not yet released */
	struct mq_id n;       /* first record not yet read */
	uint64_t ts;
	uint64_t
	    last; /* timestamp of the record before n; 0 if it is not known */
};

/* A place in the stream, in all topics at once. All zero is valid and empty. */
struct pos {
	uint64_t ts;         /* of the line: everything up to ts is covered */
	struct pos_topic *v; /* sorted by topic */
	size_t n, cap;
};

/* Kafka's rule: 1 to 249 of letters, digits, '.', '_' and '-', not . or .. */
int pos_topic_name(const char *topic, struct err *e);

void pos_fini(struct pos *p);
void pos_copy(struct pos *to, const struct pos *from);

/*
 * Borrowed until the next pos_set. pos_find gives NULL if the topic is absent;
 * pos_set sets last to 0, and takes a mark away.
 */
struct pos_topic *pos_find(const struct pos *p, const char *topic);
struct pos_topic *pos_set(struct pos *p, const char *topic, struct mq_id o,
    struct mq_id n, uint64_t ts);
struct pos_topic *pos_set_mark(
    struct pos *p, const char *topic, const struct mq_mark *mark, uint64_t ts);

/*
 * Replace the topics of *p with those of
 * {topic:{"o":5,"n":7,"ts":"4706…","last":"4706…"}} or {topic:{"id":"2s",
 * "ts":"4706…", …}} (model/mq_id.h); p->ts stays. Timestamps are numbers or
 * strings; a missing n is o, a missing ts or last is 0. Names
 * are checked by pos_topic_name, because positions come from files, pipes and
 * HTTP.
 */
int pos_from_json(struct pos *p, json_t *j, struct err *e);
void pos_to_json(const struct pos *p, struct jsonw *w, const char *key);

/*
 * Take ts and the topics from a begin, tick, end or ack line or a checkpoint.
 */
int pos_from_line(struct pos *p, const json_t *line, struct err *e);

/*
 * 1 if a is lower than b. The timestamp decides; if equal, a topic that is in
 * both and whose o, or with equal o whose n, is lower in a; with a mark, whose
 * ts is. *why, unless why is NULL, then says what is lower.
 */
int pos_before(const struct pos *a, const struct pos *b, struct err *why);

/*
 * 1 if all that stands before b stands before a, too. The timestamp decides; if
 * equal, every topic of b must be in a, and not lower there.
 */
int pos_covers(const struct pos *a, const struct pos *b);

/* Move *p forward to newer; topics that newer lacks stay. */
void pos_merge(struct pos *p, const struct pos *newer);

/* Replace entries of *known with those of delta, whole; null removes one. */
void known_merge(json_t *known, json_t *delta);

#endif
