#ifndef CDC_NET_GRPC_PRIV_H
#define CDC_NET_GRPC_PRIV_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/grpc.h"

/*
 * Shared by grpc.c (the channel), grpc_call.c (what curl does for a call) and
 * grpc_wait.c (waiting).
 */

enum {
	GRPC_MAX_FDS = 4,
	FRAME_HEAD = 5, /* compressed flag, length big endian */
	SLACK_MS = 500, /* how much longer than the server we wait */
	LATE_MS = 2000, /* a request may need so long to reach the server */
};

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
	int timeout_ms;
	/* what comes in */
	struct buf body;
	int too_long;       /* the answer is larger than MAX_ANSWER */
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
