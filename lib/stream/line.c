#include "base/err.h"
#include "base/log.h"
#include "stream/priv.h"

void
reader_src(const struct reader *r, const struct rec *rec, struct jsonw *w)
{
	jw_open(w, "src", '{');
	jw_str(w, "t", reader_topic(r, &rec->m)->in->name);
	mq_id_to_json(w, "o", rec->m.id);
	jw_close(w, '}');
}

/* Requests of clients may have passwords: nothing of such a record leaves. */
void
reader_unknown(struct reader *r, const struct rec *rec)
{
	int secret = !reader_topic(r, &rec->m)->in->ticks;
	struct jsonw *w = emit_open(&r->emit, OP_UNKNOWN, rec->ts);

	jw_i64(w, "type", rec->msg.type);
	if (rec->late)
		jw_bool(w, "late", 1);
	jw_b64(w, "b64", rec->m.ptr, secret ? 0 : rec->m.len);
	reader_src(r, rec, w);
	emit_close(&r->emit, 0);
}

void
reader_undecodable(struct reader *r, const struct rec *rec, const struct err *e)
{
	log_warn("topic '%s' offset %s: %s", reader_topic(r, &rec->m)->in->name,
	    MQ_TEXT(rec->m.id), e->msg);
	reader_unknown(r, rec);
}
