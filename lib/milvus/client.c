#include "milvus/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sig.h"
#include "base/utf8.h"
#include "codec/pb_read.h"
#include "codec/pb_text.h"
#include "net/tls.h"

enum {
	TOGETHER = 16, /* calls of milvus_ask that are sent at once */
	UNIMPLEMENTED = 12,
	UNKNOWN = 2, /* gRPC's status for an error without one of its own */
};

/* The "host:port" of a URL; grpc_open refuses URLs with a user in them. */
static char *
host_of(const char *uri)
{
	const char *from = strstr(uri, "://");

	from = from == NULL ? uri : from + 3;
	return x_strndup(from, strcspn(from, "/"));
}

struct milvus *
milvus_open(const struct milvus_conf *conf, struct err *e)
{
	struct grpc *g = grpc_open(&conf->grpc, e);
	struct milvus *m;

	if (g == NULL)
		return NULL;
	m = x_calloc(1, sizeof *m);
	m->grpc = g;
	m->retry_s = conf->retry_s;
	m->timeout_s = conf->timeout_s;
	m->name = conf->name;
	m->host = host_of(conf->grpc.uri);
	m->seed = (unsigned)clock_ns();
	return m;
}

void
milvus_close(struct milvus *m)
{
	if (m == NULL)
		return;
	grpc_close(m->grpc);
	free(m->host);
	free(m);
}

struct grpc *
milvus_grpc(struct milvus *m)
{
	return m->grpc;
}

int
milvus_timeout_ms(const struct milvus *m)
{
	return m->timeout_s * 1000;
}

static const struct {
	int code;
	enum mv_class class;
} codes[] = {
	{ MVC_NOT_READY, MV_RETRY },
	{ MVC_UNAVAILABLE, MV_RETRY },
	{ MVC_NO_MEMORY, MV_SLOW },
	{ MVC_TOO_MANY_REQUESTS, MV_RETRY },
	{ MVC_NO_DISK, MV_SLOW },
	{ MVC_RATE_LIMIT, MV_RETRY },
	{ MVC_QUOTA, MV_SLOW },
	{ MVC_TICK_DELAY, MV_RETRY },
	{ MVC_NO_RESOURCE, MV_RETRY },
	{ MVC_NO_COLLECTION, MV_ABSENT },
	{ MVC_NOT_ALL_LOADED, MV_RETRY },
	{ MVC_RECOVERING, MV_RETRY },
	{ MVC_NO_PARTITION, MV_ABSENT },
	{ MVC_PARTITION_NOT_ALL_LOADED, MV_RETRY },
	{ MVC_NO_INDEX, MV_ABSENT },
	{ MVC_NO_DATABASE, MV_ABSENT },
	{ MVC_NO_NODE, MV_RETRY },
	{ MVC_NODE_OFFLINE, MV_RETRY },
	{ MVC_NODE_LACK, MV_RETRY },
	{ MVC_NODE_NOT_MATCH, MV_RETRY },
	{ MVC_NODE_NOT_AVAILABLE, MV_RETRY },
	{ MVC_NO_ALIAS, MV_ABSENT },
	{ MVC_NO_SEGMENT_ID, MV_RETRY },
	{ MVC_STREAM_CLOSED, MV_RETRY },
	{ MVC_CANCELED, MV_RETRY },
	{ MVC_OUT_OF_TIME, MV_RETRY },
};

/* common.proto ErrorCode, for answers without a code (before 2.3). */
static const struct {
	int error_code;
	enum mv_class class;
} legacy[] = {
	{ 4, MV_ABSENT },  /* collection */
	{ 15, MV_ABSENT }, /* partition */
	{ 25, MV_ABSENT }, /* index */
	{ 28, MV_ABSENT }, /* collection name */
	{ 48, MV_SLOW },   /* force deny */
	{ 49, MV_RETRY },  /* rate limit */
	{ 53, MV_SLOW },   /* memory */
	{ 54, MV_SLOW },   /* disk */
	{ 55, MV_RETRY },  /* time tick delay */
	{ 56, MV_RETRY },  /* not ready */
};

/*
 * MVC_UNEXPECTED and gRPC's UNKNOWN can mean anything. These texts are known to
 * be of failures that pass.
 */
static const char *const passing[] = {
	"context deadline exceeded", "context canceled",
	"context Done", /* the deadline of a task in the proxy is over */
	"not ready", "is not healthy", "initializing",
	"etcdserver:", "connection refused", "transport is closing",
	"node offline", "node not match",
	"sync new partition failed", /* to nodes that are still starting */
	"util/grpcclient", /* a stack trace of a call between parts of Milvus */
};

static int
passes(const char *reason)
{
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (strstr(reason, passing[i]) != NULL)
			return 1;
	return 0;
}

