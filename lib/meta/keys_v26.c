#include "meta/keys.h"

/* The log of 2.6 is kept by streaming nodes; this is their coordinator. */
const struct keys keys_v26 = {
	.versions = "2.6",
	.mark = "streamingcoord-meta/",
};
