#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/hash.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "codec/pb_read.h"
#include "codec/pb_write.h"
#include "milvus/page.h"
#include "rows/columns.h"
#include "verify/row_diff.h"

#define FIELDS                                                                 \
	"{\"dynamic\":true,\"fields\":["                                       \
	"{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\",\"primary_key\":true}" \
	","                                                                    \
	"{\"id\":101,\"name\":\"f\",\"type\":\"Float\",\"nullable\":true},"    \
	"{\"id\":102,\"name\":\"d\",\"type\":\"Double\"},"                     \
	"{\"id\":103,\"name\":\"i\",\"type\":\"Int32\"},"                      \
	"{\"id\":104,\"name\":\"s\",\"type\":\"VarChar\","                     \
	"\"params\":{\"max_length\":\"99\"}},"                                 \
	"{\"id\":105,\"name\":\"a\",\"type\":\"Array\",\"element_type\":"      \
	"\"VarChar\","                                                         \
	"\"params\":{\"max_capacity\":\"9\",\"max_length\":\"9\"}},"           \
	"{\"id\":106,\"name\":\"v\",\"type\":\"FloatVector\","                 \
	"\"params\":{\"dim\":\"2\"}},"                                         \
	"{\"id\":107,\"name\":\"j\",\"type\":\"JSON\"}]}"

/* pk … $meta, with what a row has of each. */
#define ROW(pk, f, d, i, s, a, v, j, m)                                        \
	"{\"pk\":\"" pk "\",\"f\":" f ",\"d\":" d ",\"i\":" i ",\"s\":" s      \
	",\"a\":" a ",\"v\":" v ",\"j\":" j ",\"$meta\":" m "}"
#define PLAIN(pk)                                                              \
	ROW(pk, "1.5", "0", "-1", "\"x\"", "[\"y\"]", "[1,2]", "\"{}\"",       \
	    "\"{}\"")

static const char *const names[] = { "pk", "f", "d", "i", "s", "a", "v", "j",
	"$meta" };

static void
schema(struct schema *s)
{
	json_t *j = json_loads(FIELDS, 0, NULL);
	struct err e = { 0 };

	assert_non_null(j);
	assert_int_equal(schema_from_json(s, j, &e), 0);
	json_decref(j);
}

/* Rows as a query answers them: what an Upsert has in 5 is in 2. */
static struct vpage *
page(const struct schema *s, const char *const *rows, size_t n)
{
	struct vfields f = { (const char **)(uintptr_t)names,
		sizeof names / sizeof *names, 0 };
	struct columns *c = columns_new(s);
	struct vpage *p = calloc(1, sizeof *p);
	struct buf req = { 0 };
	struct pbwalk w;
	struct pbfield pf;
	struct err e = { 0 };
	const struct span *piece;
	size_t pieces;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		struct jsonr r;

		jr_init(&r, rows[i], strlen(rows[i]));
		if (columns_add(c, &r, 0, &e) == -1)
			fail_msg("%s", e.msg);
	}
	piece = columns_request(c, "db", "coll", "", &pieces);
	for (size_t i = 0; i < pieces; i++)
		buf_add(&req, piece[i].ptr, piece[i].len);
	w = pbwalk_init(req.ptr, req.len);
	while (pbwalk_next(&w, &pf) == 1)
		if (pf.field == 5)
			pbw_bytes(&p->raw, 2, pf.ptr, pf.len);
	if (vpage_parse(p, s, &f, &e) == -1)
		fail_msg("%s", e.msg);
	buf_fini(&req);
	columns_free(c);
	return p;
}

/* Do two rows have one hash? */
static int
alike(const char *a, const char *b)
{
	struct schema s = { 0 };
	struct vpage *p, *q;
	int rc;

	schema(&s);
	p = page(&s, &a, 1);
	q = page(&s, &b, 1);
	rc = hash_equal(&p->rows[0].hash, &q->rows[0].hash);
	assert_int_equal(rc, hash_equal(&p->sum, &q->sum));
	vpage_free(p);
	vpage_free(q);
	schema_fini(&s);
	return rc;
}

