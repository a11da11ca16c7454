#ifndef CDC_META_OPTIONS_H
#define CDC_META_OPTIONS_H

#include "base/opt.h"
#include "meta/meta.h"
#include "net/etcd.h"

/* The command line of cdc-meta. */
struct meta_args {
	struct etcd_conf etcd;
	struct meta_conf meta;
	int plain, all;
};
extern const struct opt meta_options[];

#endif
