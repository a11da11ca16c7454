#include "task/task.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mq/kafka.h"

/* Letters of options that are long only: above all characters. */
enum {
	META_PATH = 256,
	ETCD_USER,
	ETCD_CACERT,
	ETCD_CERT,
	ETCD_KEY,
	CLUSTER,
	OPS,
	SHARD,
	TICK,
	TOKEN_FILE,
	NO_TOKEN,
	TARGET_CACERT,
	TARGET_CERT,
	TARGET_KEY,
	RENAME,
	MODE,
	SKIP,
	ON_ERROR,
	WINDOW,
	BATCH_BYTES,
	RETRY,
	CREATE_MISSING,
	TIMEOUT,
	WITH_USERS,
	ETCD_RETRY,
	ONE_PART,
	ADOPT,
	ALLOW_CIRCLE,
	SOURCE_TOKEN,
	SOURCE_CACERT,
};

const struct task_option task_options[] = {
	{ "etcd", 'E', "URL,...", "the source's etcd", TASK_META, "--etcd", 0,
	    "CDC_ETCD", "http://127.0.0.1:2379" },
	{ "root", 'r', "ROOT", "the source's root path in it [by-dev]",
	    TASK_META, "--root", 0, NULL, "by-dev" },
	{ "meta-path", META_PATH, "NAME", "its path below the root [meta]",
	    TASK_META, "--meta-path", 0, NULL, NULL },
	{ "etcd-user-file", ETCD_USER, "FILE", "etcd's user:password",
	    TASK_META, "--etcd-user-file", TASK_PATH, NULL, NULL },
	{ "etcd-cacert", ETCD_CACERT, "FILE", "etcd's certificate authority",
	    TASK_META, "--cacert", TASK_PATH, NULL, NULL },
	{ "etcd-cert", ETCD_CERT, "FILE", "our certificate for etcd", TASK_META,
	    "--cert", TASK_PATH, NULL, NULL },
	{ "etcd-key", ETCD_KEY, "FILE", "the key of it", TASK_META, "--key",
	    TASK_PATH, NULL, NULL },
	{ "etcd-retry", ETCD_RETRY, "SEC", "how long etcd may be away",
	    TASK_META, "--retry", 0, NULL, NULL },
	{ "brokers", 'b', "HOST:PORT,...", "the source's Kafka", TASK_READ,
	    "--brokers", 0, "CDC_BROKERS", "127.0.0.1:9092" },
	{ "property", 'X', "NAME=VALUE",
	    "a librdkafka property; @FILE: a file of them", TASK_READ, "-X",
	    TASK_MANY, NULL, NULL },
	{ "cluster", CLUSTER, "NAME", "first part of the topics' names",
	    TASK_READ, "--cluster", 0, NULL, NULL },
	{ "include", 'i', "PATTERN", "collections to take [all]", TASK_READ,
	    "--include", TASK_MANY, NULL, NULL },
	{ "exclude", 'x', "PATTERN", "collections to leave out", TASK_READ,
	    "--exclude", TASK_MANY, NULL, NULL },
	{ "ops", OPS, "LIST", "operations to take [all]", TASK_READ, "--ops", 0,
	    NULL, NULL },
	{ "shard", SHARD, "I/N", "the I-th of N parts of the collections",
	    TASK_READ, "--shard", 0, NULL, NULL },
	{ "tick", TICK, "SEC", "a commit point at least so often", TASK_READ,
	    "--tick", 0, NULL, NULL },
	{ "source", 'S', "URI", "the source Milvus, for doctor to count rows",
	    TASK_PROGS, NULL, 0, NULL, NULL },
	{ "source-token-file", SOURCE_TOKEN, "FILE",
	    "the source's user:password", TASK_PROGS, NULL, TASK_PATH, NULL,
	    NULL },
	{ "source-cacert", SOURCE_CACERT, "FILE",
	    "the source's certificate authority", TASK_PROGS, NULL, TASK_PATH,
	    NULL, NULL },
	{ "target", 'T', "URI", "the target Milvus", TASK_APPLY, "--target", 0,
	    "CDC_TARGET", "http://127.0.0.1:19530" },
	{ "token-file", TOKEN_FILE, "FILE", "the target's user:password",
	    TASK_APPLY, "--token-file", TASK_PATH, NULL, NULL },
	{ "no-token", NO_TOKEN, NULL,
	    "no login at the target, also if $CDC_TOKEN is set", TASK_APPLY,
	    "--no-token", TASK_FLAG, NULL, NULL },
	{ "target-cacert", TARGET_CACERT, "FILE",
	    "the target's certificate authority", TASK_APPLY, "--cacert",
	    TASK_PATH, NULL, NULL },
	{ "target-cert", TARGET_CERT, "FILE", "our certificate for the target",
	    TASK_APPLY, "--cert", TASK_PATH, NULL, NULL },
	{ "target-key", TARGET_KEY, "FILE", "the key of it", TASK_APPLY,
	    "--key", TASK_PATH, NULL, NULL },
	{ "rename", RENAME, "A=B", "another database or collection name",
	    TASK_APPLY, "--rename", TASK_MANY, NULL, NULL },
	{ "mode", MODE, "MODE", "upsert or insert [upsert]", TASK_APPLY,
	    "--mode", 0, NULL, NULL },
	{ "skip", SKIP, "OPS", "operations not to apply", TASK_APPLY, "--skip",
	    0, NULL, NULL },
	{ "on-error", ON_ERROR, "WHAT", "stop, dead or dead:FILE [stop]",
	    TASK_APPLY, "--on-error", 0, NULL, NULL },
	{ "window", WINDOW, "N", "requests in flight", TASK_APPLY, "--window",
	    0, NULL, NULL },
	{ "batch-bytes", BATCH_BYTES, "N", "size of a request", TASK_APPLY,
	    "--batch-bytes", 0, NULL, NULL },
	{ "retry", RETRY, "SEC", "how long to try one request again",
	    TASK_APPLY, "--retry", 0, NULL, NULL },
	{ "timeout", TIMEOUT, "SEC", "of one request", TASK_APPLY, "--timeout",
	    0, NULL, NULL },
	{ "with-users", WITH_USERS, NULL, "users, roles and grants too",
	    TASK_APPLY, "--with-users", TASK_FLAG, NULL, NULL },
	{ "ignore-partitions", ONE_PART, NULL,
	    "rows of all partitions go into the default one", TASK_APPLY,
	    "--ignore-partitions", TASK_FLAG, NULL, NULL },
	{ "create-missing", CREATE_MISSING, NULL,
	    "make collections that the target has lost", TASK_APPLY,
	    "--create-missing", TASK_FLAG, NULL, NULL },
	{ "adopt", ADOPT, NULL,
	    "collections that the target has already are ours to drop",
	    TASK_APPLY, "--adopt", TASK_FLAG, NULL, NULL },
	{ "allow-circle", ALLOW_CIRCLE, NULL,
	    "go on where the target's own rows come round", TASK_APPLY,
	    "--allow-circle", TASK_FLAG, NULL, NULL },
	{ 0 },
};

