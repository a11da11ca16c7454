#include "task/check_each.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/rename.h"
#include "model/tso.h"
#include "net/etcd.h"
#include "net/tls.h"
#include "net/uri.h"
#include "state/state.h"
#include "task/process.h"
#include "task/servers.h"
#include "task/task.h"

enum { META_S = 60 }; /* for the whole catalogue */

/* ---- words ---- */

static int
add_patterns(
    struct patterns *p, const json_t *task, const char *name, struct err *e)
{
	const json_t *list =
	    json_object_get(json_object_get(task, "options"), name);

	for (size_t i = 0; i < json_array_size(list); i++)
		if (patterns_add(
			p, json_string_value(json_array_get(list, i)), e) == -1)
			return err_wrap(e, "--%s", name);
	return 0;
}

static int
begins(struct check *c, struct err *e)
{
	const json_t *from = json_object_get(c->task, "from");
	const char *word = json_string_value(from);

	if (json_is_object(from))
		return where_line(&c->from, from, e) == -1
			   ? -1
			   : task_place_fits(c->task, &c->from.pos, e);
	if (word == NULL)
		return err_set(e, ERR_USAGE, "'from' is no WHERE");
	if (strncmp(word, "task:", 5) == 0)
		return err_set(e, ERR_USAGE,
		    "a task cannot begin where a task is: '%s'", word);
	if (where_from(&c->from, word, c->dir, e) == 0)
		return task_place_fits(c->task, &c->from.pos, e);
	return e->kind == ERR_USAGE ? err_wrap(e, "--from") : -1;
}

/* Options of what is not there would be ignored. */
static int
lonely(const json_t *task, struct err *e)
{
	const json_t *options = json_object_get(task, "options");
	int source = task_option(task, "source") != NULL;
	int asks = task_asks_source(task);

	for (const struct task_option *o = task_options; o->name != NULL; o++) {
		if (json_object_get(options, o->name) == NULL)
			continue;
		if (asks && o->prog == TASK_META)
			return err_set(e, ERR_USAGE,
			    "--%s goes with --etcd, and the catalogue is asked "
			    "of --source",
			    o->name);
		if (!source && o->prog == TASK_PROGS)
			return err_set(
			    e, ERR_USAGE, "--%s goes with --source", o->name);
	}
	return 0;
}

int
check_words(struct check *c, struct err *e)
{
	const char *shard = task_option(c->task, "shard");
	const char *source = task_option(c->task, "source");
	struct net_uri u;

	if (task_option(c->task, "token-file") != NULL &&
	    target_without_token(c->task))
		return err_set(e, ERR_USAGE,
		    "--token-file and --no-token exclude each other");
	if (lonely(c->task, e) == -1 ||
	    add_patterns(&c->in, c->task, "include", e) == -1 ||
	    add_patterns(&c->out, c->task, "exclude", e) == -1 ||
	    (source != NULL && net_parse(source, &u, e) == -1) ||
	    net_parse(task_option(c->task, "target"), &u, e) == -1)
		return -1;
	if (shard != NULL && shard_parse(&c->shard, shard, e) == -1)
		return err_wrap(e, "--shard");
	return begins(c, e);
}

void
check_fini(struct check *c)
{
	cat_fini(&c->cat);
	patterns_fini(&c->in);
	patterns_fini(&c->out);
	where_fini(&c->from);
}

/* ---- etcd ---- */

static int
take_version(void *arg, const struct etcd_kv *kv, struct err *e)
{
	json_t *j = json_loadb(kv->value, kv->value_len, 0, NULL);
	const char *v = json_string_value(json_object_get(j, "Version"));

	(void)e;
	if (v != NULL)
		snprintf(arg, 32, "%.31s", v);
	json_decref(j);
	return 0;
}

int
check_etcd(struct check *c, struct err *e)
{
	const char *root = task_option(c->task, "root");
	const char *meta = task_option(c->task, "meta-path"), *v;
	struct etcd_conf conf = { .endpoints = task_option(c->task, "etcd"),
		.user_file = task_option(c->task, "etcd-user-file"),
		.cacert = task_option(c->task, "etcd-cacert"),
		.cert = task_option(c->task, "etcd-cert"),
		.key = task_option(c->task, "etcd-key"),
		.answer_ms = CHECK_ASK_MS };
	struct etcd *t;
	struct etcd_range r = { 0 };
	char *key;
	int64_t now;
	int rc = -1;

	trust_named_by(state_owner(c->task));
	t = etcd_open(&conf, e);
	trust_named_by(0);
	if (t == NULL)
		return -1;
	key = x_asprintf(
	    "%s/%s/session/rootcoord", root, meta == NULL ? "meta" : meta);
	r.from = key;
	if ((v = etcd_version(t, e)) != NULL) {
		snprintf(c->etcd, sizeof c->etcd, "%.31s", v);
		rc = etcd_range(t, &r, take_version, c->milvus, &now, e);
	}
	snprintf(c->endpoint, sizeof c->endpoint, "%.255s", etcd_endpoint(t));
	free(key);
	etcd_close(t);
	return rc == -1 ? -1 : 0;
}

