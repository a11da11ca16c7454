#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poll.h>
#include <sys/resource.h>

#include <cmocka.h>

#include <jansson.h>

#include "../dumper.h"

#include "net/grpc_stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "codec/pb_read.h"
#include "codec/pb_write.h"

enum { QUIET_MS = 20000, MOST = 64 };

/* Which log is asked for, from where, and up to which time tick. */
struct ask {
	const char *pchannel, *id;
	uint64_t to;
	int all_ms, quiet_ms;
};

/* What came. */
struct got {
	int n;
	size_t bytes;
	char *message[MOST]; /* copies of the first ones */
	size_t len[MOST];
	struct grpc_result end;
	char text[256];
};

static void
got_fini(struct got *g)
{
	for (int i = 0; i < MOST; i++)
		free(g->message[i]);
	memset(g, 0, sizeof *g);
}

static struct grpc_stream *
stream(const struct dumper *d, const char *token)
{
	struct grpc_conf conf = { .uri = d->url, .token = token };
	struct err e = { 0 };
	struct grpc_stream *s = grpc_stream_open(&conf, &e);

	assert_non_null(s);
	return s;
}

/* milvus.proto DumpMessagesRequest */
static void
send_ask(struct grpc_stream *s, const struct ask *a)
{
	struct buf b = { 0 }, id = { 0 };

	pbw_bytes(&id, 1, a->id, strlen(a->id));
	pbw_u64(&id, 2, 3);
	pbw_bytes(&b, 1, a->pchannel, strlen(a->pchannel));
	pbw_bytes(&b, 2, id.ptr, id.len);
	if (a->to != 0)
		pbw_u64(&b, 4, a->to);
	pbw_u64(&b, 5, 1);
	grpc_stream_call(s, "DumpMessages", b.ptr, b.len, a->all_ms,
	    a->quiet_ms > 0 ? a->quiet_ms : QUIET_MS);
	buf_fini(&b);
	buf_fini(&id);
}

static void
keep(struct got *g, const struct span *m)
{
	if (g->n < MOST) {
		g->message[g->n] = x_malloc(m->len + 1);
		memcpy(g->message[g->n], m->ptr, m->len);
		g->len[g->n] = m->len;
	}
	g->n++;
	g->bytes += m->len;
}

/* Take what comes until the end, or until n messages have come. */
static int
drain(struct grpc_stream *s, struct got *g, int n)
{
	struct err e = { 0 };
	struct grpc_watch *w = grpc_watch_open(&e);
	struct grpc *channel = grpc_stream_channel(s);
	int64_t until = clock_ns() + 30 * NS_PER_S;
	enum grpc_got rc = GRPC_MESSAGE;
	struct span m;
	int waits = 0;

	assert_non_null(w);
	while (rc != GRPC_END && (n == 0 || g->n < n)) {
		assert_true(clock_ns() < until);
		rc = grpc_stream_next(s, &m);
		if (rc == GRPC_MESSAGE)
			keep(g, &m);
		if (rc == GRPC_NOTHING) {
			struct pollfd p = { grpc_watch_fd(w), POLLIN, 0 };

			waits++;
			grpc_watch_set(w, &channel, 1, -1);
			poll(&p, 1, 100);
		}
	}
	if (rc == GRPC_END) {
		g->end = *grpc_stream_result(s);
		snprintf(g->text, sizeof g->text, "%s", g->end.text);
	}
	grpc_watch_close(w);
	return waits;
}

/* All of a call on a connection of its own. */
static struct got
call(const struct dumper *d, const struct ask *a)
{
	struct grpc_stream *s = stream(d, NULL);
	struct got g = { 0 };

	send_ask(s, a);
	drain(s, &g, 0);
	grpc_stream_close(s);
	return g;
}

static struct dumper
recorded(void)
{
	struct dumper d = dumper_folder();

	dumper_log(&d, "tests/data/dump/2.jsonl", "p");
	dumper_start(&d);
	return d;
}

static const struct ask all = { "p", "0", UINT64_C(470824747365826561), 0, 0 };

/* The bytes of field n of a message, of the last one if there are several. */
static struct pbfield
field(const void *p, size_t len, uint32_t n)
{
	struct pbwalk w = pbwalk_init(p, len);
	struct pbfield f, found = { 0 };

	while (pbwalk_next(&w, &f) == 1)
		if (f.field == n)
			found = f;
	assert_int_equal(found.field, n);
	return found;
}

