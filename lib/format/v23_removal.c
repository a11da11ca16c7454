#include <string.h>

#include "base/err.h"
#include "codec/pb_read.h"
#include "format/v23.h"

/*
 * Where a text is: field numbers of messages in each other, the outermost first
 * (milvus.proto 2.4); 0 ends it.
 */
enum { DEPTH = 4 };
struct path {
	uint8_t v[DEPTH];
};

static const struct path name = { { 2 } }, role = { { 3 } };
static const struct path v2_role = { { 2, 1 } }, v2_privilege = { { 3, 2, 1 } },
			 v2_db = { { 5 } }, v2_name = { { 6 } };
static const struct path grant_role = { { 2, 1, 1 } },
			 grant_object = { { 2, 2, 1 } },
			 grant_name = { { 2, 3 } },
			 grant_privilege = { { 2, 4, 2, 1 } },
			 grant_db = { { 2, 5 } };

/* The last field of this number: 1, 0 if it is not there, -1. */
static int
last(struct span in, uint32_t number, struct pbfield *out)
{
	struct pbwalk r = pbwalk_init(in.ptr, in.len);
	struct pbfield f;
	int rc, found = 0;

	while ((rc = pbwalk_next(&r, &f)) == 1)
		if (f.field == number) {
			*out = f;
			found = 1;
		}
	return rc == -1 ? -1 : found;
}

static int
text(struct span in, const struct path *at, struct span *out, struct err *e)
{
	for (size_t i = 0; i < DEPTH && at->v[i] != 0; i++) {
		struct pbfield f;
		int rc = last(in, at->v[i], &f);

		if (rc == -1 || (rc == 1 && f.wire != PB_BYTES))
			return err_set(
			    e, ERR_DATA, "broken protobuf in a request");
		if (rc == 0)
			return 0;
		in = (struct span){ (const char *)f.ptr, f.len };
	}
	*out = in;
	return 0;
}

/* OperateUserRoleType and OperatePrivilegeType: 0 gives, 1 takes. */
static int
gives(struct span in, uint32_t number, int *none, struct err *e)
{
	struct pbfield f = { 0 };
	int rc = last(in, number, &f);

	*none = rc == 0 || f.num == 0;
	return rc == -1 ? err_set(e, ERR_DATA, "broken protobuf in a request")
			: 0;
}

static int
privilege(struct span in, struct removal *x, struct err *e)
{
	if (gives(in, 3, &x->none, e) == -1 ||
	    text(in, &grant_role, &x->role, e) == -1 ||
	    text(in, &grant_object, &x->object, e) == -1 ||
	    text(in, &grant_name, &x->object_name, e) == -1 ||
	    text(in, &grant_privilege, &x->privilege, e) == -1)
		return -1;
	return text(in, &grant_db, &x->db, e);
}

static int
privilege_v2(struct span in, struct removal *x, struct err *e)
{
	if (gives(in, 4, &x->none, e) == -1 ||
	    text(in, &v2_role, &x->role, e) == -1 ||
	    text(in, &v2_privilege, &x->privilege, e) == -1 ||
	    text(in, &v2_db, &x->db, e) == -1)
		return -1;
	return text(in, &v2_name, &x->object_name, e);
}

int
v23_removal(
    const void *p, size_t len, int type, struct removal *x, struct err *e)
{
	struct span in = { p, len };

	memset(x, 0, sizeof *x);
	switch (type) {
	case 1502: /* DeleteCredential */
		return text(in, &name, &x->user, e);
	case 1601: /* DropRole */
		return text(in, &name, &x->role, e);
	case 1606: /* OperatePrivilege */
		return privilege(in, x, e);
	case 1614:
		return privilege_v2(in, x, e);
	default: /* 1602, OperateUserRole */
		if (gives(in, 4, &x->none, e) == -1 ||
		    text(in, &name, &x->user, e) == -1)
			return -1;
		return text(in, &role, &x->role, e);
	}
}
