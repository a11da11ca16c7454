#ifndef CDC_MILVUS_CLIENT_H
#define CDC_MILVUS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/clock.h"
#include "milvus/status.h"
#include "net/grpc.h"

struct err;
struct milvus; /* a Milvus that we write to, through its public API */

enum {
	MILVUS_RETRY_S = 600,
	MILVUS_TIMEOUT_S = 30,
};

struct milvus_conf {
	struct grpc_conf grpc;
	int retry_s;   /* how long a request may be tried again */
	int timeout_s; /* of one request */
	const char
	    *name; /* of several: put in front of what is said, or NULL */
};

struct milvus *milvus_open(const struct milvus_conf *conf, struct err *e);
void milvus_close(struct milvus *m);
struct grpc *milvus_grpc(struct milvus *m);
int milvus_timeout_ms(const struct milvus *m);

/* What an answer's Status, or the lack of one, asks us to do. */
enum mv_class {
	MV_OK,
	MV_ABSENT,    /* what the request names is not there */
	MV_RETRY,     /* again, soon */
	MV_SLOW,      /* again, later: memory, disk, quota */
	MV_TOO_LARGE, /* the request, for the server's limit */
	MV_ODD,       /* no code says why: a part of it may be restarting */
	MV_FAIL,      /* again would not help */
};
struct mv_status {
	enum mv_class class;
	int code;         /* merr code, or 0 */
	int sent;         /* 0 if the server cannot have had the request */
	int64_t quiet_ns; /* not again before this time of clock_ns() */
	int brief; /* worth a few tries, unless a Milvus was there before */
	char reason[512]; /* the server's, or the network's */
};

/*
 * Judge an answer. bare: the message is a Status; else its field 1 is one.
 * formats: common.proto Status; codes of milvus's merr package, and the
 * error_code of servers before 2.3.
 */
void milvus_judge(const struct grpc_result *r, int bare, struct mv_status *s);
/*
 * Of an Insert, Upsert or Delete of n rows or keys that was answered MV_OK:
 * MV_FAIL if the counts of the answer, or its err_index, are others.
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

/* When to try again: grows, with jitter, until retry_s have passed. */
struct mv_retry {
	int64_t since_ns; /* of the first failure; 0: none yet */
	int64_t doubt_ns; /* since when that may be for good; 0: it is not */
	int64_t at_ns;    /* not before */
	unsigned n;
};
/*
 * Plan the next try after s. -1 if the time for it is over: with ERR_TEMP, or
 * ERR_DATA where s may be for good, which is tried for less time. what is said
 * in front of the reason.
 */
int milvus_retry(struct milvus *m, struct mv_retry *t,
    const struct mv_status *s, const char *what, struct err *e);
/*
 * What t was tried again for is over, whatever came of it. When nothing else
 * is tried again either, that is said.
 */
void milvus_settled(struct milvus *m, struct mv_retry *t);
/* Wait until then, while other calls go on. ERR_STOP on a signal. */
int milvus_pause(struct milvus *m, int64_t at_ns, struct err *e);

/*
 * One call, waited for, with retries. Other calls of the channel go on.
 * answer: what the message is, and *out is then the caller's to free, with
 * protobuf_c_message_free_unpacked; NULL for a bare Status or if it does not
 * matter. Returns 0 if the server did it, 1 if it refused, with *s filled, or
 * -1: ERR_TEMP when the time for retries is over, ERR_STOP on a signal,
 * ERR_DATA when what is there is no Milvus.
 */
int milvus_call(struct milvus *m, const char *method,
    const ProtobufCMessage *req, const ProtobufCMessageDescriptor *answer,
    ProtobufCMessage **out, struct mv_status *s, struct err *e);

/*
 * The same for an answer that is too large to be unpacked: its message goes
 * to *raw as it is. Field 1 is a Status, already judged.
 */
int milvus_call_raw(struct milvus *m, const char *method,
    const ProtobufCMessage *req, struct buf *raw, struct mv_status *s,
    struct err *e);

/* One of several calls: as milvus_call takes it, and what came of it. */
struct mv_ask {
	const char *method;
	const ProtobufCMessage *req;
	const ProtobufCMessageDescriptor *answer; /* never a bare Status */
	ProtobufCMessage *out;                    /* the caller's, or NULL */
	struct mv_status s; /* class MV_OK, or why it was refused */
};
/*
 * n questions that do not need each other's answers, on their way together,
 * and again together those that have to: 0 when each was answered or refused,
 * -1 as milvus_call. Either way each out is set.
 */
int milvus_ask(struct milvus *m, struct mv_ask *v, size_t n, struct err *e);

#endif
