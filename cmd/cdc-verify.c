#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/sig.h"
#include "model/options.h"
#include "model/tso.h"
#include "net/tls.h"
#include "state/state.h"
#include "verify/verify.h"

enum { NOT_ASKED = 3, DIFFERENT = 1 };

struct verify_args {
	struct verify_conf conf;
	const char *token_file, *source_token_file;
	char *token, *source_token; /* the logins in the token files */
};

static int
backup(void *to, const struct opt *o, const char *arg, struct err *e)
{
	struct verify_conf *c = to;

	(void)o;
	(void)e;
	c->backup =
	    x_grow(c->backup, c->nbackup, &c->backup_cap, sizeof *c->backup);
	c->backup[c->nbackup++] = x_strdup(arg);
	return 0;
}

static int
asof(void *to, const struct opt *o, const char *arg, struct err *e)
{
	struct verify_conf *c = to;
	uint64_t ts;

	(void)o;
	if (strncmp(arg, "task:", 5) == 0) {
		c->asof = VERIFY_TASK;
		c->task = arg + 5;
		return state_name(c->task, e);
	}
	c->asof = VERIFY_SETTLES;
	if (tso_parse_time(
		strncmp(arg, "ts:", 3) == 0 ? arg + 3 : arg, &ts, e) == -1)
		return err_set(e, ERR_USAGE,
		    "'%s' is not task:NAME, ts:TSO or a time such as "
		    "2026-01-02T03:04:05Z",
		    arg);
	if (tso_ms(ts) > clock_unix_ms())
		return err_set(e, ERR_USAGE, "'%s' is yet to come", arg);
	return 0;
}

#define A struct verify_args
static const struct opt table[] = {
	OPT_TEXT('S', "source", "URI", A, conf.source.grpc.uri, NULL, NULL,
	    "the Milvus that is compared with [$CDC_SOURCE]"),
	OPT_TEXT('T', "target", "URI", A, conf.target.grpc.uri, "CDC_TARGET",
	    "http://127.0.0.1:19530",
	    "the Milvus to check [$CDC_TARGET, http://127.0.0.1:19530]"),
	OPT_CALL(0, "backup", "FILE", A, conf, backup,
	    "instead of a source: lines of cdc-read; several in turn"),
	OPT_CALL(0, "until", "WHEN", A, conf.until, option_until,
	    "of the files, nothing later: ts:TSO or a time [all]"),
	OPT_CALL('i', "include", "PATTERN", A, conf.include, option_pattern,
	    OPTION_INCLUDE),
	OPT_CALL('x', "exclude", "PATTERN", A, conf.exclude, option_pattern,
	    OPTION_EXCLUDE),
	OPT_FLAG(0, "allow-none", A, conf.allow_none,
	    "an --include that meets nothing, or nothing at all, is equal"),
	OPT_CALL(0, "rename", "A=B", A, conf.rename, option_rename,
	    "another name at the target, of db or db.coll"),
	OPT_CALL(0, "as-of", "WHERE", A, conf, asof,
	    "while rows are written: task:NAME, a TSO or a time"),
	OPT_NUM(0, "settle", "SEC", A, conf.settle_s, 0, 86400, VERIFY_SETTLE_S,
	    "how long rows take to arrive, without a task [10]"),
	OPT_TEXT(0, "state-dir", "DIR", A, conf.state_dir, NULL, NULL,
	    "of tasks [$CDC_STATE_DIR]"),
	OPT_FLAG(0, "load", A, conf.load,
	    "load what is not loaded, and put it back as it was"),
	OPT_NUM(0, "sample", "N", A, conf.sample, 1, 1000000, 0,
	    "only 1000 rows each at N places of a collection"),
	OPT_NUM(0, "seed", "N", A, conf.seed, 0, UINT64_MAX, 0,
	    "of the places [another one each time]"),
	OPT_WORD(0, "consistency", "LEVEL", A, conf.read,
	    "strong|session|eventually", READ_STRONG, 0,
	    "of reads: strong, session, eventually [strong]"),
	OPT_NUM(0, "page", "N", A, conf.page, 1, VERIFY_PAGE_MAX,
	    VERIFY_PAGE_MAX, "rows asked for at a time, at most [16384]"),
	OPT_TEXT(0, "token-file", "FILE", A, token_file, NULL, NULL,
	    "user:password at the target [$CDC_TOKEN]"),
	OPT_TEXT(0, "cacert", "FILE", A, conf.target.grpc.cacert, NULL, NULL,
	    "CA certificates of the target"),
	OPT_TEXT(0, "cert", "FILE", A, conf.target.grpc.cert, NULL, NULL,
	    "our certificate for the target"),
	OPT_TEXT(
	    0, "key", "FILE", A, conf.target.grpc.key, NULL, NULL, "its key"),
	OPT_TEXT(0, "source-token-file", "FILE", A, source_token_file, NULL,
	    NULL, "user:password at the source [$CDC_SOURCE_TOKEN]"),
	OPT_TEXT(0, "source-cacert", "FILE", A, conf.source.grpc.cacert, NULL,
	    NULL, "CA certificates of the source"),
	OPT_TEXT(0, "source-cert", "FILE", A, conf.source.grpc.cert, NULL, NULL,
	    "our certificate for the source"),
	OPT_TEXT(0, "source-key", "FILE", A, conf.source.grpc.key, NULL, NULL,
	    "its key"),
	OPT_NUM(0, "retry", "SEC", A, conf.source.retry_s, 0, 1 << 30,
	    VERIFY_RETRY_S, "how long to try again [60]"),
	OPT_NUM(0, "timeout", "SEC", A, conf.source.timeout_s, 1, 86400,
	    MILVUS_TIMEOUT_S, "of one request [30]"),
	OPT_WORD(0, "progress", "auto|never", A, conf.progress, "never|auto", 0,
	    1, "on a terminal [auto]"),
	{ 0 },
};

