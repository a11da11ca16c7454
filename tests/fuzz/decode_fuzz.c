/*
 * Kafka records: the schema of their collection, then what Milvus wrote.
 *
 *	flags, fields n, n × (type, flags, dimension), records: (where, length
 *	as two bytes little endian, bytes)
 *
 * With STREAMING in flags a record begins with its headers: how many, then
 * (name, by its place in `names`, length, text) of each; changes go into a
 * catalogue.
 *
 * Each record goes through header, rows and keys; what rows_open takes must
 * come out as JSON, and, through the columns of cdc-apply and back, as the
 * same text. Then all of them go through merge: by the end each has left
 * once, in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "catalogue/cat.h"
#include "catlog/catlog.h"
#include "codec/json_minify.h"
#include "codec/json_write.h"
#include "format/v23.h"
#include "format/v26.h"
#include "fuzz.h"
#include "fuzzrows.h"
#include "model/pos.h"
#include "model/schema.h"
#include "rows/columns.h"
#include "rows/keys.h"
#include "rows/rows.h"
#include "stream/merge.h"

enum {
	MAX_FIELDS = 12,
	VECTORS = 3, /* of flags: enum rows_vectors */
	EMBED = 4,   /* as in rows_opts */
	NO_SCHEMA = 8,
	DYNAMIC = 16,
	STREAMING = 32,
	PK = 1, /* of a field's flags */
	NULLABLE = 2,
	OUTPUT = 4,
	TOPIC = 3, /* of where: 0 is replicate-msg */
	RELEASE = 4,
};

static const int types[] = { TYPE_BOOL, TYPE_INT8, TYPE_INT16, TYPE_INT32,
	TYPE_INT64, TYPE_FLOAT, TYPE_DOUBLE, TYPE_VARCHAR, TYPE_ARRAY,
	TYPE_JSON, TYPE_BINARY_VECTOR, TYPE_FLOAT_VECTOR, TYPE_FLOAT16_VECTOR,
	TYPE_BFLOAT16_VECTOR, TYPE_SPARSE_VECTOR, TYPE_INT8_VECTOR };

static void
add_field(struct schema *s, const uint8_t *p)
{
	struct field *f;
	unsigned dim = p[2] == 0 ? 1 : p[2];
	char text[4];

	s->v = x_grow(s->v, s->n, &s->cap, sizeof *s->v);
	f = &s->v[s->n];
	memset(f, 0, sizeof *f);
	f->id = 100 + (int64_t)s->n;
	f->name = x_asprintf("f%zu", s->n++);
	f->type = types[p[0] % 16];
	f->primary_key = p[1] & PK;
	f->nullable = (p[1] & NULLABLE) != 0;
	f->function_output = (p[1] & OUTPUT) != 0;
	if (f->type == TYPE_ARRAY)
		f->elem = types[p[2] % 8];
	if (f->type == TYPE_BINARY_VECTOR)
		dim = dim < 8 ? 8 : dim & ~7U;
	snprintf(text, sizeof text, "%u", dim);
	if (f->type >= TYPE_BINARY_VECTOR && f->type != TYPE_SPARSE_VECTOR)
		kvs_set(&f->params, "dim", text);
}

static int
take_schema(struct fuzz *in, int flags, struct schema *s)
{
	const uint8_t *p;
	size_t n = fuzz_byte(in) % (MAX_FIELDS + 1);

	for (size_t i = 0; i < n; i++) {
		if ((p = fuzz_take(in, 3)) == NULL)
			return -1;
		add_field(s, p);
	}
	s->dynamic = (flags & DYNAMIC) != 0;
	s->dynamic_id = s->dynamic ? 100 + (int64_t)n : 0;
	return 0;
}

/* Text to columns to a record to text: is it the same? */
static void
there_and_back(const struct buf *text, size_t rows, const struct schema *s,
    const struct rows_opts *o, int json_inline)
{
	struct columns *c = columns_new(s);
	struct buf record = { 0 }, again = { 0 };
	struct err e = { 0 };
	struct jsonr r;
	size_t k;
	int rc, same_form;

	jr_init(&r, text->ptr, text->len);
	if (jr_open(&r, '[', &e) == -1)
		abort();
	while ((rc = jr_item(&r, &e)) == 1)
		if (columns_add(c, &r, json_inline, &e) == -1)
			break;
	if (rc == 0) {
		if (columns_rows(c) != rows)
			abort();
		fuzz_rows_record(c, rows, &record);
		fuzz_rows_text(
		    record.ptr, record.len, s, o, &again, &k, &same_form);
		fuzz_same(text->ptr, text->len, again.ptr, again.len);
	}
	columns_free(c);
	buf_fini(&record);
	buf_fini(&again);
}

