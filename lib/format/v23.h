#ifndef CDC_FORMAT_V23_H
#define CDC_FORMAT_V23_H

#include <stddef.h>
#include <stdint.h>

#include "format/msg.h"

struct err;

/*
 * The value of one record of Milvus 2.3 - 2.5: one message of milvus-proto's
 * msg.proto on DML channels, a client's request of milvus.proto on the
 * replicate-msg channel. Both begin with MsgBase.
 *
 * Read all but the rows: the cost is a few dozen bytes and the timestamps.
 * Of a type that we do not know only type, msg_id and ts are filled in.
 *
 * -1 with ERR_DATA: broken bytes, no base or type 0 (not of a 2.3 - 2.5 log),
 * a row-based insert (version 0, before 2.2), a delete by plan (3.0), an
 * insert without a timestamp for each row.
 */
int v23_decode(const void *p, size_t len, struct msg *m, struct err *e);

/*
 * The collections that a Flush request names (milvus.proto FlushRequest),
 * appended; their database is struct msg's db.
 */
int v23_flush(const void *p, size_t len, struct spans *colls, struct err *e);

/*
 * Of AlterIndex, AlterCollectionField, AlterCollection and AlterDatabase
 * (milvus.proto): the name of the first two, what is set and what goes. -1
 * leaves *a for alter_fini.
 */
int v23_alter(
    const void *p, size_t len, int type, struct alter *a, struct err *e);

/*
 * What a client's request of this type takes away: one of the kinds that
 * format.h names. Passwords, which others have, are not looked at.
 */
int v23_removal(
    const void *p, size_t len, int type, struct removal *x, struct err *e);

/* CreateCollection's virtual channels, by shard, appended. */
int v23_vchannels(
    const void *p, size_t len, struct spans *names, struct err *e);

#endif
