/*
 * The HTTP server of lib/web with a handler for its tests: what it was asked,
 * and answers that are slow, great, or have no end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/sig.h"
#include "codec/json_write.h"
#include "web/server.h"

enum { GREAT = 8 << 20 };

struct args {
	struct web_conf web;
	struct opt_list hosts, origins;
};

static const struct opt table[] = {
	OPT_TEXT(0, "listen", "ADDRESS", struct args, web.listen, NULL,
	    "127.0.0.1:0", "as cdc-httpd"),
	OPT_TEXT(0, "token-file", "FILE", struct args, web.token_file, NULL,
	    NULL, "as cdc-httpd"),
	OPT_TEXT(0, "read-token-file", "FILE", struct args, web.read_token_file,
	    NULL, NULL, "as cdc-httpd"),
	OPT_LIST(0, "host", "NAME", struct args, hosts, "as cdc-httpd"),
	OPT_LIST(0, "origin", "ORIGIN", struct args, origins, "as cdc-httpd"),
	OPT_FLAG(0, "insecure", struct args, web.insecure, "as cdc-httpd"),
	OPT_FLAG(0, "allow-anyone", struct args, web.anyone, "as cdc-httpd"),
	{ 0 },
};

static void
echo(const struct web_req *q, struct web_res *r)
{
	struct jsonw w = { .b = &r->body };

	jw_open(&w, NULL, '{');
	jw_str(&w, "method", q->method);
	jw_str(&w, "path", q->path);
	kvs_to_json(&q->query, &w, "query");
	jw_bytes(&w, "type", q->type == NULL ? "" : q->type,
	    q->type == NULL ? 0 : strlen(q->type));
	jw_str(&w, "if_match", q->if_match);
	jw_i64(&w, "n", (int64_t)q->body_len);
	jw_bytes(&w, "body", q->body, q->body_len > 64 ? 64 : q->body_len);
	jw_i64(&w, "nul", q->body[q->body_len]);
	jw_str(&w, "id", q->id);
	jw_bool(&w, "may_write", q->may_write);
	jw_close(&w, '}');
	buf_addc(&r->body, '\n');
}

static void
nap(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/*
 * A line at each second question, five in all; ?for=ever: dots without an end;
 * ?for=quiet: nothing, for as long.
 */
struct lines {
	int asked, ever, quiet;
};

static ssize_t
line(void *arg, char *p, size_t cap)
{
	struct lines *l = arg;

	if (l->asked++ % 2 == 0 || l->quiet)
		return 0;
	if (l->ever)
		return snprintf(p, cap, ".");
	if (l->asked > 10)
		return -1;
	return snprintf(p, cap, "line %d\n", l->asked / 2);
}

static void
lines_free(void *arg)
{
	free(arg);
	log_info("a stream is freed");
}

static void
stream(const struct web_req *q, struct web_res *r)
{
	struct lines *l = x_calloc(1, sizeof *l);
	const char *how = kvs_get(&q->query, "for");

	l->ever = how != NULL;
	l->quiet = how != NULL && strcmp(how, "quiet") == 0;
	r->type = "text/plain";
	r->more = line;
	r->more_free = lines_free;
	r->more_arg = l;
}

static void
handle(void *arg, const struct web_req *q, struct web_res *r)
{
	const char *ms = kvs_get(&q->query, "ms");

	(void)arg;
	snprintf(r->what, sizeof r->what, "test");
	if (strcmp(q->path, "/stream") == 0) {
		stream(q, r);
		return;
	}
	if (strcmp(q->path, "/none") == 0) {
		r->status = 204;
		return;
	}
	if (strcmp(q->path, "/missing") == 0) {
		web_fail(r, q->path, 404, "there is no '%s'", q->path);
		return;
	}
	if (strcmp(q->path, "/great") == 0) {
		memset(buf_room(&r->body, GREAT), 'x', GREAT);
		r->body.len = GREAT;
		return;
	}
	if (ms != NULL) {
		log_info("at work for %s ms", ms);
		nap(strtol(ms, NULL, 10));
	}
	kvs_set(&r->headers, "ETag", "\"1\"");
	echo(q, r);
}

static int
ready(void *arg, const char *address, struct err *e)
{
	(void)arg;
	if (printf("%s\n", address) < 0 || fflush(stdout) != 0)
		return err_sys(e, ERR_OUTPUT, "standard output");
	return 0;
}

/* A death by a signal is not looked at by the sanitizer that finds leaks. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

int
main(int argc, char **argv)
{
	struct args a = { .web = { .handler = handle, .ready = ready } };
	struct err e = { 0 };

	log_init(argv[0]);
	opt_parse(argc, argv, table, "[OPTION]...", &a);
	a.web.hosts = a.hosts.v;
	a.web.origins = a.origins.v;
	sig_init();
	web_run(&a.web, &e);
	free(a.hosts.v);
	free(a.origins.v);
	if (sig_stop != 0 && __lsan_do_leak_check != NULL)
		__lsan_do_leak_check();
	return main_end(&e, 0);
}
