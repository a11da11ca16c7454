/*
 * mock-kafka: librdkafka's mock cluster as a program.
 *
 *	mock-kafka [BROKERS] <lines
 *
 * The first line on stdout is the address. BROKERS: a real one instead, whose
 * topics are there, or made by their first record. Lines on stdin, fields
 *between tabs, until the end of file, which ends the cluster too:
 *
 *	TOPIC BASE64 [@MS] [#PARTITION] [NAME=VALUE]…   a record, with its time,
 *		in partition 0 if not said, with headers; - for BASE64: empty
 *	!record TOPIC BASE64 …    the same, which mkmsg lets through
 *	!topic NAME PARTITIONS    make it; else the first record does, with one
 *	!random TOPIC BYTES @MS   a record that does not compress: a partition
 *		keeps 5 MiB, so a few of them move the low watermark
 *	!say WORD                 all above is in the log: WORD to stdout
 *
 * No record has a time that can be looked up: the mock cluster cannot.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define ME "mock-kafka"
#include "../unit/random.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "produce.h"

enum { MAX_FIELDS = 16, FLUSH_MS = 60000 };

struct mock {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	char **topics; /* that are made */
	size_t n, cap;
};

static void
make_topic(struct mock *m, const char *name, int64_t partitions)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->topics[i], name) == 0)
			return;
	if (m->cluster != NULL &&
	    rd_kafka_mock_topic_create(m->cluster, name, (int)partitions, 1) !=
		RD_KAFKA_RESP_ERR_NO_ERROR)
		die(name, "not made");
	m->topics = x_grow(m->topics, m->n, &m->cap, sizeof(char *));
	m->topics[m->n++] = x_strdup(name);
}

static void
produce(struct mock *m, const char *topic, void *value, size_t len,
    char **field, size_t n)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(4);
	int64_t time = 0, partition = 0;

	make_topic(m, topic, 1);
	for (size_t i = 0; i < n; i++) {
		char *eq = strchr(field[i], '=');

		if (field[i][0] == '@')
			time = number(field[i] + 1);
		else if (field[i][0] == '#')
			partition = number(field[i] + 1);
		else if (eq != NULL)
			rd_kafka_header_add(headers, field[i], eq - field[i],
			    eq + 1, (ssize_t)strlen(eq + 1));
	}
	put_record(m->rk, topic, (int32_t)partition, value, len, time, headers);
}

static void
random_record(struct mock *m, const char *topic, size_t len, char *time)
{
	uint8_t *p = x_malloc(len);
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)next_random(&x);
	produce(m, topic, p, len, &time, 1);
	free(p);
	rd_kafka_flush(m->rk, FLUSH_MS); /* one batch for each */
}

static void
command(struct mock *m, char **field, size_t n)
{
	if (strcmp(field[0], "!topic") == 0 && n == 3) {
		make_topic(m, field[1], number(field[2]));
	} else if (strcmp(field[0], "!random") == 0 && n == 4) {
		random_record(m, field[1], (size_t)number(field[2]), field[3]);
	} else if (strcmp(field[0], "!say") == 0 && n == 2) {
		if (rd_kafka_flush(m->rk, FLUSH_MS) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			die(field[1], "not all is in the log");
		puts(field[1]);
		fflush(stdout);
	} else {
		die(field[0], "unknown");
	}
}

static void
record(struct mock *m, char **field, size_t n)
{
	size_t len = n < 2 || strcmp(field[1], "-") == 0 ? 0 : strlen(field[1]);
	void *value = x_malloc(b64_max(len) + 1);
	ptrdiff_t got = b64_get(n < 2 ? "" : field[1], len, value);

	if (got == -1)
		die(field[0], "the value is not base64");
	produce(m, field[0], value, (size_t)got, field + 2, n < 2 ? 0 : n - 2);
	free(value);
}

static void
line(struct mock *m, char *text)
{
	char *field[MAX_FIELDS], *save = NULL;
	size_t n = 0;

	for (char *p = strtok_r(text, "\t\n", &save);
	     p != NULL && n < MAX_FIELDS; p = strtok_r(NULL, "\t\n", &save))
		field[n++] = p;
	if (n == 0)
		return;
	if (n > 1 && strcmp(field[0], "!record") == 0)
		record(m, field + 1, n - 1);
	else if (field[0][0] == '!')
		command(m, field, n);
	else
		record(m, field, n);
}

/* On a mock cluster, or on these brokers. */
static void
up(struct mock *m, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "compression.type", "zstd"); /* as Milvus's producer */
	set(conf, "message.max.bytes", "16777216");
	if (brokers != NULL)
		set(conf, "bootstrap.servers", brokers);
	else
		set(conf, "test.mock.num.brokers", "1");
	m->rk = producer(conf);
	m->cluster = rd_kafka_handle_mock_cluster(m->rk);
	puts(brokers != NULL ? brokers
			     : rd_kafka_mock_cluster_bootstraps(m->cluster));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct mock m = { 0 };
	char *text = NULL;
	size_t cap = 0;

	up(&m, argc > 1 ? argv[1] : NULL);
	while (getline(&text, &cap, stdin) > 0)
		line(&m, text);
	free(text);
	for (size_t i = 0; i < m.n; i++)
		free(m.topics[i]);
	free(m.topics);
	rd_kafka_flush(m.rk, FLUSH_MS);
	rd_kafka_destroy(m.rk);
	return 0;
}
