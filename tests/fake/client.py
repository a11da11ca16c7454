#!/usr/bin/env python3
"""client.py CALLS CATALOGUE: is the catalogue what the client's calls have made?

CALLS: tests/data/streaming/client-*.ndjson, a call of pymilvus a line. CATALOGUE: lines of cdc-meta. What the calls made
is made again here by name and value, and compared with what lives in the catalogue. Prints what differs; status 1.
Collections of the catalogue that no call has made, and that are named race, roll or seal, are of calls that were not
recorded.
"""
import json
import re
import sys

TYPES = {1: 'Bool', 2: 'Int8', 3: 'Int16', 4: 'Int32', 5: 'Int64', 10: 'Float', 11: 'Double', 21: 'VarChar', 22: 'Array',
         23: 'JSON', 100: 'BinaryVector', 101: 'FloatVector', 102: 'Float16Vector', 103: 'BFloat16Vector',
         104: 'SparseFloatVector', 105: 'Int8Vector'}
UNRECORDED = re.compile('race|roll|seal')


def type_name(n):
    return TYPES.get(n, '#%d' % n)


def default(f):
    """ValueField as pymilvus prints it, or the plain value."""
    v = f.get('default_value')
    m = re.match(r'(\w+)_data: (.*)\n', v) if isinstance(v, str) else None
    if v is None:
        return None
    kind, value = m.groups() if m else ('string', json.dumps(v))
    value = json.loads(value)
    return {kind: str(value) if kind == 'long' else value}


def field(f):
    d = {'name': f['name'], 'type': type_name(f['type']), 'params': {k: v if isinstance(v, str) else json.dumps(v)
                                                                  for k, v in f.get('params', {}).items()}}
    for ours, theirs in (('description', 'description'), ('primary_key', 'is_primary'), ('auto_id', 'auto_id'),
                         ('partition_key', 'is_partition_key'), ('clustering_key', 'is_clustering_key'),
                         ('nullable', 'nullable'), ('function_output', 'is_function_output')):
        if f.get(theirs):
            d[ours] = f[theirs]
    if f['type'] == 22:
        d['element_type'] = type_name(f['element_type'])
    if default(f) is not None:
        d['default'] = default(f)
    return d