const char *
task_prog_name(enum task_prog prog)
{
	static const char *const names[] = { "cdc-meta", "cdc-read",
		"cdc-apply", "cdc-task" };

	return names[prog];
}

static int
may(const char *prop, struct err *e)
{
	size_t n = strcspn(prop, "=");
	char *name = x_strndup(prop, n);
	int rc = kreader_may(name, prop[n] == '=' ? prop + n + 1 : "", e);

	free(name);
	return rc;
}

/* task.json and argv are no place for secrets. */
static int
refuse_secret(const struct task_option *o, const char *arg, struct err *e)
{
	const char *at = strchr(arg, '@');

	if (o->letter == 'X' && kreader_is_secret(arg))
		return err_set(e, ERR_USAGE,
		    "property '%.*s' is a secret, which has no place on a "
		    "command line or in task.json: put it into a file, -X "
		    "@FILE",
		    (int)strcspn(arg, "="), arg);
	if (o->letter == 'X' && arg[0] != '@' && may(arg, e) == -1)
		return -1;
	if (strchr("ETSb", o->letter) != NULL && at != NULL)
		return err_set(e, ERR_USAGE,
		    "option '--%s': a user in a URL; use %s", o->name,
		    o->letter == 'E'   ? "--etcd-user-file"
		    : o->letter == 'T' ? "--token-file"
		    : o->letter == 'S' ? "--source-token-file"
				       : "-X @FILE");
	return 0;
}

static char *
absolute(const char *path)
{
	char *cwd, *all;

	if (path[0] == '/')
		return x_strdup(path);
	cwd = getcwd(NULL, 0);
	all = x_asprintf("%s/%s", cwd == NULL ? "." : cwd, path);
	free(cwd);
	return all;
}

/* Where a file's name begins in a property: @FILE, NAME.location=FILE; 0. */
static size_t
location(const char *prop)
{
	static const char end[] = ".location";
	size_t n = strcspn(prop, "=");

	if (prop[0] == '@')
		return 1;
	if (prop[n] == '\0' || n < sizeof end ||
	    strncmp(prop + n - (sizeof end - 1), end, sizeof end - 1) != 0 ||
	    strcmp(prop + n + 1, "probe") == 0) /* librdkafka's own word */
		return 0;
	return n + 1;
}

/* The argument as it is kept: another folder must not change its meaning. */
static char *
kept(const struct task_option *o, const char *arg)
{
	char *path, *all;
	size_t n;

	if (o->flags & TASK_PATH)
		return absolute(arg);
	if (o->letter == 'X' && (n = location(arg)) > 0) {
		path = absolute(arg + n);
		all = x_asprintf("%.*s%s", (int)n, arg, path);
	} else if (o->letter == ON_ERROR && strncmp(arg, "dead:", 5) == 0) {
		path = absolute(arg + 5);
		all = x_asprintf("dead:%s", path);
	} else
		return x_strdup(arg);
	free(path);
	return all;
}

