#ifndef CDC_FORMAT_FORMAT_H
#define CDC_FORMAT_FORMAT_H

#include "format/msg.h"
#include "mq/record.h"

struct err;

/* How versions of Milvus write their log: a row of the table in format.c. */
struct format {
	const char *name;
	const char *versions; /* that write it */
	int first, last;      /* of them: 2003002 is 2.3.2 */
	int streaming; /* it has all changes, and transactions, so that what
			  cannot be read is not passed over; and no two records
			  of a topic, but those of one transaction, have one
			  timestamp */
	int (*is)(const struct record *r);
	/*
	 * Read all but the rows. Spans of *m live until r is dropped, also
	 * those from headers: what is needed of them goes to r->kept. ERR_DATA.
	 * NULL: this program knows such a record when it sees one, and does
	 * not read it.
	 */
	int (*decode)(struct record *r, struct msg *m, struct err *e);
	/*
	 * The collections that a flush names, appended; needs no headers.
	 * NULL: a flush is of one, coll_id.
	 */
	int (*flush)(
	    const struct record *r, struct spans *colls, struct err *e);
	/* What MSG_ALTER_INDEX, _FIELD, _COLLECTION and _DATABASE of clients
	 * change. NULL: the format has no clients' requests. */
	int (*alter)(const struct record *r, const struct msg *m,
	    struct alter *a, struct err *e);
	/* The same of MSG_DROP_USER, MSG_DROP_ROLE, MSG_ALTER_USER_ROLE and
	 * MSG_ALTER_PRIVILEGE. */
	int (*removal)(const struct record *r, const struct msg *m,
	    struct removal *x, struct err *e);
};

extern const struct format format_v23, format_v26;

const struct format *format_of(const struct record *r);

/* The message of a record that may be anybody's: -1 if it has none. */
int format_peek(struct record *r, struct msg *m);

/* What a Milvus of this version (2003002 is 2.3.2) writes; NULL: not known. */
const struct format *format_of_version(int version);

/* Append the versions of Milvus whose logs are read: "2.3.2 to 2.5". */
void format_versions(struct buf *b);

#endif
