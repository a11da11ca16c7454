#ifndef CDC_CATLOG_PRIV_H
#define CDC_CATLOG_PRIV_H

#include <protobuf-c/protobuf-c.h>

#include "etcd.pb-c.h"

#include "catalogue/cat.h"
#include "catlog/catlog.h"
#include "codec/json_write.h"
#include "format/msg.h"

/* A change on its way to lines. */
struct catlog {
	const struct cat *c;
	const struct msg *m;
	struct jsonw w;
	struct err *e;
};

/* line.c */
/* A line, from its kind to its event; it is open until catlog_close. */
struct jsonw *catlog_open(struct catlog *l, const char *kind, int gone);
void catlog_close(struct catlog *l);
/* "state" and "ts" of what was changed now. */
void catlog_state(struct catlog *l, const char *state);
/* An unpacked message, or NULL with ERR_DATA. */
void *catlog_header(struct catlog *l, const ProtobufCMessageDescriptor *d);
void *catlog_body(struct catlog *l, const ProtobufCMessageDescriptor *d);
void catlog_free(void *message);

/* collection.c, index.c, user.c: the lines of one message each. */
int catlog_create_collection(struct catlog *l);
int catlog_drop_collection(struct catlog *l);
int catlog_alter_collection(struct catlog *l);
int catlog_truncate(struct catlog *l);
int catlog_partition(struct catlog *l);
int catlog_index(struct catlog *l);
int catlog_drop_index(struct catlog *l);
int catlog_load(struct catlog *l);
int catlog_entity(struct catlog *l);
int catlog_user_role(struct catlog *l);
int catlog_privilege(struct catlog *l);
int catlog_group(struct catlog *l);
int catlog_rbac(struct catlog *l);

/* The line of an index; its field has its name in s. */
void catlog_index_line(
    struct catlog *l, const struct schema *s, const Pb__FieldIndex *x);
/* Indexes of fields that are not in s any more: they go with them. */
void catlog_lost_indexes(
    struct catlog *l, const struct cat_coll *k, const struct schema *s);

#endif
