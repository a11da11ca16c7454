#include "state/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "codec/json_write.h"
#include "model/pos.h"
#include "state/state.h"

struct redo {
	char *dir, *task, *sub;
	int fd;
	struct pos at; /* the newest tick; a checkpoint at it may lack what came
			  since */
	size_t lines;  /* how many the file has */
	int open;      /* lines stand behind the last tick */
};

/* A tick: where it stands. Older versions wrote its timestamp alone. */
static int
is_tick(const json_t *j, struct pos *at)
{
	const char *op = json_string_value(json_object_get(j, "op"));
	const char *s = json_string_value(json_object_get(j, "ts"));
	struct err ignored;

	if (op == NULL || strcmp(op, "tick") != 0)
		return 0;
	return pos_from_line(at, j, &ignored) == 0 ||
	       (json_object_get(j, "pos") == NULL && s != NULL &&
		   num_u64(s, 0, UINT64_MAX, &at->ts, &ignored) == 0);
}

/*
 * A torn last line is dropped: its operation was never tried, because the
 * machine or the writer ended while writing it. Any other line that cannot be
 * read is dropped with a warning, so that the rest is not lost.
 */
static void
take_line(json_t *all, const char *path, const char *line, size_t n,
    const struct pos *from)
{
	json_t *j = json_loadb(line, n, 0, NULL);
	struct pos at = { 0 };

	if (line[n - 1] != '\n') {
		json_decref(j);
		return;
	}
	if (!json_is_object(j)) {
		log_warn(
		    "'%s': a line is no JSON object, and is left out", path);
		json_decref(j);
	} else if (is_tick(j, &at)) {
		if (pos_covers(from, &at))
			json_array_clear(all);
		json_decref(j);
	} else {
		json_array_append_new(all, j);
	}
	pos_fini(&at);
}

static json_t *
read_file(
    const char *dir, const char *sub, const struct pos *from, struct err *e)
{
	int fd = state_open(dir, sub, O_RDONLY);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	json_t *all = json_array();
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int bad;

	if (f == NULL && errno == ENOENT)
		return all;
	if (f == NULL) {
		json_decref(all);
		state_failed(e, ERR_DATA, dir, sub);
		return NULL;
	}
	while ((n = getline(&line, &cap, f)) > 0)
		take_line(all, sub, line, (size_t)n, from);
	bad = ferror(f);
	fclose(f);
	free(line);
	if (!bad)
		return all;
	json_decref(all);
	err_set(e, ERR_DATA, "'%s/%s' cannot be read", dir, sub);
	return NULL;
}

json_t *
redo_read(
    const char *dir, const char *task, const struct pos *from, struct err *e)
{
	char *sub = state_sub(task, "redo.ndjson");
	json_t *all = read_file(dir, sub, from, e);

	free(sub);
	return all;
}

/* Writes the file anew, with the lines that a checkpoint at `from` lacks. */
static int
renew(struct redo *r, const struct pos *from, struct err *e)
{
	json_t *all = read_file(r->dir, r->sub, from, e), *j;
	struct buf b = { 0 };
	size_t i;
	int rc;

	if (all == NULL)
		return -1;
	json_array_foreach(all, i, j)
	{
		char *line = json_dumps(j, JSON_COMPACT);

		buf_adds(&b, line);
		buf_addc(&b, '\n');
		free(line);
	}
	r->lines = json_array_size(all);
	r->open = r->lines > 0;
	json_decref(all);
	rc = state_replace(r->dir, r->sub, b.len > 0 ? b.ptr : "", b.len, e);
	buf_fini(&b);
	if (rc == -1)
		return -1;
	if (r->fd != -1)
		close(r->fd);
	r->fd = state_open(r->dir, r->sub, O_WRONLY | O_APPEND);
	return r->fd == -1 ? state_failed(e, ERR_OUTPUT, r->dir, r->sub) : 0;
}

struct redo *
redo_open(
    const char *dir, const char *task, const struct pos *from, struct err *e)
{
	struct redo *r = x_calloc(1, sizeof *r);

	r->dir = x_strdup(dir);
	r->task = x_strdup(task);
	r->sub = state_sub(task, "redo.ndjson");
	r->fd = -1;
	pos_copy(&r->at, from);
	if (renew(r, from, e) == 0)
		return r;
	redo_close(r);
	return NULL;
}

void
redo_close(struct redo *r)
{
	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	free(r->dir);
	free(r->task);
	free(r->sub);
	pos_fini(&r->at);
	free(r);
}

/*
 * If only a part of the line could be written, it is cut off again, so that the
 * next line is whole.
 */
static int
append(struct redo *r, const char *line, size_t n, struct err *e)
{
	struct buf b = { 0 };
	off_t end = lseek(r->fd, 0, SEEK_END);
	ssize_t w;

	buf_add(&b, line, n);
	buf_addc(&b, '\n');
	do
		w = write(r->fd, b.ptr, b.len);
	while (w == -1 && errno == EINTR);
	n = b.len;
	buf_fini(&b);
	if (w == (ssize_t)n)
		return 0;
	if (w >= 0)
		errno = ENOSPC;
	state_failed(e, ERR_OUTPUT, r->dir, r->sub);
	if (end != -1 && w > 0 && ftruncate(r->fd, end) == -1)
		log_warn("'%s/%s': %s", r->dir, r->sub, strerror(errno));
	return -1;
}

/* The file is too long: drop the lines that the checkpoint has by now. */
static int
shorten(struct redo *r, struct err *e)
{
	struct checkpoint c = { 0 };
	int rc = checkpoint_load(r->dir, r->task, &c, e);

	if (rc == 0)
		rc = renew(r, &c.pos, e);
	checkpoint_fini(&c);
	return rc;
}

int
redo_add(struct redo *r, const char *line, size_t n, struct err *e)
{
	if (r->lines >= REDO_LINES_MAX && r->lines % REDO_LINES_MAX == 0 &&
	    shorten(r, e) == -1)
		return -1;
	if (append(r, line, n, e) == -1)
		return -1;
	r->lines++;
	r->open = 1;
	if (fdatasync(r->fd) == -1)
		return state_failed(e, ERR_OUTPUT, r->dir, r->sub);
	return 0;
}

/* Not durable: if it is lost, more is compared than necessary. */
int
redo_tick(struct redo *r, const struct pos *at, struct err *e)
{
	struct buf b = { 0 };
	struct jsonw w = { .b = &b };
	int rc;

	if (pos_covers(&r->at, at))
		return 0;
	pos_copy(&r->at, at);
	if (!r->open)
		return 0;
	jw_open(&w, NULL, '{');
	jw_str(&w, "op", "tick");
	jw_u64s(&w, "ts", at->ts);
	pos_to_json(at, &w, "pos");
	jw_close(&w, '}');
	rc = append(r, b.ptr, b.len, e);
	buf_fini(&b);
	if (rc == -1)
		return -1;
	r->lines++;
	r->open = 0;
	return 0;
}
