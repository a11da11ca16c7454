#ifndef CDC_WEB_PRIV_H
#define CDC_WEB_PRIV_H

#include <pthread.h>
#include <stdint.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include "web/server.h"

/*
 * Shared by the files of this folder.
 *
 * There are three kinds of threads. libmicrohttpd's own thread has all sockets
 * and must never wait. Workers call the handler while the connection is
 * suspended. The thread that called web_run watches the clock. They share
 * struct web, under its mutex, which is never held during a call of
 * libmicrohttpd.
 */

/* listen.c: the socket. */
struct listener {
	int fd;
	int local;         /* only this machine can reach it */
	int file;          /* it is a Unix socket, which no browser can reach */
	char address[160]; /* in the form of web_conf's listen */
	char host[128];    /* the address in it, without brackets */
	char *path;        /* to be removed, or NULL */
};
/* ERR_USAGE if the address is invalid, ERR_TEMP if it is in use. */
int listener_open(struct listener *l, const char *where, struct err *e);
void listener_close(struct listener *l); /* and removes its file */
/* 1 if host is an address or a name of this machine's loopback. */
int listener_loopback(const char *host);

/* access.c: who may ask. */
struct access {
	char *write_token, *read_token; /* NULL: no token is needed */
	const char *const *hosts, *const *origins, *const *open;
	const char *own_host; /* that of the listener */
	int file;             /* it is a Unix socket */
	int anyone;           /* without a token every client may write */
};
/* Headers of a request; each may be NULL. */
struct asker {
	const char *authorization, *host, *origin;
};
int access_open(struct access *w, const struct web_conf *conf,
    const struct listener *at, struct err *e);
void access_close(struct access *w);
/* 0, or 401 or 403 with *e set; *may_write as in web_req. */
int access_check(const struct access *w, const struct asker *q, int *may_write,
    struct err *e);

/* request_target.c: the target in a request's first line. */
/*
 * Split a request target; the caller frees *path. ERR_DATA if it is not a path,
 * or has bytes that are invalid.
 */
int target_parse(
    const char *raw, char **path, struct kvs *query, struct err *e);
/* 1 if the query has WEB_QUERY_MAX parts at most. */
int target_fits(const char *raw);
/* For the log: without the query, and in ASCII only. */
void target_show(const char *raw, char *out, size_t cap);
/* 1 if id is [A-Za-z0-9._-]{1,64}. */
int target_id(const char *id);

enum { WEB_ID = 64 + 1, WEB_MORE = 16 << 10, WEB_MORE_MS = 250 };

struct exchange;

/* head.c: the checks of a request before its body. */
struct head {
	const char *url, *method, *version;
	char why[256]; /* why a check failed */
};
/* 0 with k's path and request filled in, except the body; or an HTTP status. */
int head_check(struct exchange *k, struct head *h);
const char *head_value(
    const struct exchange *k, const char *name); /* or NULL */

/* connection.c: the phase of a connection, and how long it may last. */
enum phase {
	LINK_FRESH,  /* nothing has come yet, or half a first line */
	LINK_IDLE,   /* between two requests */
	LINK_COMING, /* a part of a request has come */
	LINK_WORK,   /* the handler has the request */
	LINK_SENDING,
	LINK_STREAM, /* the answer has no end */
	LINK_CUT,    /* given up; libmicrohttpd will close it */
};
struct link {
	TAILQ_ENTRY(link) next;
	int fd;
	enum phase phase;
	int64_t deadline;  /* milliseconds, 0: none */
	uint64_t received; /* how many bytes, when it became idle */
	int late; /* the HTTP status if the rest of the request does not come */
	const char *path;     /* the form of that answer: "/cdc" or "" */
	int cuts;             /* how often it was given up */
	struct exchange *now; /* the current request, or NULL */
};

/* A request on its way through the server. */
enum step { STEP_NEW, STEP_BODY, STEP_WORK, STEP_DONE, STEP_STREAM };
struct exchange {
	TAILQ_ENTRY(exchange) next; /* in a queue */
	struct web *web;
	struct link *link;
	struct MHD_Connection *conn;
	enum step step;
	int64_t begun;
	char *raw; /* the target as it came */
	char *path;
	char id[WEB_ID];
	struct web_req req;
	struct web_res res;
	struct buf body;
	size_t held; /* bytes reserved of the memory for bodies */
	enum web_room room;
	int refused; /* res is the refusal; the body is read and dropped */
	int stream;  /* counted as a stream */
	/* of an answer without an end: bytes that are not sent yet */
	char *chunk;
	size_t at, len;
	int ended;
	int64_t wake; /* when to call `more` again */
};
TAILQ_HEAD(exchanges, exchange);

struct web {
	const struct web_conf *conf;
	struct access who;
	struct listener at;
	struct MHD_Daemon *mhd;
	size_t links_max;

	pthread_mutex_t mu; /* guards all members below, and the links */
	TAILQ_HEAD(links, link) links; /* the oldest first */
	size_t nlinks;
	size_t requests[WEB_ROOMS], streams, bodies; /* counts, and bytes */
	int stopping;
	int stuck; /* a connection that was given up does not close */

	/* workers.c */
	pthread_cond_t work;
	struct exchanges queue; /* requests that wait for a worker */
	/* streams that had nothing to send, by time */
	struct exchanges waiting;
	size_t queued, idle, nthreads;
	pthread_t threads[WEB_REQUESTS_MAX * WEB_ROOMS];
	int quit;
};

struct link *link_open(struct web *w, int fd);
void link_close(struct web *w, struct link *l);
/* -1 if the connection has been given up. */
int link_phase(struct web *w, struct link *l, enum phase phase);
/* Set the answer for the case that the rest of the request does not come. */
void link_late(struct web *w, struct link *l, int status, const char *path);
/* Send this answer at once, and give the connection up. */
void link_refuse(struct web *w, struct link *l, int status);
/*
 * Give up connections whose phase lasts too long; when stopping, idle ones too.
 */
void link_sweep(struct web *w);

/* callbacks.c: libmicrohttpd's callbacks. */
struct MHD_Daemon *web_listen(struct web *w);

/* workers.c: the threads that call the handler. */
int pool_open(struct web *w, struct err *e);
void pool_close(struct web *w);
/*
 * Reserve a place for one more such request; if it returns 0, pool_put must
 * follow.
 */
int pool_reserve(struct web *w, enum web_room room);
void pool_put(
    struct web *w, struct exchange *k); /* its connection is suspended */
/* call `more` again for streams that had nothing to send */
void pool_sweep(struct web *w);

#endif