static void
has_property(const struct pbfield *m, const char *key, const char *value)
{
	struct pbwalk w = pbwalk_init(m->ptr, m->len);
	struct pbfield f, k, v;

	while (pbwalk_next(&w, &f) == 1) {
		if (f.field != 3)
			continue;
		k = field(f.ptr, f.len, 1);
		v = field(f.ptr, f.len, 2);
		if (k.ptr == NULL || v.ptr == NULL || k.len != strlen(key) ||
		    memcmp(k.ptr, key, k.len) != 0)
			continue;
		assert_int_equal(v.len, strlen(value));
		assert_memory_equal(v.ptr, value, v.len);
		return;
	}
	fail_msg("no property %s", key);
}

/* A message of the answer is the line of the recording. */
static void
is_line(const char *p, size_t len, const json_t *j)
{
	struct pbfield m = field(p, len, 2), id, body;
	const char *b64 = json_string_value(json_object_get(j, "payload_b64"));
	const char *text = json_string_value(json_object_get(j, "id"));
	uint8_t payload[4096];
	ptrdiff_t n;
	const char *key;
	json_t *value;
	size_t props = 0;
	struct pbwalk w = pbwalk_init(m.ptr, m.len);
	struct pbfield f;

	assert_true(b64_max(strlen(b64)) <= sizeof payload);
	n = b64_get(b64, strlen(b64), payload);
	id = field(m.ptr, m.len, 1);
	assert_int_equal(field(id.ptr, id.len, 2).num, 3);
	id = field(id.ptr, id.len, 1);
	assert_int_equal(id.len, strlen(text));
	assert_memory_equal(id.ptr, text, id.len);
	if (n > 0) {
		body = field(m.ptr, m.len, 2);
		assert_int_equal(body.len, n);
		assert_memory_equal(body.ptr, payload, n);
	}
	json_object_foreach(json_object_get(j, "properties"), key, value)
	{
		has_property(&m, key, json_string_value(value));
	}
	while (pbwalk_next(&w, &f) == 1)
		props += f.field == 3;
	assert_int_equal(
	    props, json_object_size(json_object_get(j, "properties")));
}

static void
are_recorded(const struct got *g)
{
	FILE *f = fopen("tests/data/dump/2.jsonl", "r");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	assert_non_null(f);
	for (; getline(&line, &cap, f) > 0; n++) {
		json_t *j = json_loads(line, 0, NULL);

		assert_true(n < g->n);
		is_line(g->message[n], g->len[n], j);
		json_decref(j);
	}
	free(line);
	fclose(f);
	assert_int_equal(n, 15);
}

static void
done(void *arg, const struct grpc_result *r)
{
	*(int *)arg = r->end == GRPC_ANSWER && r->len == 12 ? 1 : -1;
}

/*
 * The bytes that a Milvus 2.6.20 sent to another client, AllocTimestamp first.
 * The recording was stopped before the end of the answer: it has no status, and
 * so is no whole one.
 */
static void
genuine_bytes_are_what_was_recorded(void **state)
{
	struct dumper d = dumper_folder();
	char path[128];
	struct grpc_stream *s;
	struct span request = { "", 0 };
	struct got g = { 0 };
	struct err e = { 0 };
	int answered = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/port", d.dir);
	dumper_run(&d, "raw", "tests/data/dump/2.raw", path);
	s = stream(&d, NULL);
	grpc_start(grpc_stream_channel(s), "AllocTimestamp", &request, 1, 5000,
	    done, &answered);
	while (answered == 0)
		assert_int_equal(
		    grpc_wait(grpc_stream_channel(s), NULL, 0, 100, &e), 0);
	assert_int_equal(answered, 1);
	send_ask(s, &all);
	drain(s, &g, 0);
	assert_int_equal(g.n, 16);
	are_recorded(&g);
	assert_int_equal(g.end.end, GRPC_UNKNOWN);
	grpc_stream_close(s);
	got_fini(&g);
	dumper_stop(&d);
}

static void
an_answer_ends_with_status_0(void **state)
{
	struct dumper d = recorded();
	struct grpc_stream *s = stream(&d, NULL);
	struct got g = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) { /* on one connection */
		send_ask(s, &all);
		drain(s, &g, 0);
		assert_int_equal(g.end.end, GRPC_ANSWER);
		assert_int_equal(g.n, 15);
		are_recorded(&g);
		got_fini(&g);
	}
	grpc_stream_close(s);
	dumper_stop(&d);
}

