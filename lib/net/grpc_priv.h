#ifndef CDC_NET_GRPC_PRIV_H
#define CDC_NET_GRPC_PRIV_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/grpc.h"

/*
 * Shared by grpc.c (the channel), grpc_call.c (what curl does for a call),
 * grpc_stream.c (a call with many answers) and grpc_wait.c (waiting).
 */

enum {
	GRPC_MAX_FDS = 4,
	FRAME_HEAD = 5, /* compressed flag, length big endian */
	SLACK_MS = 500, /* how much longer than the server we wait */
	LATE_MS = 2000, /* a request may need so long to reach the server */
	MAX_ANSWER = 64 << 20, /* bytes of a message */
};

/* Where the bytes of a stream go; arg is that of its done. */
struct grpc_sink {
	/* The call goes out, the first time or again. */
	void (*begin)(void *arg);
	/* 0 if the bytes can be taken */
	int (*bytes)(void *arg, const char *p, size_t n);
	/* Are those so far whole messages? */
	int (*is_whole)(const void *arg);
};
enum { GRPC_TOO_LONG = 1, GRPC_BROKEN };

struct rpc {
	struct grpc *g;
	CURL *easy;
	struct curl_slist *headers;
	grpc_done *done;
	void *arg;
	/* what goes out */
	uint8_t head[FRAME_HEAD];
	const char *method;
	const struct span *pieces;
	size_t piece, at; /* at: in pieces[piece]; the head goes first */
	size_t head_at, bytes, left; /* left: bytes not yet taken by curl */
	int64_t sent_ns;             /* when curl took the last byte */
	int timeout_ms;              /* 0: none, of a stream */
	/* what comes in */
	const struct grpc_sink *sink; /* NULL: one message, in body */
	struct buf body;
	int too_long;       /* the answer is larger than MAX_ANSWER */
	int broken;         /* bytes that are no messages */
	int status;         /* grpc-status, -1 until it has come */
	struct buf message; /* grpc-message */
	char error[CURL_ERROR_SIZE];
	int prior; /* sent with prior knowledge of HTTP/2, see struct grpc */
	struct rpc *next; /* in the list of idle or of active calls */
};

/*
 * All calls share one connection. With a libcurl before 8.0 each call has its
 * own: 7.88 (Debian 12) sometimes loses the end of an answer when several
 * streams end at once (seen: 38386 of 38650 bytes, no trailers, CURLE_OK). Such
 * a libcurl also cannot reuse a connection that was made with prior knowledge
 * of HTTP/2 (curl issue 10634), unless the second request is sent without it.
 * If that request gets a new connection after all, it goes out as HTTP/1.1,
 * which a gRPC server does not take for a request; then it is sent again with
 * prior knowledge.
 */
struct grpc {
	CURLM *multi;
	char *base; /* URL before the method */
	char *auth; /* header, or NULL */
	char *cacert, *cert, *key;
	int tls;
	int heard;    /* the server has answered with HTTP before */
	int single;   /* a connection for each call */
	size_t links; /* if single: connections made with prior knowledge */
	size_t pending;
	int64_t round_trip_ns; /* the shortest; 0: none yet */
	struct rpc *idle, *active;
	int edges; /* epoll descriptor: a connection became writable; -1: curl
		      waits */
};

/* As grpc_start, for an answer of many messages. */
void grpc_start_stream(struct grpc *g, const struct grpc_sink *sink,
    const char *method, const struct span *piece, int timeout_ms,
    grpc_done *done, void *arg);
/* All its calls and connections are dropped; it can be used again. */
void grpc_renew(struct grpc *g);
/* Let curl do what it can, and end what is over; curl's code. */
CURLMcode grpc_drive(struct grpc *g);

/* Set curl's options for this call, its callbacks among them. */
void grpc_set_options(struct rpc *c);

/* For waiting; each socket is added before it is used. */
void grpc_wait_open(struct grpc *g);
void grpc_wait_close(struct grpc *g);
void grpc_wait_socket(struct grpc *g, int fd);
/* Let curl do what it can; *moved: it sent bytes of a request. */
CURLMcode grpc_step(struct grpc *g, int *moved);
/* As curl_multi_poll, but does not return while nothing can be done. */
CURLMcode grpc_poll(
    struct grpc *g, struct curl_waitfd *w, unsigned nfds, int timeout_ms);

#endif
