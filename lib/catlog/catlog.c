#include "catlog/catlog.h"

#include <string.h>

#include "messages.pb-c.h"

#include "base/err.h"
#include "catlog/priv.h"
#include "meta/value.h"

/* Databases: created or altered, the properties are all that it has. */
static int
database(struct catlog *l)
{
	int gone = l->m->kind == MSG_DROP_DATABASE;
	Pb__DatabaseHeader *h =
	    catlog_header(l, &pb__database_header__descriptor);
	Pb__DatabaseBody *b =
	    h == NULL ? NULL : catlog_body(l, &pb__database_body__descriptor);
	struct jsonw *w;

	if (b != NULL) {
		w = catlog_open(l, "database", gone);
		jw_i64s(w, "id", h->db_id);
		jw_str(w, "name", h->db_name);
		catlog_state(l, gone ? "dropped" : "created");
		metavalue_write_kvs(
		    w, "properties", b->properties, b->n_properties);
		catlog_close(l);
	}
	catlog_free(h);
	catlog_free(b);
	return b == NULL ? -1 : 0;
}

static void
alias_line(struct catlog *l, int64_t db_id, const char *db, const char *name,
    int64_t coll)
{
	struct jsonw *w;

	for (size_t i = 0; i < l->c->n_aliases; i++) {
		const struct cat_alias *a = &l->c->aliases[i];

		if (a->db_id == db_id && strcmp(a->name, name) == 0 &&
		    a->ts >= l->m->ts)
			return;
	}
	w = catlog_open(l, "alias", coll == 0);
	jw_str(w, "db", db);
	jw_i64s(w, "db_id", db_id);
	jw_str(w, "name", name);
	if (coll != 0)
		jw_i64s(w, "coll_id", coll);
	catlog_state(l, coll == 0 ? "dropped" : "created");
	catlog_close(l);
}

static int
alter_alias(struct catlog *l)
{
	Pb__AlterAliasHeader *h =
	    catlog_header(l, &pb__alter_alias_header__descriptor);

	if (h == NULL)
		return -1;
	alias_line(l, h->db_id, h->db_name, h->alias, h->collection_id);
	catlog_free(h);
	return 0;
}

static int
drop_alias(struct catlog *l)
{
	Pb__DropAliasHeader *h =
	    catlog_header(l, &pb__drop_alias_header__descriptor);

	if (h == NULL)
		return -1;
	alias_line(l, h->db_id, h->db_name, h->alias, 0);
	catlog_free(h);
	return 0;
}

static const struct {
	enum msg_kind kind;
	int (*lines)(struct catlog *l);
} kinds[] = {
	{ MSG_CREATE_COLLECTION, catlog_create_collection },
	{ MSG_DROP_COLLECTION, catlog_drop_collection },
	{ MSG_CREATE_PARTITION, catlog_partition },
	{ MSG_DROP_PARTITION, catlog_partition },
	{ MSG_ALTER_COLLECTION, catlog_alter_collection },
	{ MSG_TRUNCATE_COLLECTION, catlog_truncate },
	{ MSG_ALTER_LOAD, catlog_load },
	{ MSG_DROP_LOAD, catlog_load },
	{ MSG_CREATE_DATABASE, database },
	{ MSG_ALTER_DATABASE, database },
	{ MSG_DROP_DATABASE, database },
	{ MSG_ALTER_ALIAS, alter_alias },
	{ MSG_DROP_ALIAS, drop_alias },
	{ MSG_CREATE_INDEX, catlog_index },
	{ MSG_ALTER_INDEX, catlog_index },
	{ MSG_DROP_INDEX, catlog_drop_index },
	{ MSG_RESTORE_RBAC, catlog_rbac },
	{ MSG_ALTER_USER, catlog_entity },
	{ MSG_DROP_USER, catlog_entity },
	{ MSG_ALTER_ROLE, catlog_entity },
	{ MSG_DROP_ROLE, catlog_entity },
	{ MSG_ALTER_USER_ROLE, catlog_user_role },
	{ MSG_DROP_USER_ROLE, catlog_user_role },
	{ MSG_ALTER_PRIVILEGE, catlog_privilege },
	{ MSG_DROP_PRIVILEGE, catlog_privilege },
	{ MSG_ALTER_PRIVILEGE_GROUP, catlog_group },
	{ MSG_DROP_PRIVILEGE_GROUP, catlog_group },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

int
catlog_lines(
    const struct cat *c, const struct msg *m, struct buf *lines, struct err *e)
{
	struct catlog l = { .c = c, .m = m, .w = { .b = lines }, .e = e };
	size_t i = 0;

	while (i < KINDS && kinds[i].kind != m->kind)
		i++;
	if (i == KINDS)
		return err_set(
		    e, ERR_DATA, "%s is no change of a catalogue", m->name);
	return kinds[i].lines(&l) == -1 ? err_wrap(e, "%s", m->name) : 0;
}
