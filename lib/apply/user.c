#include "apply/priv.h"

#include <string.h>
#include <sys/random.h>

#include "service.pb-c.h"

#include "base/err.h"
#include "base/log.h"
#include "codec/base64.h"

/* 1 if the user exists. ListCredUsers answers in the form of ListDatabases. */
static int
user_exists(struct apply *a, const char *user, struct err *e)
{
	Pb__EmptyRequest req = PB__EMPTY_REQUEST__INIT;
	Pb__NamesResponse *r;
	ProtobufCMessage *out = NULL;
	struct mv_status s;
	int rc = milvus_call(a->m, "ListCredUsers", &req.base,
	    &pb__names_response__descriptor, &out, &s, e);

	if (rc == 1)
		return apply_refused("ListCredUsers", user, &s, e);
	if (rc == -1)
		return -1;
	r = (Pb__NamesResponse *)out;
	for (size_t i = 0; i < r->n_names; i++)
		if (strcmp(r->names[i], user) == 0)
			rc = 1;
	protobuf_c_message_free_unpacked(out, NULL);
	return rc;
}

/*
 * A random password. Milvus takes base64 of the password, so that is text too.
 */
static int
random_password(struct buf *b, struct err *e)
{
	uint8_t bytes[18];
	struct buf text = { 0 };

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_sys(e, ERR_DATA, "random bytes");
	b64_add(&text, bytes, sizeof bytes);
	b64_add(b, text.ptr, text.len);
	buf_fini(&text);
	return 0;
}

