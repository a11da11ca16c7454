"""What a client did, call by call, to the state that it should have left behind.

A line of the input is a call {op, args, kw, ok, ret, err}; op is what the client wrote down for people, so it has the verb
and, where it is not the default one, the database. Calls that failed did nothing, but for those of `TAKES_EFFECT`. A call
that is not known here is an error: it could have changed something.
"""
import ast
import base64
import copy
import datetime
import json
import re
import struct

from state import ANY, TYPES, count, forget_partition, new_collection, new_state

# Of calls whose answer did not come in time, these were carried out all the same.
TAKES_EFFECT = (('truncate', 'DEADLINE_EXCEEDED'),)

NO_CHANGE = re.compile(
    r'server_version|list|describe|get_|flush|manual compact|release\?|raw (List|BatchUpdate)|(un)?pin|'
    r'(create|drop)_resource_group|update_resource|update_password|describe_snapshot|'
    r'(add|list|remove)_file|update_replicate|refresh|raw (Load|Release)|(load|release)_collection|'
    r'update_user|alter_role|raw DataCoord|raw (Create|Drop)Namespace')
GROUP = re.compile(r'.*(privilege_group|privileges_(to|from)_group|add priv|create pg|drop pg)')  # not in a stream
# Whose rows the truth does not have one by one.
VAGUE = (('racing upserts roll2', 'roll2'), ('racing upserts', 'roll'), ('raw Import', 'imp'), ('insert wide:', 'wide'),
         ('create_collection imp2 . raw', 'imp2'), ('upsert block', 'race'), ('seal', 'seal'))
VERBS = (
    ('create_database', 'create_database'), ('drop_database_properties', 'cut_database'), ('alter_database', 'set_database'),
    ('drop_database', 'drop_database'),
    ('create_collection|re-create', 'create_collection'),
    ('alter_collection_properties|alter consistency|alter description|enable dynamic', 'set_properties'),
    ('drop_collection_properties', 'cut_properties'), ('alter_collection_field|alter field', 'alter_field'),
    ('add_collection_field|add field|re-add field', 'add_field'), ('drop field', 'drop_field'),
    ('add struct field', 'add_struct'), ('add function field', 'add_function'), ('drop function field', 'drop_function'),
    ('drop_collection|drop ren3', 'drop_collection'), ('rename', 'rename'), ('truncate(_collection)?', 'truncate'),
    ('create_partition', 'create_partition'), ('drop_partition', 'drop_partition'),
    ('create_index|index|load pkey index', 'create_index'), ('alter_index', 'set_index'),
    ('drop_index_properties', 'cut_index'), ('drop_index', 'drop_index'),
    ('create_alias|alter_alias|alias', 'set_alias'), ('drop_alias|drop alias', 'drop_alias'),
    ('create_snapshot', 'create_snapshot'), ('drop_snapshot', 'drop_snapshot'), ('restore_snapshot', 'restore_snapshot'),
    ('insert big rows', 'big'), (r'upsert big \d+\.\.\d+', 'big'),
    (r'(insert|upsert) big2 .*', 'big2'), ('delete big2 .*', 'delete_big2'),
    (r'\d+ concurrent upserts big2 .*', 'concurrent_big2'),
    ('insert|after (restart|kill) insert', 'insert'), ('upsert', 'upsert'), ('delete', 'delete'),
    ('raw BackupRBAC', 'backup_users'), ('raw RestoreRBAC', 'restore_users'), ('create_user', 'create_user'),
    ('drop_user', 'drop_user'), ('create_role', 'create_role'), ('drop_role', 'drop_role'),
    ('grant_role', 'grant_role'), ('revoke_role', 'revoke_role'), ('grant_privilege_v2|grant (group|v2)', 'grant_v2'),
    ('grant_privilege', 'grant'), ('revoke_v2|revoke (group|v2)', 'revoke_v2'), ('revoke_privilege', 'revoke'))


def f32(x):
    return struct.pack('<f', x)


def floats(values):
    return struct.pack('<%df' % len(values), *values)


