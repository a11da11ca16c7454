#ifndef CDC_VERIFY_VERIFY_H
#define CDC_VERIFY_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "milvus/client.h"
#include "milvus/feed.h"
#include "model/pattern.h"
#include "model/rename.h"

struct coll;
struct err;
struct textset;

/* Are rows written meanwhile, and how is it known what has arrived? */
enum verify_asof {
	VERIFY_STILL,   /* neither side changes */
	VERIFY_TASK,    /* a task says what it has applied */
	VERIFY_SETTLES, /* what was written arrives within settle_s */
};

enum {
	VERIFY_RETRY_S = 60,
	VERIFY_SETTLE_S = 10,
	VERIFY_PAGE_MAX = 16384, /* rows: Milvus's own limit of a query */
};

struct verify_conf {
	struct milvus_conf source, target;
	char **backup; /* files that stand for the source */
	size_t nbackup, backup_cap;
	uint64_t until; /* of the files, nothing later than this; 0: all */
	struct patterns include, exclude; /* names of the source */
	struct names rename;
	enum read_level read;
	size_t page; /* rows asked for at a time, at most */
	enum verify_asof asof;
	const char *task, *state_dir; /* of VERIFY_TASK */
	int settle_s;
	size_t sample;  /* only so many places of a collection; 0: all */
	uint64_t seed;  /* of the places */
	int load;       /* load what is not loaded, and put it back */
	int progress;   /* on a terminal */
	int allow_none; /* nothing to compare is no error */
};

/* What came of it. */
enum verify_end {
	VERIFY_EQUAL,
	VERIFY_DIFFERENT,
	VERIFY_PARTLY,  /* no difference in what could be compared; not all was
			 */
	VERIFY_NOTHING, /* nothing, or nothing of a pattern, to compare */
};

/*
 * Compare source and target and write a line for each difference to standard
 * output (cdc-ndjson(5)). One of enum verify_end, or -1; *e is set with -1
 * and VERIFY_NOTHING.
 */
int verify_run(const struct verify_conf *c, struct err *e);

/*
 * How two collections differ in their fields, and in what the schema says
 * besides: such lines, added to *lines.
 */
void verify_schemas(
    struct coll *source, struct coll *target, struct textset *lines);

#endif
