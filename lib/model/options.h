#ifndef CDC_MODEL_OPTIONS_H
#define CDC_MODEL_OPTIONS_H

#include "base/opt.h"

/* Arguments that options of several programs take: calls of base/opt.h. */

/* DB.COLLECTION with *, into struct patterns. */
opt_call option_pattern;
/* A=B, into struct names. */
opt_call option_rename;
/* The last moment that counts, ts:TSO or a time, into uint64_t; above 0. */
opt_call option_until;

#define OPTION_INCLUDE "collections, as db.coll with * [*.*]"
#define OPTION_EXCLUDE "but not these"

#endif
