#ifndef CDC_MODEL_TYPES_H
#define CDC_MODEL_TYPES_H

#include <stddef.h>

/* schema.proto DataType: the numbers on the wire. */
enum type {
	TYPE_NONE = 0,
	TYPE_BOOL = 1,
	TYPE_INT8 = 2,
	TYPE_INT16 = 3,
	TYPE_INT32 = 4,
	TYPE_INT64 = 5,
	TYPE_FLOAT = 10,
	TYPE_DOUBLE = 11,
	TYPE_VARCHAR = 21,
	TYPE_ARRAY = 22,
	TYPE_JSON = 23,
	TYPE_BINARY_VECTOR = 100,
	TYPE_FLOAT_VECTOR = 101,
	TYPE_FLOAT16_VECTOR = 102,
	TYPE_BFLOAT16_VECTOR = 103,
	TYPE_SPARSE_VECTOR = 104,
	TYPE_INT8_VECTOR = 105,
};

/*
 * The member of FieldData that has the values of a type: a field number in
 * ScalarField (scalars 3) or VectorField (vectors 4), schema.proto.
 */
enum slot {
	SLOT_BOOL = 1,
	SLOT_INT = 2,
	SLOT_LONG = 3,
	SLOT_FLOAT = 4,
	SLOT_DOUBLE = 5,
	SLOT_STRING = 6,
	SLOT_ARRAY = 8,
	SLOT_JSON = 9,
	VSLOT_FLOAT = 2,
	VSLOT_BINARY = 3,
	VSLOT_FLOAT16 = 4,
	VSLOT_BFLOAT16 = 5,
	VSLOT_SPARSE = 6,
	VSLOT_INT8 = 7,
};

/* The largest dimension that is accepted: a size from outside. */
enum { TYPE_MAX_DIM = 1 << 20 };

struct type_info {
	enum type type;
	const char *name; /* as in pymilvus and our stream: "FloatVector" */
	int is_vector;
	int slot; /* SLOT_ or VSLOT_ */
	int bits; /* of one dimension of a vector; 0 for sparse and scalars */
	int scalar_slot_of_elem; /* the slot if it can be an Array's element,
				    else 0 */
};

/* NULL if we do not know the type. */
const struct type_info *type_info(int type);
const struct type_info *type_by_name(const char *name);

#endif
