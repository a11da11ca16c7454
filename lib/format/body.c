#include "format/body.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/pb_read.h"

/*
 * A commonpb.MsgType, what it is to us, and field numbers of msg.proto and
 * milvus.proto, 2.3 - 2.5; 0: it has none. In Flush, field 3 is the first of
 * the collections' names. In 2.6 CreateCollection has its schema in field 13.
 */
enum { SCHEMA_26 = 13, PLAN = 14 };

struct layout {
	int type;
	enum msg_kind kind;
	const char *name;
	uint8_t shard, db, coll, part, db_id, coll_id, part_id;
	uint8_t timestamps, rows, version, schema;
};

static const struct layout layouts[] = {
	{ 100, MSG_CREATE_COLLECTION, "CreateCollection", 0, 2, 3, 4, 5, 6, 7,
	    0, 0, 0, 8 },
	{ 101, MSG_DROP_COLLECTION, "DropCollection", 0, 2, 3, 0, 4, 5, 0, 0, 0,
	    0, 0 },
	{ 200, MSG_CREATE_PARTITION, "CreatePartition", 0, 2, 3, 4, 5, 6, 7, 0,
	    0, 0, 0 },
	{ 201, MSG_DROP_PARTITION, "DropPartition", 0, 2, 3, 4, 5, 6, 7, 0, 0,
	    0, 0 },
	{ 400, MSG_INSERT, "Insert", 2, 3, 4, 5, 6, 7, 8, 10, 14, 15, 0 },
	{ 401, MSG_DELETE, "Delete", 2, 3, 4, 5, 6, 7, 8, 10, 11, 0, 0 },
	{ 408, MSG_IMPORT, "Import", 0, 2, 3, 0, 0, 4, 0, 0, 0, 0, 0 },
	{ 1200, MSG_TICK, "TimeTick", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 1212, MSG_OTHER, "Replicate", 0, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 111, MSG_ALTER_COLLECTION, "AlterCollection", 0, 2, 3, 0, 0, 4, 0, 0,
	    0, 0, 0 },
	{ 115, MSG_ALTER_FIELD, "AlterCollectionField", 0, 2, 3, 0, 0, 0, 0, 0,
	    0, 0, 0 },
	{ 1502, MSG_DROP_USER, "DeleteCredential", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    0 },
	{ 1601, MSG_DROP_ROLE, "DropRole", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 1602, MSG_ALTER_USER_ROLE, "OperateUserRole", 0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0 },
	{ 1606, MSG_ALTER_PRIVILEGE, "OperatePrivilege", 0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0 },
	{ 1614, MSG_ALTER_PRIVILEGE, "OperatePrivilegeV2", 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 0 },
	{ 106, MSG_OTHER, "LoadCollection", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 107, MSG_OTHER, "ReleaseCollection", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0,
	    0 },
	{ 205, MSG_OTHER, "LoadPartitions", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 206, MSG_OTHER, "ReleasePartitions", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0,
	    0 },
	{ 300, MSG_OTHER, "CreateIndex", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 302, MSG_OTHER, "DropIndex", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 304, MSG_ALTER_INDEX, "AlterIndex", 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 402, MSG_FLUSH, "Flush", 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 1801, MSG_OTHER, "CreateDatabase", 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 1802, MSG_OTHER, "DropDatabase", 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	{ 1804, MSG_ALTER_DATABASE, "AlterDatabase", 0, 2, 0, 0, 0, 0, 0, 0, 0,
	    0, 0 },
};

static const struct layout *
layout_of(int type)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

const char *
body_type_name(int type)
{
	const struct layout *l = layout_of(type);

	return l == NULL ? NULL : l->name;
}

static int
broken(const char *what, const uint8_t *at, const void *start, struct err *e)
{
	return err_set(e, ERR_DATA, "%s: broken protobuf at byte %td", what,
	    at - (const uint8_t *)start);
}

/* common.proto MsgBase: msg_type 1, msgID 2, timestamp 3. */
static int
base(const struct pbfield *in, struct msg *m, struct err *e)
{
	struct pbwalk r = pbwalk_init(in->ptr, in->len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.wire != PB_VARINT)
			continue;
		if (f.field == 1)
			m->type = (int)(uint32_t)f.num;
		else if (f.field == 2)
			m->msg_id = (int64_t)f.num;
		else if (f.field == 3)
			m->ts = f.num;
	}
	return rc == 0 ? 0 : broken("base", r.p, in->ptr, e);
}

