#ifndef CDC_CATLOG_CATLOG_H
#define CDC_CATLOG_CATLOG_H

struct buf;
struct cat;
struct err;
struct msg;

/*
 * A change that stands in the streaming log as the catalogue lines that
 * cdc-meta would have made of it, cdc-ndjson(5), without `rev` and `start`;
 * a truncation is `truncate_ts` of its collection. Each has a newline; they
 * are appended, to be given to cat_line in this order. m is of MSG_USE_DDL,
 * and the control channel's copy, whose time is that of the change.
 *
 * None if c has the change already, or knows nothing of its collection: that
 * was dropped before c was read, or a pattern left it out. Passwords and keys
 * are not read, so that no line has one.
 *
 * ERR_DATA, which names no value, if it does not parse or changes what we do
 * not know.
 */
int catlog_lines(
    const struct cat *c, const struct msg *m, struct buf *lines, struct err *e);

#endif
