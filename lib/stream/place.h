#ifndef CDC_STREAM_PLACE_H
#define CDC_STREAM_PLACE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct kreader;

/* Where to read a topic from so that everything above a timestamp is read. */
struct place {
	const char *topic;
	uint64_t ts;
	int64_t low, high; /* watermarks */
	int64_t offset;    /* the answer; anything before it is not above ts */
	/* bounds of the search: good is early enough, bad may not be */
	int64_t good, bad, at;
};

/*
 * Find the places of n topics by the timestamps inside their records. Kafka's
 * own time of a record is that of the producer's clock, which may be wrong, so
 * it only gives the first guess. The topics must not be read meanwhile. -1 if a
 * broker does not answer.
 */
int places_find(struct kreader *k, struct place *v, size_t n, struct err *e);

#endif
