#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "model/tso.h"
#include "stream/priv.h"

/* The catalogue, as it is now. */
void
reader_source(const struct reader *r, struct source *s)
{
	cat_source(&r->cat, s);
	if (r->missing_ts > merge_released(r->merge)) {
		s->missing = r->missing;
		s->until = r->missing_ts;
	}
}

void
reader_source_line(struct reader *r, struct jsonw *w, int whole)
{
	struct source now;

	reader_source(r, &now);
	if (!whole && source_equal(&now, &r->told))
		return;
	r->told = now;
	source_to_json(&now, w, "source");
}

static int
advise(struct reader *r, const struct source *was, struct err *e)
{
	struct buf b = { 0 };

	if (was->ts != 0)
		tso_add_time(&b, was->ts);
	source_advise(e, b.ptr, r->from.task);
	buf_fini(&b);
	return -1;
}

/*
 * --missing, now or when the position was set: what the source is without now
 * is to be kept, or dropped; its records end where the log does.
 */
static int
accept(struct reader *r, char **topics, const struct source *was, struct err *e)
{
	int anew = r->conf->missing != SOURCE_STOP;

	r->missing = anew ? r->conf->missing : was->missing;
	r->missing_ts = anew ? 0 : was->until;
	if (r->missing == SOURCE_STOP || r->missing_ts != 0)
		return 0;
	if (reader_newest(r, topics, &r->missing_ts, e) == -1)
		return -1;
	if (r->missing_ts == 0)
		r->missing_ts = 1;
	return 0;
}

int
reader_meet(struct reader *r, char **topics, struct err *e)
{
	struct source was, now;

	source_from_json(&was, r->from.source);
	if (accept(r, topics, &was, e) == -1)
		return -1;
	reader_source(r, &now);
	if (r->conf->missing == SOURCE_STOP && source_same(&was, &now, e) == -1)
		return advise(r, &was, e);
	return 0;
}

/*
 * etcd that was put back and has grown past its old revision: the collection
 * that was changed last is not there, and was not dropped, or not changed.
 */
int
reader_remembers(struct reader *r, struct err *e)
{
	struct source was;
	int dropped = 0, does;

	source_from_json(&was, r->from.source);
	if (was.coll == 0 || r->missing_ts != 0 || r->cat.partial)
		return 0;
	does = cat_remembers(&r->cat, &was);
	if (does == -1)
		dropped = reader_is_dropped(r, was.coll, 0, e);
	if (does == 1 || dropped != 0)
		return dropped == -1 ? -1 : 0;
	err_set(e, ERR_BACK,
	    "the source's etcd (cluster %s, revision %" PRId64
	    ", and was at %" PRId64 ") went back: it has forgotten %s%" PRId64,
	    r->cat.etcd, r->cat.rev, was.rev,
	    does == 0 ? "the last change of collection " : "collection ",
	    was.coll);
	return advise(r, &was, e);
}

/*
 * A position with etcd's revision says exactly what is behind it, as long as
 * that etcd is still the same; a time says it to the second.
 */
void
reader_imports(struct reader *r)
{
	int whole =
	    r->from.kind == WHERE_START || r->from.kind == WHERE_BEGINNING;
	struct source was;

	source_from_json(&was, r->from.source);
	if (r->from.kind != WHERE_POS || strcmp(was.etcd, r->cat.etcd) != 0)
		was.rev = 0;
	ddl_imports_from(r->ddl, was.rev, whole ? 0 : r->start_ts);
}
