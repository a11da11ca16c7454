#include "meta/line_user.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/json_write.h"
#include "meta/store.h"
#include "model/names.h"

void
metauser_line(struct jsonw *w, const struct metastore *m, const char *user)
{
	char *prefix = x_asprintf("%s/", user);
	size_t n;
	struct item *const *v = metastore_named(m, ITEM_USER_ROLE, prefix, &n);

	jw_str(w, "name", user);
	jw_open(w, "roles", '[');
	for (size_t i = 0; i < n; i++)
		if (!v[i]->gone)
			jw_str(w, NULL, v[i]->name + strlen(prefix));
	jw_close(w, ']');
	free(prefix);
}

/* One privilege; place is "OBJECT/DB.NAME", or without a database before 2.3 */
static void
write_grant(struct jsonw *w, const char *place, const struct item *id)
{
	const char *name = strchr(place, '/') + 1, *dot = strchr(name, '.');
	const char *privilege = strchr(id->name, '/') + 1;

	jw_open(w, NULL, '{');
	jw_bytes(w, "object", place, (size_t)(name - 1 - place));
	jw_str(w, "object_name", dot == NULL ? name : dot + 1);
	jw_str(w, "privilege", privilege);
	if (dot == NULL)
		jw_str(w, "db", DEFAULT_DB);
	else
		jw_bytes(w, "db", name, (size_t)(dot - name));
	/* no name has a NUL, and a line with one could not be read */
	jw_bytes(
	    w, "user", id->value, strnlen((const char *)id->value, id->len));
	jw_close(w, '}');
}

static void
write_grants(struct jsonw *w, const struct metastore *m,
    const struct item *grant, const char *place)
{
	char *prefix =
	    x_asprintf("%.*s/", (int)grant->len, (const char *)grant->value);
	size_t n;
	struct item *const *v = metastore_named(m, ITEM_GRANT_ID, prefix, &n);

	for (size_t i = 0; i < n; i++)
		if (!v[i]->gone)
			write_grant(w, place, v[i]);
	free(prefix);
}

void
metauser_role_line(struct jsonw *w, const struct metastore *m, const char *role)
{
	char *prefix = x_asprintf("%s/", role);
	size_t n;
	struct item *const *v = metastore_named(m, ITEM_GRANT, prefix, &n);

	jw_str(w, "name", role);
	jw_open(w, "grants", '[');
	for (size_t i = 0; i < n; i++) {
		const char *place = v[i]->name + strlen(prefix);

		if (!v[i]->gone && strchr(place, '/') != NULL)
			write_grants(w, m, v[i], place);
	}
	jw_close(w, ']');
	free(prefix);
}

/* The role whose grant has the id that stands before the slash. */
static const struct item *
grant_of(const struct metastore *m, const struct item *id)
{
	size_t n, len = strcspn(id->name, "/");
	struct item *const *v = metastore_all(m, ITEM_GRANT, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i]->len == len && memcmp(v[i]->value, id->name, len) == 0)
			return v[i];
	return NULL;
}

struct item *
metauser_head_of(
    struct metastore *m, const struct item *i, enum meta_kind *kind)
{
	const struct item *g = i->kind == ITEM_GRANT_ID ? grant_of(m, i) : i;
	struct item *head;
	char *name;

	*kind = i->kind == ITEM_USER_ROLE ? META_USER : META_ROLE;
	if (g == NULL)
		return NULL;
	name = x_strndup(g->name, strcspn(g->name, "/"));
	head = metastore_get(
	    m, *kind == META_USER ? ITEM_USER : ITEM_ROLE, 0, 0, name);
	free(name);
	return head;
}
