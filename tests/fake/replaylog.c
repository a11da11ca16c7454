/*
 * replaylog BROKERS FILE: a recorded log once more, record by record.
 *
 * FILE, gzip or not, has a line of JSON for each record: topic, partition 0,
 * offset, timestamp, value_b64, headers [[name, base64]...], in the order of
 * each topic from offset 0 on. A topic must be new or empty: one that is not
 * there is made, to be kept for ever, as the times are of long ago (a mock
 * cluster cannot make one, there somebody has made them all). Then all is read
 * back and compared: offset, time, headers in their order, value. What differs
 * is an error. The number of records to stdout.
 */
#define ME "replaylog"
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "produce.h"

enum {
	PATIENCE_MS = 30000,
	MAX_TOPICS = 64,
	MAX_HEADERS = 64,
	MAX_RECORD = 16 << 20
};

struct topic {
	char *name;
	int64_t n; /* records of it so far */
	rd_kafka_topic_t *reader;
};

struct bytes {
	void *p;
	size_t len;
};

struct entry {
	json_t *doc;
	struct topic *topic;
	int64_t offset, time_ms;
	struct bytes value;
	const char *name[MAX_HEADERS];
	struct bytes header[MAX_HEADERS];
	size_t headers;
};

struct log {
	const char *path;
	gzFile f;
	struct topic v[MAX_TOPICS];
	size_t n;
	long line;
};

static _Noreturn void
bad(const struct log *l, const char *what)
{
	fprintf(stderr, ME ": %s line %ld: %s\n", l->path, l->line, what);
	exit(1);
}

/* The next line with its \n cut off, NULL at the end; the caller frees it. */
static char *
next_line(struct log *l)
{
	size_t cap = 65536, n = 0;
	char *s = x_malloc(cap);

	while (gzgets(l->f, s + n, (int)(cap - n)) != NULL) {
		n += strlen(s + n);
		if (s[n - 1] == '\n') {
			l->line++;
			return s;
		}
		s = x_realloc(s, cap *= 2);
	}
	free(s);
	if (n > 0 || !gzeof(l->f))
		bad(l, "is cut");
	return NULL;
}

static struct bytes
decoded(const struct log *l, const json_t *text)
{
	const char *s = json_string_value(text);
	struct bytes b = { 0 };
	ptrdiff_t n;

	if (s == NULL)
		bad(l, "no base64");
	b.p = x_malloc(b64_max(strlen(s)) + 1);
	if ((n = b64_get(s, strlen(s), b.p)) == -1)
		bad(l, "broken base64");
	b.len = (size_t)n;
	return b;
}

static struct topic *
topic_of(struct log *l, const char *name)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->v[i].name, name) != 0)
		i++;
	if (i == MAX_TOPICS)
		bad(l, "too many topics");
	if (i == l->n) {
		l->v[i] = (struct topic){ .name = x_strdup(name) };
		l->n++;
	}
	return &l->v[i];
}

static void
headers(const struct log *l, struct entry *k, const json_t *list)
{
	size_t i;
	json_t *pair;

	if (json_array_size(list) > MAX_HEADERS)
		bad(l, "too many headers");
	json_array_foreach(list, i, pair)
	{
		k->name[i] = json_string_value(json_array_get(pair, 0));
		if (k->name[i] == NULL)
			bad(l, "a header without a name");
		k->header[i] = decoded(l, json_array_get(pair, 1));
	}
	k->headers = i;
}

static int64_t
integer(const struct log *l, const json_t *doc, const char *key)
{
	const json_t *j = json_object_get(doc, key);

	if (!json_is_integer(j))
		bad(l, key);
	return json_integer_value(j);
}

