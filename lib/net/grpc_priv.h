#ifndef CDC_NET_GRPC_PRIV_H
#define CDC_NET_GRPC_PRIV_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/grpc.h"

/*
 * Between grpc.c, the channel, grpc_call.c, what curl does for a call, and
 * grpc_wait.c, what is waited for.
 */

enum {
	GRPC_MAX_FDS = 4,
	FRAME_HEAD = 5, /* compressed flag, length big endian */
	SLACK_MS = 500, /* what we wait longer than the server does */
	LATE_MS = 2000, /* what a request may need to get to the server */
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
	size_t piece, at;            /* at: in pieces[piece]; head first */
	size_t head_at, bytes, left; /* left: not yet taken by curl */
	int64_t sent_ns;             /* when curl took the last byte */
	int timeout_ms;
	/* what comes in */
	struct buf body;
	int too_long;       /* the answer, for us */
	int status;         /* grpc-status, -1 as long as there is none */
	struct buf message; /* grpc-message */
	char error[CURL_ERROR_SIZE];
	int prior;        /* makes the connection, see struct grpc */
	struct rpc *next; /* of those that are idle, or active */
};

/*
 * A window of calls is out on one connection, or, with a libcurl before 8.0,
 * on one each: 7.88, Debian 12's, loses the end of an answer now and then
 * when several streams end at once (seen: 38386 of 38650 bytes, no trailers,
 * CURLE_OK). That one also cannot use a connection again that was made with
 * prior knowledge of HTTP/2 (curl issue 10634), unless the second request
 * does not say so. Should such a request get a new connection after all, it
 * went out as HTTP/1.1, which no gRPC server takes for a request, and it is
 * sent again with prior knowledge.
 */
struct grpc {
	CURLM *multi;
	char *base; /* URL before the method */
	char *auth; /* header, or NULL */
	char *cacert, *cert, *key;
	int tls;
	int heard;    /* somebody here has answered with HTTP */
	int single;   /* one call for a connection */
	size_t links; /* connections made with prior knowledge, then */
	size_t pending;
	int64_t round_trip_ns; /* the shortest; 0: none yet */
	struct rpc *idle, *active;
	int edges; /* epoll: a connection became writable; -1: curl waits */
};

/* All that curl is to know of this call, and where it is to call back. */
void grpc_set_options(struct rpc *c);

/* What waiting needs; a connection's socket is told before it is used. */
void grpc_wait_open(struct grpc *g);
void grpc_wait_close(struct grpc *g);
void grpc_wait_socket(struct grpc *g, int fd);
/* Let curl do what it can do; *moved: bytes of a request were sent. */
CURLMcode grpc_step(struct grpc *g, int *moved);
/* curl_multi_poll, but for nothing that does not help. */
CURLMcode grpc_poll(
    struct grpc *g, struct curl_waitfd *w, unsigned nfds, int timeout_ms);

#endif
