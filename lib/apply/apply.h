#ifndef CDC_APPLY_APPLY_H
#define CDC_APPLY_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "apply/queue.h"
#include "milvus/client.h"
#include "model/op_read.h"
#include "model/rename.h"

struct err;

/* All that cdc-apply can be told; zeros are not defaults. */
struct apply_conf {
	struct milvus_conf milvus;
	struct rowq_conf rows; /* its out is set by apply_run */
	int dry_run;
	int one_part;       /* rows of all partitions go into the default one */
	int create_missing; /* a collection that the target has lost */
	int adopt;          /* what is there already is ours */
	int allow_circle;   /* go on where marks say that it is one */
	int with_users;     /* users, roles and grants too */
	int progress;       /* a line on the terminal */
	struct names rename;
	int allow_none; /* rules that meet nothing are no error */
	unsigned char skip[OP_OTHER + 1]; /* by enum opname */
	uint64_t until;                   /* nothing later than this; 0: all */
	const char *dead;      /* where refused lines go, or NULL: stop */
	const char *state_dir; /* or NULL: where it usually is */
	char *const *files;
	size_t nfiles; /* 0: standard input */
};

/*
 * Write the operations of all inputs to the target, and an ack line for each
 * tick and end to standard output. Returns 0 if all was there and is done,
 * else -1: what stands before the mistake is done and acknowledged.
 */
int apply_run(const struct apply_conf *conf, struct err *e);

#endif
