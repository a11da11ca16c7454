#include "model/op.h"

#include <string.h>

static const char *const names[OP_MAX] = {
#define OP(id, name, needs, count) [OP_##id] = name,
#include "model/ops.def"
#undef OP
	[OP_OTHER] = "",
};

const char *
op_name(enum opname op)
{
	return names[op];
}

enum opname
op_by_name(const char *name, size_t n)
{
	int op = 0;

	while (op != OP_OTHER &&
	       (strlen(names[op]) != n || memcmp(names[op], name, n) != 0))
		op++;
	return (enum opname)op;
}
