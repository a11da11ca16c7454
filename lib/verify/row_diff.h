#ifndef CDC_VERIFY_ROW_DIFF_H
#define CDC_VERIFY_ROW_DIFF_H

#include "milvus/page.h"

/*
 * Which fields of two rows differ, by hashes of every value of a page. They are
 * made only if the page has a difference. All zero is valid and empty.
 */
struct vdiff {
	struct vpage *page; /* borrowed; NULL: not prepared */
	struct hash *v;     /* column after column */
};
void vdiff_fini(struct vdiff *d);
int vdiff_prepare(struct vdiff *d, struct vpage *p, struct err *e);

/*
 * Write "fields":[…] and, for short values, "source":{…} and "target":{…}, for
 * row a of d[0] and row b of d[1], given as places in the columns.
 */
void vdiff_fields(struct jsonw *w, const struct vfields *f,
    const struct vdiff d[2], size_t a, size_t b);

#endif
