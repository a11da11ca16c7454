#include "model/op.h"

#include <string.h>

#include "base/err.h"

static const char *const names[OP_MAX] = {
#define OP(id, name, needs, count) [OP_##id] = (name),
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

static int
refuse(const char *name, size_t n, struct err *e)
{
	return err_set(e, ERR_USAGE, "'%.*s' is no operation", (int)n, name);
}

int
op_only(unsigned char skip[OP_MAX], const char *list, struct err *e)
{
	if (*list ==
	    '\0') /* a variable that is not set: nothing would be left */
		return refuse(list, 0, e);
	memset(skip, 1, OP_MAX);
	skip[OP_BEGIN] = skip[OP_TICK] = skip[OP_END] = 0;
	for (size_t n; *list != '\0'; list += n + (list[n] == ',')) {
		enum opname op = op_by_name(list, n = strcspn(list, ","));

		if (op == OP_OTHER)
			return refuse(list, n, e);
		skip[op] = 0;
	}
	return 0;
}

int
op_without(unsigned char skip[OP_MAX], const char *list, struct err *e)
{
	for (size_t n; *list != '\0'; list += n + (list[n] == ',')) {
		enum opname op = op_by_name(list, n = strcspn(list, ","));

		if (op == OP_OTHER && (n != 5 || memcmp(list, "other", 5) != 0))
			return refuse(list, n, e);
		if (op == OP_BEGIN || op == OP_TICK || op == OP_END)
			return err_set(e, ERR_USAGE,
			    "a stream is nothing without '%.*s'", (int)n, list);
		skip[op] = 1;
	}
	return 0;
}
