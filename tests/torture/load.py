"""A writer of seeded histories, the ledger of what it wrote, and the watch over the order at the target."""
import contextlib
import hashlib
import random
import sys
import threading
import time
import traceback

import grpc

from milvusapi import F, Milvus, MilvusError, quote, values_of, vec

KEYS = 400        # rows of a collection, about; deletes keep it there
UPSERTED = 40     # keys that are never deleted, for the watch
RIGHT = 5         # answers in a row that show all, before the watch judges one that does not
FAILURES = (MilvusError, grpc.RpcError)

KINDS = {
    'ups': [F('pk', 'Int64', primary=True)],
    'mix': [F('pk', 'Int64', primary=True)],
    'text': [F('pk', 'VarChar', primary=True, max_length=64)],
    'bykey': [F('pk', 'Int64', primary=True), F('owner', 'Int64', key=True)],
    'parts': [F('pk', 'Int64', primary=True)],
    'ddl': [F('pk', 'Int64', primary=True)],
}
WEIGHT = {'ups': 3, 'mix': 3, 'text': 2, 'once': 0}  # once: only a scenario writes there
COMMON = [F('ver', 'Int64'), F('vec', 'FloatVector', dim=4), F('payload', 'VarChar', max_length=128)]


def content(key, ver):
    """What a row of this key and version holds: a torn or a mixed row shows."""
    h = hashlib.sha256(f'{key} {ver}'.encode()).hexdigest()
    return vec(*(int(h[i:i + 4], 16) for i in range(0, 16, 4))), h[:ver % 60 + 1] + f'·{key}'


def owner(key, ver):
    return int(hashlib.sha256(f'{key} {ver}'.encode()).hexdigest()[:2], 16) % 5


class Coll:
    """One collection and what it holds: {key: (version, partition)}."""

    def __init__(self, db, name, kind):
        self.db, self.name, self.kind = db, name, kind
        self.fields = KINDS[kind] + COMMON
        self.rows = {}
        self.maybe = {}   # key: versions (None: none) that it may have, as an answer was lost
        self.parts = {'_default'}

    def key(self, n):
        return f'k"{n}\\{n % 7}' if self.kind == 'text' else n if n % 5 else -n

    def expr(self, keys):
        return f'pk in [{",".join(map(quote, keys))}]' if self.kind == 'text' else f'pk in {list(keys)}'

    def all_keys(self):
        return 'pk >= ""' if self.kind == 'text' else 'pk <= 0 or pk > 0'

    def data(self, keys, vers):
        both = [content(k, v) for k, v in zip(keys, vers)]
        out = {'pk': list(keys), 'ver': list(vers), 'vec': [b[0] for b in both], 'payload': [b[1] for b in both]}
        if self.kind == 'bykey':
            out['owner'] = [owner(k, v) for k, v in zip(keys, vers)]
        return out


def read_rows(m, db, coll, expr, names=('pk', 'ver', 'vec', 'payload'), parts=()):
    """{key: (ver, vec, payload)} of a collection as it is now."""
    got = {d.field_name: d for d in m.query(db, coll, expr, list(names), parts)}
    s = got['pk'].scalars
    keys = list(s.string_data.data or s.long_data.data)
    columns = [values_of(got[n], len(keys)) for n in names[1:]]
    return dict(zip(keys, zip(*columns)))


