#include "mq/dump_priv.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "base/sig.h"
#include "base/utf8.h"
#include "codec/pb_read.h"
#include "net/tls.h"

/* Questions of one answer; and what a failure means. */

enum {
	FIRST_MS =
	    100, /* the pause behind a failure, twice as long each time */
	MOST_MS = 5000,
	SAID_MS = 3000, /* a failure lasts for so long before it is said */
	DENIED = 7,     /* grpc-status */
	UNKNOWN_CALL = 12,
	NO_LOGIN = 16,
};

static const char *
status_word(int status)
{
	switch (status) {
	case DENIED:
		return "the login may not read the log: DumpMessages is for "
		       "root, or for a role with all privileges of the cluster";
	case UNKNOWN_CALL:
		return "the server does not know the call, which Milvus has "
		       "from 2.6.20 and 3.0.0 on";
	case NO_LOGIN:
		return "the server refuses the login (--token-file, CDC_TOKEN)";
	default:
		return "the server answers gRPC status";
	}
}

/* Is it one that waiting does not change? */
static int
is_final(int status)
{
	static const int v[] = { 3, 5, DENIED, 9, 11, UNKNOWN_CALL, NO_LOGIN };

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (v[i] == status)
			return 1;
	return 0;
}

int
dump_judge(const struct grpc_result *r, char *text, size_t cap, struct err *e)
{
	int final = r->end == GRPC_REFUSED ||
		    (r->end == GRPC_STATUS && is_final(r->status));

	/* while a Milvus starts, REST answers first, with 404 */
	if (r->end == GRPC_REFUSED && r->http == 404)
		final = 0;
	if (r->end == GRPC_STATUS)
		snprintf(text, cap, "%s (%d): %s", status_word(r->status),
		    r->status, r->text);
	else if (r->end == GRPC_REFUSED)
		snprintf(text, cap, "%s: %s",
		    !r->trust ? "what answers there is no Milvus"
		    : trust_refused(r->text)
			? "our certificate is refused, or one is wanted"
			: "TLS",
		    r->text);
	else
		snprintf(text, cap, "%s", r->text);
	utf8_mend(text, cap, strlen(text) == cap - 1);
	return final ? err_set(e, ERR_DATA, "%s", text) : 0;
}

static int
pause_ms(int failures)
{
	int ms = FIRST_MS << (failures < 6 ? failures : 6);

	return ms < MOST_MS ? ms : MOST_MS;
}

/* A question that is waited for. */
struct asked {
	int done, final;
	struct err e;
	char text[512];
	char version[64];
};

/* GetVersionResponse {1 Status, 2 version} */
static void
read_version(const struct grpc_result *r, struct asked *a)
{
	struct pbwalk w = pbwalk_init(r->ptr, r->len);
	struct pbfield f;

	while (pbwalk_next(&w, &f) == 1)
		if (f.field == 2 && f.wire == PB_BYTES &&
		    f.len < sizeof a->version)
			memcpy(a->version, f.ptr, f.len);
}

static void
on_version(void *arg, const struct grpc_result *r)
{
	struct asked *a = arg;

	a->done = 1;
	memset(a->version, 0, sizeof a->version);
	if (r->end == GRPC_ANSWER)
		read_version(r, a);
	else
		a->final = dump_judge(r, a->text, sizeof a->text, &a->e) == -1;
}

/* The digits that begin a part of a version; -1: none. */
static int
part(const char **p)
{
	int v = -1;

	for (; **p >= '0' && **p <= '9' && v < 100000; (*p)++)
		v = (v < 0 ? 0 : v) * 10 + (**p - '0');
	return v;
}

/* "v2.6.20", "3.0.0-beta". */
static int
check_version(const char *text, struct err *e)
{
	const char *p = *text == 'v' ? text + 1 : text;
	int v[3];

	for (int i = 0; i < 3; i++) {
		if (i > 0 && *p == '.')
			p++;
		v[i] = part(&p);
	}
	if (v[0] == -1 || v[1] == -1 || v[2] == -1)
		return err_set(e, ERR_DATA,
		    "it says that it is version '%s', which does not tell "
		    "whether it is 2.6.20 or later",
		    text);
	if (v[0] > 2 || (v[0] == 2 && (v[1] > 6 || (v[1] == 6 && v[2] >= 20))))
		return 0;
	return err_set(e, ERR_DATA,
	    "it is Milvus %s; the log is read through Milvus from 2.6.20 and "
	    "3.0.0 on. Those before leave the rows of transactions out, and "
	    "every upsert is one: they would be lost. Read its Kafka "
	    "(--brokers)",
	    text);
}

