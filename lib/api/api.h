#ifndef CDC_API_API_H
#define CDC_API_API_H

#include <stddef.h>

#include <jansson.h>

#include "api/counts.h"
#include "web/server.h"

/*
 * What requests to cdc-httpd mean: POST /cdc as clients of Milvus-CDC know
 * it, and the plain API, cdc-httpd(1). All is kept in the state directory;
 * only the counts of requests are here, so that cdc-task can be used beside
 * it at any moment.
 */
struct api {
	const char *dir;     /* the state directory */
	const char *tls_dir; /* where dial_config may name files, or NULL */
	int http_status;     /* on /cdc: the status is the code, not 200 */
	size_t max_tasks;    /* 0: API_TASKS */
	size_t max_name;     /* bytes of a collection's; 0: API_NAME */
	int check;           /* ask servers: at create, and for the lag */
	/*
	 * Options of cdc-task create for each new task that does not say
	 * otherwise, such as where its source is; or NULL. Borrowed.
	 */
	json_t *options;
	/*
	 * What a request may name besides the server's own, NULL at the end,
	 * or NULL. Of the source NAME=VALUE, with api_source_word's names. Of
	 * targets URI, which needs no login; URI=FILE, whose user:password is
	 * in FILE; "*", any. NULL: any to which the request brings a login.
	 */
	const char *const *sources, *const *targets;
	struct api_counts counts;
};
enum { API_TASKS = 100, API_NAME = 256 };

/* Is it an option, of n bytes, that says where the source is? */
int api_source_word(const char *name, size_t n);

/* Paths of which anybody may GET what is there; NULL at the end. */
extern const char *const api_open[];

/* How long a request may take: web_conf's room. */
enum web_room api_room(const struct web_req *q);
/* A web_handler; arg is a struct api. Several at once, in threads. */
void api_handle(void *arg, const struct web_req *q, struct web_res *r);

#endif
