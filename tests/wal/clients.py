"""Clients of a Source, who do by chance what clients do: some write rows, some change what there is, and nodes go."""
import json

from wire import BOOL, DOUBLE, FLOATVEC, INT64, JSON, VARCHAR, Field

NAMES, PARTS, ALIASES, KEYS = ['a', 'b', 'c', 'd', 'e'], ['p', 'q'], ['x', 'y'], 60
TEXTS = ['', 'é', '"\\\n', 'long ' * 40, 'x']


class Clients:
    """old: only what a 2.3.5 can take: no nulls, no change of fields, no truncation, no database with properties.
    drops: fields and properties go, too."""

    def __init__(self, source, old=False, drops=False, dbs=('default', 'db1', 'db2')):
        self.s, self.sim, self.random, self.old, self.drops = source, source.sim, source.random, old, drops
        self.names = dbs
        self.locks, self.over, self.log, self.working = set(), False, [], 0

    def note(self, text):
        self.log.append('%d %s' % (self.sim.now, text))

    def chance(self, p):
        return self.sim.chance(p)

    # rows

    def value(self, f, key):
        r = self.random
        if f.nullable and self.chance(0.3):
            return f.default if f.default is not None else None
        if f.dynamic:
            return json.dumps({'n': r.randint(0, 9), 'k': str(key)})
        return {INT64: lambda: r.randint(0, 10 ** 12), DOUBLE: lambda: r.choice([0.0, -1.5, 1e300, r.random()]),
                BOOL: lambda: self.chance(0.5), VARCHAR: lambda: r.choice(TEXTS), JSON: lambda: json.dumps({'a': [1, None]}),
                FLOATVEC: lambda: [float(r.randint(-99, 99)), 0.5]}[f.kind]()

    def row(self, c, key):
        return {f.id: key if f is c.primary else self.value(f, key) for f in c.fields}

    def part(self, c, key, row):
        """Where it goes: by its partition key, or where another writes it just now, or where it is already, or anywhere."""
        parts = sorted(c.parts)
        if c.keyed:
            return parts[row[next(f.id for f in c.fields if f.partition_key)] % len(parts)]
        home = c.writing.get(key, {}).get('part') or c.rows.get(key, {}).get('part')
        return home or self.random.choice(parts)

    def keys(self, c):
        some = self.random.sample(range(KEYS), self.random.choice([1, 1, 2, 4, 12]))
        return [k if c.primary.kind == INT64 else 'k%d' % k for k in some]

    def rival(self, c, keys):
        """Another client writes the same keys at the same time."""
        self.working += 1
        yield self.random.uniform(0, 60)
        yield from self.write(c, keys)
        self.working -= 1

    def write(self, c, keys=None):
        """A key that others write, too, goes into the partition that they have. By partition key no insert can share its key:
        it would be in two partitions."""
        how = self.random.choice(['insert', 'upsert', 'upsert', 'delete'])
        keys = [k for k in keys or self.keys(c) if not c.writing.get(k, {}).get('alone')]
        if how == 'insert':
            keys = [k for k in keys if k not in c.rows and not (c.keyed and k in c.writing)]
        deletes, inserts = {}, {}
        for k in keys:
            if how != 'delete':
                row = self.row(c, k)
                inserts[k] = self.part(c, k, row), row
            if how == 'upsert':
                deletes[k] = -1 if c.keyed else inserts[k][0]
            elif how == 'delete':
                deletes[k] = c.rows[k]['part'] if k in c.rows and not c.keyed and self.chance(0.5) else -1
        if not keys:
            return
        self.note('%s %s %s' % (how, c.full(), keys))
        if self.chance(0.3):
            self.sim.spawn(self.rival(c, keys))
        for k in keys:
            w = c.writing.setdefault(k, {'n': 0, 'part': None, 'alone': c.keyed and how == 'insert'})
            w['n'] += 1
            w['part'] = w['part'] or k in inserts and inserts[k][0]
        yield from self.s.write(c, deletes, inserts)
        for k in keys:
            c.writing[k]['n'] -= 1
            if c.writing[k]['n'] == 0:
                del c.writing[k]

    def writer(self):
        self.working += 1
        while not self.over:
            yield self.random.expovariate(1 / 120) if self.chance(0.95) else self.random.uniform(500, 3000)
            if self.s.colls:
                yield from self.write(self.random.choice(self.s.colls))
        self.working -= 1

    # changes

    def new_fields(self):
        r = self.random
        key = Field(100, 'pk', INT64, primary=True)
        if self.chance(0.4):
            key = Field(100, 'pk', VARCHAR, {'max_length': '64'}, primary=True)
        keyed, fields = self.chance(0.25), [key, Field(101, 'vec', FLOATVEC, {'dim': '2'})]
        fields.append(Field(102, 'ver', INT64, partition_key=keyed))
        for name, kind in ('txt', VARCHAR), ('flag', BOOL), ('num', DOUBLE):
            if self.chance(0.5):
                nullable = not self.old and self.chance(0.6)
                default = {VARCHAR: 'dflt', BOOL: None, DOUBLE: 2.5}[kind] if nullable and self.chance(0.4) else None
                fields.append(Field(100 + len(fields), name, kind, {'max_length': '500'} if kind == VARCHAR else {},
                                    nullable=nullable, default=default))
        dynamic = self.chance(0.3)
        if dynamic:
            fields.append(Field(100 + len(fields), '$meta', JSON, dynamic=True))
        return fields, keyed, dynamic, r.randint(1, 3)

    def dbs(self):
        return [d for d in sorted(self.s.dbs) if d in self.names]

    def free(self, db):
        return [n for n in NAMES if not any(c.db == db and c.name == n for c in self.s.colls)]

    def create(self, db, name):
        fields, keyed, dynamic, shards = self.new_fields()
        props = {'collection.ttl.seconds': '86400'} if self.chance(0.3) else {}
        self.note('create %s.%s' % (db, name))
        c = yield from self.s.create(db, name, fields, shards, keyed, 1 if self.chance(0.2) else 2, props, dynamic)
        if self.chance(0.8) and c.id not in self.locks:
            self.locks.add(c.id)
            yield from self.s.create_index(c, 'ix_vec', fields[1], {'index_type': 'FLAT', 'metric_type': 'L2'})
            if self.chance(0.6):
                yield from self.s.load(c)
            self.locks.remove(c.id)

    def drop(self, c):
        for a in sorted(c.aliases):
            yield from self.s.drop_alias(c, a)
        if self.old and c.loaded:
            yield from self.s.release(c)
        yield from self.s.drop(c)

    def again(self, c):
        yield from self.drop(c)
        yield from self.create(c.db, c.name)

    def rename(self, c):
        db = c.db if self.old or c.aliases or self.chance(0.6) else self.random.choice(self.dbs())
        if self.free(db):
            yield from self.s.rename(c, db, self.random.choice(self.free(db)))

    def turn(self, c):
        """Away, and another in its place."""
        if self.free(c.db) and not c.aliases:
            name = c.name
            yield from self.s.rename(c, c.db, self.random.choice(self.free(c.db)))
            yield from self.create(c.db, name)

    def truncate(self, c):
        if not self.old:
            yield from self.s.truncate(c)

    def add_field(self, c):
        name = 'f%d' % self.random.randint(1, 3)
        if self.old or any(f.name == name for f in c.fields):
            return
        kind = self.random.choice([INT64, VARCHAR, DOUBLE, BOOL])
        default = {INT64: 7, VARCHAR: 'new', DOUBLE: 0.25, BOOL: None}[kind] if self.chance(0.5) else None
        params = {'max_length': '300'} if kind == VARCHAR else {}
        yield from self.s.add_field(c, Field(0, name, kind, params, nullable=True, default=default))

    def drop_field(self, c):
        some = [f for f in c.fields if f.name[1:].isdigit()]
        if some and self.drops:
            yield from self.s.drop_field(c, self.random.choice(some))

    def props(self, c):
        props = dict(c.props)
        if props and self.drops and self.chance(0.4):
            props.pop(self.random.choice(sorted(props)))
        else:
            props['collection.ttl.seconds'] = str(self.random.randint(10 ** 4, 10 ** 5))
        yield from self.s.set_props(c, props)

    def partition(self, c):
        if c.keyed:
            return
        there = {n: p for p, n in c.parts.items() if n in PARTS}
        name = self.random.choice(PARTS)
        if name not in there:
            yield from self.s.create_part(c, name)
        elif not c.loaded:
            yield from self.s.drop_part(c, there[name])
            if self.chance(0.4):
                yield from self.s.create_part(c, name)

    def index(self, c):
        if c.loaded:
            yield from self.s.release(c)
        elif c.indexes and self.chance(0.4):
            yield from self.s.drop_index(c, self.random.choice(sorted(c.indexes)))
        elif 'ix_vec' not in c.indexes:
            yield from self.s.create_index(c, 'ix_vec', c.fields[1], {'index_type': 'FLAT', 'metric_type': self.random.choice(['L2', 'IP'])})
        else:
            yield from self.s.load(c)

    def alias(self, c):
        alias = self.random.choice(ALIASES)
        if alias in c.aliases:
            yield from self.s.drop_alias(c, alias)
        else:
            yield from self.s.set_alias(c, alias)

    def flush(self, c):
        yield from self.s.flush(c)

    ON_COLL = {'again': 3, 'drop': 2, 'rename': 4, 'turn': 2, 'truncate': 3, 'add_field': 4, 'drop_field': 2, 'props': 2, 'partition': 4,
               'index': 3, 'alias': 3, 'flush': 2}

    def database(self):
        name = self.random.choice([n for n in self.names if n != 'default'])
        if name not in self.s.dbs:
            yield from self.s.create_db(name, {'database.max.collections': '20'} if not self.old and self.chance(0.5) else {})
        elif not any(c.db == name for c in self.s.colls) and self.chance(0.5):
            yield from self.s.drop_db(name)
        elif not self.old:
            yield from self.s.alter_db(name, {'database.max.collections': str(self.random.randint(1, 99))})

    def change(self):
        """One change. Those that could be in each other's way by a name wait for each other."""
        kind = self.random.choices(['make', 'database', 'flush all', 'coll'], [3, 2, 1, 14])[0]
        if len(self.s.colls) < 2 and kind == 'coll':
            kind = 'make'
        if not self.dbs():
            kind = 'database'
        c = op = None
        if kind == 'coll':
            c, op = self.random.choice(self.s.colls), self.random.choices(list(self.ON_COLL), list(self.ON_COLL.values()))[0]
        names = kind in ('make', 'database') or op in ('again', 'drop', 'rename', 'turn', 'alias')
        want = {'names'} if names else set()
        want |= {c.id} if c else set()
        if kind == 'flush all':  # the one that shares the cluster with no other change
            want = {'all'}
        if want & self.locks or 'all' in self.locks or 'all' in want and self.locks:
            return
        self.locks |= want
        self.note('%s %s' % (op or kind, c.full() if c else ''))
        if kind == 'database':
            yield from self.database()
        elif kind == 'flush all':
            yield from self.s.flush_all()
        elif kind == 'coll':
            yield from getattr(self, op)(c)
        else:
            db = self.random.choice(self.dbs())
            if self.free(db):
                yield from self.create(db, self.random.choice(self.free(db)))
        self.locks -= want

    def changer(self):
        self.working += 1
        while not self.over:
            yield self.random.expovariate(1 / 400)
            yield from self.change()
        self.working -= 1

    def trouble(self):
        while not self.over:
            yield self.random.uniform(2000, 8000)
            p = self.random.choice(self.s.pchannels)
            self.note('another node has %s' % p.name)
            yield from p.take_over()

    def end(self, ms):
        """What a key is in the end, several clients decide at once."""
        yield ms
        for c in self.s.colls:
            keys = self.keys(c)
            for _ in range(3):
                self.sim.spawn(self.rival(c, keys))
        self.over = True
        while self.working:
            yield 10
        for p in self.s.pchannels:
            p.over = True

    def run(self, ms, writers=4, changers=2):
        for _ in range(writers):
            self.sim.spawn(self.writer())
        for _ in range(changers):
            self.sim.spawn(self.changer())
        self.sim.spawn(self.trouble())
        self.sim.spawn(self.end(ms))
        self.sim.run()
