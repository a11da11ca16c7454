#include "task/task.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/options.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "meta/options.h"
#include "model/pos.h"
#include "mq/kafka.h"
#include "stream/options.h"

static const struct opt *const tables[] = { [TASK_META] = meta_options,
	[TASK_READ] = reader_options,
	[TASK_APPLY] = apply_options,
	[TASK_PROGS] = meta_options };

const struct task_option task_options[] = {
	{ .name = "etcd", .prog = TASK_META, .flags = TASK_KEPT },
	{ .name = "root", .prog = TASK_META, .flags = TASK_KEPT },
	{ .name = "meta-path", .prog = TASK_META },
	{ .name = "etcd-user-file", .prog = TASK_META, .flags = TASK_PATH },
	{ .name = "etcd-cacert",
	    .prog = TASK_META,
	    .flags = TASK_PATH,
	    .as = "cacert" },
	{ .name = "etcd-cert",
	    .prog = TASK_META,
	    .flags = TASK_PATH,
	    .as = "cert" },
	{ .name = "etcd-key",
	    .prog = TASK_META,
	    .flags = TASK_PATH,
	    .as = "key" },
	{ .name = "etcd-retry",
	    .prog = TASK_META,
	    .as = "retry",
	    .help = "how long etcd may be away" },
	{ .name = "brokers", .prog = TASK_READ, .flags = TASK_KEPT },
	{ .name = "property",
	    .prog = TASK_READ,
	    .flags = TASK_MANY,
	    .as = "X" },
	{ .name = "cluster", .prog = TASK_READ },
	{ .name = "include", .prog = TASK_READ, .flags = TASK_MANY },
	{ .name = "exclude", .prog = TASK_READ, .flags = TASK_MANY },
	{ .name = "ops", .prog = TASK_READ },
	{ .name = "shard", .prog = TASK_READ },
	{ .name = "tick",
	    .prog = TASK_READ,
	    .help = "a commit point at least so often" },
	{ .name = "source",
	    .prog = TASK_PROGS,
	    .help = "the source Milvus, for what --etcd or --brokers is not" },
	{ .name = "source-token-file",
	    .prog = TASK_PROGS,
	    .flags = TASK_PATH,
	    .help = "the source's user:password" },
	{ .name = "source-cacert",
	    .prog = TASK_PROGS,
	    .flags = TASK_PATH,
	    .help = "the source's certificate authority" },
	{ .name = "source-cert",
	    .prog = TASK_PROGS,
	    .flags = TASK_PATH,
	    .help = "our certificate for the source" },
	{ .name = "source-key", .prog = TASK_PROGS, .flags = TASK_PATH },
	{ .name = "target", .prog = TASK_APPLY, .flags = TASK_KEPT },
	{ .name = "token-file",
	    .prog = TASK_APPLY,
	    .flags = TASK_PATH,
	    .help = "the target's user:password" },
	{ .name = "no-token",
	    .prog = TASK_APPLY,
	    .help = "no login at the target, also if $CDC_TOKEN is set" },
	{ .name = "target-cacert",
	    .prog = TASK_APPLY,
	    .flags = TASK_PATH,
	    .as = "cacert" },
	{ .name = "target-cert",
	    .prog = TASK_APPLY,
	    .flags = TASK_PATH,
	    .as = "cert",
	    .help = "our certificate for the target" },
	{ .name = "target-key",
	    .prog = TASK_APPLY,
	    .flags = TASK_PATH,
	    .as = "key" },
	{ .name = "rename", .prog = TASK_APPLY, .flags = TASK_MANY },
	{ .name = "mode", .prog = TASK_APPLY },
	{ .name = "skip", .prog = TASK_APPLY },
	{ .name = "on-error",
	    .prog = TASK_APPLY,
	    .arg = "WHAT",
	    .help = "stop, dead or dead:FILE [stop]" },
	{ .name = "window", .prog = TASK_APPLY },
	{ .name = "batch-bytes", .prog = TASK_APPLY },
	{ .name = "retry", .prog = TASK_APPLY },
	{ .name = "timeout", .prog = TASK_APPLY },
	{ .name = "with-users", .prog = TASK_APPLY },
	{ .name = "ignore-partitions", .prog = TASK_APPLY },
	{ .name = "create-missing", .prog = TASK_APPLY },
	{ .name = "adopt", .prog = TASK_APPLY },
	{ .name = "allow-circle", .prog = TASK_APPLY },
	{ 0 },
};

