/*
 * What etcd says, and what is made of it.
 *
 * An input that begins with 'h' or 'l' (with a login) is what a server
 * answers, a line a request and a line a piece of the watch: a status ('2'
 * for 200, '4', '5', '-' for no answer) and the body. Another is keys and
 * values:
 *
 *	what ('d': the key goes, 'w': lines are written first, else it is
 *	put), length of the key, key, length of the value as two bytes, value
 *
 * They are of 2.6 if there is a '6' before them.
 *
 * Every line that comes out is JSON, and one that cdc-read can parse.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/out.h"
#include "catalogue/cat.h"
#include "codec/json_minify.h"
#include "fuzz.h"
#include "meta/keys.h"
#include "meta/priv.h"
#include "meta/table.h"
#include "net/etcd.h"
#include "net/http.h"

enum { EVENTS = 50 };

/*
 * An HTTP client whose server is the input: these are all functions of
 * net/http.h, so that lib's own are not linked.
 */
struct http_stream {
	struct buf in;
};
static struct fuzz answers;
static struct http_stream stream;

struct http *
http_open(const struct http_conf *conf, struct err *e)
{
	static char here;

	(void)conf;
	(void)e;
	return (struct http *)&here;
}

void
http_close(struct http *h)
{
	(void)h;
}

static int
next_answer(long *status, struct buf *b, struct err *e)
{
	struct fuzz line;
	uint8_t c;

	if (answers.len == 0)
		return err_set(e, ERR_TEMP, "no more answers");
	line = fuzz_until(&answers, '\n');
	c = fuzz_byte(&line);
	if (c < '1' || c > '5')
		return err_set(e, ERR_TEMP, "away");
	*status = 100L * (c - '0');
	buf_add(b, line.p, line.len);
	return 0;
}

int
http_request(struct http *h, const char *url, const char *auth,
    const struct buf *body, struct http_reply *r, struct err *e)
{
	(void)h;
	(void)url;
	(void)auth;
	if (body != NULL && !jsonmin_is(body->ptr, body->len))
		abort();
	buf_clear(&r->body);
	r->too_long = 0;
	return next_answer(&r->status, &r->body, e);
}

struct http_stream *
http_stream_open(struct http *h, const char *url, const char *auth,
    const struct buf *body, struct err *e)
{
	(void)h;
	(void)url;
	(void)auth;
	(void)body;
	(void)e;
	return &stream;
}

void
http_stream_close(struct http_stream *s)
{
	if (s != NULL)
		buf_fini(&s->in);
}

struct buf *
http_stream_in(struct http_stream *s)
{
	return &s->in;
}

long
http_stream_status(const struct http_stream *s)
{
	(void)s;
	return 200;
}

int
http_stream_wait(struct http_stream *s, int ms, int out, struct err *e)
{
	long status;

	(void)ms;
	(void)out;
	return next_answer(&status, &s->in, e) == -1 ? -1 : 1;
}

/* A line of the catalogue, read as cdc-read does. */
static int
check_line(void *arg, const struct meta_view *v, struct err *e)
{
	struct cat_change ch;
	struct err bad = { 0 };

	(void)e;
	if (!jsonmin_is(v->line, strlen(v->line)) ||
	    strchr(v->line, '\n') != NULL)
		err_set(&bad, ERR_DATA, "column 0: no JSON line");
	else
		cat_line(arg, v->line, strlen(v->line), &ch, &bad);
	if (strncmp(bad.msg, "column ", 7) == 0) {
		fprintf(stderr, "%s: %s\n", bad.msg, v->line);
		abort();
	}
	return 0;
}

static void
check_catalogue(struct meta *m)
{
	struct cat c = { 0 };
	struct err e = { 0 };

	meta_each(m, check_line, &c, &e);
	free(cat_cluster(&c));
	cat_fini(&c);
	meta_write(m, &e);
	metaplain_write(m, m->out, 1, &e);
}

static int
on_event(void *arg, const struct etcd_kv *kv, struct err *e)
{
	struct meta *m = arg;
	const struct item *i;

	if (meta_write_changes(m, kv->mod, e) == -1)
		return -1;
	i = meta_apply(m, kv);
	if (i != NULL)
		meta_changed(m, i);
	return 0;
}

static void
watch(struct meta *m)
{
	struct err e = { 0 };
	struct etcd_watch *w = etcd_watch_open(m->etcd, "a", "b", 1, &e);

	for (int i = 0; w != NULL && i < EVENTS; i++)
		if (etcd_watch_next(w, 0, -1, on_event, m, &e) == -1)
			break;
	etcd_watch_close(w);
	meta_write_changes(m, 9, &e);
}

/* user:password, in a file without a name. */
static const char *
login(void)
{
	static char path[32];
	int fd;

	if (path[0] == '\0') {
		fd = memfd_create("login", 0);
		if (fd == -1 || fchmod(fd, 0600) == -1 ||
		    write(fd, "u:p\n", 4) != 4)
			abort();
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	return path;
}

static void
answered(struct meta *m, int with_login)
{
	struct etcd_conf conf = { .endpoints = "a, http://b/",
		.gateway_only = 1 };
	struct err e = { 0 };

	if (with_login)
		conf.user_file = login();
	if ((m->etcd = etcd_open(&conf, &e)) == NULL)
		abort();
	if (meta_read(m, &e) == 0) {
		check_catalogue(m);
		watch(m);
		check_catalogue(m);
	}
	etcd_version(m->etcd, &e);
	etcd_close(m->etcd);
}

/* One key with its value; 0 at the end. */
static int
next_key(struct fuzz *in, struct buf *key, struct etcd_kv *kv)
{
	int what = fuzz_byte(in);
	size_t n = fuzz_byte(in);
	const uint8_t *p = fuzz_take(in, n);

	if (p == NULL || n == 0)
		return 0;
	buf_clear(key);
	buf_adds(key, "r/m/");
	buf_add(key, p, n);
	*kv = (struct etcd_kv){
		.key = key->ptr, .key_len = key->len, .deleted = what == 'd'
	};
	n = fuzz_byte(in);
	n |= (size_t)fuzz_byte(in) << 8;
	kv->value_len = n > in->len ? in->len : n;
	kv->value = fuzz_take(in, kv->value_len);
	kv->mod = what == 'w';
	return 1;
}

static void
stored(struct meta *m, const struct keys *keys, struct fuzz in)
{
	struct buf key = { 0 };
	struct etcd_kv kv;
	struct err e = { 0 };
	const struct item *i;

	m->store = metastore_new(keys);
	while (next_key(&in, &key, &kv)) {
		if (kv.mod && meta_write_changes(m, 1, &e) == -1)
			break;
		if ((i = meta_apply(m, &kv)) != NULL)
			meta_changed(m, i);
	}
	buf_fini(&key);
	check_catalogue(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct meta_conf conf = { .root = "r", .meta_path = "m" };
	struct out out = { .fd = -1, .name = "null" };
	struct meta *m;

	if (size == 0)
		return 0;
	out.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	m = meta_new(&conf, NULL, &out);
	answers = (struct fuzz){ data + 1, size - 1 };
	if (data[0] == 'h' || data[0] == 'l')
		answered(m, data[0] == 'l');
	else if (data[0] == '6')
		stored(m, &keys_v26, answers);
	else
		stored(m, &keys_v23, (struct fuzz){ data, size });
	meta_free(m);
	out_fini(&out);
	close(out.fd);
	return 0;
}
