#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "web/priv.h"

/* What target_parse makes of it, "-" if it refuses. */
static const char *
path_of(const char *raw)
{
	static char text[256];
	struct kvs query = { 0 };
	struct err e = { 0 };
	char *path;
	int rc = target_parse(raw, &path, &query, &e);

	snprintf(text, sizeof text, "%s", rc == 0 ? path : "-");
	if (rc == 0)
		for (size_t i = 0; i < query.n; i++)
			snprintf(text + strlen(text),
			    sizeof text - strlen(text), " %s=%s",
			    query.v[i].key, query.v[i].value);
	free(path);
	kvs_fini(&query);
	return text;
}

static void
decodes_a_path_and_its_query(void **state)
{
	(void)state;
	assert_string_equal(path_of("/"), "/");
	assert_string_equal(path_of("/a%20b/%C3%a4"), "/a b/\xc3\xa4");
	assert_string_equal(path_of("/a+b"), "/a+b");
	assert_string_equal(path_of("/%2e%2E/x"), "/../x");
	assert_string_equal(path_of("//a?"), "//a");
	assert_string_equal(path_of("/a?x=1&y=a+b&z"), "/a x=1 y=a b z=");
	assert_string_equal(path_of("/a?x=1&x=2"), "/a x=2");
	assert_string_equal(path_of("/a?x=%3d%26&&"), "/a x==&");
	assert_string_equal(path_of("/a?b=c?d=e"), "/a b=c?d=e");
}

static void
refuses_what_is_no_path(void **state)
{
	static const char *const bad[] = { "", "*", "a", "http://localhost/a",
		"/%", "/%4", "/%zz", "/%-1", "/a%00b", "/%0a", "/%7f", "/a\tb",
		"/a b", "/a%2fb", "/a%2F", "/%ff", "/%c0%ae", "/\xff",
		"/a?x=%00", "/a?%ff=1", "/a?x=%1" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_string_equal(path_of(bad[i]), "-");
}

static void
counts_the_parts_of_a_query(void **state)
{
	char raw[3 + 2 * WEB_QUERY_MAX] = "/?";

	(void)state;
	for (int i = 1; i < WEB_QUERY_MAX; i++)
		strcat(raw, "&");
	assert_true(target_fits("/"));
	assert_true(target_fits(raw));
	strcat(raw, "&");
	assert_false(target_fits(raw));
}

static void
shows_only_what_can_be_read(void **state)
{
	char out[16];

	(void)state;
	target_show("/a\n\xff?token=x", out, sizeof out);
	assert_string_equal(out, "/a%0a%ff");
	target_show("/aaaaaaaaaaaaaaaaaaaaaaaaaaa", out, sizeof out);
	assert_string_equal(out, "/aaaaaaaaaaa");
}

static void
takes_an_id_that_is_one(void **state)
{
	char id[70] = "";

	(void)state;
	for (int i = 0; i < 64; i++)
		strcat(id, "x");
	assert_true(target_id(id));
	assert_true(target_id("a.B-9_"));
	assert_false(target_id(strcat(id, "x")));
	assert_false(target_id(""));
	assert_false(target_id("a b"));
	assert_false(target_id("a\"b"));
	assert_false(target_id("a\nb"));
}

static char write_text[] = "write-secret", read_text[] = "read";

static int
asks(const struct access *w, const char *authorization, const char *host,
    const char *origin, int *may_write)
{
	struct asker q = { authorization, host, origin };
	struct err e = { 0 };
	int status = access_check(w, &q, may_write, &e);

	assert_int_equal(e.msg[0] != '\0', status != 0);
	return status;
}

static void
knows_the_tokens(void **state)
{
	static const char *const none[] = { NULL };
	struct access w = { .write_token = write_text,
		.read_token = read_text,
		.hosts = none,
		.origins = none,
		.own_host = "" };
	static const struct {
		const char *authorization;
		int status, may_write;
	} rows[] = {
		{ "Bearer write-secret", 0, 1 },
		{ "bearer   write-secret", 0, 1 },
		{ "Bearer read", 0, 0 },
		{ NULL, 401, 0 },
		{ "", 401, 0 },
		{ "Bearer", 401, 0 },
		{ "Bearer ", 401, 0 },
		{ "write-secret", 401, 0 },
		{ "Basic write-secret", 401, 0 },
		{ "Bearer write-secre", 401, 0 },
		{ "Bearer write-secretw", 401, 0 },
		{ "Bearer write-secretwrite-secret", 401, 0 },
		{ "Bearer Write-secret", 401, 0 },
		{ "Bearer readread", 401, 0 },
		{ "Bearer write-secret read", 401, 0 },
	};
	int may;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(
		    asks(&w, rows[i].authorization, "localhost", NULL, &may),
		    rows[i].status);
		assert_int_equal(may, rows[i].may_write);
	}
	w.read_token = NULL;
	assert_int_equal(asks(&w, "Bearer read", NULL, NULL, &may), 401);
	w.write_token = NULL;
	assert_int_equal(asks(&w, NULL, NULL, NULL, &may), 0);
	assert_int_equal(may, 0);
	w.anyone = 1;
	assert_int_equal(asks(&w, NULL, NULL, NULL, &may), 0);
	assert_int_equal(may, 1);
}