/* 0 at the end. */
static int
next_entry(struct log *l, struct entry *k)
{
	char *s = next_line(l);
	const char *topic;

	memset(k, 0, sizeof *k);
	if (s == NULL)
		return 0;
	k->doc = json_loads(s, 0, NULL);
	free(s);
	topic = json_string_value(json_object_get(k->doc, "topic"));
	if (topic == NULL)
		bad(l, "no topic");
	if (json_is_string(json_object_get(k->doc, "key_b64")))
		bad(l, "a record with a key");
	if (integer(l, k->doc, "partition") != 0)
		bad(l, "another partition than 0");
	k->topic = topic_of(l, topic);
	k->offset = integer(l, k->doc, "offset");
	k->time_ms = integer(l, k->doc, "timestamp");
	if (k->offset != k->topic->n++)
		bad(l, "not the topic's next offset");
	k->value = decoded(l, json_object_get(k->doc, "value_b64"));
	headers(l, k, json_object_get(k->doc, "headers"));
	return 1;
}

static void
entry_fini(struct entry *k)
{
	for (size_t i = 0; i < k->headers; i++)
		free(k->header[i].p);
	free(k->value.p);
	json_decref(k->doc);
}

static void
rewind_log(struct log *l)
{
	if (l->f != NULL)
		gzclose(l->f);
	if ((l->f = gzopen(l->path, "rb")) == NULL)
		die(l->path, "cannot be opened");
	l->line = 0;
	for (size_t i = 0; i < l->n; i++)
		l->v[i].n = 0;
}

static int
is_there(rd_kafka_t *rk, const char *name)
{
	const struct rd_kafka_metadata *all;
	int there = 0;

	if (rd_kafka_metadata(rk, 1, NULL, &all, PATIENCE_MS) !=
	    RD_KAFKA_RESP_ERR_NO_ERROR)
		die(name, "the broker does not answer");
	for (int i = 0; i < all->topic_cnt; i++)
		there |= strcmp(all->topics[i].topic, name) == 0;
	rd_kafka_metadata_destroy(all);
	return there;
}

/* That it could not be made shows when it is asked for its ends. */
static void
make_topic(rd_kafka_t *rk, const char *name)
{
	char why[256];
	rd_kafka_NewTopic_t *t =
	    rd_kafka_NewTopic_new(name, 1, 1, why, sizeof why);
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);

	if (t == NULL)
		die(name, why);
	rd_kafka_NewTopic_set_config(t, "retention.ms", "-1");
	rd_kafka_NewTopic_set_config(t, "max.message.bytes", "16777216");
	rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
	rd_kafka_event_destroy(rd_kafka_queue_poll(q, PATIENCE_MS));
	rd_kafka_queue_destroy(q);
	rd_kafka_NewTopic_destroy(t);
}

static int
is_young(rd_kafka_resp_err_t rc)
{
	return rc == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
	       rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
	       rc == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
	       rc == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
}

static void
want_end(rd_kafka_t *rk, const struct topic *t, int64_t end)
{
	int64_t low, high, until = clock_ns() + PATIENCE_MS * NS_PER_MS;
	rd_kafka_resp_err_t rc;

	do /* a new topic has no partition and no leader for a moment */
		rc = rd_kafka_query_watermark_offsets(
		    rk, t->name, 0, &low, &high, PATIENCE_MS);
	while (is_young(rc) && clock_ns() < until);
	if (rc != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(t->name, rd_kafka_err2str(rc));
	if (low == 0 && high == end)
		return;
	fprintf(stderr,
	    ME ": topic '%s' is from %" PRId64 " to %" PRId64
	       ", want 0 to %" PRId64 "\n",
	    t->name, low, high, end);
	exit(1);
}

static void
write_entry(rd_kafka_t *rk, struct entry *k)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(k->headers);

	if (k->offset == 0) {
		if (!is_there(rk, k->topic->name))
			make_topic(rk, k->topic->name);
		want_end(rk, k->topic, 0);
	}
	for (size_t i = 0; i < k->headers; i++)
		rd_kafka_header_add(h, k->name[i], -1, k->header[i].p,
		    (ssize_t)k->header[i].len);
	put_record(
	    rk, k->topic->name, 0, k->value.p, k->value.len, k->time_ms, h);
}

