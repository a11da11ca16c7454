#include "mq/dump_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/pb_read.h"
#include "codec/pb_write.h"

/*
 * MessageID.id by queue, pkg/streaming/walimpls/impls/NAME/message_id.go of
 * Milvus 2.6: a number in base 36 of Kafka and RocksMQ; of Pulsar base64 of
 * MessageIdData {1 ledgerId, 2 entryId, 3 partition, 4 batch_index}, of
 * Woodpecker base64 of LogMessageIdData {1 segId, 2 entryId}.
 */

static int
read_offset(const struct span *text, struct mq_id *id, struct err *e)
{
	uint64_t v = 0;
	int first = text->len == 1 && *text->ptr == '0';

	if (!first && num_base36(text->ptr, text->len, &v, e) == -1)
		return -1;
	if (v > INT64_MAX)
		return err_set(e, ERR_DATA, "it is too large");
	*id = mq_id_offset((int64_t)v);
	return 0;
}

static int
read_ledger(const struct span *text, struct mq_id *id, struct err *e)
{
	uint8_t bytes[MQ_MARK_ID];
	ptrdiff_t n = -1;
	struct pbwalk w;
	struct pbfield f;
	int rc = -1;

	*id = (struct mq_id){ .kind = MQ_LEDGER, .batch = -1 };
	if (b64_max(text->len) <= sizeof bytes)
		n = b64_get(text->ptr, text->len, bytes);
	if (n != -1) {
		w = pbwalk_init(bytes, (size_t)n);
		while ((rc = pbwalk_next(&w, &f)) == 1) {
			if (f.wire != PB_VARINT)
				continue;
			if (f.field == 1)
				id->ledger = (int64_t)f.num;
			else if (f.field == 2)
				id->entry = (int64_t)f.num;
			else if (f.field == 4)
				id->batch = (int32_t)f.num;
		}
	}
	if (rc == -1 || id->ledger < 0 || id->entry < 0)
		return err_set(e, ERR_DATA, "it is no id");
	return 0;
}

int
dump_id_read(const struct span *text, int wal, struct mq_id *id, struct err *e)
{
	int rc;

	switch (wal) {
	case WAL_KAFKA:
	case WAL_ROCKSMQ:
		rc = read_offset(text, id, e);
		break;
	case WAL_PULSAR:
	case WAL_WOODPECKER:
		rc = read_ledger(text, id, e);
		break;
	default:
		rc = err_set(e, ERR_DATA,
		    "it is of queue %d (WALName), which this program does not "
		    "know",
		    wal);
		break;
	}
	return rc == -1
		   ? err_wrap(e, "message id '%.*s'",
			 (int)(text->len < MQ_MARK_ID ? text->len : MQ_MARK_ID),
			 text->ptr)
		   : 0;
}

void
dump_base36(uint64_t v, char text[BASE36_MAX])
{
	char digits[16];
	size_t n = 0, i = 0;

	do
		digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
	while ((v /= 36) != 0);
	while (n > 0)
		text[i++] = digits[--n];
	text[i] = '\0';
}

/* All numbers stand there, zeros too: an empty id is refused. */
static void
ledger_zero(int wal, char text[MQ_MARK_ID])
{
	struct buf b = { 0 }, t = { 0 };

	for (uint32_t field = 1; field <= (wal == WAL_PULSAR ? 4 : 2); field++)
		pbw_u64(&b, field, 0);
	b64_add(&t, b.ptr, b.len);
	snprintf(text, MQ_MARK_ID, "%s", t.ptr);
	buf_fini(&b);
	buf_fini(&t);
}

int
dump_id_earliest(int wal, char text[MQ_MARK_ID], struct err *e)
{
	if (wal_name(wal) == NULL)
		return err_set(e, ERR_DATA,
		    "which queue the log is in is not known (\"wal\" of the "
		    "catalogue's pchannels)");
	if (wal == WAL_KAFKA || wal == WAL_ROCKSMQ)
		dump_base36(0, text);
	else
		ledger_zero(wal, text);
	return 0;
}
