#ifndef CDC_TASK_CHECK_EACH_H
#define CDC_TASK_CHECK_EACH_H

#include <jansson.h>

#include "catalogue/cat.h"
#include "model/pattern.h"
#include "model/shard.h"
#include "state/where.h"

struct err;
struct kreader;

/* What can be asked of a task's servers, each by itself; check.h asks all
 * that matters before a task is made. */

enum {
	CHECK_ASK_MS = 5000,  /* a question to one server */
	CHECK_ALL_MS = 30000, /* all questions to Kafka */
};

/* The source of a definition, as far as it was looked at. */
struct check {
	json_t *task;
	const char *dir;
	struct buf *found; /* of task_check_source */
	/* check_words */
	struct patterns in, out;
	struct shard shard;
	struct where from;
	/* check_etcd */
	char endpoint[256], etcd[32];
	char milvus[32]; /* "" if none runs there */
	/* check_catalogue */
	struct cat cat;
};
void check_fini(struct check *c);

/* Only what needs no server. */
int check_words(struct check *c, struct err *e);
/* etcd's version, and that of the source's Milvus. */
int check_etcd(struct check *c, struct err *e);
/* Its catalogue, as cdc-meta reads it, within a minute. */
int check_catalogue(struct check *c, struct err *e);

/* Its --rename rules. */
struct names;
int check_names(const struct check *c, struct names *n, struct err *e);
/* Is this live collection one of the task's? */
int check_included(const struct check *c, const struct cat_coll *l);
size_t check_count(const struct check *c);
/* Does Kafka still have what the task begins with? ERR_GONE. */
int check_reaches(const struct check *c, struct kreader *r, struct err *e);

#endif