int
do_create_user(struct apply *a, struct err *e)
{
	Pb__CreateCredentialRequest req = PB__CREATE_CREDENTIAL_REQUEST__INIT;
	struct buf password = { 0 };
	const char *user;
	int rc;

	if (opline_str(&a->op, "user", &user, e) == -1)
		return -1;
	if ((rc = user_exists(a, user, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (random_password(&password, e) == -1)
		return -1;
	req.username = mv_str(user);
	req.password = password.ptr;
	rc = apply_must(a, "CreateCredential", user, &req.base, 0, e);
	buf_fini(&password);
	if (rc == 0)
		log_warn("user '%s' has a password at the target that nobody "
			 "knows (the source does not tell); set one",
		    user);
	return rc;
}

int
do_drop_user(struct apply *a, struct err *e)
{
	Pb__DeleteCredentialRequest req = PB__DELETE_CREDENTIAL_REQUEST__INIT;
	const char *user;

	if (opline_str(&a->op, "user", &user, e) == -1)
		return -1;
	req.username = mv_str(user);
	return apply_must(a, "DeleteCredential", user, &req.base, 1, e);
}

/* Calls; 0 also if the refusal says that it is done already. */
static int
lenient(struct apply *a, const char *method, const char *what,
    const ProtobufCMessage *req, const char *fine, struct err *e)
{
	struct mv_status s;
	int rc = apply_call(a, method, what, req, &s, e);

	if (rc == 1 && (s.class == MV_ABSENT || strstr(s.reason, fine) != NULL))
		return 0;
	return rc == 1 ? apply_refused(method, what, &s, e) : rc;
}

int
do_create_role(struct apply *a, struct err *e)
{
	Pb__CreateRoleRequest req = PB__CREATE_ROLE_REQUEST__INIT;
	Pb__Name entity = PB__NAME__INIT;
	const char *role;

	if (opline_str(&a->op, "role", &role, e) == -1)
		return -1;
	entity.name = mv_str(role);
	req.entity = &entity;
	return lenient(a, "CreateRole", role, &req.base, "exist", e);
}

int
do_drop_role(struct apply *a, struct err *e)
{
	Pb__DropRoleRequest req = PB__DROP_ROLE_REQUEST__INIT;
	const char *role;

	if (opline_str(&a->op, "role", &role, e) == -1)
		return -1;
	req.role_name = mv_str(role);
	req.force_drop = 1; /* whatever it may still do here */
	return lenient(a, "DropRole", role, &req.base, "not found", e);
}

static int
user_role(struct apply *a, int type, struct err *e)
{
	Pb__OperateUserRoleRequest req = PB__OPERATE_USER_ROLE_REQUEST__INIT;
	const char *user, *role;

	if (opline_str(&a->op, "user", &user, e) == -1 ||
	    opline_str(&a->op, "role", &role, e) == -1)
		return -1;
	req.username = mv_str(user);
	req.role_name = mv_str(role);
	req.type = type;
	return lenient(a, "OperateUserRole", apply_label(user, role, NULL),
	    &req.base, type == 0 ? "already" : "not", e);
}

int
do_grant_role(struct apply *a, struct err *e)
{
	return user_role(a, 0, e);
}

int
do_revoke_role(struct apply *a, struct err *e)
{
	return user_role(a, 1, e);
}

static int
privilege(struct apply *a, int type, struct err *e)
{
	Pb__OperatePrivilegeRequest req = PB__OPERATE_PRIVILEGE_REQUEST__INIT;
	Pb__GrantEntity entity = PB__GRANT_ENTITY__INIT;
	Pb__GrantorEntity grantor = PB__GRANTOR_ENTITY__INIT;
	Pb__Name role = PB__NAME__INIT, object = PB__NAME__INIT;
	Pb__Name user = PB__NAME__INIT, priv = PB__NAME__INIT;
	const char *r, *o, *name, *p;

	if (opline_str(&a->op, "role", &r, e) == -1 ||
	    opline_str(&a->op, "object", &o, e) == -1 ||
	    opline_str(&a->op, "object_name", &name, e) == -1 ||
	    opline_str(&a->op, "privilege", &p, e) == -1)
		return -1;
	role.name = mv_str(r);
	object.name = mv_str(o);
	priv.name = mv_str(p);
	grantor.user = &user;
	grantor.privilege = &priv;
	entity.role = &role;
	entity.object = &object;
	entity.object_name = mv_str(name);
	entity.grantor = &grantor;
	entity.db_name = mv_str(names_db(&a->conf->rename, a->op.db.ptr));
	req.entity = &entity;
	req.type = type;
	return lenient(a, "OperatePrivilege", apply_label(r, p, name),
	    &req.base, type == 0 ? "exist" : "not", e);
}

/* Without an object, as newer clients say it: the target finds it. */
static int
revoke_v2(struct apply *a, struct err *e)
{
	Pb__OperatePrivilegeV2Request req =
	    PB__OPERATE_PRIVILEGE_V2_REQUEST__INIT;
	Pb__GrantorEntity grantor = PB__GRANTOR_ENTITY__INIT;
	Pb__Name role = PB__NAME__INIT, user = PB__NAME__INIT;
	Pb__Name priv = PB__NAME__INIT;
	const char *r, *name, *p;

	if (opline_str(&a->op, "role", &r, e) == -1 ||
	    opline_str(&a->op, "object_name", &name, e) == -1 ||
	    opline_str(&a->op, "privilege", &p, e) == -1)
		return -1;
	role.name = mv_str(r);
	priv.name = mv_str(p);
	grantor.user = &user;
	grantor.privilege = &priv;
	req.role = &role;
	req.grantor = &grantor;
	req.type = 1;
	req.db_name = mv_str(names_db(&a->conf->rename, a->op.db.ptr));
	req.collection_name = mv_str(name);
	return lenient(a, "OperatePrivilegeV2", apply_label(r, p, name),
	    &req.base, "not found", e);
}

int
do_grant(struct apply *a, struct err *e)
{
	return privilege(a, 0, e);
}

int
do_revoke(struct apply *a, struct err *e)
{
	if (json_object_get(a->op.doc, "object") == NULL)
		return revoke_v2(a, e);
	return privilege(a, 1, e);
}
