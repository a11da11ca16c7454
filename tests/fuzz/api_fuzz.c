/*
 * The HTTP API over a state directory that lies in memory and is empty before
 * each input. An input is requests that end in a NUL, each
 *
 *	METHOD PATH[?KEY=VALUE[&…]] [IF-MATCH]LF BODY
 *
 * so that a later one meets what an earlier one has made. "M" alone is POST
 * /cdc.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "api/api.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "fuzz.h"
#include "fuzznet.h"
#include "web/server.h"

static char *dir;
static struct api api;

/* All in a folder, and the folders in it. */
static void
clear(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *f;

	while (d != NULL && (f = readdir(d)) != NULL) {
		char *all;

		if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
			continue;
		all = x_asprintf("%s/%s", path, f->d_name);
		if (unlink(all) == -1) {
			clear(all);
			rmdir(all);
		}
		free(all);
	}
	if (d != NULL)
		closedir(d);
}

static void
clean_up(void)
{
	clear(dir);
	rmdir(dir);
	free(dir);
}

static void
set_up(void)
{
	dir = x_strdup("/dev/shm/cdc-fuzz.XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	api.dir = x_asprintf("%s/state", dir);
	api.tls_dir = x_asprintf("%s/tls", dir);
	api.max_tasks = 4;
	atexit(clean_up);
}

static void
certificate(void)
{
	char *path = x_asprintf("%s/ca.pem", api.tls_dir);
	int fd;

	mkdir(api.tls_dir, 0700);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, "-----BEGIN ", 11) != 11)
		abort();
	close(fd);
	free(path);
}

static void
query(struct kvs *k, char *text)
{
	char *save = NULL;

	for (char *s = strtok_r(text, "&", &save); s != NULL;
	     s = strtok_r(NULL, "&", &save)) {
		char *eq = strchr(s, '=');

		if (eq != NULL)
			*eq = '\0';
		kvs_set(k, s, eq == NULL ? "" : eq + 1);
	}
}

/* An answer that says it is JSON is, with keys once. */
static void
check(const struct web_req *q, const struct web_res *r)
{
	int json = r->type == NULL ||
		   strcmp(r->type, "application/json") == 0 ||
		   strcmp(r->type, "application/problem+json") == 0;
	json_t *j;

	if (r->status != 0 && (r->status < 200 || r->status > 599))
		abort();
	if (strcmp(q->path, "/cdc") == 0 && r->status != 0)
		abort();
	if (r->more != NULL || r->status == 204 || !json)
		return;
	if (r->body.len == 0)
		abort();
	j = json_loadb(r->body.ptr, r->body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j)) {
		fprintf(stderr, "%s %s: %s\n", q->method, q->path, r->body.ptr);
		abort();
	}
	if (strcmp(q->path, "/cdc") == 0 &&
	    json_integer_value(json_object_get(j, "code")) != r->code)
		abort();
	json_decref(j);
}

/* What a stream gives at once. */
static void
drain(struct web_res *r)
{
	char p[64];

	for (int i = 0; r->more != NULL && i < 100; i++)
		if (r->more(r->more_arg, p, sizeof p) <= 0)
			break;
	if (r->more_free != NULL)
		r->more_free(r->more_arg);
}

static void
request(char *text, size_t n)
{
	char *body = memchr(text, '\n', n), *mark, *save = NULL;
	struct web_req q = {
		.method = "POST", .path = "/cdc", .id = "fuzz", .may_write = 1
	};
	struct web_res r = { 0 };
	char *word;

	if (body == NULL)
		return;
	*body++ = '\0';
	q.body = body;
	q.body_len = n - (size_t)(body - text);
	if ((word = strtok_r(text, " ", &save)) != NULL &&
	    strcmp(word, "M") != 0) {
		q.method = word;
		word = strtok_r(NULL, " ", &save);
		q.path = word == NULL ? "/" : word;
		q.if_match = strtok_r(NULL, " ", &save);
		if (word != NULL && (mark = strchr(word, '?')) != NULL) {
			*mark = '\0';
			query(&q.query, mark + 1);
		}
	}
	api_handle(&api, &q, &r);
	check(&q, &r);
	drain(&r);
	kvs_fini(&q.query);
	web_res_fini(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };

	if (dir == NULL)
		set_up();
	clear(dir);
	certificate();
	log_level(LOG_QUIET);
	for (int i = 0; f.len > 0 && i < 8; i++) {
		struct fuzz part = fuzz_until(&f, 0);
		char *copy = x_strndup((const char *)part.p, part.len);

		request(copy, part.len);
		free(copy);
	}
	return 0;
}
