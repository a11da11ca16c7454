#include "state/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"

enum { VERSION_KNOWN = 1 };
static const char crc_key[] = ",\"crc\":\"";

static unsigned long
crc_of(const char *p, size_t n)
{
	return crc32(crc32(0, NULL, 0), (const Bytef *)p, (uInt)n);
}

/* 1 if the crc at the end is that of all bytes before it. */
static int
crc_good(const struct buf *b)
{
	char want[32];
	const char *at = NULL;

	if (b->len == 0)
		return 0;
	for (const char *p = b->ptr; p != NULL;
	     p = memmem(p + 1, b->len - (size_t)(p + 1 - b->ptr), crc_key,
		 sizeof crc_key - 1))
		at = p;
	if (at == NULL || at == b->ptr)
		return 0;
	snprintf(want, sizeof want, "%s%08lx\"}\n", crc_key,
	    crc_of(b->ptr, (size_t)(at - b->ptr)));
	return b->len - (size_t)(at - b->ptr) == strlen(want) &&
	       memcmp(at, want, strlen(want)) == 0;
}

/* 1 with *out, 0 if the file is absent, -1 if it cannot be used. */
static int
read_checkpoint(const char *dir, const char *sub, json_t **out, struct err *e)
{
	struct buf b = { 0 };
	int rc = state_slurp(dir, sub, &b, e);

	*out = NULL;
	if (rc == 1 && !crc_good(&b))
		rc = err_set(
		    e, ERR_DATA, "'%s/%s' is torn or was changed", dir, sub);
	if (rc == 1 && (*out = state_parse(dir, sub, &b, e)) == NULL)
		rc = -1;
	buf_fini(&b);
	if (rc == 1 &&
	    json_integer_value(json_object_get(*out, "v")) != VERSION_KNOWN) {
		json_decref(*out);
		*out = NULL;
		rc = err_set(e, ERR_DATA,
		    "'%s/%s' has a version that this release does not know",
		    dir, sub);
	}
	return rc;
}

static int64_t
gen_of(const json_t *j)
{
	return json_integer_value(json_object_get(j, "gen"));
}

/* Sets *e to the reason why there is no checkpoint; returns NULL. */
static json_t *
no_checkpoint(
    const struct err *e1, const struct err *e2, const char *task, struct err *e)
{
	const struct err *bad = e1->kind != ERR_NONE ? e1 : e2;

	if (e1->kind == ERR_TEMP || e2->kind == ERR_TEMP)
		err_fill(e, ERR_TEMP,
		    "%.500s: what stands there is not known, and nothing was "
		    "changed; mend that, and try again",
		    (e1->kind == ERR_TEMP ? e1 : e2)->msg);
	else
		err_fill(e, ERR_DATA,
		    "%.500s, and there is none before it: 'cdc-task set %s "
		    "--from WHERE' says where to begin",
		    bad->msg, task);
	return NULL;
}

/*
 * The newer of the two checkpoints. *fell_back: checkpoint.json exists and is
 * not it.
 */
static json_t *
newest(const char *dir, const char *task, int *fell_back, struct err *e)
{
	char *sub = state_sub(task, "checkpoint.json");
	char *prev = state_sub(task, "checkpoint.prev.json");
	struct err e1 = { 0 }, e2 = { 0 };
	json_t *a, *b;
	int ra = read_checkpoint(dir, sub, &a, &e1);
	int rb = read_checkpoint(dir, prev, &b, &e2), use_prev;

	free(sub);
	free(prev);
	err_clear(e);
	/* the other checkpoint may be an older one */
	if (e1.kind == ERR_TEMP) {
		json_decref(b);
		return no_checkpoint(&e1, &e2, task, e);
	}
	use_prev = ra != 1 || (rb == 1 && gen_of(b) > gen_of(a));
	/* Without links, a writer that is killed may leave prev alone. */
	*fell_back = use_prev && ra != 0;
	if (use_prev && rb == 1) {
		json_decref(a);
		return b;
	}
	json_decref(b);
	if (ra == 1 || (ra == 0 && rb == 0))
		return a;
	return no_checkpoint(&e1, &e2, task, e);
}