class Client:
    def __init__(self):
        self.dbs, self.colls, self.aliases = {'default': {}}, {}, {}
        self.users, self.groups = {'root': set()}, {}
        self.roles = {'admin': set(), 'public': {('Collection', '*', 'IndexDetail', '*'),
                      ('Global', '*', 'DescribeCollection', '*'), ('Global', '*', 'ListAliases', '*')}}

    def call(self, op, a, kw, ret):
        db = re.search(r'\bdb\d\b', op)
        self.db = db.group() if db else 'default'
        for pattern, fn in self.CALLS:
            if re.match(pattern, op):
                return fn(self, a, kw, ret)
        sys.exit('client.py: what is %r?' % op)

    def create(self, a, kw, _):
        s, n = kw['schema'], kw.get('num_partitions', 16)
        fields = [field(f) for f in s['fields']]
        key = any(f.get('partition_key') for f in fields)
        if s.get('enable_namespace') and kw.get('properties', {}).get('namespace.mode') != 'partition':
            fields.append({'name': '$namespace_id', 'type': 'VarChar', 'params': {'max_length': '65535'},
                           'partition_key': True})
            key, n = True, 1
        if s.get('external_source'):
            for f in fields:
                f['nullable'] = True
            fields.append({'name': '__virtual_pk__', 'type': 'Int64', 'params': {}, 'primary_key': True, 'auto_id': True,
                           'description': 'auto-generated primary key for external collection'})
        self.colls[self.db, a[0]] = {
            'description': s['description'], 'dynamic': s['enable_dynamic_field'], 'fields': {f['name']: f for f in fields},
            'functions': len(s.get('functions', [])), 'shards': kw.get('num_shards', 1),
            'unread': {'struct array %r' % x['name'] for x in s.get('struct_fields', [])} |
            ({'namespaces'} if s.get('enable_namespace') else set()),
            'consistency': kw.get('consistency_level', 'Bounded'),
            'properties': {k: str(v) for k, v in kw.get('properties', {}).items()},
            'partitions': {'_default_%d' % i for i in range(n)} if key else {'_default'}, 'indexes': {}}
        if s.get('external_source'):
            self.of(a)['unread'] |= {'external source', 'external spec'} | {
                "field '%s': external field" % f['name'] for f in s['fields']}

    def pkey_index(self, *_):
        self.index(['pkey', [{'field_name': 'v', 'index_name': '', 'index_type': 'FLAT', 'metric_type': 'L2'}]])

    def imp2(self, *_):
        fields = [{'name': 'id', 'type': 5, 'is_primary': True}, {'name': 'v', 'type': 101, 'params': {'dim': 2}}]
        self.create(['imp2'], {'schema': {'description': '', 'enable_dynamic_field': False, 'fields': fields}}, None)

    def of(self, a):
        return self.colls[self.db, a[0]]

    def drop(self, a, *_):
        del self.colls[self.db, a[0]]

    def rename(self, a, kw, _):
        self.colls[kw.get('target_db', 'default'), a[1]] = self.colls.pop(('default', a[0]))

    def add_field(self, a, kw, _):
        f = {'name': a[1], 'type': a[2], 'params': {k: v for k, v in kw.items() if k in ('max_length', 'dim')}, **kw}
        self.of(a)['fields'][a[1]] = field(f)

    def alter_field(self, a, kw, _):
        self.of(a)['fields'][a[1]]['params'].update({k: str(v) for k, v in kw['field_params'].items()})

    def alter(self, a, kw, _):
        for k, v in kw['properties'].items():
            if k == 'collection.description':
                self.of(a)['description'] = v
            elif k == 'consistency_level':
                self.of(a)['consistency'] = v
            elif k == 'dynamicfield.enabled':
                self.of(a)['dynamic'] = v == 'true'
            else:
                self.of(a)['properties'][k] = v

    def index(self, a, *_):
        for x in a[1]:
            name = x['index_name'] or x['field_name']
            self.of(a)['indexes'][name] = {'field': x['field_name'], 'params': {
                k: str(v) for k, v in x.items() if k not in ('field_name', 'index_name')}}

    def restore_snapshot(self, a, *_):
        self.colls['default', a[2]] = json.loads(json.dumps(self.of(a[1:]), default=list))
        for k in ('partitions', 'unread'):
            self.of(a[2:])[k] = set(self.of(a[2:])[k])
        self.of(a[2:])['properties']['preserve_field_ids'] = 'true'
        self.of(a[2:])['consistency'] = 'Strong'

    def drop_function(self, a, *_):
        c = self.of(a)
        c['functions'] -= 1
        for name in [n for n, f in c['fields'].items() if f.get('function_output')]:
            del c['fields'][name]
            c['indexes'] = {k: x for k, x in c['indexes'].items() if x['field'] != name}

    def add_function(self, a, *_):
        self.of(a)['functions'] += 1
        self.of(a)['fields'][a[1]['name']] = field({**a[1], 'is_function_output': True})
        self.index([a[0], a[3]])

    def grant(self, a, kw, _):
        t, privilege, name = ('Collection', a[1], a[2]) if len(a) == 3 else (a[1], a[2], a[3])
        self.roles[a[0]].add((t, name, privilege, kw.get('db_name', 'default')))

    def revoke(self, a, kw, _):
        t, privilege, name = ('Collection', a[1], a[2]) if len(a) == 3 else (a[1], a[2], a[3])
        self.roles[a[0]].discard((t, name, privilege, kw.get('db_name', 'default')))

    def backup(self, *_):
        self.saved = [{k: set(v) for k, v in x.items()} for x in (self.users, self.roles, self.groups)]

    def restore(self, *_):
        self.users, self.roles, self.groups = self.saved

    CALLS = [
        ('create_database', lambda s, a, kw, _: s.dbs.update({a[0]: dict(kw.get('properties', {}))})),
        ('alter_database', lambda s, a, kw, _: s.dbs[a[0]].update(kw['properties'])),
        ('drop_database_prop', lambda s, a, kw, _: [s.dbs[a[0]].pop(k) for k in kw['property_keys']]),
        ('drop_database', lambda s, a, kw, _: s.dbs.pop(a[0])),
        # These two stand there without their arguments.
        ('load pkey index', pkey_index), ('create_collection imp2', imp2),
        ('create_collection|re-create', create), ('drop_collection_prop', lambda s, a, kw, _: [
            s.of(a)['properties'].pop(k) for k in kw['property_keys']]),
        ('drop_collection|drop ren3', drop), ('rename', rename),
        ('create_partition', lambda s, a, kw, _: s.of(a)['partitions'].add(a[1])),
        ('drop_partition', lambda s, a, kw, _: s.of(a)['partitions'].remove(a[1])),
        ('add struct field', lambda s, a, kw, _: s.of(a)['unread'].add('struct array %r' % a[1])),
        ('add function field', add_function), ('drop function field', drop_function),
        ('add_collection_field|add field|re-add field', add_field),
        ('drop field', lambda s, a, kw, _: s.of(a)['fields'].pop(a[1])),
        ('alter_collection_field|alter field', alter_field),
        ('alter_collection_prop|alter consistency|alter description|enable dynamic', alter),
        ('create_index|index', index), ('drop_index_prop|alter_index', lambda *_: None),
        ('drop_index', lambda s, a, kw, _: s.of(a)['indexes'].pop(a[1])),
        ('create_alias|alias in|alter_alias', lambda s, a, kw, _: s.aliases.update({(s.db, a[1]): a[0]})),
        ('drop_alias|drop alias', lambda s, a, kw, _: s.aliases.pop((s.db, a[0]))),
        ('create_user', lambda s, a, kw, _: s.users.update({a[0]: set()})),
        ('drop_user', lambda s, a, kw, _: s.users.pop(a[0])),
        ('create_role', lambda s, a, kw, _: s.roles.update({a[0]: set()})),
        ('drop_role', lambda s, a, kw, _: s.roles.pop(a[0])),
        ('grant_role', lambda s, a, kw, _: s.users[a[0]].add(a[1])),
        ('revoke_role', lambda s, a, kw, _: s.users[a[0]].discard(a[1])),
        ('grant', grant), ('revoke', revoke),
        ('create_privilege_group|create pg', lambda s, a, kw, _: s.groups.update({a[0]: set()})),
        ('drop_privilege_group|drop pg', lambda s, a, kw, _: s.groups.pop(a[0])),
        ('add_privileges|add priv', lambda s, a, kw, _: s.groups[a[0]].update(a[1])),
        ('remove_privileges', lambda s, a, kw, _: s.groups[a[0]].difference_update(a[1])),
        ('raw BackupRBAC', backup), ('raw RestoreRBAC', restore), ('restore_snapshot', restore_snapshot),
    ]


