/*
 * A Kafka record: header, rows in all forms, keys. What rows_open takes must
 * come out as JSON; the first byte says which forms and which schema.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "decode.h"
#include "err.h"
#include "jsonmin.h"
#include "jsonw.h"
#include "keys.h"
#include "rows.h"
#include "schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the collections of tests/data/records have it, and more. */
static const char fields[] =
    "{\"dynamic\":true,\"dynamic_id\":103,\"fields\":["
    "{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\",\"primary_key\":true},"
    "{\"id\":101,\"name\":\"x\",\"type\":\"Array\",\"element_type\":"
    "\"Int8\",\"nullable\":true},"
    "{\"id\":102,\"name\":\"v\",\"type\":\"FloatVector\",\"params\":{"
    "\"dim\":\"2\"},\"nullable\":true},"
    "{\"id\":104,\"name\":\"s\",\"type\":\"SparseFloatVector\","
    "\"function_output\":true}]}";

static void
rows(const uint8_t *p, size_t n, const struct schema *s,
    const struct rows_opts *o)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	struct err e = { 0 };
	struct rows *r = rows_open(p, n, s, o, &e);
	size_t k, sum = 0;
	int rc = 1;

	if (r == NULL)
		return;
	jw_open(&w, NULL, '[');
	for (; rc == 1; sum += k)
		if ((rc = rows_write(r, 100, &w, &k, &e)) == -1)
			abort();
	jw_close(&w, ']');
	if (sum != rows_count(r) || jsonmin_add(NULL, b.ptr, b.len) == -1 ||
	    memchr(b.ptr, '\n', b.len) != NULL)
		abort();
	rows_free(r);
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
		if (jsonmin_add(NULL, b.ptr, b.len) == -1)
			abort();
	}
	keys_fini(&k);
	keys_fini(&d);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct schema s;
	struct spans names = { 0 };
	struct rows_opts o;
	struct err e = { 0 };
	struct msg m;

	if (s.n == 0) {
		json_t *j = json_loads(fields, 0, NULL);

		if (j == NULL || schema_from_json(&s, j, &e) == -1)
			abort();
		json_decref(j);
	}
	if (size == 0)
		return 0;
	o = (struct rows_opts){ (data[0] & 3) % 3, data[0] >> 2 & 1 };
	if (msg_decode(data + 1, size - 1, &m, &e) == 0 && m.type == 0)
		abort();
	rows(data + 1, size - 1, data[0] & 8 ? &s : NULL, &o);
	keys(data + 1, size - 1, &s);
	msg_flush(data + 1, size - 1, &names, &e);
	msg_vchannels(data + 1, size - 1, &names, &e);
	spans_fini(&names);
	return 0;
}
