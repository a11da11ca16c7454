#ifndef CDC_NET_GRPC_STREAM_H
#define CDC_NET_GRPC_STREAM_H

#include <stddef.h>

#include "net/grpc.h"

/*
 * A call of MilvusService with one request and many messages as its answer, on
 * a connection of its own, which the next call uses again. One thread.
 *
 * Nothing is read from the connection while the caller has a message to take:
 * TCP then holds the server back, so that memory is bounded by the largest
 * message and by what libcurl reads at once. libcurl's own pause is not used:
 * it stalls or fails HTTP/2 streams in several versions (its issues 9180,
 * 10988, 16995, 19334).
 */
struct grpc_stream;

/* As grpc_open. */
struct grpc_stream *grpc_stream_open(
    const struct grpc_conf *conf, struct err *e);
/* In the middle of a call, too: the server is told that nobody listens. */
void grpc_stream_close(struct grpc_stream *s);

/*
 * Send a request, which is copied. Not while a call is out. all_ms limits the
 * whole call, also the time in which the caller takes nothing, and is told to
 * the server; 0: no limit. quiet_ms limits the time in which the caller waits
 * and no byte comes.
 */
void grpc_stream_call(struct grpc_stream *s, const char *method,
    const void *request, size_t len, int all_ms, int quiet_ms);

enum grpc_got {
	GRPC_NOTHING, /* so far; wait with a grpc_watch */
	GRPC_MESSAGE,
	GRPC_END, /* no more messages: grpc_stream_result */
};
/* The next message, without waiting; borrowed until the next call. */
enum grpc_got grpc_stream_next(struct grpc_stream *s, struct span *m);
/* Would grpc_stream_next have something without asking the connection? */
int grpc_stream_has(const struct grpc_stream *s);

/*
 * How the call that is over has ended. Only GRPC_ANSWER is an answer that is
 * complete: the last message was whole, and the server said status 0 behind it.
 * All else may have had any part of it.
 */
const struct grpc_result *grpc_stream_result(const struct grpc_stream *s);

struct grpc *grpc_stream_channel(struct grpc_stream *s);

/*
 * A descriptor that is readable when one of several channels, which had nothing
 * so far, has something to do: for poll(2) beside other descriptors.
 */
struct grpc_watch;

struct grpc_watch *grpc_watch_open(struct err *e);
void grpc_watch_close(struct grpc_watch *w);
int grpc_watch_fd(const struct grpc_watch *w);
/*
 * From now on it is readable for these n channels, and for_ms from now (-1:
 * only when a channel wants that). To be called again whenever a channel was
 * used since.
 */
void grpc_watch_set(
    struct grpc_watch *w, struct grpc *const *v, size_t n, int for_ms);

#endif
