#include "verify/backup_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sig.h"
#include "codec/pb_write.h"
#include "model/op_read.h"
#include "rows/columns.h"

enum { REQ_FIELDS = 5, QUERY_FIELDS = 2 }; /* UpsertRequest, QueryResults */

#define SIGN ((uint64_t)1 << 63)

/* The state of reading the files. */
struct reading {
	struct vfile *f;
	struct opline op;
	uint64_t seq;
	struct buf scratch;
	int reached; /* the current stream reached --until */
};

static void
fcoll_fini(struct fcoll *c)
{
	free(c->coll.db);
	free(c->coll.name);
	schema_fini(&c->coll.schema);
	for (size_t i = 0; i < c->nparts; i++)
		free(c->parts[i].name);
	free(c->parts);
	free(c->fields.v);
	free(c->id);
}

void
vfile_fini(struct vfile *f)
{
	for (size_t i = 0; i < f->n; i++)
		fcoll_fini(&f->v[i]);
	free(f->v);
	spool_free(f->rows);
	memset(f, 0, sizeof *f);
}

static struct fcoll *
find(const struct vfile *f, const char *id)
{
	for (size_t i = f->n; i-- > 0;)
		if (strcmp(f->v[i].id, id) == 0)
			return &f->v[i];
	return NULL;
}

/* The number of a partition; a new one gets the next number. */
static uint32_t
part_number(struct fcoll *c, const char *name)
{
	struct fpart *p;

	for (size_t i = 1; i < c->nparts; i++)
		if (strcmp(c->parts[i].name, name) == 0)
			return (uint32_t)i;
	c->parts = x_grow(c->parts, c->nparts, &c->parts_cap, sizeof *p);
	p = &c->parts[c->nparts++];
	memset(p, 0, sizeof *p);
	p->name = x_strdup(name);
	return (uint32_t)(c->nparts - 1);
}

int
vfile_consistency(const char *name)
{
	static const char *const names[] = { "Strong", "Session", "Bounded",
		"Eventually", "Customized" };

	for (int i = 0; i < 5; i++)
		if (name != NULL && strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void
all_fields(struct fcoll *c)
{
	const struct schema *s = &c->coll.schema;

	c->fields.v = x_calloc(s->n + 1, sizeof *c->fields.v);
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].function_output)
			continue;
		if (s->v[i].primary_key)
			c->fields.pk = c->fields.n;
		c->fields.v[c->fields.n++] = s->v[i].name;
	}
	if (s->dynamic)
		c->fields.v[c->fields.n++] = "$meta";
}

static int
create(struct reading *r, struct err *e)
{
	const struct opline *o = &r->op;
	struct vfile *f = r->f;
	struct fcoll *c = find(f, o->coll_id.ptr);
	int64_t shards, parts;

	if (c != NULL) /* made by an earlier file */
		return 0;
	f->v = x_grow(f->v, f->n, &f->cap, sizeof *f->v);
	c = &f->v[f->n++];
	memset(c, 0, sizeof *c);
	c->id = x_strdup(o->coll_id.ptr);
	c->coll.db = x_strdup(o->db.ptr);
	c->coll.name = x_strdup(o->coll.ptr);
	c->partial = o->partial;
	part_number(c, "");
	c->parts[part_number(c, "_default")].there = 1;
	if (schema_from_json(
		&c->coll.schema, json_object_get(o->doc, "schema"), e) == -1 ||
	    opline_int(o, "shards", 1, &shards, e) == -1 ||
	    opline_int(o, "num_partitions", 0, &parts, e) == -1)
		return -1;
	c->coll.shards = (int)shards;
	c->coll.num_partitions = parts;
	c->coll.consistency = vfile_consistency(
	    json_string_value(json_object_get(o->doc, "consistency")));
	c->coll.pk = schema_pk(&c->coll.schema);
	c->coll.blank_part = schema_partition_key(&c->coll.schema) != NULL;
	all_fields(c);
	return c->coll.pk == NULL
		   ? err_set(e, ERR_DATA, "a schema without a primary key")
		   : 0;
}

static void
set_key(struct spooled *s, const struct vkey *k, uint8_t be[8])
{
	uint64_t v = (uint64_t)k->num ^ SIGN;

	s->key = k->text;
	if (k->is_text)
		return;
	for (int i = 7; i >= 0; i--, v >>= 8)
		be[i] = (uint8_t)v;
	s->key = (struct span){ (const char *)be, 8 };
}

/* The line's rows in the form of a query's answer. */
static int
line_page(
    struct reading *r, const struct fcoll *c, struct vpage *p, struct err *e)
{
	struct columns *cols = columns_new(&c->coll.schema);
	struct jsonr in;
	const struct span *piece;
	struct pbwalk w;
	struct pbfield pf;
	size_t n;
	int rc;

