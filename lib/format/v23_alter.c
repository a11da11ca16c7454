#include <string.h>

#include "base/err.h"
#include "codec/pb_read.h"
#include "format/body.h"
#include "format/v23.h"

/*
 * Field numbers; in AlterCollection NAME is an id, in AlterDatabase PAIR and
 * GONE are one less.
 */
enum {
	ALTER_DATABASE = 1804,
	NAME = 4,
	PAIR = 5,
	GONE = 6,
	KEY = 1,
	VALUE = 2
};

static int
broken(struct err *e)
{
	return err_set(e, ERR_DATA, "broken protobuf in a request");
}

/* common.proto KeyValuePair; what is absent is empty. */
static int
pair(const struct pbfield *in, struct alter *a, struct err *e)
{
	struct pbwalk r = pbwalk_init(in->ptr, in->len);
	struct pbfield f, key = { .ptr = in->ptr }, value = key;
	int rc;

	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.field == KEY)
			key = f;
		else if (f.field == VALUE)
			value = f;
	}
	if (rc == -1)
		return broken(e);
	body_push(&a->keys, &key);
	body_push(&a->values, &value);
	return 0;
}

int
v23_alter(const void *p, size_t len, int type, struct alter *a, struct err *e)
{
	uint32_t less = type == ALTER_DATABASE;
	struct pbwalk r = pbwalk_init(p, len);
	struct pbfield f;
	int rc;

	memset(a, 0, sizeof *a);
	while ((rc = pbwalk_next(&r, &f)) == 1) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.field == NAME && !less)
			a->name = (struct span){ (const char *)f.ptr, f.len };
		else if (f.field == GONE - less)
			body_push(&a->gone, &f);
		else if (f.field == PAIR - less && pair(&f, a, e) == -1)
			return -1;
	}
	return rc == 0 ? 0 : broken(e);
}
