/*
 * A line read token by token. What is JSON to jsonmin, which is strict, must
 * be so to jsonr; strings that come out must go in again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/json_minify.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "fuzz.h"

static int
string(const struct jstr *s)
{
	struct buf b = { 0 }, quoted = { 0 }, again = { 0 };
	struct err e = { 0 };
	struct jsonr r;
	struct jstr t;
	int rc = jr_unescape(s, &b, &e);

	if (rc == 0) {
		jw_quote(&quoted, b.ptr, b.len);
		jr_init(&r, quoted.ptr, quoted.len);
		if (jr_str(&r, &t, &e) == -1 || jr_end(&r, &e) == -1 ||
		    jr_unescape(&t, &again, &e) == -1 || again.len != b.len ||
		    memcmp(again.ptr, b.ptr, b.len) != 0)
			abort();
	}
	buf_fini(&b);
	buf_fini(&quoted);
	buf_fini(&again);
	return rc;
}

static int
value(struct jsonr *r, int depth, struct err *e)
{
	struct jstr s;
	int64_t i;
	uint64_t u;
	int rc;

	if (depth > 600)
		return -1;
	switch (jr_peek(r)) {
	case '{':
		if (jr_open(r, '{', e) == -1)
			abort();
		while ((rc = jr_key(r, &s, e)) == 1)
			if (string(&s) == -1 || value(r, depth + 1, e) == -1)
				return -1;
		return rc;
	case '[':
		if (jr_open(r, '[', e) == -1)
			abort();
		while ((rc = jr_item(r, e)) == 1)
			if (value(r, depth + 1, e) == -1)
				return -1;
		return rc;
	case '"': {
		struct jsonr q = *r;

		jr_u64(&q, UINT64_MAX, &u, e);
		return jr_str(r, &s, e) == -1 ? -1 : string(&s);
	}
	case '0': {
		struct jsonr q = *r;

		jr_i64(&q, INT64_MIN, INT64_MAX, &i, e);
		return jr_skip(r, NULL, e);
	}
	default:
		return jr_skip(r, NULL, e);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf b = { 0 };
	struct jsonr r;
	struct err e = { 0 };
	int strict = jsonmin_is(data, size), rc;

	if (strict)
		jsonmin_add(&b, data, size);
	if (strict && !jsonmin_is(b.ptr, b.len))
		abort();
	buf_fini(&b);
	jr_init(&r, (const char *)data, size);
	rc = jr_skip(&r, NULL, &e);
	if (rc == 0)
		rc = jr_end(&r, &e);
	if (strict && rc == -1)
		abort();
	jr_init(&r, (const char *)data, size);
	value(&r, 0, &e); /* lone surrogates: strict takes them, we do not */
	return 0;
}
