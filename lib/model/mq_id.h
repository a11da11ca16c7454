#ifndef CDC_MODEL_MQ_ID_H
#define CDC_MODEL_MQ_ID_H

#include <stdint.h>

#include <jansson.h>

struct err;
struct jsonw;

/* How a queue numbers the records of a topic. */
enum mq_id_kind {
	MQ_OFFSET, /* one by one: Kafka */
	MQ_LEDGER, /* in ledgers or segments: Pulsar, Woodpecker */
};

/*
 * The place of a record in its topic. All zero is the first offset. Ids of two
 * kinds are never of one topic.
 */
struct mq_id {
	enum mq_id_kind kind;
	int32_t batch;  /* MQ_LEDGER: number in a batch, -1: it is in none */
	int64_t ledger; /* MQ_LEDGER */
	int64_t entry;  /* in the ledger, or the offset; -1: no place at all */
};

struct mq_id mq_id_none(void);
struct mq_id mq_id_offset(int64_t offset);
/* Is it a place? */
int mq_id_is(struct mq_id id);
/* Can no record of its topic ever have stood before it? */
int mq_id_is_first(struct mq_id id);

/* As memcmp. */
int mq_id_cmp(struct mq_id a, struct mq_id b);
/* Is it from low to high, both included? */
int mq_id_within(struct mq_id id, struct mq_id low, struct mq_id high);
/* The least id behind id, whether a record has it or not. */
struct mq_id mq_id_next(struct mq_id id);
/* The id that mq_id_next was given; none if it is no such id. */
struct mq_id mq_id_before(struct mq_id id);
/* How many records have ids from a on and below b; -1 if no id tells that. */
int64_t mq_id_between(struct mq_id a, struct mq_id b);
/* An id about halfway from a to b, not b; for a search. */
struct mq_id mq_id_middle(struct mq_id a, struct mq_id b);

/* "1234", "5:7", "5:7:2" with a batch, "-1" for no place. */
enum { MQ_ID_TEXT = 56 };
const char *mq_id_text(struct mq_id id, char text[MQ_ID_TEXT]);
/* Its text, until the end of the block: for a message. */
#define MQ_TEXT(id) mq_id_text((id), (char[MQ_ID_TEXT]){ 0 })
/* ERR_DATA if text is none. */
int mq_id_read(const char *text, struct mq_id *id, struct err *e);

/* A number, as Kafka's offsets are, or the text of any other. */
void mq_id_to_json(struct jsonw *w, const char *key, struct mq_id id);
json_t *mq_id_json(struct mq_id id);
/* A number or a text; ERR_DATA names the key. */
int mq_id_from_json(
    struct mq_id *id, const json_t *j, const char *key, struct err *e);

/* common.proto WALName: the queue below a streaming log. */
enum { WAL_ROCKSMQ = 1, WAL_PULSAR, WAL_KAFKA, WAL_WOODPECKER };

/* "kafka"; NULL if there is none of that number. */
const char *wal_name(int wal);
/* 0 if there is none of that name. */
int wal_of_name(const char *name);

/* Longer than the text of an id of any of these queues. */
enum { MQ_MARK_ID = 128 };

/*
 * Up to where a topic was read whose records come by time tick and not by id,
 * because Milvus reads its queue for us: the record that came last. Without an
 * id: none so far.
 */
struct mq_mark {
	char id[MQ_MARK_ID];   /* as Milvus writes it */
	char from[MQ_MARK_ID]; /* from where to read to see it again */
	int wal;               /* the queue that these are of; 0: not known */
	uint64_t ts;     /* its time tick; of none, up to where none is wanted
			  */
	uint64_t digest; /* of its bytes; the same in each process */
};

int mq_mark_is(const struct mq_mark *m);

/*
 * The members "id", "from", "wal", "last" and "digest" of an open object.
 * ERR_DATA names the member that is wrong.
 */
void mq_mark_to_json(struct jsonw *w, const struct mq_mark *m);
int mq_mark_from_json(struct mq_mark *m, const json_t *j, struct err *e);

#endif