enum mv_class
milvus_class(int error_code, int code, const char *reason)
{
	if (error_code == 0 && code == 0)
		return MV_OK;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].code == code)
			return codes[i].class;
	for (size_t i = 0; code == 0 && i < sizeof legacy / sizeof *legacy; i++)
		if (legacy[i].error_code == error_code)
			return legacy[i].class;
	if (code != 0 && code != MVC_UNEXPECTED)
		return MV_FAIL;
	return passes(reason) ? MV_RETRY : code == 0 ? MV_FAIL : MV_ODD;
}

static void
judge_status(const Pb__Status *p, struct mv_status *s)
{
	s->code = p->code;
	s->class = milvus_class(p->error_code, p->code, p->reason);
	snprintf(s->reason, sizeof s->reason, "%s",
	    p->reason[0] != '\0' ? p->reason : "no reason given");
}

/* Finds the Status in an answer that has more fields; -1 if it is broken. */
static int
find_status(const struct grpc_result *r, struct span *at)
{
	struct pbwalk w = pbwalk_init(r->ptr, r->len);
	struct pbfield f;
	int rc;

	while ((rc = pbwalk_next(&w, &f)) == 1)
		if (f.field == 1 && f.wire == PB_BYTES)
			*at = (struct span){ (const char *)f.ptr, f.len };
	return rc;
}

static void
judge_answer(const struct grpc_result *r, int bare, struct mv_status *s)
{
	struct span at = { (const char *)r->ptr, r->len };
	Pb__Status *p = NULL;

	if (!bare)
		at = (struct span){ "", 0 };
	if (bare || find_status(r, &at) == 0)
		p = pb__status__unpack(NULL, at.len, (const uint8_t *)at.ptr);
	if (p == NULL) {
		s->class = MV_FAIL;
		snprintf(s->reason, sizeof s->reason,
		    "an answer that is not what Milvus says");
		return;
	}
	judge_status(p, s);
	pb__status__free_unpacked(p, NULL);
}

/* grpc-status, https://grpc.io/docs/guides/status-codes/ */
static enum mv_class
grpc_class(int status)
{
	switch (status) {
	case 8:
		return MV_TOO_LARGE; /* or the server is out of memory; the text
					tells */
	case 14:
		return MV_RETRY;
	default:
		return MV_FAIL;
	}
}

static const char *
grpc_word(int status)
{
	switch (status) {
	case 7:
		return "permission denied";
	case 12:
		return "the server does not know this call";
	case 16:
		return "the server refuses the login (--token-file, CDC_TOKEN)";
	default:
		return "the server answers gRPC status";
	}
}

void
milvus_judge(const struct grpc_result *r, int bare, struct mv_status *s)
{
	memset(s, 0, sizeof *s);
	s->sent = r->end != GRPC_NOT_SENT;
	switch (r->end) {
	case GRPC_ANSWER:
		judge_answer(r, bare, s);
		/*
		 * The proxy does not wait any more, but other parts may still
		 * work on it.
		 */
		if (s->class == MV_RETRY &&
		    strstr(s->reason, "context ") != NULL)
			s->quiet_ns = r->quiet_ns;
		break;
	case GRPC_STATUS:
		s->class = grpc_class(r->status);
		s->no_call = r->status == UNIMPLEMENTED;
		if (r->status == 8 &&
		    strstr(r->text, "larger than max") == NULL)
			s->class = MV_RETRY;
		if (r->status == UNKNOWN && passes(r->text)) {
			s->class = MV_RETRY;
			s->quiet_ns = r->quiet_ns;
		}
		snprintf(s->reason, sizeof s->reason, "%s (%d): %s",
		    grpc_word(r->status), r->status, r->text);
		break;
	case GRPC_REFUSED:
		s->class = MV_FAIL;
		/*
		 * While a Milvus starts, it serves REST before gRPC, and
		 * answers 404.
		 */
		if (r->http == 404) {
			s->class = MV_RETRY;
			s->brief = 1;
		}
		snprintf(s->reason, sizeof s->reason, "%s: %s",
		    !r->trust ? "what answers there is no Milvus"
		    : trust_refused(r->text)
			? "our certificate is refused, or one is wanted"
			: "TLS",
		    r->text);
		break;
	case GRPC_UNKNOWN:
	case GRPC_NOT_SENT:
		s->class = MV_RETRY;
		s->quiet_ns = r->quiet_ns;
		snprintf(s->reason, sizeof s->reason, "%s", r->text);
		break;
	}
	utf8_mend(s->reason, sizeof s->reason,
	    strlen(s->reason) == sizeof s->reason - 1);
}

/* A call whose caller waits for the answer. */
struct waiting {
	const char *method;
	const ProtobufCMessage *req;
	char *body; /* req, packed */
	struct span piece;
	int done, bare;
	struct mv_status *s;
	const ProtobufCMessageDescriptor *answer;
	ProtobufCMessage **out;
	struct buf *raw; /* or NULL */
};

