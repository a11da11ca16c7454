#ifndef CDC_TASK_CHECK_EACH_H
#define CDC_TASK_CHECK_EACH_H

#include <jansson.h>

#include "catalogue/cat.h"
#include "model/pattern.h"
#include "model/shard.h"
#include "state/where.h"

struct buf;
struct err;
struct mq;

/*
 * The single questions about a task's servers; check.h asks all that matter
 * before a task is made.
 */

enum {
	CHECK_ASK_MS = 5000,  /* a question to one server */
	CHECK_ALL_MS = 30000, /* all questions to Kafka */
};

/* What is known so far about the source of a definition. */
struct check {
	json_t *task;
	const char *dir;
	struct buf *found; /* as in task_check_source */
	/* set by check_words */
	struct patterns in, out;
	struct shard shard;
	struct where from;
	/* set by check_etcd */
	char endpoint[256], etcd[32];
	/* or by check_milvus */
	char milvus[32]; /* "" if no Milvus runs there */
	uint64_t clock;  /* of that Milvus */
	/* set by check_catalogue */
	struct cat cat;
};
void check_fini(struct check *c);

/* Only what needs no server. */
int check_words(struct check *c, struct err *e);
/* Ask for the versions of etcd and of the source's Milvus. */
int check_etcd(struct check *c, struct err *e);
/* The version and the time of the Milvus of --source. */
int check_milvus(struct check *c, struct err *e);
/* Read the catalogue through cdc-meta, within a minute. */
int check_catalogue(struct check *c, struct err *e);
/*
 * Let cdc-read begin to read the log through the Milvus of --source, from
 * there, as it takes a WHERE, or where the definition says (NULL): it finds
 * whether that is new enough, takes the login, and still has what it begins
 * with. Within a minute.
 */
struct check_begin {
	uint64_t ts; /* where it begins, 0: at the beginning */
	size_t topics;
};
int check_log(
    struct check *c, const char *from, struct check_begin *b, struct err *e);
/* Appends which one that is: a revision of etcd, or a time. */
void check_which(const struct check *c, struct buf *b);

/* The rules of --rename. */
struct names;
int check_names(const struct check *c, struct names *n, struct err *e);
/* 1 if this live collection is one of the task's. */
int check_included(const struct check *c, const struct cat_coll *l);
size_t check_count(const struct check *c);
/* ERR_GONE if Kafka does not have what the task begins with any more. */
int check_reaches(const struct check *c, struct mq *r, struct err *e);

#endif
