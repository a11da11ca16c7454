#ifndef CDC_APPLY_APPLY_H
#define CDC_APPLY_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "apply/queue.h"
#include "milvus/client.h"
#include "model/op_read.h"
#include "model/rename.h"

struct err;

/* The options of cdc-apply. Zeros are not the defaults. */
struct apply_conf {
	struct milvus_conf milvus;
	struct rowq_conf rows; /* apply_run sets its out */
	int dry_run;
	int one_part;       /* rows of all partitions go into the default one */
	int create_missing; /* make a collection that the target has lost */
	int adopt; /* treat collections found at the target as the task's own */
	int allow_circle; /* go on although marks show a circle */
	int with_users;   /* users, roles and grants too */
	int progress;     /* show progress on the terminal */
	struct names rename;
	int allow_none; /* a rule of --rename that matches nothing is no error
			 */
	unsigned char skip[OP_MAX]; /* by enum opname */
	uint64_t until;   /* skip operations later than this; 0: none */
	const char *dead; /* file for refused lines, or NULL: stop at one */
	const char *state_dir; /* or NULL: the default */
	char *const *files;
	size_t nfiles; /* 0: standard input */
};

/*
 * Write the operations of all inputs to the target, and an ack line for each
 * tick and end to standard output. Returns 0 if the stream was complete and all
 * is done; else -1, and what stands before the mistake is done and
 * acknowledged.
 */
int apply_run(const struct apply_conf *conf, struct err *e);

#endif
