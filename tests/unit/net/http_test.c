#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../listener.h"
#include "base/clock.h"
#include "base/err.h"

/* Answers with the request itself. */
static void
echo(int fd)
{
	char text[4096], head[128];

	for (;;) {
		listener_hear(fd, text, sizeof text);
		snprintf(head, sizeof head,
		    "HTTP/1.1 418 Teapot\r\nContent-Length: %zu\r\n\r\n",
		    strlen(text));
		listener_say(fd, head);
		listener_say(fd, text);
	}
}

static void
has(const struct buf *b, const char *text)
{
	if (b->ptr == NULL || strstr(b->ptr, text) == NULL)
		fail_msg("no '%s' in '%s'", text, b->ptr);
}

static void
asks_and_has_the_answer(void **state)
{
	struct listener s = listener_start(echo);
	struct http_reply r = { 0 };
	struct buf body = { 0 };
	struct err e = { 0 };
	struct http *h = http_open(&(struct http_conf){ 0 }, &e);

	(void)state;
	buf_adds(&body, "{\"a\":1}");
	assert_int_equal(http_request(h, s.url, "Bearer t", &body, &r, &e), 0);
	assert_int_equal(r.status, 418);
	has(&r.body, "POST /x HTTP/1.1\r\n");
	has(&r.body, "Authorization: Bearer t\r\n");
	has(&r.body, "Content-Type: application/json\r\n");
	has(&r.body, "\r\n\r\n{\"a\":1}");
	/* over the connection that there is: the server takes one only */
	assert_int_equal(http_request(h, s.url, NULL, NULL, &r, &e), 0);
	has(&r.body, "GET /x HTTP/1.1\r\n");
	assert_null(strstr(r.body.ptr, "Authorization"));
	assert_null(strstr(r.body.ptr, "POST"));
	http_close(h);
	buf_fini(&body);
	buf_fini(&r.body);
	listener_end(&s);
}

/* One request, of which nothing good can come. */
static void
fails(const char *url, struct http_conf conf, enum err_kind kind,
    const char *words, int too_long)
{
	struct http_reply r = { 0 };
	struct err e = { 0 };
	struct http *h = http_open(&conf, &e);

	assert_int_equal(http_request(h, url, NULL, NULL, &r, &e), -1);
	assert_int_equal(e.kind, kind);
	if (strstr(e.msg, words) == NULL)
		fail_msg("no '%s' in '%s'", words, e.msg);
	assert_int_equal(r.too_long, too_long);
	http_close(h);
	buf_fini(&r.body);
}

static void
send_much(int fd)
{
	char text[4096];

	listener_hear(fd, text, sizeof text);
	listener_say(
	    fd, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901");
	pause();
}

static void
an_answer_has_a_greatest_length(void **state)
{
	struct listener s = listener_start(send_much);
	struct http_reply r = { 0 };
	struct err e = { 0 };
	struct http *h = http_open(&(struct http_conf){ .max = 11 }, &e);

	(void)state;
	assert_int_equal(http_request(h, s.url, NULL, NULL, &r, &e), 0);
	assert_string_equal(r.body.ptr, "12345678901");
	http_close(h);
	buf_fini(&r.body);
	listener_end(&s);
	s = listener_start(send_much);
	fails(s.url, (struct http_conf){ .max = 10 }, ERR_DATA,
	    "the answer is longer than 10 bytes", 1);
	listener_end(&s);
}

static void
say_nothing(int fd)
{
	(void)fd;
	pause();
}

static void
hang_up(int fd)
{
	char text[4096];

	listener_hear(fd, text, sizeof text);
	listener_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n123");
}

static void
a_peer_that_fails_may_come_back(void **state)
{
	struct http_conf conf = { .answer_ms = 100 };
	struct listener s = listener_start(say_nothing);

	(void)state;
	fails(s.url, conf, ERR_TEMP, s.url, 0);
	listener_end(&s);
	fails(s.url, conf, ERR_TEMP, s.url, 0); /* nobody listens there now */
	s = listener_start(hang_up);
	fails(s.url, (struct http_conf){ 0 }, ERR_TEMP, s.url, 0);
	listener_end(&s);
}

static void
what_cannot_be_asked_is_a_mistake(void **state)
{
	(void)state;
	fails("ftp://127.0.0.1/", (struct http_conf){ 0 }, ERR_USAGE,
	    "'ftp://127.0.0.1/': ", 0);
	fails("http://[::1", (struct http_conf){ 0 }, ERR_USAGE,
	    "'http://[::1': ", 0);
}

static void
redirect(int fd)
{
	char text[4096];

	listener_hear(fd, text, sizeof text);
	listener_say(fd,
	    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
	    "Content-Length: 0\r\n\r\n");
	pause();
}

static void
no_redirect_is_followed(void **state)
{
	struct listener s = listener_start(redirect);
	struct http_reply r = { 0 };
	struct err e = { 0 };
	struct http *h = http_open(&(struct http_conf){ 0 }, &e);

	(void)state;
	assert_int_equal(http_request(h, s.url, NULL, NULL, &r, &e), 0);
	assert_int_equal(r.status, 302);
	http_close(h);
	buf_fini(&r.body);
	listener_end(&s);
}

static int more[2]; /* a pipe: the server may send what is left */

/* A chunk, another one later, and the end. */
static void
stream(int fd)
{
	char text[4096];

	listener_hear(fd, text, sizeof text);
	listener_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "3\r\none\r\n");
	assert_int_equal(read(more[0], text, 1), 1);
	listener_say(fd, "3\r\ntwo\r\n0\r\n\r\n");
	pause();
}

static int
wait_for(struct http_stream *s, struct err *e)
{
	int rc;

	while ((rc = http_stream_wait(s, 5000, -1, e)) == 0)
		continue;
	return rc;
}

static void
a_stream_is_read_as_it_comes(void **state)
{
	struct err e = { 0 };
	struct buf body = { 0 };
	struct http *h = http_open(&(struct http_conf){ 0 }, &e);
	struct http_stream *t;
	struct listener s;
	int64_t began;

	(void)state;
	assert_int_equal(pipe(more), 0);
	s = listener_start(stream);
	buf_adds(&body, "{}");
	t = http_stream_open(h, s.url, NULL, &body, &e);
	assert_int_equal(http_stream_status(t), 0);
	assert_int_equal(wait_for(t, &e), 1);
	assert_int_equal(http_stream_status(t), 200);
	assert_string_equal(http_stream_in(t)->ptr, "one");
	buf_cut(http_stream_in(t), 2);
	began = clock_ns();
	assert_int_equal(http_stream_wait(t, 50, -1, &e), 0);
	assert_true(clock_ns() - began >= 50 * NS_PER_MS);
	assert_int_equal(write(more[1], "", 1), 1);
	assert_int_equal(wait_for(t, &e), 1);
	assert_string_equal(http_stream_in(t)->ptr, "etwo");
	assert_int_equal(wait_for(t, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_non_null(strstr(e.msg, "the server ended the answer"));
	http_stream_close(t);
	http_close(h);
	buf_fini(&body);
	listener_end(&s);
	close(more[0]);
	close(more[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_has_the_answer),
		cmocka_unit_test(an_answer_has_a_greatest_length),
		cmocka_unit_test(a_peer_that_fails_may_come_back),
		cmocka_unit_test(what_cannot_be_asked_is_a_mistake),
		cmocka_unit_test(no_redirect_is_followed),
		cmocka_unit_test(a_stream_is_read_as_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
