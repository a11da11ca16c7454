#include <stdlib.h>
#include <string.h>

#include "messages.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "catlog/priv.h"

/*
 * Users, roles and privilege groups: a message says what was added or taken,
 * a line what there is now. So what the catalogue has is changed in a copy.
 */

static const char metadata[] = "Privilege"; /* before it, in etcd's keys */

/* A copy of the list that one has, or an empty one. */
static json_t *
list_of(json_t *all, const char *name, const char *list)
{
	json_t *v = json_object_get(json_object_get(all, name), list);

	return v == NULL ? json_array() : json_deep_copy(v);
}

static void
line(struct catlog *l, const char *kind, const char *name, const char *list,
    json_t *own_items)
{
	struct jsonw *w = catlog_open(l, kind, own_items == NULL);

	jw_str(w, "name", name);
	if (own_items != NULL)
		jw_value(w, list, own_items);
	catlog_close(l);
	json_decref(own_items);
}

static const char *
name_of(const Pb__Name *n)
{
	return n == NULL ? "" : n->name;
}

static ptrdiff_t
find(const json_t *list, const json_t *item,
    int (*same)(const json_t *a, const json_t *b))
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (same(json_array_get(list, i), item))
			return (ptrdiff_t)i;
	return -1;
}

static int
equal(const json_t *a, const json_t *b)
{
	return json_equal(a, b);
}

/* Put an item into a list, or take it out. */
static void
change(json_t *list, json_t *own_item, int gone,
    int (*same)(const json_t *a, const json_t *b))
{
	ptrdiff_t at = find(list, own_item, same);

	if (gone && at != -1)
		json_array_remove(list, (size_t)at);
	if (!gone && at == -1)
		json_array_append(list, own_item);
	json_decref(own_item);
}

/* One that is there keeps its roles or grants. */
int
catlog_entity(struct catlog *l)
{
	int user = l->m->kind == MSG_ALTER_USER || l->m->kind == MSG_DROP_USER;
	int gone = l->m->kind == MSG_DROP_USER || l->m->kind == MSG_DROP_ROLE;
	const char *kind = user ? "user" : "role";
	const char *list = user ? "roles" : "grants";
	json_t *all = user ? l->c->users : l->c->roles;
	Pb__EntityHeader *h;
	Pb__Name *n;

	if (gone) { /* {name 1} itself */
		if ((n = catlog_header(l, &pb__name__descriptor)) == NULL)
			return -1;
		line(l, kind, n->name, list, NULL);
		catlog_free(n);
		return 0;
	}
	if ((h = catlog_header(l, &pb__entity_header__descriptor)) == NULL)
		return -1;
	line(l, kind, name_of(h->entity), list,
	    list_of(all, name_of(h->entity), list));
	catlog_free(h);
	return 0;
}

int
catlog_user_role(struct catlog *l)
{
	Pb__UserRoleHeader *h =
	    catlog_header(l, &pb__user_role_header__descriptor);
	const Pb__UserRole *b = h == NULL ? NULL : h->role_binding;
	const char *user = b == NULL ? "" : name_of(b->user);
	json_t *roles;

	if (h == NULL)
		return -1;
	roles = list_of(l->c->users, user, "roles");
	change(roles, json_string(b == NULL ? "" : name_of(b->role)),
	    l->m->kind == MSG_DROP_USER_ROLE, equal);
	line(l, "user", user, "roles", roles);
	catlog_free(h);
	return 0;
}

static const char *
text(const json_t *grant, const char *key)
{
	const char *s = json_string_value(json_object_get(grant, key));

	return s == NULL ? "" : s;
}

/* etcd has "PrivilegeInsert", and for a group of that name another word. */
static const char *
bare(const char *privilege)
{
	static const char *const heads[] = { "PrivilegeGroup", metadata };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (strncmp(privilege, heads[i], strlen(heads[i])) == 0)
			return privilege + strlen(heads[i]);
	return privilege;
}

