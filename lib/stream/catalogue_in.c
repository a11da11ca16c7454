#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/sig.h"
#include "stream/priv.h"

enum { WAIT_MS = 200 }; /* the longest that an `at` is left unread */

int
reader_catalogue_line(
    struct reader *r, const char *line, size_t len, struct err *e)
{
	struct cat_change ch;

	r->at_end = 0;
	if (cat_line(&r->cat, line, len, &ch, e) == -1)
		return err_wrap(e, "%s: line %" PRIu64, r->conf->catalogue,
		    lines_number(r->in));
	if (r->rbac != NULL)
		rbac_note(r->rbac, &r->cat, &ch);
	if (!r->begun)
		return 0;
	if (ch.kind == CAT_AT)
		r->at_end = 1;
	else
		r->news_ns = clock_ns();
	if (ch.kind == CAT_COLL || ch.kind == CAT_READY)
		r->channels_dirty = 1;
	if (ch.kind == CAT_COLL && !ch.coll->included)
		ch.coll->included =
		    view_coll(&r->view, ch.coll->id) != NULL ||
		    reader_want(r, ch.coll->db, ch.coll->name, ch.coll->id);
	if (ch.kind == CAT_COLL && reader_can_read(ch.coll, e) == -1)
		return -1;
	if (ch.kind == CAT_READY) { /* after a resync */
		if (reader_compare(r, e) == -1)
			return -1;
		ddl_start(r->ddl, merge_released(r->merge), 0);
	} else if (r->cat.ready)
		ddl_note(r->ddl, &ch);
	return 0;
}

/*
 * Takes all lines in the buffer; before the stream has begun, only up to
 * `ready`.
 */
int
reader_catalogue_lines(struct reader *r, struct err *e)
{
	const char *line;
	size_t len;
	int rc = LINES_WAIT;

	while ((r->begun || !r->cat.ready) &&
	       (rc = lines_next(r->in, &line, &len, e)) == LINES_LINE) {
		if (lines_cut(r->in))
			return err_set(e, ERR_TEMP,
			    "%s: line %" PRIu64 " is cut short",
			    r->conf->catalogue, lines_number(r->in));
		if (reader_catalogue_line(r, line, len, e) == -1)
			return -1;
	}
	r->in_eof = rc == LINES_END;
	r->read_ns = clock_ns();
	return rc == -1 ? -1 : 0;
}

/*
 * Reads once from the catalogue. The end of a static catalogue does not end the
 * stream.
 */
int
reader_catalogue_fill(struct reader *r, struct err *e)
{
	if (lines_fill(r->in, e) == -1 || reader_catalogue_lines(r, e) == -1)
		return -1;
	/* the system refuses while the pipe has data */
	if (r->at_end && !r->one_page)
		r->one_page = fcntl(lines_fd(r->in), F_SETPIPE_SZ, 1) != -1;
	if (r->in_eof && !r->cat.ready)
		return err_set(e, ERR_TEMP,
		    "%s: the catalogue ends before 'ready'",
		    r->conf->catalogue);
	if (r->in_eof && r->cat.follow)
		return err_set(e, ERR_TEMP,
		    "%s: the catalogue has ended, the stream cannot go on "
		    "without it",
		    r->conf->catalogue);
	return 0;
}

int
reader_catalogue(struct reader *r, struct err *e)
{
	if (reader_catalogue_lines(r, e) == -1) /* opens it */
		return -1;
	while (!r->cat.ready) {
		struct pollfd p[2] = { { lines_fd(r->in), POLLIN, 0 },
			{ sig_fd(), POLLIN, 0 } };

		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		poll(p, 2, -1);
		if (p[0].revents != 0 && reader_catalogue_fill(r, e) == -1)
			return -1;
	}
	if (r->cat.ddl_in_log) {
		r->by_log = 1;
		r->cat.follow = 0; /* what it may tell later, the log does */
		merge_by_channel(r->merge);
	}
	if (!r->by_log && !r->cat.follow && r->until.kind == WHERE_NEVER)
		return err_set(e, ERR_USAGE,
		    "%s: the catalogue does not follow changes (cdc-meta -w), "
		    "so --until is needed",
		    r->conf->catalogue);
	return 0;
}

/*
 * cdc-meta asks etcd again once its last `at` line was read (follow.c): the
 * pipe holds one line. So that line is left unread while nothing waits for
 * the catalogue, and an idle stream costs etcd little.
 */
int
reader_wants_catalogue(const struct reader *r)
{
	if (!r->at_end || lines_partial(r->in) || r->n_cands > 0 ||
	    r->ends_ns != 0 || !r->cat.ready)
		return 1;
	return clock_ns() - r->read_ns >= WAIT_MS * NS_PER_MS;
}
