"""A Milvus with a catalogue: what its calls write into the log and into etcd, and what it holds by then. The keys in etcd are
those of lib/meta/keys_v26, and change behind the log, as the coordinator has then heard of every copy."""
import itertools
import json
import os
import struct
import sys
import zlib

from server import Broadcast, Pchannel, Sim, Vchannel, wait
from wire import (ALTER_ALIAS, ALTER_COLL, ALTER_DB, BOOL, CREATE_COLL, CREATE_DB, CREATE_INDEX, CREATE_PART, DOUBLE, DROP_ALIAS,
                  DROP_COLL, DROP_DB, DROP_INDEX, DROP_PART, FLOATVEC, FLUSH_ALL, INT64, JSON, LOAD, MANUAL_FLUSH, RELEASE, TRUNCATE, VARCHAR, base, kvs,
                  packed, pb, schema)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'judge'))
import state as judge  # noqa: E402

CONSISTENCY = ['Strong', 'Session', 'Bounded', 'Eventually']
DROPPING = 2
NAMES = {BOOL: 'Bool', INT64: 'Int64', DOUBLE: 'Double', VARCHAR: 'VarChar', FLOATVEC: 'FloatVector'}


class Database:
    def __init__(self, server, name, props=()):
        self.server, self.name, self.props, self.id = server, name, dict(props), server.new_id() if name != 'default' else 1
        self.born = int(server.sim.now * 1e6)

    def key(self):
        value = pb((2, self.name), (3, self.id), (4, 1), (5, self.born), *kvs(6, self.props))
        return {'root-coord/database/db-info/%d' % self.id: value}


class Collection:
    def __init__(self, server, db, name, fields, shards, keyed, level, props, dynamic):
        self.server, self.sim, self.db, self.name, self.id = server, server.sim, db, name, server.new_id()
        self.fields, self.keyed, self.level, self.props, self.dynamic = list(fields), keyed, level, dict(props), dynamic
        self.parts = {server.new_id(): '_default_%d' % i for i in range(4)} if keyed else {server.new_id(): '_default'}
        self.part_names, self.born = dict(self.parts), {}
        self.added, self.next_field, self.version = [], 100 + len(fields), 0
        self.rows, self.past, self.writing, self.indexes, self.aliases, self.loaded = {}, {}, {}, {}, set(), False
        some = self.sim.random.sample(server.pchannels, min(shards, len(server.pchannels)))
        self.vchannels = [Vchannel(self, p, i) for i, p in enumerate(some)]
        self.primary = next(f for f in fields if f.primary)

    def full(self):
        return '%s.%s' % (self.db, self.name)

    def part_name(self, part):
        return '' if part == -1 else self.part_names[part]

    def vchannel(self, key):
        return self.vchannels[zlib.crc32(str(key).encode()) % len(self.vchannels)]

    def effect(self, v, tt, deletes, inserts):
        """What was written at tt; it may be heard of before what is older."""
        for part, keys in deletes.items():
            for k in keys:
                self.past.setdefault(k, []).append((tt, 0, part, None))
        for part, rows in inserts.items():
            for r in rows:
                k = r['row'][self.primary.id]
                row = {'part': part, 'v': v, 'row': {f: r['row'].get(f) for f in r['has']}}
                self.past.setdefault(k, []).append((tt, 1, part, row))
        for k in {k for keys in deletes.values() for k in keys} | {r['row'][self.primary.id] for rows in inserts.values() for r in rows}:
            self.play(k)

    def play(self, k):
        """What key k comes to: the order of timestamps counts, a delete before an insert."""
        row = None
        for tt, _, part, new in sorted(self.past.get(k, []), key=lambda e: e[:2]):
            if new is None:
                row = None if row and part in (-1, row['part']) else row
                continue
            if row:  # Milvus inserts a key that is there
                assert part == row['part'], (self.full(), k)
                self.server.over.add(tt)
            row = new
        self.rows.pop(k, None)
        if row:
            self.rows[k] = row

    def forget(self, v, part=None):
        for k in [k for k in self.past if self.vchannel(k) is v]:
            if k in self.rows and part in (None, self.rows[k]['part']):
                del self.rows[k]
            r = self.rows.get(k)
            self.past[k] = [(0, 1, r['part'], r)] if r else []

    def schema(self):
        return schema(self.name, self.fields, self.db, dict(self.props, consistency_level=str(self.level)), self.dynamic, self.version)

    # etcd

    def info(self, state=0):
        value = pb((1, self.id), (2, pb((1, self.name), (5, self.dynamic), (8, self.db), (10, self.version))), (3, self.created),
                   *[(7, v.name) for v in self.vchannels], *[(8, v.pchannel.name) for v in self.vchannels], (10, len(self.vchannels)),
                   *[(11, pb((1, v.pchannel.name), (2, struct.pack('<q', self.start[v.name])))) for v in self.vchannels],
                   (12, self.level), (13, state), *kvs(14, self.props), (15, self.server.dbs[self.db].id), (16, self.changed),
                   *[(17, b'') for _ in self.vchannels])
        return {self.info_key(): value}

    def info_key(self):
        return 'root-coord/database/collection-info/%d/%d' % (self.server.dbs[self.db].id, self.id)

    def field_keys(self):
        keys = {'root-coord/fields/%d/%d' % (self.id, f.id): f.schema() for f in self.fields}
        keys['root-coord/fields/%d/0' % self.id] = pb((2, 'RowID'), (4, 'row id'), (5, 5))
        keys['root-coord/fields/%d/1' % self.id] = pb((1, 1), (2, 'Timestamp'), (4, 'time stamp'), (5, 5))
        return keys

    def part_key(self, part, state=0):
        value = pb((1, part), (2, self.part_names[part]), (3, self.born[part]), (4, self.id), (5, state))
        return {'root-coord/partitions/%d/%d' % (self.id, part): value}

    def index_info(self, name):
        x = self.indexes[name]
        return pb((1, pb((1, self.id), (2, x['field'].id), (3, name), (4, x['id']), *kvs(6, x['params']), *kvs(12, x['params']))),
                  (3, x['born']))

    def index_key(self, name):
        return 'field-index/%d/%d' % (self.id, self.indexes[name]['id'])

    def load_keys(self, there=True):
        keys = {'querycoord-collection-loadinfo/%d' % self.id: pb((1, self.id), (3, 1), (4, 2), (6, 2)) if there else None}
        for p in self.parts:
            keys['querycoord-partition-loadinfo/%d/%d' % (self.id, p)] = pb((1, self.id), (2, p), (3, 1), (4, 2)) if there else None
        return keys


