#ifndef CDC_MQ_DUMP_H
#define CDC_MQ_DUMP_H

#include <stdint.h>

#include "mq/mq.h"

struct err;

/*
 * The streaming log through the port of a Milvus, 2.6.20 or 3.0.0 and later:
 * its call DumpMessages, whatever queue the log is in. Topics are pchannels;
 * mq_conf.brokers is http://HOST:PORT or https://, which mq_conf.milvus has the
 * login and the files for. What no other queue has is here; q is one that
 * mq_dump.open made.
 *
 * Records come in the order of their time ticks, a transaction without another
 * record in between, so ids go back now and then. Time ticks are not among
 * them: a call asks for all up to a timestamp of the server's clock, and when
 * it is over with status 0, all of that has come. That is handed over as a
 * record that says so in the words of the log, a TimeTick: `made` is set, its
 * id is that of the record before it.
 *
 * The server tells nobody that a start is gone: it begins at the earliest
 * record instead, or at the next one that is left. So each call begins early
 * enough to see the record again that came last, and nothing new is handed over
 * before that: ERR_GONE if it does not come.
 */
extern const struct mq_queue mq_dump;

/* Longer than the text of an id of any of Milvus's queues. */
enum { DUMP_ID = 128 };

/* Up to where a pchannel was read. All zero: it has no record so far. */
struct dump_mark {
	char id[DUMP_ID];   /* of the record that came last, as Milvus has it */
	char from[DUMP_ID]; /* from where to read to see it again */
	int wal;         /* the queue that these are of: MessageID.WAL_name */
	uint64_t ts;     /* its time tick */
	uint64_t digest; /* of its bytes; the same in each process */
};

/* As mq_start, behind the record of that mark. */
int dump_start_behind(struct mq *q, const char *topic, int number,
    const struct dump_mark *mark, struct err *e);
/* The mark of the record that mq_next handed over last of this topic. */
void dump_get_mark(struct mq *q, const char *topic, struct dump_mark *mark);

#endif
