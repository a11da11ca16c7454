#ifndef CDC_WEB_SERVER_H
#define CDC_WEB_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "codec/kv.h"

struct err;

/*
 * HTTP requests and answers without their sockets, and the server that has the
 * sockets (libmicrohttpd). The handler knows what a request means; the server
 * decides who may ask, how much and how long.
 */

/*
 * A whole request. Everything is borrowed and valid until the handler returns.
 */
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
	int no_token;   /* the server has no token: all clients are alike */
	int fd;         /* the connection's descriptor, for web_left; 0: none */
};
/*
 * 1 if the client has closed the connection. A client that has only ended its
 * sending is still there.
 */
int web_left(const struct web_req *q);

/* The answer: the handler fills it, the server sends and frees it. */
struct web_res {
	int status;       /* 200 if 0 */
	const char *type; /* static; "application/json" if NULL */
	struct buf body;
	struct kvs headers; /* "Location", "ETag", "Allow", … */
	char what[32];      /* for the log: the type of a request, or "" */
	char task[129];     /* for the log: the task of the request, or "" */
	int code;           /* for the log: the code in the body, or 0 */
	/*
	 * A body without an end, instead of `body`: writes at most cap bytes to
	 * p and returns how many; 0: none yet, to be called again soon; -1: the
	 * end. Called by one thread at a time; more_free is called once at the
	 * end.
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

/* May block; several threads call it at once. */
typedef void web_handler(void *arg, const struct web_req *q, struct web_res *r);

/*
 * How long a request may take, known before it is handled. Each kind has places
 * of its own, so that requests which wait for other servers do not use up the
 * places of the others.
 */
enum web_room {
	WEB_QUICK, /* asks no other server */
	WEB_SHORT, /* asks a server, for a second or two */
	WEB_LONG,  /* waits for other servers */
	WEB_ROOMS
};

struct web_conf {
	const char *listen; /* HOST:PORT, unix:PATH, or "fd:N" */
	/*
	 * The token for writing; NULL: no client may write, but see `anyone`.
	 */
	const char *token_file;
	const char *read_token_file; /* the token for reading only, or NULL */
	/*
	 * Names that a Host header may have besides loopback's and that of
	 * `listen`, and origins of pages besides this server's; NULL at the
	 * end.
	 */
	const char **hosts, **origins;
	/* Paths served without a token, NULL at the end; or NULL. */
	const char *const *open;
	int insecure; /* allow addresses other than loopback without a token */
	/*
	 * Without a token file every client may write. A Unix socket that is
	 * made here, for its owner alone, implies this.
	 */
	int anyone;
	web_handler *handler;
	/* Must not wait. NULL: all requests are WEB_LONG. */
	enum web_room (*room)(const struct web_req *q);
	/*
	 * ready is called once when requests are accepted, with the address in
	 * the form of `listen`; if it fails, nothing is served. The other is
	 * called once when requests are not accepted any more. Each may be
	 * NULL.
	 */
	int (*ready)(void *arg, const char *address, struct err *e);
	void (*stopping)(void *arg);
	void (*tick)(void *arg); /* once a second, while the server works */
	void *arg;               /* first argument of the functions above */
};

enum {
	WEB_BODY_MAX = 1 << 20,    /* bytes, then 413 */
	WEB_SMALL = 16 << 10,      /* a body up to this size always fits */
	WEB_BODIES_MAX = 64 << 20, /* bytes of all larger bodies, then 503 */
	WEB_HEADER_MAX = 32 << 10, /* bytes, then 431 */
	WEB_QUERY_MAX = 64,        /* keys and values, then 414 */
	WEB_REQUESTS_MAX = 64,     /* of one kind at once, then 503 */
	WEB_STREAMS_MAX = 64,      /* answers without an end, then 503 */
	/* connections; then the oldest idle one is closed */
	WEB_LINKS_MAX = 4096,
	WEB_REQUEST_S = 10, /* for a whole request to come, then 408 */
	WEB_IDLE_S = 60,    /* between requests, and for an answer */
	WEB_STOP_S = 20,    /* for open requests after a signal */
};

/*
 * Serve until a signal: then no new connections, what is open is answered, and
 * -1 with ERR_STOP. ERR_USAGE for an address that is invalid or needs a token
 * file, and for a token file that others can read; ERR_TEMP if the address is
 * taken. sig_init must have been called.
 *
 * /healthz is served without a check of token, Host or Origin.
 */
int web_run(const struct web_conf *conf, struct err *e);

#endif
