/*
 * mkmsg: records of Milvus 2.3's log out of words, for mock-kafka. With `at
 * REV` the catalogue's line of that kind and nothing else.
 *
 *	tick TOPIC TS
 *	insert TOPIC TS coll=1 part=11 keys=5,6 [id=7] [v=TEXT] [big=BYTES]
 *	delete TOPIC TS coll=1 part=-1 keys=5,6 [id=8]
 *	create|drop|droppart TOPIC TS coll=1 [name=items] [part=11]
 *	flush TOPIC TS colls=a,b [db=default]
 *	type TOPIC TS N            a message of a type that nobody knows
 *	junk TOPIC TS TEXT         bytes that are no message
 *	!…                         goes on as it is, spaces as tabs
 *
 * TOPIC is a number for by-dev-rootcoord-dml_N, r for by-dev-replicate-msg, or
 * a name. TS is MS or MS+LOGICAL of a hybrid timestamp. Other words are
 * `hdr=_v=1`: a Kafka header, `shard=…`: the vchannel [TOPIC_COLLv0],
 * `pname=…`: the partition's name.
 *
 * An insert's rows have pk (Int64, field 100), v (VarChar, 101; TEXT, or
 * BYTES times x) and vec (FloatVector of dim 2, 102).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/pbmake.h"
#include "base/clock.h"
#include "base/mem.h"
#include "codec/base64.h"

enum { MAX_WORDS = 24 };

struct order {
	char *topic;
	uint64_t ts;
	char *word[MAX_WORDS]; /* behind TS */
	size_t n;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "mkmsg: %s\n", what);
	exit(1);
}

static const char *
get(const struct order *o, const char *name, const char *otherwise)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < o->n; i++)
		if (strncmp(o->word[i], name, n) == 0 && o->word[i][n] == '=')
			return o->word[i] + n + 1;
	return otherwise;
}

static int64_t
get_int(const struct order *o, const char *name, int64_t otherwise)
{
	const char *s = get(o, name, NULL);

	return s == NULL ? otherwise : strtoll(s, NULL, 10);
}

static void
base(struct buf *b, const struct order *o, int type, int with_ts)
{
	struct buf sub = { 0 };
	int64_t id = get_int(o, "id", 0);

	pm_int(&sub, 1, type);
	if (id != 0)
		pm_int(&sub, 2, id);
	if (with_ts)
		pm_int(&sub, 3, (int64_t)o->ts);
	pm_sub(b, 1, &sub);
}

/* The keys of keys=5,6 as a packed run; how many. */
static size_t
keys(const struct order *o, struct buf *run)
{
	const char *s = get(o, "keys", "");
	size_t n = 0;
	char *end;

	for (; *s != '\0'; s = *end == ',' ? end + 1 : end, n++) {
		int64_t k = strtoll(s, &end, 10);

		if (end == s)
			die("keys");
		pm_raw(run, (uint64_t)k);
	}
	return n;
}

/* shardName 2, partition_name 5, collectionID 7, partitionID 8. */
static void
where(struct buf *b, const struct order *o)
{
	int64_t coll = get_int(o, "coll", 1), part = get_int(o, "part", 0);
	char *own = x_asprintf("%s_%" PRId64 "v0", o->topic, coll);
	const char *name = get(o, "pname", NULL);

	pm_str(b, 2, get(o, "shard", own));
	if (name != NULL)
		pm_str(b, 5, name);
	pm_int(b, 7, coll);
	if (part != 0)
		pm_int(b, 8, part);
	free(own);
}

static void
stamps(struct buf *b, const struct order *o, size_t n)
{
	struct buf run = { 0 };

	for (size_t i = 0; i < n; i++)
		pm_raw(&run, o->ts);
	pm_sub(b, 10, &run);
}

static void
texts(const struct order *o, struct buf *b, size_t n)
{
	size_t big = (size_t)get_int(o, "big", 0);
	char *s = big == 0 ? x_strdup(get(o, "v", "x")) : x_calloc(1, big + 1);

	memset(s, big == 0 ? s[0] : 'x', big);
	for (size_t i = 0; i < n; i++)
		pm_str(b, 1, s);
	free(s);
}

static void
insert(struct buf *b, const struct order *o)
{
	struct buf run = { 0 }, data = { 0 }, body = { 0 };
	size_t n = keys(o, &run);

	base(b, o, 400, 0);
	where(b, o);
	stamps(b, o, n);
	pm_sub(&data, 1, &run);
	pm_sub(&body, 3, &data);
	pm_column(b, 5, "pk", 100, 3, &body);
	texts(o, &data, n);
	pm_sub(&body, 6, &data);
	pm_column(b, 21, "v", 101, 3, &body);
	for (size_t i = 0; i < 2 * n; i++)
		pm_f32(&run, (float)i);
	pm_sub(&data, 1, &run);
	pm_int(&body, 1, 2);
	pm_sub(&body, 2, &data);
	pm_column(b, 101, "vec", 102, 4, &body);
	pm_int(b, 14, (int64_t)n);
	pm_int(b, 15, 1);
}

