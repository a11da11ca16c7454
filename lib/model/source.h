#ifndef CDC_MODEL_SOURCE_H
#define CDC_MODEL_SOURCE_H

#include <stdint.h>

#include <jansson.h>

struct err;
struct jsonw;

/*
 * The identity of the source, as far as a catalogue tells it (law 12): "source"
 * in ticks, acks and checkpoints. A member that is zero or empty is not known.
 */
enum source_missing { SOURCE_STOP, SOURCE_KEEP, SOURCE_DROP };

struct source {
	char etcd[24]; /* the id of etcd's cluster */
	int64_t rev;   /* etcd's revision, which never falls */
	uint64_t born; /* when the Milvus was made: Unix time in ns */
	int64_t coll;  /* the live collection that was changed last, */
	uint64_t ts;   /* and when */
	/* The value of --missing, and up to which timestamp it holds. */
	enum source_missing missing;
	uint64_t until; /* 0: not known yet */
};

/*
 * 1 if a position with this `source` (or NULL) is from a version that keeps in
 * `known` the name under which a collection was selected. That version also
 * introduced `source`. Without it, a known collection may have been renamed
 * since.
 */
int source_keeps_names(const json_t *j);

/* j is an object or NULL. A value of a wrong kind counts as not known. */
void source_from_json(struct source *s, const json_t *j);
void source_to_json(const struct source *s, struct jsonw *w, const char *key);

int source_equal(const struct source *a, const struct source *b);

/*
 * 0 if `was` can have become `now`; else ERR_BACK with the values of both.
 * Collections are not compared here: that needs the catalogue.
 */
int source_same(
    const struct source *was, const struct source *now, struct err *e);

/*
 * Append to the message of an ERR_BACK what can be done about it. seen is the
 * time of the newest change that was seen before, or NULL; task is a name or
 * NULL.
 */
void source_advise(struct err *e, const char *seen, const char *task);

#endif
