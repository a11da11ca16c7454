#include "apply/priv.h"

#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"

static int
exists_elsewhere(const struct mv_status *s)
{
	return s->code == MVC_ALIAS_EXISTS ||
	       strstr(s->reason, "alias") != NULL;
}

/* Makes the alias, or moves it from another collection. */
static int
put(struct apply *a, const char *first, const char *second, struct err *e)
{
	const char *alias;
	struct mv_status s;
	int rc;

	if (opline_str(&a->op, "alias", &alias, e) == -1)
		return -1;
	if (identity_has(a, a->db, alias)) {
		log_info("alias '%s' is a collection by now",
		    apply_label(a->db, alias, NULL));
		return 0;
	}
	rc = name_call(a, first, a->db, a->coll, alias, &s, e);
	if (rc == 1 && (s.class == MV_ABSENT || exists_elsewhere(&s)))
		rc = name_call(a, second, a->db, a->coll, alias, &s, e);
	return rc == 1 ? apply_refused(
			     second, apply_label(a->db, a->coll, alias), &s, e)
		       : rc;
}

int
do_create_alias(struct apply *a, struct err *e)
{
	return put(a, "CreateAlias", "AlterAlias", e);
}

int
do_alter_alias(struct apply *a, struct err *e)
{
	return put(a, "AlterAlias", "CreateAlias", e);
}

int
do_drop_alias(struct apply *a, struct err *e)
{
	Pb__DropAliasRequest req = PB__DROP_ALIAS_REQUEST__INIT;
	const char *alias, *db = names_db(&a->conf->rename, a->op.db.ptr);

	if (opline_str(&a->op, "alias", &alias, e) == -1)
		return -1;
	req.db_name = mv_str(db);
	req.alias = mv_str(alias);
	return apply_must(
	    a, "DropAlias", apply_label(db, alias, NULL), &req.base, 1, e);
}