/* Who has granted it makes no other grant of it. */
static int
same_grant(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "object", "object_name", "db" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(text(a, keys[i]), text(b, keys[i])) != 0)
			return 0;
	return strcmp(bare(text(a, "privilege")), bare(text(b, "privilege"))) ==
	       0;
}

static json_t *
grant(const Pb__GrantEntity *g)
{
	const Pb__GrantorEntity *by = g->grantor;
	char *privilege = x_asprintf(
	    "%s%s", metadata, by == NULL ? "" : name_of(by->privilege));
	json_t *j =
	    json_pack("{s:s,s:s,s:s,s:s,s:s}", "object", name_of(g->object),
		"object_name", g->object_name, "privilege", privilege, "db",
		g->db_name, "user", by == NULL ? "" : name_of(by->user));

	free(privilege);
	return j;
}

int
catlog_privilege(struct catlog *l)
{
	Pb__PrivilegeHeader *h =
	    catlog_header(l, &pb__privilege_header__descriptor);
	const char *role;
	json_t *grants;

	if (h == NULL)
		return -1;
	if (h->entity == NULL) {
		catlog_free(h);
		return err_set(l->e, ERR_DATA, "it has no grant");
	}
	role = name_of(h->entity->role);
	grants = list_of(l->c->roles, role, "grants");
	change(grants, grant(h->entity), l->m->kind == MSG_DROP_PRIVILEGE,
	    same_grant);
	line(l, "role", role, "grants", grants);
	catlog_free(h);
	return 0;
}

static void
group_line(struct catlog *l, const Pb__PrivilegeGroup *g, int gone)
{
	json_t *list = list_of(l->c->groups, g->group_name, "privileges");

	for (size_t i = 0; i < g->n_privileges; i++)
		change(list, json_string(g->privileges[i]->name), gone, equal);
	if (gone && g->n_privileges == 0) { /* the group itself */
		json_decref(list);
		list = NULL;
	}
	line(l, "privilege_group", g->group_name, "privileges", list);
}

int
catlog_group(struct catlog *l)
{
	Pb__PrivilegeGroupHeader *h =
	    catlog_header(l, &pb__privilege_group_header__descriptor);

	if (h == NULL)
		return -1;
	if (h->privilege_group_info != NULL)
		group_line(l, h->privilege_group_info,
		    l->m->kind == MSG_DROP_PRIVILEGE_GROUP);
	catlog_free(h);
	return 0;
}

/* A role with what it has and what comes back to it. */
static void
restored_role(struct catlog *l, const char *role, const Pb__RestoredRBAC *r)
{
	json_t *grants = list_of(l->c->roles, role, "grants");

	for (size_t i = 0; i < r->n_grants; i++)
		if (strcmp(name_of(r->grants[i]->role), role) == 0)
			change(grants, grant(r->grants[i]), 0, same_grant);
	line(l, "role", role, "grants", grants);
}

int
catlog_rbac(struct catlog *l)
{
	Pb__RestoreRBACBody *b =
	    catlog_body(l, &pb__restore_rbacbody__descriptor);
	const Pb__RestoredRBAC *r = b == NULL ? NULL : b->rbac_meta;

	for (size_t i = 0; r != NULL && i < r->n_privilege_groups; i++)
		group_line(l, r->privilege_groups[i], 0);
	for (size_t i = 0; r != NULL && i < r->n_roles; i++)
		restored_role(l, r->roles[i]->name, r);
	for (size_t i = 0; r != NULL && i < r->n_users; i++) {
		const Pb__RestoredUser *u = r->users[i];
		json_t *roles = list_of(l->c->users, u->user, "roles");

		for (size_t k = 0; k < u->n_roles; k++)
			change(roles, json_string(u->roles[k]->name), 0, equal);
		line(l, "user", u->user, "roles", roles);
	}
	catlog_free(b);
	return b == NULL ? -1 : 0;
}
