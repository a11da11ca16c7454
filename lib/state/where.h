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
	WHERE_POS,        /* a position, perhaps with what the target has */
	WHERE_TIME,       /* a timestamp */
	WHERE_END,        /* of --until: now, without waiting for ticks */
	WHERE_NEVER,
};

struct where {
	enum where_kind kind;
	uint64_t ts; /* of WHERE_TIME and WHERE_POS */
	struct pos pos;
	json_t *known;  /* owned, or NULL */
	json_t *source; /* who that was, model/source.h; owned, or NULL */
	json_t *redo;   /* of a task: redo.h; owned, or NULL */
	char *task;     /* of task:NAME, or NULL */
};

void where_fini(struct where *w);

/*
 * A FROM: start, beginning, now, checkpoint, ts:TSO, a time, @FILE (whose
 * last line is a begin, tick, end or ack line or a checkpoint), task:NAME
 * (its checkpoint, or where its definition says it begins; state is the
 * state directory or NULL for the default). ERR_USAGE or ERR_DATA.
 */
int where_from(
    struct where *w, const char *text, const char *state, struct err *e);

/* A position as @FILE has it, but at hand. ERR_DATA. */
int where_line(struct where *w, const json_t *line, struct err *e);

/* An UNTIL: never, now, end, ts:TSO, a time. ERR_USAGE. */
int where_until(struct where *w, const char *text, struct err *e);

#endif