/* The base need not stand first: protobuf promises no order. */
static int
find_base(const void *p, size_t len, struct msg *m, struct err *e)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.field != 1 || f.wire != PB_BYTES)
			continue;
		if (base(&f, m, e) == -1)
			return -1;
		if (m->type <= 0)
			break;
		return 0;
	}
	if (rc == -1)
		return broken("record", r.p, p, e);
	return err_set(
	    e, ERR_DATA, "no message type: not a record of a Milvus log");
}

static int
timestamps(const struct pbfield *f, struct body_rows *s, struct err *e)
{
	struct pbwalk r = pbwalk_init(f->ptr, f->len);
	uint64_t ts;
	int rc;

	while ((rc = pbwalk_varint(&r, &ts)) == 1) {
		s->timestamps++;
		if (ts > s->newest)
			s->newest = ts;
	}
	return rc == 0 ? 0 : broken("timestamps", r.p, f->ptr, e);
}

static void
text(const struct layout *l, const struct pbfield *f, struct msg *m)
{
	struct span v = { (const char *)f->ptr, f->len };

	if (f->field == l->shard)
		m->shard = v;
	else if (f->field == l->db)
		m->db = v;
	else if (f->field == l->coll)
		m->coll = v;
	else if (f->field == l->part)
		m->part = v;
	else if (f->field == l->schema ||
		 (l->schema != 0 && f->field == SCHEMA_26))
		m->schema = v;
}

static void
number(const struct layout *l, const struct pbfield *f, struct msg *m,
    struct body_rows *s)
{
	if (f->field == l->db_id)
		m->db_id = (int64_t)f->num;
	else if (f->field == l->coll_id)
		m->coll_id = (int64_t)f->num;
	else if (f->field == l->part_id)
		m->part_id = (int64_t)f->num;
	else if (f->field == l->rows)
		m->rows = f->num;
	else if (f->field == l->version)
		s->version = f->num;
}

static int
fields(const struct layout *l, const void *p, size_t len, struct msg *m,
    struct body_rows *s, struct err *e)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (l->timestamps != 0 && f.field == l->timestamps &&
		    (f.wire == PB_BYTES || f.wire == PB_VARINT)) {
			if (timestamps(&f, s, e) == -1)
				return -1;
		} else if (f.wire == PB_VARINT) {
			number(l, &f, m, s);
		} else if (f.wire == PB_BYTES) {
			text(l, &f, m);
			if (l->kind == MSG_DELETE && f.field == PLAN)
				s->plan = 1;
		}
	}
	return rc == 0 ? 0 : broken("record", r.p, p, e);
}

int
body_read(const void *p, size_t len, struct msg *m, struct body_rows *rows,
    struct err *e)
{
	const struct layout *l;

	memset(m, 0, sizeof *m);
	memset(rows, 0, sizeof *rows);
	if (find_base(p, len, m, e) == -1)
		return -1;
	if ((l = layout_of(m->type)) == NULL)
		return 0;
	m->kind = l->kind;
	return fields(l, p, len, m, rows, e) == -1 ? err_wrap(e, "%s", l->name)
						   : 0;
}

int
body_rows_check(
    const struct msg *m, const struct body_rows *rows, struct err *e)
{
	if (m->kind == MSG_INSERT && rows->version != 1)
		return err_set(e, ERR_DATA,
		    "rows in version %" PRIu64 ", want 1 (by columns)",
		    rows->version);
	if (rows->plan)
		return err_set(e, ERR_DATA, "a delete by plan, not by keys");
	return 0;
}

void
body_push(struct spans *to, const struct pbfield *f)
{
	to->v = x_grow(to->v, to->n, &to->cap, sizeof *to->v);
	to->v[to->n++] = (struct span){ (const char *)f->ptr, f->len };
}

int
body_strings(
    const void *p, size_t len, uint32_t field, struct spans *to, struct err *e)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.field == field && f.wire == PB_BYTES)
			body_push(to, &f);
	}
	return rc == 0 ? 0 : broken("record", r.p, p, e);
}
