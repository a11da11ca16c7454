#include "apply/apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apply/priv.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "model/tso.h"

enum {
	IDLE_MS = 20,    /* without input for so long, open batches are sent */
	LONG_MS = 60000, /* wait when there is nothing to do */
	SHOW_MS = 1000,  /* between two updates of the progress */
	STEP_BYTES = 256 << 10, /* of input between two looks at the network */
};

static void
show(struct apply *a)
{
	int64_t now = clock_ns(), lag;
	double s = (double)(now - a->started_ns) / 1e9;
	uint64_t rows = rowq_done_rows(a->q);
	char text[128], lags[48] = "";

	if (!a->conf->progress ||
	    now - a->shown_ns < (int64_t)SHOW_MS * NS_PER_MS)
		return;
	a->shown_ns = now;
	if (a->acked_ts != 0) {
		lag = clock_unix_ms() - tso_ms(a->acked_ts);
		snprintf(lags, sizeof lags,
		    ", %" PRId64 ".%" PRId64 " s behind", lag / 1000,
		    lag % 1000 / 100);
	}
	snprintf(text, sizeof text, "%" PRIu64 " rows, %.0f rows/s%s", rows,
	    s > 0 ? (double)rows / s : 0.0, lags);
	log_progress(text);
}

/*
 * 1 if the last line is a tick, no other has begun and no request is out: open
 * batches would gain nothing by waiting.
 */
static int
is_all(const struct apply *a)
{
	return a->op.op == OP_TICK && !lines_partial(a->in) &&
	       rowq_flying(a->q) == 0;
}

/* The buffer is empty: waits for input, while requests go on. */
static int
await(struct apply *a, struct err *e)
{
	struct grpc_fd in = { .fd = lines_fd(a->in) };
	int64_t since = clock_ns();

	if (rowq_wait(a->q, &in, 0, e) == -1)
		return -1;
	while (!in.ready) {
		int64_t idle = (clock_ns() - since) / NS_PER_MS;
		int most = a->conf->progress ? SHOW_MS : LONG_MS;

		if (apply_acks(a, e) == -1 ||
		    rowq_flush(a->q, idle >= IDLE_MS || is_all(a), e) == -1)
			return -1;
		if (idle < IDLE_MS)
			most = (int)(IDLE_MS - idle);
		show(a);
		if (rowq_wait(a->q, &in, rowq_timeout(a->q, most), e) == -1)
			return -1;
	}
	return lines_fill(a->in, e);
}

static int
loop(struct apply *a, struct err *e)
{
	const char *line;
	size_t n, bytes = 0;
	int rc;

	while ((rc = lines_next(a->in, &line, &n, e)) > LINES_END) {
		if (rc == LINES_WAIT) {
			if (await(a, e) == -1)
				return -1;
			continue;
		}
		if (apply_line(a, line, n, e) == -1)
			return -1;
		if ((bytes += n) < STEP_BYTES)
			continue;
		bytes = 0;
		show(a);
		if (rowq_wait(a->q, NULL, 0, e) == -1 ||
		    rowq_flush(a->q, 0, e) == -1 || apply_acks(a, e) == -1)
			return -1;
	}
	if (rc == -1)
		return -1;
	return cut_complete(a, e);
}

/*
 * After success or failure: waits for requests in flight, sends what stands
 * before a mistake in the input, and acknowledges what is complete.
 */
static int
finish(struct apply *a, int rc, struct err *e)
{
	struct err later = { 0 };

	if (rc == 0 || e->kind == ERR_DATA) {
		int drained = rowq_drain(a->q, &later);

		if (drained == -1 && rc == 0) {
			*e = later;
			rc = -1;
		}
	}
	rowq_settle(a->q);
	rowq_drain(a->q, &later);
	if (e->kind != ERR_PIPE && e->kind != ERR_OUTPUT &&
	    apply_acks(a, &later) == -1) {
		*e = later;
		rc = -1;
	}
	log_progress("");
	return rc;
}

static int
open_all(struct apply *a, struct err *e)
{
	struct rowq_conf rows = a->conf->rows;

	a->in = lines_open(a->conf->files, a->conf->nfiles, e);
	if (a->in == NULL || (a->m = milvus_open(&a->conf->milvus, e)) == NULL)
		return -1;
	rows.out = &a->out;
	rows.dry_run = a->conf->dry_run;
	a->q = rowq_new(a->m, &rows);
	a->colls.one_part = a->conf->one_part;
	return dead_open(a, e);
}

static void
close_all(struct apply *a)
{
	lines_close(a->in);
	rowq_free(a->q);
	colls_fini(&a->colls);
	identity_fini(&a->who);
	mark_fini(&a->marks);
	redo_close(a->redo);
	milvus_close(a->m);
	opline_fini(&a->op);
	out_fini(&a->out);
	pos_fini(&a->pos);
	pos_fini(&a->top);
	apply_acks_free(a);
	kvs_fini(&a->dead);
	kvs_fini(&a->dbs);
	for (size_t i = 0; i < a->ntasks; i++) {
		free(a->tasks[i]);
		close(a->locks[i]);
	}
	free(a->tasks);
	free(a->locks);
	free(a->cluster);
	if (a->dead_fd != -1)
		close(a->dead_fd);
}

int
apply_run(const struct apply_conf *conf, struct err *e)
{
	struct apply a = {
		.conf = conf,
		.out = out_stdout(),
		.dead_fd = -1,
		.started_ns = clock_ns(),
	};
	int rc;

	a.acks_end = &a.acks;
	rc = open_all(&a, e);
	if (rc == 0)
		rc = finish(&a, loop(&a, e), e);
	if (rc == 0 || e->kind == ERR_DATA)
		apply_summary(&a);
	close_all(&a);
	return rc;
}
