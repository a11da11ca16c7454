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
