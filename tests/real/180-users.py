"""Users, roles and grants: read as lines, written only if asked for."""
import base64

from cdctest import *

OPS = 'create_user,drop_user,create_role,drop_role,grant_role,revoke_role,grant,revoke'


def grants(m, role):
    answer = m.call('SelectGrant', entity={'role': {'name': role}})
    return sorted((g.object.name, g.object_name, g.grantor.privilege.name, g.db_name or 'default') for g in answer.entities)


def members(m, role):
    found = m.call('SelectRole', role={'name': role}, include_user_info=True).results
    return sorted(u.name for r in found for u in r.users)


def roles(m):
    return {r.role.name for r in m.call('SelectRole').results}


def users(m):
    return set(m.call('ListCredUsers', ).usernames)


def privilege(m, role, name, kind):
    m.call('OperatePrivilege', type=kind, entity={
        'role': {'name': role}, 'object': {'name': 'Collection'}, 'object_name': '*', 'db_name': 'default',
        'grantor': {'privilege': {'name': name}, 'user': {'name': 'root'}}})


def users_and_roles(case):
    # Milvus asks who grants, also where it asks nobody else for a login.
    a, b = Milvus(case.src.uri, 'root:Milvus'), Milvus(case.dst.uri, 'root:Milvus')
    case.env['CDC_TOKEN'] = 'root:Milvus'
    role, user = f'role_{case.tag}', f'user_{case.tag}'
    stream = case.path('users.ndjson')

    def carry(*more):
        with open(stream, 'wb') as out:
            c = case.chain(case.meta(), ['cdc-read', '-b', os.environ['CDC_BROKERS'], '--from', 'now',
                                         '--until', 'now', '--ops', OPS], stdout=out)
        tap.ok(not any(c.wait().values()), 'the stream is whole')
        case.restore(stream, more=more)

    try:
        a.call('CreateRole', entity={'name': role})
        a.call('CreateCredential', username=user, password=base64.b64encode(b'secret12').decode())
        a.call('OperateUserRole', username=user, role_name=role, type=0)
        privilege(a, role, 'Search', 0)
        privilege(a, role, 'Insert', 0)
        case.make_db()

        carry()
        tap.ok(role not in roles(b) and user not in users(b), 'not written unless asked for')
        with open(stream) as f:
            lines = [json.loads(x) for x in f]
        tap.ok({'create_role', 'create_user', 'grant_role', 'grant'} <= {x['op'] for x in lines if role in x.values()
                                                                        or user in x.values()}, 'but read')
        carry('--with-users')
        tap.ok(role in roles(b) and user in users(b), 'a role and a user')
        tap.ok(members(b, role) == members(a, role) == [user], 'the user has the role', members(b, role))
        tap.ok(grants(b, role) == grants(a, role) and len(grants(a, role)) == 2, 'the role has its grants', grants(b, role))
        carry('--with-users')
        tap.ok(grants(b, role) == grants(a, role), 'and again')
    finally:
        for m in a, b:
            for name in 'Search', 'Insert':
                try:
                    privilege(m, role, name, 1)
                except MilvusError:
                    pass
            for method, request in (('OperateUserRole', {'username': user, 'role_name': role, 'type': 1}),
                                    ('DeleteCredential', {'username': user}), ('DropRole', {'role_name': role})):
                try:
                    m.call(method, **request)
                except MilvusError:
                    pass


main(users_and_roles)
