#ifndef CDC_FORMAT_V26_H
#define CDC_FORMAT_V26_H

#include <stdint.h>

#include "format/msg.h"

struct err;
struct record;

/*
 * A record of the streaming log of Milvus 2.6 and 3.0: properties, which are
 * its headers, and a payload (messages.proto, msg.proto; FORMATS 5).
 *
 * -1 with ERR_DATA, which says what it is and what to do: a type or a version
 * that we do not know, encrypted rows, a piece of a message, a delete by plan,
 * the log's move to another queue, bytes that do not parse.
 */
int v26_decode(struct record *r, struct msg *m, struct err *e);

/* All vchannels that a broadcast has copies on, appended. */
int v26_vchannels(const struct msg *m, struct spans *names, struct err *e);

/* A messages.MessageType: a row of the table in v26_type.c. */
struct v26_type {
	int type;
	int v;    /* the one _v in which we know it */
	int wire; /* v 1: the type inside the payload, of msg.proto */
	enum msg_kind kind;
	const char *name;
	/* field numbers of the header; 0: it has none */
	uint8_t coll_id, db_id;
	const char *refused; /* why it is not read, and what to do */
};
const struct v26_type *v26_type(int type); /* or NULL */

#endif
