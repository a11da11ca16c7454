#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/apply.h"
#include "apply/queue_window.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/sig.h"
#include "model/tso.h"
#include "net/tls.h"

enum {
	OPT_TOKEN = 256,
	OPT_CACERT,
	OPT_CERT,
	OPT_KEY,
	OPT_MODE,
	OPT_CREATE,
	OPT_ALLOW_NONE,
	OPT_RENAME,
	OPT_SKIP,
	OPT_ERROR,
	OPT_WINDOW,
	OPT_BYTES,
	OPT_RETRY,
	OPT_TIMEOUT,
	OPT_PROGRESS,
	OPT_STATE,
	OPT_USERS,
	OPT_UNTIL,
	OPT_ONE_PART,
	OPT_NO_TOKEN,
	OPT_ADOPT,
	OPT_CIRCLE,
};

#define USAGE "[OPTION]... [FILE]..."

static const struct opt table[] = {
	{ "target", 'T', "URI",
	    "the Milvus to write to [$CDC_TARGET, http://127.0.0.1:19530]" },
	{ "token-file", OPT_TOKEN, "FILE", "user:password [$CDC_TOKEN]" },
	{ "no-token", OPT_NO_TOKEN, NULL,
	    "no login, also if $CDC_TOKEN is set" },
	{ "cacert", OPT_CACERT, "FILE", "CA certificates of the target" },
	{ "cert", OPT_CERT, "FILE", "our certificate" },
	{ "key", OPT_KEY, "FILE", "its key" },
	{ "dry-run", 'n', NULL, "only say what would be called" },
	{ "mode", OPT_MODE, "upsert|insert", "how rows are written [upsert]" },
	{ "create-missing", OPT_CREATE, NULL,
	    "make collections that the target has lost" },
	{ "adopt", OPT_ADOPT, NULL,
	    "collections that the target has already are ours to drop" },
	{ "allow-circle", OPT_CIRCLE, NULL,
	    "go on where the target's own rows come round" },
	{ "ignore-partitions", OPT_ONE_PART, NULL,
	    "rows of all partitions go into the default one" },
	{ "rename", OPT_RENAME, "A=B", "another name, of db or db.coll" },
	{ "allow-none", OPT_ALLOW_NONE, NULL,
	    "a --rename that meets nothing is no error" },
	{ "skip", OPT_SKIP, "OPS", "operations to leave out, with commas" },
	{ "until", OPT_UNTIL, "WHEN",
	    "nothing that is later: ts:TSO or a time [all]" },
	{ "on-error", OPT_ERROR, "stop|dead:FILE",
	    "what to do with refused lines [stop]" },
	{ "window", OPT_WINDOW, "N",
	    "requests in flight [8, more if it is far]" },
	{ "batch-bytes", OPT_BYTES, "N", "of one request [1048576]" },
	{ "retry", OPT_RETRY, "SEC", "how long to try again [600]" },
	{ "timeout", OPT_TIMEOUT, "SEC", "of one request [30]" },
	{ "progress", OPT_PROGRESS, "auto|never", "on a terminal [auto]" },
	{ "state-dir", OPT_STATE, "DIR", "of tasks [$CDC_STATE_DIR]" },
	{ "with-users", OPT_USERS, NULL, "users, roles and grants too" },
	{ 0 },
};

static void
set_skip(struct apply_conf *c, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		enum opname op = op_by_name(list, n);

		if (op == OP_OTHER && (n != 5 || memcmp(list, "other", 5) != 0))
			opt_die("--skip: no operation '%.*s'", (int)n, list);
		if (op == OP_BEGIN || op == OP_TICK || op == OP_END)
			opt_die("--skip: a stream is nothing without '%.*s'",
			    (int)n, list);
		c->skip[op] = 1;
		list += n + (list[n] == ',');
	}
}

static void
set_error(struct apply_conf *c, const char *arg)
{
	if (strncmp(arg, "dead:", 5) == 0 && arg[5] != '\0')
		c->dead = arg + 5;
	else if (strcmp(arg, "stop") != 0)
		opt_die(
		    "--on-error: '%s' is neither 'stop' nor 'dead:FILE'", arg);
}

/* How we shall log in at the target. */
struct login {
	const char *file;
	int none;
};

