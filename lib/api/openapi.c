#include <string.h>

#include "api/priv.h"
#include "base/buf.h"

/* lib/api/openapi.json, the description of all requests and answers. */
static const unsigned char document[] = {
#include "openapi.json.inc"
};

/* Stands in the document for the version. */
#define MARK "@VERSION@"

int
plain_openapi(struct call *c)
{
	struct buf *b = &c->r->body;
	const unsigned char *mark =
	    memmem(document, sizeof document, MARK, sizeof MARK - 1);
	const unsigned char *rest = document;

	if (mark != NULL) {
		buf_add(b, document, (size_t)(mark - document));
		buf_adds(b, VERSION);
		rest = mark + sizeof MARK - 1;
	}
	buf_add(b, rest, (size_t)(document + sizeof document - rest));
	return 0;
}
