"""A writer of seeded histories, the ledger of what it wrote, and the watch over the order at the target."""
import contextlib
import hashlib
import random
import sys
import threading
import time

import grpc

from milvusapi import DT, F, Milvus, MilvusError, quote, vec

KEYS = 400        # rows of a collection, about; deletes keep it there
UPSERTED = 40     # keys that are never deleted, for the watch
FAILURES = (MilvusError, grpc.RpcError)

KINDS = {
    'ups': [F('pk', 'Int64', primary=True)],
    'mix': [F('pk', 'Int64', primary=True)],
    'text': [F('pk', 'VarChar', primary=True, max_length=64)],
    'bykey': [F('pk', 'Int64', primary=True), F('owner', 'Int64', key=True)],
    'parts': [F('pk', 'Int64', primary=True)],
    'ddl': [F('pk', 'Int64', primary=True)],
}
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

    def data(self, keys, vers):
        both = [content(k, v) for k, v in zip(keys, vers)]
        out = {'pk': list(keys), 'ver': list(vers), 'vec': [b[0] for b in both], 'payload': [b[1] for b in both]}
        if self.kind == 'bykey':
            out['owner'] = [owner(k, v) for k, v in zip(keys, vers)]
        return out


def read_rows(m, db, coll, all_keys, names=('pk', 'ver', 'vec', 'payload')):
    """{key: (ver, vec, payload)} of a collection as it is now, and count(*)."""
    from milvusapi import values_of
    got = {d.field_name: d for d in m.query(db, coll, all_keys, list(names))}
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
        self.colls = {}
        for kind in kinds:
            self.colls[kind] = self.make(kind)
        self.count = 0

    def make(self, kind, name=None):
        c = Coll(self.db, name or kind, kind)
        # 64 partitions by key are loaded ten times slower than a few.
        self.m.create(c.db, c.name, c.fields, shards=2, partitions=4 if kind == 'bykey' else 0)
        self.m.index(c.db, c.name, 'vec')
        self.m.load(c.db, c.name)
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
            import traceback
            traceback.print_exc(file=sys.stderr)
            self.error = e
        finally:
            self.idle.set()

    def step(self):
        kind = self.random.choice([*self.colls] + ['ups', 'ups', 'mix', 'mix', 'text'])
        c = self.colls.get(kind)
        if c is None:
            return
        if kind == 'ups':
            return self.raise_versions(c)
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
        if act == 'i':
            self.put(c, self.fresh(c, r.randint(1, 60)))
        elif act == 'u':
            self.put(c, self.some(c, 20) + self.fresh(c, r.randint(1, 3)), upsert=True)
        elif act == 'd' and c.rows:
            self.remove(c, self.some(c, 30))
        elif act == 'x' and c.rows:
            keys = self.some(c, 3)
            self.remove(c, keys)
            self.put(c, keys)
        elif act == 'q' and c.rows:
            keys = self.some(c, 2)
            for _ in range(4):
                self.put(c, keys, upsert=True)

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
        found = read_rows(self.m, c.db, c.name, c.expr(keys), ('pk', 'ver'))
        for k in keys:
            v = found[k][0] if k in found else None
            if v not in c.maybe.get(k, {v}):
                raise AssertionError(f'the source has version {v} of key {k!r}, it can have {c.maybe[k]}')
            if v is None:
                c.rows.pop(k, None)
            else:
                c.rows[k] = v, c.rows.get(k, (0, '_default'))[1]

    # The ledger

    def compare(self, m):
        """What differs between Milvus m and what was written here: sentences."""
        out = []
        for c in self.colls.values():
            for k in list(c.maybe):
                self.reread(c, [k])
            out += self.compare_rows(m, c)
        return out

    def compare_rows(self, m, c):
        where = f'{c.db}.{c.name}'
        try:
            with m.still():
                count = m.count(c.db, c.name)
                got = read_rows(m, c.db, c.name, 'pk >= ""' if c.kind == 'text' else 'pk <= 0 or pk > 0')
        except FAILURES as e:
            return [f'{where}: {e}']
        out = []
        if count != len(c.rows):
            out.append(f'{where}: {count} rows, {len(c.rows)} were written')
        for k in sorted(got.keys() | c.rows.keys(), key=str):
            if k not in got:
                out.append(f'{where}: key {k!r}, version {c.rows[k][0]}, is missing')
            elif k not in c.rows:
                out.append(f'{where}: key {k!r}, version {got[k][0]}, was deleted or never written')
            elif got[k] != (c.rows[k][0], *content(k, c.rows[k][0])):
                out.append(f'{where}: key {k!r} has version {got[k][0]}, {got[k][1:]!r}; '
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
            except FAILURES:
                pass  # the target is away, or has no such collection yet

    def poll(self):
        c = self.load.colls['ups']
        ts, writer = int(self.pipe.checkpoint()['ts']), self.pipe.writer()
        if writer != self.writer:
            # Whatever it redoes was written at the source before it started, so before now.
            self.redone = self.src.now()
            self.writer = writer
        self.raise_floor(ts)
        got = {k: v[0] for k, v in read_rows(self.m, c.db, c.name, c.expr([c.key(k) for k in range(1, UPSERTED + 1)]),
                                             ('pk', 'ver')).items()}
        self.polls += 1
        for k, least in self.floor.items():
            if got.get(k, 0) < least:
                self.say(f'key {k}: version {got.get(k, "none")}, but checkpoint {ts} confirmed {least}')
        same = writer == self.pipe.writer()
        if same and ts >= self.redone:
            self.judged += 1
            for k, v in self.seen.items():
                if got.get(k, 0) < v:
                    self.say(f'key {k}: version fell from {v} to {got.get(k, "none")} in process {writer}')
        self.seen = got

    def raise_floor(self, ts):
        log = self.load.log
        while self.used < len(log) and log[self.used][0] <= ts:
            _, k, v = log[self.used]
            self.floor[k] = max(v, self.floor.get(k, 0))
            self.used += 1

    def say(self, text):
        if len(self.found) < 100:
            self.found.append(text)
