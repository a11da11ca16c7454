#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "api/api.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/main.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/sig.h"
#include "net/tls.h"
#include "net/url.h"
#include "run/notify.h"
#include "state/state.h"
#include "task/task.h"
#include "web/server.h"

enum { MAX_TABLE = 48 };

#define LISTEN "127.0.0.1:8444" /* Milvus-CDC's port */

struct httpd_args {
	struct web_conf web;
	struct api api;
	const char *dir;
	struct opt_list hosts, origins, sources, targets;
	int print;
};

/* Keeps NAME=VALUE: a request may give the option this value. */
static int
allow_source(void *to, const struct opt *o, const char *arg, struct err *e)
{
	size_t n = strcspn(arg, "=");

	(void)o;
	if (!api_source_word(arg, n) || arg[n] == '\0' || arg[n + 1] == '\0')
		return err_set(e, ERR_USAGE,
		    "'%s' is not etcd=, root=, meta-path=, brokers=, cluster= "
		    "or source= with a value",
		    arg);
	opt_append(to, arg);
	return 0;
}

/*
 * The file of URI=FILE becomes the token file of tasks for that target, so it
 * is checked here.
 */
static int
allow_target(void *to, const struct opt *o, const char *arg, struct err *e)
{
	size_t n = strcspn(arg, "=");
	char *uri = x_strndup(arg, n), *token = NULL;
	struct net_uri u;
	int rc = 0;

	(void)o;
	if (strcmp(arg, "*") != 0 &&
	    (strpbrk(uri, "*@") != NULL || net_parse(uri, &u, e) == -1))
		rc = err_set(e, ERR_USAGE, "'%s' is no URI of a Milvus", uri);
	else if (arg[n] == '=' &&
		 (token = trust_secret(arg + n + 1, uri, e)) == NULL)
		rc = -1;
	trust_forget(token);
	free(uri);
	opt_append(to, arg);
	return rc;
}

#define A struct httpd_args
static const struct opt own[] = {
	OPT_TEXT(0, "listen", "ADDRESS", A, web.listen, NULL, NULL,
	    "HOST:PORT, port 0 for a free one, or unix:PATH [" LISTEN "]"),
	OPT_TEXT(0, "state-dir", "DIR", A, dir, NULL, NULL,
	    "where tasks are kept [$CDC_STATE_DIR]"),
	OPT_TEXT(0, "token-file", "FILE", A, web.token_file, NULL, NULL,
	    "a bearer token: who may change"),
	OPT_TEXT(0, "read-token-file", "FILE", A, web.read_token_file, NULL,
	    NULL, "another one: who may only look"),
	OPT_LIST(0, "host", "NAME", A, hosts,
	    "serve requests to this Host too; may be repeated"),
	OPT_LIST(0, "origin", "ORIGIN", A, origins,
	    "pages of this one may ask too; may be repeated"),
	OPT_FLAG(0, "insecure", A, web.insecure,
	    "other machines may ask without a token"),
	OPT_FLAG(0, "allow-anyone", A, web.anyone,
	    "without a token all may change, not only look"),
	OPT_CALL(0, "allow-source", "NAME=VALUE", A, sources, allow_source,
	    "an option of the source that a create may say"),
	OPT_CALL(0, "allow-target", "URI[=FILE]", A, targets, allow_target,
	    "a target that a create may name without a login, * any"),
	OPT_TEXT(0, "tls-dir", "DIR", A, api.tls_dir, NULL, NULL,
	    "of the certificates that a create may name"),
	OPT_FLAG(0, "http-status", A, api.http_status,
	    "POST /cdc: the status is the code, not always 200"),
	OPT_NUM(0, "max-tasks", "N", A, api.max_tasks, 1, 1000000, 0,
	    "how many there may be [100]"),
	OPT_NUM(0, "max-name", "N", A, api.max_name, 1, 65535, 0,
	    "bytes of a collection's name [256]"),
	OPT_FLAG(0, "print-address", A, print,
	    "write the address to standard output"),
	{ 0 },
};