const struct task_option *
task_option_find(const char *name)
{
	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* The option's row in its program's table, where it may have another name. */
static const struct opt *
row(const struct task_option *o)
{
	const struct opt *r = tables[o->prog];
	const char *as = o->as == NULL ? o->name : o->as;

	while (
	    strcmp(r->name, as) != 0 && (as[1] != '\0' || r->letter != as[0]))
		r++;
	return r;
}

int
task_option_flag(const struct task_option *o)
{
	return row(o)->arg == NULL;
}

static int
put(void *to, const struct opt *o, const char *arg, struct err *e)
{
	json_t **options = to;

	return task_option_set(*options, task_option_find(o->name), arg, e);
}

struct opt
task_option_opt(const struct task_option *o, size_t at)
{
	const struct opt *r = row(o);

	return (struct opt){ .name = o->name,
		.letter = r->letter,
		.arg = o->arg == NULL ? r->arg : o->arg,
		.help = o->help == NULL ? r->help : o->help,
		.kind = OPT_IS_CALL,
		.at = at,
		.call = put };
}

static int
may(const char *prop, struct err *e)
{
	size_t n = strcspn(prop, "=");
	char *name = x_strndup(prop, n);
	int rc = kafka_may(name, prop[n] == '=' ? prop + n + 1 : "", e);

	free(name);
	return rc;
}

/* task.json and argv are no place for secrets. */
static int
refuse_secret(const struct task_option *o, const char *arg, struct err *e)
{
	static const struct {
		const char *name, *file;
	} files[] = { { "etcd", "--etcd-user-file" },
		{ "target", "--token-file" },
		{ "source", "--source-token-file" },
		{ "brokers", "-X @FILE" } };
	int property = strcmp(o->name, "property") == 0;
	const char *file = NULL;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (strcmp(files[i].name, o->name) == 0)
			file = files[i].file;
	if (property && kafka_is_secret(arg))
		return err_set(e, ERR_USAGE,
		    "property '%.*s' is a secret, which has no place on a "
		    "command line or in task.json: put it into a file, -X "
		    "@FILE",
		    (int)strcspn(arg, "="), arg);
	if (property && arg[0] != '@' && may(arg, e) == -1)
		return -1;
	if (file != NULL && strchr(arg, '@') != NULL)
		return err_set(e, ERR_USAGE, "a user in a URL; use %s", file);
	return 0;
}

/*
 * -1 if the program that gets the argument would refuse it. The parsed value is
 * dropped.
 */
static int
refuse_mistake(const struct task_option *o, const char *arg, struct err *e)
{
	union {
		struct meta_args meta;
		struct reader_args read;
		struct apply_args apply;
	} args;
	int rc;

	if (strcmp(o->name, "on-error") == 0 && strcmp(arg, "dead") == 0)
		return 0; /* dead: and a file of the task's folder */
	memset(&args, 0, sizeof args);
	rc = opt_take(row(o), &args, arg, e);
	if (o->prog == TASK_READ) {
		patterns_fini(&args.read.conf.include);
		patterns_fini(&args.read.conf.exclude);
		free(args.read.props.v);
	} else if (o->prog == TASK_APPLY)
		names_fini(&args.apply.conf.rename);
	return rc;
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

/*
 * The offset of the file's name in a property, @FILE or NAME.location=FILE; 0
 * if it names no file.
 */
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
	if (strcmp(o->name, "property") == 0 && (n = location(arg)) > 0) {
		path = absolute(arg + n);
		all = x_asprintf("%.*s%s", (int)n, arg, path);
	} else if (strcmp(o->name, "on-error") == 0 &&
		   strncmp(arg, "dead:", 5) == 0) {
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

	if (task_option_flag(o)) {
		json_object_set_new(options, o->name, json_true());
		return 0;
	}
	if (arg[0] == '\0')
		return err_set(e, ERR_USAGE, "the value is empty");
	if (refuse_secret(o, arg, e) == -1 || refuse_mistake(o, arg, e) == -1)
		return -1;
	text = kept(o, arg);
	v = json_string(text);
	free(text);
	if (v == NULL)
		return err_set(e, ERR_USAGE, "the value is not UTF-8");
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

/* What the Milvus of --source is asked instead has no default. */
static int
is_source(const json_t *options, const struct task_option *o)
{
	return json_object_get(options, "source") != NULL &&
	       ((o->prog == TASK_META &&
		    json_object_get(options, "etcd") == NULL) ||
		   strcmp(o->name, "brokers") == 0);
}

int
task_option_defaults(json_t *options, struct err *e)
{
	for (const struct task_option *o = task_options; o->name != NULL; o++) {
		if ((o->flags & TASK_KEPT) && !is_source(options, o) &&
		    json_object_get(options, o->name) == NULL &&
		    task_option_set(options, o, opt_default(row(o)), e) == -1)
			return err_wrap(e, "--%s", o->name);
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

static int
is_instead(const json_t *task, const char *name)
{
	return task_option(task, "source") != NULL &&
	       task_option(task, name) == NULL;
}

int
task_asks_source(const json_t *task)
{
	return is_instead(task, "etcd");
}

int
task_reads_source(const json_t *task)
{
	return is_instead(task, "brokers");
}

int
task_place_fits(const json_t *task, const struct pos *p, struct err *e)
{
	int reads = task_reads_source(task);

	for (size_t i = 0; i < p->n; i++)
		if ((p->v[i].mark != NULL) != reads)
			return err_set(e, ERR_USAGE,
			    "topic '%s': the position is one %s, and the log "
			    "is %s",
			    p->v[i].topic,
			    reads ? "of Kafka" : "of a log through Milvus",
			    reads ? "read through Milvus" : "in Kafka");
	return 0;
}
