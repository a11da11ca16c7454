#include "model/mq_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "codec/json_write.h"

struct mq_id
mq_id_offset(int64_t offset)
{
	return (struct mq_id){ .entry = offset };
}

struct mq_id
mq_id_none(void)
{
	return mq_id_offset(-1);
}

int
mq_id_is(struct mq_id id)
{
	return id.entry >= 0;
}

/* A ledger may have had another one before it, which is removed. */
int
mq_id_is_first(struct mq_id id)
{
	return id.kind == MQ_OFFSET && id.entry == 0;
}

static int
cmp(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int
mq_id_cmp(struct mq_id a, struct mq_id b)
{
	if (a.ledger != b.ledger)
		return cmp(a.ledger, b.ledger);
	if (a.entry != b.entry)
		return cmp(a.entry, b.entry);
	return cmp(a.batch, b.batch);
}

int
mq_id_within(struct mq_id id, struct mq_id low, struct mq_id high)
{
	return mq_id_cmp(id, low) >= 0 && mq_id_cmp(id, high) <= 0;
}

/*
 * Behind the last record of a batch is the first one of the next entry, but
 * only the queue knows which the last one is.
 */
struct mq_id
mq_id_next(struct mq_id id)
{
	if (id.kind == MQ_LEDGER && id.batch >= 0)
		id.batch++;
	else
		id.entry++;
	return id;
}

struct mq_id
mq_id_before(struct mq_id id)
{
	if (id.kind == MQ_LEDGER && id.batch > 0)
		id.batch--;
	else if (id.entry > 0)
		id.entry--;
	else
		return mq_id_none();
	return id;
}

int64_t
mq_id_between(struct mq_id a, struct mq_id b)
{
	if (a.ledger != b.ledger || a.batch > 0 || b.batch > 0)
		return -1;
	return b.entry - a.entry;
}

struct mq_id
mq_id_middle(struct mq_id a, struct mq_id b)
{
	if (a.ledger == b.ledger) {
		a.entry += (b.entry - a.entry) / 2;
	} else if (b.ledger - a.ledger > 1) {
		a.ledger += (b.ledger - a.ledger) / 2;
		a.entry = 0;
	} else if (b.entry > 0) {
		b.entry /= 2;
		return b;
	} else {
		a.entry++;
	}
	return a;
}

const char *
mq_id_text(struct mq_id id, char text[MQ_ID_TEXT])
{
	if (id.kind == MQ_OFFSET || !mq_id_is(id))
		snprintf(text, MQ_ID_TEXT, "%" PRId64, id.entry);
	else if (id.batch < 0)
		snprintf(text, MQ_ID_TEXT, "%" PRId64 ":%" PRId64, id.ledger,
		    id.entry);
	else
		snprintf(text, MQ_ID_TEXT, "%" PRId64 ":%" PRId64 ":%" PRId32,
		    id.ledger, id.entry, id.batch);
	return text;
}

int
mq_id_read(const char *text, struct mq_id *id, struct err *e)
{
	const char *colon = strchr(text, ':'), *second;
	int64_t batch = -1;

	*id = mq_id_offset(0);
	if (colon == NULL)
		return num_i64(text, 0, INT64_MAX, &id->entry, e);
	id->kind = MQ_LEDGER;
	second = strchr(colon + 1, ':');
	if (num_i64n(text, (size_t)(colon - text), 0, INT64_MAX, &id->ledger,
		e) == -1 ||
	    num_i64n(colon + 1,
		second == NULL ? strlen(colon + 1)
			       : (size_t)(second - colon - 1),
		0, INT64_MAX, &id->entry, e) == -1 ||
	    (second != NULL &&
		num_i64(second + 1, 0, INT32_MAX, &batch, e) == -1))
		return -1;
	id->batch = (int32_t)batch;
	return 0;
}

void
mq_id_to_json(struct jsonw *w, const char *key, struct mq_id id)
{
	if (id.kind == MQ_OFFSET)
		jw_i64(w, key, id.entry);
	else
		jw_str(w, key, MQ_TEXT(id));
}

json_t *
mq_id_json(struct mq_id id)
{
	return id.kind == MQ_OFFSET ? json_integer(id.entry)
				    : json_string(MQ_TEXT(id));
}

int
mq_id_from_json(
    struct mq_id *id, const json_t *j, const char *key, struct err *e)
{
	if (json_is_string(j))
		return mq_id_read(json_string_value(j), id, e);
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*id = mq_id_offset(json_integer_value(j));
		return 0;
	}
	return err_set(e, ERR_DATA, "'%s' is not an offset", key);
}

static const char *const wals[] = { [WAL_ROCKSMQ] = "rocksmq",
	[WAL_PULSAR] = "pulsar",
	[WAL_KAFKA] = "kafka",
	[WAL_WOODPECKER] = "woodpecker" };
enum { WALS = sizeof wals / sizeof *wals };

const char *
wal_name(int wal)
{
	return wal > 0 && wal < WALS ? wals[wal] : NULL;
}

int
wal_of_name(const char *name)
{
	for (int i = 1; i < WALS; i++)
		if (strcmp(wals[i], name) == 0)
			return i;
	return 0;
}

int
mq_mark_is(const struct mq_mark *m)
{
	return m->id[0] != '\0';
}

void
mq_mark_to_json(struct jsonw *w, const struct mq_mark *m)
{
	jw_str(w, "id", m->id);
	if (wal_name(m->wal) != NULL)
		jw_str(w, "wal", wal_name(m->wal));
	if (!mq_mark_is(m))
		return;
	jw_str(w, "from", m->from);
	jw_u64s(w, "last", m->ts);
	jw_u64s(w, "digest", m->digest);
}

static int
text(char to[MQ_MARK_ID], const json_t *j, const char *key, struct err *e)
{
	const char *s = json_string_value(json_object_get(j, key));

	if (s == NULL || strlen(s) >= MQ_MARK_ID)
		return err_set(e, ERR_DATA,
		    "'%s' is not the id of a record (want text, at most %d "
		    "bytes)",
		    key, MQ_MARK_ID - 1);
	snprintf(to, MQ_MARK_ID, "%s", s);
	return 0;
}

static int
number(uint64_t *to, const json_t *j, const char *key, struct err *e)
{
	const char *s = json_string_value(json_object_get(j, key));

	if (s == NULL || num_u64(s, 0, UINT64_MAX, to, e) == -1)
		return err_set(e, ERR_DATA, "'%s' is not a number", key);
	return 0;
}

int
mq_mark_from_json(struct mq_mark *m, const json_t *j, struct err *e)
{
	const json_t *wal = json_object_get(j, "wal");

	memset(m, 0, sizeof *m);
	if (text(m->id, j, "id", e) == -1)
		return -1;
	if (wal != NULL &&
	    (!json_is_string(wal) ||
		(m->wal = wal_of_name(json_string_value(wal))) == 0))
		return err_set(e, ERR_DATA,
		    "'wal' is none of kafka, pulsar, rocksmq, woodpecker");
	if (!mq_mark_is(m))
		return 0;
	if (m->wal == 0)
		return err_set(e, ERR_DATA, "'wal' is missing");
	return text(m->from, j, "from", e) == -1 ||
		       number(&m->ts, j, "last", e) == -1 ||
		       number(&m->digest, j, "digest", e) == -1
		   ? -1
		   : 0;
}
