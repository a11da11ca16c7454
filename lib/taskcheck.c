#include "taskcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "cat.h"
#include "err.h"
#include "etcd.h"
#include "kreader.h"
#include "pattern.h"
#include "pipeline.h"
#include "sig.h"
#include "task.h"
#include "tasklag.h"
#include "tasknet.h"
#include "tso.h"
#include "where.h"
#include "x.h"

enum { ASK_MS = 5000 };

struct check {
	json_t *task;
	const char *dir;
	struct buf *found;
	struct cat cat;
	struct patterns in, out;
	struct where from;
};

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
			return err_wrap(e, "option '--%s'", name);
	return 0;
}

static int
begins(struct check *c, struct err *e)
{
	const json_t *from = json_object_get(c->task, "from");
	const char *word = json_string_value(from);

	if (json_is_object(from))
		return where_line(&c->from, from, e);
	if (word == NULL)
		return err_set(e, ERR_USAGE, "'from' is no WHERE");
	if (strncmp(word, "task:", 5) == 0)
		return err_set(e, ERR_USAGE,
		    "a task cannot begin where a task is: '%s'", word);
	return where_from(&c->from, word, c->dir, e);
}

static int
words(struct check *c, struct err *e)
{
	struct net_uri u;

	if (add_patterns(&c->in, c->task, "include", e) == -1 ||
	    add_patterns(&c->out, c->task, "exclude", e) == -1 ||
	    net_parse(task_option(c->task, "target"), &u, e) == -1)
		return -1;
	return begins(c, e);
}

static void
fini(struct check *c)
{
	cat_fini(&c->cat);
	patterns_fini(&c->in);
	patterns_fini(&c->out);
	where_fini(&c->from);
}