static void
delete_(struct buf *b, const struct order *o)
{
	struct buf run = { 0 }, list = { 0 }, ids = { 0 };
	size_t n = keys(o, &run);

	base(b, o, 401, 1);
	where(b, o);
	stamps(b, o, n);
	pm_int(b, 11, (int64_t)n);
	pm_sub(&list, 1, &run);
	pm_sub(&ids, 1, &list);
	pm_sub(b, 12, &ids);
}

/* Create-, DropCollection; DropPartition has its fields one further. */
static void
ddl(struct buf *b, const struct order *o, int type)
{
	base(b, o, type, 1);
	pm_str(b, type == 201 ? 4 : 3, get(o, "name", "items"));
	pm_int(b, type == 100 ? 6 : type == 101 ? 5 : 6, get_int(o, "coll", 1));
	if (type == 201)
		pm_int(b, 7, get_int(o, "part", 0));
}

static void
flush(struct buf *b, const struct order *o)
{
	char *list = x_strdup(get(o, "colls", "items")), *save = NULL;

	base(b, o, 402, 1);
	pm_str(b, 2, get(o, "db", "default"));
	for (char *p = strtok_r(list, ",", &save); p != NULL;
	     p = strtok_r(NULL, ",", &save))
		pm_str(b, 3, p);
	free(list);
}

static void
message(struct buf *b, const char *what, const struct order *o)
{
	if (strcmp(what, "tick") == 0)
		base(b, o, 1200, 1);
	else if (strcmp(what, "insert") == 0)
		insert(b, o);
	else if (strcmp(what, "delete") == 0)
		delete_(b, o);
	else if (strcmp(what, "create") == 0)
		ddl(b, o, 100);
	else if (strcmp(what, "drop") == 0)
		ddl(b, o, 101);
	else if (strcmp(what, "droppart") == 0)
		ddl(b, o, 201);
	else if (strcmp(what, "flush") == 0)
		flush(b, o);
	else if (strcmp(what, "type") == 0 && o->n > 0)
		base(b, o, atoi(o->word[0]), 1);
	else if (strcmp(what, "junk") == 0 && o->n > 0)
		buf_adds(b, o->word[0]);
	else
		die(what);
}

static char *
topic(const char *s)
{
	if (strcmp(s, "r") == 0)
		return x_strdup("by-dev-replicate-msg");
	if (strspn(s, "0123456789") == strlen(s))
		return x_asprintf("by-dev-rootcoord-dml_%s", s);
	return x_strdup(s);
}

static uint64_t
stamp(const char *s)
{
	char *end;
	uint64_t ts = strtoull(s, &end, 10) << 18;

	return *end == '+' ? ts + strtoull(end + 1, NULL, 10) : ts;
}

static void
record(const char *what, struct order *o)
{
	struct buf value = { 0 }, out = { 0 };

	message(&value, what, o);
	buf_addf(&out, "%s\t", o->topic);
	b64_add(&out, value.ptr, value.len);
	buf_addf(&out, "\t@%" PRIu64, o->ts >> 18);
	for (size_t i = 0; i < o->n; i++)
		if (strncmp(o->word[i], "hdr=", 4) == 0)
			buf_addf(&out, "\t%s", o->word[i] + 4);
	puts(out.ptr);
	buf_fini(&out);
	buf_fini(&value);
}

static void
words(char *text)
{
	char *save = NULL, *what = strtok_r(text, " \n", &save), *p, *t;
	struct order o = { 0 };

	if (what == NULL || what[0] == '#')
		return;
	if ((p = strtok_r(NULL, " \n", &save)) == NULL ||
	    (t = strtok_r(NULL, " \n", &save)) == NULL)
		die(what);
	o.topic = topic(p);
	o.ts = stamp(t);
	while (o.n < MAX_WORDS && (p = strtok_r(NULL, " \n", &save)) != NULL)
		o.word[o.n++] = p;
	record(what, &o);
	free(o.topic);
}

static void
pass_on(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if (*p == ' ')
			*p = '\t';
	fputs(text, stdout);
}

/* The catalogue's line, true at this moment. */
static int
at(const char *rev)
{
	printf("{\"kind\":\"at\",\"rev\":%s,\"time\":%" PRId64 "}\n", rev,
	    clock_ns());
	return 0;
}

int
main(int argc, char **argv)
{
	char *text = NULL;
	size_t cap = 0;

	if (argc == 3 && strcmp(argv[1], "at") == 0)
		return at(argv[2]);
	while (getline(&text, &cap, stdin) > 0)
		if (text[0] == '!')
			pass_on(text);
		else
			words(text);
	free(text);
	return 0;
}
