#ifndef CDC_META_POSITION_H
#define CDC_META_POSITION_H

#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

struct err;

/*
 * The Kafka offset that a position in etcd is. wal is MsgPosition.WAL_name, or
 * 0. ERR_DATA, which names the queue, if it is another's: all of them look like
 * 8 bytes now and then.
 */
int position_offset(
    const ProtobufCBinaryData *id, int wal, int64_t *offset, struct err *e);

/*
 * The queue that a start position is of (WAL_KAFKA …), by its form, where
 * nothing else tells; 0: none of them. Milvus writes all members of a Pulsar
 * id, and none of Woodpecker's first one.
 */
int position_wal(const ProtobufCBinaryData *id);

/* ERR_DATA "the log of this source is Pulsar, …". Always -1. */
int position_refuse(const char *queue, struct err *e);

#endif
