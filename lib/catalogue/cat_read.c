#include "catalogue/cat_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/pos.h"

static int
has_text(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && strcmp(s, text) == 0)
			return 1;
	}
	return 0;
}

/* 1 if the list lacks a kind of objects that a target can have. */
static int
lacks_kinds(const json_t *list)
{
	static const char *const all[] = { "database", "collection",
		"partition", "index", "load", "alias" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (json_is_array(list) && !has_text(list, all[i]))
			return 1;
	return 0;
}

static void
take_header(struct cat *c, struct cat_reader *r)
{
	if (cat_get_int(r, "v") > 1) {
		r->bad = 1;
		err_set(r->e, ERR_DATA,
		    "catalogue version %" PRId64 ", this program knows 1",
		    cat_get_int(r, "v"));
	}
	c->follow = json_is_true(json_object_get(r->j, "follow"));
	c->partial = json_is_true(json_object_get(r->j, "partial"));
	c->some_kinds = lacks_kinds(json_object_get(r->j, "kinds"));
	c->rev = cat_get_int(r, "rev");
	c->born = (uint64_t)cat_get_int(r, "born");
	cat_set_str(r, "root", &c->root);
	c->wal = wal_of_name(cat_get_str(r, "wal"));
	if (c->wal == 0 && c->root != NULL && c->root[0] != '\0')
		c->wal = WAL_KAFKA; /* no other is read from etcd */
	snprintf(c->etcd, sizeof c->etcd, "%.23s", cat_get_str(r, "etcd"));
}

static void
set_rev(struct cat *c, struct cat_reader *r)
{
	int64_t rev = cat_get_int(r, "rev");

	if (rev < c->rev && !r->bad) {
		r->bad = 1;
		err_set(r->e, ERR_BACK,
		    "the source's etcd went back: it is at revision %" PRId64
		    ", and was at %" PRId64,
		    rev, c->rev);
	} else
		c->rev = rev;
}

static int
is_there(enum cat_state s)
{
	return s == CAT_CREATED || s == CAT_CREATING;
}

static void
forget(struct cat *c)
{
	c->ready = 0;
	json_object_clear(c->users);
	json_object_clear(c->roles);
	json_object_clear(c->groups);
	for (size_t i = 0; i < c->n_dbs; i++)
		c->dbs[i].state = CAT_DROPPED;
	for (size_t i = 0; i < c->n_aliases; i++)
		c->aliases[i].state = CAT_DROPPED;
	for (size_t i = 0; i < c->n_colls; i++) {
		struct cat_coll *k = c->colls[i];

		if (is_there(k->state))
			k->state = CAT_MISSING;
		k->load = CAT_LOAD_NONE;
		for (size_t p = 0; p < k->n_parts; p++)
			if (is_there(k->parts[p].state))
				k->parts[p].state = CAT_MISSING;
		for (size_t p = 0; p < k->n_indexes; p++)
			k->indexes[p].state = CAT_DROPPED;
	}
}

static const struct {
	const char *name;
	enum cat_kind kind;
} kinds[] = {
	{ "catalogue", CAT_HEADER },
	{ "database", CAT_DB },
	{ "collection", CAT_COLL },
	{ "partition", CAT_PART },
	{ "index", CAT_INDEX },
	{ "load", CAT_LOAD },
	{ "alias", CAT_ALIAS },
	{ "user", CAT_USER },
	{ "role", CAT_ROLE },
	{ "privilege_group", CAT_GROUP },
	{ "import", CAT_IMPORT },
	{ "ready", CAT_READY },
	{ "at", CAT_AT },
	{ "resync", CAT_RESYNC },
};

static enum cat_kind
kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return CAT_OTHER;
}

/*
 * A line about a part of a collection. If the catalogue does not have the
 * collection, it was dropped long ago.
 */
