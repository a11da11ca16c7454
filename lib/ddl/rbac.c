#include "ddl/rbac.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "model/op_write.h"

struct rbac {
	struct emit *emit;
	json_t *users, *roles; /* name to the line written last */
	json_t *queue;         /* lines that came since, in order */
};

struct rbac *
rbac_new(struct emit *emit)
{
	struct rbac *r = x_calloc(1, sizeof *r);

	r->emit = emit;
	r->users = json_object();
	r->roles = json_object();
	r->queue = json_array();
	return r;
}

void
rbac_free(struct rbac *r)
{
	if (r == NULL)
		return;
	json_decref(r->users);
	json_decref(r->roles);
	json_decref(r->queue);
	free(r);
}

void
rbac_note(struct rbac *r, const struct cat_change *ch)
{
	json_array_append(r->queue, ch->doc);
}

static const char *
text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

static void
line(struct rbac *r, enum opname op, uint64_t ts, const char *key,
    const char *name)
{
	jw_str(emit_open(r->emit, op, ts), key, name);
	emit_close(r->emit, 0);
}

static void
role_of(struct rbac *r, enum opname op, uint64_t ts, const char *user,
    const char *role)
{
	struct jsonw *w = emit_open(r->emit, op, ts);

	jw_str(w, "user", user);
	jw_str(w, "role", role);
	emit_close(r->emit, 0);
}

static void
grant(struct rbac *r, enum opname op, uint64_t ts, const char *role,
    const json_t *g)
{
	static const char prefix[] = "Privilege"; /* in the metadata only */
	static const char *const keys[] = { "object", "object_name",
		"privilege", "db" };
	struct jsonw *w = emit_open(r->emit, op, ts);

	jw_str(w, "role", role);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *s = text(g, keys[i]);

		if (i == 2 && strncmp(s, prefix, sizeof prefix - 1) == 0)
			s += sizeof prefix - 1;
		jw_str(w, keys[i], s);
	}
	emit_close(r->emit, 0);
}

static int
has(const json_t *list, const json_t *item)
{
	size_t i;
	json_t *x;

	json_array_foreach(list, i, x) if (json_equal(x, item)) return 1;
	return 0;
}

/*
 * Writes op for each entry of `list` that `other` lacks: a role of a user, or a
 * grant.
 */
static void
difference(struct rbac *r, enum opname op, uint64_t ts, const char *name,
    const json_t *list, const json_t *other)
{
	size_t i;
	json_t *x;

	json_array_foreach(list, i, x)
	{
		if (has(other, x))
			continue;
		if (op == OP_GRANT || op == OP_REVOKE)
			grant(r, op, ts, name, x);
		else
			role_of(r, op, ts, name, json_string_value(x));
	}
}

static void
write_one(struct rbac *r, json_t *doc, uint64_t ts)
{
	int user = strcmp(text(doc, "kind"), "user") == 0;
	json_t *all = user ? r->users : r->roles, *old;
	const char *name = text(doc, "name"), *list = user ? "roles" : "grants";
	const json_t *was, *is = json_object_get(doc, list);

	old = json_object_get(all, name);
	was = json_object_get(old, list);
	if (strcmp(text(doc, "event"), "delete") == 0) {
		difference(
		    r, user ? OP_REVOKE_ROLE : OP_REVOKE, ts, name, was, NULL);
		line(r, user ? OP_DROP_USER : OP_DROP_ROLE, ts,
		    user ? "user" : "role", name);
		json_object_del(all, name);
		return;
	}
	if (old == NULL)
		line(r, user ? OP_CREATE_USER : OP_CREATE_ROLE, ts,
		    user ? "user" : "role", name);
	difference(r, user ? OP_REVOKE_ROLE : OP_REVOKE, ts, name, was, is);
	difference(r, user ? OP_GRANT_ROLE : OP_GRANT, ts, name, is, was);
	json_object_set(all, name, doc);
}

void
rbac_write(struct rbac *r, uint64_t ts)
{
	size_t i;
	json_t *doc;

	/* roles of a snapshot come behind the users that have them */
	json_array_foreach(
	    r->queue, i, doc) if (strcmp(text(doc, "kind"), "role") == 0 &&
				  strcmp(text(doc, "event"), "delete") != 0)
	    write_one(r, doc, ts);
	json_array_foreach(
	    r->queue, i, doc) if (strcmp(text(doc, "kind"), "role") != 0)
	    write_one(r, doc, ts);
	json_array_foreach(
	    r->queue, i, doc) if (strcmp(text(doc, "kind"), "role") == 0 &&
				  strcmp(text(doc, "event"), "delete") == 0)
	    write_one(r, doc, ts);
	json_array_clear(r->queue);
}
