/*
 * Lines of a stream and of a catalogue, as cdc-apply and cdc-read take them.
 *
 * Every operation's line is read twice: as it is, in the order of keys that
 * is ours, and with the keys of it and of its rows the other way round and
 * white space between: both must be taken, to the same values, or neither.
 * Rows go into the columns of a request and come back as text that makes the
 * same request. The schema is that of the last create_collection, or one of
 * all types.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/queue_priv.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/out.h"
#include "catalogue/cat.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "ddl/known.h"
#include "fuzz.h"
#include "fuzzrows.h"
#include "model/op_read.h"
#include "model/pos.h"
#include "model/schema.h"
#include "rows/columns.h"

enum { MAX_KEYS = 40 };

static const char all_types[] =
    "{\"dynamic\":true,\"fields\":[{\"id\":100,\"name\":\"pk\",\"type\":"
    "\"Int64\",\"primary_key\":true},{\"id\":101,\"name\":\"vec\",\"type\":"
    "\"FloatVector\",\"params\":{\"dim\":\"2\"}},{\"id\":102,\"name\":\"b\","
    "\"type\":\"Bool\",\"nullable\":true},{\"id\":103,\"name\":\"i8\",\"type\":"
    "\"Int8\",\"nullable\":true},{\"id\":104,\"name\":\"f\",\"type\":\"Float\","
    "\"nullable\":true},{\"id\":105,\"name\":\"d\",\"type\":\"Double\","
    "\"nullable\":true},{\"id\":106,\"name\":\"s\",\"type\":\"VarChar\","
    "\"nullable\":true},{\"id\":107,\"name\":\"j\",\"type\":\"JSON\","
    "\"nullable\":true},{\"id\":108,\"name\":\"a\",\"type\":\"Array\","
    "\"element_type\":\"Int16\",\"nullable\":true},{\"id\":109,\"name\":\"as\","
    "\"type\":\"Array\",\"element_type\":\"VarChar\",\"nullable\":true},{"
    "\"id\":"
    "110,\"name\":\"bin\",\"type\":\"BinaryVector\",\"params\":{\"dim\":\"8\"},"
    "\"nullable\":true},{\"id\":111,\"name\":\"h\",\"type\":\"Float16Vector\","
    "\"params\":{\"dim\":\"2\"},\"nullable\":true},{\"id\":112,\"name\":\"bf\","
    "\"type\":\"BFloat16Vector\",\"params\":{\"dim\":\"2\"},\"nullable\":true},"
    "{\"id\":113,\"name\":\"sp\",\"type\":\"SparseFloatVector\",\"nullable\":"
    "true},{\"id\":114,\"name\":\"i8v\",\"type\":\"Int8Vector\",\"params\":{"
    "\"dim\":\"2\"},\"nullable\":true}]}";

static void
set_schema(struct coll *c, const char *text)
{
	json_t *j = json_loads(text, 0, NULL);
	struct err e = { 0 };

	if (j == NULL || schema_from_json(&c->schema, j, &e) == -1)
		abort();
	json_decref(j);
	c->pk = schema_pk(&c->schema);
}

static int turned(struct jsonr *r, struct buf *b, int deep);

/* An array of objects, each of them turned. */
static int
turned_list(struct jsonr *r, struct buf *b)
{
	struct err e;
	int rc, n = 0;

	if (jr_open(r, '[', &e) == -1)
		return -1;
	buf_addc(b, '[');
	while ((rc = jr_item(r, &e)) == 1) {
		if (n++ > 0)
			buf_addc(b, ',');
		if (jr_peek(r) != '{' || turned(r, b, 0) == -1)
			return -1;
	}
	buf_addc(b, ']');
	return rc;
}

static int
is_twice(const struct jstr *keys, size_t n, const struct buf *name)
{
	for (size_t i = 0; i < n; i++)
		if (jr_is(&keys[i], name->len > 0 ? name->ptr : ""))
			return 1;
	return 0;
}

