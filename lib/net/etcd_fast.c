#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "codec/pb_write.h"
#include "net/etcd_priv.h"
#include "net/grpc.h"
#include "net/tls.h"

enum { ANSWER_MS = 5000, STEP_MS = 1000 };

struct etcd_fast {
	struct grpc_conf conf;
	struct grpc *g; /* to endpoint, with token; NULL: not yet */
	char *endpoint, *token;
	char *refused; /* an endpoint that does not speak it, or NULL */
	int worked;    /* the channel has had an answer */
	int answer_ms;
	struct buf request, answer;
};

struct etcd_fast *
etcd_fast_open(const struct etcd_conf *conf)
{
	struct etcd_fast *f = x_calloc(1, sizeof *f);

	f->conf.cacert = conf->cacert;
	f->conf.cert = conf->cert;
	f->conf.key = conf->key;
	f->conf.service = "/etcdserverpb.KV/";
	f->answer_ms = conf->answer_ms > 0 ? conf->answer_ms : ANSWER_MS;
	return f;
}

static void
disconnect(struct etcd_fast *f)
{
	grpc_close(f->g);
	f->g = NULL;
	free(f->endpoint);
	trust_forget(f->token);
	f->endpoint = f->token = NULL;
}

void
etcd_fast_close(struct etcd_fast *f)
{
	if (f == NULL)
		return;
	disconnect(f);
	free(f->refused);
	buf_fini(&f->request);
	buf_fini(&f->answer);
	free(f);
}

static int
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* 1 if there is a channel to this endpoint. */
static int
connect_to(struct etcd_fast *f, const char *endpoint, const char *token)
{
	struct err ignored = { 0 };

	if (same(f->refused, endpoint))
		return 0;
	if (f->g != NULL && same(f->endpoint, endpoint) &&
	    same(f->token, token))
		return 1;
	if (!same(f->endpoint, endpoint))
		f->worked = 0;
	disconnect(f);
	f->endpoint = x_strdup(endpoint);
	f->token = token == NULL ? NULL : x_strdup(token);
	f->conf.uri = f->endpoint;
	f->conf.authorization = f->token;
	f->g = grpc_open(&f->conf, &ignored);
	return f->g != NULL;
}

static void
add_number(struct buf *b, uint32_t field, int64_t v)
{
	if (v != 0)
		pbw_u64(b, field, (uint64_t)v);
}

/* rpc.proto RangeRequest: the numbers of its members. */
static void
compose(struct buf *b, const struct etcd_range *r, const struct buf *from)
{
	buf_clear(b);
	pbw_bytes(b, 1, from->ptr, from->len);
	if (r->end != NULL && r->end[0] == '\0')
		pbw_bytes(b, 2, "", 1);
	else if (r->end != NULL)
		pbw_bytes(b, 2, r->end, strlen(r->end));
	add_number(b, 3, r->limit);
	add_number(b, 4, r->rev);
	add_number(b, 8, r->keys_only);
	add_number(b, 10, r->min_mod);
}

static void
on_done(void *arg, const struct grpc_result *r)
{
	struct etcd_fast *f = arg;

	buf_clear(&f->answer);
	if (r->end == GRPC_ANSWER) {
		buf_add(&f->answer, r->ptr, r->len);
		f->worked = 1;
		return;
	}
	log_info(
	    "etcd '%s' by gRPC: %s; asking its gateway", f->endpoint, r->text);
	/* a connection that breaks, of an endpoint that has it, is no sign */
	if (!f->worked && r->end != GRPC_STATUS && r->end != GRPC_NOT_SENT) {
		free(f->refused);
		f->refused = x_strdup(f->endpoint);
	}
}

int
etcd_fast_range(struct etcd_fast *f, const char *endpoint, const char *token,
    const struct etcd_range *r, const struct buf *from, struct span *answer)
{
	struct grpc_fd stop = { .fd = sig_fd() };
	struct err ignored = { 0 };
	struct span piece;

	if (f == NULL || !connect_to(f, endpoint, token))
		return 0;
	compose(&f->request, r, from);
	piece = (struct span){ f->request.ptr, f->request.len };
	buf_clear(&f->answer);
	grpc_start(f->g, "Range", &piece, 1, f->answer_ms, on_done, f);
	while (grpc_pending(f->g) > 0 && sig_stop == 0)
		if (grpc_wait(f->g, &stop, stop.fd >= 0, STEP_MS, &ignored) ==
		    -1)
			break;
	if (grpc_pending(f->g) > 0)
		disconnect(f); /* the gateway says that it was stopped */
	*answer = (struct span){ f->answer.ptr, f->answer.len };
	return f->answer.len > 0;
}