class Source:
    """Its calls are coroutines; who makes them sees to it that two changes of one thing are not made at once."""

    def __init__(self, random, start_ms, lag=30, cluster='by-dev', pchannels=4):
        self.sim, self.random, self.lag, self.cluster = Sim(random, start_ms), random, lag, cluster
        self.ids = itertools.count((int(start_ms) << 18) - 1000000)
        self.pchannels = [Pchannel(self.sim, '%s-rootcoord-dml_%d' % (cluster, i)) for i in range(pchannels)]
        self.control = self.pchannels[random.randrange(pchannels)]
        self.dbs, self.colls, self.over = {}, [], set()
        self.dbs['default'] = Database(self, 'default')
        keys = {'streamingcoord-meta/version': pb((1, 2)), 'streamingcoord-meta/cchannel': pb((1, self.control.name))}
        for p in self.pchannels:
            keys['streamingcoord-meta/pchannel/' + p.name] = pb((1, pb((1, p.name), (2, p.term))), (3, 3))
        self.etcd({**keys, **self.dbs['default'].key()})
        self.sim.out.append(('etcd', self.sim.now, {cluster + '/config/mqtype': b'kafka'}))
        for p in self.pchannels:
            self.sim.spawn(p.ticks())

    def new_id(self):
        return next(self.ids)

    def etcd(self, keys):
        self.sim.out.append(('etcd', self.sim.now, {self.cluster + '/meta/' + k: v for k, v in keys.items()}))

    def put(self, *steps):
        """Keys that change one behind the other, somewhat later than the log."""
        for keys in steps:
            yield self.random.uniform(0, self.lag)
            self.etcd(keys)

    def tell(self, kind, payload=b'', header=b'', vchannels=(), each=None, **more):
        b = Broadcast(self, kind, payload, header, vchannels, each, **more)
        ts = yield from b.run()
        return ts, b.at

    # databases

    def create_db(self, name, props):
        d = Database(self, name, props)
        yield from self.tell(CREATE_DB, pb(*kvs(1, props)), pb((1, name), (2, d.id)))
        yield from self.put(d.key())
        self.dbs[name] = d

    def alter_db(self, name, props):
        d = self.dbs[name]
        yield from self.tell(ALTER_DB, pb(*kvs(1, props)), pb((1, name), (2, d.id)))
        d.props = dict(props)
        yield from self.put(d.key())

    def drop_db(self, name):
        d = self.dbs.pop(name)
        yield from self.tell(DROP_DB, b'', pb((1, name), (2, d.id)))
        yield from self.put(dict.fromkeys(d.key()))

    # collections

    def create(self, db, name, fields, shards, keyed, level, props, dynamic):
        c = Collection(self, db, name, fields, shards, keyed, level, props, dynamic)
        body = pb((1, base(CREATE_COLL)), (2, db), (3, name), (5, self.dbs[db].id), (6, c.id), *[(9, v.name) for v in c.vchannels],
                  *[(10, v.pchannel.name) for v in c.vchannels], (11, packed(c.parts)), *[(12, n) for n in c.parts.values()],
                  (13, c.schema()))
        ts, at = yield from self.tell(CREATE_COLL, body, pb((1, c.id), (2, packed(c.parts)), (3, self.dbs[db].id)), c.vchannels)
        c.created = c.changed = ts
        c.born = dict.fromkeys(c.parts, ts)
        c.start = {v.name: at[v.name][1] for v in c.vchannels}
        yield from self.put({**c.field_keys(), **{k: x for p in c.parts for k, x in c.part_key(p).items()}}, c.info())
        self.colls.append(c)
        return c

    def drop(self, c):
        self.colls.remove(c)

        def gone(v):
            v.there = False
            c.forget(v)
        body = pb((1, base(DROP_COLL)), (2, c.db), (3, c.name), (4, self.dbs[c.db].id), (5, c.id))
        yield from self.tell(DROP_COLL, body, pb((1, c.id), (2, self.dbs[c.db].id)), c.vchannels, gone)
        last = {**c.field_keys(), **{k: x for p in c.parts for k, x in c.part_key(p).items()}, **c.info()}
        last.update({c.index_key(n): b'' for n in c.indexes})
        if c.loaded:
            yield from self.put(c.load_keys(False))
        yield from self.put(c.info(DROPPING), dict.fromkeys(last))

    def alter(self, c, paths, updates, header=(), each=None):
        h = pb((1, self.dbs[c.db].id), (2, c.id), (3, pb(*[(1, p) for p in paths])), *header)
        c.changed, at = yield from self.tell(ALTER_COLL, pb((1, pb(*updates))), h, c.vchannels, each)

    def rename(self, c, db, name):
        paths, old = (['db'] if db != c.db else []) + ['collection_name'], c.info_key()
        updates = [(3, name)] + ([(1, self.dbs[db].id), (2, db)] if db != c.db else [])
        yield from self.alter(c, paths, updates)
        c.db, c.name = db, name
        yield from self.put({**({old: None} if c.info_key() != old else {}), **c.info()})

    def set_props(self, c, props):
        yield from self.alter(c, ['properties'], kvs(7, props))
        c.props = dict(props)
        yield from self.put(c.info())

    def add_field(self, c, f):
        """Rows that are written before a proxy has heard of it lack it."""
        f.id, c.next_field, c.version = c.next_field, c.next_field + 1, c.version + 1
        c.fields.append(f)
        c.added.append(f)
        yield from self.alter(c, ['schema'], [(5, c.schema())], each=lambda v: v.fields.append(f))
        yield from self.put(c.field_keys(), c.info())
        c.added.remove(f)

    def drop_field(self, c, f):
        c.fields.remove(f)
        c.version += 1
        lost = [n for n, x in c.indexes.items() if x['field'] is f]
        yield from self.alter(c, ['schema'], [(5, c.schema())], [(6, packed([f.id]))], lambda v: v.fields.remove(f))
        yield from self.put({'root-coord/fields/%d/%d' % (c.id, f.id): None, **{c.index_key(n): None for n in lost}, **c.info()})
        for n in lost:
            del c.indexes[n]

    def truncate(self, c):
        yield from self.tell(TRUNCATE, b'', pb((1, self.dbs[c.db].id), (2, c.id)), c.vchannels, c.forget, exact=True)

    # partitions, indexes, loads, aliases

    def create_part(self, c, name):
        p = self.new_id()
        c.part_names[p] = name
        body = pb((1, base(CREATE_PART)), (2, c.db), (3, c.name), (4, name), (5, self.dbs[c.db].id), (6, c.id), (7, p))
        c.born[p], _ = yield from self.tell(CREATE_PART, body, pb((1, c.id), (2, p)), c.vchannels, lambda v: v.parts.add(p))
        c.parts[p] = name
        yield from self.put(c.part_key(p), *[c.load_keys()] * c.loaded)

    def drop_part(self, c, p):
        name = c.parts.pop(p)

        def gone(v):
            v.parts.discard(p)
            c.forget(v, p)
        body = pb((1, base(DROP_PART)), (2, c.db), (3, c.name), (4, name), (5, self.dbs[c.db].id), (6, c.id), (7, p))
        yield from self.tell(DROP_PART, body, pb((1, c.id), (2, p)), c.vchannels, gone)
        yield from self.put(c.part_key(p, DROPPING), dict.fromkeys(c.part_key(p)))

    def create_index(self, c, name, field, params):
        c.indexes[name] = {'field': field, 'params': params, 'id': self.new_id(), 'born': self.sim.tso()}
        body, x = pb((1, c.index_info(name))), c.indexes[name]
        yield from self.tell(CREATE_INDEX, body, pb((1, self.dbs[c.db].id), (2, c.id), (3, field.id), (4, x['id']), (5, name)))
        yield from self.put({c.index_key(name): c.index_info(name)})

    def drop_index(self, c, name):
        yield from self.tell(DROP_INDEX, b'', pb((1, c.id), (2, packed([c.indexes[name]['id']]))))
        yield from self.put({c.index_key(name): None})
        del c.indexes[name]

    def load(self, c):
        h = pb((1, self.dbs[c.db].id), (2, c.id), (3, packed(c.parts)), *[(4, pb((1, f.id))) for f in c.fields],
               (5, pb((1, self.new_id()), (2, '__default_resource_group'))))
        yield from self.tell(LOAD, b'', h)
        yield from self.put(c.load_keys())
        c.loaded = True

    def release(self, c):
        yield from self.tell(RELEASE, b'', pb((1, self.dbs[c.db].id), (2, c.id)))
        yield from self.put(c.load_keys(False))
        c.loaded = False

    def set_alias(self, c, alias):
        """A new one, or one that another collection of this database has."""
        d = self.dbs[c.db]
        ts, _ = yield from self.tell(ALTER_ALIAS, b'', pb((1, d.id), (2, c.db), (3, c.id), (4, c.name), (5, alias)))
        yield from self.put({'root-coord/database/aliases/%d/%s' % (d.id, alias): pb((1, alias), (2, c.id), (3, ts), (5, d.id))})
        for other in self.colls:
            if other.db == c.db:
                other.aliases.discard(alias)
        c.aliases.add(alias)

    def drop_alias(self, c, alias):
        d = self.dbs[c.db]
        yield from self.tell(DROP_ALIAS, b'', pb((1, d.id), (2, c.db), (3, alias)))
        yield from self.put({'root-coord/database/aliases/%d/%s' % (d.id, alias): None})
        c.aliases.discard(alias)

    # flushes, which change nothing

    def flush(self, c):
        for v in c.vchannels:
            yield from v.append(MANUAL_FLUSH, b'', pb((1, c.id), (2, self.sim.tso())))

    def flush_all(self):
        yield from self.tell(FLUSH_ALL, b'', b'', pchannels=self.pchannels)

    # rows

    def write(self, c, deletes, inserts):
        """By key: deletes {key: partition or -1}, inserts {key: (partition, row)}; each vchannel for itself."""
        per = {}
        for k, p in deletes.items():
            per.setdefault(c.vchannel(k), ({}, {}))[0].setdefault(p, []).append(k)
        for k, (p, row) in inserts.items():
            per.setdefault(c.vchannel(k), ({}, {}))[1].setdefault(p, []).append({'row': row})
        jobs = [self.sim.spawn(v.put(*what)) for v, what in per.items()]
        yield from wait(lambda: all(jobs))

    # what it holds, as tests/judge/state.py has it

    def state(self):
        s = judge.new_state()
        s['databases'] = {n: d.props for n, d in self.dbs.items() if n != 'default'}
        s['over'], s['left'] = self.over, {p.name: p.left for p in self.pchannels}
        for c in self.colls:
            s['collections'][c.full()] = self.held(c)
        return s

    def held(self, c):
        fields = {f.name: described(f) for f in c.fields if not f.dynamic}
        out = judge.new_collection({'description': '', 'dynamic': c.dynamic, 'fields': fields, 'functions': 0},
                                   len(c.vchannels), CONSISTENCY[c.level], c.props, len(c.parts) if c.keyed else 0)
        out['loaded'], out['partitions'] = c.loaded, set(c.parts.values())
        out['aliases'] = {'%s.%s' % (c.db, a) for a in c.aliases}
        out['indexes'] = {n: {'field': x['field'].name, 'params': x['params']} for n, x in c.indexes.items()}
        for k, r in c.rows.items():
            row = {f.name: valued(f, r['row'][f.id] if f.id in r['row'] else f.default) for f in c.fields}
            out['rows'][k] = dict(row, partition=judge.ANY if c.keyed else c.part_names[r['part']])
        return out


def described(f):
    out = {'type': NAMES[f.kind], 'params': f.params, 'description': '', 'primary_key': f.primary, 'auto_id': False,
           'partition_key': f.partition_key, 'clustering_key': False, 'nullable': f.nullable, 'function_output': False}
    if f.default is not None:
        out['default'] = valued(f, f.default)
    return out


def valued(f, v):
    if v is None:
        return None
    if f.kind == DOUBLE:
        return struct.pack('<d', v)
    if f.kind == FLOATVEC:
        return struct.pack('<%df' % len(v), *v)
    return json.loads(v) if f.kind == JSON else v