json_t *
state_checkpoint(const char *dir, const char *task, struct err *e)
{
	int fell_back;

	if (state_check(dir, task, e) == -1)
		return NULL;
	return newest(dir, task, &fell_back, e);
}

void
checkpoint_fini(struct checkpoint *c)
{
	pos_fini(&c->pos);
	json_decref(c->known);
	json_decref(c->source);
	json_decref(c->applied);
	memset(c, 0, sizeof *c);
}

int
checkpoint_load(
    const char *dir, const char *task, struct checkpoint *c, struct err *e)
{
	json_t *j;
	int fell_back;

	checkpoint_fini(c);
	if (state_check(dir, task, e) == -1)
		return -1;
	j = newest(dir, task, &fell_back, e);
	if (j == NULL)
		return e->kind == ERR_NONE ? 0 : -1;
	c->gen = gen_of(j);
	c->fell_back = fell_back;
	c->known = json_incref(json_object_get(j, "known"));
	c->source = json_incref(json_object_get(j, "source"));
	c->applied = json_incref(json_object_get(j, "applied"));
	if (pos_from_line(&c->pos, j, e) == -1) {
		json_decref(j);
		checkpoint_fini(c);
		return err_wrap(e, "checkpoint of task '%s'", task);
	}
	json_decref(j);
	return 0;
}

static void
add_object(struct jsonw *w, const char *key, const json_t *j)
{
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);

	jw_raw(w, key, text == NULL ? "{}" : text,
	    text == NULL ? 2 : strlen(text));
	free(text);
}

static void
checkpoint_text(const struct checkpoint *c, struct buf *b)
{
	struct jsonw w = { .b = b };

	jw_open(&w, NULL, '{');
	jw_i64(&w, "v", VERSION_KNOWN);
	jw_i64(&w, "gen", c->gen + 1);
	jw_u64s(&w, "ts", c->pos.ts);
	pos_to_json(&c->pos, &w, "pos");
	add_object(&w, "known", c->known);
	if (c->source != NULL)
		add_object(&w, "source", c->source);
	add_object(&w, "applied", c->applied);
	buf_addf(b, "%s%08lx\"}\n", crc_key, crc_of(b->ptr, b->len));
}

/*
 * Gives the file its second name with a link, so that the first name always has
 * a file. On a file system without links the file is renamed, and the first
 * name is missing for a moment.
 */
static int
keep(int at, const char *name, const char *prev)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : -1;
	if (unlinkat(at, prev, 0) == -1 && errno != ENOENT)
		return -1;
	return linkat(at, name, at, prev, 0) == 0
		   ? 0
		   : renameat(at, name, at, prev);
}

/*
 * The order matters. The new checkpoint is whole on the disk before the old one
 * becomes prev, and an old one that cannot be used never replaces prev.
 */
int
checkpoint_save(
    const char *dir, const char *task, struct checkpoint *c, struct err *e)
{
	static const char tmp[] = "checkpoint.tmp";
	char *sub = state_sub(task, "checkpoint.json");
	const char *name;
	int at = state_parent(dir, sub, &name), fd = -1, rc = 0;
	struct buf b = { 0 };

	checkpoint_text(c, &b);
	if (at == -1 ||
	    (fd = state_write_new(at, tmp, b.ptr, b.len, 1)) == -1 ||
	    (!c->fell_back && keep(at, name, "checkpoint.prev.json") == -1) ||
	    renameat(at, tmp, at, name) == -1 || state_sync_folder(at) == -1)
		rc = state_failed(e, ERR_OUTPUT, dir, sub);
	else {
		c->gen++;
		c->fell_back = 0;
	}
	if (fd != -1)
		close(fd);
	if (at != -1)
		close(at);
	buf_fini(&b);
	free(sub);
	return rc;
}
