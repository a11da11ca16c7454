#ifndef CDC_INSMAKE_H
#define CDC_INSMAKE_H

#include "base/err.h"
#include "model/schema.h"
#include "model/types.h"
#include "pbmake.h"

/* InsertRequests written by hand, for tests. */

struct col {
	int type;
	const char *name;
	int64_t id;
	int slot; /* of type_info, if 0 */
	int64_t dim;
	const char *valid; /* "101": the second is null */
	int dynamic;
};

/* {data 1}: one packed run, or one of the repeated bytes. Emptied. */
static inline struct buf
im_data(struct buf *run)
{
	struct buf b = { 0 };

	pm_sub(&b, 1, run);
	return b;
}

static inline struct buf
im_ints(const int64_t *v, size_t n)
{
	struct buf run = { 0 };

	for (size_t i = 0; i < n; i++)
		pm_raw(&run, (uint64_t)v[i]);
	return im_data(&run);
}

static inline struct buf
im_floats(const float *v, size_t n)
{
	struct buf run = { 0 };

	for (size_t i = 0; i < n; i++)
		pm_f32(&run, v[i]);
	return im_data(&run);
}

static inline struct buf
im_strs(const char *const *v, size_t n)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++)
		pm_str(&b, 1, v[i]);
	return b;
}

/* Add one FieldData (field 13) with its values, which are emptied. */
static inline void
im_col(struct buf *b, const struct col *c, struct buf *values)
{
	const struct type_info *t = type_info(c->type);
	struct buf fd = { 0 }, body = { 0 }, run = { 0 };
	int slot = c->slot != 0 ? c->slot : t->slot;

	if (c->dim != 0)
		pm_int(&body, 1, c->dim);
	pm_sub(&body, (uint32_t)slot, values);
	pm_int(&fd, 1, c->type);
	pm_str(&fd, 2, c->name);
	pm_sub(&fd, t->is_vector ? 4 : 3, &body);
	pm_int(&fd, 5, c->id);
	pm_int(&fd, 6, c->dynamic);
	if (c->valid != NULL) {
		for (const char *s = c->valid; *s != '\0'; s++)
			pm_raw(&run, *s == '1');
		pm_sub(&fd, 7, &run);
	}
	pm_sub(b, 13, &fd);
}

/* Base, timestamps and number of rows. */
static inline void
im_rows(struct buf *b, size_t n)
{
	struct buf sub = { 0 };

	pm_int(&sub, 1, 400);
	pm_sub(b, 1, &sub);
	for (size_t i = 0; i < n; i++)
		pm_raw(&sub, 470613600127942659);
	pm_sub(b, 10, &sub);
	pm_int(b, 14, (int64_t)n);
	pm_int(b, 15, 1);
}

/* A schema of "fields": [ … ]. */
static inline void
im_schema(struct schema *s, const char *fields, int dynamic)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	json_t *j;

	buf_addf(&b, "{\"dynamic\":%s,\"dynamic_id\":%d,\"fields\":[%s]}",
	    dynamic ? "true" : "false", dynamic ? 999 : 0, fields);
	j = json_loads(b.ptr, 0, NULL);
	if (j == NULL || schema_from_json(s, j, &e) == -1)
		fail_msg("schema: %s: %s", b.ptr, e.msg);
	json_decref(j);
	buf_fini(&b);
}

#endif
