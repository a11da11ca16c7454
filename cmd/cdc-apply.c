#include <stdlib.h>
#include <unistd.h>

#include "apply/options.h"
#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/opt.h"
#include "base/sig.h"
#include "net/tls.h"

/* The login of the token file, else of the environment. */
static void
set_login(struct apply_args *a, char **token)
{
	struct grpc_conf *c = &a->conf.milvus.grpc;
	struct err e = { 0 };

	if (a->no_token && a->token_file != NULL)
		opt_die("--token-file and --no-token exclude each other");
	if (a->token_file != NULL &&
	    (*token = trust_secret(a->token_file, c->uri, &e)) == NULL)
		opt_die("%s", e.msg);
	c->token = *token != NULL ? *token
		   : a->no_token  ? NULL
				  : opt_env("CDC_TOKEN", NULL);
}

/* Exits with status 2 on a mistake. */
static void
parse(struct apply_args *a, int argc, char **argv, char **token)
{
	struct apply_conf *c = &a->conf;
	int first =
	    opt_parse(argc, argv, apply_options, "[OPTION]... [FILE]...", a);

	c->files = argv + first;
	c->nfiles = (size_t)(argc - first);
	c->progress = c->progress && isatty(STDERR_FILENO);
	set_login(a, token);
}

int
main(int argc, char **argv)
{
	struct apply_args args = { 0 };
	struct err e = { 0 };
	char *token = NULL;

	log_init(argv[0]);
	parse(&args, argc, argv, &token);
	sig_init();
	if (apply_run(&args.conf, &e) == 0)
		err_clear(&e);
	trust_forget(token);
	names_fini(&args.conf.rename);
	return main_end(&e, 0);
}
