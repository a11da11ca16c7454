#include <string.h>

#include "base/clock.h"
#include "catalogue/cat.h"
#include "model/source.h"
#include "model/tso.h"

/*
 * What the log tells is in etcd later, or not at all: a truncation is no change
 * of a collection there. So it is no sign by which etcd can be known again.
 *
 * etcd has the newest change of a live collection. But Milvus may remove its
 * snapshots (suffix_snapshot.go), and then the change seems to be as old as the
 * collection. Milvus does not do this within an hour.
 */
enum { FORGETS_MS = 3600000 };

void
cat_source(const struct cat *c, struct source *s)
{
	memset(s, 0, sizeof *s);
	memcpy(s->etcd, c->etcd, sizeof s->etcd);
	s->rev = c->rev;
	s->born = c->born;
	for (size_t i = 0; i < c->n_colls; i++) {
		const struct cat_coll *k = c->colls[i];

		if (k->state != CAT_CREATED || k->kept_ts < s->ts ||
		    k->kept_ts == 0)
			continue;
		s->coll = k->id;
		s->ts = k->kept_ts;
	}
}

int
cat_remembers(const struct cat *c, const struct source *s)
{
	const struct cat_coll *k = cat_coll(c, s->coll);

	if (!cat_knows(k))
		return -1;
	return k->ts >= s->ts ||
	       (k->ts == k->create_ts &&
		   tso_ms(s->ts) + FORGETS_MS < clock_unix_ms());
}