/* Its keys and their values. How many, -1 if it is broken or not for us. */
static int
members(struct jsonr *r, struct jstr *keys, struct span *values)
{
	struct buf name = { 0 };
	struct err e;
	int n = 0, rc, bad = jr_open(r, '{', &e) == -1;

	while (!bad && (rc = jr_key(r, &keys[n], &e)) != 0) {
		buf_clear(&name);
		bad = rc == -1 || jr_unescape(&keys[n], &name, &e) == -1 ||
		      is_twice(keys, (size_t)n, &name) ||
		      jr_skip(r, &values[n], &e) == -1 || ++n == MAX_KEYS;
	}
	buf_fini(&name);
	return bad ? -1 : n;
}

/* An object with its last member first. */
static int
turned(struct jsonr *r, struct buf *b, int deep)
{
	struct jstr keys[MAX_KEYS];
	struct span values[MAX_KEYS];
	int n = members(r, keys, values);

	if (n == -1)
		return -1;
	buf_addc(b, '{');
	while (n-- > 0) {
		struct jsonr in;

		buf_adds(b, " \"");
		buf_add(b, keys[n].ptr, keys[n].len);
		buf_adds(b, "\" :\t");
		jr_init(&in, values[n].ptr, values[n].len);
		if (!deep || !jr_is(&keys[n], "rows") || jr_peek(&in) != '[')
			buf_add(b, values[n].ptr, values[n].len);
		else if (turned_list(&in, b) == -1)
			return -1;
		if (n > 0)
			buf_addc(b, ',');
	}
	buf_addc(b, '}');
	return 0;
}

static void
same_buf(const struct buf *a, const struct buf *b)
{
	fuzz_same(a->ptr, a->len, b->ptr, b->len);
}

static void
same_lines(const struct opline *a, const struct opline *b)
{
	if (a->op != b->op || a->ts != b->ts || a->v != b->v ||
	    a->has_db != b->has_db || a->has_coll != b->has_coll ||
	    a->has_part != b->has_part || a->late != b->late ||
	    a->gone != b->gone || a->lossy != b->lossy ||
	    a->json_inline != b->json_inline || a->ensure != b->ensure ||
	    a->partial != b->partial || a->stopped != b->stopped ||
	    a->src_id.entry != b->src_id.entry)
		abort();
	same_buf(&a->name, &b->name);
	same_buf(&a->db, &b->db);
	same_buf(&a->coll, &b->coll);
	same_buf(&a->coll_id, &b->coll_id);
	same_buf(&a->part, &b->part);
	same_buf(&a->task, &b->task);
	same_buf(&a->cluster, &b->cluster);
	same_buf(&a->src_topic, &b->src_topic);
	fuzz_same(a->keys.ptr, a->keys.len, b->keys.ptr, b->keys.len);
	fuzz_same(a->pos.ptr, a->pos.len, b->pos.ptr, b->pos.len);
}

/* Rows in columns, NULL if one is refused. */
static struct columns *
columns_of(struct span rows, const struct schema *s, int json_inline)
{
	struct columns *c = columns_new(s);
	struct err e = { 0 };
	struct jsonr r;
	int rc = -1;

	jr_init(&r, rows.ptr, rows.len);
	if (jr_open(&r, '[', &e) == 0)
		while ((rc = jr_item(&r, &e)) == 1)
			if (columns_add(c, &r, json_inline, &e) == -1)
				break;
	if (rc != 0) {
		columns_free(c);
		return NULL;
	}
	return c;
}

static void
same_columns(struct columns *a, struct columns *b)
{
	struct buf x = { 0 }, y = { 0 };

	fuzz_rows_record(a, columns_rows(a), &x);
	fuzz_rows_record(b, columns_rows(b), &y);
	same_buf(&x, &y);
	buf_fini(&x);
	buf_fini(&y);
}

