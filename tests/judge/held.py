"""What a target holds, as somebody reads it back, to a state: schemas by their bytes, rows by columns.

A target is read by its keepers (fake: `fake`; a real one: tests/real/290-recordings.py); here is what both have in common.
"""
import json
import os
import pickle
import struct
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fake'))

from columns import walk  # noqa: E402
from state import ANY, TYPES, new_collection, new_state  # noqa: E402

LEVELS = ('Strong', 'Session', 'Bounded', 'Eventually', 'Customized')


def numbered(data):
    out = {}
    for n, v in walk(data):
        out.setdefault(n, []).append(v)
    return lambda n, default=b'': out.get(n, [default])[-1], lambda n: out.get(n, [])


def pairs(values):
    out = {}
    for v in values:
        one, _ = numbered(v)
        out[one(1).decode()] = one(2).decode()
    return out


def default(data):
    """schema.proto ValueField: bool 1, int 2, long 3, float 4, double 5, string 6."""
    (member, v), = walk(data)
    if member == 1:
        return bool(v)
    if member == 6:
        return v.decode()
    if member in (4, 5):
        return bytes(v)
    return v - (1 << 64) if v >> 63 else v


def field(data):
    """schema.proto FieldSchema."""
    one, many = numbered(data)
    kind = TYPES[one(5, 0)]
    out = {'type': kind, 'params': pairs(many(6)), 'description': one(4).decode()}
    for n, name in ((3, 'primary_key'), (13, 'partition_key'), (14, 'clustering_key'), (15, 'nullable'), (16, 'function_output')):
        out[name] = bool(one(n, 0))
    out['auto_id'] = ANY  # a target keeps the keys of its source
    if kind == 'Array':
        out['element_type'] = TYPES[one(10, 0)]
    if one(11):
        out['default'] = default(one(11))
    return one(2).decode(), out, bool(one(12, 0))


def schema(data):
    """schema.proto CollectionSchema."""
    one, many = numbered(data)
    fields = [field(f) for f in many(4)]
    return {'description': one(2).decode(), 'dynamic': bool(one(5, 0)) or any(dynamic for _, _, dynamic in fields),
            'fields': {name: f for name, f, dynamic in fields if not dynamic}, 'functions': len(many(7))}


FORMS = {
    'Bool': bool, 'Float': lambda v: struct.pack('<f', v), 'Double': lambda v: struct.pack('<d', v), 'JSON': json.loads,
    'FloatVector': lambda v: struct.pack('<%df' % len(v), *v), 'BinaryVector': bytes,
    'SparseFloatVector': lambda v: {struct.unpack_from('<I', v, i)[0]: v[i + 4:i + 8] for i in range(0, len(v), 8)}}


def value(f, v):
    if v is None:
        return None
    if f['type'] == 'Array':
        return [FORMS.get(f['element_type'], lambda x: x)(x) for x in v]
    return FORMS.get(f['type'], lambda x: x)(v)


def row(s, values, partition):
    out = {n: value(s['fields'][n], v) for n, v in values.items() if n != '$meta'}
    if '$meta' in values:
        out['$meta'] = json.loads(values['$meta'])
    return dict(out, partition=partition)


def collection(data, shards, level, properties, num_partitions, partitions, aliases, indexes, rows):
    """rows: (partition, values by field); indexes: (name, field, params)."""
    s = schema(data)
    keyed = any(f['partition_key'] for f in s['fields'].values())
    key = next(n for n, f in s['fields'].items() if f['primary_key'])
    c = new_collection(s, shards, LEVELS[level], properties, num_partitions if keyed else 0)
    c.update(partitions=ANY if keyed else set(partitions), aliases=set(aliases), written=ANY, deleted=ANY)
    c['indexes'] = {name: {'field': f, 'params': params} for name, f, params in indexes}
    for partition, values in rows:
        if values[key] in c['rows']:
            raise ValueError('key %r twice' % (values[key],))
        c['rows'][values[key]] = row(s, values, ANY if keyed else partition)
    return c


def fake(path):
    """Of tests/fake/milvus.py, which keeps it in a file."""
    state = new_state()
    with open(path, 'rb') as f:
        dbs = pickle.load(f)
    with open(path + '.users', 'rb') as f:
        state['users'], state['roles'] = pickle.load(f)
    for db, colls in dbs.items():
        state['databases'][db] = ANY
        for name, c in colls.items():
            state['collections']['%s.%s' % (db, name)] = collection(
                c['schema'], c['shards'], c['level'], c['props'], c['num_partitions'], c['parts'],
                ['%s.%s' % (db, a) for a in c['aliases']], [(n, f, c['params'][n]) for f, n in c['index'].items()],
                [(part, values) for (_, part), values in c['rows'].items()])
    return state
