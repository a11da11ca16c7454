#ifndef CDC_VERIFY_SAMPLE_H
#define CDC_VERIFY_SAMPLE_H

#include "milvus/feed.h"

enum { SAMPLE_ROWS = 1000 }; /* in one place */

/*
 * A run of about SAMPLE_ROWS rows that begins at the row of this rank, 0
 * being the row of the lowest key: lo < key <= hi, found by counting. lo is
 * unset (*has_lo 0) from the first row on. The texts are the caller's to
 * free, by vrange_fini.
 */
struct vrange {
	struct vkey lo, hi;
	int has_lo, has_hi;
	struct buf text[2];
};
void vrange_fini(struct vrange *r);
int vrange_at(
    const struct vask *a, uint64_t rank, struct vrange *r, struct err *e);

#endif
