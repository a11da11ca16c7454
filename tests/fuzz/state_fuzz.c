/*
 * A state directory, and the words of a command line. An input is parts that
 * end in a NUL, each a letter and a text:
 *
 *	F FORMAT  T task.json  C checkpoint.json, to which its crc is added
 *	c, P checkpoint.json, checkpoint.prev.json as they are  D desired.json
 *	I the ids of a target  R redo.ndjson  L log.ndjson  A acks for commit
 *	@ a file for --from  w, u a FROM, an UNTIL  p, t a pattern and what it
 *	is tried on  r a rule of --rename
 *
 * The directory lies in memory and is written anew for each input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/json_minify.h"
#include "codec/json_write.h"
#include "ddl/known.h"
#include "fuzz.h"
#include "fuzznet.h"
#include "model/pattern.h"
#include "model/rename.h"
#include "state/ids.h"
#include "state/redo.h"
#include "state/state.h"
#include "state/where.h"
#include "task/commit.h"
#include "task/status.h"
#include "task/task.h"

#define TASK "t"

static char *dir;

static const struct {
	char letter;
	const char *path;
} files[] = {
	{ 'F', "FORMAT" },
	{ 'T', "tasks/" TASK "/task.json" },
	{ 'C', "tasks/" TASK "/checkpoint.json" },
	{ 'c', "tasks/" TASK "/checkpoint.json" },
	{ 'P', "tasks/" TASK "/checkpoint.prev.json" },
	{ 'D', "tasks/" TASK "/desired.json" },
	{ 'R', "tasks/" TASK "/redo.ndjson" },
	{ 'L', "tasks/" TASK "/log.ndjson" },
	{ 'I', "targets/h_1.json" },
	{ '@', "at" },
	/* and what the programs write */
	{ 0, "tasks/" TASK "/stats.json" },
	{ 0, "tasks/" TASK "/lock" },
	{ 0, "tasks/" TASK "/commit.lock" },
	{ 0, "tasks/" TASK "/run.lock" },
	{ 0, "targets/h_1.lock" },
};
enum { FILES = sizeof files / sizeof *files };

