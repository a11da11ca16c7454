#ifndef CDC_WEB_SERVER_H
#define CDC_WEB_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "codec/kv.h"

struct err;

/*
 * HTTP requests and answers without their sockets, and the server that has
 * the sockets (libmicrohttpd). What a request means is the handler's; who may
 * ask, how much and how long is decided here.
 */

/* A whole request. All is borrowed and valid until the handler returns. */
struct web_req {
	const char *method; /* "GET", also for HEAD */
	/*
	 * Decoded, without the query: "/tasks/dr". It is UTF-8, without control
	 * characters and encoded slashes; "." and ".." are as they came.
	 */
	const char *path;
	struct kvs query; /* decoded; a key twice: the last */
	const char *type; /* Content-Type, or NULL */
	const char *if_match;
	const char *body; /* "" if there is none; a NUL stands behind it */
	size_t body_len;
	const char *id; /* X-Request-Id: the client's, or made */
	int may_write;  /* its token allows changes, or none is needed */
	int no_token;   /* the server has none: all are served alike */
	int fd;         /* of its connection, for web_left; 0: it has none */
};
/* Has the client left? One that only says no more has not. */
int web_left(const struct web_req *q);

/* The answer; the handler fills it, the server sends it and frees it. */
struct web_res {
	int status;       /* 200 if 0 */
	const char *type; /* static; "application/json" if NULL */
	struct buf body;
	struct kvs headers; /* "Location", "ETag", "Allow", … */
	char what[32];      /* for the log: the type of a request, or "" */
	char task[129];     /* for the log: whom it was about, or "" */
	int code;           /* for the log: what a body says, or 0 */
	/*
	 * A body without an end instead of `body`: at most cap bytes to p and
	 * how many, 0: none yet, asked again soon; -1: that was all. It is
	 * called from one thread at a time, and more_free once at the end.
	 */
	ssize_t (*more)(void *arg, char *p, size_t cap);
	void (*more_free)(void *arg);
	void *more_arg;
};
void web_res_fini(struct web_res *r);

/*
 * Make r say that it failed, in the form for this path: for /cdc
 * {"code":N,"message":"…"}, else application/problem+json (RFC 9457) with
 * type, title, status, detail, code and message.
 */
void web_fail(struct web_res *r, const char *path, int status, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* May block; several are called at once, in threads. */
typedef void web_handler(void *arg, const struct web_req *q, struct web_res *r);

/*
 * How long a request may take, before it is handled: each kind has room of its
 * own, so that those who wait for others' servers take none from the rest.
 */
enum web_room {
	WEB_QUICK, /* asks nobody */
	WEB_SHORT, /* asks somebody, for a second or two */
	WEB_LONG,  /* waits for others */
	WEB_ROOMS
};

struct web_conf {
	const char *listen; /* HOST:PORT, unix:PATH, or "fd:N" */
	/* Who may write; NULL: nobody, but see `anyone`. */
	const char *token_file;
	const char *read_token_file; /* who may only read, or NULL: nobody */
	/*
	 * Names by which we may be asked besides loopback's and that of
	 * `listen`, and origins of pages besides our own; NULL at the end.
	 */
	const char **hosts, **origins;
	/* What is served without a token, or NULL; NULL at the end. */
	const char *const *open;
	int insecure; /* other addresses than loopback without a token */
	/*
	 * Without a token file everybody who is served may write. It is so
	 * with a Unix socket that is made here, for its owner alone.
	 */
	int anyone;
	web_handler *handler;
	/* Must not wait. NULL: all are WEB_LONG. */
	enum web_room (*room)(const struct web_req *q);
	/*
	 * Called once when requests are taken, with the address in the form of
	 * `listen`, and once when no more are; each may be NULL. ready can
	 * fail, and nothing is served then.
	 */
	int (*ready)(void *arg, const char *address, struct err *e);
	void (*stopping)(void *arg);
	void (*tick)(void *arg); /* once a second, while all goes on */
	void *arg;               /* of all these */
};

enum {
	WEB_BODY_MAX = 1 << 20,    /* bytes, then 413 */
	WEB_SMALL = 16 << 10,      /* a body that always finds room */
	WEB_BODIES_MAX = 64 << 20, /* bytes of all greater ones, then 503 */
	WEB_HEADER_MAX = 32 << 10, /* bytes, then 431 */
	WEB_QUERY_MAX = 64,        /* keys and values, then 414 */
	WEB_REQUESTS_MAX = 64,     /* of a room at work at once, then 503 */
	WEB_STREAMS_MAX = 64,      /* answers without an end, then 503 */
	WEB_LINKS_MAX = 4096, /* connections; then the oldest idle one goes */
	WEB_REQUEST_S = 10,   /* for a request to come whole, then 408 */
	WEB_IDLE_S = 60,      /* between requests, and for an answer */
	WEB_STOP_S = 20,      /* for what is open when a signal came */
};

/*
 * Serve until a signal: then no new connections, what is open is answered,
 * and -1 with ERR_STOP. ERR_USAGE for an address that needs a token file or
 * cannot be, and for a token file that others can read; ERR_TEMP if the
 * address is taken. sig_init must have been called.
 *
 * /healthz is free: neither token nor Host nor Origin are asked for.
 */
int web_run(const struct web_conf *conf, struct err *e);

#endif
