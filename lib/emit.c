#include "emit.h"

#include <string.h>

#include "err.h"
#include "out.h"
#include "tso.h"

enum count { COUNT_NONE, COUNT_DDL, COUNT_OWN };

static const struct {
	const char *name;
	enum count count; /* under what name the end line counts it */
} ops[OP_MAX] = {
	[OP_BEGIN] = { "begin", COUNT_NONE },
	[OP_TICK] = { "tick", COUNT_NONE },
	[OP_END] = { "end", COUNT_NONE },
	[OP_CREATE_DATABASE] = { "create_database", COUNT_DDL },
	[OP_DROP_DATABASE] = { "drop_database", COUNT_DDL },
	[OP_ALTER_DATABASE] = { "alter_database", COUNT_DDL },
	[OP_CREATE_COLLECTION] = { "create_collection", COUNT_DDL },
	[OP_DROP_COLLECTION] = { "drop_collection", COUNT_DDL },
	[OP_RENAME_COLLECTION] = { "rename_collection", COUNT_DDL },
	[OP_ALTER_COLLECTION] = { "alter_collection", COUNT_DDL },
	[OP_CREATE_PARTITION] = { "create_partition", COUNT_DDL },
	[OP_DROP_PARTITION] = { "drop_partition", COUNT_DDL },
	[OP_INSERT] = { "insert", COUNT_OWN },
	[OP_UPSERT] = { "upsert", COUNT_OWN },
	[OP_DELETE] = { "delete", COUNT_OWN },
	[OP_CREATE_INDEX] = { "create_index", COUNT_DDL },
	[OP_DROP_INDEX] = { "drop_index", COUNT_DDL },
	[OP_LOAD_COLLECTION] = { "load_collection", COUNT_DDL },
	[OP_RELEASE_COLLECTION] = { "release_collection", COUNT_DDL },
	[OP_LOAD_PARTITIONS] = { "load_partitions", COUNT_DDL },
	[OP_RELEASE_PARTITIONS] = { "release_partitions", COUNT_DDL },
	[OP_FLUSH] = { "flush", COUNT_DDL },
	[OP_CREATE_ALIAS] = { "create_alias", COUNT_DDL },
	[OP_ALTER_ALIAS] = { "alter_alias", COUNT_DDL },
	[OP_DROP_ALIAS] = { "drop_alias", COUNT_DDL },
	[OP_IMPORT] = { "import", COUNT_OWN },
	[OP_UNKNOWN] = { "unknown", COUNT_OWN },
};

void
emit_fini(struct emit *e)
{
	buf_fini(&e->line);
	memset(e, 0, sizeof *e);
}

static int
want(struct emit *e, const char *name, size_t len, struct err *err)
{
	for (int op = 0; op < OP_MAX; op++)
		if (strlen(ops[op].name) == len &&
		    memcmp(ops[op].name, name, len) == 0) {
			e->skip[op] = 0;
			return 0;
		}
	return err_set(
	    err, ERR_USAGE, "unknown operation '%.*s'", (int)len, name);
}

int
emit_only(struct emit *e, const char *list, struct err *err)
{
	memset(e->skip, 1, sizeof e->skip);
	e->skip[OP_BEGIN] = e->skip[OP_TICK] = e->skip[OP_END] = 0;
	for (const char *p = list; *p != '\0';) {
		size_t n = strcspn(p, ",");

		if (want(e, p, n, err) == -1)
			return -1;
		p += n + (p[n] == ',');
	}
	return 0;
}

struct jsonw *
emit_open(struct emit *e, enum op op, uint64_t ts)
{
	struct buf time = { 0 };

	buf_clear(&e->line);
	e->w.b = &e->line;
	e->w.comma = 0;
	e->op = op;
	jw_open(&e->w, NULL, '{');
	jw_str(&e->w, "op", ops[op].name);
	if (op == OP_BEGIN)
		jw_i64(&e->w, "v", 1);
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

void
emit_cancel(struct emit *e)
{
	buf_clear(&e->line);
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
		if (ops[op].count == COUNT_OWN)
			count(w, ops[op].name, e->lines[op]);
		else if (ops[op].count == COUNT_DDL)
			ddl += e->lines[op];
	count(w, "rows", e->rows);
	count(w, "keys", e->keys);
	count(w, "ddl", ddl);
	jw_close(w, '}');
}
