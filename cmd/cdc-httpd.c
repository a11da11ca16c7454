#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "api/api.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
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

enum {
	OPT_LISTEN = 512, /* above those of task_options */
	OPT_STATE,
	OPT_TOKEN,
	OPT_READ_TOKEN,
	OPT_HOST,
	OPT_ORIGIN,
	OPT_INSECURE,
	OPT_TLS,
	OPT_STATUS,
	OPT_TASKS,
	OPT_NAME,
	OPT_ADDRESS,
	OPT_SOURCE,
	OPT_TARGET,
	OPT_ANYONE,
	MAX_TABLE = 40,
};

#define LISTEN "127.0.0.1:8444" /* Milvus-CDC's port */
#define USAGE "[OPTION]..."

static const struct opt own[] = {
	{ "listen", OPT_LISTEN, "ADDRESS",
	    "HOST:PORT, port 0 for a free one, or unix:PATH [" LISTEN "]" },
	{ "state-dir", OPT_STATE, "DIR",
	    "where tasks are kept [$CDC_STATE_DIR]" },
	{ "token-file", OPT_TOKEN, "FILE", "a bearer token: who may change" },
	{ "read-token-file", OPT_READ_TOKEN, "FILE",
	    "another one: who may only look" },
	{ "host", OPT_HOST, "NAME",
	    "serve requests to this Host too; may be repeated" },
	{ "origin", OPT_ORIGIN, "ORIGIN",
	    "pages of this one may ask too; may be repeated" },
	{ "insecure", OPT_INSECURE, NULL,
	    "other machines may ask without a token" },
	{ "allow-anyone", OPT_ANYONE, NULL,
	    "without a token all may change, not only look" },
	{ "allow-source", OPT_SOURCE, "NAME=VALUE",
	    "an option of the source that a create may say" },
	{ "allow-target", OPT_TARGET, "URI[=FILE]",
	    "a target that a create may name without a login, * any" },
	{ "tls-dir", OPT_TLS, "DIR",
	    "of the certificates that a create may name" },
	{ "http-status", OPT_STATUS, NULL,
	    "POST /cdc: the status is the code, not always 200" },
	{ "max-tasks", OPT_TASKS, "N", "how many there may be [100]" },
	{ "max-name", OPT_NAME, "N", "bytes of a collection's name [256]" },
	{ "print-address", OPT_ADDRESS, NULL,
	    "write the address to standard output" },
	{ 0 },
};

/* Words with NULL at the end. */
struct list {
	const char **v;
	size_t n, cap;
};

struct httpd_args {
	struct web_conf web;
	struct api api;
	const char *dir;
	struct list hosts, origins, sources, targets;
	int print;
};

static const char **
append(struct list *l, const char *word)
{
	l->v = x_grow(l->v, l->n + 1, &l->cap, sizeof *l->v);
	l->v[l->n++] = word;
	l->v[l->n] = NULL;
	return l->v;
}

/* The name of an option, and a value. */
static const char **
allow_source(struct httpd_args *a, const char *arg)
{
	size_t n = strcspn(arg, "=");

	if (!api_source_word(arg, n) || arg[n] == '\0' || arg[n + 1] == '\0')
		opt_die("--allow-source: '%s' is none of etcd=, root=, "
			"meta-path=, brokers= and cluster= with a value",
		    arg);
	return append(&a->sources, arg);
}

/* Its file is one that each of these tasks will read. */
static const char **
allow_target(struct httpd_args *a, const char *arg)
{
	size_t n = strcspn(arg, "=");
	char *uri = x_strndup(arg, n), *token;
	struct net_uri u;
	struct err e = { 0 };

	if (strcmp(arg, "*") != 0 &&
	    (strpbrk(uri, "*@") != NULL || net_parse(uri, &u, &e) == -1))
		opt_die("--allow-target: '%s' is no URI of a Milvus", uri);
	if (arg[n] == '=') {
		if ((token = trust_secret(arg + n + 1, uri, &e)) == NULL)
			opt_die("--allow-target: %s", e.msg);
		trust_forget(token);
	}
	free(uri);
	return append(&a->targets, arg);
}

