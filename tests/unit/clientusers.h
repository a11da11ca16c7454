#ifndef CDC_CLIENTUSERS_H
#define CDC_CLIENTUSERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/cat.h"

/* The part of clientcalls.h about users, roles and groups of privileges. */

/* What the client said: texts of a call. */

static inline const char *
arg(const json_t *call, size_t i)
{
	return json_string_value(
	    json_array_get(json_object_get(call, "args"), i));
}

static inline const json_t *
kw(const json_t *call, const char *key)
{
	return json_object_get(json_object_get(call, "kw"), key);
}

static inline const char *
str(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static inline int
is_true(const json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

/* Is this text in that list of a user, role or group? */
static inline int
lists(json_t *all, const char *name, const char *list, const char *text)
{
	json_t *v = json_object_get(json_object_get(all, name), list), *x;
	size_t i;

	json_array_foreach(
	    v, i, x) if (strcmp(json_string_value(x), text) == 0) return 1;
	return 0;
}

static inline int
create_user(const struct cat *c, const json_t *call)
{
	return json_object_get(c->users, arg(call, 0)) != NULL;
}

static inline int
drop_user(const struct cat *c, const json_t *call)
{
	return json_object_get(c->users, arg(call, 0)) == NULL;
}

static inline int
create_role(const struct cat *c, const json_t *call)
{
	return json_object_get(c->roles, arg(call, 0)) != NULL;
}

static inline int
drop_role(const struct cat *c, const json_t *call)
{
	return json_object_get(c->roles, arg(call, 0)) == NULL;
}

static inline int
grant_role(const struct cat *c, const json_t *call)
{
	return lists(c->users, arg(call, 0), "roles", arg(call, 1));
}

static inline int
revoke_role(const struct cat *c, const json_t *call)
{
	return !lists(c->users, arg(call, 0), "roles", arg(call, 1));
}

/* The role's grants of a privilege; as etcd has it, with "Privilege". */
static inline json_t *
granted(const struct cat *c, const char *role, const char *privilege)
{
	json_t *v = json_object_get(json_object_get(c->roles, role), "grants");
	json_t *x;
	size_t i;

	json_array_foreach(v, i,
	    x) if (strncmp(str(x, "privilege"), "Privilege", 9) == 0 &&
		   strcmp(str(x, "privilege") + 9, privilege) == 0) return x;
	return NULL;
}

static inline int
grant(const struct cat *c, const json_t *call)
{
	const json_t *g = granted(c, arg(call, 0), arg(call, 1));

	return g != NULL && strcmp(str(g, "object_name"), arg(call, 2)) == 0 &&
	       strcmp(str(g, "db"), json_string_value(kw(call, "db_name"))) ==
		   0;
}

static inline int
take_back(const struct cat *c, const json_t *call)
{
	return granted(c, arg(call, 0), arg(call, 1)) == NULL;
}

/* role, object, privilege, name */
static inline int
grant_old(const struct cat *c, const json_t *call)
{
	const json_t *g = granted(c, arg(call, 0), arg(call, 2));

	return g != NULL && strcmp(str(g, "object"), arg(call, 1)) == 0 &&
	       strcmp(str(g, "object_name"), arg(call, 3)) == 0 &&
	       strcmp(str(g, "db"), "default") == 0 &&
	       strcmp(str(g, "user"), "root") == 0;
}

static inline int
revoke_old(const struct cat *c, const json_t *call)
{
	return granted(c, arg(call, 0), arg(call, 2)) == NULL;
}

static inline int
create_group(const struct cat *c, const json_t *call)
{
	return json_object_get(c->groups, arg(call, 0)) != NULL;
}

static inline int
drop_group(const struct cat *c, const json_t *call)
{
	return json_object_get(c->groups, arg(call, 0)) == NULL;
}

static inline int
group_has(const struct cat *c, const json_t *call, int want)
{
	json_t *v = json_array_get(json_object_get(call, "args"), 1), *x;
	size_t i;

	json_array_foreach(
	    v, i, x) if (lists(c->groups, arg(call, 0), "privileges",
			     json_string_value(x)) != want) return 0;
	return create_group(c, call);
}

static inline int
extend_group(const struct cat *c, const json_t *call)
{
	return group_has(c, call, 1);
}

static inline int
shrink_group(const struct cat *c, const json_t *call)
{
	return group_has(c, call, 0);
}

#endif
