#include "task/servers.h"

#include "base/err.h"
#include "milvus/ask.h"
#include "milvus/client.h"
#include "milvus/inventory.h"
#include "net/tls.h"
#include "state/state.h"
#include "task/task.h"

enum { ASK_S = 5 };

int
source_conf(const json_t *task, struct grpc_conf *c, char **own, struct err *e)
{
	const char *file = task_option(task, "source-token-file");

	*c = (struct grpc_conf){ .uri = task_option(task, "source"),
		.cacert = task_option(task, "source-cacert"),
		.cert = task_option(task, "source-cert"),
		.key = task_option(task, "source-key") };
	*own = file == NULL ? NULL : trust_secret(file, c->uri, e);
	c->token = *own;
	return file != NULL && *own == NULL ? -1 : 0;
}

struct milvus *
source_open(const json_t *task, struct err *e)
{
	struct milvus_conf conf = {
		.retry_s = 1, .timeout_s = ASK_S, .name = "source"
	};
	struct milvus *m = NULL;
	char *own = NULL;

	trust_named_by(state_owner(task));
	if (source_conf(task, &conf.grpc, &own, e) == 0)
		m = milvus_open(&conf, e);
	trust_forget(own);
	trust_named_by(0);
	return m;
}

int
source_ask(
    const json_t *task, char *version, size_t cap, uint64_t *now, struct err *e)
{
	struct peer peer = { .name = "source", .m = source_open(task, e) };
	struct mv_status s;
	int rc =
	    peer.m == NULL ? -1 : milvus_version(peer.m, version, cap, &s, e);

	if (rc == 1)
		err_set(e, ERR_DATA, "source: GetVersion: %s", s.reason);
	else if (rc == 0)
		rc = ask_timestamp(&peer, now, e);
	milvus_close(peer.m);
	return rc == 0 ? 0 : -1;
}
