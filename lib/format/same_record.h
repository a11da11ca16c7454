#ifndef CDC_FORMAT_SAME_RECORD_H
#define CDC_FORMAT_SAME_RECORD_H

#include <stdint.h>

#include "model/mq_id.h"

struct err;
struct mq;

/*
 * Is the record at id, which must lie between the watermarks, the one that
 * was read, with timestamp ts? A topic that was deleted and made anew may have
 * grown past it. 0, or -1: ERR_GONE if it is not, ERR_TEMP if it cannot be
 * asked. Not while this topic is being read.
 */
int same_record(struct mq *k, const char *topic, struct mq_id id, uint64_t ts,
    struct err *e);

#endif
