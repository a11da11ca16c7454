#ifndef CDC_NET_GRPC_H
#define CDC_NET_GRPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

struct err;
struct grpc; /* a channel: one HTTP/2 connection, many calls; one thread */

struct grpc_conf {
	const char *uri;                 /* http://host:port or https:// */
	const char *cacert, *cert, *key; /* files, or NULL */
	const char *token;               /* user:password, or NULL */
	const char *authorization; /* instead: that header as it is sent */
	const char *service;       /* "/package.Service/"; NULL: Milvus's */
};

/* NULL with *e set (ERR_USAGE): no such URI, files that cannot be read. */
struct grpc *grpc_open(const struct grpc_conf *conf, struct err *e);
/* Calls that are out are dropped: their done is not called. */
void grpc_close(struct grpc *g);

/* How a call ended. */
enum grpc_end {
	GRPC_ANSWER,   /* an answer, with status 0 */
	GRPC_STATUS,   /* another status, sent by the server */
	GRPC_NOT_SENT, /* the server cannot have received the whole request */
	GRPC_UNKNOWN, /* sent, and no answer: it may or may not have happened */
	GRPC_REFUSED, /* the peer is no gRPC server */
};

struct grpc_result {
	enum grpc_end end;
	int status; /* grpc-status */
	long http;  /* HTTP status, if there was no grpc-status */
	int trust;  /* GRPC_REFUSED because of a certificate, ours or the
		       server's */
	const uint8_t *ptr; /* the answer's message, borrowed */
	size_t len;
	const char *text; /* grpc-message or what curl says, borrowed */
	int64_t quiet_ns; /* if the server may still work on the request: the
			     time of clock_ns() at which its deadline has passed
			     and it is certainly over */
};

typedef void grpc_done(void *arg, const struct grpc_result *r);

/*
 * Start a unary call of MilvusService. The pieces, one after the other, are the
 * request's message; they are borrowed until done is called, which happens
 * inside grpc_wait. timeout_ms is sent as grpc-timeout, and also limits the
 * wait here.
 */
void grpc_start(struct grpc *g, const char *method, const struct span *pieces,
    size_t npieces, int timeout_ms, grpc_done *done, void *arg);

/* The number of calls that were started and are not done. */
size_t grpc_pending(const struct grpc *g);

/* The shortest time from a request's last byte to its answer; 0: none yet. */
int64_t grpc_round_trip_ns(const struct grpc *g);

/* A descriptor to wait for as well; grpc_wait sets ready. */
struct grpc_fd {
	int fd;
	int ready;
};

/*
 * Drive the calls, for timeout_ms at most (0: without waiting), until something
 * has happened. -1 with ERR_TEMP if curl itself fails.
 */
int grpc_wait(struct grpc *g, struct grpc_fd *fds, size_t nfds, int timeout_ms,
    struct err *e);

#endif
