#ifndef CDC_STREAM_PLACE_H
#define CDC_STREAM_PLACE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct kreader;

/* Where a topic is read from, if all above a timestamp is wanted of it. */
struct place {
	const char *topic;
	uint64_t ts;
	int64_t low, high; /* watermarks */
	int64_t offset;    /* the answer; anything before it is not above ts */
	/* the search's own: shown to be early enough, and not shown to be */
	int64_t good, bad, at;
};

/*
 * Find the places of n topics by the timestamps in their records. Kafka's time
 * of a record is of the clock of whoever wrote it, and may lie anywhere beside
 * them: it gives the first guess and nothing else. None of the topics is being
 * read. -1 if a broker does not answer.
 */
int places_find(struct kreader *k, struct place *v, size_t n, struct err *e);

#endif