static const char *
difference(const struct entry *k, const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_headers_t *h = NULL;
	const char *name;
	const void *p;
	size_t len, i = 0;

	if (m->offset != k->offset)
		return "another offset";
	if (rd_kafka_message_timestamp(m, &type) != k->time_ms ||
	    type != RD_KAFKA_TIMESTAMP_CREATE_TIME)
		return "another time";
	if (m->len != k->value.len ||
	    (m->len > 0 && memcmp(m->payload, k->value.p, m->len) != 0))
		return "another value";
	rd_kafka_message_headers(m, &h);
	while (h != NULL && rd_kafka_header_get_all(h, i, &name, &p, &len) ==
				RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (i == k->headers || strcmp(name, k->name[i]) != 0 ||
		    len != k->header[i].len ||
		    (len > 0 && memcmp(p, k->header[i].p, len) != 0))
			return "other headers";
		i++;
	}
	return i == k->headers ? NULL : "headers are missing";
}

static void
read_entry(const struct log *l, rd_kafka_t *rk, const struct entry *k)
{
	struct topic *t = k->topic;
	rd_kafka_message_t *m;
	const char *why;

	if (t->reader == NULL) {
		t->reader = rd_kafka_topic_new(rk, t->name, NULL);
		rd_kafka_consume_start(t->reader, 0, 0);
	}
	m = rd_kafka_consume(t->reader, 0, PATIENCE_MS);
	if (m == NULL || m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		why = m == NULL ? "is not there" : rd_kafka_message_errstr(m);
	else
		why = difference(k, m);
	if (why != NULL)
		bad(l, why);
	rd_kafka_message_destroy(m);
}

static rd_kafka_t *
consumer(rd_kafka_conf_t *conf)
{
	char why[256];
	rd_kafka_t *rk;

	set(conf, "queued.max.messages.kbytes", "8192");
	set(conf, "fetch.wait.max.ms", "50");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (rk == NULL)
		die("consumer", why);
	return rk;
}

static rd_kafka_conf_t *
conf_of(const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "bootstrap.servers", brokers);
	return conf;
}

static void
write_all(struct log *l, const char *brokers)
{
	rd_kafka_conf_t *conf = conf_of(brokers);
	rd_kafka_t *rk;
	struct entry k;
	char size[16];

	set(conf, "compression.type", "zstd"); /* as Milvus's producer */
	snprintf(size, sizeof size, "%d", MAX_RECORD);
	set(conf, "message.max.bytes", size);
	rk = producer(conf);
	rewind_log(l);
	for (; next_entry(l, &k); entry_fini(&k))
		write_entry(rk, &k);
	if (rd_kafka_flush(rk, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(l->path, "not written in time");
	rd_kafka_destroy(rk);
}

/* Returns how many. */
static int64_t
compare_all(struct log *l, const char *brokers)
{
	rd_kafka_t *rk = consumer(conf_of(brokers));
	struct entry k;
	int64_t n = 0;

	rewind_log(l);
	for (; next_entry(l, &k); entry_fini(&k), n++)
		read_entry(l, rk, &k);
	for (size_t i = 0; i < l->n; i++) {
		want_end(rk, &l->v[i], l->v[i].n);
		rd_kafka_consume_stop(l->v[i].reader, 0);
		rd_kafka_topic_destroy(l->v[i].reader);
	}
	rd_kafka_destroy(rk);
	return n;
}

int
main(int argc, char **argv)
{
	struct log l = { 0 };

	if (argc != 3)
		die("usage", "BROKERS FILE");
	l.path = argv[2];
	write_all(&l, argv[1]);
	printf("%" PRId64 "\n", compare_all(&l, argv[1]));
	gzclose(l.f);
	for (size_t i = 0; i < l.n; i++)
		free(l.v[i].name);
	return 0;
}
