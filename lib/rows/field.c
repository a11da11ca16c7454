#include "rows/field.h"

#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "codec/json_write.h"
#include "model/schema.h"
#include "rows/wire.h"

enum { MAX_NAME = 1024 };

void
fdata_fini(struct fdata *c)
{
	buf_fini(&c->own);
	buf_fini(&c->nulls);
	buf_fini(&c->scratch);
	buf_fini(&c->key);
	memset(c, 0, sizeof *c);
}

/* valid_data, a repeated bool, packed or not, as one byte a row. */
static int
add_valid(struct fdata *c, const struct pbfield *f)
{
	struct pbwalk r = pbwalk_init(f->ptr, f->len);
	uint64_t v;
	int rc;

	if (f->wire != PB_BYTES && f->wire != PB_VARINT)
		return -1;
	while ((rc = pbwalk_varint(&r, &v)) == 1) {
		buf_addc(&c->nulls, v != 0);
		c->n_valid += v != 0;
	}
	return rc;
}

static int
add_part(struct fdata *c, const struct pbfield *f, struct err *e)
{
	int text = f->wire == PB_BYTES, num = f->wire == PB_VARINT;

	if (f->field == FD_TYPE && num) {
		c->type = (int)(uint32_t)f->num;
	} else if (f->field == FD_NAME && text) {
		c->name = (const char *)f->ptr;
		c->name_len = f->len;
	} else if ((f->field == FD_SCALARS || f->field == FD_VECTORS) && text) {
		if (c->body != NULL)
			return err_set(e, ERR_DATA, "values twice");
		c->body = f->ptr;
		c->body_len = f->len;
		c->body_vector = f->field == FD_VECTORS;
	} else if (f->field == FD_ID && num) {
		c->id = (int64_t)f->num;
	} else if (f->field == FD_DYNAMIC && num) {
		c->dynamic = f->num != 0;
	} else if (f->field == FD_VALID && add_valid(c, f) == -1) {
		return err_set(e, ERR_DATA, "broken valid_data");
	} else if (f->field == FD_STRUCT) {
		return err_set(e, ERR_DATA, "a struct, which we do not know");
	}
	return 0;
}

int
fdata_parse(struct fdata *c, const void *p, size_t len, struct err *e)
{
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1)
		if (add_part(c, &f, e) == -1)
			return -1;
	if (rc == -1)
		return err_set(e, ERR_DATA, "broken protobuf in a column");
	if (c->name == NULL)
		c->name = "";
	if (c->name_len > MAX_NAME || !utf8_is(c->name, c->name_len))
		return err_set(e, ERR_DATA, "a column with a broken name");
	if (c->nulls.len > 0)
		c->valid = (const uint8_t *)c->nulls.ptr;
	return 0;
}

static const struct field *
field_of(const struct fdata *c, const struct schema *s)
{
	const struct field *f = c->id > 0 ? schema_by_id(s, c->id) : NULL;

	for (size_t i = 0; f == NULL && i < s->n; i++)
		if (strlen(s->v[i].name) == c->name_len &&
		    memcmp(s->v[i].name, c->name, c->name_len) == 0)
			f = &s->v[i];
	return f;
}

static void
set_key(struct fdata *c)
{
	jw_quote(&c->key, c->name, c->name_len);
	buf_addc(&c->key, ':');
}

static int
bind_field(struct fdata *c, const struct field *f, struct err *e)
{
	c->name = f->name;
	c->name_len = strlen(f->name);
	c->id = f->id;
	c->elem = f->elem;
	if (c->type == 0)
		c->type = f->type;
	if (c->type != f->type)
		return err_set(e, ERR_DATA,
		    "field '%s': type %d, the schema says %d", f->name, c->type,
		    f->type);
	c->dim = field_dim(f);
	return 0;
}

int
fdata_bind(struct fdata *c, const struct schema *s, struct err *e)
{
	const struct field *f = NULL;

	if (s != NULL && s->dynamic_id != 0 && c->id == s->dynamic_id)
		c->dynamic = 1;
	if (c->dynamic) {
		c->name = "$meta";
		c->name_len = 5;
	} else if (s != NULL) {
		f = field_of(c, s);
		c->unknown = f == NULL;
	}
	if (f != NULL && bind_field(c, f, e) == -1)
		return -1;
	if (c->name_len == 0)
		return err_set(
		    e, ERR_DATA, "field id %" PRId64 " has no name", c->id);
	set_key(c);
	if ((c->info = type_info(c->type)) == NULL)
		return err_set(e, ERR_DATA,
		    "field '%.*s': type %d is not known", (int)c->name_len,
		    c->name, c->type);
	return 0;
}

/*
 * The value of {"long":"7"}; numbers, truths and texts are in rows as they are
 * there.
 */
static void
set_same(struct fdata *c, const struct field *f)
{
	const char *from = f->default_json == NULL || f->type > TYPE_VARCHAR
			       ? NULL
			       : strchr(f->default_json, ':');

	if (from == NULL)
		return;
	c->same = from + 1;
	c->same_len = (size_t)(strrchr(from, '}') - c->same);
}

void
fdata_bind_missing(struct fdata *c, const struct field *f)
{
	c->name = f->name;
	c->name_len = strlen(f->name);
	c->id = f->id;
	c->info = type_info(f->type);
	c->missing = 1;
	set_same(c, f);
	set_key(c);
}
