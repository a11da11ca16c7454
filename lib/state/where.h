#ifndef CDC_STATE_WHERE_H
#define CDC_STATE_WHERE_H

#include <stdint.h>

#include <jansson.h>

#include "model/pos.h"

struct err;

/* Where a stream begins or ends: WHERE of cdc-read(1). */
enum where_kind {
	WHERE_START,     /* each collection's start position */
	WHERE_BEGINNING, /* all that Kafka has */
	WHERE_NOW,
	WHERE_CHECKPOINT, /* Milvus's own channel checkpoints */
	WHERE_POS,  /* a position, with what the target has if that is known */
	WHERE_TIME, /* a timestamp */
	WHERE_END,  /* for --until: now, without waiting for ticks */
	WHERE_NEVER,
};

struct where {
	enum where_kind kind;
	uint64_t ts; /* for WHERE_TIME and WHERE_POS */
	struct pos pos;
	json_t *known; /* owned, or NULL */
	/* the source's identity, model/source.h; owned, or NULL */
	json_t *source;
	json_t *redo; /* of a task: redo.h; owned, or NULL */
	char *task;   /* of task:NAME, or NULL */
};

void where_fini(struct where *w);

/*
 * A FROM: start, beginning, now, checkpoint, ts:TSO, a time, @FILE (whose last
 * line is a begin, tick, end or ack line or a checkpoint), task:NAME (its
 * checkpoint, else the start in its definition; state is the state directory or
 * NULL for the default). ERR_USAGE or ERR_DATA.
 */
int where_from(
    struct where *w, const char *text, const char *state, struct err *e);

/* The same for a line that is parsed already. ERR_DATA. */
int where_line(struct where *w, const json_t *line, struct err *e);

/* An UNTIL: never, now, end, ts:TSO, a time. ERR_USAGE. */
int where_until(struct where *w, const char *text, struct err *e);

#endif