static void
set(struct apply_conf *c, int letter, const char *arg, struct login *login)
{
	struct err e = { 0 };

	switch (letter) {
	case 'T':
		c->milvus.grpc.uri = arg;
		break;
	case OPT_TOKEN:
		login->file = arg;
		break;
	case OPT_NO_TOKEN:
		login->none = 1;
		break;
	case OPT_CACERT:
		c->milvus.grpc.cacert = arg;
		break;
	case OPT_CERT:
		c->milvus.grpc.cert = arg;
		break;
	case OPT_KEY:
		c->milvus.grpc.key = arg;
		break;
	case 'n':
		c->dry_run = 1;
		break;
	case OPT_MODE:
		c->rows.insert = opt_choice("mode", arg, "upsert", "insert");
		break;
	case OPT_CREATE:
		c->create_missing = 1;
		break;
	case OPT_CIRCLE:
		c->allow_circle = 1;
		break;
	case OPT_ADOPT:
		c->adopt = 1;
		break;
	case OPT_ONE_PART:
		c->one_part = 1;
		break;
	case OPT_ALLOW_NONE:
		c->allow_none = 1;
		break;
	case OPT_RENAME:
		if (names_add(&c->rename, arg, &e) == -1)
			opt_die("--rename: %s", e.msg);
		break;
	case OPT_SKIP:
		set_skip(c, arg);
		break;
	case OPT_UNTIL:
		c->until = tso_opt("until", arg);
		break;
	case OPT_ERROR:
		set_error(c, arg);
		break;
	case OPT_WINDOW:
		c->rows.window = opt_u64("window", arg, 1, WINDOW_MOST);
		break;
	case OPT_BYTES:
		c->rows.batch_bytes =
		    opt_u64("batch-bytes", arg, 1, ROWQ_BATCH_MAX);
		break;
	case OPT_RETRY:
		c->milvus.retry_s = (int)opt_u64("retry", arg, 0, 1 << 30);
		break;
	case OPT_TIMEOUT:
		c->milvus.timeout_s = (int)opt_u64("timeout", arg, 1, 86400);
		break;
	case OPT_PROGRESS:
		c->progress = opt_choice("progress", arg, "never", "auto");
		break;
	case OPT_STATE:
		c->state_dir = arg;
		break;
	default:
		c->with_users = 1;
		break;
	}
}

/* From the file, else from the environment. */
static void
set_login(struct apply_conf *c, const struct login *login, char **token)
{
	struct err e = { 0 };

	if (login->none && login->file != NULL)
		opt_die("--token-file and --no-token exclude each other");
	if (login->file != NULL && (*token = trust_secret(login->file,
					c->milvus.grpc.uri, &e)) == NULL)
		opt_die("%s", e.msg);
	c->milvus.grpc.token = *token != NULL ? *token
			       : login->none  ? NULL
					      : opt_env("CDC_TOKEN", NULL);
}

/* Exits with status 2 on a mistake. */
static void
parse(struct apply_conf *c, int argc, char **argv, char **token)
{
	struct login login = { 0 };
	const char *arg;
	int letter, first;

	while (
	    (letter = opt_next(argc, argv, table, USAGE, &arg, &first)) != -1)
		set(c, letter, arg, &login);
	c->files = argv + first;
	c->nfiles = (size_t)(argc - first);
	c->progress = c->progress && isatty(STDERR_FILENO);
	set_login(c, &login, token);
}

int
main(int argc, char **argv)
{
	struct apply_conf conf = {
		.milvus.grpc.uri =
		    opt_env("CDC_TARGET", "http://127.0.0.1:19530"),
		.milvus.retry_s = MILVUS_RETRY_S,
		.milvus.timeout_s = MILVUS_TIMEOUT_S,
		.rows.batch_bytes = ROWQ_BATCH_BYTES,
		.progress = 1,
	};
	struct err e = { 0 };
	char *token = NULL;
	int rc;

	log_init(argv[0]);
	parse(&conf, argc, argv, &token);
	sig_init();
	rc = apply_run(&conf, &e);
	if (rc == -1 && e.kind != ERR_STOP && e.kind != ERR_PIPE)
		log_error("%s", e.msg);
	trust_forget(token);
	names_fini(&conf.rename);
	sig_reraise(); /* returns unless a signal stopped us */
	if (e.kind == ERR_PIPE)
		sig_die_of_pipe();
	return rc == -1 ? err_status(&e) : 0;
}