static void
set_access(struct httpd_args *a, int letter, const char *arg)
{
	switch (letter) {
	case OPT_LISTEN:
		a->web.listen = arg;
		break;
	case OPT_TOKEN:
		a->web.token_file = arg;
		break;
	case OPT_READ_TOKEN:
		a->web.read_token_file = arg;
		break;
	case OPT_HOST:
		a->web.hosts = append(&a->hosts, arg);
		break;
	case OPT_ORIGIN:
		a->web.origins = append(&a->origins, arg);
		break;
	case OPT_ANYONE:
		a->web.anyone = 1;
		break;
	case OPT_SOURCE:
		a->api.sources = allow_source(a, arg);
		break;
	case OPT_TARGET:
		a->api.targets = allow_target(a, arg);
		break;
	default:
		a->web.insecure = 1;
	}
}

/*
 * Where the source is, which a request for a task does not say: options of
 * cdc-task create, for each new one.
 */
static int
of_source(const struct task_option *o)
{
	return o->prog == TASK_META || strcmp(o->name, "brokers") == 0 ||
	       strcmp(o->name, "property") == 0 ||
	       strcmp(o->name, "cluster") == 0;
}

static void
set_source(struct httpd_args *a, int letter, const char *arg)
{
	struct err e;

	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (o->letter == letter &&
		    task_option_set(a->api.options, o, arg, &e) == -1)
			opt_die("%s", e.msg);
}

static void
make_table(struct opt table[static MAX_TABLE])
{
	size_t n = 0;

	for (const struct opt *o = own; o->name != NULL; o++)
		table[n++] = *o;
	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (of_source(o) && n < MAX_TABLE - 1)
			table[n++] =
			    (struct opt){ o->name, o->letter, o->arg, o->help };
	table[n] = (struct opt){ 0 };
}

static void
set(struct httpd_args *a, int letter, const char *arg)
{
	switch (letter) {
	case OPT_STATE:
		a->dir = arg;
		break;
	case OPT_TLS:
		a->api.tls_dir = arg;
		break;
	case OPT_STATUS:
		a->api.http_status = 1;
		break;
	case OPT_TASKS:
		a->api.max_tasks = opt_u64("max-tasks", arg, 1, 1000000);
		break;
	case OPT_NAME:
		a->api.max_name = opt_u64("max-name", arg, 1, 65535);
		break;
	case OPT_ADDRESS:
		a->print = 1;
		break;
	default:
		if (letter < OPT_LISTEN)
			set_source(a, letter, arg);
		else
			set_access(a, letter, arg);
	}
}

/*
 * Has the service manager opened the socket, sd_listen_fds(3)? The first of
 * such descriptors is 3.
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
	const char *arg;
	int letter, first;

	make_table(table);
	while (
	    (letter = opt_next(argc, argv, table, USAGE, &arg, &first)) != -1)
		set(a, letter, arg);
	if (first < argc)
		opt_die("'%s': no operand is expected", argv[first]);
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

/* The manager wants to hear of us twice as often as it would give us up. */
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
	hash_fixed(); /* of tags, which clients give back to the next of us */
	notify_init();
	parse(&a, argc, argv);
	a.api.dir = dir = state_dir(a.dir);
	a.web.arg = &a;
	sig_init();
	if (state_init(dir, &e) == 0)
		web_run(&a.web, &e);
	if (e.kind != ERR_STOP)
		log_error("%s", e.msg);
	free(a.hosts.v);
	free(a.origins.v);
	free(a.sources.v);
	free(a.targets.v);
	json_decref(a.api.options);
	free(dir);
	sig_reraise(); /* returns unless a signal stopped us */
	return err_status(&e);
}
