#include "stream/stream.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "stream/priv.h"

enum {
	WAIT_MS = 200,
	GATHER_MS = 3,
	TOPICS_S = 5, /* how often new topics are looked for */
};

/*
 * Ticks of all topics come at nearly the same moment, each waking us: a turn
 * for all of them. Not in a backlog.
 */
static void
gather(const struct reader *r)
{
	struct pollfd p = { sig_fd(), POLLIN, 0 };

	if (r->taken <= (int)r->n_topics)
		poll(&p, 1, GATHER_MS);
}

/*
 * A record of a streaming log cannot be read: what may leave without it does,
 * so that the position comes as near to it as it can.
 */
static int
stopped(struct reader *r, const struct err *e)
{
	struct err ignored = { 0 };

	if (r->by_log && e->kind == ERR_DATA)
		reader_by_log_release(r, &ignored);
	return -1;
}

static int
turn(struct reader *r, struct err *e)
{
	int full = reader_is_full(r);
	struct pollfd p[3] = { { r->in_eof || r->by_log ? -1 : lines_fd(r->in),
				   reader_wants_catalogue(r) ? POLLIN : 0, 0 },
		{ full ? -1 : mq_fd(r->k), POLLIN, 0 },
		{ sig_fd(), POLLIN, 0 } };

	poll(p, 3, r->more && !full ? 0 : WAIT_MS);
	if (p[1].revents != 0 && !r->more)
		gather(r);
	if (p[0].revents != 0 && reader_catalogue_fill(r, e) == -1)
		return -1;
	if (!full && reader_records(r, e) == -1)
		return stopped(r, e);
	if (!r->by_mark && clock_ns() - r->topics_ns > TOPICS_S * NS_PER_S &&
	    reader_topics(r, e) == -1)
		return -1;
	return r->by_log ? reader_by_log_release(r, e) : reader_release(r, e);
}

static int
finish(struct reader *r, struct err *e)
{
	const struct merge_stats *s = merge_stats(r->merge);

	log_info("%" PRIu64 " ticks, %" PRIu64 " DDL messages, %" PRIu64
		 " retries, %" PRIu64 " skipped, %" PRIu64
		 " not included, %" PRIu64 " late, %" PRIu64
		 " of unknown collections",
	    s->ticks, s->ddl, s->retries, s->skipped, s->unwanted + r->left_out,
	    s->late, r->unknown_ids);
	if (r->conf->explain) {
		r->emit.out = NULL;
		return reader_explain(r, e);
	}
	return reader_tick(r, OP_END, e);
}

static int
run(struct reader *r, struct err *e)
{
	if (reader_catalogue(r, e) == -1 || reader_begin(r, e) == -1)
		return -1;
	if (!r->by_log &&
	    reader_catalogue_lines(r, e) == -1) /* those behind `ready` */
		return -1;
	while (!r->done && sig_stop == 0)
		if (turn(r, e) == -1 && e->kind != ERR_STOP)
			return -1;
	err_clear(
	    e); /* stopped amid a question: that is an end in order, too */
	return finish(r, e);
}

static int
open_reader(struct reader *r, struct err *e)
{
	struct ddl_conf d = { .cat = &r->cat,
		.view = &r->view,
		.emit = &r->emit,
		.want = reader_want,
		.want_db = reader_want_db,
		.drop_dbs = r->conf->shard.i == 0,
		.arg = r };

	r->names[0] = x_strdup(r->conf->catalogue);
	if ((r->in = lines_open(r->names, 1, e)) == NULL)
		return -1;
	r->out = out_stdout();
	r->emit.out = r->conf->explain ? NULL : &r->out;
	r->emit.time = r->conf->time;
	r->until_ts = UINT64_MAX;
	r->merge = merge_new();
	merge_filter(r->merge, reader_wanted, r);
	merge_ddl(r->merge, reader_note_drop, r);
	r->ddl = ddl_new(&d);
	if (r->conf->include.n == 0 && r->conf->shard.i == 0)
		r->rbac = rbac_new(&r->emit);
	memcpy(r->emit.skip, r->conf->skip, sizeof r->emit.skip);
	if (where_from(&r->from, r->conf->from, r->conf->state, e) == -1)
		return e->kind == ERR_USAGE ? err_wrap(e, "--from") : -1;
	return where_until(&r->until, r->conf->until, e);
}

static void
close_reader(struct reader *r)
{
	where_fini(&r->from);
	where_fini(&r->until);
	lines_close(r->in);
	free(r->names[0]);
	merge_free(r->merge);
	for (size_t i = 0; i < r->n_topics; i++)
		free(r->topics[i].marks);
	free(r->topics);
	mq_close(r->k);
	mq_close(r->asker);
	ddl_free(r->ddl);
	rbac_free(r->rbac);
	cat_fini(&r->cat);
	view_fini(&r->view);
	emit_fini(&r->emit);
	out_fini(&r->out);
	buf_fini(&r->rows_text);
	free(r->cluster);
	free(r->dml_prefix);
	free(r->replicate);
	free(r->tally);
	free(r->drops.v);
}

int
reader_run(const struct reader_conf *conf, struct err *e)
{
	struct reader r = { .conf = conf };
	int rc = open_reader(&r, e) == -1 ? -1 : run(&r, e);

	close_reader(&r);
	if (rc == -1 && e->kind == ERR_STOP) {
		err_clear(e);
		rc = 0;
	}
	return rc;
}
