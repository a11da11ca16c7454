#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/sig.h"
#include "meta/options.h"
#include "meta/table.h"
#include "net/tls.h"

/* What a Milvus does not tell through its public API. */
#define ONLY_ETCD (1u << META_CHECKPOINT | 1u << META_IMPORT)
/* What patterns leave out, unless --kinds names it. */
#define NO_PATTERN (1u << META_USER | 1u << META_ROLE | 1u << META_GROUP)

static void
parse_source(struct meta_args *a)
{
	struct grpc_conf *c = &a->milvus.grpc;
	struct err e = { 0 };

	if (a->meta.follow || a->meta.rev != 0)
		opt_die("--watch and --rev need etcd; changes of --source are "
			"in its log");
	if ((a->meta.kinds & ONLY_ETCD) != 0)
		opt_die("--kinds: checkpoint and import need etcd");
	if (a->meta.kinds == 0 && a->meta.patterns.n == 0)
		a->meta.kinds = ((1u << META_KINDS) - 1) & ~ONLY_ETCD;
	else if (a->meta.kinds == 0)
		a->meta.kinds =
		    ((1u << META_KINDS) - 1) & ~(ONLY_ETCD | NO_PATTERN);
	if (a->token_file != NULL &&
	    (a->token = trust_secret(a->token_file, c->uri, &e)) == NULL)
		opt_die("%s", e.msg);
	c->token =
	    a->token != NULL ? a->token : opt_env("CDC_SOURCE_TOKEN", NULL);
	a->meta.source = c->uri;
	a->milvus.retry_s = a->meta.retry_s;
	a->milvus.timeout_s = MILVUS_TIMEOUT_S;
	a->milvus.name = "source";
}

static void
parse(struct meta_args *a, int argc, char **argv)
{
	struct err e = { 0 };
	int i = opt_parse(
	    argc, argv, meta_options, "[OPTION]... [DB.COLLECTION]...", a);

	for (; i < argc; i++)
		if (patterns_add(&a->meta.patterns, argv[i], &e) == -1)
			opt_die("%s", e.msg);
	if (a->plain && a->meta.follow)
		opt_die("--plain shows one moment, it does not go with "
			"--watch");
	if (a->all && !a->plain)
		opt_die("--all goes with --plain; lines have everything");
	if (a->meta.root[0] == '\0' || a->meta.meta_path[0] == '\0')
		opt_die("--root and --meta-path cannot be empty");
	if (a->milvus.grpc.uri != NULL)
		parse_source(a);
	if ((a->etcd.cert == NULL) != (a->etcd.key == NULL))
		opt_die("--cert and --key go together");
}

static int
run(const struct meta_args *a, struct out *o, struct err *e)
{
	int asks = a->meta.source != NULL;
	struct milvus *source = asks ? milvus_open(&a->milvus, e) : NULL;
	struct etcd *etcd = asks ? NULL : etcd_open(&a->etcd, e);
	struct meta *m = NULL;
	int rc = -1;

	if (etcd == NULL && source == NULL)
		return -1;
	m = meta_new(&a->meta, etcd, o);
	rc = asks ? meta_ask(m, source, e) : meta_read(m, e);
	if (rc == 0)
		rc = meta_meets(m, a->plain && !a->all, e);
	if (rc == 0)
		rc = a->plain ? metaplain_write(m, o, a->all, e)
			      : meta_write(m, e);
	if (rc == 0 && a->meta.follow)
		rc = meta_follow(m, e);
	meta_free(m);
	etcd_close(etcd);
	milvus_close(source);
	return rc;
}

int
main(int argc, char **argv)
{
	struct out o = out_stdout();
	struct meta_args args = { 0 };
	struct err e = { 0 }, e2 = { 0 };

	log_init(argv[0]);
	parse(&args, argc, argv);
	sig_init();
	if (run(&args, &o, &e) == 0)
		out_close(&o, &e);
	else
		out_flush(&o, &e2);
	out_fini(&o);
	trust_forget(args.token);
	patterns_fini(&args.meta.patterns);
	return main_end(&e, 0);
}
