#include "meta/position.h"

#include "base/err.h"
#include "base/num.h"
#include "codec/pb_read.h"
#include "model/mq_id.h"

/*
 * Kafka's offset and RocksMQ's id are 8 bytes little-endian. RocksMQ makes its
 * ids of the clock, so they are as great as timestamps; no topic has so many
 * records.
 */
#define OFFSET_END (UINT64_C(1) << 48)

/*
 * Pulsar's MessageIdData (ledgerId 1, entryId 2, partition 3, batch_index 4)
 * and Woodpecker's LogMessageIdData (segment 1, entry 2) are protobuf, and can
 * be 8 bytes long, too: a small Pulsar id is 08 01 10 07 18 00 20 00. As a
 * number that is above OFFSET_END, since a varint does not end in a zero byte
 * unless it is one. The greatest field number, 0: it is none of them.
 */
static uint32_t
last_field(const ProtobufCBinaryData *id)
{
	struct pbwalk w = pbwalk_init(id->data, id->len);
	uint32_t last = 0;
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.wire != PB_VARINT || f.field <= last)
			return 0;
		last = f.field;
	}
	return rc == -1 ? 0 : last;
}

static const char *
of_protobuf(const ProtobufCBinaryData *id)
{
	uint32_t last = last_field(id);

	if (last == 0)
		return NULL;
	return last > 2 ? "Pulsar" : "Pulsar or Woodpecker";
}

static const char *
queue_of(const ProtobufCBinaryData *id, int wal)
{
	static const char *const names[] = { [WAL_ROCKSMQ] = "RocksMQ",
		[WAL_PULSAR] = "Pulsar",
		[WAL_WOODPECKER] = "Woodpecker" };
	const char *name;

	if (wal > 0 && wal <= WAL_WOODPECKER && names[wal] != NULL)
		return names[wal];
	if (id->len > 0 && id->data[0] == 0x08 &&
	    (name = of_protobuf(id)) != NULL)
		return name;
	return id->len == 8 ? "RocksMQ" : "unknown";
}

int
position_offset(
    const ProtobufCBinaryData *id, int wal, int64_t *offset, struct err *e)
{
	uint64_t n = id->len == 8 ? num_le64(id->data) : OFFSET_END;

	*offset = (int64_t)n;
	if ((wal == 0 || wal == WAL_KAFKA) && n < OFFSET_END)
		return 0;
	return position_refuse(queue_of(id, wal), e);
}

int
position_wal(const ProtobufCBinaryData *id)
{
	struct err ignored;
	int64_t offset;

	if (position_offset(id, 0, &offset, &ignored) == 0)
		return WAL_KAFKA;
	if (id->len > 0 && id->data[0] == 0x08 && of_protobuf(id) != NULL)
		return last_field(id) > 2 ? WAL_PULSAR : WAL_WOODPECKER;
	return id->len == 8 ? WAL_ROCKSMQ : id->len == 0 ? WAL_WOODPECKER : 0;
}

int
position_refuse(const char *queue, struct err *e)
{
	return err_set(e, ERR_DATA,
	    "the log of this source is %s, which this program does not read "
	    "(want Kafka)",
	    queue);
}
