/* A watch's turns without the watch: when to ask, and what an answer says. */
#include "meta/follow.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../listener.h"
#include "meta/keys.h"

static struct meta_conf conf;
static struct meta *meta;
static struct etcd *etcd;
static struct out out;
static struct err err;
static char key[] = "a", end_key[] = "b";
static int told[2];
static const char *const *replies; /* of etcd, one a question */

static void
answer(int fd)
{
	char text[4096], head[128];

	for (; *replies != NULL; replies++) {
		listener_hear(fd, text, sizeof text);
		/* of many keys only what is above the last event */
		if (strstr(text, "range_end") != NULL &&
		    strstr(text, "\"min_mod_revision\":\"8\"") == NULL)
			_exit(1);
		snprintf(head, sizeof head,
		    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
		    strlen(*replies));
		listener_say(fd, head);
		listener_say(fd, *replies);
	}
	pause();
}

static void
begin(struct follow *f, const char *url)
{
	struct etcd_conf ec = { .endpoints = url };

	assert_int_equal(pipe(told), 0);
	out = (struct out){ .fd = told[1], .name = "a pipe" };
	conf = (struct meta_conf){ .root = "r", .meta_path = "meta" };
	conf.retry_s = 1;
	etcd = etcd_open(&ec, &err);
	meta = meta_new(&conf, etcd, &out);
	meta->store = metastore_new(&keys_v23);
	*f = (struct follow){ .m = meta,
		.probe = key,
		.scan_from = key,
		.scan_end = end_key,
		.seen = 7,
		.confirmed = 6 };
}

static void
end(void)
{
	meta_free(meta);
	etcd_close(etcd);
	out_fini(&out);
	close(told[0]);
	close(told[1]);
}

/* The revision of the "at" line that was written; 0: there is none. */
static int64_t
at(void)
{
	struct pollfd p = { .fd = told[0], .events = POLLIN };
	char text[256] = "";
	long long rev;

	if (poll(&p, 1, 0) == 0)
		return 0;
	assert_true(read(told[0], text, sizeof text - 1) > 0);
	assert_int_equal(
	    sscanf(text, "{\"kind\":\"at\",\"rev\":%lld,\"time\":", &rev), 1);
	return rev;
}

#define AT(rev) "{\"header\":{\"cluster_id\":\"1\",\"revision\":\"" rev "\"}"
#define NONE "}"
#define ONE ",\"kvs\":[{\"key\":\"YQ==\",\"mod_revision\":\"8\"}]}"

static void
what_was_seen_is_confirmed_at_once(void **state)
{
	static const char *const r[] = { AT("7") NONE, NULL };
	struct listener s;
	struct follow f;

	(void)state;
	replies = r;
	s = listener_start(answer);
	begin(&f, s.url);
	assert_int_equal(put_question(&f, &err), 0);
	assert_int_equal(at(), 7);
	assert_int_equal(f.confirmed, 7);
	assert_int_equal(f.asked, 0);
	end();
	listener_end(&s);
}

/* A revision that no event has: another user's, if no key of ours changed. */
static void
what_was_not_seen_is_looked_for(void **state)
{
	static const char *const r[] = { AT("9") NONE, AT("10") NONE,
		AT("12") NONE, AT("13") ONE, AT("13") ONE, NULL };
	struct listener s;
	struct follow f;

	(void)state;
	replies = r;
	s = listener_start(answer);
	begin(&f, s.url);
	assert_int_equal(put_question(&f, &err), 0);
	assert_int_equal(f.asked, 9);
	assert_int_equal(at(), 0);
	assert_int_equal(put_question(&f, &err), 0);
	assert_int_equal(at(), 10);
	assert_int_equal(f.asked, 0);
	assert_int_equal(put_question(&f, &err), 0);
	assert_int_equal(f.asked, 12);
	f.next_scan = clock_ns() + NS_PER_S;
	assert_int_equal(put_question(&f, &err), 0); /* not too often */
	f.next_scan = 0;
	assert_int_equal(put_question(&f, &err), 0);
	assert_int_equal(at(), 0);
	assert_true(f.stalled > 0);
	f.next_scan = 0;
	f.stalled -= STALL_MS * NS_PER_MS;
	assert_int_equal(put_question(&f, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_non_null(
	    strstr(err.msg, "the watch has brought nothing since revision 7"));
	assert_int_equal(at(), 0);
	end();
	listener_end(&s);
}

static void
questions_have_their_pace(void **state)
{
	struct follow f;
	int ms, fd;

	(void)state;
	begin(&f, "http://127.0.0.1:1");
	for (int i = 0; i < AT_BURST_MS / AT_MS; i++) {
		assert_int_equal(is_due(&f, &ms, &fd), 1);
		assert_int_equal(ms, 0);
	}
	f.next_ask = clock_ns();
	assert_int_equal(is_due(&f, &ms, &fd), 1);
	f.next_ask += NS_PER_S; /* however slow this machine is */
	assert_int_equal(is_due(&f, &ms, &fd), 0);
	assert_int_equal(fd, -1);
	assert_true(ms > 1000 && ms <= 1000 + AT_MS + 1);
	end();
}

/* Who reads us has not taken what was written: he asks for nothing. */
static void
a_full_pipe_asks_nothing(void **state)
{
	static char full[1 << 20];
	struct follow f;
	int ms, fd;

	(void)state;
	begin(&f, "http://127.0.0.1:1");
	assert_int_equal(fcntl(told[1], F_SETFL, O_NONBLOCK), 0);
	while (write(told[1], full, sizeof full) > 0)
		continue;
	assert_int_equal(is_due(&f, &ms, &fd), 0);
	assert_int_equal(ms, ROOM_MS);
	assert_int_equal(fd, told[1]);
	end();
}

static void
etcd_may_be_away_for_so_long(void **state)
{
	struct follow f;

	(void)state;
	begin(&f, "http://127.0.0.1:1");
	err_set(&err, ERR_TEMP, "nobody answers");
	assert_int_equal(recover(&f, &err), 0);
	assert_int_equal(f.backoff_ms, BACKOFF_MIN_MS);
	f.away -= NS_PER_S;
	err_set(&err, ERR_TEMP, "nobody answers");
	assert_int_equal(recover(&f, &err), -1);
	assert_int_equal(err.kind, ERR_TEMP);
	assert_string_equal(
	    err.msg, "gave up after 1 s (--retry): nobody answers");
	assert_int_equal(write_at(&f, 8, 1, &err), 0);
	assert_int_equal(f.away, 0); /* it answers again */
	assert_int_equal(f.backoff_ms, 0);
	end();
}

static void
other_trouble_ends_it(void **state)
{
	struct follow f;

	(void)state;
	begin(&f, "http://127.0.0.1:1");
	f.asked = 8;
	err_set(&err, ERR_DATA, "no catalogue");
	assert_int_equal(recover(&f, &err), -1);
	assert_string_equal(err.msg, "no catalogue");
	assert_int_equal(f.asked, 0);
	err_set(&err, ERR_BACK, "etcd went back");
	assert_int_equal(recover(&f, &err), -1);
	assert_int_equal(err.kind, ERR_BACK);
	assert_true(strlen(err.msg) > strlen("etcd went back"));
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_seen_is_confirmed_at_once),
		cmocka_unit_test(what_was_not_seen_is_looked_for),
		cmocka_unit_test(questions_have_their_pace),
		cmocka_unit_test(a_full_pipe_asks_nothing),
		cmocka_unit_test(etcd_may_be_away_for_so_long),
		cmocka_unit_test(other_trouble_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