static void
take_of_coll(struct cat *c, struct cat_reader *r, struct cat_change *ch)
{
	ch->coll = cat_coll(c, cat_get_int(r, "coll_id"));
	if (ch->coll == NULL)
		ch->kind = CAT_OTHER;
	else if (ch->kind == CAT_PART)
		ch->part = cat_take_part(c, ch->coll, r);
	else if (ch->kind == CAT_INDEX)
		cat_take_index(ch->coll, r);
	else
		cat_take_load(c, ch->coll, r);
}

/* Keep the line of a user, a role or a group. */
static void
take_named(json_t **all, struct cat_reader *r)
{
	const char *name = cat_get_str(r, "name");

	if (*all == NULL)
		*all = json_object();
	if (strcmp(cat_get_str(r, "event"), "delete") == 0)
		json_object_del(*all, name);
	else
		json_object_set(*all, name, (json_t *)(uintptr_t)r->j);
}

static void
take_pchannel(struct cat *c, struct cat_reader *r)
{
	const char *name = cat_get_str(r, "name");

	if (pos_topic_name(name, r->e) == -1) {
		r->bad = 1;
		return;
	}
	if (json_is_true(json_object_get(r->j, "control")))
		cat_set_str(r, "name", &c->control);
	c->pchannels = x_grow(
	    c->pchannels, c->n_pchannels, &c->pchannels_cap, sizeof(char *));
	c->pchannels[c->n_pchannels++] = x_strdup(name);
}

static void
take(struct cat *c, struct cat_reader *r, struct cat_change *ch)
{
	switch (ch->kind) {
	case CAT_HEADER:
		take_header(c, r);
		break;
	case CAT_DB:
		ch->db = cat_take_db(c, r);
		break;
	case CAT_COLL:
		ch->coll = cat_take_coll(c, r);
		break;
	case CAT_PART:
	case CAT_INDEX:
	case CAT_LOAD:
		take_of_coll(c, r, ch);
		break;
	case CAT_ALIAS:
		ch->alias = cat_take_alias(c, r);
		break;
	case CAT_USER:
		take_named(&c->users, r);
		ch->doc = c->doc = json_incref((json_t *)(uintptr_t)r->j);
		break;
	case CAT_ROLE:
		take_named(&c->roles, r);
		ch->doc = c->doc = json_incref((json_t *)(uintptr_t)r->j);
		break;
	case CAT_GROUP:
		take_named(&c->groups, r);
		break;
	case CAT_IMPORT:
		cat_take_import(c, r);
		break;
	case CAT_READY:
		c->ready = 1;
		set_rev(c, r);
		if ((uint64_t)cat_get_int(r, "ts") > c->ts)
			c->ts = (uint64_t)cat_get_int(r, "ts");
		c->ddl_in_log = strcmp(cat_get_str(r, "ddl"), "log") == 0;
		break;
	case CAT_AT:
		set_rev(c, r);
		c->at_ns = cat_get_int(r, "time");
		break;
	case CAT_RESYNC:
		forget(c);
		break;
	case CAT_OTHER:
		if (strcmp(cat_get_str(r, "kind"), "checkpoint") == 0)
			cat_take_checkpoint(c, r);
		if (strcmp(cat_get_str(r, "kind"), "pchannel") == 0)
			take_pchannel(c, r);
		break;
	}
}

int
cat_line(struct cat *c, const char *line, size_t len, struct cat_change *ch,
    struct err *e)
{
	json_error_t je;
	json_t *j = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
	struct cat_reader r = { .j = j, .e = e };

	memset(ch, 0, sizeof *ch);
	json_decref(c->doc);
	c->doc = NULL;
	if (j == NULL)
		return err_set(
		    e, ERR_DATA, "column %d: %s", je.column, je.text);
	if (cat_get_str(&r, "kind")[0] == '\0') {
		json_decref(j);
		return err_set(e, ERR_DATA, "no catalogue line: no 'kind'");
	}
	ch->kind = kind_of(cat_get_str(&r, "kind"));
	take(c, &r, ch);
	if (r.bad)
		err_wrap(e, "%s", cat_get_str(&r, "kind"));
	json_decref(j);
	return r.bad ? -1 : 0;
}
