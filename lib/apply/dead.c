#include "apply/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "state/state.h"

/*
 * The file of a task is in the state directory; any other path is the user's.
 */
int
dead_open(struct apply *a, struct err *e)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT;
	char *dir;
	const char *sub;

	if (a->conf->dead == NULL || a->conf->dry_run)
		return 0;
	dir = state_dir(a->conf->state_dir);
	sub = state_within(dir, a->conf->dead);
	a->dead_fd = sub != NULL ? state_open(dir, sub, flags)
				 : open(a->conf->dead, flags | O_CLOEXEC, 0600);
	if (a->dead_fd == -1 && sub != NULL) {
		state_failed(e, ERR_USAGE, dir, sub);
		err_wrap(e, "--on-error");
	} else if (a->dead_fd == -1)
		err_sys(e, ERR_USAGE, "--on-error: '%s'", a->conf->dead);
	free(dir);
	if (a->dead_fd == -1)
		return -1;
	rowq_on_refused(a->q, dead_batch, a);
	return 0;
}

/*
 * By id, and also by name, so that a collection that gets the name is held back
 * too.
 */
int
dead_is(const struct apply *a, const struct opline *o)
{
	if (a->dead.n == 0 || !o->has_coll)
		return 0;
	if (o->coll_id.len > 0 && kvs_get(&a->dead, o->coll_id.ptr) != NULL)
		return 1;
	return kvs_get(&a->dead, apply_label(o->db.ptr, o->coll.ptr, NULL)) !=
	       NULL;
}

/* Writes a line; it is durable before anything behind it is acknowledged. */
int
dead_line(struct apply *a, const char *line, size_t n, struct err *e)
{
	struct buf b = { 0 };
	size_t done = 0;

	buf_add(&b, line, n);
	buf_addc(&b, '\n');
	while (done < b.len) {
		ssize_t k = write(a->dead_fd, b.ptr + done, b.len - done);

		if (k == -1 && errno != EINTR)
			break;
		done += k > 0 ? (size_t)k : 0;
	}
	n = b.len;
	buf_fini(&b);
	if (done < n || fsync(a->dead_fd) == -1)
		return err_sys(e, ERR_OUTPUT, "'%s'", a->conf->dead);
	a->counts.dead++;
	return 0;
}

static void
mark(struct apply *a, const char *db, const char *coll, const char *id,
    const struct err *why)
{
	const char *name = apply_label(db, coll, NULL);

	if (kvs_get(&a->dead, name) == NULL)
		log_warn("collection '%s' is set aside in '%s' from here on: "
			 "%s",
		    name, a->conf->dead, why->msg);
	kvs_set(&a->dead, name, "1");
	if (id[0] != '\0')
		kvs_set(&a->dead, id, "1");
}

/* Sets the line aside, unless that was done together with refused ones. */
static int
take_line(struct apply *a, const char *line, size_t n, struct err *e)
{
	return rowq_take_line(a->q) ? dead_line(a, line, n, e) : 0;
}

int
dead_op(struct apply *a, const char *line, size_t n, const struct err *why,
    struct err *e)
{
	const struct opline *o = &a->op;

	/* a request in flight failed, and dead_batch set it aside */
	if (!dead_is(a, o)) {
		/*
		 * Open rows of the collection are sent first, since they stand
		 * before it.
		 */
		if (rowq_drain(a->q, e) == -1)
			return -1;
		mark(a, o->db.ptr, o->coll.ptr, o->coll_id.ptr, why);
	}
	return take_line(a, line, n, e);
}

int
dead_late(struct apply *a, const char *line, size_t n, struct err *e)
{
	struct coll *c;
	int rc = apply_find(a, &c, e);

	if (rc == -1)
		return -1;
	if (rc == 0)
		rowq_take_back(a->q, c, NULL);
	return take_line(a, line, n, e);
}

int
dead_batch(void *arg, struct batch *b, struct err *e)
{
	struct apply *a = arg;
	struct opline o = { 0 };
	struct kept **v;
	struct err bad = { 0 };
	size_t n;
	int rc = 0;

	v = rowq_take_lines(a->q, b, &n);
	for (size_t i = 0; i < n; i++) {
		/* the source's names and id, from the line */
		if (rc == 0 &&
		    opline_read(&o, v[i]->text, v[i]->len, &bad) == 0)
			mark(a, o.db.ptr, o.coll.ptr, o.coll_id.ptr, e);
		if (rc == 0)
			rc = dead_line(a, v[i]->text, v[i]->len, &bad);
		kept_drop(v[i]);
	}
	free(v);
	opline_fini(&o);
	if (rc == -1)
		*e = bad;
	return rc;
}