/*
 * Options of cdc-task create that say where the source is: they become options
 * of each new task, because a request does not name the source.
 */
static int
of_source(const struct task_option *o)
{
	return o->prog == TASK_META || o->prog == TASK_PROGS ||
	       strcmp(o->name, "brokers") == 0 ||
	       strcmp(o->name, "property") == 0 ||
	       strcmp(o->name, "cluster") == 0;
}

static void
make_table(struct opt table[static MAX_TABLE])
{
	size_t n = 0;

	for (const struct opt *o = own; o->name != NULL; o++)
		table[n++] = *o;
	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (of_source(o) && n < MAX_TABLE - 1)
			table[n++] = task_option_opt(
			    o, offsetof(struct httpd_args, api.options));
	table[n] = (struct opt){ 0 };
}

/*
 * The socket that a service manager has opened, or NULL: sd_listen_fds(3),
 * where the first descriptor is 3.
 */
static const char *
activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	struct err e = { 0 };
	uint64_t whose = 0, fds = 0;

	if (pid == NULL || n == NULL ||
	    num_u64(pid, 1, INT32_MAX, &whose, &e) == -1 ||
	    whose != (uint64_t)getpid())
		return NULL;
	if (num_u64(n, 1, INT32_MAX, &fds, &e) == -1 || fds != 1)
		opt_die("$LISTEN_FDS is '%s': one socket is served", n);
	return "fd:3";
}

static void
find_socket(struct httpd_args *a)
{
	const char *socket = activated();

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (a->web.listen == NULL)
		a->web.listen = socket != NULL ? socket : LISTEN;
}

/* Exits with status 2 on a mistake. */
static void
parse(struct httpd_args *a, int argc, char **argv)
{
	struct opt table[MAX_TABLE];
	int first;

	make_table(table);
	first = opt_parse(argc, argv, table, "[OPTION]...", a);
	if (first < argc)
		opt_die("'%s': no operand is expected", argv[first]);
	a->web.hosts = a->hosts.v;
	a->web.origins = a->origins.v;
	a->api.sources = a->sources.v;
	a->api.targets = a->targets.v;
	find_socket(a);
}

static void
handle(void *arg, const struct web_req *q, struct web_res *r)
{
	struct httpd_args *a = arg;

	api_handle(&a->api, q, r);
}

static int
ready(void *arg, const char *address, struct err *e)
{
	const struct httpd_args *a = arg;

	log_info("listening on %s, tasks in %s", address, a->api.dir);
	if (a->print && (printf("%s\n", address) < 0 || fflush(stdout) != 0))
		return err_sys(e, ERR_OUTPUT, "standard output");
	notify_ready();
	return 0;
}

static void
stopping(void *arg)
{
	(void)arg;
	notify_stopping();
}

/*
 * Called once a second: a manager's watchdog needs a message at least twice in
 * its time.
 */
static void
tick(void *arg)
{
	(void)arg;
	if (notify_watchdog_ms() > 0)
		notify_watchdog();
}

int
main(int argc, char **argv)
{
	struct httpd_args a = { .web = { .handler = handle,
				    .room = api_room,
				    .open = api_open,
				    .ready = ready,
				    .stopping = stopping,
				    .tick = tick },
		.api = { .check = 1, .options = json_object() } };
	struct err e = { 0 };
	char *dir;

	log_init(argv[0]);
	/* the same tags after a restart, since clients send them back */
	hash_fixed();
	notify_init();
	parse(&a, argc, argv);
	a.api.dir = dir = state_dir(a.dir);
	a.web.arg = &a;
	sig_init();
	if (state_init(dir, &e) == 0)
		web_run(&a.web, &e);
	free(a.hosts.v);
	free(a.origins.v);
	free(a.sources.v);
	free(a.targets.v);
	json_decref(a.api.options);
	free(dir);
	return main_end(&e, 0);
}
