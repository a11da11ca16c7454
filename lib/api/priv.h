#ifndef CDC_API_PRIV_H
#define CDC_API_PRIV_H

#include <jansson.h>

#include "api/api.h"
#include "base/err.h"
#include "web/server.h"

struct task_status;
struct task_wish;

/* Shared by the files of this folder. */

enum {
	API_DEPTH = 32,      /* levels of a body */
	API_COLLS = 1000,    /* collections of a task */
	API_WARNINGS = 32,   /* of one request */
	API_STOP_MS = 15000, /* the most that a pause may take */
	API_ASK_MS = 1500, /* for Kafka's answer about the lag: the whole answer
			      takes 2 s */
	API_SHOWN = 64,    /* bytes of a text that a message quotes */
};

/* A request while it is handled. */
struct call {
	struct api *api;
	const struct web_req *q;
	struct web_res *r;
	json_t *data;     /* the answer */
	json_t *warnings; /* strings */
	char name[129];   /* of the path, "" if it has none */
	int code;         /* why it failed; 0: e.kind decides */
	int plain;        /* HTTP status of the plain API; 0: that of code */
	struct err e;
};

/* call_fail(c, code, "…", …): fail with a code and a message. Returns -1. */
#define call_fail(...) err_failed(call_fill(__VA_ARGS__))
struct err *call_fill(struct call *c, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void call_warn(struct call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Fail because the request would change something and must not. Returns -1. */
int call_only_reads(struct call *c);
/* The code of a call that failed. */
int call_code(const struct call *c);

/* ---- JSON ---- */

/* Jansson takes json_t * also where it only reads. */
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
 * Parse a body: one JSON value, no key twice, API_DEPTH levels at most. NULL
 * with the decoder's message.
 */
json_t *api_parse(const char *p, size_t n, struct err *e);
/* Append one line, with < > & escaped as Go does, and LF. */
void api_put(struct buf *b, const json_t *j);
/* A string of text that may not be UTF-8; '?' replaces bytes that are not. */
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
	/* Fields of an object, or of the elements of a list or a map. */
	const struct api_field *sub;
	/*
	 * Puts it into the order; v is NULL if it is absent. NULL: the function
	 * of its object does that.
	 */
	int (*take)(struct order *o, const json_t *v);
	const char *why;
};

/*
 * A copy of v that has only the fields in the table f, under their names there,
 * with integers as integers and without nulls. A field that is not in f becomes
 * a warning. NULL if a type is wrong; the call has then failed.
 */
json_t *api_clean(struct call *c, const struct api_field *f, const json_t *v);
/* All fields of f; those that v lacks are zero; no secrets. */
json_t *api_whole(const struct api_field *f, const json_t *v);
/* Remove the secrets from v. */
void api_without_secrets(const struct api_field *f, json_t *v);
/* Put all fields into the order, in the order of the table. */
int api_take(struct order *o, const struct api_field *f, const json_t *v);
/* 1 if v is absent, "", 0, false, or empty. */
int api_zero(const json_t *v);
/* The body: an object with these fields, or any if fields is NULL. */
int api_object(struct call *c, const struct api_field *fields, json_t **out);
/* A key of the query: 0 or 1; a number from 1 to max. */
int api_flag(struct call *c, const char *key, int *v);
int api_number(
    struct call *c, const char *key, int64_t fallback, int64_t max, int64_t *v);
/* A text of an object, "" if absent. */
const char *api_str(const json_t *j, const char *key);

/* ---- create ---- */

/* The result of a create's fields. */
struct order {
	struct call *c;
	const char *key; /* key for the request in the definition */
	json_t *all;     /* the request, after api_clean */
	json_t *options; /* of the task */
	json_t *own;     /* options of a task whose request sets none */
	json_t *from;    /* a WHERE or a position */
	char *token;     /* login at the target, or NULL */
	char id[129];
	int wait_s; /* seconds to wait for the connection */
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
/* Set an option of the task; on -1 the call has failed. */
int order_option(struct order *o, const char *name, const char *value);
/* The target: [http[s]://]host[:port][/]. */
int order_uri(struct order *o, const char *uri);
/* Set an option of the source if the request may; on -1 the call has failed. */
int order_source(struct order *o, const char *name, const char *value);
/*
 * Check that the request may name the target, and choose the login for it. To
 * be called when the target is known.
 */
int order_login(struct order *o);

/*
 * Make a task from request_data. 1 if it is new, 0 if an equal one exists, -1.
 * Its id is in c->name then. dry: only check.
 */
int api_create(struct call *c, const json_t *data, int dry);
/* The same for a definition: name, from, options. */
int api_define(struct call *c, const json_t *data, int dry);
/* Fields of both forms: the task's name, and whether it is made paused. */
int order_id(struct order *o, const json_t *v);
int order_paused(struct order *o, const json_t *v);
int order_token(struct order *o, const json_t *v);
int order_make(
    struct order *o, const struct api_field *f, const json_t *data, int dry);

/* ---- tasks ---- */

/*
 * TASK, as the document calls it; ask_ms as in task_status_get. strings: 64-bit
 * integers as strings, and more keys. NULL if the task was deleted meanwhile.
 */
json_t *api_task(struct call *c, const char *name, int ask_ms, int strings);
/* The same for a status that is known already. */
json_t *api_seen(struct call *c, const struct task_status *s, int strings);
/* 1 if the task was deleted while its status was read. */
int api_gone(const struct call *c, const struct task_status *s);
/* Milvus-CDC's state: Initial 0, Running 1 or Paused 2. */
int api_task_state(const struct task_status *s, const struct task_wish *w);
const char *api_state_name(int state);
/* One word for the state of the task. */
const char *api_health(const struct task_status *s, const struct task_wish *w);
/* How long Kafka may be asked for the status of many tasks. */
struct ask {
	int64_t until_ns;
};
int ask_next(const struct call *c, struct ask *a);

/* -1 with this code if there is no such task. */
int api_find(struct call *c, const char *name, int code);
/*
 * Pause, resume, delete. strict: it is an error if it is done already. The
 * messages are those of Milvus-CDC.
 */
int api_pause(struct call *c, const char *name, const char *reason, int strict);
int api_resume(
    struct call *c, const char *name, const char *reason, int strict);
int api_delete(struct call *c, const char *name, int not_found);

/*
 * Held while a task's wish changes: of several equal requests exactly one is
 * answered as the one that did it.
 */
int api_wish_lock(struct call *c);

/* ---- requests ---- */

/* Handle POST /cdc, and other methods there. */
void cdc_handle(struct call *c);
/* The data of position: POS of all topics. */
int cdc_position(struct call *c, const json_t *data);
int cdc_maintenance(struct call *c, const json_t *data);

/* The plain API. -1 on failure; the answer is then a problem (RFC 9457). */
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
int plain_openapi(struct call *c); /* /openapi.json */
int plain_page(struct call *c);    /* the page for people, and its parts */
/*
 * Method and path of route i; NULL behind the last. POST /cdc is not among
 * them.
 */
const char *api_route(size_t i, const char **path);

#endif