/*
 * Columns leave outputs out, add a {} where there is no $meta, and sort the
 * object of a sparse vector, which Milvus has sorted already.
 */
static int
comparable(const struct buf *text, const struct schema *s, int vectors)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].function_output ||
		    (s->v[i].type == TYPE_SPARSE_VECTOR &&
			vectors == ROWS_DECIMAL))
			return 0;
	return s->n > 0 && (!s->dynamic || memmem(text->ptr, text->len,
					       "\"$meta\":", 8) != NULL);
}

static void
rows(const uint8_t *p, size_t n, const struct schema *s, int flags)
{
	struct rows_opts o = { (flags & VECTORS) % 3, (flags & EMBED) != 0, 0 };
	struct buf b = { 0 };
	size_t count = 0;
	int inl;

	if (flags & NO_SCHEMA)
		s = NULL;
	fuzz_rows_text(p, n, s, &o, &b, &count, &inl);
	if (count > 0 && s != NULL && comparable(&b, s, (int)o.vectors))
		there_and_back(&b, count, s, &o, inl);
	buf_fini(&b);
}

static void
keys(const uint8_t *p, size_t n, const struct schema *s)
{
	struct keys k = { 0 }, d = { 0 };
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	struct err e = { 0 };
	size_t next;

	if (keys_of_delete(p, n, &d, &e) == 0 && !keys_same_set(&d, &d))
		abort();
	if (keys_of_insert(p, n, s, &k, &e) == 0 &&
	    keys_append(&k, &d, &e) == 0) {
		jw_open(&w, NULL, '[');
		keys_write(&k, 0, SIZE_MAX, &w, &next);
		jw_close(&w, ']');
		if (next != k.n || !jsonmin_is(b.ptr, b.len))
			abort();
	}
	keys_fini(&k);
	keys_fini(&d);
	buf_fini(&b);
}

static void
record(const uint8_t *p, size_t n, const struct schema *s, int flags)
{
	struct spans names = { 0 };
	struct schema made = { 0 };
	struct err e = { 0 };
	static const int taking[] = { 1502, 1601, 1602, 1606, 1614 };
	struct removal x;
	struct alter a;
	struct msg m;

	if (v23_decode(p, n, &m, &e) == 0) {
		if (m.type == 0)
			abort();
		schema_from_pb(&made, m.schema.ptr, m.schema.len, &e);
		schema_fini(&made);
	}
	rows(p, n, s, flags);
	keys(p, n, s);
	v23_flush(p, n, &names, &e);
	v23_vchannels(p, n, &names, &e);
	spans_fini(&names);
	if (v23_alter(p, n, flags & 1 ? 1804 : 304, &a, &e) == 0 &&
	    a.keys.n != a.values.n)
		abort();
	alter_fini(&a);
	for (size_t i = 0; i < sizeof taking / sizeof *taking; i++)
		if (v23_removal(p, n, taking[i], &x, &e) == 0 &&
		    x.user.len + x.role.len + x.privilege.len > n)
			abort();
}

/* The properties of a record of the streaming log. */
static const char *const names[] = { "_v", "_t", "_tt", "_vc", "_lc", "_lcs",
	"_h", "_bh", "_tx", "_wt", "_ch", "_ct" };
enum { NAMES = sizeof names / sizeof *names };
struct properties {
	struct record_headers pub;
	struct span v[NAMES]; /* ptr NULL: it is not there */
};

static int
property(const struct record_headers *h, const char *name, struct span *v)
{
	const struct properties *p = (const struct properties *)h;

	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0 && p->v[i].ptr != NULL) {
			*v = p->v[i];
			return 1;
		}
	return 0;
}

static void
take_properties(struct fuzz *in, struct properties *h)
{
	h->pub.get = property;
	for (int n = fuzz_byte(in) % 16; n > 0; n--) {
		struct span *v = &h->v[fuzz_byte(in) % NAMES];
		size_t len = fuzz_byte(in);
		const uint8_t *p = fuzz_take(in, len);

		if (p == NULL)
			break;
		free((void *)(uintptr_t)v->ptr);
		v->len = len;
		v->ptr = memcpy(x_malloc(len + 1), p, len);
	}
}

