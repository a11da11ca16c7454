#include "milvus/born.h"

#include <stddef.h>

#include "milvus/inventory.h"

int
milvus_ask_born(struct milvus *m, uint64_t *born, struct err *e)
{
	struct mv_status s;

	*born = 0;
	return milvus_databases(m, NULL, born, &s, e) == -1 ? -1 : 0;
}