def half(v):
    """{"$np": type, "data": numbers} to the bytes of a vector."""
    if v['$np'] == 'float16':
        return struct.pack('<%de' % len(v['data']), *v['data'])
    if v['$np'] == 'bfloat16':  # the upper halves of floats
        return b''.join(f32(x)[2:] for x in v['data'])
    if v['$np'] == 'int8':
        return struct.pack('<%db' % len(v['data']), *map(int, v['data']))
    raise ValueError('an array of %s' % v['$np'])


def wkb(text):
    """Of POINT and POLYGON only."""
    rings = [[tuple(map(float, p.split())) for p in ring.split(',')] for ring in re.findall(r'\(([^()]+)\)', text)]
    points = b''.join(struct.pack('<I', len(r)) + b''.join(struct.pack('<2d', *p) for p in r) for r in rings)
    if text.startswith('POINT'):
        return struct.pack('<BI2d', 1, 1, *rings[0][0])
    if text.startswith('POLYGON'):
        return struct.pack('<BII', 1, 3, len(rings)) + points
    raise ValueError(text)


def microseconds(text):
    t = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return round((t - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))


def value(kind, v, element=None):
    if v is None:
        return None
    if kind == 'Array':
        return [value(element, x) for x in v]
    if kind == 'ArrayOfVector':
        return [value(element, x) for x in v]
    if kind == 'Float':
        return f32(v)
    if kind == 'Double':
        return struct.pack('<d', v)
    if kind == 'FloatVector':
        return floats(v)
    if kind == 'SparseFloatVector':
        return {int(i): f32(x) for i, x in v.items()}
    if kind == 'Geometry':
        return wkb(v)
    if kind == 'Timestamptz':
        return microseconds(v)
    if isinstance(v, dict) and '$np' in v:
        return half(v)
    if isinstance(v, dict) and '$b64' in v:
        return base64.b64decode(v['$b64'])
    return v


def default(v):
    """As the client's library prints it, or as the client gave it."""
    if not isinstance(v, str) or not re.match(r'\w+_data: ', v):
        return v
    word = v.split(': ', 1)[1].strip()
    return {'true': True, 'false': False}[word] if word in ('true', 'false') else ast.literal_eval(word)


def text(v):
    return str(v).lower() if isinstance(v, bool) else v if isinstance(v, str) else json.dumps(v)


def texts(d):
    return {k: text(v) for k, v in d.items()}


def field(f):
    kind = TYPES[f['type']]
    out = {'type': kind, 'params': texts(f.get('params') or {}), 'description': f.get('description', '')}
    for ours, theirs in (('primary_key', 'is_primary'), ('auto_id', 'auto_id'), ('partition_key', 'is_partition_key'),
                         ('clustering_key', 'is_clustering_key'), ('nullable', 'nullable'),
                         ('function_output', 'is_function_output')):
        out[ours] = bool(f.get(theirs))
    if kind == 'Array':
        out['element_type'] = TYPES[f['element_type']]
    if f.get('default_value') is not None:
        out['default'] = value(kind, default(f['default_value']))
    return out


def struct_fields(s):
    """A struct array is a field for each of its members, named STRUCT[MEMBER]."""
    out = {}
    for f in s['fields']:
        g = field(f)
        vector = g['type'].endswith('Vector')
        g.update(element_type=g['type'], type='ArrayOfVector' if vector else 'Array', nullable=bool(s.get('nullable')))
        g['params']['max_capacity'] = text(s['max_capacity'])
        out['%s[%s]' % (s['name'], f['name'])] = g
    return out


def schema(s):
    fields = {f['name']: field(f) for f in s['fields']}
    for x in s.get('struct_fields', []):
        fields.update(struct_fields(x))
    for f in fields.values():
        if f['primary_key']:
            f['auto_id'] = bool(s.get('auto_id') or f['auto_id'])
    return {'description': s.get('description', ''), 'dynamic': bool(s.get('enable_dynamic_field')), 'fields': fields,
            'functions': len(s.get('functions', []))}


