/*
 * dumpcat URI WAIT_MS once|slow|follow OUT MARKS TOPIC...: the records of
 * pchannels, read through a Milvus, a line each in OUT: topic, id, time tick,
 * type, length, sum of the payload; and "topic made TS" for what is proven.
 *
 * MARKS keeps where each topic was at a proven tick and now and then in
 * between, and how long OUT was then: another one goes on from there, and cuts
 * off what came later. `once` ends when each topic was proven, `slow` does,
 * too, and takes a record each 2 ms. TOKEN and CACERT are its login and the
 * file of who vouches.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "base/sig.h"
#include "mq/mq.h"
#include "net/grpc.h"

enum { TOPICS = 64, IDLE_MS = 200, SAVE = 256 };

struct topic {
	const char *name;
	struct mq_mark mark;
	int proven;
};

struct cat {
	struct mq *q;
	FILE *out;
	const char *marks;
	struct topic v[TOPICS];
	int n, slow;
	long records;
};

static struct topic *
find(struct cat *c, const char *name)
{
	for (int i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return &c->v[i];
	return NULL;
}

/* A line: name, id, from, wal, ts, digest; the first one is OUT's length. */
static long
load(struct cat *c)
{
	FILE *f = fopen(c->marks, "r");
	struct mq_mark m;
	char name[256];
	long end = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld", &end) != 1)
		end = 0;
	while (fscanf(f, "%255s %127s %127s %d %" SCNu64 " %" SCNu64, name,
		   m.id, m.from, &m.wal, &m.ts, &m.digest) == 6)
		if (find(c, name) != NULL)
			find(c, name)->mark = m;
	fclose(f);
	return end;
}

static void
save(struct cat *c)
{
	char fresh[512];
	FILE *f;

	snprintf(fresh, sizeof fresh, "%s.new", c->marks);
	if (fflush(c->out) != 0 || (f = fopen(fresh, "w")) == NULL)
		exit(1);
	fprintf(f, "%ld\n", ftell(c->out));
	for (int i = 0; i < c->n; i++) {
		const struct mq_mark *m = &c->v[i].mark;

		if (m->id[0] != '\0')
			fprintf(f, "%s %s %s %d %" PRIu64 " %" PRIu64 "\n",
			    c->v[i].name, m->id, m->from, m->wal, m->ts,
			    m->digest);
	}
	if (fclose(f) != 0 || rename(fresh, c->marks) != 0)
		exit(1);
}

static unsigned long
sum(const struct record *r)
{
	unsigned long s = 0;

	for (size_t i = 0; i < r->len; i++)
		s = s * 31 + ((const unsigned char *)r->ptr)[i];
	return s;
}

static void
show(struct cat *c, struct record *r)
{
	struct topic *t = &c->v[r->topic];
	struct span tt = { "", 0 }, type = { "", 0 };
	struct err e = { 0 };
	struct mq_mark m;
	uint64_t ts = 0;

	record_header(r, "_tt", &tt);
	record_header(r, "_t", &type);
	num_base36(tt.ptr, tt.len, &ts, &e);
	mq_get_mark(c->q, t->name, &m);
	if (r->made) {
		fprintf(c->out, "%s made %" PRIu64 "\n", t->name, ts);
		t->proven = m.ts == t->mark.ts;
	} else {
		fprintf(c->out, "%s %s %" PRIu64 " %.*s %zu %lu\n", t->name,
		    MQ_TEXT(r->id), ts, (int)type.len, type.ptr, r->len,
		    sum(r));
		c->records++;
	}
	/* one that is made in between is of the record before the last one */
	if (m.ts >= t->mark.ts) {
		t->mark = m;
		if (r->made || c->records % SAVE == 0)
			save(c);
	}
	record_free(r);
	if (c->slow)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static int
all_proven(const struct cat *c)
{
	for (int i = 0; i < c->n; i++)
		if (!c->v[i].proven)
			return 0;
	return 1;
}

static int
begin(struct cat *c, struct err *e)
{
	for (int i = 0; i < c->n; i++) {
		c->v[i].mark.wal = WAL_KAFKA;
		if (mq_start_behind(c->q, c->v[i].name, i, &c->v[i].mark, e) ==
		    -1)
			return -1;
	}
	return 0;
}

static int
run(struct cat *c, int once, struct err *e)
{
	struct record r;
	int rc = begin(c, e);

	while (rc != -1 && sig_stop == 0 && !(once && all_proven(c)))
		if ((rc = mq_next(c->q, IDLE_MS, &r, e)) == MQ_RECORD)
			show(c, &r);
	return rc == -1 ? -1 : 0;
}

static FILE *
open_out(const char *path, long end)
{
	FILE *f = fopen(path, end > 0 ? "r+" : "w");

	if (f == NULL || ftruncate(fileno(f), end) != 0 ||
	    fseek(f, end, SEEK_SET) != 0)
		exit(1);
	return f;
}

int
main(int argc, char **argv)
{
	struct grpc_conf login = { .token = getenv("TOKEN"),
		.cacert = getenv("CACERT") };
	struct mq_conf conf = { .milvus = &login };
	struct cat c = { 0 };
	struct err e = { 0 };
	struct rusage u;

	log_init("dumpcat");
	sig_init();
	if (argc < 7)
		return 2;
	conf.brokers = argv[1];
	conf.wait_ms = atoi(argv[2]);
	c.slow = strcmp(argv[3], "slow") == 0;
	c.marks = argv[5];
	for (int i = 6; i < argc && c.n < TOPICS; i++)
		c.v[c.n++].name = argv[i];
	c.out = open_out(argv[4], load(&c));
	if ((c.q = mq_open(&conf, &e)) == NULL ||
	    run(&c, strcmp(argv[3], "follow") != 0, &e) == -1)
		log_warn("%s", e.msg);
	mq_close(c.q);
	getrusage(RUSAGE_SELF, &u);
	fprintf(
	    stderr, "%ld records, %ld MiB\n", c.records, u.ru_maxrss / 1024);
	if (fclose(c.out) != 0)
		return 1;
	return err_status(&e);
}