class Load(threading.Thread):
    """Writes until it is told to stop; what it did is in the model, by value."""

    def __init__(self, t, name='load', kinds=tuple(KINDS), pause_s=0.0):
        super().__init__(daemon=True)
        self.t, self.name, self.pause_s = t, name, pause_s
        self.random = random.Random(f'{t.seed} {t.name} {name}')
        self.m = Milvus(t.src.uri)
        self.db = t.make_db(f'_{name}')
        self.version = 0
        self.number = 0
        self.written = 0
        self.lost = 0         # answers
        self.error = None
        self.trouble = ''     # what the source said last, while it is asked again
        self.stopping = threading.Event()
        self.wanted = threading.Event()
        self.idle = threading.Event()
        self.wanted.set()
        self.log = []         # (timestamp, key, version) of 'ups', as they were confirmed
        self.colls = {}       # {kind: Coll}; 'ddl' changes its name, 'other' its database too
        for kind in kinds:
            self.colls[kind] = self.make(self.db, kind, kind)
        self.alias = f'alias_{name}_{t.tag}'
        self.alias_of = None  # the Coll that has it
        self.parts_made = 0

    def make(self, db, name, kind):
        c, m = Coll(db, name, kind), self.m
        # 64 partitions by key are loaded ten times slower than a few.
        self.sure(lambda: m.create(db, name, c.fields, shards=2, partitions=4 if kind == 'bykey' else 0),
                  lambda: m.exists(db, name))
        self.sure(lambda: m.index(db, name, 'vec'), lambda: m.indexes(db, name))
        self.sure(lambda: m.load(db, name), lambda: m.load_state(db, name) == 'Loaded')
        return c

    # Outside

    def pause(self, timeout=120):
        """Returns when nothing more is being written and all answers are in."""
        self.wanted.clear()
        if self.is_alive() and not self.idle.wait(timeout):
            raise TimeoutError(f'{self.name} does not come to rest: {self.trouble}')
        if self.error:
            raise self.error

    def resume(self):
        self.idle.clear()
        self.wanted.set()

    def stop(self):
        self.stopping.set()
        self.wanted.set()
        if self.is_alive():
            self.join(120)
        if self.error:
            raise self.error

    @property
    def rows(self):
        return self.written

    def wait_rows(self, n, timeout=120):
        """Until n more rows have been written."""
        end, goal = time.monotonic() + timeout, self.written + n
        while self.written < goal:
            if self.error:
                raise self.error
            if time.monotonic() > end:
                raise TimeoutError(f'{self.name}: {goal - self.written} rows of {n} are not written after {timeout} s: '
                                   f'{self.trouble}')
            time.sleep(0.02)

    # The thread

    def run(self):
        try:
            while not self.stopping.is_set():
                if not self.wanted.is_set():
                    self.idle.set()
                    self.wanted.wait()
                    continue
                self.step()
                if self.pause_s:
                    time.sleep(self.pause_s)
        except Exception as e:  # noqa: BLE001: told by who waits for us
            traceback.print_exc(file=sys.stderr)
            self.error = e
        finally:
            self.idle.set()

    def step(self):
        r = self.random
        c = self.colls[r.choices(list(self.colls), [WEIGHT.get(k, 1) for k in self.colls])[0]]
        if c.kind == 'ups':
            self.raise_versions(c)
        elif c.kind == 'parts' and r.random() < 0.15:
            self.change_partitions(c)
        elif c.kind == 'ddl' and r.random() < 0.2:
            r.choice((self.again, self.rename, self.rename, self.move_alias, self.other_database))()
        else:
            self.mixed(c)

    def vers(self, n):
        self.version += n
        return list(range(self.version - n + 1, self.version + 1))

    def fresh(self, c, n):
        self.number += n
        return [c.key(i) for i in range(self.number - n + 1, self.number + 1)]

    def some(self, c, most, part=None):
        keys = sorted(k for k, (_, p) in c.rows.items() if part is None or p == part)
        return self.random.sample(keys, min(len(keys), self.random.randint(1, most)))

    def raise_versions(self, c):
        r = self.random
        keys = [c.key(k) for k in r.sample(range(1, UPSERTED + 1), r.randint(1, 12))]
        for _ in range(r.choice((1, 1, 1, 3))):  # in quick succession
            self.put(c, keys, upsert=True)

    def mixed(self, c):
        r = self.random
        act = r.choice('iiuuddxq' if len(c.rows) < KEYS else 'uuddddxq')
        # An upsert looks for the old row in its own partition alone, so a key stays in one.
        part = r.choice(sorted(c.parts)) if c.kind == 'parts' else ''
        mine = part or None
        if act == 'i':
            self.put(c, self.fresh(c, r.randint(1, 60)), part)
        elif act == 'u':
            self.put(c, self.some(c, 20, mine) + self.fresh(c, r.randint(1, 3)), part, upsert=True)
        elif act == 'd':
            self.remove(c, self.some(c, 30, mine), part)
        elif act == 'x':
            keys = self.some(c, 3, mine)
            self.remove(c, keys, part)
            self.put(c, keys, part)
        elif act == 'q':
            keys = self.some(c, 2, mine)
            for _ in range(4):
                self.put(c, keys, part, upsert=True)

    # Definitions

    def sure(self, act, done):
        """Until the source says that it is done: an answer may be lost, of the question too."""
        try:
            return act()
        except FAILURES as e:
            def until_done():
                if not done():
                    act()
            self.settle(until_done, e)

    def change_partitions(self, c):
        m = self.m
        old = sorted(c.parts - {'_default'})
        if len(old) < 2 or (len(old) < 4 and self.random.random() < 0.5):
            self.parts_made += 1
            # A few names, so that one comes back.
            part = next(n for n in (f'p{(self.parts_made + i) % 6}' for i in range(6)) if n not in c.parts)
            self.sure(lambda: m.create_partition(c.db, c.name, part), lambda: part in m.partitions(c.db, c.name))
            c.parts.add(part)
            self.put(c, self.fresh(c, self.random.randint(1, 30)), part)
            return
        part = self.random.choice(old)
        self.sure(lambda: m.release_partitions(c.db, c.name, [part]),
                  lambda: m.load_state(c.db, c.name, [part]) == 'NotLoad')
        self.sure(lambda: m.drop_partition(c.db, c.name, part), lambda: part not in m.partitions(c.db, c.name))
        c.parts.discard(part)
        for k in [k for k, (_, p) in c.rows.items() if p == part]:
            del c.rows[k]
            c.maybe.pop(k, None)

    def drop(self, c):
        self.drop_alias(c)
        self.sure(lambda: self.m.drop(c.db, c.name), lambda: not self.m.exists(c.db, c.name))

    def again(self):
        """Dropped, and made anew under its name, with some of the same keys."""
        c = self.colls['ddl']
        keys = self.some(c, 20)
        self.drop(c)
        self.colls['ddl'] = c = self.make(c.db, c.name, 'ddl')
        self.put(c, keys + self.fresh(c, 5))

    def rename(self):
        c = self.colls['ddl']
        new = f'ddl{self.random.randint(1, 3)}'
        if new == c.name:
            return self.again()
        self.sure(lambda: self.m.rename(c.db, c.name, new), lambda: self.m.exists(c.db, new))
        c.name = new
        self.put(c, self.fresh(c, 3))

    def move_alias(self):
        """Made, moved to another collection, dropped."""
        c = self.colls[self.random.choice(sorted(self.colls.keys() & {'ddl', 'mix'}))]
        if self.alias_of is c:
            return self.drop_alias(c)
        act = self.m.alter_alias if self.alias_of else self.m.alias
        self.sure(lambda: act(c.db, c.name, self.alias), lambda: self.alias in self.m.describe(c.db, c.name).aliases)
        self.alias_of = c

    def drop_alias(self, c):
        if self.alias_of is c:
            self.sure(lambda: self.m.drop_alias(c.db, self.alias),
                      lambda: self.alias not in self.m.describe(c.db, c.name).aliases)
            self.alias_of = None

    def other_database(self):
        """A database with a collection comes, and goes the next time."""
        db, m = f'{self.db}_x', self.m
        c = self.colls.pop('other', None)
        if c:
            self.drop(c)
            self.sure(lambda: m.drop_db(db), lambda: db not in m.dbs())
            self.t.databases.discard(db)
            return
        self.sure(lambda: m.create_db(db), lambda: db in m.dbs())
        self.t.databases.add(db)
        self.colls['other'] = c = self.make(db, 'c', 'mix')
        self.put(c, self.fresh(c, 20))

    # Writes

    def put(self, c, keys, part='', upsert=False):
        if not keys:
            return
        vers = self.vers(len(keys))
        data = c.data(keys, vers)
        self.m.fields[c.db, c.name] = c.fields
        try:
            answer = (self.m.upsert if upsert else self.m.insert)(c.db, c.name, data, part)
        except FAILURES as e:
            return self.unknown(c, dict(zip(keys, vers)), e)
        for k, v in zip(keys, vers):
            c.rows[k] = v, part or '_default'
            c.maybe.pop(k, None)
        self.written += len(keys)
        if c.kind == 'ups':
            self.log += [(answer.timestamp, k, v) for k, v in zip(keys, vers)]

    def remove(self, c, keys, part=''):
        if not keys:
            return
        try:
            self.m.delete(c.db, c.name, c.expr(keys), part)
        except FAILURES as e:
            return self.unknown(c, dict.fromkeys(keys), e)
        for k in keys:
            c.rows.pop(k, None)
            c.maybe.pop(k, None)
        self.written += len(keys)

    def unknown(self, c, now, e):
        """The answer was lost: each key is as before or as it should have become, the source alone knows."""
        self.lost += 1
        for k, v in now.items():
            old = c.rows.get(k)
            c.maybe.setdefault(k, {old and old[0]}).add(v)
        self.settle(lambda: self.reread(c, list(now)), e)

    def settle(self, act, e):
        """Again and again until the source answers."""
        while not self.stopping.is_set():
            self.trouble = str(e)[:300]
            time.sleep(0.2)
            with contextlib.suppress(*FAILURES):
                act()
                self.trouble = ''
                return

    def reread(self, c, keys):
        found = {}  # key: version, partition
        for p in sorted(c.parts):
            here = read_rows(self.m, c.db, c.name, c.expr(keys), ('pk', 'ver'), [p] if c.kind == 'parts' else ())
            found.update({k: (v[0], p) for k, v in here.items()})
        for k in keys:
            v, _ = found.get(k, (None, ''))
            if v not in c.maybe.get(k, {v}):
                raise AssertionError(f'the source has version {v} of key {k!r}, it can have {c.maybe[k]}')
            if v is None:
                c.rows.pop(k, None)
            else:
                c.rows[k] = found[k]

    # The ledger

    def compare(self, m):
        """What differs between Milvus m and what was written here: sentences."""
        self.settle_all()
        return [d for c in self.colls.values() for d in self.compare_rows(m, c)]

    def settle_all(self):
        """Asks the source for all whose answers were lost."""
        for c in self.colls.values():
            for k in list(c.maybe):
                self.reread(c, [k])

    @staticmethod
    def differing(c, got):
        """(key, row or None) of the rows that are there, and are not what they should be."""
        want = {k: (v, *content(k, v)) for k, (v, _) in c.rows.items()}
        return [(k, got.get(k)) for k in sorted(got.keys() | want.keys(), key=str) if got.get(k) != want.get(k)]

    def compare_rows(self, m, c):
        where = f'{c.db}.{c.name}'
        try:
            with m.still():
                count = m.count(c.db, c.name)
                got = read_rows(m, c.db, c.name, c.all_keys())
                parts = {p: set(read_rows(m, c.db, c.name, c.all_keys(), ('pk', 'ver'), [p])) for p in c.parts
                         if c.kind == 'parts'}
        except FAILURES as e:
            return [f'{where}: {e}']
        out = []
        if count != len(c.rows):
            out.append(f'{where}: {count} rows, {len(c.rows)} were written')
        for p, keys in parts.items():
            if keys != {k for k, (_, q) in c.rows.items() if p == q}:
                out.append(f'{where}: other keys in partition {p}')
        for k, row in self.differing(c, got):
            if row is None:
                out.append(f'{where}: key {k!r}, version {c.rows[k][0]}, is missing')
            elif k not in c.rows:
                out.append(f'{where}: key {k!r}, version {row[0]}, was deleted or never written')
            else:
                out.append(f'{where}: key {k!r} has version {row[0]}, {row[1:]!r}; '
                           f'it should have {c.rows[k][0]}, {content(k, c.rows[k][0])!r}')
        return out


