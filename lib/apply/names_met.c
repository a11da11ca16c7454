#include <stdlib.h>
#include <string.h>

#include "apply/priv.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* name is "db.coll", or a database alone. */
static void
meet_name(const struct names *s, const char *name)
{
	const char *dot = strchr(name, '.');
	char *db = dot == NULL ? x_strdup(name)
			       : x_strndup(name, (size_t)(dot - name));

	names_meet(s, db, dot == NULL ? NULL : dot + 1);
	free(db);
}

void
met_note(struct apply *a)
{
	const struct names *s = &a->conf->rename;
	const json_t *to = json_object_get(a->op.doc, "new_coll");
	const json_t *db = json_object_get(a->op.doc, "new_db"), *v;
	const char *key, *name;
	union {
		const json_t *from;
		json_t *to;
	} known = { json_object_get(a->op.doc, "known") };

	if (names_unmet(s, NULL) == 0)
		return;
	if (a->op.db.len > 0)
		names_meet(s, a->op.db.ptr,
		    a->op.coll.len > 0 ? a->op.coll.ptr : NULL);
	if (json_is_string(db) && json_is_string(to))
		names_meet(s, json_string_value(db), json_string_value(to));
	json_object_foreach(known.to, key, v)
	{
		name = json_string_value(json_object_get(v, "name"));
		if (name != NULL)
			meet_name(s, name);
	}
}

int
met_all(const struct apply *a, int cut, struct err *e)
{
	static const char what[] = "met nothing in the stream: what %s meant "
				   "for is at the target under its own name";
	struct buf b = { 0 };
	size_t n = names_unmet(&a->conf->rename, &b);
	int rc = 0;

	if (n > 0) {
		buf_adds(&b, n == 1 ? " has " : " have ");
		buf_addf(&b, what, n == 1 ? "it was" : "they were");
		if (cut || a->op.stopped || a->conf->allow_none)
			log_warn("%s", b.ptr);
		else
			rc = err_set(e, ERR_DATA,
			    "%s (--allow-none takes that for right)", b.ptr);
	}
	buf_fini(&b);
	return rc;
}
