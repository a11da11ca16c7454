#include "base/log.h"
#include "verify/priv.h"

int
verify_included(const struct verify_conf *c, const char *db, const char *coll)
{
	return (c->include.n == 0 || patterns_match(&c->include, db, coll)) &&
	       !patterns_match(&c->exclude, db, coll);
}

int
verify_meets(struct verify *v, struct err *e)
{
	const char *of = v->conf->nbackup > 0 ? "the files" : "either side";

	struct buf b = { 0 };

	v->nothing = meets_check(&v->meets, of, v->conf->allow_none, e) == -1;
	/* under another name, what it renames counts as missing or extra */
	if (!v->nothing && names_unmet(&v->conf->rename, &b) > 0)
		log_warn("%s meets nothing that is compared", b.ptr);
	buf_fini(&b);
	return v->nothing ? -1 : 0;
}