#define LIKE(f, d, i, s, a, v, j, m)                                           \
	alike(PLAIN("1"), ROW("1", f, d, i, s, a, v, j, m))

static void
every_bit_of_a_row_counts(void **state)
{
	(void)state;
#define F "1.5"
#define D "0"
#define I "-1"
#define S "\"x\""
#define A "[\"y\"]"
#define V "[1,2]"
#define J "\"{}\""
	assert_true(LIKE(F, D, I, S, A, V, J, J));
	assert_false(LIKE("1.5000001", D, I, S, A, V, J, J));
	assert_false(LIKE("null", D, I, S, A, V, J, J));
	assert_false(LIKE(F, "-0.0", I, S, A, V, J, J));
	assert_false(LIKE(F, "5e-324", I, S, A, V, J, J));
	assert_false(LIKE(F, D, "1", S, A, V, J, J));
	assert_false(LIKE(F, D, I, "\"x\\u0000\"", A, V, J, J));
	assert_false(LIKE(F, D, I, "\"\"", A, V, J, J));
	assert_false(LIKE(F, D, I, S, "[\"y\",\"\"]", V, J, J));
	assert_false(LIKE(F, D, I, S, "[\"\",\"y\"]", V, J, J));
	assert_false(LIKE(F, D, I, S, A, "[2,1]", J, J));
	assert_false(LIKE(F, D, I, S, A, "[1,-2]", J, J));
	assert_false(LIKE(F, D, I, S, A, V, "\"{ }\"", J));
	assert_false(LIKE(F, D, I, S, A, V, J, "\"{ }\""));
	/* a value is not taken for its neighbour's */
	assert_false(
	    alike(ROW("1", F, D, I, "\"ab\"", "[\"c\"]", V, "\"{}\"", "\"[]\""),
		ROW("1", F, D, I, "\"ab\"", "[\"c\"]", V, "\"[]\"", "\"{}\"")));
}

static void
rows_come_sorted_and_each_key_once(void **state)
{
	static const char *const rows[] = { PLAIN("5"), PLAIN("-3"), PLAIN("5"),
		PLAIN("0") };
	struct schema s = { 0 };
	struct vpage *p;
	struct vkey k = { .num = 5 };

	(void)state;
	schema(&s);
	p = page(&s, rows, 4);
	assert_int_equal(p->answered, 4);
	assert_int_equal(p->n, 3);
	assert_int_equal(p->rows[0].key.num, -3);
	assert_int_equal(p->rows[1].key.num, 0);
	assert_int_equal(p->rows[2].key.num, 5);
	assert_ptr_equal(vpage_find(p, &k), &p->rows[2]);
	k.num = 4;
	assert_null(vpage_find(p, &k));
	vpage_free(p);
	schema_fini(&s);
}

static void
names_the_fields_that_differ(void **state)
{
	static const char *const a[] = { PLAIN("1"), PLAIN("2") };
	static const char *const b[] = { ROW("2", "1.5", "1", "-1", "\"x\"",
	    "[\"y\"]", "[1,3]", "\"{}\"", "\"{}\"") };
	struct schema s = { 0 };
	struct vfields f = { (const char **)(uintptr_t)names,
		sizeof names / sizeof *names, 0 };
	struct vpage *p, *q;
	struct vdiff d[2] = { { 0 } };
	struct buf out = { 0 };
	struct jsonw w = { .b = &out };
	struct err e = { 0 };

	(void)state;
	schema(&s);
	p = page(&s, a, 2);
	q = page(&s, b, 1);
	assert_int_equal(vdiff_prepare(&d[0], p, &e), 0);
	assert_int_equal(vdiff_prepare(&d[1], q, &e), 0);
	jw_open(&w, NULL, '{');
	vdiff_fields(&w, &f, d, p->rows[1].at, q->rows[0].at);
	jw_close(&w, '}');
	assert_string_equal(out.ptr,
	    "{\"fields\":[\"d\",\"v\"],"
	    "\"source\":{\"d\":0,\"v\":\"AACAPwAAAEA=\"},"
	    "\"target\":{\"d\":1,\"v\":\"AACAPwAAQEA=\"}}");
	buf_fini(&out);
	vdiff_fini(&d[0]);
	vdiff_fini(&d[1]);
	vpage_free(p);
	vpage_free(q);
	schema_fini(&s);
}