/* Its lines are lines, and go into the catalogue. */
static void
change(struct cat *c, const struct msg *m)
{
	struct buf lines = { 0 };
	struct err e = { 0 };
	struct cat_change ch;
	const char *at, *end;
	json_t *j;

	if (catlog_lines(c, m, &lines, &e) == -1 && lines.len > 0)
		abort();
	for (at = lines.ptr; at != NULL && (end = strchr(at, '\n')) != NULL;
	     at = end + 1) {
		if ((j = json_loadb(at, (size_t)(end - at), 0, NULL)) == NULL)
			abort();
		json_decref(j);
		cat_line(c, at, (size_t)(end - at), &ch, &e);
	}
	buf_fini(&lines);
}

/* The message is read when its headers are gone. */
static void
streaming(struct fuzz in, struct cat *c)
{
	struct properties h = { 0 };
	struct record r = { 0 };
	struct spans vchannels = { 0 };
	struct buf text = { 0 };
	struct err e = { 0 };
	struct msg m;
	int rc;

	take_properties(&in, &h);
	r.headers = &h.pub;
	r.ptr = in.p;
	r.len = in.len;
	rc = v26_decode(&r, &m, &e);
	for (size_t i = 0; i < NAMES; i++)
		free((void *)(uintptr_t)h.v[i].ptr);
	if (rc == 0) {
		if (m.ts == 0 || m.name == NULL ||
		    msg_use(m.kind) > MSG_USE_DDL)
			abort();
		v26_vchannels(&m, &vchannels, &e);
		buf_add(&text, m.shard.ptr, m.shard.len);
		buf_add(&text, m.confirmed.ptr, m.confirmed.len);
		buf_add(&text, m.header.ptr, m.header.len);
		for (size_t i = 0; i < vchannels.n; i++)
			buf_add(&text, vchannels.v[i].ptr, vchannels.v[i].len);
		if (msg_use(m.kind) == MSG_USE_DDL)
			change(c, &m);
	} else if (e.kind != ERR_DATA) {
		abort();
	}
	spans_fini(&vchannels);
	buf_fini(&text);
	record_free(&r);
}

/* What leaves, up to the watermark; never back, but for what came late. */
static size_t
release(struct merge *m, uint64_t w)
{
	struct pos p = { 0 };
	const struct rec *r;
	uint64_t last = 0;
	size_t n = 0;

	for (; (r = merge_first(m)) != NULL && r->ts <= w; n++) {
		if (merge_take(m)->ts < last)
			abort();
		last = r->ts;
	}
	merge_release(m, w);
	merge_pos(m, &p);
	for (size_t i = 0; i < p.n; i++)
		if (mq_id_cmp(p.v[i].o, p.v[i].n) > 0)
			abort();
	pos_fini(&p);
	return n;
}

/* The place of a record's bytes, and they; NULL at the end. */
static const uint8_t *
next(struct fuzz *in, int *where, size_t *n)
{
	const uint8_t *head = fuzz_take(in, 3);

	if (head == NULL)
		return NULL;
	*where = head[0];
	*n = head[1] | (size_t)head[2] << 8;
	if (*n > in->len)
		*n = in->len;
	return fuzz_take(in, *n);
}

static void
merged(struct fuzz in)
{
	static const char *const topics[] = { "replicate-msg", "a", "b", "c" };
	struct merge *m = merge_new();
	const uint8_t *p;
	uint64_t w;
	size_t n, waits = 0, left = 0;
	struct err e = { 0 };
	int where;

	for (int i = 0; i < 4; i++)
		merge_topic(m, (size_t)merge_topic_add(
				   m, topics[i], i > 0, mq_id_offset(5)))
		    ->used = i > 0;
	while ((p = next(&in, &where, &n)) != NULL) {
		struct record k = { .ptr = p,
			.len = n,
			.topic = where & TOPIC,
			.id = merge_topic(m, where & TOPIC)->next,
			.time_ms = where >> 3 };

		waits += merge_add(m, &format_v23, &k, &e) != NULL;
		w = merge_watermark(m, NULL);
		if ((where & RELEASE) && w > merge_released(m))
			left += release(m, w);
	}
	if (left + release(m, UINT64_MAX) != waits)
		abort();
	merge_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size }, records;
	struct schema s = { 0 };
	struct cat c = { 0 };
	const uint8_t *p;
	size_t n;
	int flags = fuzz_byte(&in), where;

	if (take_schema(&in, flags, &s) == 0) {
		records = in;
		while ((p = next(&in, &where, &n)) != NULL)
			if (flags & STREAMING)
				streaming((struct fuzz){ p, n }, &c);
			else
				record(p, n, &s, flags);
		if (!(flags & STREAMING))
			merged(records);
	}
	schema_fini(&s);
	cat_fini(&c);
	return 0;
}
