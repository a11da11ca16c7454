#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/sig.h"
#include "catalogue/meta.h"
#include "catalogue/table.h"
#include "net/etcd.h"

enum {
	OPT_META_PATH = 256,
	OPT_USER_FILE,
	OPT_CACERT,
	OPT_CERT,
	OPT_KEY,
	OPT_REV,
	OPT_RETRY,
	OPT_PLAIN,
	OPT_ALLOW_NONE,
};

static const struct opt options[] = {
	{ "etcd", 'E', "URL,...",
	    "etcd's endpoints [$CDC_ETCD, http://127.0.0.1:2379]" },
	{ "root", 'r', "ROOT", "the Milvus's etcd.rootPath [by-dev]" },
	{ "meta-path", OPT_META_PATH, "PATH", "its etcd.metaSubPath [meta]" },
	{ "etcd-user-file", OPT_USER_FILE, "FILE",
	    "user:password for etcd, in the first line" },
	{ "cacert", OPT_CACERT, "FILE", "who etcd's certificate is from" },
	{ "cert", OPT_CERT, "FILE", "our certificate for etcd" },
	{ "key", OPT_KEY, "FILE", "its private key" },
	{ "kinds", 'k', "LIST",
	    "only database,collection,partition,index,load,alias,"
	    "checkpoint,user,role,import" },
	{ "rev", OPT_REV, "N", "the catalogue as of this revision [newest]" },
	{ "watch", 'w', NULL, "go on with what changes" },
	{ "retry", OPT_RETRY, "SEC",
	    "with --watch: how long etcd may be away [60]" },
	{ "plain", OPT_PLAIN, NULL, "columns for people, live objects" },
	{ "all", 'a', NULL, "with --plain: dropped objects too" },
	{ "allow-none", OPT_ALLOW_NONE, NULL,
	    "go on if a pattern meets no collection" },
	{ NULL, 0, NULL, NULL },
};

struct conf {
	struct etcd_conf etcd;
	struct meta_conf meta;
	int plain, all;
};

static unsigned
parse_kinds(const char *list)
{
	unsigned kinds = 0;

	for (const char *s = list;; s++) {
		size_t n = strcspn(s, ",");
		enum meta_kind k = meta_kind_by_name(s, n);

		if (k == META_KINDS)
			opt_die("--kinds: unknown kind '%.*s'", (int)n, s);
		kinds |= 1u << k;
		s += n;
		if (*s == '\0')
			return kinds;
	}
}

static int64_t
parse_number(const char *name, const char *arg, int64_t min, int64_t max)
{
	struct err e;
	int64_t v = 0;

	if (num_i64(arg, min, max, &v, &e) == -1)
		opt_die("--%s: %s", name, e.msg);
	return v;
}

static void
parse_option(struct conf *c, int letter, const char *arg)
{
	switch (letter) {
	case 'E':
		c->etcd.endpoints = arg;
		break;
	case 'r':
		c->meta.root = arg;
		break;
	case OPT_META_PATH:
		c->meta.meta_path = arg;
		break;
	case OPT_USER_FILE:
		c->etcd.user_file = arg;
		break;
	case OPT_CACERT:
		c->etcd.cacert = arg;
		break;
	case OPT_CERT:
		c->etcd.cert = arg;
		break;
	case OPT_KEY:
		c->etcd.key = arg;
		break;
	case 'k':
		c->meta.kinds = parse_kinds(arg);
		break;
	case OPT_REV:
		c->meta.rev = parse_number("rev", arg, 1, INT64_MAX);
		break;
	case 'w':
		c->meta.follow = 1;
		break;
	case OPT_RETRY:
		c->meta.retry_s = (int)parse_number("retry", arg, 0, 86400);
		break;
	case OPT_PLAIN:
		c->plain = 1;
		break;
	case OPT_ALLOW_NONE:
		c->meta.allow_none = 1;
		break;
	case 'a':
		c->all = 1;
		break;
	default:
		break;
	}
}

static void
parse(struct conf *c, int argc, char **argv)
{
	struct err e = { 0 };
	const char *arg;
	int letter, first;

	c->etcd.endpoints = opt_env("CDC_ETCD", "http://127.0.0.1:2379");
	c->meta.root = "by-dev";
	c->meta.meta_path = "meta";
	c->meta.retry_s = META_RETRY_S;
	while ((letter = opt_next(argc, argv, options,
		    "[OPTION]... [DB.COLLECTION]...", &arg, &first)) != -1)
		parse_option(c, letter, arg);
	for (; first < argc; first++)
		if (patterns_add(&c->meta.patterns, argv[first], &e) == -1)
			opt_die("%s", e.msg);
	if (c->plain && c->meta.follow)
		opt_die("--plain shows one moment, it does not go with "
			"--watch");
	if (c->all && !c->plain)
		opt_die("--all goes with --plain; lines have everything");
	if (c->meta.root[0] == '\0' || c->meta.meta_path[0] == '\0')
		opt_die("--root and --meta-path cannot be empty");
	if ((c->etcd.cert == NULL) != (c->etcd.key == NULL))
		opt_die("--cert and --key go together");
}

static int
run(const struct conf *c, struct out *o, struct err *e)
{
	struct etcd *etcd = etcd_open(&c->etcd, e);
	struct meta *m = NULL;
	int rc = -1;

	if (etcd == NULL)
		return -1;
	m = meta_new(&c->meta, etcd, o);
	rc = meta_read(m, e);
	if (rc == 0)
		rc = meta_meets(m, c->plain && !c->all, e);
	if (rc == 0)
		rc = c->plain ? metaplain_write(m, o, c->all, e)
			      : meta_write(m, e);
	if (rc == 0 && c->meta.follow)
		rc = meta_follow(m, e);
	meta_free(m);
	etcd_close(etcd);
	return rc;
}

int
main(int argc, char **argv)
{
	struct out o = { .fd = STDOUT_FILENO, .name = "standard output" };
	struct conf conf = { 0 };
	struct err e = { 0 }, e2 = { 0 };

	log_init(argv[0]);
	parse(&conf, argc, argv);
	sig_init();
	if (run(&conf, &o, &e) == 0)
		out_close(&o, &e);
	else
		out_flush(&o, &e2);
	out_fini(&o);
	patterns_fini(&conf.meta.patterns);
	if (e.kind == ERR_PIPE)
		sig_die_of_pipe();
	if (e.kind != ERR_NONE && e.kind != ERR_STOP)
		log_error("%s", e.msg);
	if (e.kind == ERR_STOP)
		sig_reraise();
	return err_status(&e);
}