# What a server adds of its own.
OWN = ('timezone', 'namespace.sharding.enabled', 'max_field_id', 'partitionkey.isolation')


def catalogue(lines):
    """What lives, in the form of Client."""
    c, ids = Client(), {}
    c.dbs, c.users, c.roles, made = {}, {}, {}, {}
    for o in map(json.loads, lines):
        kind = o['kind']
        if kind in ('partition', 'index', 'alias') and (o['state'] != 'created' or o['coll_id'] not in ids):
            continue
        if kind == 'database':
            c.dbs[o['name']] = o['properties']
        elif kind == 'collection' and o['state'] == 'created':
            s = o['schema']
            fields = [{k: v for k, v in f.items() if k != 'id' and v is not False} for f in s['fields']]
            ids[o['id']] = made[o['db'], o['name']] = {
                'description': s['description'], 'dynamic': s['dynamic'], 'functions': s.get('functions', 0),
                'fields': {f['name']: {'params': {}, **f} for f in fields}, 'shards': o['shards'],
                'unread': set(o.get('unread', [])), 'consistency': o['consistency'],
                'properties': o['properties'], 'partitions': set(), 'indexes': {}}
            assert len(o['vchannels']) == o['shards'] and len(o['start']) == len({
                v.rpartition('_')[0] for v in o['vchannels']}), o
        elif kind == 'partition':
            ids[o['coll_id']]['partitions'].add(o['name'])
        elif kind == 'index':
            ids[o['coll_id']]['indexes'][o['name']] = {'field': o['field'], 'params': o['params']}
        elif kind == 'alias':
            c.aliases[o['db'], o['name']] = [n for (_, n), x in made.items() if x is ids[o['coll_id']]][0]
        elif kind == 'user':
            c.users[o['name']] = set(o['roles'])
        elif kind == 'role':
            c.roles[o['name']] = {(g['object'], g['object_name'], g['privilege'].replace('Privilege', ''), g['db'])
                                  for g in o['grants']}
        elif kind == 'privilege_group':
            c.groups[o['name']] = set(o['privileges'])
    c.colls = made
    return c


def differ(path, a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return sum(differ(path + [k], a.get(k), b.get(k)) for k in sorted(set(a) | set(b), key=str))
    if a != b:
        print('%s: the client has %r, the catalogue %r' % ('.'.join(map(str, path)), a, b))
    return a != b


def main(calls, lines):
    want, bad = Client(), 0
    for line in open(calls):
        o = json.loads(line)
        want.call(o['op'], o['args'], o['kw'], o.get('ret'))
    got = catalogue(open(lines))
    for k, c in got.colls.items():
        for p in OWN:
            if p not in want.colls.get(k, {'properties': ()})['properties']:
                c['properties'].pop(p, None)
    for c in (want, got):
        c.colls = {k: v for k, v in c.colls.items() if not UNRECORDED.match(k[1])}
    for what in ('dbs', 'colls', 'aliases', 'users', 'roles', 'groups'):
        bad += differ([what], getattr(want, what), getattr(got, what))
    print('%d collections, %d fields, %d partitions, %d indexes' % (
        len(got.colls), *(sum(len(c[k]) for c in got.colls.values()) for k in ('fields', 'partitions', 'indexes'))))
    sys.exit(bad > 0)


main(*sys.argv[1:])
