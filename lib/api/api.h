#ifndef CDC_API_API_H
#define CDC_API_API_H

#include <stddef.h>

#include <jansson.h>

#include "api/counts.h"
#include "web/server.h"

/*
 * What requests to cdc-httpd mean: POST /cdc as clients of Milvus-CDC know it,
 * and the plain API, cdc-httpd(1). Everything is kept in the state directory
 * except the counts of requests, so that cdc-task can be used beside it at any
 * time.
 */
struct api {
	const char *dir;     /* the state directory */
	const char *tls_dir; /* folder of the files that dial_config may name,
				or NULL */
	int http_status;     /* on /cdc: the status is the code, not 200 */
	size_t max_tasks;    /* 0: API_TASKS */
	size_t max_name;     /* bytes of a collection's name; 0: API_NAME */
	int check;           /* ask servers: for a create, and for the lag */
	/*
	 * Options of cdc-task create for new tasks whose request does not set
	 * them, such as those of the source; or NULL. Borrowed.
	 */
	json_t *options;
	/*
	 * What a request may name besides the server's own, NULL at the end, or
	 * NULL. Sources: NAME=VALUE, with a name that api_source_word knows.
	 * Targets: URI, which needs no login; URI=FILE, with user:password in
	 * FILE; "*", any. NULL: any target for which the request has a login.
	 */
	const char *const *sources, *const *targets;
	struct api_counts counts;
};
enum { API_TASKS = 100, API_NAME = 256 };

/* 1 if the n bytes are an option that says where the source is. */
int api_source_word(const char *name, size_t n);

/* Paths that may be read with GET without a token; NULL at the end. */
extern const char *const api_open[];

/* How long a request may take, for web_conf's room. */
enum web_room api_room(const struct web_req *q);
/* A web_handler; arg is a struct api. Several threads call it at once. */
void api_handle(void *arg, const struct web_req *q, struct web_res *r);

#endif
