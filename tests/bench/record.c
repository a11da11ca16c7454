/*
 * record LOG BROKERS TOPIC CODEC DIM BATCH ROWS [TYPE...]: a topic as Milvus
 * writes it, for measurements of what reads it. LOG is msgstream (2.3 to 2.5),
 * streaming (2.6 and later), or dump: the same as DumpMessages gives it, for
 * tests/fake/dumper.py, on standard output; then BROKERS is not used.
 *
 * ROWS rows of collection 1, partition 11, in inserts of BATCH, or of what
 * goes in 5 MiB, where Milvus splits too. A row has pk (Int64, field 100), vec
 * (FloatVector of DIM, 101) and a scalar column c0, c1… (102…) for each TYPE. A
 * tick stands behind every 4 MB or 200 inserts: what a source writes between
 * two of its own. Floats are random, in [0, 1): they hardly compress.
 *
 * In a Kafka, prints the rows and the records as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define ME "record"
#include "../fake/produce.h"
#include "../unit/pbmake.h"
#include "../unit/random.h"
#include "base/clock.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "model/tso.h"
#include "model/types.h"

enum { MSG_INSERT = 400, MSG_TICK = 1200 }; /* lib/format/FORMATS 1 */
enum log { MSGSTREAM, STREAMING, DUMP };
enum { V_INSERT = 2, V_TICK = 1 }; /* message types of the streaming log */
enum { FIRST_ARG = 8, PK_ID = 100, VEC_ID, SCALAR_ID };
enum { TICK_BYTES = 4 << 20, TICK_RECORDS = 200, MOST_BYTES = 5 << 20 };
enum { FLUSH_MS = 60000, TEXT_LEN = 16 };

struct maker {
	enum log log;
	rd_kafka_t *rk;
	const char *topic;
	char **types;
	size_t ntypes, dim;
	uint64_t random, ts;
	int64_t key, records;
};

static uint64_t
next(struct maker *m)
{
	return next_random(&m->random);
}

static void
up(struct maker *m, const char *brokers, const char *codec)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "bootstrap.servers", brokers);
	set(conf, "compression.type", codec);
	set(conf, "message.max.bytes", "10485760");
	set(conf, "linger.ms", "5");
	m->rk = producer(conf);
}

static const char *
base36(uint64_t v, char text[16])
{
	char *p = text + 15;

	*p = '\0';
	do
		*--p = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
	while ((v /= 36) != 0);
	return p;
}

/* Properties of a record of the streaming log, in the end of the list. */
enum { PROPERTIES = 6 };

static size_t
properties(const struct maker *m, int type, const char *shard, char ts[16],
    const char *v[PROPERTIES][2])
{
	const char *all[PROPERTIES][2] = { { "_v", "1" },
		{ "_t", type == V_TICK ? "1" : "2" },
		{ "_tt", base36(m->ts, ts) }, { "_wt", "1" }, { "_lc", "0" },
		{ "_vc", shard } };

	memcpy(v, all, sizeof all);
	return PROPERTIES - (shard == NULL);
}

static void
dump(struct maker *m, const struct buf *value, const char *v[PROPERTIES][2],
    size_t n)
{
	char id[16];
	struct buf b = { 0 };

	printf("{\"id\":\"%s\",\"wal\":3,\"properties\":{",
	    base36((uint64_t)m->records, id));
	for (size_t i = 0; i < n; i++)
		printf("%s\"%s\":\"%s\"", i > 0 ? "," : "", v[i][0], v[i][1]);
	b64_add(&b, value->ptr, value->len);
	printf("},\"payload_b64\":\"%s\"}\n", b.ptr);
	buf_fini(&b);
}

/* The value is emptied. */
static void
produce(struct maker *m, struct buf *value, int type, const char *shard)
{
	const char *v[PROPERTIES][2];
	char ts[16];
	size_t n = properties(m, type, shard, ts, v);
	rd_kafka_headers_t *h =
	    m->log == STREAMING ? rd_kafka_headers_new(n) : NULL;

	for (size_t i = 0; i < n && h != NULL; i++)
		rd_kafka_header_add(h, v[i][0], -1, v[i][1], -1);
	if (m->log != DUMP)
		put_record(m->rk, m->topic, 0, value->ptr, value->len,
		    tso_ms(m->ts), h);
	else if (type != V_TICK)
		dump(m, value, v, n);
	m->records++;
	buf_fini(value);
}

static void
base(struct buf *b, int type, int64_t id, uint64_t ts)
{
	struct buf sub = { 0 };

	pm_int(&sub, 1, type);
	if (id != 0)
		pm_int(&sub, 2, id);
	pm_int(&sub, 3, (int64_t)ts);
	pm_sub(b, 1, &sub);
}

static void
tick(struct maker *m)
{
	struct buf b = { 0 };

	m->ts++;
	base(&b, MSG_TICK, 0, m->ts);
	produce(m, &b, V_TICK, NULL);
}

/* Digits and letters: what a name looks like. */
static void
text(struct maker *m, struct buf *run, int json)
{
	struct buf b = { 0 };
	uint64_t v[2] = { next(m), next(m) };
	char all[2 * TEXT_LEN];

	b64_add(&b, v, sizeof v);
	snprintf(all, sizeof all, "%s%.*s%s", json ? "{\"k\":\"" : "", TEXT_LEN,
	    b.ptr, json ? "\"}" : "");
	pm_str(run, 1, all);
	buf_fini(&b);
}

