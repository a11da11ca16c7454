#ifndef CDC_STREAM_STREAM_H
#define CDC_STREAM_STREAM_H

#include <stdint.h>

#include "model/op.h"
#include "model/pattern.h"
#include "model/shard.h"
#include "model/source.h"
#include "mq/mq.h"
#include "rows/rows.h"
#include "state/where.h"

struct err;

/*
 * cdc-read's work: catalogue lines and Kafka records in, operation lines out,
 * in order. Laws are those of cdc(7), ORDER AND SAFETY.
 */
struct reader_conf {
	struct mq_conf kafka;
	const char *cluster;      /* NULL: found in the catalogue */
	const char *catalogue;    /* a file, or "-" for standard input */
	const char *state;        /* state directory, or NULL */
	const char *from, *until; /* WHERE */
	struct patterns include, exclude; /* no include: everything */
	unsigned char skip[OP_MAX];       /* operations, by enum opname */
	struct rows_opts rows;
	int time;           /* add "time" */
	int64_t tick_s;     /* at least so often a tick */
	struct shard shard; /* of the collections, this part alone */
	int explain;        /* a table instead of the stream */
	int allow_none;     /* patterns that meet nothing are no error */
	enum source_missing missing;
};

/*
 * Read until conf says or a signal stops us; the stream goes to stdout. 0 if
 * it has its `end` line; -1 with *e: ERR_GONE if the position is lost,
 * ERR_TEMP if a peer or the catalogue is away.
 */
int reader_run(const struct reader_conf *conf, struct err *e);

#endif