/* The call again and again, until somebody answers. */
static int
ask_version(struct dump *d, struct asked *a, struct err *e)
{
	int64_t until = clock_ns() + d->wait_ms * NS_PER_MS, left;
	struct span nothing = { "", 0 };

	for (int n = 0; (left = (until - clock_ns()) / NS_PER_MS) > 0; n++) {
		struct pollfd p = { sig_fd(), POLLIN, 0 };

		a->done = 0;
		grpc_start(
		    d->g, "GetVersion", &nothing, 1, (int)left, on_version, a);
		while (!a->done && sig_stop == 0)
			if (grpc_wait(d->g, NULL, 0, 100, e) == -1)
				return -1;
		if (sig_stop != 0)
			return err_set(e, ERR_STOP, "stopped");
		if (a->version[0] != '\0')
			return 0;
		if (a->final) {
			*e = a->e;
			return -1;
		}
		poll(&p, 1, pause_ms(n));
	}
	return err_set(e, ERR_TEMP, "it does not answer: %s", a->text);
}

int
dump_greet(struct dump *d, struct err *e)
{
	struct asked a = { .text = "no version" };

	if (ask_version(d, &a, e) == -1 || check_version(a.version, e) == -1)
		return e->kind == ERR_STOP
			   ? -1
			   : err_wrap(e, "Milvus at '%s'", d->uri);
	return 0;
}

int
dump_try_failed(struct dump *d, struct dump_try *t, const char *what,
    const char *why, struct err *e)
{
	int64_t now = clock_ns();
	int limit_ms = d->wait_ms * DUMP_AWAY;

	if (t->since_ns == 0)
		t->since_ns = now;
	if (now - t->since_ns >= limit_ms * NS_PER_MS)
		return err_set(e, ERR_TEMP,
		    "Milvus at '%s': %s: %s; tried for %d s", d->uri, what, why,
		    limit_ms / 1000);
	if (now - t->since_ns >= SAID_MS * NS_PER_MS &&
	    d->trouble.since_ns == 0)
		trouble_tell(&d->trouble, limit_ms / 1000, "%s: %s", what, why);
	t->due_ns = now + pause_ms(t->n++) * NS_PER_MS;
	return 0;
}

void
dump_try_worked(struct dump *d, struct dump_try *t)
{
	if (t->since_ns != 0)
		trouble_over(&d->trouble, "the source");
	*t = (struct dump_try){ .due_ns = t->due_ns };
}

/* AllocTimestampResponse {1 Status, 2 timestamp} */
static void
on_clock(void *arg, const struct grpc_result *r)
{
	struct dump *d = arg;
	struct pbwalk w = pbwalk_init(r->ptr, r->len);
	struct pbfield f;
	struct err e;

	d->clock.out = 0;
	d->clock.done = 1;
	d->clock.ts = 0;
	d->clock.final = 0;
	if (r->end != GRPC_ANSWER) {
		d->clock.final =
		    dump_judge(r, d->clock.why, sizeof d->clock.why, &e) == -1;
		return;
	}
	while (pbwalk_next(&w, &f) == 1)
		if (f.field == 2 && f.wire == PB_VARINT)
			d->clock.ts = f.num;
	if (d->clock.ts == 0)
		snprintf(d->clock.why, sizeof d->clock.why,
		    "AllocTimestamp gives no time");
}

static int
clock_failed(struct dump *d, struct err *e)
{
	struct dump_try *t = &d->clock.tries;

	if (d->clock.final)
		return err_set(
		    e, ERR_DATA, "Milvus at '%s': %s", d->uri, d->clock.why);
	return dump_try_failed(d, t, "AllocTimestamp", d->clock.why, e);
}

int
dump_clock(struct dump *d, uint64_t *ts, struct err *e)
{
	static const struct span nothing = { "", 0 };

	if (!d->clock.out && !d->clock.done) {
		if (clock_ns() < d->clock.tries.due_ns)
			return 0;
		d->clock.out = 1;
		grpc_start(d->g, "AllocTimestamp", &nothing, 1, d->wait_ms,
		    on_clock, d);
	}
	if (d->clock.out && grpc_wait(d->g, NULL, 0, 0, e) == -1)
		return -1;
	if (!d->clock.done)
		return 0;
	d->clock.done = 0;
	if (d->clock.ts == 0)
		return clock_failed(d, e);
	dump_try_worked(d, &d->clock.tries);
	*ts = d->clock.ts;
	return 1;
}
