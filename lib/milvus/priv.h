#ifndef CDC_MILVUS_PRIV_H
#define CDC_MILVUS_PRIV_H

#include "milvus/client.h"
#include "net/trouble.h"

/* Of client.c and retry.c. */
struct milvus {
	struct grpc *grpc;
	int retry_s, timeout_s;
	const char *name;       /* or NULL */
	char *host;             /* and its port, to be said */
	int retrying;           /* requests that are tried again */
	struct trouble trouble; /* said of them, until none is */
	int64_t warned_ns;      /* when it was said last */
	int greeted;            /* it has answered as a Milvus */
	unsigned seed;
};

#endif