int
check_milvus(struct check *c, struct err *e)
{
	snprintf(c->endpoint, sizeof c->endpoint, "%.255s",
	    task_option(c->task, "source"));
	return source_ask(c->task, c->milvus, sizeof c->milvus, &c->clock, e);
}

/* ---- the catalogue, as cdc-meta reads it ---- */

static int
take_line(struct check *c, FILE *f, struct err *e)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &cap, f)) > 0) {
		struct cat_change ch;

		if (line[n - 1] == '\n')
			n--;
		if (n > 0)
			rc = cat_line(&c->cat, line, (size_t)n, &ch, e);
	}
	free(line);
	return rc;
}

/* The last line that a program wrote to stderr. */
static void
last_line(int fd, char *out, size_t cap)
{
	ssize_t n = pread(fd, out, cap - 1, 0);
	char *lf;

	out[n < 0 ? 0 : n] = '\0';
	while ((lf = strrchr(out, '\n')) != NULL && lf[1] == '\0')
		*lf = '\0';
	if (lf != NULL)
		memmove(out, lf + 1, strlen(lf + 1) + 1);
}

/* The program's arguments, without --watch, and from another place. */
static char **
once_argv(const struct check *c, enum task_prog prog, const char *from)
{
	char **argv = task_argv(c->task, prog, c->dir);
	size_t i = 0;

	for (; argv[i + 1] != NULL; i++)
		if (from != NULL && strcmp(argv[i], "--from") == 0) {
			free(argv[i + 1]);
			argv[i + 1] = x_strdup(from);
		}
	if (strcmp(argv[i], "--watch") == 0) {
		free(argv[i]);
		argv[i] = NULL;
	}
	return argv;
}

/* A program that is started for what it says first, and its standard error. */
struct asked {
	pid_t pid;
	int said, status;
};

/* in, out, and a file that it gets as descriptor 3, may be -1. */
static int
start(const struct check *c, char **own_argv, const int fds[3], struct asked *a,
    struct err *e)
{
	pid_t parent = getpid();

	a->said = memfd_create("stderr", MFD_CLOEXEC);
	a->pid = a->said == -1 ? -1 : fork();
	if (a->pid == 0) {
		process_init(parent, SIGTERM);
		trust_child(state_owner(c->task));
		alarm(META_S);
		if (fds[0] != -1)
			dup2(fds[0], STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(a->said, STDERR_FILENO);
		if (fds[2] != -1 && dup2(fds[2], 3) == 3)
			fcntl(3, F_SETFD, 0); /* it may have been 3 before */
		process_exec(own_argv);
	}
	if (a->pid == -1)
		err_sys(e, ERR_TEMP, "%s", own_argv[0]);
	task_argv_free(own_argv);
	return a->pid == -1 ? -1 : 0;
}

static enum err_kind
kind_of(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 3)
		return ERR_TEMP;
	return WEXITSTATUS(status) == 4   ? ERR_GONE
	       : WEXITSTATUS(status) == 2 ? ERR_USAGE
					  : ERR_DATA;
}

/* -1 if it failed, with its last words; it has ended, or is about to. */
static int
judge(struct asked *a, const char *name, struct err *e)
{
	char text[900];

	if (a->status == 0 ||
	    (WIFSIGNALED(a->status) && WTERMSIG(a->status) == SIGPIPE))
		return 0;
	last_line(a->said, text, sizeof text);
	if (WIFSIGNALED(a->status) && WTERMSIG(a->status) == SIGALRM)
		return err_set(e, ERR_TEMP, "%s: not done within %d s%s%s",
		    name, META_S, text[0] == '\0' ? "" : ": ", text);
	if (text[0] == '\0')
		snprintf(text, sizeof text, "%s ended early", name);
	return err_set(e, kind_of(a->status), "%s", text);
}

static void
reap(struct asked *a, int kill_it)
{
	if (a->pid > 0 && kill_it)
		kill(a->pid, SIGTERM);
	while (a->pid > 0 && waitpid(a->pid, &a->status, 0) == -1 &&
	       errno == EINTR)
		;
}

static void
forget(struct asked *a)
{
	if (a->said != -1)
		close(a->said);
}

int
check_catalogue(struct check *c, struct err *e)
{
	struct asked meta = { .pid = -1, .said = -1 };
	int fds[2] = { -1, -1 }, rc;
	FILE *f;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(e, ERR_TEMP, "pipe");
	rc = start(c, once_argv(c, TASK_META, NULL), (int[]){ -1, fds[1], -1 },
	    &meta, e);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	if (rc == 0)
		rc = take_line(c, f, e);
	fclose(f);
	reap(&meta, 0);
	if (rc == 0)
		rc = judge(&meta, "cdc-meta", e);
	if (rc == 0 && !c->cat.ready)
		rc = err_set(e, ERR_TEMP, "cdc-meta: no 'ready' line");
	forget(&meta);
	return rc;
}

/* ---- the log through a Milvus, as cdc-read begins to read it ---- */

