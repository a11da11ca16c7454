/*
 * Numbers and vectors of numbers. The first byte says which.
 *
 * A text read as a number must be what strtof and strtod make of it. A vector
 * as it is, and with white space between its tokens, which only the general
 * way takes, must give the same bytes or be refused both times.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_read.h"
#include "fuzz.h"
#include "model/types.h"
#include "rows/value.h"

/* No more than strtof's decimals, and no names, signs or space before. */
static int
ours(const char *s, size_t n)
{
	size_t digit = n > 0 && s[0] == '-';

	if (n == 0 || !(s[0] == '-' || (s[0] >= '0' && s[0] <= '9')))
		return 0;
	return digit < n && s[digit] != '\0' &&
	       strchr(".0123456789", s[digit]) != NULL;
}

static void
number(const char *p, size_t n)
{
	char *s = x_malloc(n + 1), *x, *end;
	float f = 0, g;
	double d = 0, h;
	size_t want;

	if (n > 0)
		memcpy(s, p, n);
	s[n] = '\0';
	if ((x = strpbrk(s, "xX")) != NULL)
		*x = '\0'; /* no hexadecimal */
	g = strtof(s, &end);
	want = ours(s, strlen(s)) && !isinf(g) ? (size_t)(end - s) : 0;
	if (num_read_f32(p, p + n, &f) != want ||
	    (want > 0 && memcmp(&f, &g, sizeof f) != 0))
		abort();
	h = strtod(s, &end);
	want = ours(s, strlen(s)) && !isinf(h) ? (size_t)(end - s) : 0;
	if (num_read_f64(p, p + n, &d) != want ||
	    (want > 0 && memcmp(&d, &h, sizeof d) != 0))
		abort();
	free(s);
}

/* The verdict, and the bytes in b. */
static int
vector(const struct coltype *t, const char *p, size_t n, struct buf *b)
{
	struct buf scratch = { 0 };
	struct err e = { 0 };
	struct jsonr r;
	int rc;

	jr_init(&r, p, n);
	rc = colval_add(t, &r, 0, b, &scratch, &e);
	if (rc == 0)
		rc = jr_end(&r, &e);
	buf_fini(&scratch);
	return rc;
}

/* White space around what stands between values. */
static void
spaced(const char *p, size_t n, struct buf *b)
{
	int text = 0;

	for (size_t i = 0; i < n; i++) {
		int between = strchr("[],", p[i]) != NULL && p[i] != '\0';

		if (p[i] == '"')
			text = !text;
		if (between && !text)
			buf_addc(b, '\n');
		buf_addc(b, p[i]);
		if (between && !text)
			buf_addc(b, ' ');
	}
}

static void
both_ways(int type, const char *p, size_t n)
{
	struct coltype t = { .info = type_info(type) };
	struct buf a = { 0 }, b = { 0 }, s = { 0 };
	int rc;

	if (n > 0 && memchr(p, '\\', n) != NULL)
		return; /* strings with a quote in them are not ours to split */
	t.dim = 1;
	for (size_t i = 0; i < n; i++)
		t.dim += p[i] == ',';
	spaced(p, n, &s);
	rc = vector(&t, p, n, &a);
	if (vector(&t, s.ptr == NULL ? "" : s.ptr, s.len, &b) != rc)
		abort();
	if (rc == 0)
		fuzz_same(a.ptr, a.len, b.ptr, b.len);
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int types[] = { 0, TYPE_FLOAT_VECTOR, TYPE_FLOAT16_VECTOR,
		TYPE_BFLOAT16_VECTOR };
	struct fuzz in = { data, size };
	int type = types[fuzz_byte(&in) & 3];
	char *copy = x_memdup(in.p, in.len); /* as long, and no longer */

	if (type == 0)
		number(copy, in.len);
	else
		both_ways(type, copy, in.len);
	free(copy);
	return 0;
}
