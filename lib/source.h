#ifndef CDC_SOURCE_H
#define CDC_SOURCE_H

struct err;

/*
 * Who the source is (law 12).
 */

/*
 * Put behind the message of an ERR_BACK what can be done about it. seen is
 * the time of the newest change that was seen before, or NULL; task its name
 * or NULL.
 */
void source_advise(struct err *e, const char *seen, const char *task);

#endif
