#include "meta/options.h"

#include <string.h>

#include "base/buf.h"

static int
kinds(void *to, const struct opt *o, const char *arg, struct err *e)
{
	struct buf words = { 0 };
	unsigned all = 0;
	int k;

	(void)o;
	for (enum meta_kind i = 0; i < META_KINDS; i++)
		buf_addf(&words, "%s%s", i > 0 ? "|" : "", meta_kind_name(i));
	for (const char *s = arg;; s++) {
		size_t n = strcspn(s, ",");

		if ((k = opt_word(words.ptr, s, n, e)) == -1)
			break;
		all |= 1u << k;
		s += n;
		if (*s == '\0')
			break;
	}
	buf_fini(&words);
	*(unsigned *)to = all;
	return k == -1 ? -1 : 0;
}

#define A struct meta_args
const struct opt meta_options[] = {
	OPT_TEXT('E', "etcd", "URL,...", A, etcd.endpoints, "CDC_ETCD",
	    "http://127.0.0.1:2379",
	    "etcd's endpoints [$CDC_ETCD, http://127.0.0.1:2379]"),
	OPT_TEXT('S', "source", "URI", A, milvus.grpc.uri, NULL, NULL,
	    "instead of etcd, a Milvus of 2.6 or later"),
	OPT_TEXT(0, "source-token-file", "FILE", A, token_file, NULL, NULL,
	    "user:password at that Milvus [$CDC_SOURCE_TOKEN]"),
	OPT_TEXT(0, "source-cacert", "FILE", A, milvus.grpc.cacert, NULL, NULL,
	    "CA certificates of that Milvus"),
	OPT_TEXT(0, "source-cert", "FILE", A, milvus.grpc.cert, NULL, NULL,
	    "our certificate for it"),
	OPT_TEXT(0, "source-key", "FILE", A, milvus.grpc.key, NULL, NULL,
	    "its private key"),
	OPT_TEXT('r', "root", "ROOT", A, meta.root, NULL, "by-dev",
	    "the Milvus's etcd.rootPath [by-dev]"),
	OPT_TEXT(0, "meta-path", "PATH", A, meta.meta_path, NULL, "meta",
	    "its etcd.metaSubPath [meta]"),
	OPT_TEXT(0, "etcd-user-file", "FILE", A, etcd.user_file, NULL, NULL,
	    "user:password for etcd, in the first line"),
	OPT_TEXT(0, "cacert", "FILE", A, etcd.cacert, NULL, NULL,
	    "who etcd's certificate is from"),
	OPT_TEXT(0, "cert", "FILE", A, etcd.cert, NULL, NULL,
	    "our certificate for etcd"),
	OPT_TEXT(0, "key", "FILE", A, etcd.key, NULL, NULL, "its private key"),
	OPT_CALL('k', "kinds", "LIST", A, meta.kinds, kinds,
	    "only some kinds: collection,partition,index,..."),
	OPT_NUM(0, "rev", "N", A, meta.rev, 1, INT64_MAX, 0,
	    "the catalogue as of this revision [newest]"),
	OPT_FLAG('w', "watch", A, meta.follow, "go on with what changes"),
	OPT_NUM(0, "retry", "SEC", A, meta.retry_s, 0, 86400, META_RETRY_S,
	    "with --watch: how long etcd may be away [60]"),
	OPT_FLAG(0, "plain", A, plain, "columns for people, live objects"),
	OPT_FLAG('a', "all", A, all, "with --plain: dropped objects too"),
	OPT_FLAG(0, "allow-none", A, meta.allow_none,
	    "go on if a pattern meets no collection"),
	{ 0 },
};