class Order(threading.Thread):
    """Asks the target for the versions of keys that are only upserted.

    In one process of cdc-apply a version falls only as long as it redoes what a process before it had done: up to the
    source's time at its start.  And never is it below what a checkpoint that was on the disk before had confirmed.
    """

    def __init__(self, load, pipe):
        super().__init__(daemon=True)
        self.load, self.pipe = load, pipe
        self.m = Milvus(load.t.dst.uri)
        self.src = Milvus(load.t.src.uri)
        self.found = []       # violations
        self.polls = self.judged = 0
        self.stopping = threading.Event()
        # A Milvus that has just loaded a collection answers from what it has replayed of its own log so far, under
        # Strong consistency too; a shard that was right can be behind once more.  So it must have been right some times
        # in a row; if it never is, the ledger shows it.
        self.right = 0
        self.seen = {}        # key: version
        self.floor = {}       # key: version that is confirmed
        self.used = 0         # entries of load.log that are in the floor
        self.writer = None
        self.redone = None    # the redo of this writer ends at this timestamp

    def stop(self):
        self.stopping.set()
        if self.is_alive():
            self.join(60)

    def run(self):
        while not self.stopping.wait(0.1):
            try:
                self.poll()
            except FAILURES:  # the target is away, or has no such collection yet
                self.right = 0

    def is_steady(self):
        return self.right == RIGHT

    def read(self):
        """{key: version} now, and when that was asked."""
        c = self.load.colls['ups']
        keys = [c.key(k) for k in range(1, UPSERTED + 1)]
        began = time.monotonic()
        return {k: v[0] for k, v in read_rows(self.m, c.db, c.name, c.expr(keys), ('pk', 'ver')).items()}, began

    def poll(self):
        ts, writer = int(self.pipe.checkpoint()['ts']), self.pipe.writer()
        if writer != self.writer:
            # Whatever it redoes was written at the source before it started, so before now.
            self.redone = self.src.now()
            self.writer = writer
        self.raise_floor(ts)
        got, began = self.read()
        self.polls += 1
        out = [f'key {k}: version {got.get(k, "none")}, but checkpoint {ts} confirmed {least}'
               for k, least in self.floor.items() if got.get(k, 0) < least]
        if not self.is_steady():
            self.right = 0 if out else self.right + 1
            self.seen = got
            return
        if writer == self.pipe.writer() and ts >= self.redone:
            self.judged += 1
            out += [f'key {k}: version fell from {v} to {got.get(k, "none")} in process {writer}'
                    for k, v in self.seen.items() if got.get(k, 0) < v]
        if out:
            self.say(out, began)
        self.seen = got

    def raise_floor(self, ts):
        log = self.load.log
        while self.used < len(log) and log[self.used][0] <= ts:
            _, k, v = log[self.used]
            self.floor[k] = max(v, self.floor.get(k, 0))
            self.used += 1

    def say(self, out, began):
        again, later = self.read()
        self.found += out[:100 - len(self.found)]
        self.found.append(f'{len(out)} such at once; {later - began:.2f} s later: {again}')
