#include "format/format.h"

/* The property of message.Version in pkg/streaming of 2.6; FORMATS 5. */
static int
is_v26(const struct record *r)
{
	struct span v;

	return record_header(r, "_v", &v) && v.len > 0;
}

const struct format format_v26 = {
	.name = "streaming log",
	.versions = "2.6",
	.first = 2006,
	.is = is_v26,
};