/* To a record of the log and back: the same request? */
static void
there_and_back(struct columns *c, const struct schema *s)
{
	struct rows_opts o = { ROWS_BASE64, 0, 0 };
	struct buf record = { 0 }, text = { 0 };
	struct columns *again;
	size_t n;
	int inl;

	fuzz_rows_record(c, columns_rows(c), &record);
	fuzz_rows_text(record.ptr, record.len, s, &o, &text, &n, &inl);
	if (text.len == 0)
		abort();
	again = columns_of((struct span){ text.ptr, text.len }, s, 0);
	if (again == NULL)
		abort();
	same_columns(c, again);
	columns_free(again);
	buf_fini(&record);
	buf_fini(&text);
}

static void
rows(const struct opline *o, const struct opline *other, struct coll *c)
{
	struct columns *a = columns_of(o->rows, &c->schema, o->json_inline);
	struct columns *b = columns_of(other->rows, &c->schema, o->json_inline);

	if ((a == NULL) != (b == NULL))
		abort();
	if (a != NULL) {
		same_columns(a, b);
		if (columns_rows(a) > 0)
			there_and_back(a, &c->schema);
	}
	columns_free(a);
	columns_free(b);
}

/* Batches as they would be sent, then said as a dry run says them. */
static void
queued(struct rowq *q, const struct opline *o, struct coll *c)
{
	struct origin w = { "f", 1, o->src_topic.ptr, o->src_id };
	const char *part = o->has_part ? o->part.ptr : NULL;
	struct err e = { 0 };

	if (o->op == OP_DELETE)
		rowq_keys(q, c, part, o->keys, &w, &e);
	else
		rowq_rows(q, c, o->part.ptr, o->rows, o->json_inline, &w, &e);
	for (struct batch *b = q->open.head; b != NULL; b = b->next)
		if (b->n > 0)
			batch_close(b);
}

