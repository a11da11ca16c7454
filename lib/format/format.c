#include "format/format.h"

#include <stddef.h>

#include "base/err.h"

/* The newest first: a newer one marks its records, the oldest takes the rest.
 */
static const struct format *const formats[] = { &format_v26, &format_v23 };

enum { FORMATS = sizeof formats / sizeof *formats };

static const struct format *
find(const struct record *r)
{
	size_t i = 0;

	while (i < FORMATS - 1 && !formats[i]->is(r))
		i++;
	return formats[i];
}

const struct format *
format_of(const struct record *r, const char *topic, struct err *e)
{
	const struct format *f = find(r);

	if (f->decode != NULL)
		return f;
	err_set(e, ERR_DATA,
	    "topic '%s' offset %s: source writes the %s %s, which this "
	    "program does not read",
	    topic, MQ_TEXT(r->id), f->versions, f->name);
	return NULL;
}

int
format_peek(struct record *r, struct msg *m)
{
	const struct format *f = find(r);
	struct err ignored = { 0 };

	return f->decode == NULL ? -1 : f->decode(r, m, &ignored);
}

const struct format *
format_of_version(int version)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (version >= formats[i]->first)
			return formats[i];
	return NULL;
}

void
format_versions(struct buf *b)
{
	const char *comma = "";

	for (size_t i = FORMATS; i-- > 0;) {
		if (formats[i]->decode == NULL)
			continue;
		buf_addf(b, "%s%s", comma, formats[i]->versions);
		comma = ", ";
	}
}
