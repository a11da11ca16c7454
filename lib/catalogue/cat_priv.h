#ifndef CDC_CATALOGUE_CAT_PRIV_H
#define CDC_CATALOGUE_CAT_PRIV_H

#include "catalogue/cat.h"

/* Between cat.c and cat_read.c only. */

/* The collection with this id, made if it is not there. */
struct cat_coll *cat_coll_get(struct cat *c, int64_t id);
/* The import with this id, made if it is not there. */
struct cat_import *cat_import_get(struct cat *c, int64_t id);
void cat_topics_fini(struct cat_coll *c);

#endif
