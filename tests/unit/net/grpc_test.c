#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "net/grpc.h"

#include "base/clock.h"
#include "base/err.h"

/* What became of a call. */
struct seen {
	int done;
	enum grpc_end end;
	int64_t quiet_ns;
	char text[256];
};

static void
done(void *arg, const struct grpc_result *r)
{
	struct seen *s = arg;

	s->done++;
	s->end = r->end;
	s->quiet_ns = r->quiet_ns;
	snprintf(s->text, sizeof s->text, "%s", r->text);
}

/* A port that listens, or one that nobody listens at. */
static int
port(int *fd, int listening)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &n), 0);
	if (listening)
		assert_int_equal(listen(*fd, 5), 0);
	return ntohs(a.sin_port);
}

static struct grpc *
channel(int at)
{
	char uri[64];
	struct grpc_conf conf = { .uri = uri };
	struct err e = { 0 };
	struct grpc *g;

	snprintf(uri, sizeof uri, "http://127.0.0.1:%d/", at);
	g = grpc_open(&conf, &e);
	assert_non_null(g);
	return g;
}

static void
nobody_there_is_not_sent(void **state)
{
	int fd, at = port(&fd, 0);
	struct grpc *g = channel(at);
	struct span piece = { "x", 1 };
	struct seen s = { 0 };
	struct err e = { 0 };

	(void)state;
	grpc_start(g, "GetVersion", &piece, 1, 2000, done, &s);
	assert_int_equal(grpc_pending(g), 1);
	while (!s.done)
		assert_int_equal(grpc_wait(g, NULL, 0, 100, &e), 0);
	assert_int_equal(s.end, GRPC_NOT_SENT);
	assert_int_equal(grpc_pending(g), 0);
	grpc_close(g);
	close(fd);
}

static void
silence_is_unknown_until_the_deadline(void **state)
{
	int fd, at = port(&fd, 1);
	struct grpc *g = channel(at);
	struct span pieces[] = { { "x", 1 }, { NULL, 0 }, { "yz", 2 } };
	struct seen s = { 0 };
	struct err e = { 0 };
	int64_t from = clock_ns();

	(void)state;
	grpc_start(g, "Upsert", pieces, 3, 300, done, &s);
	while (!s.done)
		assert_int_equal(grpc_wait(g, NULL, 0, 100, &e), 0);
	assert_int_equal(s.end, GRPC_UNKNOWN);
	assert_true(s.quiet_ns >= from + (300 + 2000) * 1000000L);
	assert_true(clock_ns() - from < 5 * 1000000000L);
	grpc_close(g);
	close(fd);
}

static void
a_lost_connection_is_unknown_and_not_tried_again(void **state)
{
	int fd, at = port(&fd, 1), peer = -1;
	struct grpc *g = channel(at);
	struct span piece = { "x", 1 };
	struct seen s = { 0 };
	struct err e = { 0 };
	char b[4096];
	int64_t from = clock_ns();

	(void)state;
	grpc_start(g, "Upsert", &piece, 1, 60000, done, &s);
	for (int i = 0; !s.done; i++) {
		assert_int_equal(grpc_wait(g, NULL, 0, 50, &e), 0);
		if (i == 2) {
			peer = accept(fd, NULL, NULL);
			assert_true(read(peer, b, sizeof b) > 0);
			close(peer);
		}
	}
	assert_int_equal(s.done, 1);
	assert_int_equal(s.end, GRPC_UNKNOWN);
	assert_true(s.quiet_ns >= from + 62 * 1000000000L);
	grpc_close(g);
	close(fd);
}

/* A listener that closes resets whom it has not accepted. */
static void
a_reset_at_the_first_bytes_is_no_foreign_server(void **state)
{
	struct span piece = { "x", 1 };
	struct err e = { 0 };

	(void)state;
	for (int turns = 0; turns < 8; turns++) {
		int fd, at = port(&fd, 1);
		struct grpc *g = channel(at);
		struct seen s = { 0 };

		grpc_start(g, "GetVersion", &piece, 1, 2000, done, &s);
		for (int i = 0; i < turns && !s.done; i++)
			assert_int_equal(grpc_wait(g, NULL, 0, 0, &e), 0);
		close(fd);
		while (!s.done)
			assert_int_equal(grpc_wait(g, NULL, 0, 100, &e), 0);
		assert_in_range(s.end, GRPC_NOT_SENT, GRPC_UNKNOWN);
		grpc_close(g);
	}
}

