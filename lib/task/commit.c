#include "task/commit.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/sig.h"
#include "codec/json_write.h"
#include "model/tso.h"
#include "state/state.h"
#include "task/task.h"

enum { LINE_MAX_BYTES = 64 << 20, READ_BYTES = 65536 };
static const int64_t save_ns = 100 * NS_PER_MS, stats_ns = 1000 * NS_PER_MS;

struct commit {
	const char *dir, *name;
	struct checkpoint c; /* includes acks that are not written yet */
	int dirty;
	int ended; /* the last ack says "end" */
	int64_t lines;
	int64_t saved_ns, stats_ns; /* when each file was written last */
	char *started;
	json_t *n;    /* counts of this process */
	int64_t rows; /* at the last stats */
	double rate;
};

/* Adds the counts of an ack to a sum. */
static void
add_counts(json_t **sum, json_t *n)
{
	const char *key;
	json_t *v;

	if (*sum == NULL)
		*sum = json_object();
	json_object_foreach(n, key, v)
	{
		json_int_t old = json_integer_value(json_object_get(*sum, key));

		json_object_set_new(
		    *sum, key, json_integer(old + json_integer_value(v)));
	}
}

/*
 * An ack without `source` is of a stream that does not have it; the known one
 * stays.
 */
static void
take_source(struct commit *m, json_t *source)
{
	if (!json_is_object(source))
		return;
	json_decref(m->c.source);
	m->c.source = json_incref(source);
}

/* Take in one ack. */
static int
take(struct commit *m, const json_t *ack, struct err *e)
{
	const char *op = json_string_value(json_object_get(ack, "op"));
	struct pos at = { 0 };

	if (op == NULL || strcmp(op, "ack") != 0)
		return err_set(e, ERR_DATA, "not an ack line");
	if (pos_from_line(&at, ack, e) == -1)
		return -1;
	if (pos_before(&at, &m->c.pos, e)) {
		pos_fini(&at);
		return err_wrap(e, "the position goes back");
	}
	pos_merge(&m->c.pos, &at);
	pos_fini(&at);
	if (m->c.known == NULL)
		m->c.known = json_object();
	known_merge(m->c.known, json_object_get(ack, "known"));
	take_source(m, json_object_get(ack, "source"));
	add_counts(&m->c.applied, json_object_get(ack, "n"));
	add_counts(&m->n, json_object_get(ack, "n"));
	m->ended = json_is_true(json_object_get(ack, "end"));
	m->dirty = 1;
	return 0;
}

static int
line(struct commit *m, const char *p, size_t n, struct err *e)
{
	json_error_t je;
	json_t *j;
	int rc;

	m->lines++;
	j = json_loadb(p, n, JSON_REJECT_DUPLICATES, &je);
	if (j == NULL)
		rc = err_set(e, ERR_DATA, "not JSON: %s", je.text);
	else
		rc = take(m, j, e);
	json_decref(j);
	if (rc == -1)
		err_wrap(e, "line %" PRId64, m->lines);
	return rc;
}

/* Takes the whole lines of b; an incomplete one stays. */
static int
lines(struct commit *m, struct buf *b, size_t scanned, struct err *e)
{
	const char *at = b->ptr, *end = b->ptr + b->len;
	const char *lf = memchr(at + scanned, '\n', b->len - scanned);
	int rc = 0;

	for (; lf != NULL && rc == 0; lf = memchr(at, '\n', end - at)) {
		rc = line(m, at, (size_t)(lf - at), e);
		at = lf + 1;
	}
	buf_cut(b, (size_t)(at - b->ptr));
	if (rc == 0 && b->len > LINE_MAX_BYTES)
		rc = err_set(e, ERR_DATA,
		    "line %" PRId64 " is longer than %d bytes", m->lines + 1,
		    LINE_MAX_BYTES);
	return rc;
}

/* Rows a second, averaged over about ten seconds. */
static void
measure(struct commit *m, int64_t now)
{
	json_int_t rows = json_integer_value(json_object_get(m->n, "rows")) +
			  json_integer_value(json_object_get(m->n, "keys"));
	double sec = (double)(now - m->stats_ns) / 1e9;
	double part = sec > 10 ? 1 : sec / 10;

	if (sec > 0)
		m->rate += part * ((double)(rows - m->rows) / sec - m->rate);
	m->rows = rows;
	m->stats_ns = now;
}

