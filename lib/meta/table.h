#ifndef CDC_META_TABLE_H
#define CDC_META_TABLE_H

struct err;
struct meta;
struct out;

/*
 * The catalogue as columns for people: kind, state, time of the newest change,
 * id, name ("db.coll", and behind a slash an object that belongs to it), and
 * details. Live objects only, unless all is set.
 */
int metaplain_write(struct meta *m, struct out *o, int all, struct err *e);

#endif