enum { WINDOW = 65535, BODY = 400000, STALLED_MS = 300, FEW = 40 };

/* Let the call go on until its peer has read so many bytes. */
static void
drink(struct grpc *g, int peer, size_t want)
{
	struct err e = { 0 };
	static char b[BODY];

	while (want > 0) {
		ssize_t n = recv(peer, b, sizeof b, MSG_DONTWAIT);

		assert_int_not_equal(n, 0);
		if (n > 0)
			want -= (size_t)n < want ? (size_t)n : want;
		assert_int_equal(grpc_wait(g, NULL, 0, 20, &e), 0);
	}
}

/* RFC 9113, 5.2: a stream and a connection begin with 65535 bytes. */
static void
a_closed_window_keeps_nobody_busy(void **state)
{
	static const char settings[] = "\0\0\0\4\0\0\0\0\0";
	static const char more[] = "\0\0\4\x8\0\0\0\0\0\0\x10\0\0"
				   "\0\0\4\x8\0\0\0\0\1\0\x10\0\0";
	static char body[BODY];
	int fd, at = port(&fd, 1), peer, turns = 0;
	struct grpc *g = channel(at);
	struct span piece = { body, sizeof body };
	struct seen s = { 0 };
	struct err e = { 0 };
	int64_t until;

	(void)state;
	grpc_start(g, "Upsert", &piece, 1, 60000, done, &s);
	assert_int_equal(grpc_wait(g, NULL, 0, 50, &e), 0);
	peer = accept(fd, NULL, NULL);
	assert_int_equal(send(peer, settings, 9, 0), 9);
	drink(g, peer, WINDOW);
	until = clock_ns() + STALLED_MS * 1000000L;
	for (; clock_ns() < until; turns++)
		assert_int_equal(grpc_wait(g, NULL, 0, 100, &e), 0);
	assert_true(turns < FEW);
	assert_int_equal(send(peer, more, 26, 0), 26);
	drink(g, peer, BODY - WINDOW);
	close(peer);
	while (!s.done)
		assert_int_equal(grpc_wait(g, NULL, 0, 100, &e), 0);
	assert_int_equal(s.end, GRPC_UNKNOWN);
	grpc_close(g);
	close(fd);
}

static void
a_target_is_a_uri(void **state)
{
	static const char *const bad[] = { "localhost:19530", "", "tcp://x:1" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct grpc_conf conf = { .uri = bad[i] };

		assert_null(grpc_open(&conf, &e));
		assert_int_equal(e.kind, ERR_USAGE);
	}
}

static void
other_descriptors_wake_it(void **state)
{
	struct grpc *g = channel(1);
	int fds[2];
	struct grpc_fd in[2] = { { 0 } };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(pipe(fds), 0);
	in[0].fd = fds[0];
	assert_int_equal(grpc_wait(g, in, 1, 10, &e), 0);
	assert_false(in[0].ready);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(grpc_wait(g, in, 1, 10000, &e), 0);
	assert_true(in[0].ready);
	grpc_close(g);
	close(fds[0]);
	close(fds[1]);
}

/* Its done is not called; a leak is for the sanitizers to see. */
static void
a_call_that_is_out_goes_with_the_channel(void **state)
{
	int fd, at = port(&fd, 1);
	struct grpc *g = channel(at);
	struct span piece = { "x", 1 };
	struct seen s = { 0 };
	struct err e = { 0 };

	(void)state;
	grpc_start(g, "Delete", &piece, 1, 60000, done, &s);
	assert_int_equal(grpc_wait(g, NULL, 0, 10, &e), 0);
	assert_int_equal(grpc_pending(g), 1);
	grpc_close(g);
	assert_int_equal(s.done, 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_there_is_not_sent),
		cmocka_unit_test(silence_is_unknown_until_the_deadline),
		cmocka_unit_test(
		    a_lost_connection_is_unknown_and_not_tried_again),
		cmocka_unit_test(
		    a_reset_at_the_first_bytes_is_no_foreign_server),
		cmocka_unit_test(a_closed_window_keeps_nobody_busy),
		cmocka_unit_test(a_target_is_a_uri),
		cmocka_unit_test(other_descriptors_wake_it),
		cmocka_unit_test(a_call_that_is_out_goes_with_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
