#include "format/format.h"

#include <stddef.h>

#include "base/err.h"

/* The newest first: a newer one marks its records, the oldest takes the rest.
 */
static const struct format *const formats[] = { &format_v26, &format_v23 };

enum { FORMATS = sizeof formats / sizeof *formats };

const struct format *
format_of(const struct record *r)
{
	size_t i = 0;

	while (i < FORMATS - 1 && !formats[i]->is(r))
		i++;
	return formats[i];
}

int
format_peek(struct record *r, struct msg *m)
{
	struct err ignored = { 0 };

	return format_of(r)->decode(r, m, &ignored);
}

const struct format *
format_of_version(int version)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (version >= formats[i]->first && version <= formats[i]->last)
			return formats[i];
	return NULL;
}

void
format_versions(struct buf *b)
{
	const char *comma = "";

	for (size_t i = FORMATS; i-- > 0; comma = ", ")
		buf_addf(b, "%s%s", comma, formats[i]->versions);
}
