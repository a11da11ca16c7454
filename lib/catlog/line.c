#include "base/err.h"
#include "catlog/priv.h"
#include "codec/pb_text.h"

struct jsonw *
catlog_open(struct catlog *l, const char *kind, int gone)
{
	l->w.comma = 0;
	jw_open(&l->w, NULL, '{');
	jw_str(&l->w, "kind", kind);
	jw_str(&l->w, "event", gone ? "delete" : "put");
	return &l->w;
}

void
catlog_close(struct catlog *l)
{
	jw_close(&l->w, '}');
	buf_addc(l->w.b, '\n');
}

void
catlog_state(struct catlog *l, const char *state)
{
	jw_str(&l->w, "state", state);
	jw_u64s(&l->w, "ts", l->m->ts);
}

static void *
unpack(struct catlog *l, const ProtobufCMessageDescriptor *d, struct span s,
    const char *where)
{
	void *m = pb_unpack(d, s.ptr, s.len);

	if (m == NULL)
		err_set(l->e, ERR_DATA, "%s is no %s", where, d->short_name);
	return m;
}

void *
catlog_header(struct catlog *l, const ProtobufCMessageDescriptor *d)
{
	return unpack(l, d, l->m->header, "its header");
}

void *
catlog_body(struct catlog *l, const ProtobufCMessageDescriptor *d)
{
	return unpack(l, d, l->m->body, "its payload");
}

void
catlog_free(void *message)
{
	if (message != NULL)
		protobuf_c_message_free_unpacked(message, NULL);
}
