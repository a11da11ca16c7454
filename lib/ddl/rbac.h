#ifndef CDC_DDL_RBAC_H
#define CDC_DDL_RBAC_H

#include <stdint.h>

#include "catalogue/cat.h"

struct emit;
struct rbac; /* users, roles and grants, from the catalogue to operations */

/*
 * Milvus writes users, roles and grants without timestamps, so their lines are
 * written in the order in which they came, at the next release. `known` does
 * not have them, so at a start all are written as if they were new.
 */
struct rbac *rbac_new(struct emit *emit);
void rbac_free(struct rbac *r);

/*
 * A line of the catalogue, of any kind: those of users and roles count, and
 * when all has come again, what is not among it is gone.
 */
void rbac_note(
    struct rbac *r, const struct cat *c, const struct cat_change *ch);

/*
 * What the log says was taken at ts: a user or a role, a role from a user, a
 * grant (object, "" if it is not named; name, privilege, db) from a role. That
 * the catalogue does not have it now tells nothing to a stream that starts
 * here: a line is written, unless the catalogue has it, again or still, or its
 * loss was just written.
 */
void rbac_dropped(struct rbac *r, uint64_t ts, int user, const char *name);
void rbac_role_taken(
    struct rbac *r, uint64_t ts, const char *user, const char *role);
void rbac_revoked(
    struct rbac *r, uint64_t ts, const char *role, char *const grant_of[4]);

/* Write what has changed, with this timestamp. */
void rbac_write(struct rbac *r, uint64_t ts);

#endif
