#include "milvus/count.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "milvus/client.h"
#include "service.pb-c.h"

int
milvus_rows(struct milvus *m, const char *db, const char *coll, uint64_t *n,
    struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;
	const Pb__GetCollectionStatisticsResponse *r;
	ProtobufCMessage *out = NULL;
	struct mv_status s;
	struct err ignored;
	int rc;

	*n = 0;
	req.db_name = mv_str(db);
	req.collection_name = mv_str(coll);
	rc = milvus_call(m, "GetCollectionStatistics", &req.base,
	    &pb__get_collection_statistics_response__descriptor, &out, &s, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	r = (const Pb__GetCollectionStatisticsResponse *)(const void *)out;
	for (size_t i = 0; i < r->n_stats; i++)
		if (strcmp(r->stats[i]->key, "row_count") == 0 &&
		    num_u64(r->stats[i]->value, 0, UINT64_MAX, n, &ignored) ==
			-1)
			*n = 0;
	protobuf_c_message_free_unpacked(out, NULL);
	return 0;
}
