#ifndef CDC_VERIFY_SPOOL_H
#define CDC_VERIFY_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "codec/json_read.h"

struct err;

/*
 * Rows sorted by key, more than fit into memory: sorted runs are written to
 * nameless files in $TMPDIR [/tmp], and merged when they are read.
 */
struct spool;

enum { SPOOL_RUN = 64 << 20 }; /* bytes in memory */

/* An operation on a row. */
struct spooled {
	uint32_t coll, part; /* numbers given by the caller */
	uint64_t seq;        /* order of the operations */
	struct hash hash;
	int gone; /* a delete: part 0 is any partition */
	/* bytes that sort in the order of the keys; borrowed */
	struct span key;
};

struct spool *spool_new(size_t run_bytes);
void spool_free(struct spool *s);
/* ERR_OUTPUT if a file cannot be written. */
int spool_add(struct spool *s, const struct spooled *r, struct err *e);
/*
 * After the last spool_add, in the order of coll, key and seq; borrowed until
 * the next call. 1, 0 at the end, -1.
 */
int spool_next(struct spool *s, struct spooled *r, struct err *e);

#endif
