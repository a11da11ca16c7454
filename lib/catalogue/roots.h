#ifndef CDC_CATALOGUE_ROOTS_H
#define CDC_CATALOGUE_ROOTS_H

#include <stdint.h>

struct err;
struct etcd;

/*
 * There is nothing under root: look what else this etcd holds and say so.
 * Looks at few keys, however many there are. Always -1: ERR_DATA "no Milvus
 * under 'x'; roots that look like one: by-dev", or etcd's error.
 */
int metaroots_explain(struct etcd *c, const char *root, const char *meta_path,
    int64_t rev, struct err *e);

#endif
