#ifndef CDC_META_OPTIONS_H
#define CDC_META_OPTIONS_H

#include "base/opt.h"
#include "meta/meta.h"
#include "milvus/client.h"
#include "net/etcd.h"

/* The command line of cdc-meta. */
struct meta_args {
	struct etcd_conf etcd;
	struct meta_conf meta;
	struct milvus_conf milvus; /* grpc.uri NULL: etcd is asked */
	const char *token_file;
	char *token; /* the login in that file */
	int plain, all;
};
extern const struct opt meta_options[];

#endif
