#include "model/op_read.h"

#include <string.h>

#include "base/err.h"
#include "base/num.h"

/* What a line of an operation must have. */
enum {
	HAS_DB = 1,
	HAS_COLL = 2,
	HAS_PART = 4,
	HAS_ROWS = 8,
	HAS_KEYS = 16,
	HAS_POS = 32,
	NO_DOC = 64, /* the line is not parsed into a tree */
	COLL = HAS_DB | HAS_COLL,
};

static const unsigned needs_of[OP_MAX] = {
#define OP(id, name, needs, count) [OP_##id] = (needs),
#include "model/ops.def"
#undef OP
};

void
opline_fini(struct opline *o)
{
	struct buf *b[] = { &o->name, &o->db, &o->coll, &o->coll_id, &o->part,
		&o->task, &o->cluster, &o->src_topic, &o->src_text };

	for (size_t i = 0; i < sizeof b / sizeof *b; i++)
		buf_fini(b[i]);
	json_decref(o->doc);
	memset(o, 0, sizeof *o);
}

/* Empties *o and keeps its buffers, each as an empty string. */
static void
clear(struct opline *o)
{
	struct opline old = *o;
	struct buf *b[] = { &o->name, &o->db, &o->coll, &o->coll_id, &o->part,
		&o->task, &o->cluster, &o->src_topic, &o->src_text };

	json_decref(o->doc);
	memset(o, 0, sizeof *o);
	o->name = old.name;
	o->db = old.db;
	o->coll = old.coll;
	o->coll_id = old.coll_id;
	o->part = old.part;
	o->task = old.task;
	o->cluster = old.cluster;
	o->src_topic = old.src_topic;
	o->src_text = old.src_text;
	for (size_t i = 0; i < sizeof b / sizeof *b; i++) {
		buf_clear(b[i]);
		buf_add(b[i], "", 0);
	}
	o->src_id = mq_id_none();
	o->v = 1;
}

static int
text(struct jsonr *r, struct buf *b, struct err *e)
{
	struct jstr s;

	buf_clear(b);
	if (jr_peek(r) == 'n')
		return jr_lit(r, "null", e);
	if (jr_str(r, &s, e) == -1)
		return -1;
	if (s.esc)
		return jr_unescape(&s, b, e);
	buf_add(b, s.ptr, s.len);
	return 0;
}

/* Digits, given as a string or as a number, kept as text. */
static int
digits(struct jsonr *r, struct buf *b, struct err *e)
{
	struct span s;

	if (jr_peek(r) == '"')
		return text(r, b, e);
	buf_clear(b);
	if (jr_num(r, &s, e) == -1)
		return -1;
	buf_add(b, s.ptr, s.len);
	return 0;
}

static int
flag(struct jsonr *r, int *v, struct err *e)
{
	*v = jr_peek(r) == 't';
	return jr_lit(r, *v ? "true" : "false", e);
}

static int
src_id(struct opline *o, struct jsonr *r, struct err *e)
{
	return digits(r, &o->src_text, e) == -1
		   ? -1
		   : mq_id_read(o->src_text.ptr, &o->src_id, e);
}

static int
read_src(struct opline *o, struct jsonr *r, struct err *e)
{
	struct jstr key;
	int rc;

	if (jr_open(r, '{', e) == -1)
		return -1;
	while ((rc = jr_key(r, &key, e)) == 1) {
		if (jr_is(&key, "t"))
			rc = text(r, &o->src_topic, e);
		else if (jr_is(&key, "o"))
			rc = src_id(o, r, e);
		else
			rc = jr_skip(r, NULL, e);
		if (rc == -1)
			return -1;
	}
	return rc;
}

static int
read_json_form(struct opline *o, struct jsonr *r, struct err *e)
{
	struct jstr s;

	if (jr_str(r, &s, e) == -1)
		return -1;
	o->json_inline = jr_is(&s, "inline");
	if (!o->json_inline && !jr_is(&s, "string"))
		return err_set(e, ERR_DATA, "'json' is '%.*s', want 'inline'",
		    (int)(s.len > 32 ? 32 : s.len), s.ptr);
	return 0;
}

static int
read_name(struct opline *o, struct jsonr *r, struct err *e)
{
	if (text(r, &o->name, e) == -1)
		return -1;
	o->op = op_by_name(o->name.ptr, o->name.len);
	return 0;
}

/* A value that must begin with this bracket. */
static int
nested(struct jsonr *r, char bracket, struct span *s, struct err *e)
{
	struct jsonr probe = *r;

	if (jr_open(&probe, bracket, e) == -1)
		return -1;
	return jr_skip(r, s, e);
}

static int
read_value(
    struct opline *o, const struct jstr *key, struct jsonr *r, struct err *e)
{
	static const char *const words[] = { "op", "ts", "db", "coll",
		"coll_id", "part", "rows", "keys", "src", "late", "gone",
		"lossy", "json", "ensure", "partial", "stopped", "pos", "known",
		"from", "v", "task", "cluster" };
	size_t i = 0, n = sizeof words / sizeof *words;

