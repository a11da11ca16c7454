#ifndef CDC_MQ_RECORD_H
#define CDC_MQ_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/mq_id.h"

/* What the queue keeps beside a record's bytes: headers, by name. */
struct record_headers {
	/* 1, *v borrowed as long as the headers are; 0: none of that name. */
	int (*get)(
	    const struct record_headers *h, const char *name, struct span *v);
};

/* A record of a queue; it lives until record_free, but for its headers. */
struct record {
	const void *ptr;
	size_t len;
	struct mq_id id;
	int64_t time_ms; /* the queue's timestamp, -1 if there is none */
	int topic;       /* the number that mq_start was given */
	int made; /* it does not stand in the log: a tick that the queue has
		     proven, at the place of the record before it */
	const struct record_headers *headers; /* NULL: none; borrowed until its
						 reader is called again */
	void *own;                            /* ptr, if it is to be freed */
	void *kept; /* what is needed of the headers, or NULL; freed with it */
};

/* As get; 0 for a record without headers. */
int record_header(const struct record *r, const char *name, struct span *v);

void record_free(struct record *r);
/* Its bytes are not needed any more; all the numbers stay. */
void record_drop(struct record *r);

#endif
