#include "stream/options.h"

#include "model/op.h"
#include "model/options.h"
#include "state/where.h"

static int
ops(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	return op_only(to, arg, e);
}

static int
shard(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	return shard_parse(to, arg, e);
}

/* Only looked at: what it means is found when the stream begins. */
static int
until(void *to, const struct opt *o, const char *arg, struct err *e)
{
	struct where w = { 0 };
	int rc = where_until(&w, arg, e);

	(void)o;
	where_fini(&w);
	*(const char **)to = arg;
	return rc;
}

#define A struct reader_args
const struct opt reader_options[] = {
	OPT_TEXT('b', "brokers", "LIST", A, conf.kafka.brokers, "CDC_BROKERS",
	    "127.0.0.1:9092",
	    "the source's Kafka [$CDC_BROKERS, 127.0.0.1:9092]"),
	OPT_TEXT('S', "source", "URI", A, source.uri, NULL, NULL,
	    "instead of Kafka, a Milvus of 2.6.20 or later"),
	OPT_TEXT(0, "source-token-file", "FILE", A, token_file, NULL, NULL,
	    "user:password at that Milvus [$CDC_SOURCE_TOKEN]"),
	OPT_TEXT(0, "source-cacert", "FILE", A, source.cacert, NULL, NULL,
	    "CA certificates of that Milvus"),
	OPT_TEXT(0, "source-cert", "FILE", A, source.cert, NULL, NULL,
	    "our certificate for it"),
	OPT_TEXT(0, "source-key", "FILE", A, source.key, NULL, NULL,
	    "its private key"),
	OPT_LIST('X', "property", "NAME=VALUE", A, props,
	    "a property of librdkafka; @FILE: a file of them, a line each"),
	OPT_TEXT(0, "cluster", "NAME", A, conf.cluster, NULL, NULL,
	    "prefix of the topics [found in the catalogue]"),
	OPT_TEXT('m', "meta", "FILE", A, conf.catalogue, NULL, "-",
	    "the catalogue [standard input]"),
	OPT_TEXT('f', "from", "WHERE", A, conf.from, NULL, "start",
	    "start, beginning, now, checkpoint, task:NAME, @FILE, ts:TSO, "
	    "a time [start]"),
	OPT_CALL('u', "until", "WHERE", A, conf.until, until,
	    "now, end, ts:TSO, a time [never]"),
	OPT_CALL('i', "include", "PATTERN", A, conf.include, option_pattern,
	    OPTION_INCLUDE),
	OPT_CALL('x', "exclude", "PATTERN", A, conf.exclude, option_pattern,
	    OPTION_EXCLUDE),
	OPT_FLAG(0, "allow-none", A, conf.allow_none,
	    "with --until: go on if an --include meets nothing"),
	OPT_CALL(0, "ops", "LIST", A, conf.skip, ops,
	    "only these operations, such as insert,delete"),
	OPT_WORD(0, "vectors", "FORM", A, conf.rows.vectors,
	    "base64|decimal|none", ROWS_BASE64, 0,
	    "base64, decimal or none [base64]"),
	OPT_WORD(0, "json", "FORM", A, conf.rows.json_inline, "string|inline",
	    0, 0, "JSON fields as string or inline [string]"),
	OPT_FLAG(0, "time", A, conf.time, "add a readable time to each line"),
	OPT_NUM(0, "tick", "SECONDS", A, conf.tick_s, 1, 3600, 1,
	    "at least so often a tick [1]"),
	OPT_CALL(0, "shard", "I/N", A, conf.shard, shard,
	    "only the I-th of N parts, from 0"),
	OPT_WORD(0, "missing", "WHAT", A, conf.missing, "stop|keep|drop",
	    SOURCE_STOP, 0,
	    "what the source lost without a drop: stop, keep, drop [stop]"),
	OPT_FLAG(0, "explain", A, conf.explain,
	    "a table of collections and why they are carried or not"),
	OPT_TEXT(0, "state-dir", "DIR", A, conf.state, NULL, NULL,
	    "for task:NAME [$CDC_STATE_DIR]"),
	{ 0 },
};
