#ifndef CDC_MILVUS_CLIENT_H
#define CDC_MILVUS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/clock.h"
#include "milvus/status.h"
#include "net/grpc.h"

struct err;
struct milvus; /* a Milvus that is called through its public API */

enum {
	MILVUS_RETRY_S = 600,
	MILVUS_TIMEOUT_S = 30,
};

struct milvus_conf {
	struct grpc_conf grpc;
	int retry_s;      /* how long a request is tried again */
	int timeout_s;    /* of one request */
	const char *name; /* if there are several: stands in front of messages;
			     or NULL */
};

struct milvus *milvus_open(const struct milvus_conf *conf, struct err *e);
void milvus_close(struct milvus *m);
struct grpc *milvus_grpc(struct milvus *m);
int milvus_timeout_ms(const struct milvus *m);

/* What to do after an answer, by its Status or the lack of one. */
enum mv_class {
	MV_OK,
	MV_ABSENT,    /* what the request names is absent */
	MV_RETRY,     /* try again soon */
	MV_SLOW,      /* try again later: memory, disk, quota */
	MV_TOO_LARGE, /* the request is larger than the server's limit */
	MV_ODD,  /* no code says why; a part of the server may be restarting */
	MV_FAIL, /* trying again does not help */
};
struct mv_status {
	enum mv_class class;
	int code; /* merr code, or 0 */
	int sent; /* 0 if the server cannot have received the request */
	/* try again no earlier than this time of clock_ns() */
	int64_t quiet_ns;
	int no_call;      /* the server is older than this call */
	int brief;        /* to be tried for a short time only, unless a Milvus
			     answered before */
	char reason[512]; /* as the server or the network says it */
};

/*
 * Judge an answer. bare: the whole message is a Status; else its field 1 is.
 * Formats: common.proto Status; codes of Milvus's merr package, and the
 * error_code of servers before 2.3.
 */
void milvus_judge(const struct grpc_result *r, int bare, struct mv_status *s);
/*
 * Check the answer to an Insert, Upsert or Delete of n rows or keys that was
 * judged MV_OK: it becomes MV_FAIL if the counts of the answer, or its
 * err_index, do not agree with n.
 */
void milvus_taken(const struct grpc_result *r, const char *method, size_t n,
    struct mv_status *s);
/* The class of a Status alone. */
enum mv_class milvus_class(int error_code, int code, const char *reason);

/* protobuf-c wants char * also where it only reads. */
static inline char *
mv_str(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { .in = s };

	return u.out;
}

/*
 * When to try again: with growing pauses and jitter, until retry_s have passed.
 */
struct mv_retry {
	int64_t since_ns; /* of the first failure; 0: none yet */
	int64_t doubt_ns; /* since when the failure may be permanent; 0: it is
			     not */
	int64_t at_ns;    /* no earlier than this time */
	unsigned n;
};
/*
 * Plan the next try after s. -1 when the time for retries is over: with
 * ERR_TEMP, or with ERR_DATA if s may be permanent, which is tried for a
 * shorter time. `what` stands in front of the reason.
 */
int milvus_retry(struct milvus *m, struct mv_retry *t,
    const struct mv_status *s, const char *what, struct err *e);
/*
 * The retries of t are over, with success or without. If no other request is
 * being retried, that is reported.
 */
void milvus_settled(struct milvus *m, struct mv_retry *t);
/* Wait until then; other calls go on meanwhile. ERR_STOP on a signal. */
int milvus_pause(struct milvus *m, int64_t at_ns, struct err *e);

/*
 * Make a call and wait for it, with retries; other calls of the channel go on.
 * answer is the type of the message, which the caller frees from *out with
 * protobuf_c_message_free_unpacked; NULL for a bare Status, or if the answer is
 * not needed. Returns 0 if the server did it, 1 if it refused, with *s filled,
 * or -1: ERR_TEMP when the time for retries is over, ERR_STOP on a signal,
 * ERR_DATA if the server is no Milvus.
 */
int milvus_call(struct milvus *m, const char *method,
    const ProtobufCMessage *req, const ProtobufCMessageDescriptor *answer,
    ProtobufCMessage **out, struct mv_status *s, struct err *e);

/*
 * The same for an answer that is too large to be unpacked: *raw gets the bytes
 * of the message. Its field 1 is a Status, which is judged already.
 */
int milvus_call_raw(struct milvus *m, const char *method,
    const ProtobufCMessage *req, struct buf *raw, struct mv_status *s,
    struct err *e);

/* One of several calls, as for milvus_call, with its result. */
struct mv_ask {
	const char *method;
	const ProtobufCMessage *req;
	const ProtobufCMessageDescriptor *answer; /* never a bare Status */
	ProtobufCMessage *out;                    /* the caller's, or NULL */
	struct mv_status s; /* class MV_OK, or why it was refused */
};
/*
 * Send n questions that do not depend on each other at once, and those that
 * must be retried again at once. 0 when each was answered or refused, -1 as
 * milvus_call. Either way every out is set.
 */
int milvus_ask(struct milvus *m, struct mv_ask *v, size_t n, struct err *e);

#endif