/* One value of a column; floats and integers go into one packed run. */
static void
value(struct maker *m, const struct type_info *t, struct buf *run)
{
	double d = (double)(next(m) >> 11) / 9007199254740992.0; /* 2^53 */

	switch (t->slot) {
	case SLOT_BOOL:
		pm_raw(run, next(m) & 1);
		break;
	case SLOT_INT:
		pm_raw(run, next(m) & 0x7f);
		break;
	case SLOT_LONG:
		pm_raw(run, next(m) >> 1);
		break;
	case SLOT_FLOAT:
		pm_f32(run, (float)d);
		break;
	case SLOT_DOUBLE:
		pm_f64(run, d);
		break;
	case SLOT_STRING:
		text(m, run, 0);
		break;
	case SLOT_JSON:
		text(m, run, 1);
		break;
	default:
		die(t->name, "not a column of a measurement");
	}
}

static void
scalars(struct maker *m, struct buf *b, size_t n)
{
	for (size_t c = 0; c < m->ntypes; c++) {
		const struct type_info *t = type_by_name(m->types[c]);
		struct buf run = { 0 }, data = { 0 }, body = { 0 };
		char *name = x_asprintf("c%zu", c);

		if (t == NULL || t->is_vector)
			die(m->types[c], "no type of a scalar");
		for (size_t i = 0; i < n; i++)
			value(m, t, &run);
		if (t->slot == SLOT_STRING || t->slot == SLOT_JSON)
			pm_sub(&body, (uint32_t)t->slot, &run);
		else {
			pm_sub(&data, 1, &run);
			pm_sub(&body, (uint32_t)t->slot, &data);
		}
		pm_column(
		    b, (int)t->type, name, SCALAR_ID + (int64_t)c, 3, &body);
		free(name);
	}
}

static void
vectors(struct maker *m, struct buf *b, size_t n)
{
	size_t floats = n * m->dim;
	float *f = x_calloc(floats, sizeof *f);
	struct buf data = { 0 }, body = { 0 };

	for (size_t i = 0; i < floats; i++)
		f[i] = (float)(next(m) >> 40) / 16777216.0f; /* 2^24 */
	pm_bytes(&data, 1, f, floats * sizeof *f);
	pm_int(&body, 1, (int64_t)m->dim);
	pm_sub(&body, VSLOT_FLOAT, &data);
	pm_column(b, TYPE_FLOAT_VECTOR, "vec", VEC_ID, 4, &body);
	free(f);
}

/* InsertRequest of package msg, lib/format/FORMATS 2. */
static size_t
insert(struct maker *m, size_t n)
{
	struct buf b = { 0 }, run = { 0 }, data = { 0 }, body = { 0 };
	char *shard = x_asprintf("%s_1v0", m->topic);
	size_t len;

	m->ts++;
	base(&b, MSG_INSERT, m->records + 1, m->ts);
	pm_str(&b, 2, shard);
	pm_str(&b, 4, "c");
	pm_str(&b, 5, "_default");
	pm_int(&b, 7, 1);
	pm_int(&b, 8, 11);
	for (size_t i = 0; i < n; i++)
		pm_raw(&run, m->ts);
	pm_sub(&b, 10, &run);
	for (size_t i = 0; i < n; i++)
		pm_raw(&run, (uint64_t)m->key + i);
	pm_bytes(&b, 11, run.ptr, run.len); /* rowIDs */
	pm_sub(&data, 1, &run);
	pm_sub(&body, SLOT_LONG, &data);
	pm_column(&b, TYPE_INT64, "pk", PK_ID, 3, &body);
	vectors(m, &b, n);
	scalars(m, &b, n);
	pm_int(&b, 14, (int64_t)n);
	pm_int(&b, 15, 1);
	m->key += (int64_t)n;
	len = b.len;
	produce(m, &b, V_INSERT, shard);
	free(shard);
	return len;
}

static void
all(struct maker *m, size_t batch, size_t rows)
{
	size_t most = MOST_BYTES / (m->dim * sizeof(float)), bytes = 0, n = 0;

	if (batch > most)
		batch = most;
	for (size_t left = rows; left > 0; n++) {
		size_t some = left < batch ? left : batch;

		bytes += insert(m, some);
		left -= some;
		if (bytes >= TICK_BYTES || n % TICK_RECORDS == 0) {
			tick(m);
			bytes = 0;
		}
	}
	tick(m);
	if (m->log != DUMP &&
	    rd_kafka_flush(m->rk, FLUSH_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		die(m->topic, "not all is in the log");
}

static enum log
log_of(const char *s)
{
	static const char *const names[] = { "msgstream", "streaming", "dump" };

	for (enum log l = 0; l <= DUMP; l++)
		if (strcmp(names[l], s) == 0)
			return l;
	die(s, "want msgstream, streaming or dump");
}

static size_t
positive(const char *s)
{
	int64_t v = number(s);

	if (v <= 0)
		die(s, "not a number above 0");
	return (size_t)v;
}

int
main(int argc, char **argv)
{
	struct maker m = { .random = 88172645463325252u, .key = 1 };
	size_t batch, rows;

	if (argc < FIRST_ARG)
		die("usage",
		    "LOG BROKERS TOPIC CODEC DIM BATCH ROWS [TYPE...]");
	m.log = log_of(argv[1]);
	m.topic = argv[3];
	m.dim = positive(argv[5]);
	batch = positive(argv[6]);
	rows = positive(argv[7]);
	m.types = argv + FIRST_ARG;
	m.ntypes = (size_t)(argc - FIRST_ARG);
	m.ts = tso_from_ms(clock_unix_ms());
	if (m.log != DUMP)
		up(&m, argv[2], argv[4]);
	all(&m, batch, rows);
	if (m.log == DUMP)
		return fflush(stdout) == 0 ? 0 : 1;
	rd_kafka_destroy(m.rk);
	printf("{\"rows\":%zu,\"records\":%" PRId64 "}\n", rows, m.records);
	return 0;
}
