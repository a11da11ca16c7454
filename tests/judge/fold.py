"""Operation lines, as in cdc-ndjson(5), to the state that somebody has who applies them."""
import base64
import json
import struct

from state import ANY, count, forget_partition, new_collection, new_state

FLAGS = ('primary_key', 'auto_id', 'partition_key', 'clustering_key', 'nullable', 'function_output')
NO_CHANGE = ('begin', 'tick', 'flush', 'import', 'load_collection', 'load_partitions', 'release_collection',
             'release_partitions')


def number(v):
    return float({'NaN': 'nan', 'Infinity': 'inf', '-Infinity': '-inf'}.get(v, v))


def sparse(v):
    raw = base64.b64decode(v)
    return {struct.unpack_from('<I', raw, i)[0]: raw[i + 4:i + 8] for i in range(0, len(raw), 8)}


def as_text(v):
    return base64.b64decode(v['b64']) if isinstance(v, dict) else v


DECODE = {
    'Bool': bool, 'Int8': int, 'Int16': int, 'Int32': int, 'Int64': int, 'Timestamptz': int, 'VarChar': as_text,
    'Text': as_text, 'Float': lambda v: struct.pack('<f', number(v)), 'Double': lambda v: struct.pack('<d', number(v)),
    'JSON': json.loads, 'SparseFloatVector': sparse, 'FloatVector': base64.b64decode, 'Float16Vector': base64.b64decode,
    'BFloat16Vector': base64.b64decode, 'BinaryVector': base64.b64decode, 'Int8Vector': base64.b64decode,
    'Geometry': base64.b64decode}


def value(f, v):
    if v is None:
        return None
    if f['type'] in ('Array', 'ArrayOfVector'):
        return [DECODE[f['element_type']](x) for x in v]
    return DECODE[f['type']](v)


def field(f):
    out = {'type': f['type'], 'params': dict(f.get('params', {})), 'description': f.get('description', '')}
    out.update({k: bool(f.get(k)) for k in FLAGS})
    if 'element_type' in f:
        out['element_type'] = f['element_type']
    if 'default' in f:
        out['default'] = value(out, next(iter(f['default'].values())))
    return out


def schema(s):
    return {'description': s['description'], 'dynamic': s['dynamic'], 'fields': {f['name']: field(f) for f in s['fields']},
            'functions': s.get('functions', 0)}


