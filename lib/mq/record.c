#include "mq/record.h"

#include <stdlib.h>
#include <string.h>

int
record_header(const struct record *r, const char *name, struct span *v)
{
	return r->headers != NULL && r->headers->get(r->headers, name, v);
}

void
record_drop(struct record *r)
{
	free(r->own);
	free(r->kept);
	r->own = r->kept = NULL;
	r->ptr = NULL;
}

void
record_free(struct record *r)
{
	record_drop(r);
	memset(r, 0, sizeof *r);
}
