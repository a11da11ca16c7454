#ifndef CDC_VERIFY_RECHECK_H
#define CDC_VERIFY_RECHECK_H

#include "milvus/feed.h"
#include "verify/priv.h"

/*
 * Keys whose rows differed while rows were written. They are asked for again,
 * after what the source had then has arrived at the target; those that still
 * differ, and did not change at the source meanwhile, are differences.
 * All zero is valid and empty.
 */
enum { VCANDS_MAX = 100000 }; /* keys held at a time */

struct vcands {
	struct vcand *v;
	size_t n, cap;
};
void vcands_fini(struct vcands *c);
void vcands_add(struct vcands *c, const struct vkey *k); /* copies */

/* Ask again, write the lines, and empty *c. ask is the unit's. */
int vcands_settle(struct verify *v, const struct pair *p,
    const struct vask ask[2], struct vcands *c, struct err *e);

#endif
