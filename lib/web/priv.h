#ifndef CDC_WEB_PRIV_H
#define CDC_WEB_PRIV_H

#include <pthread.h>
#include <stdint.h>
#include <sys/queue.h>

#include <microhttpd.h>

#include "web/server.h"

/*
 * Between the parts of the server.
 *
 * Three kinds of threads: libmicrohttpd's one has all sockets and must never
 * wait; workers call the handler while the connection is suspended; the one
 * that called web_run looks at the clock. What they share stands in struct
 * web, under its mutex. No call of libmicrohttpd is made with that held.
 */

/* weblisten: the socket. */
struct listener {
	int fd;
	int local;         /* nobody but this machine can reach it */
	int file;          /* a Unix socket: no browser can */
	char address[160]; /* as web_conf's listen */
	char host[128];    /* the address in it, without brackets */
	char *path;        /* to be removed, or NULL */
};
/* ERR_USAGE if it cannot be, ERR_TEMP if it is taken. */
int listener_open(struct listener *l, const char *where, struct err *e);
void listener_close(struct listener *l); /* and removes its file */
/* Is this a numeric address or a name of this machine's loopback? */
int listener_loopback(const char *host);

/* webwho: who may ask. */
struct access {
	char *write_token, *read_token; /* NULL: none is needed */
	const char *const *hosts, *const *origins, *const *open;
	const char *own_host; /* that of the listener */
	int file;             /* it is a Unix socket */
	int anyone;           /* without a token all may write */
};
/* What a request says of itself; each may be NULL. */
struct asker {
	const char *authorization, *host, *origin;
};
int access_open(struct access *w, const struct web_conf *conf,
    const struct listener *at, struct err *e);
void access_close(struct access *w);
/* 0, or 401 or 403 with *why; *may_write as in web_req. */
int access_check(const struct access *w, const struct asker *q, int *may_write,
    const char **why);

/* webtarget: what stands in a request's first line. */
/*
 * Take a request target apart: *path is the caller's to free. ERR_DATA for
 * what is not a path, and for bytes that nobody can mean.
 */
int target_parse(
    const char *raw, char **path, struct kvs *query, struct err *e);
/* Are there at most WEB_QUERY_MAX parts in the query? */
int target_fits(const char *raw);
/* For the log: without the query, and nothing in it that is not ASCII. */
void target_show(const char *raw, char *out, size_t cap);
/* Is it [A-Za-z0-9._-]{1,64}? */
int target_id(const char *id);

enum { WEB_ID = 64 + 1, WEB_MORE = 16 << 10, WEB_MORE_MS = 250 };

struct exchange;

/* webhead: is this request one that is taken? */
struct head {
	const char *url, *method, *version;
	char why[256]; /* a check that fails says why */
};
/* 0 with k's path and request filled in, all but the body; or a status. */
int head_check(struct exchange *k, struct head *h);
const char *head_value(
    const struct exchange *k, const char *name); /* or NULL */

/* weblink: a connection, and how long what it does may last. */
enum phase {
	LINK_FRESH,  /* nothing has come yet, or half a line */
	LINK_IDLE,   /* between two requests */
	LINK_COMING, /* a request is half there */
	LINK_WORK,   /* it is with the handler */
	LINK_SENDING,
	LINK_STREAM, /* the answer has no end */
	LINK_CUT,    /* we have given it up; libmicrohttpd will close it */
};
struct link {
	TAILQ_ENTRY(link) next;
	int fd;
	enum phase phase;
	int64_t deadline;     /* milliseconds, 0: none */
	uint64_t received;    /* bytes, when it became idle */
	int late;             /* what to say when the request does not come */
	const char *path;     /* to whom: "/cdc" or "" */
	int cuts;             /* how often it was given up */
	struct exchange *now; /* what it is at, or NULL */
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
	size_t held; /* of the server's room for bodies */
	enum web_room room;
	int refused; /* res says why; the body is only swallowed */
	int stream;  /* is counted */
	/* an answer without an end: what was made and not yet sent */
	char *chunk;
	size_t at, len;
	int ended;
	int64_t wake; /* when to ask it again */
};
TAILQ_HEAD(exchanges, exchange);

struct web {
	const struct web_conf *conf;
	struct access who;
	struct listener at;
	struct MHD_Daemon *mhd;
	size_t links_max;

	pthread_mutex_t mu; /* guards all that follows, and the links */
	TAILQ_HEAD(links, link) links; /* the oldest first */
	size_t nlinks;
	size_t requests[WEB_ROOMS], streams, bodies; /* counts, and bytes */
	int stopping;
	int stuck; /* what was given up is not closed */

	/* webpool */
	pthread_cond_t work;
	struct exchanges queue;   /* for a worker */
	struct exchanges waiting; /* streams that had nothing, by time */
	size_t queued, idle, nthreads;
	pthread_t threads[WEB_REQUESTS_MAX * WEB_ROOMS];
	int quit;
};

struct link *link_open(struct web *w, int fd);
void link_close(struct web *w, struct link *l);
/* -1 if it has been given up. */
int link_phase(struct web *w, struct link *l, enum phase phase);
/* If the rest of this request does not come: what is said then. */
void link_late(struct web *w, struct link *l, int status, const char *path);
/* Say this at once, and give it up. */
void link_refuse(struct web *w, struct link *l, int status);
/* Give up what lasts too long; when stopping, what is idle too. */
void link_sweep(struct web *w);

/* webcall: libmicrohttpd's callbacks. */
struct MHD_Daemon *web_listen(struct web *w);

/* webpool: the workers. */
int pool_open(struct web *w, struct err *e);
void pool_close(struct web *w);
/* Room for one more such request? pool_put must follow if it is 0. */
int pool_reserve(struct web *w, enum web_room room);
void pool_put(
    struct web *w, struct exchange *k); /* its connection is suspended */
void pool_sweep(struct web *w); /* ask those again that had nothing to send */

#endif
