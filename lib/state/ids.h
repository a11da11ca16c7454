#ifndef CDC_STATE_IDS_H
#define CDC_STATE_IDS_H

#include <stdint.h>

#include <jansson.h>

struct err;

/*
 * Which collection of the target is which one of the source, by id: names
 * alone do not tell, since a replay meets a target whose renames are done
 * already. Kept beside the tasks, in targets/HOST_PORT.json of the state
 * directory: {"v":1,"clusters":{"by-dev@BORN":{"SOURCE ID":"TARGET ID"}}}. What
 * it says of a collection that the target has no more is worth nothing.
 *
 * Two sources may call themselves by one cluster name: BORN tells them apart,
 * as the begin line has it. Lists of before are of "by-dev"; the first source
 * of that name that comes takes them over. A stream that does not tell its
 * source's birth is of the only source of that name, if there is one.
 *
 * "adopted":{"by-dev@BORN":{"SOURCE ID":"db.coll"}} names those that were at
 * the target, with rows, before anybody who has this file wrote to them.
 */
struct ids;

/*
 * Of one source's collections at one target. cluster: with the rules of
 * --rename behind it; born 0: not known. dir NULL: only for this run.
 * ERR_OUTPUT or ERR_DATA if the file cannot be made or read.
 */
struct ids *ids_open(const char *dir, const char *uri, const char *cluster,
    uint64_t born, struct err *e);
/* The same to look at only; nothing is made. */
struct ids *ids_look(const char *dir, const char *uri, const char *cluster,
    uint64_t born, struct err *e);
void ids_close(struct ids *s);

/* The source as the file has it: "by-dev@BORN", and the rules. */
const char *ids_name(const struct ids *s);

/* 0 if nothing is known. */
int64_t ids_target(const struct ids *s, int64_t source);
int64_t ids_source(const struct ids *s, int64_t target);

/* Is it one of this cluster's under other names (--rename), and not adopted? */
int ids_has_target(const struct ids *s, int64_t target);
/*
 * Did another source make it, and nobody take it for this one's? Its name, as
 * ids_name, and *its is its id there; or NULL. Borrowed. The file is read
 * again.
 */
const char *ids_another(
    struct ids *s, int64_t source, int64_t target, int64_t *its);
/* Is it that one by anybody's list? Two sources have no ids in common. */
int ids_is(const struct ids *s, int64_t source, int64_t target);
/* {"SOURCE ID":"db.coll"}; borrowed. */
json_t *ids_all_adopted(const struct ids *s);
/* What an adopted one was called then, or NULL; borrowed. */
const char *ids_adopted(const struct ids *s, int64_t source);

/* Durable when it returns 0. Others' entries in the file stay. */
int ids_set(struct ids *s, int64_t source, int64_t target, struct err *e);
/* adopted: its name if it is one, or NULL: it is ours. */
int ids_take(struct ids *s, int64_t source, int64_t target, const char *adopted,
    struct err *e);
int ids_forget(struct ids *s, int64_t source, struct err *e);

#endif
