#ifndef CDC_FORMAT_BODY_H
#define CDC_FORMAT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "format/msg.h"

struct err;

/*
 * The messages of milvus-proto's msg.proto, which both logs have, and requests
 * of milvus.proto: all but the rows, in place.
 */
struct body_rows {
	uint64_t timestamps; /* how many */
	uint64_t newest;     /* of them */
	uint64_t version;    /* 1: by columns */
	int plan;            /* a delete has a plan in place of keys */
};

/*
 * Type, msg_id and ts (0 if it has none) come from MsgBase, which all begin
 * with; kind and the rest only of types that we know. ERR_DATA: broken bytes,
 * no base or type 0.
 */
int body_read(const void *p, size_t len, struct msg *m, struct body_rows *rows,
    struct err *e);

/*
 * ERR_DATA for rows that cannot be carried: a row-based insert (version 0,
 * before 2.2), a delete by plan (3.0).
 */
int body_rows_check(
    const struct msg *m, const struct body_rows *rows, struct err *e);

/* "Insert" for commonpb.MsgType 400; NULL for a type that we do not know. */
const char *body_type_name(int type);

/* Appends the bytes of a field. */
struct pbfield;
void body_push(struct spans *to, const struct pbfield *f);

/* Every occurrence of a repeated string, appended. */
int body_strings(
    const void *p, size_t len, uint32_t field, struct spans *to, struct err *e);

#endif
