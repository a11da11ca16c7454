/*
 * Records of a real Milvus 2.3.5, tests/data/records/COLL.OP.N.bin, against
 * the text that we make of them, ….txt, with COLL.schema.json. To write the
 * texts anew, a deliberate act: GOLDEN=write build/tests/golden_test
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <glob.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "format/body.h"
#include "format/v23.h"
#include "model/schema.h"
#include "rows/keys.h"
#include "rows/rows.h"

static char dir[PATH_MAX]; /* tests/data/records, here or above the program */

static void
find_dir(void)
{
	char exe[PATH_MAX - 32] = "";
	struct stat st;
	char *slash;

	snprintf(dir, sizeof dir, "tests/data/records");
	if (stat(dir, &st) == 0)
		return;
	if (readlink("/proc/self/exe", exe, sizeof exe - 1) == -1)
		fail_msg("no /proc/self/exe");
	while ((slash = strrchr(exe, '/')) != NULL) {
		*slash = '\0';
		snprintf(dir, sizeof dir, "%s/tests/data/records", exe);
		if (stat(dir, &st) == 0)
			return;
	}
	fail_msg("no tests/data/records here or above the program");
}

static int
slurp(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return -1;
	do {
		n = fread(buf_room(b, 4096), 1, 4096, f);
		b->len += n;
		buf_room(b, 0)[0] = '\0';
	} while (n > 0);
	fclose(f);
	return 0;
}

/* A line with what v23_decode says, absent where zero. */
static void
head(const struct msg *m, struct jsonw *w)
{
	jw_open(w, NULL, '{');
	jw_i64(w, "type", m->type);
	jw_str(w, "name", body_type_name(m->type));
	jw_i64s(w, "msg_id", m->msg_id);
	jw_u64s(w, "ts", m->ts);
	if (m->coll_id != 0)
		jw_i64s(w, "coll_id", m->coll_id);
	if (m->part_id != 0)
		jw_i64s(w, "part_id", m->part_id);
	if (m->db.len > 0)
		jw_bytes(w, "db", m->db.ptr, m->db.len);
	if (m->coll.len > 0)
		jw_bytes(w, "coll", m->coll.ptr, m->coll.len);
	if (m->part.len > 0)
		jw_bytes(w, "part", m->part.ptr, m->part.len);
	if (m->shard.len > 0)
		jw_bytes(w, "shard", m->shard.ptr, m->shard.len);
	if (m->rows > 0)
		jw_i64(w, "rows", (int64_t)m->rows);
	jw_close(w, '}');
	buf_addc(w->b, '\n');
	w->comma = 0;
}

