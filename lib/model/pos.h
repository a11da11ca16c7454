#ifndef CDC_MODEL_POS_H
#define CDC_MODEL_POS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct err;
struct jsonw;

/*
 * One topic: read from o, skip records with offset < n and timestamp <= ts.
 * `last` tells whether it still is the same topic: one that was made anew has
 * another record there.
 */
struct pos_topic {
	char *topic;
	int64_t o; /* oldest record not yet released */
	int64_t n; /* first record not yet read */
	uint64_t ts;
	uint64_t last; /* timestamp of record n - 1; 0 if it is not known */
};

/* Where a stream stands, all topics at once. All zero is valid and empty. */
struct pos {
	uint64_t ts;         /* the line's: all up to here is covered */
	struct pos_topic *v; /* sorted by topic */
	size_t n, cap;
};

/* Kafka's rule: 1 to 249 of letters, digits, '.', '_' and '-', not . or .. */
int pos_topic_name(const char *topic, struct err *e);

void pos_fini(struct pos *p);
void pos_copy(struct pos *to, const struct pos *from);

/*
 * Both are borrowed until the next pos_set; pos_find gives NULL if absent,
 * pos_set sets last to 0.
 */
struct pos_topic *pos_find(const struct pos *p, const char *topic);
struct pos_topic *pos_set(
    struct pos *p, const char *topic, int64_t o, int64_t n, uint64_t ts);

/*
 * The topics, {topic:{"o":5,"n":7,"ts":"4706…","last":"4706…"}}: *p has them
 * and no others afterwards, p->ts is left alone. Integers are numbers or
 * strings; a missing n is o, a missing ts or last 0. A name that no topic can
 * have is an error: positions come from files, from pipes and over HTTP.
 */
int pos_from_json(struct pos *p, json_t *j, struct err *e);
void pos_to_json(const struct pos *p, struct jsonw *w, const char *key);

/* ts and the topics of a begin, tick, end or ack line or of a checkpoint. */
int pos_from_line(struct pos *p, const json_t *line, struct err *e);

/*
 * Is a lower than b? The timestamp decides; if they are equal, a topic that
 * both have and whose o, or if those are equal n, is lower in a. If so and
 * why is not NULL, *why says it.
 */
int pos_before(const struct pos *a, const struct pos *b, struct err *why);

/* Move *p on to newer; topics that newer does not have stay. */
void pos_merge(struct pos *p, const struct pos *newer);

/* Entries of delta replace those of *known whole; null removes one. */
void known_merge(json_t *known, json_t *delta);

#endif