static void
knows_the_hosts(void **state)
{
	static const char *const names[] = { "cdc.example", "10.0.0.7", NULL };
	static const char *const none[] = { NULL };
	struct access w = {
		.hosts = names, .origins = none, .own_host = "192.0.2.1"
	};
	static const char *const good[] = { "localhost", "LOCALHOST:8444",
		"localhost.", "127.0.0.1:8444", "127.1.2.3", "[::1]",
		"[::1]:8444", "[::ffff:127.0.0.1]", "cdc.example",
		"CDC.example.:80", "10.0.0.7:8444", "192.0.2.1" };
	static const char *const bad[] = { "", ":", ":8444", "evil.example",
		"localhost.evil.example", "localhost:80:80", "localhost:x",
		"127.0.0.1.evil.example", "127.0.0", "[::1", "[::2]", "::1",
		"[localhost", "10.0.0.70", "cdc.example/", "a@localhost",
		"0.0.0.0" };
	int may;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(asks(&w, NULL, good[i], NULL, &may), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(asks(&w, NULL, bad[i], NULL, &may), 403);
	w.file = 1;
	assert_int_equal(asks(&w, NULL, "docker", NULL, &may), 0);
}

static void
knows_the_origins(void **state)
{
	static const char *const names[] = { "https://cdc.example", NULL };
	static const char *const none[] = { NULL };
	struct access w = { .hosts = none, .origins = names, .own_host = "" };
	static const struct {
		const char *host, *origin;
		int status;
	} rows[] = {
		{ "localhost:8444", "http://localhost:8444", 0 },
		{ "localhost:8444", "https://localhost:8444", 0 },
		{ "localhost:8444", "https://cdc.example", 0 },
		{ "localhost:8444", "http://cdc.example", 403 },
		{ "localhost:8444", "http://localhost:3000", 403 },
		{ "localhost:8444", "http://localhost", 403 },
		{ "localhost:8444", "http://evil.example", 403 },
		{ "localhost:8444", "null", 403 },
		{ "localhost:8444", "", 403 },
		{ "localhost:8444", "localhost:8444", 403 },
		{ NULL, "http://localhost", 403 },
	};
	int may;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
		    asks(&w, NULL, rows[i].host, rows[i].origin, &may),
		    rows[i].status);
}

static void
says_failures_in_the_form_of_the_path(void **state)
{
	struct web_res r = { 0 };

	(void)state;
	web_fail(&r, "/tasks/a", 404, "no '%s'", "a");
	assert_int_equal(r.status, 404);
	assert_string_equal(r.type, "application/problem+json");
	assert_string_equal(r.body.ptr,
	    "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"no 'a'\",\"code\":404,\"message\":\"no 'a'\"}\n");
	web_fail(&r, "/cdc", 401, "who?");
	assert_string_equal(r.type, "application/json");
	assert_string_equal(
	    r.body.ptr, "{\"code\":401,\"message\":\"who?\"}\n");
	web_res_fini(&r);
}

static void
listens_where_it_should(void **state)
{
	struct listener l;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(listener_open(&l, "127.0.0.1:0", &e), 0);
	assert_true(l.local);
	assert_string_equal(l.host, "127.0.0.1");
	assert_memory_equal(l.address, "127.0.0.1:", 10);
	assert_string_not_equal(l.address, "127.0.0.1:0");
	listener_close(&l);
	assert_int_equal(listener_open(&l, ":0", &e), 0);
	assert_false(l.local);
	listener_close(&l);
}

static void
refuses_what_is_no_address(void **state)
{
	static const char *const bad[] = { "", "localhost",
		"localhost:", "localhost:x", "localhost:65536", "::1:80",
		"[::1]", "[::1:80", "[]:80x", "unix:", "unix:/no/such/folder/s",
		"unix:/dev/null", "fd:", "fd:x", "fd:-1", "fd:0", "fd:9999",
		"192.0.2.1:0" };
	struct listener l;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };

		assert_int_equal(listener_open(&l, bad[i], &e), -1);
		assert_int_equal(e.kind, ERR_USAGE);
		assert_int_equal(l.fd, -1);
	}
}

static void
replaces_only_a_socket_without_a_server(void **state)
{
	char dir[] = "/tmp/web-test.XXXXXX", *path, *where;
	struct listener l, other;
	struct stat st;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = x_asprintf("%s/s", dir);
	where = x_asprintf("unix:%s", path);
	assert_int_equal(listener_open(&l, where, &e), 0);
	assert_string_equal(l.address, where);
	assert_true(l.local && l.file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(listener_open(&other, where, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	close(l.fd); /* it died */
	l.fd = -1;
	assert_int_equal(listener_open(&other, where, &e), 0);
	listener_close(&other);
	assert_int_equal(stat(path, &st), -1);
	listener_close(&l);
	assert_int_equal(rmdir(dir), 0);
	free(path);
	free(where);
}

/* Half a socket closed is a request that has ended; both halves, a client that
 * has. */
static void
who_only_says_no_more_has_not_left(void **state)
{
	int fds[2];
	struct web_req q = { 0 };

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_false(web_left(&q));
	q.fd = fds[0];
	assert_false(web_left(&q));
	assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
	assert_false(web_left(&q));
	close(fds[1]);
	assert_true(web_left(&q));
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_a_path_and_its_query),
		cmocka_unit_test(refuses_what_is_no_path),
		cmocka_unit_test(counts_the_parts_of_a_query),
		cmocka_unit_test(shows_only_what_can_be_read),
		cmocka_unit_test(takes_an_id_that_is_one),
		cmocka_unit_test(knows_the_tokens),
		cmocka_unit_test(knows_the_hosts),
		cmocka_unit_test(knows_the_origins),
		cmocka_unit_test(says_failures_in_the_form_of_the_path),
		cmocka_unit_test(listens_where_it_should),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(replaces_only_a_socket_without_a_server),
		cmocka_unit_test(who_only_says_no_more_has_not_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
