#include "milvus/born.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "milvus/client.h"
#include "model/names.h"
#include "service.pb-c.h"

uint64_t
milvus_born(const struct Pb__NamesResponse *r)
{
	for (size_t i = 0; i < r->n_names && i < r->n_created_timestamp; i++)
		if (strcmp(r->names[i], DEFAULT_DB) == 0 &&
		    r->created_timestamp[i] < INT64_MAX)
			return r->created_timestamp[i];
	return 0;
}

int
milvus_ask_born(struct milvus *m, uint64_t *born, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	struct mv_status s = { 0 };
	int rc = milvus_call(m, "ListDatabases", &req.base,
	    &pb__names_response__descriptor, &out, &s, e);

	*born = 0;
	if (rc == 0)
		*born =
		    milvus_born((const Pb__NamesResponse *)(const void *)out);
	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	return rc == -1 ? -1 : 0;
}
