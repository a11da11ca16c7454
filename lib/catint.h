#ifndef CDC_CATINT_H
#define CDC_CATINT_H

#include "cat.h"

/* Between cat.c and catline.c only. */

/* The collection with this id, made if it is not there. */
struct cat_coll *cat_coll_get(struct cat *c, int64_t id);
/* The import with this id, made if it is not there. */
struct cat_import *cat_import_get(struct cat *c, int64_t id);
void cat_topics_fini(struct cat_coll *c);

#endif
