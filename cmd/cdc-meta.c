#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/main.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/sig.h"
#include "meta/options.h"
#include "meta/table.h"

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
	if ((a->etcd.cert == NULL) != (a->etcd.key == NULL))
		opt_die("--cert and --key go together");
}

static int
run(const struct meta_args *a, struct out *o, struct err *e)
{
	struct etcd *etcd = etcd_open(&a->etcd, e);
	struct meta *m = NULL;
	int rc = -1;

	if (etcd == NULL)
		return -1;
	m = meta_new(&a->meta, etcd, o);
	rc = meta_read(m, e);
	if (rc == 0)
		rc = meta_meets(m, a->plain && !a->all, e);
	if (rc == 0)
		rc = a->plain ? metaplain_write(m, o, a->all, e)
			      : meta_write(m, e);
	if (rc == 0 && a->meta.follow)
		rc = meta_follow(m, e);
	meta_free(m);
	etcd_close(etcd);
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
	patterns_fini(&args.meta.patterns);
	return main_end(&e, 0);
}
