#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/sig.h"
#include "model/tso.h"
#include "net/tls.h"
#include "state/state.h"
#include "verify/verify.h"

enum {
	OPT_TOKEN = 256,
	OPT_CACERT,
	OPT_CERT,
	OPT_KEY,
	OPT_SOURCE_TOKEN,
	OPT_SOURCE_CACERT,
	OPT_SOURCE_CERT,
	OPT_SOURCE_KEY,
	OPT_RENAME,
	OPT_ASOF,
	OPT_SETTLE,
	OPT_STATE,
	OPT_LOAD,
	OPT_BACKUP,
	OPT_SAMPLE,
	OPT_SEED,
	OPT_CONSISTENCY,
	OPT_PAGE,
	OPT_RETRY,
	OPT_TIMEOUT,
	OPT_PROGRESS,
	OPT_UNTIL,
	OPT_ALLOW_NONE,
};

enum { NOT_ASKED = 3, DIFFERENT = 1 };

#define USAGE "[OPTION]..."

static const struct opt table[] = {
	{ "source", 'S', "URI",
	    "the Milvus that is compared with [$CDC_SOURCE]" },
	{ "target", 'T', "URI",
	    "the Milvus to check [$CDC_TARGET, http://127.0.0.1:19530]" },
	{ "backup", OPT_BACKUP, "FILE",
	    "instead of a source: lines of cdc-read; several in turn" },
	{ "until", OPT_UNTIL, "WHEN",
	    "of the files, nothing later: ts:TSO or a time [all]" },
	{ "include", 'i', "PATTERN", "collections, as db.coll with * [*.*]" },
	{ "exclude", 'x', "PATTERN", "but not these" },
	{ "allow-none", OPT_ALLOW_NONE, NULL,
	    "an --include that meets nothing, or nothing at all, is equal" },
	{ "rename", OPT_RENAME, "A=B",
	    "another name at the target, of db or db.coll" },
	{ "as-of", OPT_ASOF, "WHERE",
	    "while rows are written: task:NAME, a TSO or a time" },
	{ "settle", OPT_SETTLE, "SEC",
	    "how long rows take to arrive, without a task [10]" },
	{ "state-dir", OPT_STATE, "DIR", "of tasks [$CDC_STATE_DIR]" },
	{ "load", OPT_LOAD, NULL,
	    "load what is not loaded, and put it back as it was" },
	{ "sample", OPT_SAMPLE, "N",
	    "only 1000 rows each at N places of a collection" },
	{ "seed", OPT_SEED, "N", "of the places [another one each time]" },
	{ "consistency", OPT_CONSISTENCY, "LEVEL",
	    "of reads: strong, session, eventually [strong]" },
	{ "page", OPT_PAGE, "N", "rows asked for at a time, at most [16384]" },
	{ "token-file", OPT_TOKEN, "FILE",
	    "user:password at the target [$CDC_TOKEN]" },
	{ "cacert", OPT_CACERT, "FILE", "CA certificates of the target" },
	{ "cert", OPT_CERT, "FILE", "our certificate for the target" },
	{ "key", OPT_KEY, "FILE", "its key" },
	{ "source-token-file", OPT_SOURCE_TOKEN, "FILE",
	    "user:password at the source [$CDC_SOURCE_TOKEN]" },
	{ "source-cacert", OPT_SOURCE_CACERT, "FILE",
	    "CA certificates of the source" },
	{ "source-cert", OPT_SOURCE_CERT, "FILE",
	    "our certificate for the source" },
	{ "source-key", OPT_SOURCE_KEY, "FILE", "its key" },
	{ "retry", OPT_RETRY, "SEC", "how long to try again [60]" },
	{ "timeout", OPT_TIMEOUT, "SEC", "of one request [30]" },
	{ "progress", OPT_PROGRESS, "auto|never", "on a terminal [auto]" },
	{ 0 },
};

/* What is read from files once all options are known. */
struct secrets {
	const char *file[2];
	char *text[2];
	int source; /* was given as an option */
};

static enum read_level
level(const char *arg)
{
	static const char *const names[] = { [READ_STRONG] = "strong",
		[READ_SESSION] = "session",
		[READ_EVENTUALLY] = "eventually" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], arg) == 0)
			return (enum read_level)i;
	opt_die(
	    "--consistency: '%s' is not strong, session or eventually", arg);
}

