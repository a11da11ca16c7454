#ifndef CDC_MODEL_SOURCE_H
#define CDC_MODEL_SOURCE_H

#include <stdint.h>

#include <jansson.h>

struct err;
struct jsonw;

/*
 * Who the source is, as far as a catalogue tells (law 12): "source" of ticks,
 * acks and checkpoints. What is zero or empty is not known.
 */
enum source_missing { SOURCE_STOP, SOURCE_KEEP, SOURCE_DROP };

struct source {
	char etcd[24]; /* its cluster's id */
	int64_t rev;   /* never falls */
	uint64_t born; /* when that Milvus was: unix time, ns */
	int64_t coll;  /* the live collection that was changed last, */
	uint64_t ts;   /* and when */
	/* What --missing was told, and up to which timestamp it holds. */
	enum source_missing missing;
	uint64_t until; /* 0: to be found */
};

/*
 * Is `source` of a position (or NULL) of a version that keeps in known by what
 * name a collection was asked for? It was the same that began to keep who the
 * source is. If not, one may be known that was renamed since.
 */
int source_keeps_names(const json_t *j);

/* j is an object or NULL. What is no value of its kind is not known. */
void source_from_json(struct source *s, const json_t *j);
void source_to_json(const struct source *s, struct jsonw *w, const char *key);

int source_equal(const struct source *a, const struct source *b);

/* "stop", "keep" or "drop"; -1 if text is none of them. */
int source_missing_of(const char *text);

/*
 * Can what was seen before become what is now? ERR_BACK if not, with both.
 * The collection is not looked at: that takes the catalogue.
 */
int source_same(
    const struct source *was, const struct source *now, struct err *e);

/*
 * Put behind the message of an ERR_BACK what can be done about it. seen is
 * the time of the newest change that was seen before, or NULL; task its name
 * or NULL.
 */
void source_advise(struct err *e, const char *seen, const char *task);

#endif
