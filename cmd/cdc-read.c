#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/sig.h"
#include "net/tls.h"
#include "stream/options.h"

enum { HEAP = 8 << 20 }; /* bytes: a fetch, and what it unpacks to */

static void
parse_source(struct reader_args *a)
{
	struct grpc_conf *s = &a->source;
	struct err e = { 0 };

	if (a->token_file != NULL &&
	    (a->token = trust_secret(a->token_file, s->uri, &e)) == NULL)
		opt_die("%s", e.msg);
	s->token =
	    a->token != NULL ? a->token : opt_env("CDC_SOURCE_TOKEN", NULL);
	a->conf.kafka.brokers = s->uri;
	a->conf.kafka.milvus = s;
}

static void
parse(struct reader_args *a, int argc, char **argv)
{
	struct reader_conf *c = &a->conf;
	int first =
	    opt_parse(argc, argv, reader_options, "[OPTION]... <CATALOGUE", a);

	if (first < argc)
		opt_die("unexpected operand '%s'", argv[first]);
	c->kafka.props = a->props.v;
	if (a->source.uri != NULL)
		parse_source(a);
	if (c->until == NULL || (c->explain && strcmp(c->until, "never") == 0))
		c->until = c->explain ? "now" : "never";
}

int
main(int argc, char **argv)
{
	struct reader_args args = { 0 };
	struct err e = { 0 };

	x_keep(HEAP);
	log_init(argv[0]);
	parse(&args, argc, argv);
	sig_init();
	if (reader_run(&args.conf, &e) == 0)
		err_clear(&e);
	patterns_fini(&args.conf.include);
	patterns_fini(&args.conf.exclude);
	free(args.props.v);
	trust_forget(args.token);
	return main_end(&e, 0);
}