static void
answered(void *arg, const struct grpc_result *r)
{
	struct waiting *w = arg;

	w->done = 1;
	milvus_judge(r, w->bare, w->s);
	if (w->s->class == MV_OK && w->raw != NULL)
		buf_add(w->raw, r->ptr, r->len);
	if (w->s->class != MV_OK || w->out == NULL)
		return;
	*w->out = pb_unpack(w->answer, r->ptr, r->len);
	if (*w->out == NULL) {
		w->s->class = MV_FAIL;
		snprintf(w->s->reason, sizeof w->s->reason,
		    "an answer that is not what Milvus says");
	}
}

/*
 * Sends the calls once and waits until all are answered. A signal does not end
 * the wait, a deadline does.
 */
static int
once(struct milvus *m, struct waiting *w, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		w[i].done = 0;
		grpc_start(m->grpc, w[i].method, &w[i].piece, 1,
		    milvus_timeout_ms(m), answered, &w[i]);
	}
	for (size_t i = 0; i < n; i++)
		while (!w[i].done)
			if (grpc_wait(m->grpc, NULL, 0, 1000, e) == -1)
				return -1;
	return 0;
}

int
milvus_pause(struct milvus *m, int64_t at_ns, struct err *e)
{
	struct grpc_fd stop = { .fd = sig_fd() };
	int64_t now;

	while (sig_stop == 0 && (now = clock_ns()) < at_ns)
		if (grpc_wait(m->grpc, &stop, stop.fd >= 0,
			(int)((at_ns - now) / NS_PER_MS) + 1, e) == -1)
			return -1;
	if (sig_stop != 0)
		return err_set(e, ERR_STOP, "stopped");
	return 0;
}

static void
pack(struct waiting *w)
{
	size_t n = protobuf_c_message_get_packed_size(w->req);

	w->body = x_malloc(n + 1);
	protobuf_c_message_pack(w->req, (uint8_t *)w->body);
	w->piece = (struct span){ w->body, n };
}

/* Moves the calls that are to be tried again to the front; returns how many. */
static size_t
again(struct waiting *w, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct waiting one = w[i];

		if (one.s->class != MV_RETRY && one.s->class != MV_SLOW)
			continue;
		w[i] = w[left];
		w[left++] = one;
	}
	return left;
}

/*
 * The status that decides how long to wait before the next try: MV_SLOW if any
 * call has it, and the latest quiet_ns.
 */
static struct mv_status
worst(const struct waiting *w, size_t n)
{
	struct mv_status s = *w->s;

	for (size_t i = 1; i < n; i++) {
		int64_t quiet_ns = s.quiet_ns;

		if (w[i].s->class == MV_SLOW && s.class != MV_SLOW)
			s = *w[i].s;
		if (s.quiet_ns < quiet_ns)
			s.quiet_ns = quiet_ns;
		if (s.quiet_ns < w[i].s->quiet_ns)
			s.quiet_ns = w[i].s->quiet_ns;
	}
	return s;
}

/* Sends until no call is to be tried again. Changes the order of w. */
static int
talk(struct milvus *m, struct waiting *w, size_t n, struct err *e)
{
	struct mv_retry retry = { 0 };
	size_t left = n;
	int rc;

	for (size_t i = 0; i < n; i++)
		pack(&w[i]);
	while ((rc = once(m, w, left, e)) == 0 && (left = again(w, left)) > 0) {
		struct mv_status s = worst(w, left);

		if (milvus_retry(m, &retry, &s, w->method, e) == -1 ||
		    milvus_pause(m, retry.at_ns, e) == -1) {
			rc = -1;
			break;
		}
	}
	if (rc == 0)
		milvus_settled(m, &retry);
	for (size_t i = 0; i < n; i++)
		free(w[i].body);
	m->greeted |= rc == 0;
	return rc;
}

int
milvus_call(struct milvus *m, const char *method, const ProtobufCMessage *req,
    const ProtobufCMessageDescriptor *answer, ProtobufCMessage **out,
    struct mv_status *s, struct err *e)
{
	struct waiting w = { .method = method,
		.req = req,
		.s = s,
		.answer = answer,
		.out = out,
		.bare = answer == NULL };

	return talk(m, &w, 1, e) == -1 ? -1 : s->class != MV_OK;
}

int
milvus_ask(struct milvus *m, struct mv_ask *v, size_t n, struct err *e)
{
	struct waiting w[TOGETHER];
	size_t k;

	for (size_t i = 0; i < n; i++)
		v[i].out = NULL;
	for (; n > 0; v += k, n -= k) {
		k = n < TOGETHER ? n : TOGETHER;
		for (size_t i = 0; i < k; i++)
			w[i] = (struct waiting){ .method = v[i].method,
				.req = v[i].req,
				.s = &v[i].s,
				.answer = v[i].answer,
				.out = &v[i].out };
		if (talk(m, w, k, e) == -1)
			return -1;
	}
	return 0;
}

int
milvus_call_raw(struct milvus *m, const char *method,
    const ProtobufCMessage *req, struct buf *raw, struct mv_status *s,
    struct err *e)
{
	struct waiting w = { .method = method, .req = req, .s = s, .raw = raw };

	buf_clear(raw);
	return talk(m, &w, 1, e) == -1 ? -1 : s->class != MV_OK;
}
