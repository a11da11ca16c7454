#ifndef CDC_MQ_DUMP_H
#define CDC_MQ_DUMP_H

#include "mq/mq.h"

/*
 * The streaming log through the port of a Milvus, 2.6.20 or 3.0.0 and later:
 * its call DumpMessages, whatever queue the log is in. Topics are pchannels;
 * mq_conf.brokers is http://HOST:PORT or https://, which mq_conf.milvus has the
 * login and the files for.
 *
 * Records come in the order of their time ticks, a transaction without another
 * record in between, so ids go back now and then. Time ticks are not among
 * them: a call asks for all up to a timestamp of the server's clock, and when
 * it is over with status 0, all of that has come. That is handed over as a
 * record that says so in the words of the log, a TimeTick: `made` is set, its
 * id is that of the record before it. In a long call, such a one comes now and
 * then for what is before the newest time tick.
 *
 * The server tells nobody that a start is gone: it begins at the earliest
 * record instead, or at the next one that is left. So each call begins early
 * enough to see the record again that came last, and nothing new is handed over
 * before that: ERR_GONE if it does not come. A start at a time first looks for
 * the last record before it, and hands over a made tick of that time, whose
 * mark this is; if there is none, what comes is the beginning of what the log
 * has left.
 */
extern const struct mq_queue mq_dump;

#endif
