#include "net/grpc_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/grpc_priv.h"

struct grpc_stream {
	struct grpc *g;
	char *request;
	struct span piece;
	int out;       /* a call is */
	int over;      /* and has ended */
	struct buf in; /* what has come, from the last message taken on */
	size_t at;     /* of the next message */
	size_t edge;   /* where the messages end that are whole */
	int quiet_ms;
	int64_t heard_ns; /* when bytes came, or a message was taken */
	struct grpc_result result;
	char text[CURL_ERROR_SIZE];
};

struct grpc_stream *
grpc_stream_open(const struct grpc_conf *conf, struct err *e)
{
	struct grpc *g = grpc_open(conf, e);
	struct grpc_stream *s;

	if (g == NULL)
		return NULL;
	s = x_calloc(1, sizeof *s);
	s->g = g;
	return s;
}

void
grpc_stream_close(struct grpc_stream *s)
{
	if (s == NULL)
		return;
	grpc_close(s->g);
	buf_fini(&s->in);
	free(s->request);
	free(s);
}

struct grpc *
grpc_stream_channel(struct grpc_stream *s)
{
	return s->g;
}

static void
begin(void *arg)
{
	struct grpc_stream *s = arg;

	buf_clear(&s->in);
	s->at = s->edge = 0;
	s->heard_ns = clock_ns();
}

static size_t
length(const struct grpc_stream *s, size_t at)
{
	const uint8_t *p = (const uint8_t *)s->in.ptr + at;

	return (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 |
	       p[4];
}

static int
bytes(void *arg, const char *p, size_t n)
{
	struct grpc_stream *s = arg;

	s->heard_ns = clock_ns();
	buf_add(&s->in, p, n);
	while (s->in.len - s->edge >= FRAME_HEAD) {
		size_t len = length(s, s->edge);

		/* we accept no compression, so none is a flag */
		if (s->in.ptr[s->edge] != 0)
			return GRPC_BROKEN;
		if (len > MAX_ANSWER)
			return GRPC_TOO_LONG;
		if (s->in.len - s->edge - FRAME_HEAD < len)
			break;
		s->edge += FRAME_HEAD + len;
	}
	return 0;
}

static int
is_whole(const void *arg)
{
	const struct grpc_stream *s = arg;

	return s->edge == s->in.len;
}

static const struct grpc_sink sink = { begin, bytes, is_whole };

static void
done(void *arg, const struct grpc_result *r)
{
	struct grpc_stream *s = arg;

	s->over = 1;
	s->result = *r;
	snprintf(s->text, sizeof s->text, "%s", r->text);
	s->result.text = s->text;
}

void
grpc_stream_call(struct grpc_stream *s, const char *method, const void *request,
    size_t len, int all_ms, int quiet_ms)
{
	free(s->request);
	s->request = x_memdup(request, len);
	s->piece = (struct span){ s->request, len };
	s->out = 1;
	s->over = 0;
	s->quiet_ms = quiet_ms;
	grpc_start_stream(s->g, &sink, method, &s->piece, all_ms, done, s);
}

int
grpc_stream_has(const struct grpc_stream *s)
{
	return s->out && (s->at < s->edge || s->over);
}

/* Nobody knows what became of it; nor of its connection, so that goes, too. */
static void
give_up(struct grpc_stream *s)
{
	grpc_renew(s->g);
	snprintf(s->text, sizeof s->text, "no byte for %d ms", s->quiet_ms);
	s->over = 1;
	s->result =
	    (struct grpc_result){ .end = GRPC_UNKNOWN, .text = s->text };
}

/* Ask the connection, until a message is whole or nothing comes. */
static void
ask(struct grpc_stream *s)
{
	size_t before;

	if (s->at > 0) {
		buf_cut(&s->in, s->at);
		s->edge -= s->at;
		s->at = 0;
	}
	do {
		before = s->in.len;
		if (grpc_drive(s->g) != CURLM_OK)
			abort(); /* out of memory, or a mistake of ours */
	} while (s->edge == 0 && !s->over && s->in.len > before);
	if (s->edge == 0 && !s->over &&
	    clock_ns() - s->heard_ns > s->quiet_ms * NS_PER_MS)
		give_up(s);
}

enum grpc_got
grpc_stream_next(struct grpc_stream *s, struct span *m)
{
	if (!grpc_stream_has(s))
		ask(s);
	if (s->at < s->edge) {
		*m = (struct span){ s->in.ptr + s->at + FRAME_HEAD,
			length(s, s->at) };
		s->at += FRAME_HEAD + m->len;
		s->heard_ns = clock_ns();
		return GRPC_MESSAGE;
	}
	if (!s->over)
		return GRPC_NOTHING;
	s->out = 0;
	return GRPC_END;
}

const struct grpc_result *
grpc_stream_result(const struct grpc_stream *s)
{
	return &s->result;
}
