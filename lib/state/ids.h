#ifndef CDC_STATE_IDS_H
#define CDC_STATE_IDS_H

#include <stdint.h>

#include <jansson.h>

struct err;

/*
 * Which collection of the target belongs to which one of the source, by id.
 * Names are not enough, because a replay finds a target on which renames are
 * done already. Kept beside the tasks, in targets/HOST_PORT.json of the state
 * directory: {"v":1,"clusters":{"by-dev@BORN":{"SOURCE ID":"TARGET ID"}}}. An
 * entry whose collection is absent at the target means nothing.
 *
 * Two sources can have one cluster name; BORN, of the begin line, tells them
 * apart. Entries of older versions stand under "by-dev" and go to the first
 * source of that name that comes. A stream without a birth belongs to the only
 * source of that name, if there is only one.
 *
 * "adopted":{"by-dev@BORN":{"SOURCE ID":"db.coll"}} names collections that were
 * at the target, with rows, before a user of this file wrote to them.
 */
struct ids;

/*
 * The ids of one source at one target. cluster has the rules of --rename behind
 * it; born 0: not known; dir NULL: only for this run. ERR_OUTPUT or ERR_DATA if
 * the file cannot be made or read.
 */
struct ids *ids_open(const char *dir, const char *uri, const char *cluster,
    uint64_t born, struct err *e);
/* The same for reading only; makes no file. */
struct ids *ids_look(const char *dir, const char *uri, const char *cluster,
    uint64_t born, struct err *e);
void ids_close(struct ids *s);

/* The source's key in the file: "by-dev@BORN", and the rules. */
const char *ids_name(const struct ids *s);

/* The target's id for a source's id and the reverse; 0 if none is known. */
int64_t ids_target(const struct ids *s, int64_t source);
int64_t ids_source(const struct ids *s, int64_t target);

/*
 * 1 if this cluster made the collection, under any names (--rename), and did
 * not adopt it.
 */
int ids_has_target(const struct ids *s, int64_t target);
/*
 * If another source made the collection and this one did not take it over: the
 * key of that source, as ids_name gives it, and in *its the collection's id
 * there; else NULL. Borrowed. Reads the file again.
 */
const char *ids_another(
    struct ids *s, int64_t source, int64_t target, int64_t *its);
/* 1 if any source's entry has both ids. Two sources have no ids in common. */
int ids_is(const struct ids *s, int64_t source, int64_t target);
/* All adopted collections, {"SOURCE ID":"db.coll"}; borrowed. */
json_t *ids_all_adopted(const struct ids *s);
/* The name that an adopted collection had then, or NULL; borrowed. */
const char *ids_adopted(const struct ids *s, int64_t source);

/* Set an entry; durable when it returns 0. Other sources' entries stay. */
int ids_set(struct ids *s, int64_t source, int64_t target, struct err *e);
/*
 * The same. adopted: the collection's name if it is adopted; NULL: it is our
 * own.
 */
int ids_take(struct ids *s, int64_t source, int64_t target, const char *adopted,
    struct err *e);
int ids_forget(struct ids *s, int64_t source, struct err *e);

#endif
