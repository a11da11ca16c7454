#include "milvus/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/pb_read.h"

/* milvus.proto MutationResult */
enum { ERR_INDEX = 4, INSERT_CNT = 6, DELETE_CNT = 7, UPSERT_CNT = 8 };

static const struct {
	const char *method;
	uint32_t field;
} counts[] = {
	{ "Insert", INSERT_CNT },
	{ "Upsert", UPSERT_CNT },
	{ "Delete", DELETE_CNT },
};

static uint32_t
field_of(const char *method)
{
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (strcmp(counts[i].method, method) == 0)
			return counts[i].field;
	return 0;
}

/*
 * Milvus 2.3.5 counts what it received: a key that is twice in a request twice,
 * and keys of a delete even if they are absent.
 */
void
milvus_taken(const struct grpc_result *r, const char *method, size_t n,
    struct mv_status *s)
{
	struct pbwalk w = pbwalk_init(r->ptr, r->len);
	uint32_t count = field_of(method);
	uint64_t taken = 0, bad = 0;
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1) {
		if (f.field == count && f.wire == PB_VARINT)
			taken = f.num;
		else if (f.field == ERR_INDEX && f.wire == PB_VARINT)
			bad++;
		else if (f.field == ERR_INDEX && f.wire == PB_BYTES)
			bad += (uint64_t)pbwalk_count(f.ptr, f.len);
	}
	if (rc == 0 && bad == 0 && taken == n)
		return;
	s->class = MV_FAIL;
	if (rc == -1)
		snprintf(s->reason, sizeof s->reason,
		    "an answer that is not what Milvus says");
	else if (bad > 0)
		snprintf(s->reason, sizeof s->reason,
		    "it says yes, and that it has not taken %" PRIu64 " of %zu",
		    bad, n);
	else
		snprintf(s->reason, sizeof s->reason,
		    "it says yes, and that it has taken %" PRIu64 " of %zu",
		    taken, n);
}
