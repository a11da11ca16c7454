#include "ddl/rbac.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/op_write.h"

enum { GRANT_TEXTS = 5, GRANT_OBJECT = 1 }; /* the role and what it may */

struct rbac {
	struct emit *emit;
	json_t *users, *roles; /* name to the line written last */
	json_t *queue;         /* lines that came since, in order */
	json_t *lost;          /* lines of what went, as the log may have it */
};

struct rbac *
rbac_new(struct emit *emit)
{
	struct rbac *r = x_calloc(1, sizeof *r);

	r->emit = emit;
	r->users = json_object();
	r->roles = json_object();
	r->queue = json_array();
	r->lost = json_object();
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
	json_decref(r->lost);
	free(r);
}

static const char *
text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

/* Lines of this role that are not yet written say nothing any more. */
static void
forget_role(struct rbac *r, const char *name)
{
	for (size_t i = json_array_size(r->queue); i-- > 0;) {
		const json_t *doc = json_array_get(r->queue, i);

		if (strcmp(text(doc, "kind"), "role") == 0 &&
		    strcmp(text(doc, "name"), name) == 0)
			json_array_remove(r->queue, i);
	}
}

/*
 * Of a role only the newest line counts: if it was dropped and made again
 * meanwhile, then it has not gone, and the lines of the users who have it again
 * may be the same as before.
 */
static void
note_line(struct rbac *r, const struct cat_change *ch)
{
	if (ch->kind == CAT_ROLE && text(ch->doc, "event")[0] != '\0')
		forget_role(r, text(ch->doc, "name"));
	json_array_append(r->queue, ch->doc);
}

/* Notes as gone what was written and is not in a catalogue read again. */
static void
note_missing(
    struct rbac *r, const char *kind, json_t *written, const json_t *now)
{
	const char *name;
	json_t *doc;

	json_object_foreach(written, name, doc)
	{
		if (json_object_get(now, name) == NULL)
			json_array_append_new(
			    r->queue, json_pack("{ssssss}", "kind", kind,
					  "event", "delete", "name", name));
	}
}

void
rbac_note(struct rbac *r, const struct cat *c, const struct cat_change *ch)
{
	if (ch->kind == CAT_USER || ch->kind == CAT_ROLE)
		note_line(r, ch);
	else if (ch->kind == CAT_RESYNC)
		json_array_clear(r->queue); /* all lines come again */
	else if (ch->kind == CAT_READY) {
		note_missing(r, "user", r->users, c->users);
		note_missing(r, "role", r->roles, c->roles);
	}
}

/*
 * Notes what a line took, or finds it noted: the log has it, too, a little
 * sooner or later. The texts are a user or a role, and a role or a grant of it;
 * the object of a grant, which follows from the privilege, does not count.
 */
static char *
noted(enum opname op, const char *const *v, size_t n)
{
	struct buf b = { 0 };

	buf_addu64(&b, op);
	for (size_t i = 0; i < n; i++)
		if (op != OP_REVOKE || i != GRANT_OBJECT)
			buf_addf(&b, "/%zu:%s", strlen(v[i]), v[i]);
	return buf_take(&b);
}

static void
lose(struct rbac *r, enum opname op, const char *const *v, size_t n)
{
	char *key = noted(op, v, n);

	json_object_set_new(r->lost, key, json_true());
	free(key);
}

static int
was_lost(struct rbac *r, enum opname op, const char *const *v, size_t n)
{
	char *key = noted(op, v, n);
	int was = json_object_del(r->lost, key) == 0;

	free(key);
	return was;
}

static void
line(struct rbac *r, enum opname op, uint64_t ts, const char *key,
    const char *name)
{
	jw_str(emit_open(r->emit, op, ts), key, name);
	emit_close(r->emit, 0);
	if (op == OP_DROP_USER || op == OP_DROP_ROLE)
		lose(r, op, &name, 1);
}

