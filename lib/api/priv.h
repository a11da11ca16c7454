#ifndef CDC_API_PRIV_H
#define CDC_API_PRIV_H

#include <jansson.h>

#include "api/api.h"
#include "base/err.h"
#include "web/server.h"

struct task_status;
struct task_wish;

/* What the files of the API share. */

enum {
	API_DEPTH = 32,      /* levels of a body */
	API_COLLS = 1000,    /* collections of a task */
	API_WARNINGS = 32,   /* told of one request */
	API_STOP_MS = 15000, /* how long a pause may take */
	API_ASK_MS = 1500,   /* of Kafka, for the lag: an answer takes 2 s */
	API_SHOWN = 64,      /* bytes of a text that are quoted */
};

/* One request at work. */
struct call {
	struct api *api;
	const struct web_req *q;
	struct web_res *r;
	json_t *data;     /* what is answered */
	json_t *warnings; /* strings */
	char name[129];   /* of the path, "" if it has none */
	int code;         /* why it failed, 0: by e.kind */
	int plain;        /* the same for the plain API, 0: as code */
	struct err e;
};

/* call_fail(c, code, "…", …): fail with a code and a message. Returns -1. */
#define call_fail(...) err_failed(call_fill(__VA_ARGS__))
struct err *call_fill(struct call *c, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void call_warn(struct call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The request would change something, and may not. Returns -1. */
int call_only_reads(struct call *c);
/* The code of a call that failed. */
int call_code(const struct call *c);

/* ---- JSON ---- */

/* Jansson wants json_t * also where it only reads. */
static inline json_t *
api_any(const json_t *v)
{
	union {
		const json_t *in;
		json_t *out;
	} u = { .in = v };

	return u.out;
}

/*
 * A body: one JSON value, keys once, API_DEPTH levels at most. NULL with the
 * message of the decoder.
 */
json_t *api_parse(const char *p, size_t n, struct err *e);
/* One line, with < > & escaped as Go does it, and LF. */
void api_put(struct buf *b, const json_t *j);
/* Text that need not be UTF-8; then '?' stands for what is not. */
json_t *api_text(const char *s);
/* The first API_SHOWN bytes of s, whole characters, in out. */
const char *api_cut(const char *s, char out[static API_SHOWN + 1]);
json_t *api_i64s(int64_t v);  /* "5" */
json_t *api_u64s(uint64_t v); /* "5" */

/* ---- fields: tables of what a request may have ---- */

enum api_type {
	API_STR,
	API_INT,
	API_BOOL,
	API_ANY,
	API_OBJ,
	API_LIST,
	API_MAP,
};
enum api_verdict {
	API_H, /* honoured */
	API_W, /* ignored, and said so in warnings: why */
	API_R, /* refused: why */
	API_S, /* honoured, a secret: never shown */
};

struct order;
struct api_field {
	const char *name;
	enum api_type type;
	enum api_verdict verdict;
	/* Of an object: its fields; of a list or a map: its elements. */
	const struct api_field *sub;
	/* Put it into the order; v is NULL if it is not there. Or NULL: its
	 * object does it. */
	int (*take)(struct order *o, const json_t *v);
	const char *why;
};

/*
 * A copy of v with the fields of the table f alone under their own names,
 * integers as integers, null left out. What is not in it becomes a warning.
 * NULL, and the call has failed, if a type is wrong.
 */
json_t *api_clean(struct call *c, const struct api_field *f, const json_t *v);
/* All fields, with zeros for those that v lacks; no secrets. */
json_t *api_whole(const struct api_field *f, const json_t *v);
/* Without secrets, in place. */
void api_without_secrets(const struct api_field *f, json_t *v);
/* Put all into the order, in the table's order. */
int api_take(struct order *o, const struct api_field *f, const json_t *v);
/* Is it nothing: absent, "", 0, false, or empty? */
int api_zero(const json_t *v);
/* The body: an object with these fields, or any if fields is NULL. */
int api_object(struct call *c, const struct api_field *fields, json_t **out);
/* What the query says of a key: 0 or 1, a number from 1 to max. */
int api_flag(struct call *c, const char *key, int *v);
int api_number(
    struct call *c, const char *key, int64_t fallback, int64_t max, int64_t *v);
/* A text of an object, "" if absent. */
const char *api_str(const json_t *j, const char *key);

/* ---- create ---- */

/* What a create comes to. */
struct order {
	struct call *c;
	const char *key; /* under which the task keeps it */
	json_t *all;     /* the request, clean */
	json_t *options; /* of the task */
	json_t *own;     /* what they are if nothing is asked */
	json_t *from;    /* a WHERE or a position */
	char *token;     /* of the target, or NULL */
	char id[129];
	int wait_s; /* for the connection */
	int paused;
};
extern const struct api_field create_fields[];
extern const struct api_field target_fields[];
extern const struct api_field kafka_fields[];
extern const struct api_field coll_fields[];
extern const struct api_field mapping_fields[];
extern const struct api_field rpc_fields[];
extern const struct api_field db_element;
extern const struct api_field coll_element;
extern const struct api_field mapping_element;
int order_target(struct order *o, const json_t *v);
int order_kafka(struct order *o, const json_t *v);
int order_collections(struct order *o, const json_t *v);
int order_mapping(struct order *o, const json_t *v);
int order_rpc(struct order *o, const json_t *v);
/* Set an option of the task; -1, and the call has failed. */
int order_option(struct order *o, const char *name, const char *value);
/* The target: [http[s]://]host[:port][/]. */
int order_uri(struct order *o, const char *uri);
/* May a request set this option of the source? -1, and the call has failed. */
int order_source(struct order *o, const char *name, const char *value);
/* May it name this target, and with which login; the target is known. */
int order_login(struct order *o);
/* May o's task stand beside another one? A task_order's function. */
int order_beside(void *arg, json_t *task, const json_t *other, struct err *e);

/*
 * Make a task of request_data, or of a definition. 1 if it is new, 0 if an
 * equal one is there, -1. The id is in c->name afterwards. dry: only check.
 */
int api_create(struct call *c, const json_t *data, int dry);
/* The same of a definition: name, from, options. */
int api_define(struct call *c, const json_t *data, int dry);
/* Rows of tables that both have: a task's name, whether it shall not run. */
int order_id(struct order *o, const json_t *v);
int order_paused(struct order *o, const json_t *v);
int order_token(struct order *o, const json_t *v);
int order_make(
    struct order *o, const struct api_field *f, const json_t *data, int dry);

/* ---- tasks ---- */

/*
 * TASK; ask_ms as task_status_get. strings: 64-bit integers, and more keys.
 * NULL if it has gone meanwhile.
 */
json_t *api_task(struct call *c, const char *name, int ask_ms, int strings);
/* The same of one that was looked at. */
json_t *api_seen(struct call *c, const struct task_status *s, int strings);
/* Has it been deleted while we looked? */
int api_gone(const struct call *c, const struct task_status *s);
/* Initial, Running or Paused: 0, 1, 2. */
int api_task_state(const struct task_status *s, const struct task_wish *w);
const char *api_state_name(int state);
/* A word for how it is. */
const char *api_health(const struct task_status *s, const struct task_wish *w);
/* How long Kafka may be asked, when many tasks are looked at. */
struct ask {
	int64_t until_ns;
};
int ask_next(const struct call *c, struct ask *a);

/* The task is there; else -1 with this code. */
int api_find(struct call *c, const char *name, int code);
/*
 * Pause, resume, delete; strict: what is so already is an error. The call's
 * message is that of Milvus-CDC.
 */
int api_pause(struct call *c, const char *name, const char *reason, int strict);
int api_resume(
    struct call *c, const char *name, const char *reason, int strict);
int api_delete(struct call *c, const char *name, int not_found);

/*
 * Until it is closed nobody else pauses, resumes, deletes or sets a task, so
 * that of several who want the same one is told that it was he.
 */
int api_wish_lock(struct call *c);

/* ---- requests ---- */

/* POST /cdc, whole: any method. */
void cdc_handle(struct call *c);
/* data of position: POS of all topics. */
int cdc_position(struct call *c, const json_t *data);
int cdc_maintenance(struct call *c, const json_t *data);

/* The plain API: -1 if it failed, then the answer is a problem. */
int plain_tasks(struct call *c);
int plain_create(struct call *c);
int plain_task(struct call *c);
int plain_delete(struct call *c);
int plain_pause(struct call *c);
int plain_resume(struct call *c);
int plain_position(struct call *c);
int plain_set_position(struct call *c);
int plain_log(struct call *c);
int plain_healthz(struct call *c);
int plain_readyz(struct call *c);
int plain_version(struct call *c);
int plain_metrics(struct call *c);
int plain_cdc_metrics(struct call *c);
int plain_openapi(struct call *c); /* the document of all this */
int plain_page(struct call *c);    /* for people, and its parts */
/* A route's method and path; NULL behind the last. POST /cdc is none. */
const char *api_route(size_t i, const char **path);

#endif