int
task_option_set(json_t *options, const struct task_option *o, const char *arg,
    struct err *e)
{
	json_t *list, *v;
	char *text;

	if (o->flags & TASK_FLAG) {
		json_object_set_new(options, o->name, json_true());
		return 0;
	}
	if (arg[0] == '\0')
		return err_set(e, ERR_USAGE, "option '--%s' is empty", o->name);
	if (refuse_secret(o, arg, e) == -1)
		return -1;
	text = kept(o, arg);
	v = json_string(text);
	free(text);
	if (v == NULL)
		return err_set(
		    e, ERR_USAGE, "option '--%s' is not UTF-8", o->name);
	if (!(o->flags & TASK_MANY)) {
		json_object_set_new(options, o->name, v);
		return 0;
	}
	list = json_object_get(options, o->name);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(options, o->name, list);
	}
	json_array_append_new(list, v);
	return 0;
}

int
task_option_defaults(json_t *options, struct err *e)
{
	for (const struct task_option *o = task_options; o->name != NULL; o++) {
		const char *v = o->fallback;

		if (o->env != NULL)
			v = opt_env(o->env, v);
		if (v != NULL && json_object_get(options, o->name) == NULL &&
		    task_option_set(options, o, v, e) == -1)
			return -1;
	}
	return 0;
}

const char *
task_name(const json_t *task)
{
	const char *s = json_string_value(json_object_get(task, "name"));

	return s == NULL ? "" : s;
}

const char *
task_option(const json_t *task, const char *name)
{
	return json_string_value(
	    json_object_get(json_object_get(task, "options"), name));
}

/* A list of arguments that grows. */
struct args {
	char **v;
	size_t n, cap;
};

static void
add(struct args *a, const char *s)
{
	a->v = x_grow(a->v, a->n, &a->cap, sizeof *a->v);
	a->v[a->n++] = s == NULL ? NULL : x_strdup(s);
}

static void
add_option(struct args *a, const struct task_option *o, const json_t *v,
    const char *dir, const char *name)
{
	char *dead;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			add_option(a, o, json_array_get(v, i), dir, name);
		return;
	}
	if (json_is_true(v)) {
		add(a, o->as);
		return;
	}
	if (!json_is_string(v))
		return;
	add(a, o->as);
	if (o->letter != ON_ERROR ||
	    strcmp(json_string_value(v), "dead") != 0) {
		add(a, json_string_value(v));
		return;
	}
	dead = x_asprintf("dead:%s/tasks/%s/dead.ndjson", dir, name);
	add(a, dead);
	free(dead);
}

char **
task_argv(const json_t *task, enum task_prog prog, const char *dir)
{
	const char *name = json_string_value(json_object_get(task, "name"));
	const json_t *options = json_object_get(task, "options");
	struct args a = { 0 };
	char *from;

	add(&a, task_prog_name(prog));
	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (o->prog == prog)
			add_option(&a, o, json_object_get(options, o->name),
			    dir, name);
	if (prog == TASK_META)
		add(&a, "--watch");
	if (prog == TASK_READ) {
		from = x_asprintf("task:%s", name);
		add(&a, "--from");
		add(&a, from);
		free(from);
	}
	if (prog != TASK_META) {
		add(&a, "--state-dir");
		add(&a, dir);
	}
	if (prog == TASK_COMMIT) {
		add(&a, "commit");
		add(&a, name);
	}
	add(&a, NULL);
	return a.v;
}

void
task_argv_free(char **argv)
{
	for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

static int
plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) &&
		    strchr("-_./:=,@%+", *s) == NULL)
			return 0;
	return 1;
}

/*
 * $'…' of the shells that have it (POSIX.1-2024), for what a terminal acts on
 * and for what is no UTF-8; and '…' of all of them for the rest.
 */
static void
add_quoted(struct buf *b, const char *s)
{
	struct buf shown = { 0 };
	int odd;
	uint32_t u;

	buf_adds(&shown, "");
	text_plain(&shown, s, strlen(s));
	odd = strcmp(shown.ptr, s) != 0;
	buf_fini(&shown);
	buf_adds(b, odd ? "$'" : "'");
	for (size_t k, n = strlen(s); n > 0; s += k, n -= k) {
		k = utf8_seq(s, n);
		if (k == 0 || text_acts(s, k, &u)) {
			k += k == 0;
			for (size_t i = 0; i < k; i++)
				buf_addf(b, "\\%03o", (unsigned char)s[i]);
		} else if (*s == '\'')
			buf_adds(b, odd ? "\\'" : "'\\''");
		else if (*s == '\\' && odd)
			buf_adds(b, "\\\\");
		else
			buf_add(b, s, k);
	}
	buf_addc(b, '\'');
}

char *
task_argv_text(char **argv)
{
	struct buf b = { 0 };

	for (size_t i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			buf_addc(&b, ' ');
		if (argv[i][0] != '\0' && plain(argv[i]))
			buf_adds(&b, argv[i]);
		else
			add_quoted(&b, argv[i]);
	}
	return buf_take(&b);
}