static void
schema_is_kept(const struct schema *s)
{
	struct schema again = { 0 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	struct err e = { 0 };
	json_t *j;

	schema_to_json(s, &w, NULL);
	j = json_loadb(b.ptr, b.len, JSON_REJECT_DUPLICATES, NULL);
	if (j == NULL || schema_from_json(&again, j, &e) == -1 ||
	    schema_same(s, &again, &e) == -1) {
		fprintf(stderr, "%s: %s\n", e.msg, b.ptr);
		abort();
	}
	json_decref(j);
	schema_fini(&again);
	buf_fini(&b);
}

/* A create_collection's becomes that of the rows that follow. */
static void
new_schema(const struct opline *o, struct coll *c)
{
	struct schema s = { 0 };
	struct err e = { 0 };
	uint8_t *pb = NULL;

	if (schema_from_json(&s, json_object_get(o->doc, "schema"), &e) == 0) {
		schema_is_kept(&s);
		schema_to_pb(&s, "c", &pb);
		free(pb);
		schema_fini(&c->schema);
		c->schema = s;
		c->pk = schema_pk(&c->schema);
		c->checked = 0;
	} else {
		schema_fini(&s);
	}
}

static void
position(const struct opline *o)
{
	struct pos p = { 0 }, again = { 0 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	struct err e = { 0 };
	json_t *j;

	if (pos_from_line(&p, o->doc, &e) == 0) {
		pos_to_json(&p, &w, NULL);
		j = json_loadb(b.ptr, b.len, JSON_REJECT_DUPLICATES, NULL);
		if (j == NULL || pos_from_json(&again, j, &e) == -1)
			abort();
		json_decref(j);
		again.ts = p.ts;
		if (pos_before(&p, &again, NULL) ||
		    pos_before(&again, &p, NULL))
			abort();
	}
	buf_fini(&b);
	pos_fini(&p);
	pos_fini(&again);
}

/* What the target has: read, written whole, read: the same text again. */
static void
known(const struct opline *o)
{
	json_t *k = json_object_get(o->doc, "known"), *j;
	struct view v = { 0 }, again = { 0 };
	struct buf a = { 0 }, b = { 0 };
	struct jsonw wa = { .b = &a }, wb = { .b = &b };
	struct err e = { 0 };

	if (json_is_object(k) && view_from_json(&v, k, &e) == 0) {
		jw_open(&wa, NULL, '{');
		view_to_json(&v, &wa, "known", 1);
		jw_close(&wa, '}');
		j = json_loadb(a.ptr, a.len, JSON_REJECT_DUPLICATES, NULL);
		if (j == NULL || view_from_json(&again,
				     json_object_get(j, "known"), &e) == -1) {
			fprintf(stderr, "%s: %s\n", e.msg, a.ptr);
			abort();
		}
		json_decref(j);
		jw_open(&wb, NULL, '{');
		view_to_json(&again, &wb, "known", 1);
		jw_close(&wb, '}');
		same_buf(&a, &b);
	}
	buf_fini(&a);
	buf_fini(&b);
	view_fini(&v);
	view_fini(&again);
}

static int
is_rows(const struct opline *o)
{
	return !o->gone && (o->op == OP_INSERT || o->op == OP_UPSERT);
}

static int
is_keys(const struct opline *o)
{
	return !o->gone && o->op == OP_DELETE;
}

static void
operation(struct fuzz text, struct coll *c, struct rowq *q, struct buf *scratch)
{
	struct opline o = { 0 }, other = { 0 };
	struct err e = { 0 };
	struct jsonr r;
	int rc = opline_read(&o, (const char *)text.p, text.len, &e), again;

	buf_clear(scratch);
	jr_init(&r, (const char *)text.p, text.len);
	if (turned(&r, scratch, 1) == 0 && jr_end(&r, &e) == 0) {
		again = opline_read(&other, scratch->ptr, scratch->len, &e);
		if (rc != again)
			abort();
		if (rc == 0)
			same_lines(&o, &other);
		if (rc == 0 && is_rows(&o) && coll_writable(c, &e) == 0)
			rows(&o, &other, c);
	}
	if (rc == 0 && (is_rows(&o) || is_keys(&o)) &&
	    coll_writable(c, &e) == 0)
		queued(q, &o, c);
	if (rc == 0 && o.op == OP_CREATE_COLLECTION) {
		rowq_flush(q, 1, &e); /* batches borrow the schema */
		new_schema(&o, c);
	}
	if (rc == 0 && o.doc != NULL) {
		position(&o);
		known(&o);
	}
	opline_fini(&o);
	opline_fini(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "c";
	struct coll c = { .db = name, .name = name };
	struct out out = { .name = "null" };
	struct rowq_conf conf = {
		.dry_run = 1, .window = 8, .batch_bytes = 2000, .out = &out
	};
	struct rowq *q = rowq_new(NULL, &conf);
	/* behind the last line there is a byte, as base/lines.h says */
	char *copy = x_strndup(size == 0 ? "" : (const char *)data, size);
	struct fuzz in = { (const uint8_t *)copy, strlen(copy) }, line;
	struct buf scratch = { 0 };
	struct cat cat = { 0 };
	struct cat_change ch;
	struct err e = { 0 };

	out.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	set_schema(&c, all_types);
	while (in.len > 0) {
		line = fuzz_until(&in, '\n');
		if (line.len > 6 && memcmp(line.p, "{\"kind", 6) == 0)
			cat_line(&cat, (const char *)line.p, line.len, &ch, &e);
		else
			operation(line, &c, q, &scratch);
	}
	rowq_drain(q, &e);
	rowq_free(q);
	free(cat_cluster(&cat));
	cat_fini(&cat);
	schema_fini(&c.schema);
	buf_fini(&scratch);
	free(copy);
	out_fini(&out);
	close(out.fd);
	return 0;
}
