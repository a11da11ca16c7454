#include "milvus/collection.h"

#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/mem.h"
#include "milvus/client.h"
#include "milvus/keyset.h"

enum { BUCKETS = 1024 };

static void
coll_free(struct coll *c)
{
	if (c == NULL)
		return;
	free(c->db);
	free(c->name);
	schema_fini(&c->schema);
	kvs_fini(&c->properties);
	for (size_t i = 0; i < c->naliases; i++)
		free(c->aliases[i]);
	free(c->aliases);
	free(c);
}

static struct coll **
place(struct colls *s, const char *db, const char *name)
{
	uint64_t h = keyset_hash(strlen(db), name, strlen(name));
	struct coll **p;

	if (s->v == NULL) {
		s->cap = BUCKETS;
		s->v = x_calloc(s->cap, sizeof *s->v);
	}
	p = &s->v[(size_t)h & (s->cap - 1)];
	while (*p != NULL &&
	       (strcmp((*p)->name, name) != 0 || strcmp((*p)->db, db) != 0))
		p = &(*p)->next;
	return p;
}

void
colls_forget(struct colls *s, const char *db, const char *name)
{
	struct coll **p = place(s, db, name), *c = *p;

	if (c == NULL)
		return;
	*p = c->next;
	coll_free(c);
}

void
colls_marked(struct colls *s, const void *mark, int failed)
{
	for (size_t i = 0; i < s->cap; i++)
		for (struct coll *c = s->v[i]; c != NULL; c = c->next) {
			if (c->awaits == mark)
				c->awaits = NULL;
			if (failed)
				c->marked = 0;
		}
}

void
colls_fini(struct colls *s)
{
	for (size_t i = 0; i < s->cap; i++)
		while (s->v[i] != NULL) {
			struct coll *c = s->v[i];

			s->v[i] = c->next;
			coll_free(c);
		}
	free(s->v);
	memset(s, 0, sizeof *s);
}

static struct coll *
add(struct colls *s, const char *db, const char *name)
{
	struct coll *c = x_calloc(1, sizeof *c);

	c->db = x_strdup(db);
	c->name = x_strdup(name);
	c->num = ++s->made;
	*place(s, db, name) = c;
	return c;
}

static void
ready(const struct colls *s, struct coll *c)
{
	c->pk = schema_pk(&c->schema);
	c->blank_part = s->one_part || schema_partition_key(&c->schema) != NULL;
}

struct coll *
colls_pretend(struct colls *s, const char *db, const char *name,
    const struct schema *schema)
{
	struct coll *c;

	colls_forget(s, db, name);
	c = add(s, db, name);
	schema_copy(&c->schema, schema);
	ready(s, c);
	return c;
}

static int
fill(const struct colls *s, struct coll *c,
    const Pb__DescribeCollectionResponse *r, struct err *e)
{
	if (schema_from_pb(&c->schema, r->schema.data, r->schema.len, e) == -1)
		return err_wrap(e, "collection '%s.%s'", c->db, c->name);
	c->id = r->collectionid;
	c->shards = r->shards_num;
	c->consistency = r->consistency_level;
	c->num_partitions = r->num_partitions;
	for (size_t i = 0; i < r->n_properties; i++)
		kvs_set(&c->properties, r->properties[i]->key,
		    r->properties[i]->value);
	c->naliases = r->n_aliases;
	c->aliases = x_calloc(r->n_aliases + 1, sizeof *c->aliases);
	for (size_t i = 0; i < r->n_aliases; i++)
		c->aliases[i] = x_strdup(r->aliases[i]);
	ready(s, c);
	return 0;
}

static int
describe(struct milvus *m, const char *db, const char *name,
    Pb__DescribeCollectionResponse **r, struct err *e)
{
	Pb__CollectionRequest req = PB__COLLECTION_REQUEST__INIT;
	ProtobufCMessage *out = NULL;
	struct mv_status st;
	int rc;

	req.db_name = mv_str(db);
	req.collection_name = mv_str(name);
	rc = milvus_call(m, "DescribeCollection", &req.base,
	    &pb__describe_collection_response__descriptor, &out, &st, e);
	*r = (Pb__DescribeCollectionResponse *)out;
	/* DescribeCollection of 2.3 answers UnexpectedError if it is absent. */
	if (rc == 1 && (st.class == MV_ABSENT ||
			   strstr(st.reason, "can't find collection") != NULL ||
			   strstr(st.reason, "not found") != NULL))
		return 1;
	if (rc == 1)
		return err_set(
		    e, ERR_DATA, "describe '%s.%s': %s", db, name, st.reason);
	return rc;
}

int
colls_get(struct colls *s, struct milvus *m, const char *db, const char *name,
    struct coll **c, struct err *e)
{
	Pb__DescribeCollectionResponse *r = NULL;
	int rc;

	if ((*c = *place(s, db, name)) != NULL)
		return 0;
	if ((rc = describe(m, db, name, &r, e)) != 0)
		return rc;
	if (r->collection_name[0] != '\0' &&
	    strcmp(r->collection_name, name) != 0) {
		rc = 1; /* the name is an alias */
	} else {
		*c = add(s, db, name);
		rc = fill(s, *c, r, e);
		if (rc == -1)
			colls_forget(s, db, name);
	}
	pb__describe_collection_response__free_unpacked(r, NULL);
	return rc;
}

static int
field_writable(const struct field *f, struct err *e)
{
	const struct type_info *t = type_info(f->type);
	const struct type_info *elem = type_info(f->elem);
	size_t bits = t == NULL ? 0 : field_dim(f) * (size_t)t->bits;

	if (t == NULL)
		return err_set(e, ERR_DATA,
		    "field '%s' has data type %d, which this version does not "
		    "know",
		    f->name, f->type);
	if (t->type == TYPE_ARRAY &&
	    (elem == NULL || elem->scalar_slot_of_elem == 0))
		return err_set(e, ERR_DATA,
		    "field '%s' is an array of data type %d, which this "
		    "version does not know",
		    f->name, f->elem);
	if (t->bits > 0 && (bits == 0 || bits % 8 != 0))
		return err_set(e, ERR_DATA,
		    "field '%s' has dimension %zu, which %s cannot have",
		    f->name, field_dim(f), t->name);
	return 0;
}

int
coll_writable(struct coll *c, struct err *e)
{
	if (c->checked)
		return 0;
	if (c->pk == NULL)
		return err_set(e, ERR_DATA,
		    "collection '%s.%s' has no primary key at the target",
		    c->db, c->name);
	if (c->pk->auto_id)
		return err_set(e, ERR_DATA,
		    "collection '%s.%s' makes its own keys at the target "
		    "(field '%s' is autoID), and the source's would be lost",
		    c->db, c->name, c->pk->name);
	for (size_t i = 0; i < c->schema.n; i++)
		if (field_writable(&c->schema.v[i], e) == -1)
			return err_wrap(
			    e, "collection '%s.%s'", c->db, c->name);
	c->checked = 1;
	return 0;
}