static void
no_message_is_an_answer_too(void **state)
{
	struct dumper d = recorded();
	struct ask a = all;
	struct got g;

	(void)state;
	a.id = "q";
	a.to = 1;
	g = call(&d, &a);
	assert_int_equal(g.end.end, GRPC_ANSWER);
	assert_int_equal(g.n, 0);
	dumper_stop(&d);
}

/* Whatever happens behind 4 messages: they come, and nothing is complete. */
static void
what_ends_otherwise_is_not_complete(void **state)
{
	static const struct {
		const char *fault, *text;
		enum grpc_end end;
		int status;
	} v[] = {
		{ "\"cut\": true", "", GRPC_UNKNOWN, 0 },
		{ "\"half\": true", "in the middle of a message", GRPC_UNKNOWN,
		    0 },
		{ "\"bare\": true", "without status", GRPC_UNKNOWN, 0 },
		{ "\"goaway\": true", "", GRPC_UNKNOWN, 0 },
		{ "\"grpc\": 14, \"text\": \"going %25\"", "going %",
		    GRPC_STATUS, 14 },
		{ "\"grpc\": 4", "", GRPC_UNKNOWN, 4 },
		{ "\"grpc\": 16", "a fault", GRPC_STATUS, 16 },
	};
	struct dumper d = recorded();
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct got g;

		snprintf(text, sizeof text,
		    "[{\"method\": \"DumpMessages\", \"after\": 4, %s}]",
		    v[i].fault);
		dumper_say(&d, "faults", text);
		g = call(&d, &all);
		assert_int_equal(g.end.end, v[i].end);
		assert_int_equal(g.end.status, v[i].status);
		assert_non_null(strstr(g.text, v[i].text));
		/* a reset takes with it what was not read */
		assert_in_range(g.n, i == 0 || i == 3 ? 0 : 4, 4);
		got_fini(&g);
		g = call(&d, &all); /* the fault is used up */
		assert_int_equal(g.end.end, GRPC_ANSWER);
		assert_int_equal(g.n, 15);
		got_fini(&g);
	}
	dumper_stop(&d);
}

/* A flag of compression, which we did not offer. */
static void
what_is_no_message_is_refused(void **state)
{
	struct dumper d = recorded();
	struct got g;

	(void)state;
	dumper_say(
	    &d, "faults", "[{\"method\": \"DumpMessages\", \"flags\": true}]");
	g = call(&d, &all);
	assert_int_equal(g.end.end, GRPC_REFUSED);
	assert_int_equal(g.n, 0);
	dumper_stop(&d);
}

static void
small_pieces_are_whole_messages(void **state)
{
	struct dumper d = recorded();
	struct got g;

	(void)state;
	dumper_say(
	    &d, "faults", "[{\"method\": \"DumpMessages\", \"pace\": 0.01}]");
	g = call(&d, &all);
	assert_int_equal(g.end.end, GRPC_ANSWER);
	are_recorded(&g);
	got_fini(&g);
	dumper_stop(&d);
}

/* As a pchannel that does not exist. */
static void
silence_and_length_are_limited(void **state)
{
	struct dumper d = recorded();
	struct ask a = { "none", "0", 1, 0, 300 };
	int64_t from = clock_ns();
	struct got g = call(&d, &a);

	(void)state;
	assert_int_equal(g.end.end, GRPC_UNKNOWN);
	assert_string_equal(g.text, "no byte for 300 ms");
	assert_in_range(clock_ns() - from, 250 * NS_PER_MS, 5 * NS_PER_S);
	from = clock_ns();
	a = (struct ask){ "none", "0", 1, 300, 60000 };
	g = call(&d, &a);
	assert_int_equal(g.end.end, GRPC_UNKNOWN);
	assert_in_range(clock_ns() - from, 250 * NS_PER_MS, 5 * NS_PER_S);
	dumper_stop(&d);
}

/* Bytes that come now and then are no silence. */
static void
slow_is_not_silent(void **state)
{
	struct dumper d = recorded();
	struct ask a = all;
	struct got g;

	(void)state;
	a.quiet_ms = 400;
	dumper_say(
	    &d, "faults", "[{\"method\": \"DumpMessages\", \"pace\": 0.08}]");
	g = call(&d, &a);
	assert_int_equal(g.end.end, GRPC_ANSWER);
	assert_int_equal(g.n, 15);
	got_fini(&g);
	dumper_stop(&d);
}

