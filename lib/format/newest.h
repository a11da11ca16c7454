#ifndef CDC_FORMAT_NEWEST_H
#define CDC_FORMAT_NEWEST_H

#include <stdint.h>

#include "model/mq_id.h"

struct err;
struct mq;

/*
 * "now" by the source's clock: the newest timestamp in its log, from the last
 * record of each of the topics (NULL at the end) whose names begin with prefix.
 * What is asked of the source from here on gets a later one. Its clock runs
 * behind ours by some 50 ms or more, so ours would leave out rows. 0 if no
 * topic has a record. None of them is being read.
 */
int newest_ts(struct mq *k, char *const *topics, const char *prefix,
    uint64_t *ts, struct err *e);

/* The timestamp of the record at id; 0: it has none. */
int record_ts(struct mq *k, const char *topic, struct mq_id id, uint64_t *ts,
    struct err *e);

/* Is the record at id one of a streaming log? */
int record_is_streaming(
    struct mq *k, const char *topic, struct mq_id id, int *is, struct err *e);

#endif
