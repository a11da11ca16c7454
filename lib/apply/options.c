#include "apply/options.h"

#include <string.h>

#include "apply/queue_window.h"
#include "base/err.h"
#include "model/options.h"

static int
skip(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	return op_without(to, arg, e);
}

static int
on_error(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	if (strncmp(arg, "dead:", 5) == 0 && arg[5] != '\0')
		*(const char **)to = arg + 5;
	else if (strcmp(arg, "stop") != 0)
		return err_set(
		    e, ERR_USAGE, "'%s' is not stop or dead:FILE", arg);
	return 0;
}

#define A struct apply_args
const struct opt apply_options[] = {
	OPT_TEXT('T', "target", "URI", A, conf.milvus.grpc.uri, "CDC_TARGET",
	    "http://127.0.0.1:19530",
	    "the Milvus to write to [$CDC_TARGET, http://127.0.0.1:19530]"),
	OPT_TEXT(0, "token-file", "FILE", A, token_file, NULL, NULL,
	    "user:password [$CDC_TOKEN]"),
	OPT_FLAG(
	    0, "no-token", A, no_token, "no login, also if $CDC_TOKEN is set"),
	OPT_TEXT(0, "cacert", "FILE", A, conf.milvus.grpc.cacert, NULL, NULL,
	    "CA certificates of the target"),
	OPT_TEXT(0, "cert", "FILE", A, conf.milvus.grpc.cert, NULL, NULL,
	    "our certificate"),
	OPT_TEXT(
	    0, "key", "FILE", A, conf.milvus.grpc.key, NULL, NULL, "its key"),
	OPT_FLAG(
	    'n', "dry-run", A, conf.dry_run, "only say what would be called"),
	OPT_WORD(0, "mode", "upsert|insert", A, conf.rows.insert,
	    "upsert|insert", 0, 0, "how rows are written [upsert]"),
	OPT_FLAG(0, "create-missing", A, conf.create_missing,
	    "make collections that the target has lost"),
	OPT_FLAG(0, "adopt", A, conf.adopt,
	    "collections that the target has already are ours to drop"),
	OPT_FLAG(0, "allow-circle", A, conf.allow_circle,
	    "go on where the target's own rows come round"),
	OPT_FLAG(0, "ignore-partitions", A, conf.one_part,
	    "rows of all partitions go into the default one"),
	OPT_CALL(0, "rename", "A=B", A, conf.rename, option_rename,
	    "another name, of db or db.coll"),
	OPT_FLAG(0, "allow-none", A, conf.allow_none,
	    "a --rename that meets nothing is no error"),
	OPT_CALL(0, "skip", "OPS", A, conf.skip, skip,
	    "operations to leave out, with commas"),
	OPT_CALL(0, "until", "WHEN", A, conf.until, option_until,
	    "nothing that is later: ts:TSO or a time [all]"),
	OPT_CALL(0, "on-error", "stop|dead:FILE", A, conf.dead, on_error,
	    "what to do with refused lines [stop]"),
	OPT_NUM(0, "window", "N", A, conf.rows.window, 1, WINDOW_MOST, 0,
	    "requests in flight [8, more if it is far]"),
	OPT_NUM(0, "batch-bytes", "N", A, conf.rows.batch_bytes, 1,
	    ROWQ_BATCH_MAX, ROWQ_BATCH_BYTES, "of one request [1048576]"),
	OPT_NUM(0, "retry", "SEC", A, conf.milvus.retry_s, 0, 1 << 30,
	    MILVUS_RETRY_S, "how long to try again [600]"),
	OPT_NUM(0, "timeout", "SEC", A, conf.milvus.timeout_s, 1, 86400,
	    MILVUS_TIMEOUT_S, "of one request [30]"),
	OPT_WORD(0, "progress", "auto|never", A, conf.progress, "never|auto", 0,
	    1, "on a terminal [auto]"),
	OPT_TEXT(0, "state-dir", "DIR", A, conf.state_dir, NULL, NULL,
	    "of tasks [$CDC_STATE_DIR]"),
	OPT_FLAG(
	    0, "with-users", A, conf.with_users, "users, roles and grants too"),
	{ 0 },
};
