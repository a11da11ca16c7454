#include "ddl/priv.h"

int
ddl_gone(const struct ddl *d, const struct cat_coll *c)
{
	return (c->state == CAT_DROPPING || c->state == CAT_DROPPED) &&
	       c->ts <= d->until;
}

int
ddl_part_gone(const struct ddl *d, const struct cat_part *p)
{
	return (p->state == CAT_DROPPING || p->state == CAT_DROPPED) &&
	       p->ts <= d->until;
}

int
ddl_included(struct ddl *d, struct cat_coll *c)
{
	if (!c->included)
		c->included = d->c.want(d->c.arg, c->db, c->name, c->id) ||
			      view_coll(d->c.view, c->id) != NULL;
	return c->included;
}
