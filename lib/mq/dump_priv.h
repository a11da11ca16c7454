#ifndef CDC_MQ_DUMP_PRIV_H
#define CDC_MQ_DUMP_PRIV_H

#include "base/buf.h"
#include "mq/dump.h"
#include "net/grpc_stream.h"
#include "net/trouble.h"

/*
 * Between dump.c, which is the row of the table, dump_read.c, which reads one
 * pchannel, dump_ask.c, which asks the server, dump_message.c, which reads a
 * message, and dump_id.c, which reads ids.
 */

enum { BASE36_MAX = 14 };

/* One ImmutableMessage, borrowed from its stream. */
enum { DUMP_PROPERTIES = 64 };
struct dump_headers {
	struct record_headers pub; /* the first member */
	struct {
		struct span name, value;
	} v[DUMP_PROPERTIES];
	size_t n;
};
struct dump_message {
	struct span id, payload;
	int wal;
	struct dump_headers headers;
	uint64_t ts;      /* _tt */
	struct span from; /* _lc, or its own id */
	uint64_t digest;
	char tick[BASE36_MAX]; /* of a TimeTick that was made: its time tick */
};

/* What may fail for a while. All zero: it works. */
struct dump_try {
	int64_t due_ns;   /* not before */
	int64_t since_ns; /* of the first failure */
	int n;
};

struct dump_channel {
	char *name;
	int number; /* the caller's */
	int reading, paused;
	struct grpc_stream *stream;
	int out;                   /* a call is, */
	uint64_t until;            /* for all up to here */
	int64_t called_ns;         /* since then */
	uint64_t proven;           /* all up to here was handed over */
	char earliest[MQ_MARK_ID]; /* where to begin without a mark */
	uint64_t above; /* without a mark: what is wanted is above this, */
	int looking;    /* and what is before is read for one: windows[] */
	struct mq_mark mark;
	struct mq_mark before; /* the mark of the time tick before its own */
	int made;              /* what was handed over last was a made tick */
	size_t unproven; /* bytes of records that no made tick is behind */
	size_t tail;     /* bytes that came with the mark's time tick */
	int seen;        /* the mark was, in this call */
	int skimming;    /* this call leaves the mark out: dump_read.c */
	int came;        /* something new did, in this call */
	struct dump_try tries;
};

/* The server's clock. */
struct dump_clock {
	int out;     /* asked for */
	int done;    /* an answer is here, */
	uint64_t ts; /* this, or 0: */
	int final;   /* trying again does not help */
	char why[512];
	struct dump_try tries;
};

/* So many times wait_ms is a Milvus away before that is the end. */
enum { DUMP_AWAY = 30 };

struct dump {
	struct mq pub; /* the first member */
	char *uri, *token, *cacert, *cert, *key;
	struct grpc_conf conf;
	struct grpc *g; /* for what is not a stream */
	struct grpc_watch *watch;
	int wait_ms;
	int64_t limit_ns; /* a question of now is over then; 0: not known */
	struct dump_clock clock;
	struct dump_channel **v;
	size_t n, cap;
	size_t turn;                 /* the channel that is looked at first */
	struct dump_message message; /* the last one handed over */
	struct trouble trouble;
};

static inline struct dump *
dump_of(struct mq *q)
{
	return (struct dump *)(void *)q;
}

/*
 * 1 and *m, 0 if there is no message in it, -1 if it is broken (ERR_DATA), or a
 * Status that is a refusal: ERR_TEMP if it may pass.
 */
int dump_message_read(
    const struct span *p, struct dump_message *m, struct err *e);
/* *m as a record of its own bytes, whose headers are m's. */
int dump_message_record(
    const struct dump_message *m, int number, struct record *r, struct err *e);
/* A TimeTick at ts. */
void dump_message_tick(
    struct dump_message *m, uint64_t ts, int number, struct record *r);

/* The id of a text that a queue has; ERR_DATA. */
int dump_id_read(
    const struct span *text, int wal, struct mq_id *id, struct err *e);
/* In digits and small letters, with a NUL. */
void dump_base36(uint64_t v, char text[BASE36_MAX]);
/* An id before all others of that queue; ERR_DATA if it is none. */
int dump_id_earliest(int wal, char text[MQ_MARK_ID], struct err *e);

/* Is it a Milvus that can be read? As mq_open. */
int dump_greet(struct dump *d, struct err *e);
/*
 * A timestamp of its clock: 1 when it is there, once; 0 while it is asked for,
 * -1 when it cannot be had.
 */
int dump_clock(struct dump *d, uint64_t *ts, struct err *e);
/*
 * How a call has failed: -1 with ERR_DATA if trying again does not help, else 0
 * with why in text.
 */
int dump_judge(
    const struct grpc_result *r, char *text, size_t cap, struct err *e);
/*
 * A failure that may pass: plans the next try. -1 with ERR_TEMP when it has
 * lasted for too long.
 */
int dump_try_failed(struct dump *d, struct dump_try *t, const char *what,
    const char *why, struct err *e);
void dump_try_worked(struct dump *d, struct dump_try *t);

/* What is there of c now: MQ_RECORD, MQ_IDLE or -1, as mq_next. */
int dump_channel_next(
    struct dump *d, struct dump_channel *c, struct record *r, struct err *e);
/* Its next call, for all up to ts; ERR_BACK if that is before its mark. */
int dump_channel_call(
    struct dump *d, struct dump_channel *c, uint64_t ts, struct err *e);

#endif
