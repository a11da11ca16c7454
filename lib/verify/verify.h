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

/* How it is known which rows have arrived while rows are written. */
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
	char **backup; /* files in place of the source */
	size_t nbackup, backup_cap;
	/* lines of the files later than this are ignored; 0: none */
	uint64_t until;
	struct patterns include, exclude; /* names of the source */
	struct names rename;
	enum read_level read;
	size_t page; /* rows asked for at a time, at most */
	enum verify_asof asof;
	const char *task, *state_dir; /* of VERIFY_TASK */
	int settle_s;
	size_t sample; /* only this many places of a collection; 0: all rows */
	uint64_t seed; /* of the places */
	int load;      /* load collections that are not loaded, and release them
			  again */
	int progress;  /* show progress on a terminal */
	int allow_none; /* having nothing to compare is no error */
};

/* The result. */
enum verify_end {
	VERIFY_EQUAL,
	VERIFY_DIFFERENT,
	VERIFY_PARTLY,  /* no difference found, but not everything could be
			   compared */
	VERIFY_NOTHING, /* there was nothing to compare, or a pattern matched
			   nothing */
};

/*
 * Compare source and target and write a line for each difference to standard
 * output (cdc-verify(1)). Returns an enum verify_end, or -1; *e is set with -1
 * and VERIFY_NOTHING.
 */
int verify_run(const struct verify_conf *c, struct err *e);

/*
 * Append to *lines the differences between the schemas of two collections, as
 * lines of the output.
 */
void verify_schemas(
    struct coll *source, struct coll *target, struct textset *lines);

#endif