	while (i < n && !jr_is(key, words[i]))
		i++;
	switch (i) {
	case 0:
		return read_name(o, r, e);
	case 1:
		return jr_u64(r, UINT64_MAX, &o->ts, e);
	case 2:
		o->has_db = jr_peek(r) == '"';
		return text(r, &o->db, e);
	case 3:
		o->has_coll = jr_peek(r) == '"';
		return text(r, &o->coll, e);
	case 4:
		return digits(r, &o->coll_id, e);
	case 5:
		o->has_part = jr_peek(r) == '"';
		return text(r, &o->part, e);
	case 6:
		return nested(r, '[', &o->rows, e);
	case 7:
		return nested(r, '[', &o->keys, e);
	case 8:
		return read_src(o, r, e);
	case 9:
		return flag(r, &o->late, e);
	case 10:
		return flag(r, &o->gone, e);
	case 11:
		return flag(r, &o->lossy, e);
	case 12:
		return read_json_form(o, r, e);
	case 13:
		return flag(r, &o->ensure, e);
	case 14:
		return flag(r, &o->partial, e);
	case 15:
		return flag(r, &o->stopped, e);
	case 16:
		return nested(r, '{', &o->pos, e);
	case 17:
		return nested(r, '{', &o->known, e);
	case 18:
		return nested(r, '{', &o->from, e);
	case 19:
		return jr_i64(r, 0, INT64_MAX, &o->v, e);
	case 20:
		return text(r, &o->task, e);
	case 21:
		return text(r, &o->cluster, e);
	default:
		return jr_skip(r, NULL, e);
	}
}

static int
complete(const struct opline *o, struct err *e)
{
	unsigned needs = needs_of[o->op];
	const char *lack = NULL;

	if (o->name.len == 0)
		lack = "op";
	else if (o->gone) /* the collection may be known by its id only */
		return 0;
	else if ((needs & HAS_DB) && !o->has_db)
		lack = "db";
	else if ((needs & HAS_COLL) && !o->has_coll)
		lack = "coll";
	else if ((needs & HAS_PART) && !o->has_part)
		lack = "part";
	else if ((needs & HAS_ROWS) && o->rows.ptr == NULL)
		lack = "rows";
	else if ((needs & HAS_KEYS) && o->keys.ptr == NULL)
		lack = "keys";
	else if ((needs & HAS_POS) && o->pos.ptr == NULL)
		lack = "pos";
	if (lack != NULL)
		return err_set(e, ERR_DATA, "%s: '%s' is missing",
		    o->name.len > 0 ? o->name.ptr : "line", lack);
	return 0;
}

static int
build(struct opline *o, const char *line, size_t n, struct err *e)
{
	json_error_t je;

	if (needs_of[o->op] & NO_DOC)
		return 0;
	o->doc = json_loadb(line, n, JSON_REJECT_DUPLICATES, &je);
	if (o->doc == NULL)
		return err_set(
		    e, ERR_DATA, "column %d: %s", je.column, je.text);
	return 0;
}

int
opline_read(struct opline *o, const char *line, size_t n, struct err *e)
{
	const char *nul = memchr(line, '\0', n);
	struct jsonr r;
	struct jstr key;
	int rc;

	clear(o);
	if (nul != NULL)
		return err_set(e, ERR_DATA, "column %zu: a NUL byte",
		    (size_t)(nul - line) + 1);
	jr_init(&r, line, n);
	if (jr_open(&r, '{', e) == -1)
		return -1;
	while ((rc = jr_key(&r, &key, e)) == 1)
		if (read_value(o, &key, &r, e) == -1)
			return -1;
	if (rc == -1 || jr_end(&r, e) == -1 || complete(o, e) == -1)
		return -1;
	return build(o, line, n, e);
}

int
opline_str(
    const struct opline *o, const char *key, const char **s, struct err *e)
{
	*s = json_string_value(json_object_get(o->doc, key));
	if (*s == NULL)
		return err_set(
		    e, ERR_DATA, "%s: '%s' is missing", op_name(o->op), key);
	return 0;
}

int
opline_int(const struct opline *o, const char *key, int64_t fallback,
    int64_t *v, struct err *e)
{
	const json_t *j = json_object_get(o->doc, key);

	*v = fallback;
	if (j == NULL || json_is_null(j))
		return 0;
	if (json_is_integer(j)) {
		*v = json_integer_value(j);
		return 0;
	}
	if (json_is_string(j))
		return num_i64(
		    json_string_value(j), INT64_MIN, INT64_MAX, v, e);
	return err_set(
	    e, ERR_DATA, "%s: '%s' is not a number", op_name(o->op), key);
}
