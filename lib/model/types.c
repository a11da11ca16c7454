#include "model/types.h"

#include <string.h>

static const struct type_info table[] = {
	{ TYPE_BOOL, "Bool", 0, SLOT_BOOL, 0, SLOT_BOOL },
	{ TYPE_INT8, "Int8", 0, SLOT_INT, 0, SLOT_INT },
	{ TYPE_INT16, "Int16", 0, SLOT_INT, 0, SLOT_INT },
	{ TYPE_INT32, "Int32", 0, SLOT_INT, 0, SLOT_INT },
	{ TYPE_INT64, "Int64", 0, SLOT_LONG, 0, SLOT_LONG },
	{ TYPE_FLOAT, "Float", 0, SLOT_FLOAT, 0, SLOT_FLOAT },
	{ TYPE_DOUBLE, "Double", 0, SLOT_DOUBLE, 0, SLOT_DOUBLE },
	{ TYPE_VARCHAR, "VarChar", 0, SLOT_STRING, 0, SLOT_STRING },
	{ TYPE_ARRAY, "Array", 0, SLOT_ARRAY, 0, 0 },
	{ TYPE_JSON, "JSON", 0, SLOT_JSON, 0, 0 },
	{ TYPE_BINARY_VECTOR, "BinaryVector", 1, VSLOT_BINARY, 1, 0 },
	{ TYPE_FLOAT_VECTOR, "FloatVector", 1, VSLOT_FLOAT, 32, 0 },
	{ TYPE_FLOAT16_VECTOR, "Float16Vector", 1, VSLOT_FLOAT16, 16, 0 },
	{ TYPE_BFLOAT16_VECTOR, "BFloat16Vector", 1, VSLOT_BFLOAT16, 16, 0 },
	{ TYPE_SPARSE_VECTOR, "SparseFloatVector", 1, VSLOT_SPARSE, 0, 0 },
	{ TYPE_INT8_VECTOR, "Int8Vector", 1, VSLOT_INT8, 8, 0 },
};

const struct type_info *
type_info(int type)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if ((int)table[i].type == type)
			return &table[i];
	return NULL;
}

const struct type_info *
type_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