class Fold:
    def __init__(self):
        self.state = new_state()
        self.dbs, self.colls = self.state['databases'], self.state['collections']
        self.users, self.roles = self.state['users'], self.state['roles']
        self.ended = False

    def line(self, op):
        name = op['op']
        if self.ended:
            raise ValueError('a line behind the end')
        if name == 'end':
            self.ended = True
        elif name not in NO_CHANGE and not op.get('gone'):
            getattr(self, name)(op)

    def full(self, op):
        return '%s.%s' % (op['db'], op['coll'])

    def coll(self, op):
        return self.colls[self.full(op)]

    def new(self, what, name):
        if name in what:
            raise ValueError('%s is there already' % name)

    # databases

    def create_database(self, op):
        self.new(self.dbs, op['db'])
        self.dbs[op['db']] = op['properties']

    def alter_database(self, op):
        self.away(self.dbs[op['db']], op)
        self.dbs[op['db']] = op['properties']

    def drop_database(self, op):
        del self.dbs[op['db']]

    # collections

    def create_collection(self, op):
        self.new(self.colls, self.full(op))
        n = op['num_partitions']
        c = new_collection(schema(op['schema']), op['shards'], op['consistency'], op['properties'], n)
        c['partitions'] = {'_default_%d' % i for i in range(n)} if n else {'_default'}
        self.colls[self.full(op)] = c

    def away(self, was, op):
        """What goes is said, though all that stays is said as well; it may have gone before this stream began."""
        gone = set(op.get('delete', []))
        if not set(was) - set(op['properties']) <= gone or gone & set(op['properties']):
            raise ValueError('delete is %s' % op.get('delete'))

    def alter_collection(self, op):
        self.away(self.coll(op)['properties'], op)
        self.coll(op)['properties'] = op['properties']
        if 'description' in op:
            self.coll(op)['schema']['description'] = op['description']
            self.coll(op)['consistency'] = op['consistency']

    def truncate_collection(self, op):
        self.coll(op)['rows'].clear()

    def rename_collection(self, op):
        new = '%s.%s' % (op['new_db'], op['new_coll'])
        self.new(self.colls, new)
        self.colls[new] = self.colls.pop(self.full(op))

    def drop_collection(self, op):
        del self.colls[self.full(op)]

    # partitions, indexes, aliases

    def create_partition(self, op):
        self.new(self.coll(op)['partitions'], op['part'])
        self.coll(op)['partitions'].add(op['part'])

    def drop_partition(self, op):
        self.coll(op)['partitions'].remove(op['part'])
        forget_partition(self.coll(op), op['part'])

    def create_index(self, op):
        self.new(self.coll(op)['indexes'], op['index'])
        self.coll(op)['indexes'][op['index']] = {'field': op['field'], 'params': op['params']}

    def change(self, params, op):
        params.update(op['params'])
        for k in op.get('delete', []):
            params.pop(k, None)

    def alter_field(self, op):
        self.change(self.coll(op)['schema']['fields'][op['field']]['params'], op)

    def add_field(self, op):
        """Rows that are there have the default, or null."""
        c, name = self.coll(op), op['field']
        s, f = c['schema'], field(op['schema'])
        if name == '$meta':
            s['dynamic'] = True
            return
        self.new(s['fields'], name)
        s['fields'][name] = f
        s['functions'] += f['function_output']
        for r in c['rows'].values():
            if not f['function_output']:
                r[name] = f.get('default')

    def drop_field(self, op):
        c = self.coll(op)
        f = c['schema']['fields'].pop(op['field'])
        c['schema']['functions'] -= f['function_output']
        for r in c['rows'].values():
            r.pop(op['field'], None)

    def alter_index(self, op):
        self.change(self.coll(op)['indexes'][op['index']]['params'], op)

    def drop_index(self, op):
        del self.coll(op)['indexes'][op['index']]

    def create_alias(self, op):
        self.coll(op)['aliases'].add('%s.%s' % (op['db'], op['alias']))

    def alter_alias(self, op):
        self.drop_alias(op)
        self.create_alias(op)

    def drop_alias(self, op):
        for c in self.colls.values():
            c['aliases'].discard('%s.%s' % (op['db'], op['alias']))

    # rows

    def part_of(self, c, op):
        return None if c['num_partitions'] else op.get('part')

    def key(self, c, v):
        kind = next(f['type'] for f in c['schema']['fields'].values() if f['primary_key'])
        return int(v) if kind == 'Int64' else as_text(v)

    def write(self, op):
        c = self.coll(op)
        fields = c['schema']['fields']
        key_name = next(n for n, f in fields.items() if f['primary_key'])
        if op['part'] not in c['partitions']:
            raise ValueError('no partition %s' % op['part'])
        for r in op['rows']:
            row = {n: value(fields[n], v) for n, v in r.items() if n != '$meta' and not fields[n]['function_output']}
            for n in set(fields) - set(row):  # of a message that is older than the field
                if not fields[n]['function_output']:
                    row[n] = fields[n].get('default')
            if '$meta' in r:
                row['$meta'] = json.loads(r['$meta'])
            yield row[key_name], dict(row, partition=ANY if c['num_partitions'] else op['part'])

    def insert(self, op):
        c = self.coll(op)
        for key, row in self.write(op):
            if key in c['rows']:
                raise ValueError('key %r is there already' % (key,))
            c['rows'][key] = row
            count(c['written'], self.part_of(c, op), key)

    def upsert(self, op):
        c = self.coll(op)
        for key, row in self.write(op):
            c['rows'][key] = row
            count(c['written'], self.part_of(c, op), key)

    def delete(self, op):
        c = self.coll(op)
        for k in op['keys']:
            key = self.key(c, k)
            have = c['rows'].get(key)
            if have is not None and ('part' not in op or c['num_partitions'] or have['partition'] == op['part']):
                del c['rows'][key]
            count(c['deleted'], self.part_of(c, op), key)

    # users and roles

    def create_user(self, op):
        self.new(self.users, op['user'])
        self.users[op['user']] = set()

    def drop_user(self, op):
        self.users.pop(op['user'], None)  # what goes need not have been made by this stream

    def create_role(self, op):
        self.new(self.roles, op['role'])
        self.roles[op['role']] = set()

    def drop_role(self, op):
        self.roles.pop(op['role'], None)

    def grant_role(self, op):
        self.users[op['user']].add(op['role'])

    def revoke_role(self, op):
        self.users.get(op['user'], set()).discard(op['role'])

    def grant(self, op):
        self.roles[op['role']].add((op['object'], op['object_name'], op['privilege'], op['db']))

    def revoke(self, op):
        """A newer client does not name the object, which follows from the privilege."""
        gone = [op.get(k) for k in ('object', 'object_name', 'privilege', 'db')]
        for g in list(self.roles.get(op['role'], ())):
            if all(want is None or want == is_ for want, is_ in zip(gone, g)):
                self.roles[op['role']].discard(g)


def read(lines):
    f = Fold()
    for n, line in enumerate(lines, 1):
        op = json.loads(line)
        try:
            f.line(op)
        except (KeyError, ValueError, AttributeError) as e:
            raise ValueError('line %d: %s of %s.%s: %s: %s' % (
                n, op.get('op'), op.get('db'), op.get('coll'), type(e).__name__, e)) from e
    if not f.ended:
        raise ValueError('the stream has no end')
    return f.state
