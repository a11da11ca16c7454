#ifndef CDC_META_LINE_USER_H
#define CDC_META_LINE_USER_H

#include "meta/line.h"

struct jsonw;

/*
 * Users, roles and grants: members of their lines, and the object that a
 * changed key is part of. A grant is two keys: grantee-privileges/ROLE/
 * OBJECT/DB.NAME holds an id, grantee-id/ID/PRIVILEGE who granted it.
 */
void metauser_line(
    struct jsonw *w, const struct metastore *m, const char *user);
void metauser_role_line(
    struct jsonw *w, const struct metastore *m, const char *role);
struct item *metauser_head_of(
    struct metastore *m, const struct item *i, enum meta_kind *kind);

#endif
