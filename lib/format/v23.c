#include "format/v23.h"

#include <inttypes.h>

#include "base/err.h"
#include "format/body.h"
#include "format/format.h"
#include "model/tso.h"

/* Do we know when these rows are? */
static int
check(const struct body_rows *rows, struct msg *m, struct err *e)
{
	if (body_rows_check(m, rows, e) == -1)
		return -1;
	if (m->kind == MSG_INSERT && rows->timestamps != m->rows)
		return err_set(e, ERR_DATA,
		    "%" PRIu64 " timestamps for %" PRIu64 " rows",
		    rows->timestamps, m->rows);
	if (rows->timestamps > 0)
		m->ts = rows->newest;
	if (m->ts == 0 && m->kind < MSG_ALTER_USER)
		return err_set(e, ERR_DATA, "no timestamp");
	return 0;
}

int
v23_decode(const void *p, size_t len, struct msg *m, struct err *e)
{
	struct body_rows rows;

	if (body_read(p, len, m, &rows, e) == -1)
		return -1;
	if (body_type_name(m->type) == NULL)
		return 0;
	return check(&rows, m, e) == -1
		   ? err_wrap(e, "%s", body_type_name(m->type))
		   : 0;
}

int
v23_flush(const void *p, size_t len, struct spans *colls, struct err *e)
{
	return body_strings(p, len, 3, colls, e);
}

int
v23_vchannels(const void *p, size_t len, struct spans *names, struct err *e)
{
	return body_strings(p, len, 9, names, e);
}

static int
any(const struct record *r)
{
	(void)r;
	return 1;
}

static int
decode(struct record *r, struct msg *m, struct err *e)
{
	if (v23_decode(r->ptr, r->len, m, e) == -1)
		return -1;
	/* requests that are about users have no time of their own */
	if (m->ts == 0 && m->kind >= MSG_ALTER_USER && r->time_ms > 0)
		m->ts = tso_from_ms(r->time_ms);
	return 0;
}

static int
flush(const struct record *r, struct spans *colls, struct err *e)
{
	return v23_flush(r->ptr, r->len, colls, e);
}

static int
alter(
    const struct record *r, const struct msg *m, struct alter *a, struct err *e)
{
	return v23_alter(r->ptr, r->len, m->type, a, e);
}

static int
removal(const struct record *r, const struct msg *m, struct removal *x,
    struct err *e)
{
	return v23_removal(r->ptr, r->len, m->type, x, e);
}

const struct format format_v23 = {
	.name = "message log",
	.versions = "2.3.2 to 2.5",
	.first = 2003002,
	.last = 2005999,
	.is = any,
	.decode = decode,
	.flush = flush,
	.alter = alter,
	.removal = removal,
};