	jr_init(&in, r->op.rows.ptr, r->op.rows.len);
	rc = jr_open(&in, '[', e);
	while (rc != -1 && (rc = jr_item(&in, e)) == 1)
		rc = columns_add(cols, &in, r->op.json_inline, e);
	if (rc == 0) {
		piece = columns_request(cols, "", "", "", &n);
		buf_clear(&r->scratch);
		for (size_t i = 0; i < n; i++)
			buf_add(&r->scratch, piece[i].ptr, piece[i].len);
		w = pbwalk_init(r->scratch.ptr, r->scratch.len);
		while (pbwalk_next(&w, &pf) == 1)
			if (pf.field == REQ_FIELDS)
				pbw_bytes(
				    &p->raw, QUERY_FIELDS, pf.ptr, pf.len);
		rc = vpage_read(p, &c->coll.schema, &c->fields, e);
	}
	columns_free(cols);
	return rc;
}

static int
rows(struct reading *r, struct fcoll *c, uint32_t number, struct err *e)
{
	struct spooled s = { .coll = number, .seq = r->seq };
	struct vpage *p = x_calloc(1, sizeof *p);
	uint8_t be[8];
	int rc = 0;

	if (r->op.lossy)
		rc = err_set(e, ERR_DATA, "made without its vectors");
	s.part = part_number(c, r->op.part.ptr);
	if (rc == 0)
		rc = line_page(r, c, p, e);
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		s.seq = ++r->seq;
		s.hash = p->rows[i].hash;
		set_key(&s, &p->rows[i].key, be);
		rc = spool_add(r->f->rows, &s, e);
	}
	vpage_free(p);
	return rc;
}

static int
delete_one(struct reading *r, const struct fcoll *c, struct spooled *s,
    struct jsonr *in, struct err *e)
{
	struct vkey k = { .is_text = c->coll.pk->type == TYPE_VARCHAR };
	struct jstr text;
	uint8_t be[8];

	if (k.is_text) {
		buf_clear(&r->scratch);
		if (jr_str(in, &text, e) == -1 ||
		    jr_unescape(&text, &r->scratch, e) == -1)
			return -1;
		k.text = (struct span){ r->scratch.ptr, r->scratch.len };
	} else if (jr_i64(in, INT64_MIN, INT64_MAX, &k.num, e) == -1) {
		return -1;
	}
	set_key(s, &k, be);
	return spool_add(r->f->rows, s, e);
}

static int
deletes(struct reading *r, struct fcoll *c, uint32_t number, struct err *e)
{
	struct spooled s = { .coll = number, .seq = ++r->seq, .gone = 1 };
	struct jsonr in;
	int rc;

	if (r->op.has_part && r->op.part.len > 0)
		s.part = part_number(c, r->op.part.ptr);
	jr_init(&in, r->op.keys.ptr, r->op.keys.len);
	rc = jr_open(&in, '[', e);
	while (rc != -1 && (rc = jr_item(&in, e)) == 1)
		rc = delete_one(r, c, &s, &in, e);
	return rc;
}

static int
renamed(struct reading *r, struct fcoll *c, struct err *e)
{
	const char *db, *name;

	if (opline_str(&r->op, "new_db", &db, e) == -1 ||
	    opline_str(&r->op, "new_coll", &name, e) == -1)
		return -1;
	free(c->coll.db);
	free(c->coll.name);
	c->coll.db = x_strdup(db);
	c->coll.name = x_strdup(name);
	return 0;
}

static void
partition(struct reading *r, struct fcoll *c, int there)
{
	struct fpart *p = &c->parts[part_number(c, r->op.part.ptr)];

	p->there = there;
	if (!there)
		p->dropped_at = ++r->seq;
}

/* All its rows from before are deleted. */
static void
truncated(struct reading *r, struct fcoll *c)
{
	uint64_t seq = ++r->seq;

	for (size_t i = 0; i < c->nparts; i++)
		c->parts[i].dropped_at = seq;
}

/* An operation on a collection that the files have made. */
static int
of_collection(struct reading *r, struct fcoll *c, struct err *e)
{
	uint32_t number = (uint32_t)(c - r->f->v);
	enum opname op = r->op.op;

	if (op == OP_INSERT || op == OP_UPSERT)
		return rows(r, c, number, e);
	if (op == OP_DELETE)
		return deletes(r, c, number, e);
	if (op == OP_RENAME_COLLECTION)
		return renamed(r, c, e);
	if (op == OP_DROP_COLLECTION)
		c->dropped = 1;
	if (op == OP_ADD_FIELD || op == OP_DROP_FIELD)
		return err_set(e, ERR_DATA,
		    "a comparison with a backup does not follow changes of "
		    "fields; compare with the source");
	if (op == OP_TRUNCATE_COLLECTION)
		truncated(r, c);
	if (op == OP_CREATE_PARTITION || op == OP_DROP_PARTITION)
		partition(r, c, op == OP_CREATE_PARTITION);
	return 0;
}

