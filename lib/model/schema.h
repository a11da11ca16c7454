#ifndef CDC_MODEL_SCHEMA_H
#define CDC_MODEL_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "codec/kv.h"
#include "model/types.h"

struct err;
struct jsonw;

/* One column, as in Milvus's FieldSchema. */
struct field {
	int64_t id;
	char *name;
	char *description;
	int type; /* enum type, or a number that we do not know */
	int elem; /* of an Array, else 0 */
	int primary_key, auto_id, partition_key, clustering_key;
	int nullable, dynamic, function_output;
	char *default_json; /* ValueField as {"Int64":"5"} text, or NULL */
	struct kvs params;  /* dim, max_length, max_capacity */
};

/*
 * A collection's columns, sorted by id, without the system fields RowID and
 * Timestamp (ids 0 and 1). The dynamic field $meta is kept in `dynamic` and
 * not among the fields; its id is in dynamic_id (0 if unknown).
 * All zero is valid and empty.
 */
struct schema {
	char *description;
	int dynamic;
	int64_t dynamic_id;
	int functions; /* how many functions (BM25 and others), which the stream
			  does not carry */
	struct field *v;
	size_t n, cap;
};

void schema_fini(struct schema *s);
void schema_copy(struct schema *to, const struct schema *from);
/* Add a copy of a field; take one out, if it is there. */
void schema_put(struct schema *s, const struct field *f);
void schema_cut(struct schema *s, const char *name);
/* A field by name or by id, or NULL. */
const struct field *schema_field(const struct schema *s, const char *name);
const struct field *schema_by_id(const struct schema *s, int64_t id);
const struct field *schema_pk(const struct schema *s); /* NULL if none */
const struct field *schema_partition_key(const struct schema *s);
/* The dimension of a vector field, 0 if it has none (sparse). */
size_t field_dim(const struct field *f);

/*
 * From protobuf. schema_add_pb takes one serialized FieldSchema (the value of
 * root-coord/fields/…): system fields are dropped, $meta sets `dynamic`.
 * schema_from_pb takes a serialized CollectionSchema with its fields.
 * schema_to_pb packs the form that CreateCollection takes: no system fields, no
 * $meta, enable_dynamic_field set, fields in order of ids, auto_id as in s. The
 * caller frees *out.
 */
int schema_add_pb(struct schema *s, const void *p, size_t len, struct err *e);
int schema_from_pb(struct schema *s, const void *p, size_t len, struct err *e);
size_t schema_to_pb(
    const struct schema *s, const char *collection, uint8_t **out);
/* One field in that form, a FieldSchema; the caller frees *out. */
size_t field_to_pb(const struct field *f, uint8_t **out);

/*
 * {"description":"","dynamic":true,"fields":[{"id":100,"name":"pk",
 * "type":"Int64","primary_key":true,"auto_id":false},…]}, cdc-ndjson(5).
 */
void schema_to_json(const struct schema *s, struct jsonw *w, const char *key);
int schema_from_json(struct schema *s, const json_t *j, struct err *e);
/* One of these fields; schema_add_json appends it. */
void field_to_json(const struct field *f, struct jsonw *w, const char *key);
int schema_add_json(struct schema *s, const json_t *j, struct err *e);

/*
 * 0 if rows of schema a fit b: names, types, element types, parameters, primary
 * key, nullable, partition key and the dynamic flag are compared; auto_id, ids
 * and descriptions are not. -1 with ERR_DATA and the first difference ("field
 * 'emb': dim '4' here, '8' there").
 */
int schema_same(const struct schema *a, const struct schema *b, struct err *e);
/* The same, but b may have more: fields that may be null, the dynamic one. */
int schema_fits(const struct schema *a, const struct schema *b, struct err *e);
/* The same of two fields of one name. */
int field_same(const struct field *f, const struct field *g, struct err *e);

#endif
