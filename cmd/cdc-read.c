#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/sig.h"
#include "stream/stream.h"

enum {
	O_CLUSTER = 256,
	O_OPS,
	O_VECTORS,
	O_JSON,
	O_TIME,
	O_TICK,
	O_SHARD,
	O_EXPLAIN,
	O_STATE,
	O_ALLOW_NONE,
	O_MISSING,
	MAX_PROPS = 64,
	MAX_TICK_S = 3600,
	HEAP = 8 << 20, /* bytes: a fetch, and what it unpacks to */
};

static const struct opt table[] = {
	{ "brokers", 'b', "LIST",
	    "the source's Kafka [$CDC_BROKERS, 127.0.0.1:9092]" },
	{ "property", 'X', "NAME=VALUE",
	    "a property of librdkafka; @FILE: a file of them, a line each" },
	{ "cluster", O_CLUSTER, "NAME",
	    "prefix of the topics [found in the catalogue]" },
	{ "meta", 'm', "FILE", "the catalogue [standard input]" },
	{ "from", 'f', "WHERE",
	    "start, beginning, now, checkpoint, task:NAME, @FILE, ts:TSO, "
	    "a time [start]" },
	{ "until", 'u', "WHERE", "now, end, ts:TSO, a time [never]" },
	{ "include", 'i', "PATTERN", "only these collections, db.coll with *" },
	{ "exclude", 'x', "PATTERN", "not these" },
	{ "allow-none", O_ALLOW_NONE, NULL,
	    "with --until: go on if an --include meets nothing" },
	{ "ops", O_OPS, "LIST",
	    "only these operations, such as insert,delete" },
	{ "vectors", O_VECTORS, "FORM", "base64, decimal or none [base64]" },
	{ "json", O_JSON, "FORM", "JSON fields as string or inline [string]" },
	{ "time", O_TIME, NULL, "add a readable time to each line" },
	{ "tick", O_TICK, "SECONDS", "at least so often a tick [1]" },
	{ "shard", O_SHARD, "I/N", "only the I-th of N parts, from 0" },
	{ "missing", O_MISSING, "WHAT",
	    "what the source lost without a drop: stop, keep, drop [stop]" },
	{ "explain", O_EXPLAIN, NULL,
	    "a table of collections and why they are carried or not" },
	{ "state-dir", O_STATE, "DIR", "for task:NAME [$CDC_STATE_DIR]" },
	{ 0 },
};

static int
word(const char *option, const char *arg, const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], arg) == 0)
			return i;
	opt_die("option '--%s': unknown form '%s'", option, arg);
}

static void
shard(struct reader_conf *c, const char *arg)
{
	struct err e;

	if (shard_parse(&c->shard, arg, &e) == -1)
		opt_die("option '--shard': %s", e.msg);
}

static void
pattern(struct patterns *p, const char *arg)
{
	struct err e = { 0 };

	if (patterns_add(p, arg, &e) == -1)
		opt_die("%s", e.msg);
}

static void
property(struct reader_conf *c, const char *arg)
{
	size_t n = 0;

	if (c->kafka.props == NULL)
		c->kafka.props = x_calloc(MAX_PROPS + 1, sizeof(char *));
	while (c->kafka.props[n] != NULL)
		n++;
	if (n == MAX_PROPS)
		opt_die("more than %d properties", MAX_PROPS);
	c->kafka.props[n] = arg;
}

static void
tick(struct reader_conf *c, const char *arg)
{
	struct err e;
	int64_t s;

	if (num_i64(arg, 1, MAX_TICK_S, &s, &e) == -1)
		opt_die("option '--tick': %s", e.msg);
	c->tick_ms = s * 1000;
}

static void
take(struct reader_conf *c, int letter, const char *arg)
{
	static const char *const vectors[] = { "base64", "decimal", "none",
		NULL };
	static const char *const missing[] = { "stop", "keep", "drop", NULL };
	static const char *const json[] = { "string", "inline", NULL };

	switch (letter) {
	case 'b':
		c->kafka.brokers = arg;
		break;
	case 'X':
		property(c, arg);
		break;
	case O_CLUSTER:
		c->cluster = arg;
		break;
	case 'm':
		c->catalogue = arg;
		break;
	case 'f':
		c->from = arg;
		break;
	case 'u':
		c->until = arg;
		break;
	case 'i':
		pattern(&c->include, arg);
		break;
	case 'x':
		pattern(&c->exclude, arg);
		break;
	case O_ALLOW_NONE:
		c->allow_none = 1;
		break;
	case O_OPS:
		c->ops = arg;
		break;
	case O_VECTORS:
		c->rows.vectors =
		    (enum rows_vectors)word("vectors", arg, vectors);
		break;
	case O_JSON:
		c->rows.json_inline = word("json", arg, json);
		break;
	case O_TIME:
		c->time = 1;
		break;
	case O_TICK:
		tick(c, arg);
		break;
	case O_SHARD:
		shard(c, arg);
		break;
	case O_EXPLAIN:
		c->explain = 1;
		break;
	case O_MISSING:
		c->missing = (enum source_missing)word("missing", arg, missing);
		break;
	case O_STATE:
		c->state = arg;
		break;
	default:
		break;
	}
}

static void
parse(struct reader_conf *c, int argc, char **argv)
{
	const char *arg;
	int letter, first;

	while ((letter = opt_next(argc, argv, table, "[OPTION]... <CATALOGUE",
		    &arg, &first)) != -1)
		take(c, letter, arg);
	if (first < argc)
		opt_die("unexpected operand '%s'", argv[first]);
	if (c->explain && strcmp(c->until, "never") == 0)
		c->until = "now";
}

int
main(int argc, char **argv)
{
	struct reader_conf conf = {
		.kafka.brokers = opt_env("CDC_BROKERS", "127.0.0.1:9092"),
		.catalogue = "-",
		.from = "start",
		.until = "never",
		.tick_ms = 1000,
	};
	struct err e = { 0 };

	x_keep(HEAP);
	log_init(argv[0]);
	parse(&conf, argc, argv);
	sig_init();
	if (reader_run(&conf, &e) == -1 && e.kind != ERR_PIPE)
		log_error("%s", e.msg);
	patterns_fini(&conf.include);
	patterns_fini(&conf.exclude);
	free(conf.kafka.props);
	if (e.kind == ERR_PIPE)
		sig_die_of_pipe();
	sig_reraise();
	return err_status(&e);
}