/* Notes whether the stream reached --until. */
static void
note_end(struct reading *r)
{
	enum opname op = r->op.op;
	uint64_t until = r->f->until;

	if (op == OP_BEGIN || until == 0)
		r->reached = 0;
	if (until != 0 && r->op.ts >= until &&
	    (r->op.ts > until || op == OP_BEGIN || op == OP_TICK ||
		op == OP_END))
		r->reached = 1;
	r->f->ended = until == 0 ? op == OP_END : r->reached;
}

static int
line(struct reading *r, const char *text, size_t n, struct err *e)
{
	struct opline *o = &r->op;
	struct fcoll *c;

	if (opline_read(o, text, n, e) == -1)
		return -1;
	note_end(r);
	if ((r->f->until != 0 && o->ts > r->f->until) || !o->has_coll ||
	    o->coll_id.len == 0 ||
	    (o->gone && o->op != OP_DROP_COLLECTION &&
		o->op != OP_DROP_PARTITION))
		return 0;
	if (o->op == OP_CREATE_COLLECTION)
		return create(r, e);
	c = find(r->f, o->coll_id.ptr);
	if (c == NULL && o->gone)
		return 0;
	if (c == NULL && (o->rows.len > 0 || o->keys.len > 0))
		return err_set(e, ERR_DATA,
		    "collection '%s.%s' (id %s) is made nowhere before; is a "
		    "file missing?",
		    o->db.ptr, o->coll.ptr, o->coll_id.ptr);
	return c == NULL ? 0 : of_collection(r, c, e);
}

int
vfile_read(struct vfile *f, char *const *names, size_t n, struct err *e)
{
	struct reading r = { .f = f };
	struct lines *in = lines_open(names, n, e);
	const char *text;
	size_t len;
	int rc;

	if (in == NULL)
		return -1;
	f->rows = spool_new(SPOOL_RUN);
	while ((rc = lines_next(in, &text, &len, e)) > 0) {
		if (sig_stop != 0)
			rc = err_set(e, ERR_STOP, "stopped");
		else if (rc == LINES_WAIT)
			rc = lines_fill(in, e);
		else if ((rc = line(&r, text, len, e)) == -1)
			err_wrap(e, "'%s' line %" PRIu64, lines_name(in),
			    lines_number(in));
		if (rc == -1)
			break;
	}
	lines_close(in);
	opline_fini(&r.op);
	buf_fini(&r.scratch);
	return rc == -1 ? -1 : 0;
}

/* Applies one more operation to the state of a row. */
static void
fold(const struct fcoll *c, const struct spooled *s, int *there, uint32_t *part,
    struct hash *hash)
{
	if (s->gone) {
		*there = *there && s->part != 0 && s->part != *part;
		return;
	}
	if (s->seq < c->parts[s->part].dropped_at)
		return;
	*there = 1;
	*part = s->part;
	*hash = s->hash;
}

static int
peek(struct vfile *f, struct vfrows *r, struct err *e)
{
	int rc;

	if (r->have || r->ended)
		return r->have;
	if ((rc = spool_next(f->rows, &r->next, e)) == -1)
		return -1;
	r->have = rc;
	r->ended = !rc;
	return rc;
}

static void
get_key(const struct fcoll *c, const struct buf *b, struct vkey *k)
{
	uint64_t v = 0;

	memset(k, 0, sizeof *k);
	k->is_text = c->coll.pk->type == TYPE_VARCHAR;
	k->text = (struct span){ b->ptr, b->len };
	for (size_t i = 0; i < b->len && !k->is_text; i++)
		v = v << 8 | (uint8_t)b->ptr[i];
	k->num = (int64_t)(v ^ SIGN);
}

int
vfile_row(struct vfile *f, struct vfrows *r, uint32_t i, struct vrow *out,
    struct err *e)
{
	int rc, there;
	uint32_t part;

	while ((rc = peek(f, r, e)) == 1 && r->next.coll <= i) {
		there = 0;
		part = 0;
		buf_clear(&r->key);
		buf_adds(&r->key, "");
		buf_add(&r->key, r->next.key.ptr, r->next.key.len);
		out->hash = (struct hash){ 0 };
		while ((rc = peek(f, r, e)) == 1 && r->next.coll <= i &&
		       r->next.key.len == r->key.len &&
		       memcmp(r->next.key.ptr, r->key.ptr, r->key.len) == 0) {
			if (r->next.coll == i)
				fold(&f->v[i], &r->next, &there, &part,
				    &out->hash);
			r->have = 0;
		}
		if (rc == -1)
			return -1;
		if (there) {
			get_key(&f->v[i], &r->key, &out->key);
			return 1;
		}
	}
	return rc == -1 ? -1 : 0;
}
