"""Users, roles and grants: read as lines, written only if asked for; what goes at the source goes at the target."""
import base64
import contextlib

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


def state(m, tag):
    """All that a Milvus has of this tag: the users, and of each role who has it and what it may do."""
    try:
        return ({u for u in users(m) if u.endswith(tag)},
                {r: (members(m, r), grants(m, r)) for r in roles(m) if r.endswith(tag)})
    except MilvusError as e:  # a role that goes while we look
        return str(e)


def new_user(m, user):
    m.call('CreateCredential', username=user, password=base64.b64encode(b'secret12').decode())


def belong(m, user, role, kind):
    m.call('OperateUserRole', username=user, role_name=role, type=kind)


def privilege(m, role, name, kind):
    m.call('OperatePrivilege', type=kind, entity={
        'role': {'name': role}, 'object': {'name': 'Collection'}, 'object_name': '*', 'db_name': 'default',
        'grantor': {'privilege': {'name': name}, 'user': {'name': 'root'}}})


def clear(m, tag):
    """Takes away what the scenario made."""
    for user in sorted(u for u in users(m) if u.endswith(tag)):
        m.call('DeleteCredential', username=user)
    for role in sorted(r for r in roles(m) if r.endswith(tag)):
        for _, _, name, _ in grants(m, role):
            privilege(m, role, name, 1)
        m.call('DropRole', role_name=role)


@contextlib.contextmanager
def both(case):
    """Source and target, with a login: Milvus asks who grants, also where it asks nobody else for one."""
    a, b = Milvus(case.src.uri, 'root:Milvus'), Milvus(case.dst.uri, 'root:Milvus')
    case.env['CDC_TOKEN'] = 'root:Milvus'
    try:
        yield a, b
    finally:
        for m in a, b:
            clear(m, case.tag)


def users_and_roles(case):
    role, user = f'role_{case.tag}', f'user_{case.tag}'
    stream = case.path('users.ndjson')

    def carry(*more):
        with open(stream, 'wb') as out:
            c = case.chain(case.meta(), ['cdc-read', '-b', os.environ['CDC_BROKERS'], '--from', 'now',
                                         '--until', 'now', '--ops', OPS], stdout=out)
        tap.ok(not any(c.wait().values()), 'the stream is whole')
        case.restore(stream, more=more)

    with both(case) as (a, b):
        a.call('CreateRole', entity={'name': role})
        new_user(a, user)
        belong(a, user, role, 0)
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


def what_goes(case):
    keeps, goes = f'keeps_{case.tag}', f'goes_{case.tag}'  # a role and a user each

    with both(case) as (a, b):
        for name in keeps, goes:
            a.call('CreateRole', entity={'name': name})
            new_user(a, name)
            privilege(a, name, 'Search', 0)
            privilege(a, name, 'Insert', 0)
        for role in keeps, goes:
            belong(a, keeps, role, 0)
            belong(a, goes, role, 0)
        case.make_db()
        chain = case.chain(case.meta('-w'), ['cdc-read', '-b', os.environ['CDC_BROKERS'], '--from', 'now', '--ops', OPS],
                           case.apply('--with-users'))

        def same(what, is_so):
            """The source is so that what has happened, and the target comes to be the same."""
            want = state(a, case.tag)
            with contextlib.suppress(Stuck):
                eventually(lambda: state(b, case.tag) == want or not chain.running())
            got = state(b, case.tag)
            if not tap.ok(is_so(*want) and got == want, what, f'source {want}', f'target {got}'):
                case.show()

        same('two users, two roles', lambda u, r: u == {keeps, goes} and all(
            r[x][0] == [goes, keeps] and len(r[x][1]) == 2 for x in (keeps, goes)))
        privilege(a, keeps, 'Insert', 1)
        same('a grant is revoked', lambda u, r: [g[2] for g in r[keeps][1]] == ['Search'] and len(r[goes][1]) == 2)
        belong(a, goes, keeps, 1)
        same('a role is revoked', lambda u, r: r[keeps][0] == [keeps] and r[goes][0] == [goes, keeps])
        a.call('DeleteCredential', username=goes)
        same('a user is dropped who has a role', lambda u, r: u == {keeps} and r[goes][0] == [keeps])
        for name in 'Search', 'Insert':
            privilege(a, goes, name, 1)
        a.call('DropRole', role_name=goes)
        same('a role is dropped that a user has', lambda u, r: set(r) == {keeps} and u == {keeps})

        privilege(a, keeps, 'Search', 1)
        a.call('DropRole', role_name=keeps)
        a.call('CreateRole', entity={'name': keeps})
        a.call('DeleteCredential', username=keeps)
        new_user(a, keeps)
        belong(a, keeps, keeps, 0)
        # Before they are dropped, the target is as the source is by now; the user behind them tells that it is over.
        new_user(a, last := f'last_{case.tag}')
        same('both are dropped, and made again', lambda u, r: u == {keeps, last} and r == {keeps: ([keeps], [])})
        chain['cdc-read'].kill()
        tap.ok(chain.wait()['cdc-apply'] == 0, 'the stream ends in order')


main(users_and_roles, what_goes)
