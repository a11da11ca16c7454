#include "task/servers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/text.h"
#include "milvus/born.h"
#include "milvus/client.h"
#include "milvus/inventory.h"
#include "net/tls.h"
#include "net/uri.h"
#include "service.pb-c.h"
#include "state/state.h"
#include "task/check.h"
#include "task/task.h"

enum { ASK_MS = 5000, BRIEF_S = 2 };

int
target_version(struct milvus *m, char *version, size_t cap, struct err *e)
{
	struct mv_status s;
	int rc = milvus_version(m, version, cap, &s, e);

	return rc == 1 ? err_set(e, ERR_DATA, "%s", s.reason) : rc;
}

/*
 * Milvus internal/proxy/impl.go: an ordinary server refuses ReplicateMessage at
 * once (1900). A standby goes on, misses the channel's name (1100) and does
 * nothing. Any other answer, as of a server that does not know the call, counts
 * as no standby.
 */
int
target_mode(struct milvus *m, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	struct mv_status s = { 0 };
	struct err ignored;
	ProtobufCMessage *out = NULL;
	int rc = milvus_call(m, "ReplicateMessage", &req.base,
	    &pb__names_response__descriptor, &out, &s, &ignored);

	if (out != NULL)
		protobuf_c_message_free_unpacked(out, NULL);
	if (rc == 1 && s.code == MVC_BAD_PARAMETER &&
	    strstr(s.reason, "channel name") != NULL)
		return err_set(e, ERR_DATA,
		    "target refuses writes: set common.ttMsgEnabled to true");
	return 0;
}

int
target_reach(const json_t *task, int wait_ms, struct err *e)
{
	return net_reach(
	    task_option(task, "target"), wait_ms == 0 ? ASK_MS : wait_ms, e);
}

int
target_without_token(const json_t *task)
{
	return json_is_true(
	    json_object_get(json_object_get(task, "options"), "no-token"));
}

/*
 * brief: without the environment's login, which was not given for that target.
 */
static struct milvus *
open_named(
    const json_t *task, const char *token, int login, int brief, struct err *e)
{
	const char *file = task_option(task, "token-file");
	char *own = !login || token != NULL || file == NULL
			? NULL
			: trust_secret(file, task_option(task, "target"), e);
	struct milvus_conf conf = {
		.grpc = { .uri = task_option(task, "target"),
		    .cacert = task_option(task, "target-cacert"),
		    .cert = task_option(task, "target-cert"),
		    .key = task_option(task, "target-key"),
		    .token = token != NULL ? token : own },
		.retry_s = brief ? 0 : 1,
		.timeout_s = brief ? BRIEF_S : ASK_MS / 1000
	};
	struct milvus *m;

	if (login && file != NULL && conf.grpc.token == NULL)
		return NULL;
	if (login && !brief && conf.grpc.token == NULL &&
	    !target_without_token(task))
		conf.grpc.token = opt_env("CDC_TOKEN", NULL);
	m = milvus_open(&conf, e);
	trust_forget(own);
	return m;
}

static struct milvus *
open_it(
    const json_t *task, const char *token, int login, int brief, struct err *e)
{
	struct milvus *m;

	trust_named_by(state_owner(task));
	m = open_named(task, token, login, brief, e);
	trust_named_by(0);
	return m;
}

struct milvus *
target_open(const json_t *task, const char *token, int login, struct err *e)
{
	return open_it(task, token, login, 0, e);
}

struct milvus *
target_open_brief(const json_t *task, struct err *e)
{
	return open_it(task, NULL, 1, 1, e);
}

void
task_note_born(json_t *task, const char *which, uint64_t born)
{
	json_t *all = json_object_get(task, "born");
	char text[24];

	if (all == NULL) {
		all = json_object();
		json_object_set_new(task, "born", all);
	}
	snprintf(text, sizeof text, "%" PRIu64, born);
	if (born == 0)
		json_object_del(all, which);
	else
		json_object_set_new(all, which, json_string(text));
}

uint64_t
task_born(const json_t *task, const char *which)
{
	const char *s = json_string_value(
	    json_object_get(json_object_get(task, "born"), which));
	struct err ignored;
	int64_t v;

	return s == NULL || num_i64(s, 1, INT64_MAX, &v, &ignored) == -1
		   ? 0
		   : (uint64_t)v;
}

int
target_itself(struct milvus *m, uint64_t source, uint64_t *born, struct err *e)
{
	if (milvus_ask_born(m, born, e) == -1)
		return -1;
	if (source == 0 || *born != source)
		return 0;
	return err_set(e, ERR_DATA,
	    "it " MILVUS_ITSELF " (both were made at the same moment): what is "
	    "written there would come back, again and again; choose another "
	    "target (-T)");
}

static int
ask(json_t *task, const char *token, struct buf *found, struct err *e)
{
	const char *uri = task_option(task, "target");
	struct milvus *m = target_open(task, token, 1, e);
	char version[64];
	uint64_t born = 0;
	int rc = -1;

	if (m != NULL)
		rc = target_version(m, version, sizeof version, e);
	if (rc == 0)
		rc = target_itself(m, task_born(task, "source"), &born, e);
	if (rc == -1)
		err_wrap(e, "target '%s'", uri);
	else {
		check_found(found, "target    %s: Milvus %s", uri, version);
		task_note_born(task, "target", born);
		rc = target_mode(m, e);
	}
	milvus_close(m);
	return rc;
}

int
task_check_target(json_t *task, const char *token, int wait_ms,
    struct buf *found, struct err *e)
{
	if (target_reach(task, wait_ms, e) == -1)
		return err_wrap(e, "target");
	return ask(task, token, found, e);
}

void
check_found(struct buf *found, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text_plain(found, text, strlen(text));
	buf_addc(found, '\n');
}