/* A row a line. */
static void
add_rows(const struct buf *in, const struct schema *s,
    const struct rows_opts *o, struct jsonw *w)
{
	struct err e = { 0 };
	struct rows *r = rows_open(in->ptr, in->len, s, o, &e);
	size_t n;
	int rc = 1;

	if (r == NULL)
		fail_msg("%s", e.msg);
	while (rc == 1) {
		rc = rows_write(r, 0, w, &n, &e);
		buf_addc(w->b, '\n');
		w->comma = 0;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(rows_lossy(r), 0);
	assert_int_equal(rows_inline(r), o->json_inline);
	rows_free(r);
}

static void
add_keys(const struct keys *k, struct jsonw *w)
{
	size_t next;

	jw_open(w, NULL, '[');
	keys_write(k, 0, SIZE_MAX, w, &next);
	jw_close(w, ']');
	buf_addc(w->b, '\n');
	w->comma = 0;
}

static void
add_spans(const struct spans *s, struct jsonw *w)
{
	jw_open(w, NULL, '[');
	for (size_t i = 0; i < s->n; i++)
		jw_bytes(w, NULL, s->v[i].ptr, s->v[i].len);
	jw_close(w, ']');
	buf_addc(w->b, '\n');
	w->comma = 0;
}

static void
insert(const struct buf *in, const struct schema *s, struct jsonw *w)
{
	struct rows_opts plain = { 0 }, eye = { ROWS_DECIMAL, 1, 0 };
	struct keys k = { 0 };
	struct err e = { 0 };

	add_rows(in, s, &plain, w);
	add_rows(in, s, &eye, w);
	if (keys_of_insert(in->ptr, in->len, s, &k, &e) == -1)
		fail_msg("%s", e.msg);
	add_keys(&k, w);
	keys_fini(&k);
}

/* The text of one record. */
static void
render(const struct buf *in, const struct schema *s, struct buf *out)
{
	struct jsonw w = { .b = out };
	struct spans names = { 0 };
	struct keys k = { 0 };
	struct err e = { 0 };
	struct msg m;
	int rc = 0;

	if (v23_decode(in->ptr, in->len, &m, &e) == -1)
		fail_msg("%s", e.msg);
	head(&m, &w);
	if (m.kind == MSG_INSERT) {
		insert(in, s, &w);
	} else if (m.kind == MSG_DELETE) {
		rc = keys_of_delete(in->ptr, in->len, &k, &e);
		add_keys(&k, &w);
	} else if (m.kind == MSG_CREATE_COLLECTION) {
		rc = v23_vchannels(in->ptr, in->len, &names, &e);
		add_spans(&names, &w);
	} else if (m.kind == MSG_FLUSH) {
		rc = v23_flush(in->ptr, in->len, &names, &e);
		add_spans(&names, &w);
	}
	if (rc == -1)
		fail_msg("%s", e.msg);
	keys_fini(&k);
	spans_fini(&names);
}

/* Compare with the file, or write it if we are asked to. */
static void
compare(const char *path, const struct buf *got)
{
	const char *how = getenv("GOLDEN");
	struct buf want = { 0 };
	FILE *f;

	if (how != NULL && strcmp(how, "write") == 0) {
		f = fopen(path, "wb");
		assert_non_null(f);
		fwrite(got->ptr, 1, got->len, f);
		assert_int_equal(fclose(f), 0);
		return;
	}
	if (slurp(path, &want) == -1)
		fail_msg("no '%s'", path);
	if (want.ptr == NULL || want.len != got->len ||
	    memcmp(want.ptr, got->ptr, want.len) != 0)
		fail_msg("'%s': want\n%s\ngot\n%s", path, want.ptr, got->ptr);
	buf_fini(&want);
}

static void
load_schema(const char *coll, struct schema *s)
{
	char *path = x_asprintf("%s/%s.schema.json", dir, coll);
	struct err e = { 0 };
	json_t *j = json_load_file(path, 0, NULL);

	if (j == NULL || schema_from_json(s, j, &e) == -1)
		fail_msg("'%s': %s", path, e.msg);
	json_decref(j);
	free(path);
}

static void
check_file(const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *coll = x_strndup(base, strcspn(base, "."));
	char *txt = x_asprintf("%.*s.txt", (int)strlen(path) - 4, path);
	struct buf in = { 0 }, out = { 0 };
	struct schema s = { 0 };

	assert_int_equal(slurp(path, &in), 0);
	if (strstr(base, ".insert.") != NULL)
		load_schema(coll, &s);
	render(&in, &s, &out);
	compare(txt, &out);
	schema_fini(&s);
	buf_fini(&in);
	buf_fini(&out);
	free(coll);
	free(txt);
}

static void
each(const char *pattern, void (*check)(const char *path), size_t least)
{
	char *all = x_asprintf("%s/%s", dir, pattern);
	glob_t g;

	assert_int_equal(glob(all, 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= least);
	for (size_t i = 0; i < g.gl_pathc; i++)
		check(g.gl_pathv[i]);
	globfree(&g);
	free(all);
}

/* The schema inside a CreateCollection is COLL.schema.json. */
static void
check_schema(const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *name = x_asprintf(
	    "%s/%.*s.schema.json", dir, (int)strcspn(base, "."), base);
	struct buf in = { 0 }, out = { 0 };
	struct jsonw w = { .b = &out };
	struct schema s = { 0 };
	struct err e = { 0 };
	struct msg m;

	assert_int_equal(slurp(path, &in), 0);
	assert_int_equal(v23_decode(in.ptr, in.len, &m, &e), 0);
	if (schema_from_pb(&s, m.schema.ptr, m.schema.len, &e) == -1)
		fail_msg("'%s': %s", base, e.msg);
	schema_to_json(&s, &w, NULL);
	buf_addc(&out, '\n');
	compare(name, &out);
	schema_fini(&s);
	buf_fini(&in);
	buf_fini(&out);
	free(name);
}

static void
a_schema_in_the_log_reads_as_json(void **state)
{
	(void)state;
	each("*.create_collection.*.bin", check_schema, 20);
}

static void
every_record_reads_as_its_text(void **state)
{
	(void)state;
	each("*.bin", check_file, 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schema_in_the_log_reads_as_json),
		cmocka_unit_test(every_record_reads_as_its_text),
	};

	find_dir();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