static void
set_asof(struct verify_conf *c, const char *arg)
{
	struct err e = { 0 };
	uint64_t ts;

	if (strncmp(arg, "task:", 5) == 0) {
		c->asof = VERIFY_TASK;
		c->task = arg + 5;
		if (state_name(c->task, &e) == -1)
			opt_die("--as-of: %s", e.msg);
		return;
	}
	c->asof = VERIFY_SETTLES;
	if (tso_parse_time(
		strncmp(arg, "ts:", 3) == 0 ? arg + 3 : arg, &ts, &e) == -1)
		opt_die("--as-of: '%s' is neither task:NAME nor a TSO nor a "
			"time such as 2026-01-02T03:04:05Z",
		    arg);
	if (tso_ms(ts) > clock_unix_ms())
		opt_die("--as-of: '%s' is yet to come", arg);
}

static void
set_both(struct verify_conf *c, const char *retry, const char *timeout)
{
	if (retry != NULL)
		c->source.retry_s = c->target.retry_s =
		    (int)opt_u64("retry", retry, 0, 1 << 30);
	if (timeout != NULL)
		c->source.timeout_s = c->target.timeout_s =
		    (int)opt_u64("timeout", timeout, 1, 86400);
}

static void
set_name(struct verify_conf *c, int letter, const char *arg)
{
	struct err e = { 0 };

	if (letter == 'i' && patterns_add(&c->include, arg, &e) == -1)
		opt_die("--include: %s", e.msg);
	if (letter == 'x' && patterns_add(&c->exclude, arg, &e) == -1)
		opt_die("--exclude: %s", e.msg);
	if (letter == OPT_RENAME && names_add(&c->rename, arg, &e) == -1)
		opt_die("--rename: %s", e.msg);
}

static void
set(struct verify_conf *c, int letter, const char *arg, struct secrets *s)
{
	switch (letter) {
	case 'S':
		s->source = 1;
		c->source.grpc.uri = arg;
		break;
	case 'T':
		c->target.grpc.uri = arg;
		break;
	case 'i':
	case 'x':
	case OPT_RENAME:
		set_name(c, letter, arg);
		break;
	case OPT_ALLOW_NONE:
		c->allow_none = 1;
		break;
	case OPT_UNTIL:
		c->until = tso_opt("until", arg);
		break;
	case OPT_ASOF:
		set_asof(c, arg);
		break;
	case OPT_SETTLE:
		c->settle_s = (int)opt_u64("settle", arg, 0, 86400);
		break;
	case OPT_STATE:
		c->state_dir = arg;
		break;
	case OPT_LOAD:
		c->load = 1;
		break;
	case OPT_BACKUP:
		c->backup = x_grow(
		    c->backup, c->nbackup, &c->backup_cap, sizeof *c->backup);
		c->backup[c->nbackup++] = x_strdup(arg);
		break;
	case OPT_SAMPLE:
		c->sample = opt_u64("sample", arg, 1, 1000000);
		break;
	case OPT_SEED:
		c->seed = opt_u64("seed", arg, 0, UINT64_MAX);
		break;
	case OPT_CONSISTENCY:
		c->read = level(arg);
		break;
	case OPT_PAGE:
		c->page = opt_u64("page", arg, 1, VERIFY_PAGE_MAX);
		break;
	case OPT_SOURCE_TOKEN:
		s->file[0] = arg;
		break;
	case OPT_TOKEN:
		s->file[1] = arg;
		break;
	case OPT_CACERT:
		c->target.grpc.cacert = arg;
		break;
	case OPT_CERT:
		c->target.grpc.cert = arg;
		break;
	case OPT_KEY:
		c->target.grpc.key = arg;
		break;
	case OPT_SOURCE_CACERT:
		c->source.grpc.cacert = arg;
		break;
	case OPT_SOURCE_CERT:
		c->source.grpc.cert = arg;
		break;
	case OPT_SOURCE_KEY:
		c->source.grpc.key = arg;
		break;
	case OPT_RETRY:
		set_both(c, arg, NULL);
		break;
	case OPT_TIMEOUT:
		set_both(c, NULL, arg);
		break;
	default:
		c->progress = opt_choice("progress", arg, "never", "auto");
	}
}

