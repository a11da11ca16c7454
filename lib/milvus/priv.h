#ifndef CDC_MILVUS_PRIV_H
#define CDC_MILVUS_PRIV_H

#include "milvus/client.h"
#include "net/trouble.h"

/* Shared by client.c and retry.c. */
struct milvus {
	struct grpc *grpc;
	int retry_s, timeout_s;
	const char *name;       /* or NULL */
	char *host;             /* with its port, for messages */
	int retrying;           /* how many requests are being retried */
	struct trouble trouble; /* reported while a request is being retried */
	int64_t warned_ns;      /* time of the last report */
	int greeted;            /* it has answered as a Milvus */
	unsigned seed;
};

#endif