static void
check_task(const struct verify_conf *c)
{
	char *dir = state_dir(c->state_dir);
	struct err e = { 0 };

	if (state_check(dir, c->task, &e) == -1)
		opt_die("--as-of: %s", e.msg);
	free(dir);
}

/* A backup stands for the source, and does not change. */
static void
check_backup(const struct verify_conf *c)
{
	if (c->source.grpc.uri != NULL)
		opt_die("--backup and --source: one of them is the source");
	if (c->asof != VERIFY_STILL)
		opt_die("--as-of: a backup does not change");
	if (c->sample > 0)
		opt_die("--sample: a backup is read whole");
}

/* The login at one side, or NULL; a backup has none. */
static const char *
login(const char *file, char **text, const char *uri, const char *option,
    const char *env)
{
	struct err e = { 0 };

	if (uri != NULL && trust_no_user(uri, option, &e) == -1)
		opt_die("%s", e.msg);
	if (file == NULL)
		return opt_env(env, NULL);
	if ((*text = trust_secret(file, uri, &e)) == NULL)
		opt_die("%s", e.msg);
	return *text;
}

/* Checks which options go together. */
static void
check(struct verify_conf *c)
{
	if (c->nbackup > 0)
		check_backup(c);
	else if (c->until != 0)
		opt_die("--until: of a --backup");
	if (c->source.grpc.uri == NULL)
		c->source.grpc.uri = opt_env("CDC_SOURCE", NULL);
	if (c->nbackup == 0 && c->source.grpc.uri == NULL)
		opt_die("which source? (--source, $CDC_SOURCE)");
	if (c->load && c->asof != VERIFY_STILL)
		opt_die("--load changes the source, which a task would carry: "
			"not with --as-of");
	if (c->task != NULL)
		check_task(c);
}

/* Exits with status 2 on a mistake. */
static void
parse(struct verify_args *a, int argc, char **argv)
{
	struct verify_conf *c = &a->conf;
	int first;

	c->seed = (uint64_t)clock_unix_ms();
	first = opt_parse(argc, argv, table, "[OPTION]...", a);
	if (first < argc)
		opt_die("'%s': no operand is expected", argv[first]);
	c->target.retry_s = c->source.retry_s;
	c->target.timeout_s = c->source.timeout_s;
	check(c);
	c->progress = c->progress && isatty(STDERR_FILENO);
	c->source.grpc.token = login(a->source_token_file, &a->source_token,
	    c->source.grpc.uri, "--source-token-file", "CDC_SOURCE_TOKEN");
	c->target.grpc.token = login(a->token_file, &a->token,
	    c->target.grpc.uri, "--token-file", "CDC_TOKEN");
}

/*
 * Status 1 means a difference, or that nothing was compared; if not everything
 * could be asked the status is 3.
 */
static int
status(int rc, struct err *e)
{
	if (rc == VERIFY_NOTHING)
		e->kind = ERR_DATA;
	else if (rc != -1)
		err_clear(e);
	else if (e->kind != ERR_USAGE && e->kind != ERR_OUTPUT &&
		 e->kind != ERR_STOP && e->kind != ERR_PIPE)
		e->kind = ERR_TEMP;
	return rc == VERIFY_EQUAL       ? 0
	       : rc == VERIFY_DIFFERENT ? DIFFERENT
					: NOT_ASKED;
}

int
main(int argc, char **argv)
{
	struct verify_args args = { 0 };
	struct err e = { 0 };
	int rc;

	log_init(argv[0]);
	parse(&args, argc, argv);
	sig_init();
	rc = status(verify_run(&args.conf, &e), &e);
	trust_forget(args.source_token);
	trust_forget(args.token);
	for (size_t i = 0; i < args.conf.nbackup; i++)
		free(args.conf.backup[i]);
	free(args.conf.backup);
	names_fini(&args.conf.rename);
	patterns_fini(&args.conf.include);
	patterns_fini(&args.conf.exclude);
	return main_end(&e, rc);
}