int
task_check_words(const json_t *task, const char *dir, struct err *e)
{
	json_t *copy = json_deep_copy(task);
	struct check c = { .task = copy, .dir = dir };
	int rc = words(&c, e);

	fini(&c);
	json_decref(copy);
	return rc;
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

static int
etcd(struct check *c, struct err *e)
{
	const char *root = task_option(c->task, "root");
	const char *meta = task_option(c->task, "meta-path"), *v;
	struct etcd_conf conf = { .endpoints = task_option(c->task, "etcd"),
		.user_file = task_option(c->task, "etcd-user-file"),
		.cacert = task_option(c->task, "etcd-cacert"),
		.cert = task_option(c->task, "etcd-cert"),
		.key = task_option(c->task, "etcd-key"),
		.answer_ms = ASK_MS };
	struct etcd *t = etcd_open(&conf, e);
	struct etcd_range r = { 0 };
	char version[32] = "";
	char *key;
	int64_t now;
	int rc = -1;

	if (t == NULL)
		return -1;
	key = x_asprintf(
	    "%s/%s/session/rootcoord", root, meta == NULL ? "meta" : meta);
	r.from = key;
	if ((v = etcd_version(t, e)) != NULL) {
		buf_addf(c->found, "etcd      %s: version %s\n",
		    etcd_endpoint(t), v);
		rc = etcd_range(t, &r, take_version, version, &now, e);
	}
	if (rc != -1)
		buf_addf(c->found, "source    Milvus %s\n",
		    version[0] == '\0' ? "of unknown version, not running"
				       : version);
	free(key);
	etcd_close(t);
	return rc == -1 ? -1 : 0;
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

/* What a program said last on stderr. */
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

static pid_t
start_meta(struct check *c, int out, int err)
{
	char **argv = task_argv(c->task, TASK_META, c->dir);
	pid_t parent = getpid(), pid;
	size_t n = 0;

	while (argv[n + 1] != NULL)
		n++;
	free(argv[n]); /* --watch is the last */
	argv[n] = NULL;
	pid = fork();
	if (pid == 0) {
		pipeline_child_init(parent, SIGTERM);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		pipeline_exec(argv);
	}
	task_argv_free(argv);
	return pid;
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

static int
catalogue(struct check *c, struct err *e)
{
	int fds[2] = { -1, -1 }, status = 0, rc;
	int said = memfd_create("stderr", MFD_CLOEXEC);
	char text[900];
	FILE *f;
	pid_t pid;

	if (said == -1 || pipe2(fds, O_CLOEXEC) == -1 ||
	    (pid = start_meta(c, fds[1], said)) == -1)
		return err_sys(e, ERR_TEMP, "cdc-meta");
	close(fds[1]);
	f = fdopen(fds[0], "r");
	rc = take_line(c, f, e);
	fclose(f);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	last_line(said, text, sizeof text);
	close(said);
	if (rc == 0 && status != 0)
		rc = err_set(e, kind_of(status), "%s",
		    text[0] == '\0' ? "cdc-meta ended early" : text);
	else if (rc == 0 && !c->cat.ready)
		rc = err_set(e, ERR_TEMP, "cdc-meta: no 'ready' line");
	return rc;
}

static int
included(const struct check *c, const struct cat_coll *l)
{
	return l->state == CAT_CREATED &&
	       (c->in.n == 0 || patterns_match(&c->in, l->db, l->name)) &&
	       !patterns_match(&c->out, l->db, l->name);
}

static size_t
count_included(const struct check *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->cat.n_colls; i++)
		n += (size_t)included(c, c->cat.colls[i]);
	return n;
}

/* ---- Kafka ---- */

static int
gone(const char *topic, int64_t want, int64_t low, int64_t high, struct err *e)
{
	return err_set(e, ERR_GONE,
	    "topic '%s': the start is offset %" PRId64 ", Kafka has %" PRId64
	    " to %" PRId64 "; choose another --from",
	    topic, want, low, high);
}

/* Does Kafka still have what this collection begins with? */
static int
reaches_coll(struct kreader *r, const struct cat_coll *l, struct err *e)
{
	for (size_t i = 0; i < l->n_topics; i++) {
		const struct cat_start *t = &l->topics[i];
		int64_t low, high;

		if (t->offset < 0)
			continue;
		if (kreader_ends(r, t->topic, &low, &high, e) == -1 ||
		    ((t->offset < low || t->offset > high) &&
			gone(t->topic, t->offset, low, high, e) == -1))
			return err_wrap(
			    e, "collection '%s.%s'", l->db, l->name);
	}
	return 0;
}

static int
reaches_pos(struct kreader *r, const struct pos *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		int64_t low, high;

		if (kreader_ends(r, p->v[i].topic, &low, &high, e) == -1)
			return -1;
		if (p->v[i].o < low || p->v[i].n > high)
			return gone(p->v[i].topic, p->v[i].o, low, high, e);
	}
	return 0;
}

static int
reaches(struct check *c, struct kreader *r, struct err *e)
{
	int rc = 0;

	if (c->from.kind == WHERE_POS)
		rc = reaches_pos(r, &c->from.pos, e);
	for (size_t i = 0;
	     c->from.kind == WHERE_START && i < c->cat.n_colls && rc == 0; i++)
		if (included(c, c->cat.colls[i]))
			rc = reaches_coll(r, c->cat.colls[i], e);
	if (rc == 0 && c->from.kind == WHERE_START)
		buf_addf(c->found,
		    "start     Kafka still has all of %zu "
		    "collections\n",
		    count_included(c));
	return rc;
}

/* The first start of an included live collection there; -1: none. */
static int64_t
first_start(const struct check *c, const char *topic)
{
	int64_t first = -1;

	for (size_t i = 0; i < c->cat.n_colls; i++) {
		const struct cat_coll *l = c->cat.colls[i];

		for (size_t k = 0; included(c, l) && k < l->n_topics; k++) {
			int64_t o =
			    l->topics[k].offset < 0 ? 0 : l->topics[k].offset;

			if (strcmp(l->topics[k].topic, topic) == 0 &&
			    (first == -1 || o < first))
				first = o;
		}
	}
	return first;
}

/*
 * A position of the definition names the topics of one collection. A run
 * would take another topic for a new one, and want it from its first record.
 */
static int
fill_pos(struct check *c, struct kreader *r, char **topics, struct err *e)
{
	json_t *pos = json_object_get(json_object_get(c->task, "from"), "pos");
	int64_t low, high, o;

	for (size_t i = 0; pos != NULL && topics[i] != NULL; i++) {
		if (json_object_get(pos, topics[i]) != NULL)
			continue;
		if (kreader_ends(r, topics[i], &low, &high, e) == -1)
			return -1;
		o = first_start(c, topics[i]);
		if (o != -1 && (o < low || o > high))
			return gone(topics[i], o, low, high, e);
		o = o == -1 ? high : o;
		json_object_set_new(pos, topics[i],
		    json_pack("{s:I, s:I, s:s}", "o", (json_int_t)o, "n",
			(json_int_t)o, "ts", "0"));
	}
	return 0;
}

/* "now" is the time of the newest record, by the source's clock. */
static int
fix_now(struct check *c, struct kreader *r, char **topics, struct err *e)
{
	int64_t ms = -1, at;
	char *ts;

	for (size_t i = 0; topics[i] != NULL; i++) {
		if (task_newest_of(r, topics[i], &at, e) == -1)
			return -1;
		if (at > ms)
			ms = at;
	}
	if (ms == -1)
		ms = tso_now_ms();
	ts = x_asprintf("ts:%" PRIu64, tso_from_ms(ms));
	json_object_set_new(c->task, "from", json_string(ts));
	buf_addf(c->found, "start     now is %s\n", ts);
	free(ts);
	return 0;
}

static int
kafka(struct check *c, struct err *e)
{
	const char *cluster = task_option(c->task, "cluster");
	char *name = cluster == NULL ? cat_cluster(&c->cat) : x_strdup(cluster);
	char *prefix = x_asprintf("%s-", name), **topics = NULL;
	struct kreader *r = task_kreader(c->task, ASK_MS, e);
	size_t n = 0;
	int rc = -1;

	if (r != NULL && (topics = kreader_topics(r, prefix, e)) != NULL) {
		while (topics[n] != NULL)
			n++;
		buf_addf(c->found, "kafka     %s: %zu topics of cluster %s\n",
		    task_option(c->task, "brokers"), n, name);
		rc = n == 0 && c->cat.n_colls > 0
			 ? err_set(
			       e, ERR_DATA, "no topic begins with '%s'", prefix)
			 : reaches(c, r, e);
		if (rc == 0 && c->from.kind == WHERE_NOW)
			rc = fix_now(c, r, topics, e);
		if (rc == 0)
			rc = fill_pos(c, r, topics, e);
	}
	task_list_free(topics);
	kreader_close(r);
	free(prefix);
	free(name);
	return rc;
}

int
task_check_source(
    json_t *task, const char *dir, struct buf *found, struct err *e)
{
	struct check c = { .task = task, .dir = dir, .found = found };
	int rc = words(&c, e);

	if (rc == 0)
		rc = etcd(&c, e);
	if (rc == 0 && (rc = catalogue(&c, e)) == 0)
		buf_addf(found,
		    "catalogue %s at revision %" PRId64
		    ": %zu of %zu collections are included\n",
		    c.cat.root == NULL ? "?" : c.cat.root, c.cat.rev,
		    count_included(&c), c.cat.n_colls);
	if (rc == 0)
		rc = kafka(&c, e);
	fini(&c);
	return rc;
}