static void
role_of(struct rbac *r, enum opname op, uint64_t ts, const char *user,
    const char *role)
{
	struct jsonw *w = emit_open(r->emit, op, ts);

	jw_str(w, "user", user);
	jw_str(w, "role", role);
	emit_close(r->emit, 0);
	if (op == OP_REVOKE_ROLE)
		lose(r, op, (const char *[]){ user, role }, 2);
}

/* What the metadata puts in front of a privilege, and of a group of them. */
static const char *
plain(const char *privilege)
{
	static const char *const words[] = { "PrivilegeGroup", "Privilege" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strncmp(privilege, words[i], strlen(words[i])) == 0)
			return privilege + strlen(words[i]);
	return privilege;
}

/* Of the catalogue's form of a grant. */
static void
grant_texts(const json_t *g, const char *role, const char *v[GRANT_TEXTS])
{
	v[0] = role;
	v[1] = text(g, "object");
	v[2] = text(g, "object_name");
	v[3] = plain(text(g, "privilege"));
	v[4] = text(g, "db");
}

static void
grant(struct rbac *r, enum opname op, uint64_t ts,
    const char *const v[GRANT_TEXTS])
{
	static const char *const keys[GRANT_TEXTS] = { "role", "object",
		"object_name", "privilege", "db" };
	struct jsonw *w = emit_open(r->emit, op, ts);

	for (size_t i = 0; i < GRANT_TEXTS; i++)
		if (v[i][0] != '\0' || i != GRANT_OBJECT)
			jw_str(w, keys[i], v[i]);
	emit_close(r->emit, 0);
	if (op == OP_REVOKE)
		lose(r, op, v, GRANT_TEXTS);
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
		const char *v[GRANT_TEXTS];

		if (has(other, x))
			continue;
		grant_texts(x, name, v);
		if (op == OP_GRANT || op == OP_REVOKE)
			grant(r, op, ts, v);
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

/* What the catalogue says of a user or role by now, NULL if it has none. */
static const json_t *
latest(const struct rbac *r, int user, const char *name)
{
	const char *kind = user ? "user" : "role";

	for (size_t i = json_array_size(r->queue); i-- > 0;) {
		const json_t *doc = json_array_get(r->queue, i);

		if (strcmp(text(doc, "kind"), kind) == 0 &&
		    strcmp(text(doc, "name"), name) == 0)
			return strcmp(text(doc, "event"), "delete") == 0 ? NULL
									 : doc;
	}
	return json_object_get(user ? r->users : r->roles, name);
}

void
rbac_dropped(struct rbac *r, uint64_t ts, int user, const char *name)
{
	enum opname op = user ? OP_DROP_USER : OP_DROP_ROLE;

	if (latest(r, user, name) == NULL && !was_lost(r, op, &name, 1))
		line(r, op, ts, user ? "user" : "role", name);
}

void
rbac_role_taken(struct rbac *r, uint64_t ts, const char *user, const char *role)
{
	const char *v[] = { user, role };
	json_t *want = json_string(role);
	const json_t *roles = json_object_get(latest(r, 1, user), "roles");

	if (!has(roles, want) && !was_lost(r, OP_REVOKE_ROLE, v, 2))
		role_of(r, OP_REVOKE_ROLE, ts, user, role);
	json_decref(want);
}

void
rbac_revoked(
    struct rbac *r, uint64_t ts, const char *role, char *const grant_of[4])
{
	const json_t *list = json_object_get(latest(r, 0, role), "grants"), *g;
	const char *v[GRANT_TEXTS] = { role, grant_of[0], grant_of[1],
		grant_of[2], grant_of[3] };
	char *want = noted(OP_REVOKE, v, GRANT_TEXTS);
	int there = 0;
	size_t i;

	json_array_foreach(list, i, g)
	{
		const char *have[GRANT_TEXTS];
		char *is;

		grant_texts(g, role, have);
		is = noted(OP_REVOKE, have, GRANT_TEXTS);
		there |= strcmp(is, want) == 0;
		free(is);
	}
	free(want);
	if (!there && !was_lost(r, OP_REVOKE, v, GRANT_TEXTS))
		grant(r, OP_REVOKE, ts, v);
}