static void
put(const char *name, const char *p, size_t n)
{
	char *path = x_asprintf("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
	free(path);
}

static void
clear(void)
{
	for (size_t i = 0; i < FILES; i++) {
		char *path = x_asprintf("%s/%s", dir, files[i].path);

		unlink(path);
		free(path);
	}
}

static void
clean_up(void)
{
	static const char *const folders[] = { "tasks/" TASK, "tasks",
		"targets", "." };

	clear();
	for (size_t i = 0; i < 4; i++) {
		char *path = x_asprintf("%s/%s", dir, folders[i]);

		if (folders[i][0] == '.')
			rmdir(dir);
		else
			rmdir(path);
		free(path);
	}
	free(dir);
}

static void
set_up(void)
{
	static const char *const folders[] = { "tasks", "tasks/" TASK,
		"targets" };

	dir = x_strdup("/dev/shm/cdc-fuzz.XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	for (size_t i = 0; i < 3; i++) {
		char *path = x_asprintf("%s/%s", dir, folders[i]);

		if (mkdir(path, 0700) == -1)
			abort();
		free(path);
	}
	atexit(clean_up);
}

/* {…,"crc":"…"} of {…}, as cdc-state(5) says. */
static void
put_checked(const char *p, size_t n)
{
	struct buf b = { 0 };
	unsigned long crc;

	n -= n > 0 && p[n - 1] == '}';
	crc = crc32(crc32(0, NULL, 0), (const Bytef *)p, (uInt)n);
	buf_add(&b, p, n);
	buf_addf(&b, ",\"crc\":\"%08lx\"}\n", crc);
	put("tasks/" TASK "/checkpoint.json", b.ptr, b.len);
	buf_fini(&b);
}

/* `*` by trying everything. */
static int
matches(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*')
		return matches(p + 1, s) || (*s != '\0' && matches(p, s + 1));
	return *p == *s && matches(p + 1, s + 1);
}

static void
pattern(const char *text, const char *on)
{
	struct patterns p = { 0 };
	struct err e = { 0 };

	if (strlen(text) < 12 && strlen(on) < 12 &&
	    !pattern_glob(text, on) != !matches(text, on))
		abort();
	if (patterns_add(&p, text, &e) == 0) {
		int hit = patterns_match(&p, "default", on);

		if (hit != patterns_match(&p, "", on) ||
		    (hit && !patterns_match_db(&p, "default")))
			abort();
		if (patterns_whole_db(&p, on) && !patterns_match(&p, on, "x"))
			abort();
	}
	patterns_fini(&p);
}

static void
rule(const char *text)
{
	static struct names n;
	const char *db, *coll;
	struct err e = { 0 };

	if (names_add(&n, text, &e) == 0) {
		names_coll(&n, "default", "c", &db, &coll);
		names_db(&n, "d");
	}
	names_fini(&n);
}

/* A position, and what the target has: to be written and read again. */
static void
check_where(const struct where *w)
{
	struct view v = { 0 };
	struct buf b = { 0 };
	struct jsonw j = { .b = &b };
	struct err e = { 0 };

	jw_open(&j, NULL, '{');
	pos_to_json(&w->pos, &j, "pos");
	if (w->known != NULL && view_from_json(&v, w->known, &e) == 0) {
		if (w->redo != NULL)
			view_redo(&v, w->redo);
		view_to_json(&v, &j, "known", 1);
	}
	jw_close(&j, '}');
	if (!jsonmin_is(b.ptr, b.len))
		abort();
	view_fini(&v);
	buf_fini(&b);
}

static void
from(const char *text)
{
	struct where w = { 0 };
	struct err e = { 0 };

	if (where_from(&w, text, dir, &e) == 0)
		check_where(&w);
	else if (e.kind != ERR_USAGE && e.kind != ERR_DATA)
		abort();
	where_fini(&w);
}

static void
until(const char *text)
{
	struct where w = { 0 };
	struct err e = { 0 };

	where_until(&w, text, &e);
	where_fini(&w);
}

/* Its definition: what is run, and shown. A file elsewhere is not opened. */
static void
definition(void)
{
	struct err e = { 0 };
	json_t *t = state_task(dir, TASK, &e);
	const char *f = json_string_value(json_object_get(t, "from"));

	for (int i = 0; t != NULL && i < TASK_PROGS; i++) {
		char **argv = task_argv(t, (enum task_prog)i, dir);

		free(task_argv_text(argv));
		task_argv_free(argv);
	}
	if (t != NULL)
		task_overlap(t, t, &e);
	if (t != NULL && (f == NULL || f[0] != '@'))
		from("task:" TASK);
	json_decref(t);
}

static int
any_event(const char *event, const json_t *line)
{
	(void)line;
	return event[0] != 'x';
}

static void
status(void)
{
	struct task_status s;
	struct task_wish w = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	task_status_get(dir, TASK, 0, &s);
	task_status_json(&s, &b);
	if (!jsonmin_is(b.ptr, b.len)) {
		fprintf(stderr, "%s\n", b.ptr);
		abort();
	}
	task_status_table(&s, 1, 1, 1, &b);
	task_status_fini(&s);
	buf_fini(&b);
	task_wish_load(dir, TASK, &w, &e);
	task_wish_fini(&w);
	json_decref(task_log_last(dir, TASK, any_event));
}

static void
ids(void)
{
	struct err e = { 0 };
	struct ids *s = ids_open(dir, "http://h:1", "k", 0, &e);

	if (s == NULL)
		return;
	if (ids_set(s, 7, 70, &e) == 0 &&
	    (ids_target(s, 7) != 70 || ids_source(s, 70) == 0))
		abort();
	if (ids_forget(s, 7, &e) == 0 && ids_target(s, 7) != 0)
		abort();
	ids_close(s);
}

/* What commit leaves can be read, and stands no lower than before. */
static void
commit(const char *acks)
{
	struct checkpoint before = { 0 }, after = { 0 };
	struct err e = { 0 };
	int fd = memfd_create("acks", 0), rc;
	int was = checkpoint_load(dir, TASK, &before, &e);

	if (fd == -1 || write(fd, acks, strlen(acks)) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		abort();
	rc = task_commit(dir, TASK, fd, &e);
	close(fd);
	if (was == 0 && checkpoint_load(dir, TASK, &after, &e) == -1) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	if (was == 0 && (after.gen < before.gen ||
			    pos_before(&after.pos, &before.pos, NULL)))
		abort();
	if (rc == 0 && after.gen == before.gen)
		abort();
	checkpoint_fini(&before);
	checkpoint_fini(&after);
}

static void
part(char letter, const char *text, const char **last_pattern)
{
	for (size_t i = 0; letter != 0 && i < FILES; i++)
		if (files[i].letter == letter)
			put(files[i].path, text, strlen(text));
	if (letter == 'C')
		put_checked(text, strlen(text));
	else if (letter == 'w' && text[0] != '@')
		from(text);
	else if (letter == 'u')
		until(text);
	else if (letter == 'p')
		*last_pattern = text;
	else if (letter == 't')
		pattern(*last_pattern, text);
	else if (letter == 'r')
		rule(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy, *at, *acks = NULL, *file;
	const char *last_pattern = "*";

	if (dir == NULL)
		set_up();
	clear();
	put("FORMAT", "milvus-cdc state 1\n", 19);
	copy = x_malloc(size + 1);
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	for (at = copy; at < copy + size; at += strlen(at) + 1) {
		if (at[0] == 'A')
			acks = at + 1;
		else if (at[0] != '\0')
			part(at[0], at + 1, &last_pattern);
	}
	file = x_asprintf("@%s/at", dir);
	from(file);
	free(file);
	definition();
	status();
	ids();
	if (acks != NULL)
		commit(acks);
	free(copy);
	return 0;
}
