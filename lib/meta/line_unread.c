#include <stdio.h>
#include <stdlib.h>

#include "common.pb-c.h"
#include "etcd.pb-c.h"

#include "base/buf.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "meta/store.h"
#include "meta/value.h"

/*
 * What a newer Milvus keeps in a collection and the members of its line have no
 * place for. Their values are not written: an external collection has its
 * access keys among them.
 */

struct member {
	uint32_t field;
	const char *name;
};

enum { FIELDS = 4, STRUCTS = 9 };

/*
 * CollectionSchema of schema.proto; 9, its struct arrays, have names, and 10,
 * its version, is told by the log.
 */
static const struct member of_schema[] = {
	{ STRUCTS, NULL },
	{ 10, NULL },
	{ 11, "external source" },
	{ 12, "external spec" },
	{ 13, "physical backfill" },
	{ 14, "file resources" },
	{ 15, "namespaces" },
	{ 0, NULL },
};

/* FieldSchema; our own proto has 1 to 16. */
enum { FIELD_KNOWN = 16 };
static const struct member of_field[] = {
	{ 17, "external field" },
	{ 18, "type of elements" },
	{ 19, "null elements" },
	{ 0, NULL },
};

struct unread {
	struct jsonw *w;
	int any;
};

static void
say(struct unread *u, const char *text)
{
	if (!u->any)
		jw_open(u->w, "unread", '[');
	u->any = 1;
	jw_str(u->w, NULL, text);
}

static void
say_member(struct unread *u, const struct member *known, uint32_t field,
    const char *prefix)
{
	struct buf b = { 0 };

	while (known->field != 0 && known->field != field)
		known++;
	if (known->field == 0)
		buf_addf(&b, "%smember %u", prefix, field);
	else if (known->name != NULL)
		buf_addf(&b, "%s%s", prefix, known->name);
	if (b.len > 0)
		say(u, b.ptr);
	buf_fini(&b);
}

/* proto3 does not write what is zero, but a text may be there and empty. */
static int
is_set(const ProtobufCMessageUnknownField *f)
{
	return f->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED ||
	       (f->len > 0 && f->data[0] != 0);
}

static void
say_schema(struct unread *u, const Pb__CollectionSchema *s)
{
	for (size_t i = 0; i < s->base.n_unknown_fields; i++)
		if (is_set(&s->base.unknown_fields[i]))
			say_member(
			    u, of_schema, s->base.unknown_fields[i].tag, "");
}

static void
say_field(struct unread *u, const void *p, size_t len)
{
	struct pbwalk w = pbwalk_init(p, len);
	struct pbfield f, name = { 0 };
	struct buf prefix = { 0 };

	while (pbwalk_next(&w, &f) == 1) {
		if (f.field == 2 && f.wire == PB_BYTES)
			name = f;
		if (f.field <= FIELD_KNOWN ||
		    (f.wire == PB_BYTES && f.len == 0))
			continue;
		buf_clear(&prefix);
		buf_addf(&prefix, "field '%.*s': ", (int)name.len,
		    name.ptr == NULL ? "" : (const char *)name.ptr);
		say_member(u, of_field, f.field, prefix.ptr);
	}
	buf_fini(&prefix);
}

static void
say_struct(struct unread *u, const void *p, size_t len)
{
	Pb__StructArrayFieldSchema *s =
	    pb__struct_array_field_schema__unpack(NULL, len, p);
	struct buf b = { 0 };

	buf_addf(&b, "struct array '%s'", s == NULL ? "" : s->name);
	say(u, b.ptr);
	buf_fini(&b);
	if (s != NULL)
		pb__struct_array_field_schema__free_unpacked(s, NULL);
}

void
metavalue_write_unread(struct jsonw *w, const struct metastore *m,
    const Pb__CollectionSchema *s, int64_t coll)
{
	struct unread u = { .w = w };
	struct item *const *v;
	size_t n;

	say_schema(&u, s);
	v = metastore_of(m, ITEM_FIELD, coll, &n);
	for (size_t i = 0; i < n; i++)
		if (v[i]->value != NULL && !v[i]->gone)
			say_field(&u, v[i]->value, v[i]->len);
	v = metastore_of(m, ITEM_STRUCT, coll, &n);
	for (size_t i = 0; i < n; i++)
		if (v[i]->value != NULL && !v[i]->gone)
			say_struct(&u, v[i]->value, v[i]->len);
	if (u.any)
		jw_close(w, ']');
}

void
metavalue_write_unread_schema(struct jsonw *w, const Pb__CollectionSchema *s)
{
	size_t n = pb__collection_schema__get_packed_size(s);
	uint8_t *bytes = x_malloc(n);
	struct pbwalk walk = pbwalk_init(bytes, n);
	struct unread u = { .w = w };
	struct pbfield f;

	pb__collection_schema__pack(s, bytes);
	say_schema(&u, s);
	while (pbwalk_next(&walk, &f) == 1)
		if (f.field == FIELDS && f.wire == PB_BYTES)
			say_field(&u, f.ptr, f.len);
		else if (f.field == STRUCTS && f.wire == PB_BYTES)
			say_struct(&u, f.ptr, f.len);
	if (u.any)
		jw_close(w, ']');
	free(bytes);
}
