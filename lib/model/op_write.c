#include "model/op_write.h"

#include <string.h>

#include "base/out.h"
#include "model/tso.h"

/* The key under which the end line counts an operation. */
enum count { COUNT_DDL, COUNT_NONE, COUNT_OWN };

static const enum count counted[OP_MAX] = {
#define OP(id, name, needs, count) [OP_##id] = COUNT_##count,
#include "model/ops.def"
#undef OP
};

void
emit_fini(struct emit *e)
{
	buf_fini(&e->line);
	memset(e, 0, sizeof *e);
}

struct jsonw *
emit_open(struct emit *e, enum opname op, uint64_t ts)
{
	struct buf time = { 0 };

	buf_clear(&e->line);
	e->w.b = &e->line;
	e->w.comma = 0;
	e->op = op;
	jw_open(&e->w, NULL, '{');
	jw_str(&e->w, "op", op_name(op));
	if (op == OP_BEGIN)
		jw_i64(&e->w, "v", STREAM_VERSION);
	else
		jw_u64s(&e->w, "ts", ts);
	if (op != OP_BEGIN && e->time) {
		tso_add_time(&time, ts);
		jw_str(&e->w, "time", time.ptr);
		buf_fini(&time);
	}
	return &e->w;
}

void
emit_close(struct emit *e, size_t rows)
{
	jw_close(&e->w, '}');
	if (e->skip[e->op])
		return;
	e->lines[e->op]++;
	if (e->op == OP_DELETE)
		e->keys += rows;
	else
		e->rows += rows;
	if (e->out != NULL)
		out_line(e->out, &e->line);
}

static void
count(struct jsonw *w, const char *name, uint64_t n)
{
	if (n > 0)
		jw_i64(w, name, (int64_t)n);
}

void
emit_counts(const struct emit *e, struct jsonw *w, const char *key)
{
	uint64_t ddl = 0;

	jw_open(w, key, '{');
	for (int op = 0; op < OP_MAX; op++)
		if (counted[op] == COUNT_OWN)
			count(w, op_name((enum opname)op), e->lines[op]);
		else if (counted[op] == COUNT_DDL)
			ddl += e->lines[op];
	count(w, "rows", e->rows);
	count(w, "keys", e->keys);
	count(w, "ddl", ddl);
	jw_close(w, '}');
}

uint64_t
emit_operations(const struct emit *e)
{
	uint64_t n = 0;

	for (int op = OP_END + 1; op < OP_MAX; op++)
		n += e->lines[op];
	return n;
}