static void
range(const struct field *pk, const struct vkey *lo, const struct vkey *hi,
    const char *want)
{
	struct buf b = { 0 };

	vexpr_range(&b, pk, lo, hi);
	assert_string_equal(b.ptr, want);
	buf_fini(&b);
}

static void
expressions_hold_what_milvus_can_read(void **state)
{
	char name[] = "pk";
	struct field number = { .name = name, .type = TYPE_INT64 };
	struct field text = { .name = name, .type = TYPE_VARCHAR };
	struct vkey least = { .num = INT64_MIN }, most = { .num = INT64_MAX };
	struct vkey some[] = { { .num = 1 }, { .num = INT64_MIN } };
	struct vkey quote = { .is_text = 1, .text = { "a\"\\\n", 4 } };
	struct buf b = { 0 };

	(void)state;
	range(&number, NULL, NULL, "pk < 9223372036854775807");
	range(&number, &least, &most,
	    "pk < 9223372036854775807 and pk >= -9223372036854775807 and "
	    "pk <= 9223372036854775807");
	range(&number, NULL, &least,
	    "pk < 9223372036854775807 and pk < -9223372036854775807");
	range(&text, &quote, NULL, "pk >= \"\" and pk > \"a\\\"\\\\\\n\"");
	vexpr_in(&b, &number, some, 2, sizeof *some);
	assert_string_equal(b.ptr, "pk in [1] or pk < -9223372036854775807");
	buf_clear(&b);
	vexpr_in(&b, &text, &quote, 1, sizeof quote);
	assert_string_equal(b.ptr, "pk in [\"a\\\"\\\\\\n\"]");
	buf_fini(&b);
}

static void
broken_answers_are_refused(void **state)
{
	static const char *const rows[] = { PLAIN("1"), PLAIN("2") };
	struct vfields f = { (const char **)(uintptr_t)names,
		sizeof names / sizeof *names, 0 };
	struct schema s = { 0 };
	struct vpage *p, *q;
	struct err e;

	(void)state;
	schema(&s);
	p = page(&s, rows, 2);
	for (size_t n = 1; n < p->raw.len; n++) {
		q = calloc(1, sizeof *q);
		assert_non_null(q);
		buf_add(&q->raw, p->raw.ptr, n);
		memset(&e, 0, sizeof e);
		/* cut between two columns, it lacks one */
		assert_int_equal(vpage_parse(q, &s, &f, &e), -1);
		assert_int_equal(e.kind, ERR_DATA);
		vpage_free(q);
	}
	vpage_free(p);
	schema_fini(&s);
}

static void
the_bytes_and_their_number_make_a_hash(void **state)
{
	struct hash x = { 0 }, y = { 0 }, z = { 0 };

	(void)state;
	hash_bytes(&x, "abcdefgh", 8);
	hash_bytes(&y, "abcdefgh\0", 9);
	assert_false(hash_equal(&x, &y));
	hash_bytes(&z, "abcdefgh", 8);
	assert_true(hash_equal(&x, &z));
	memset(&x, 0, sizeof x);
	memset(&y, 0, sizeof y);
	hash_bytes(&x, "ab", 2);
	hash_bytes(&x, "c", 1);
	hash_bytes(&y, "a", 1);
	hash_bytes(&y, "bc", 2);
	assert_false(hash_equal(&x, &y));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_of_a_row_counts),
		cmocka_unit_test(rows_come_sorted_and_each_key_once),
		cmocka_unit_test(names_the_fields_that_differ),
		cmocka_unit_test(expressions_hold_what_milvus_can_read),
		cmocka_unit_test(broken_answers_are_refused),
		cmocka_unit_test(the_bytes_and_their_number_make_a_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
