#include "model/pattern_met.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/pattern.h"

void
meets_init(struct meets *m, const char *word, const struct patterns *in,
    const struct patterns *out)
{
	m->word = word;
	m->in = in;
	m->out = out;
	m->in_met = x_calloc(in->n + 1, sizeof *m->in_met);
	m->out_met = x_calloc(out == NULL ? 1 : out->n + 1, sizeof *m->out_met);
}

void
meets_fini(struct meets *m)
{
	free(m->in_met);
	free(m->out_met);
	memset(m, 0, sizeof *m);
}

static int
one_matches(
    const struct patterns *p, size_t i, const char *db, const char *coll)
{
	struct patterns one = { .v = &p->v[i], .n = 1 };

	return patterns_match(&one, db, coll);
}

void
meets_coll(struct meets *m, const char *db, const char *coll, enum meet how)
{
	int out = 0;

	for (size_t i = 0; m->out != NULL && i < m->out->n; i++)
		if (one_matches(m->out, i, db, coll)) {
			m->out_met[i] = MEET_LIVE;
			out = 1;
		}
	for (size_t i = 0; !out && i < m->in->n; i++)
		if (m->in_met[i] < how && one_matches(m->in, i, db, coll))
			m->in_met[i] = how;
}

void
meets_db(struct meets *m, const char *db)
{
	for (size_t i = 0; i < m->in->n; i++) {
		struct patterns one = { .v = &m->in->v[i], .n = 1 };

		if (patterns_whole_db(&one, db))
			m->in_met[i] = MEET_LIVE;
	}
}

/*
 * Appends "--include 'a.*', 'b.*'" and what is wrong with them: the patterns
 * that met `how`. Returns how many.
 */
static int
list(const struct meets *m, const char *where, enum meet how, struct buf *b)
{
	static const struct {
		const char *before, *behind;
	} what[] = {
		[MEET_NOTHING] = { "no collection of ", "" },
		[MEET_LATER] = { "only collections of ",
		    " that were made later" },
		[MEET_DROPPED] = { "only collections of ",
		    " that were dropped" },
	};
	int n = 0;

	for (size_t i = 0; i < m->in->n; i++) {
		if (m->in_met[i] != how)
			continue;
		if (n++ > 0)
			buf_addc(b, ',');
		else
			buf_addf(b, "%s%s", b->len > 0 ? "; " : "", m->word);
		buf_addf(b, " '%s.%s'", m->in->v[i].db, m->in->v[i].coll);
	}
	if (n > 0) {
		buf_adds(b, n == 1 ? " meets " : " meet ");
		buf_adds(b, what[how].before);
		buf_adds(b, where);
		buf_adds(b, what[how].behind);
	}
	return n;
}

int
meets_text(const struct meets *m, const char *where, struct buf *b)
{
	return list(m, where, MEET_NOTHING, b) +
	       list(m, where, MEET_DROPPED, b) + list(m, where, MEET_LATER, b);
}

int
meets_check(const struct meets *m, const char *where, int allow, struct err *e)
{
	struct buf b = { 0 };
	int n = meets_text(m, where, &b), rc = 0;

	for (size_t i = 0; m->out != NULL && i < m->out->n; i++)
		if (m->out_met[i] == MEET_NOTHING)
			log_warn("--exclude '%s.%s' meets no collection of %s",
			    m->out->v[i].db, m->out->v[i].coll, where);
	if (n > 0 && allow)
		log_warn("%s", b.ptr);
	else if (n > 0)
		rc =
		    err_set(e, ERR_DATA, "%s (--allow-none goes on without %s)",
			b.ptr, n == 1 ? "it" : "them");
	buf_fini(&b);
	return rc;
}