static void
check_task(const struct verify_conf *c)
{
	char *dir = state_dir(c->state_dir);
	struct err e = { 0 };

	if (state_check(dir, c->task, &e) == -1)
		opt_die("--as-of: %s", e.msg);
	free(dir);
}

/* Files stand for the source, and they do not change. */
static void
check_backup(const struct verify_conf *c, const struct secrets *s)
{
	if (s->source)
		opt_die("--backup and --source: one of them is the source");
	if (c->asof != VERIFY_STILL)
		opt_die("--as-of: a backup does not change");
	if (c->sample > 0)
		opt_die("--sample: a backup is read whole");
}

/* Who we are at a side, which a backup's has not, or NULL. */
static const char *
login(struct secrets *s, int side, const char *uri, const char *env)
{
	struct err e = { 0 };

	if (uri != NULL &&
	    trust_no_user(uri,
		side == 0 ? "--source-token-file" : "--token-file", &e) == -1)
		opt_die("%s", e.msg);
	if (s->file[side] == NULL)
		return opt_env(env, NULL);
	s->text[side] = trust_secret(s->file[side], uri, &e);
	if (s->text[side] == NULL)
		opt_die("%s", e.msg);
	return s->text[side];
}

/* Exits with status 2 on a mistake. */
static void
parse(struct verify_conf *c, int argc, char **argv, struct secrets *s)
{
	const char *arg;
	int letter, first;

	while (
	    (letter = opt_next(argc, argv, table, USAGE, &arg, &first)) != -1)
		set(c, letter, arg, s);
	if (first < argc)
		opt_die("'%s': no operand is expected", argv[first]);
	if (c->nbackup > 0)
		check_backup(c, s);
	else if (c->until != 0)
		opt_die("--until: of a --backup");
	else if (c->source.grpc.uri == NULL)
		opt_die("which source? (--source, $CDC_SOURCE)");
	if (c->load && c->asof != VERIFY_STILL)
		opt_die("--load changes the source, which a task would carry: "
			"not with --as-of");
	if (c->task != NULL)
		check_task(c);
	c->progress = c->progress && isatty(STDERR_FILENO);
	c->source.grpc.token =
	    login(s, 0, c->source.grpc.uri, "CDC_SOURCE_TOKEN");
	c->target.grpc.token = login(s, 1, c->target.grpc.uri, "CDC_TOKEN");
}

/* 1 means that they are not equal, or none is: what cannot be asked is 3. */
static int
status(int rc, const struct err *e)
{
	if (rc == VERIFY_EQUAL)
		return 0;
	if (rc == VERIFY_DIFFERENT || rc == VERIFY_NOTHING)
		return DIFFERENT;
	if (rc == -1 && (e->kind == ERR_USAGE || e->kind == ERR_OUTPUT))
		return err_status(e);
	return NOT_ASKED;
}

int
main(int argc, char **argv)
{
	struct verify_conf conf = {
		.source.grpc.uri = opt_env("CDC_SOURCE", NULL),
		.target.grpc.uri =
		    opt_env("CDC_TARGET", "http://127.0.0.1:19530"),
		.source.retry_s = VERIFY_RETRY_S,
		.source.timeout_s = MILVUS_TIMEOUT_S,
		.target.retry_s = VERIFY_RETRY_S,
		.target.timeout_s = MILVUS_TIMEOUT_S,
		.page = VERIFY_PAGE_MAX,
		.settle_s = VERIFY_SETTLE_S,
		.seed = (uint64_t)clock_unix_ms(),
		.progress = 1,
	};
	struct secrets secrets = { 0 };
	struct err e = { 0 };
	int rc;

	log_init(argv[0]);
	parse(&conf, argc, argv, &secrets);
	sig_init();
	rc = verify_run(&conf, &e);
	if (rc == VERIFY_NOTHING ||
	    (rc == -1 && e.kind != ERR_STOP && e.kind != ERR_PIPE))
		log_error("%s", e.msg);
	trust_forget(secrets.text[0]);
	trust_forget(secrets.text[1]);
	for (size_t i = 0; i < conf.nbackup; i++)
		free(conf.backup[i]);
	free(conf.backup);
	names_fini(&conf.rename);
	patterns_fini(&conf.include);
	patterns_fini(&conf.exclude);
	sig_reraise(); /* returns unless a signal stopped us */
	if (e.kind == ERR_PIPE)
		sig_die_of_pipe();
	return status(rc, &e);
}