static void
write_stats(struct commit *m, int64_t now)
{
	char *sub = state_sub(m->name, "stats.json");
	char *time = task_now(), *n;
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	struct err e;

	measure(m, now);
	n = json_dumps(m->n, JSON_COMPACT);
	jw_open(&w, NULL, '{');
	jw_i64(&w, "v", 1);
	jw_i64(&w, "pid", getpid());
	jw_str(&w, "started", m->started);
	jw_str(&w, "time", time);
	jw_u64s(&w, "ts", m->c.pos.ts);
	jw_raw(&w, "n", n == NULL ? "{}" : n, n == NULL ? 2 : strlen(n));
	jw_i64(&w, "rate", (int64_t)(m->rate + 0.5));
	jw_close(&w, '}');
	buf_addc(&b, '\n');
	if (state_put(m->dir, sub, b.ptr, b.len, &e) == -1)
		log_info("%s", e.msg);
	buf_fini(&b);
	free(n);
	free(time);
	free(sub);
}

static int
save(struct commit *m, struct err *e)
{
	int64_t now;

	if (!m->dirty)
		return 0;
	m->dirty = 0;
	if (checkpoint_save(m->dir, m->name, &m->c, e) == -1)
		return -1;
	now = clock_ns();
	m->saved_ns = now;
	if (now - m->stats_ns >= stats_ns)
		write_stats(m, now);
	return 0;
}

/*
 * Waits for input, and writes what is due meanwhile. 1 input, 0 a signal, -1.
 */
static int
wait_input(struct commit *m, int fd, struct err *e)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = sig_fd(), .events = POLLIN } };

	while (sig_stop == 0) {
		int64_t due = m->saved_ns + save_ns - clock_ns();
		int ms = !m->dirty  ? -1
			 : due <= 0 ? 0
				    : (int)(due / NS_PER_MS + 1);

		if (m->dirty && due <= 0 && save(m, e) == -1)
			return -1;
		if (m->dirty && due <= 0)
			continue;
		if (poll(p, 2, m->dirty ? ms : -1) > 0 && p[0].revents != 0)
			return 1;
	}
	return 0;
}

static int
read_all(struct commit *m, int fd, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	while ((rc = wait_input(m, fd, e)) == 1) {
		ssize_t n = read(fd, buf_room(&b, READ_BYTES), READ_BYTES);
		size_t scanned = b.len;

		if (n == 0)
			break;
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == -1) {
			rc = err_sys(e, ERR_DATA, "standard input");
			break;
		}
		b.len += (size_t)n;
		if ((rc = lines(m, &b, scanned, e)) == -1)
			break;
	}
	if (rc == 0)
		rc = err_set(e, ERR_STOP, "stopped");
	else if (rc == 1 && b.len > 0)
		rc = err_set(
		    e, ERR_DATA, "line %" PRId64 " is cut off", m->lines + 1);
	buf_fini(&b);
	return rc == -1 ? -1 : 0;
}

static int
not_ended(const struct commit *m, struct err *e)
{
	struct buf b = { 0 };

	if (m->c.gen == 0)
		buf_adds(&b, "nothing was applied");
	else {
		buf_addf(&b, "applied up to %" PRIu64 " (", m->c.pos.ts);
		tso_add_time(&b, m->c.pos.ts);
		buf_adds(&b, ")");
	}
	err_set(e, ERR_DATA, "the acks ended without \"end\":true: %s", b.ptr);
	buf_fini(&b);
	return -1;
}

static int
with_lock(struct commit *m, int fd, struct err *e)
{
	struct err e2 = { 0 };
	int rc;

	if (checkpoint_load(m->dir, m->name, &m->c, e) == -1)
		return -1;
	if (m->c.fell_back)
		log_warn("task '%s': checkpoint.json cannot be used, going on "
			 "from the one before",
		    m->name);
	rc = read_all(m, fd, e);
	if (save(m, &e2) == -1) {
		*e = e2;
		return -1;
	}
	if (rc == 0 && !m->ended)
		rc = not_ended(m, e);
	return rc;
}

int
task_commit(const char *dir, const char *name, int fd, struct err *e)
{
	struct commit m = { .dir = dir, .name = name };
	int lock = state_lock_file(dir, name, "commit.lock", e), rc;

	if (lock == -1)
		return -1;
	m.started = task_now();
	/* so that the first is written at once */
	m.stats_ns = clock_ns() - stats_ns;
	m.n = json_object();
	rc = with_lock(&m, fd, e);
	if (m.lines > 0)
		write_stats(&m, clock_ns());
	checkpoint_fini(&m.c);
	json_decref(m.n);
	free(m.started);
	close(lock);
	return rc;
}