/* A position as a file: @/dev/fd/3. Else a word, or none. */
static const char *
place(const struct check *c, const char *from, int *file)
{
	const json_t *own = json_object_get(c->task, "from");
	char *text;

	*file = -1;
	if (from != NULL || json_is_string(own))
		return from != NULL ? from : json_string_value(own);
	text = json_dumps(own, JSON_COMPACT);
	*file = memfd_create("from", MFD_CLOEXEC);
	if (*file != -1 && text != NULL)
		dprintf(*file, "%s\n", text);
	if (*file != -1)
		lseek(*file, 0, SEEK_SET);
	free(text);
	return "@/dev/fd/3";
}

/* The next line: its op, in j. 1: there is none. */
static int
next_line(FILE *f, json_t **j)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, f);

	json_decref(*j);
	*j = n > 0 ? json_loadb(line, (size_t)n, 0, NULL) : NULL;
	free(line);
	return *j == NULL;
}

/* Is it such a line, later than ts? Then *at is its time. */
static int
is_op(const json_t *j, const char *op, uint64_t after, uint64_t *at)
{
	const char *s = json_string_value(json_object_get(j, "op"));
	const char *ts = json_string_value(json_object_get(j, "ts"));
	struct err ignored;

	return s != NULL && ts != NULL && strcmp(s, op) == 0 &&
	       num_u64(ts, 0, UINT64_MAX, at, &ignored) == 0 && *at >= after;
}

/*
 * The begin line; behind a position also a later tick, which there is when the
 * record that was read last has come again in each topic. 1: they did not come.
 */
static int
take_begin(FILE *f, int behind, struct check_begin *b)
{
	json_t *j = NULL;
	uint64_t at;
	int rc = next_line(f, &j) || !is_op(j, "begin", 0, &b->ts);

	b->topics = json_object_size(json_object_get(j, "from"));
	while (behind && rc == 0 && !is_op(j, "tick", b->ts + 1, &at))
		rc = next_line(f, &j);
	json_decref(j);
	return rc;
}

/* Both programs, the second one's lines come from *lines; -1: not both run. */
static int
start_both(struct check *c, const char *from, struct asked v[2], int *lines,
    struct err *e)
{
	int a[2] = { -1, -1 }, z[2] = { -1, -1 }, file, rc = 0;
	const char *where = place(c, from, &file);

	if (pipe2(a, O_CLOEXEC) == -1 || pipe2(z, O_CLOEXEC) == -1)
		rc = err_sys(e, ERR_TEMP, "pipe");
	if (rc == 0)
		rc = start(c, once_argv(c, TASK_META, NULL),
		    (int[]){ -1, a[1], -1 }, &v[0], e);
	if (rc == 0)
		rc = start(c, once_argv(c, TASK_READ, where),
		    (int[]){ a[0], z[1], file }, &v[1], e);
	for (int i = 0; i < 2; i++)
		if (a[i] != -1)
			close(a[i]);
	if (z[1] != -1)
		close(z[1]);
	if (file != -1)
		close(file);
	*lines = z[0];
	return rc;
}

int
check_log(
    struct check *c, const char *from, struct check_begin *b, struct err *e)
{
	struct asked v[2] = { { .pid = -1, .said = -1 },
		{ .pid = -1, .said = -1 } };
	int behind = from != NULL || c->from.kind == WHERE_POS, lines;
	int rc = start_both(c, from, v, &lines, e);
	FILE *f = lines == -1 ? NULL : fdopen(lines, "r");

	if (rc == 0)
		rc = take_begin(f, behind, b);
	if (f != NULL)
		fclose(f);
	for (int i = 0; i < 2; i++)
		reap(&v[i], rc != 1);
	if (rc == 1 && (rc = judge(&v[0], "cdc-meta", e)) == 0 &&
	    (rc = judge(&v[1], "cdc-read", e)) == 0)
		rc = err_set(e, ERR_TEMP, "cdc-read: it ended early");
	for (int i = 0; i < 2; i++)
		forget(&v[i]);
	return rc;
}

void
check_which(const struct check *c, struct buf *b)
{
	if (task_asks_source(c->task)) {
		buf_adds(b, "of the source at ");
		tso_add_time(b, (uint64_t)c->cat.rev);
	} else
		buf_addf(b, "%s at revision %" PRId64,
		    c->cat.root == NULL ? "?" : c->cat.root, c->cat.rev);
}

int
check_included(const struct check *c, const struct cat_coll *l)
{
	return l->state == CAT_CREATED &&
	       (c->in.n == 0 || patterns_match(&c->in, l->db, l->name)) &&
	       !patterns_match(&c->out, l->db, l->name) &&
	       shard_has(&c->shard, l->id);
}

size_t
check_count(const struct check *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->cat.n_colls; i++)
		n += (size_t)check_included(c, c->cat.colls[i]);
	return n;
}

int
check_names(const struct check *c, struct names *n, struct err *e)
{
	const json_t *list =
	    json_object_get(json_object_get(c->task, "options"), "rename");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (names_add(
			n, json_string_value(json_array_get(list, i)), e) == -1)
			return -1;
	return 0;
}
