#include "format/msg.h"

#include <stdlib.h>
#include <string.h>

enum msg_use
msg_use(enum msg_kind kind)
{
	if (kind >= MSG_CREATE_COLLECTION)
		return MSG_USE_DDL;
	if (kind >= MSG_IMPORT)
		return MSG_USE_GAP;
	if (kind >= MSG_BEGIN)
		return MSG_USE_TXN;
	if (kind >= MSG_FLUSH)
		return MSG_USE_FLUSH;
	if (kind >= MSG_INSERT)
		return MSG_USE_ROWS;
	return kind == MSG_TICK   ? MSG_USE_TICK
	       : kind == MSG_TOLD ? MSG_USE_TOLD
				  : MSG_USE_NONE;
}

void
alter_fini(struct alter *a)
{
	spans_fini(&a->keys);
	spans_fini(&a->values);
	spans_fini(&a->gone);
}

void
spans_fini(struct spans *s)
{
	free(s->v);
	memset(s, 0, sizeof *s);
}
