#include <inttypes.h>

#include "base/log.h"
#include "ddl/priv.h"
#include "model/tso.h"

/*
 * The rows of a bulk import are in the source and in no log. So an import is
 * only reported, and counted in `known` of its collection.
 */

void
ddl_imports_from(struct ddl *d, int64_t rev, uint64_t ts)
{
	d->imports_rev = rev;
	d->imports_ts = ts;
}

/*
 * 1 if an import that was completed at the start is older than the place where
 * the stream begins. create_ts has whole seconds: an import that may be on
 * either side counts as missing.
 */
static int
is_older(const struct ddl *d, const struct cat_import *m)
{
	const struct view_coll *v = view_coll(d->c.view, m->coll_id);

	if (d->imports_rev > 0)
		return m->mod <= d->imports_rev ||
		       (v != NULL && m->mod <= v->imported.rev);
	return m->create_ts + tso_from_ms(999) < d->imports_ts;
}

static void
tell(struct view_coll *v, const struct cat_import *m)
{
	v->imported.n++;
	v->imported.rows += m->rows;
	if (m->mod > v->imported.rev)
		v->imported.rev = m->mod;
	if (m->create_ts > v->imported.ts)
		v->imported.ts = m->create_ts;
	v->changed = 1;
	log_warn("import %" PRId64 " has put %" PRId64
		 " rows into '%s.%s' at the source, which are in no log: the "
		 "target lacks them until the same files (cdc-meta -k import "
		 "has them) are imported there, too",
	    m->id, m->rows, v->db, v->name);
}

void
ddl_imports(struct ddl *d)
{
	struct cat *c = d->c.cat;

	for (size_t i = 0; i < c->n_imports; i++) {
		struct cat_import *m = &c->imports[i];
		struct view_coll *v;

		if (m->done && !m->judged) {
			m->judged = 1;
			m->missing = d->imports_judged || !is_older(d, m);
		}
		v = m->missing ? view_coll(d->c.view, m->coll_id) : NULL;
		if (v == NULL)
			continue; /* the collection may be created later */
		m->missing = 0;
		tell(v, m);
	}
	d->imports_judged = 1;
}