class Truth:
    def __init__(self):
        self.state = new_state()
        self.dbs, self.colls = self.state['databases'], self.state['collections']
        self.users, self.roles = self.state['users'], self.state['roles']
        self.vectors = {}
        self.snapshots = {}
        self.outputs = {}  # (collection, function that was added): the field that it fills

    def call(self, line):
        op, err = line['op'], str(line.get('err'))
        if not line['ok'] and not any(op.startswith(v) and why in err for v, why in TAKES_EFFECT):
            return
        if NO_CHANGE.match(op) or GROUP.match(op):
            return
        for pattern, name in VAGUE:
            if re.match(pattern, op):
                return self.vague('default.' + name)
        verb = next((v for p, v in VERBS if re.match('(%s)( |$)' % p, op)), None)
        if verb is None:
            raise ValueError('call %s: %r is not known' % (line.get('n'), op))
        args, kw = line.get('args') or [], line.get('kw') or {}
        m = re.search(r'\b(db\d)\b', op)
        self.db = kw.get('db_name') or (m.group(1) if m else 'default')
        self.line = line
        getattr(self, verb)(*args, **kw)

    def coll(self, name):
        full = '%s.%s' % (self.db, name)
        for c in self.colls.values():
            if full in c['aliases']:
                return c
        return self.colls[full]

    def vague(self, full):
        if full in self.colls:
            self.colls[full].update(rows=ANY, written=ANY, deleted=ANY)

    # databases

    def create_database(self, name, properties=()):
        self.dbs[name] = dict(properties)

    def set_database(self, name, properties):
        self.dbs[name].update(texts(properties))

    def cut_database(self, name, property_keys):
        for k in property_keys:
            self.dbs[name].pop(k, None)

    def drop_database(self, name):
        del self.dbs[name]

    # collections

    def create_collection(self, name, schema, num_shards=1, properties=(), consistency_level='Bounded', num_partitions=None,
                          **_):
        s = globals()['schema'](schema)
        keyed = any(f['partition_key'] for f in s['fields'].values())
        c = new_collection(s, num_shards, consistency_level, properties, (num_partitions or 16) if keyed else 0)
        c['partitions'] = {'_default_%d' % i for i in range(c['num_partitions'])} if keyed else {'_default'}
        self.colls['%s.%s' % (self.db, name)] = c

    def drop_collection(self, name):
        del self.colls['%s.%s' % (self.db, name)]

    def rename(self, old, new, target_db=None):
        c = self.colls.pop('%s.%s' % (self.db, old))
        self.colls['%s.%s' % (target_db or self.db, new)] = c

    def truncate(self, name, **_):
        self.coll(name)['rows'].clear()

    def set_properties(self, name, properties):
        c = self.coll(name)
        for k, v in properties.items():
            if k == 'consistency_level':
                c['consistency'] = v
            elif k == 'collection.description':
                c['schema']['description'] = v
            elif k == 'dynamicfield.enabled':
                c['schema']['dynamic'] = v == 'true'
            else:
                c['properties'][k] = text(v)

    def cut_properties(self, name, property_keys):
        for k in property_keys:
            self.coll(name)['properties'].pop(k, None)

    def alter_field(self, name, field_name, field_params):
        self.coll(name)['schema']['fields'][field_name]['params'].update(texts(field_params))

    def add_field(self, name, new, kind, nullable=False, default_value=None, **params):
        """Rows that are there have the default, or null."""
        c = self.coll(name)
        f = field({'type': kind, 'nullable': nullable, 'default_value': default_value, 'params': params})
        c['schema']['fields'][new] = f
        for r in c['rows'].values():
            r[new] = f.get('default')

    def drop_field(self, name, old):
        c = self.coll(name)
        for f in [f for f in c['schema']['fields'] if f == old or f.startswith(old + '[')]:
            del c['schema']['fields'][f]
            for r in c['rows'].values():
                del r[f]

    def add_struct(self, name, new, what, max_capacity):
        c = self.coll(name)
        fields = struct_fields(dict(what, name=new, nullable=True, max_capacity=max_capacity))
        c['schema']['fields'].update(fields)
        for r in c['rows'].values():
            r.update(dict.fromkeys(fields))

    def add_function(self, name, new, function, indexes=(), **_):
        c = self.coll(name)
        c['schema']['fields'][new['name']] = dict(field(new), function_output=True)
        c['schema']['functions'] += 1
        self.outputs[name, function['name']] = new['name']
        self.create_index(name, indexes)

    def drop_function(self, name, function):
        """With it go the field that it fills and that field's indexes."""
        c = self.coll(name)
        gone = self.outputs.pop((name, function))
        c['schema']['functions'] -= 1
        del c['schema']['fields'][gone]
        c['indexes'] = {n: i for n, i in c['indexes'].items() if i['field'] != gone}

    # snapshots

    def create_snapshot(self, snapshot, name, **_):
        self.snapshots[snapshot] = copy.deepcopy(self.coll(name))

    def drop_snapshot(self, snapshot, _):
        del self.snapshots[snapshot]

    def restore_snapshot(self, snapshot, _, name):
        """Rows of files, which are not in the log; the level is the server's own."""
        c = copy.deepcopy(self.snapshots[snapshot])
        c.update(rows=ANY, written=ANY, deleted=ANY, consistency=ANY, aliases=set())
        self.colls['%s.%s' % (self.db, name)] = c

    # partitions, indexes, aliases

    def create_partition(self, name, partition):
        self.coll(name)['partitions'].add(partition)

    def drop_partition(self, name, partition):
        c = self.coll(name)
        c['partitions'].discard(partition)
        if c['rows'] is not ANY:
            forget_partition(c, partition)

    def create_index(self, name='pkey', indexes=({'field_name': 'v', 'index_type': 'FLAT', 'metric_type': 'L2'},), **_):
        for i in indexes:
            params = {k: text(v) for k, v in i.items() if k not in ('field_name', 'index_name')}
            self.coll(name)['indexes'][i.get('index_name') or i['field_name']] = {'field': i['field_name'], 'params': params}

    def set_index(self, name, index, properties):
        self.coll(name)['indexes'][index]['params'].update(texts(properties))

    def cut_index(self, name, index, property_keys):
        for k in property_keys:
            self.coll(name)['indexes'][index]['params'].pop(k, None)

    def drop_index(self, name, index):
        del self.coll(name)['indexes'][index]

    def set_alias(self, name, alias):
        self.drop_alias(alias)
        self.coll(name)['aliases'].add('%s.%s' % (self.db, alias))

    def drop_alias(self, alias):
        for c in self.colls.values():
            c['aliases'].discard('%s.%s' % (self.db, alias))

    # rows

    def row(self, c, given, key_name, key):
        fields = c['schema']['fields']
        flat = dict(given)
        for name in {f.split('[')[0] for f in fields if '[' in f} & set(flat):
            members = flat.pop(name)
            for f in fields:
                if f.startswith(name + '['):
                    flat[f] = None if members is None else [m[f[len(name) + 1:-1]] for m in members]
        out = {}
        for name, f in fields.items():
            if f['function_output']:
                continue
            v = key if name == key_name else value(f['type'], flat.pop(name, None), f.get('element_type'))
            flat.pop(name, None)
            out[name] = f.get('default') if v is None else v
        if c['schema']['dynamic']:
            out['$meta'] = flat
        elif flat:
            raise ValueError('fields %s that the schema does not have' % sorted(flat))
        return out

    def keys(self):
        ids = self.line['ret'].get('ids', [])
        return ast.literal_eval(ids) if isinstance(ids, str) else ids

    def write(self, c, given, keys, partition):
        key_name = next(n for n, f in c['schema']['fields'].items() if f['primary_key'])
        for g, key in zip(given, keys):
            where = ANY if c['num_partitions'] else partition or '_default'
            c['rows'][key] = dict(self.row(c, g, key_name, key), partition=where)
            count(c['written'], None if where is ANY else where, key)

    def insert(self, name, given, partition_name=None, namespace=None, **_):
        given = [given] if isinstance(given, dict) else given
        c = self.coll(name)
        if namespace is not None:
            return c.update(rows=ANY, written=ANY, deleted=ANY)
        if c['rows'] is not ANY:
            self.write(c, given, self.keys(), partition_name)

    def upsert(self, name, given, partition_name=None, partial_update=False, **_):
        c = self.coll(name)
        key_name = next(n for n, f in c['schema']['fields'].items() if f['primary_key'])
        if partial_update:
            raise ValueError('a partial upsert')
        if c['rows'] is ANY:
            return
        keys = self.keys()
        for g, key in zip(given, keys):
            if g[key_name] != key:  # with auto_id the row gets another key, in the partition of the upsert
                self.delete(name, [g[key_name]], partition_name=None if c['num_partitions'] else partition_name or '_default')
        self.write(c, given, keys, partition_name)

    def delete(self, name, ids=None, filter=None, partition_name=None, **_):
        c = self.coll(name)
        if c['rows'] is ANY:
            return
        if filter is not None:
            m = re.fullmatch(r'\w+ in (\[.*\])', filter)
            if not m:
                raise ValueError('filter %r' % filter)
            ids = ast.literal_eval(m.group(1))
        for key in ids:
            if key in c['rows'] and (partition_name is None or c['rows'][key]['partition'] == partition_name):
                del c['rows'][key]
            count(c['deleted'], partition_name, key)

    # Rows that were not written down: 256 floats each, of a generator of numpy.

    def made(self, seed, rows):
        import numpy
        if seed not in self.vectors:
            self.vectors[seed] = numpy.random.default_rng(seed).standard_normal((rows, 256)).astype('<f4')
        return self.vectors[seed]

    def span(self):
        """FIRST..LAST of what the client wrote down."""
        return range(*map(int, re.search(r'(\d+)\.\.(\d+)', self.line['op']).groups()))

    def write_big(self, name, keys, vectors, text, first=0):
        c = self.coll(name)
        for i in keys:
            c['rows'][first + i] = {'id': first + i, 'v': vectors[i].tobytes(), 'vc': text % i, 'partition': '_default'}
            count(c['written'], '_default', first + i)

    def big(self, *_):
        self.write_big('big', self.span(), self.made(1, 6000), 'row %d')

    def big2(self):
        self.write_big('big2', self.span(), self.made(2, 8000), 'row %d')

    def delete_big2(self):
        self.delete('big2', ids=self.span())

    def concurrent_big2(self):
        """The server was killed meanwhile: what it had not acknowledged is in none of the recordings."""
        for n, said, rows in self.line['ret']:
            if said == 'ok':
                self.write_big('big2', range(rows), self.made(3, rows), 'k %d', n * 100000)

    # users and roles

    def backup_users(self):
        self.backup = copy.deepcopy((self.users, self.roles))

    def restore_users(self):
        for have, was in zip((self.users, self.roles), self.backup):
            for name, what in was.items():
                have.setdefault(name, set()).update(what)

    def create_user(self, name, password):
        self.users[name] = set()

    def drop_user(self, name):
        del self.users[name]

    def create_role(self, name):
        self.roles[name] = set()

    def drop_role(self, name):
        del self.roles[name]

    def grant_role(self, user, role):
        self.users[user].add(role)

    def revoke_role(self, user, role):
        self.users[user].discard(role)

    def grant(self, role, kind, privilege, name, db_name='default'):
        self.roles[role].add((kind, name, privilege, db_name))

    def revoke(self, role, kind, privilege, name, db_name='default'):
        self.roles[role].discard((kind, name, privilege, db_name))

    def grant_v2(self, role, privilege, name, db_name='default'):
        self.grant(role, 'Collection', privilege, name, db_name)

    def revoke_v2(self, role, privilege, name, db_name='default'):
        self.revoke(role, 'Collection', privilege, name, db_name)


def read(calls):
    t = Truth()
    for c in calls:
        t.call(c)
    return t.state