/* Waiting sleeps: a call without news wakes its caller a few times only. */
static void
waiting_keeps_nobody_busy(void **state)
{
	struct dumper d = recorded();
	struct ask a = all;
	struct grpc_stream *s = stream(&d, NULL);
	struct got g = { 0 };
	int waits;

	(void)state;
	a.to = 0; /* for ever */
	a.quiet_ms = 1000;
	send_ask(s, &a);
	waits = drain(s, &g, 0);
	assert_string_equal(g.text, "no byte for 1000 ms");
	assert_int_equal(g.n, 15);
	assert_true(waits < 60);
	grpc_stream_close(s);
	got_fini(&g);
	dumper_stop(&d);
}

static void
closing_ends_the_call(void **state)
{
	struct dumper d = recorded();
	struct ask a = all;
	struct grpc_stream *s = stream(&d, NULL);
	struct got g = { 0 };

	(void)state;
	a.to = 0;
	send_ask(s, &a);
	drain(s, &g, 2);
	assert_int_equal(g.n, 2);
	grpc_stream_close(s);
	got_fini(&g);
	dumper_stop(&d);
}

static long
peak_mib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

/*
 * 256 MiB behind a caller that takes one message and then nothing for a while:
 * the server waits, and no byte is lost.
 */
static void
who_takes_nothing_holds_the_server_back(void **state)
{
	enum { N = 4096, BYTES = 65536, MOST_MIB = 32 };
	struct dumper d = dumper_folder();
	struct grpc_stream *s;
	struct ask a = { "f", "0", UINT64_MAX >> 1, 0, 10000 };
	struct got g = { 0 };
	struct span m;
	long before = peak_mib();

	(void)state;
	dumper_say(&d, "f.flood", "{\"messages\": 4096, \"bytes\": 65536}");
	dumper_start(&d);
	s = stream(&d, NULL);
	send_ask(s, &a);
	drain(s, &g, 1);
	dumper_nap(1500);
	assert_true(peak_mib() - before < MOST_MIB);
	got_fini(&g);
	for (uint64_t i = 1; i < N; i++) {
		enum grpc_got rc;
		struct pbfield f;
		uint64_t be;

		while ((rc = grpc_stream_next(s, &m)) == GRPC_NOTHING)
			dumper_nap(1);
		assert_int_equal(rc, GRPC_MESSAGE);
		f = field(m.ptr, m.len, 2);
		f = field(f.ptr, f.len, 2);
		assert_int_equal(f.len, BYTES);
		be = __builtin_bswap64(i);
		assert_memory_equal(f.ptr, &be, 8);
		assert_memory_equal(f.ptr + f.len - 8, &be, 8);
	}
	assert_true(peak_mib() - before < MOST_MIB);
	grpc_stream_close(s);
	dumper_stop(&d);
}

static void
a_login_is_sent(void **state)
{
	struct dumper d = recorded();
	struct grpc_stream *s;
	struct got g;

	(void)state;
	dumper_say(&d, "login", "root:Milvus");
	g = call(&d, &all);
	assert_int_equal(g.end.end, GRPC_STATUS);
	assert_int_equal(g.end.status, 16);
	assert_int_equal(g.n, 0);
	s = stream(&d, "root:Milvus");
	send_ask(s, &all);
	drain(s, &g, 0);
	assert_int_equal(g.end.end, GRPC_ANSWER);
	assert_int_equal(g.n, 15);
	grpc_stream_close(s);
	got_fini(&g);
	dumper_stop(&d);
}

static void
nobody_there_is_not_sent(void **state)
{
	struct dumper d = { .url = "http://127.0.0.1:1" };
	struct got g = call(&d, &all);

	(void)state;
	assert_int_equal(g.end.end, GRPC_NOT_SENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(genuine_bytes_are_what_was_recorded),
		cmocka_unit_test(an_answer_ends_with_status_0),
		cmocka_unit_test(no_message_is_an_answer_too),
		cmocka_unit_test(what_ends_otherwise_is_not_complete),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(small_pieces_are_whole_messages),
		cmocka_unit_test(silence_and_length_are_limited),
		cmocka_unit_test(slow_is_not_silent),
		cmocka_unit_test(waiting_keeps_nobody_busy),
		cmocka_unit_test(closing_ends_the_call),
		cmocka_unit_test(who_takes_nothing_holds_the_server_back),
		cmocka_unit_test(a_login_is_sent),
		cmocka_unit_test(nobody_there_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
