"""Histories at the source that are hard to follow: names that come, go and change places, races, sizes, wrong clocks."""
import collections

from torture import *  # noqa: F401,F403
from torture import BUILD, Milvus, MilvusError, Stuck, diag, eventually
from load import FAILURES
from smallfile import strike

FIELDS = [F('pk', 'Int64', primary=True), F('ver', 'Int64'), F('vec', 'FloatVector', dim=2)]
CLOCK = os.path.join(BUILD, 'tests', 'clock.so')


def rows(keys, ver):
    return {'pk': list(keys), 'ver': [ver] * len(keys), 'vec': [vec(ver, k) for k in range(len(keys))]}


class Names:
    """Collections of one database under a few names, and what may be done to them."""

    def __init__(self, t):
        self.t, self.m, self.random, self.ver = t, Milvus(t.src.uri), t.random, 0
        self.db = t.make_db()
        self.colls = {}      # name: partitions
        self.aliases = {}

    def make(self, name):
        self.m.create(self.db, name, FIELDS, shards=self.random.choice([1, 2]))
        self.m.index(self.db, name, 'vec')
        self.m.load(self.db, name)
        self.colls[name] = {'_default'}
        self.write(name)

    def write(self, name, n=20):
        self.ver += 1
        self.m.fields[self.db, name] = FIELDS
        keys = self.random.sample(range(100), n)
        self.m.upsert(self.db, name, rows(keys, self.ver), self.random.choice(sorted(self.colls[name])))

    def remove(self, name):
        self.m.delete(self.db, name, f'pk in {self.random.sample(range(100), 10)}')

    def drop(self, name):
        for a in [a for a, c in self.aliases.items() if c == name]:
            self.m.drop_alias(self.db, a)
            del self.aliases[a]
        self.m.drop(self.db, name)
        del self.colls[name]

    def rename(self, old, new):
        self.m.rename(self.db, old, new)
        self.colls[new] = self.colls.pop(old)
        self.aliases = {a: new if c == old else c for a, c in self.aliases.items()}

    def turn(self, names):
        """Each takes the next one's name."""
        self.rename(names[0], 'between')
        for a, b in zip(names[1:], names):
            self.rename(a, b)
        self.rename('between', names[-1])

    def partition(self, name):
        p = self.random.choice('pq')
        if p in self.colls[name]:
            self.m.release(self.db, name)
            self.m.drop_partition(self.db, name, p)
            self.colls[name].discard(p)
            self.m.load(self.db, name)
        else:
            self.m.create_partition(self.db, name, p)
            self.colls[name].add(p)
        self.write(name)

    def alias(self, name):
        alias = f'{self.db}_{self.random.choice("xy")}'
        (self.m.alter_alias if alias in self.aliases else self.m.alias)(self.db, name, alias)
        self.aliases[alias] = name

    def step(self):
        """One thing that can be done now; its name."""
        some = sorted(self.colls)
        free = [n for n in 'abcd' if n not in self.colls]
        act = self.random.choice(['write', 'remove', 'drop', 'again', 'rename', 'turn', 'partition', 'alias', 'make'])
        if act == 'make' and free or not some:
            self.make(self.random.choice(free))
            return 'make'
        name = self.random.choice(some)
        if act == 'again':
            self.drop(name)
            self.make(name)
        elif act == 'rename' and free:
            self.rename(name, self.random.choice(free))
        elif act == 'turn' and len(some) > 1:
            self.turn(self.random.sample(some, self.random.randint(2, len(some))))
        elif act in ('write', 'remove', 'drop', 'partition', 'alias'):
            getattr(self, act)(name)
        else:
            self.write(name)
        return act


@scenario(short=2, long=50)
def changing_names(t):
    """Live, as a backlog, and around ends of all kinds."""
    names, pipe = Names(t), t.pipeline()
    pipe.start()
    for i in t.each_round():
        how = t.random.choice(['live', 'stopped', 'killed', 'killed at work'])
        done = []
        if how == 'stopped':
            pipe.stop()
        elif how == 'killed':
            pipe.chain.kill()
            pipe.ended()
        for k in range(t.random.randint(2, 7)):
            done.append(names.step())
            if how == 'killed at work' and k == 1:
                pipe.chain.kill()
                pipe.go_on()
        t.fault(f'{how}: {", ".join(done)}')
        if how in ('stopped', 'killed'):
            pipe.start()
        if i % 3 == 2 or i == t.rounds - 1:
            t.check(pipe, f'after round {i}, {how}: {", ".join(done)}')
    pipe.stop()


@scenario(short=0, long=15)
def drops_in_a_race(t):
    """Rows on their way into partitions, collections and databases that are being dropped."""
    pipe = t.pipeline().start()
    keep = t.make_db('_keep')
    t.src.create(keep, 'c', FIELDS)
    t.src.index(keep, 'c', 'vec')
    t.src.load(keep, 'c')
    for i in t.each_round():
        db = t.make_db(f'_r{i}')
        for c in 'part', 'coll':
            t.src.create(db, c, FIELDS, shards=2)
        t.src.create_partition(db, 'part', 'p')
        stop, counts = threading.Event(), collections.Counter()

        def write(coll, part, m=None):
            m = Milvus(t.src.uri)
            m.fields = {(db, coll): FIELDS}
            ver = 0
            while not stop.is_set():
                ver += 1
                try:
                    m.upsert(db, coll, rows(range(ver % 50, ver % 50 + 10), ver), part)
                    counts[coll] += 1
                except FAILURES:
                    counts['refused'] += 1

        writers = [threading.Thread(target=write, args=a) for a in (('part', 'p'), ('part', ''), ('coll', ''))]
        for w in writers:
            w.start()
        eventually(lambda: counts['part'] > 5 and counts['coll'] > 5, what='writers')
        t.fault('dropped under the writers')
        t.src.drop_partition(db, 'part', 'p')
        t.src.drop(db, 'coll')
        again = t.random.random() < 0.5
        if again:
            t.src.create(db, 'coll', FIELDS)
            t.src.create_partition(db, 'part', 'p')
            seen = counts['coll']
            eventually(lambda: counts['coll'] > seen + 3, what='writers of the new one')
        whole = t.random.random() < 0.5
        if whole:
            for c in sorted(t.src.colls(db)):
                t.src.drop(db, c)
            with contextlib.suppress(MilvusError):  # a writer's last request may hold it up
                t.src.drop_db(db)
                t.databases.discard(db)
        stop.set()
        for w in writers:
            w.join()
        for c in sorted(t.src.colls(db)) if db in t.src.dbs() else []:
            t.src.index(db, c, 'vec')
            t.src.load(db, c)
        t.src.upsert(keep, 'c', rows(range(10), i))
        if i % 5 == 4 or i == t.rounds - 1:
            t.check(pipe, f'round {i}: {"again, " if again else ""}{"the database, too" if whole else ""}')
            t.judge('what is gone is gone', sorted(d for d in t.dst.dbs() - t.src.dbs() if d.startswith(t.db)))
    pipe.stop()


@scenario(short=0, long=6)
def one_key(t):
    """Many writers of the same few keys at once, a key several times in one request, deletes between."""
    db = t.make_db()
    t.src.create(db, 'c', FIELDS, shards=2)
    t.src.index(db, 'c', 'vec')
    t.src.load(db, 'c')
    pipe = t.pipeline().start()
    for i in t.each_round():
        t.fault('many writers of one key')

        def write(n):
            m = Milvus(t.src.uri)
            m.fields = {(db, 'c'): FIELDS}
            for k in range(30):
                m.upsert(db, 'c', rows([1, 2 + n], i * 1000 + n * 100 + k))
                if k % 7 == n:
                    # Not an insert: two at once would leave the key twice, and either may be answered.
                    m.delete(db, 'c', 'pk in [1, 3]')
                    m.upsert(db, 'c', rows([1], i * 1000 + n * 100 + k))

        writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for w in writers:
            w.start()
        for w in writers:
            w.join()
        t.check(pipe, f'round {i}')
    # Milvus 2.3 takes a key twice in one request, and itself answers with either row.
    t.fault('a key twice in one request')
    twice = [500, 501, 500, 500, 502]
    t.src.insert(db, 'c', {'pk': twice, 'ver': [1, 2, 3, 4, 5], 'vec': [vec(9, k) for k in range(5)]})
    pipe.catch_up()
    with t.dst.still():
        got = t.dst.query(db, 'c', 'pk >= 500 and pk < 600', ['pk', 'ver'])
        got = dict(zip(*(d.scalars.long_data.data for d in sorted(got, key=lambda d: d.field_name))))
    t.judge('each key once, with one of its values',
            [] if got.keys() == {500, 501, 502} and got[500] in (1, 3, 4) and got[501] == 2 else [got])
    t.src.upsert(db, 'c', rows([500], 77))
    t.check(pipe, 'and an upsert makes it one')
    pipe.stop()


WIDE = [F('pk', 'Int64', primary=True)] + [F(f't{i}', 'VarChar', max_length=65535) for i in range(40)] + [
    F('vec', 'FloatVector', dim=2)]
DEEP = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=32768)]


@scenario(short=0, long=3)
def large_rows(t):
    """10 MB in one request, and a row of 2.6 MB: what passes the source's broker passes us."""
    db = t.make_db()
    for name, fields in ('wide', WIDE), ('deep', DEEP):
        t.src.create(db, name, fields, shards=1)
        t.src.index(db, name, 'vec')
        t.src.load(db, name)
    pipe = t.pipeline().start()
    for i in t.each_round():
        t.fault('10 MB at once, and one row of 2.6 MB')
        t.src.insert(db, 'deep', {'pk': [i * 100 + k for k in range(76)], 'vec': [t.random.randbytes(4) * 32768] * 76})
        text = t.random.choice(['a', '"', '\\', 'é', '\x01'])
        text *= 65000 // len(text.encode())
        t.src.insert(db, 'wide', {'pk': [i], **{f't{k}': [text] for k in range(40)}, 'vec': [vec(1, 2)]})
        t.src.upsert(db, 'wide', {'pk': [i], **{f't{k}': [text[:-k or None]] for k in range(40)}, 'vec': [vec(1, 3)]})
        pipe.catch_up()
    t.check(pipe)
    pipe.stop()


@scenario(short=0, long=3)
def large_deletes(t):
    """Very many keys in one delete: 20,000 a round, 200,000 in the last one of the long form."""
    db = t.make_db()
    t.src.create(db, 'c', FIELDS[:1] + FIELDS[2:], shards=2)
    t.src.index(db, 'c', 'vec')
    t.src.load(db, 'c')
    pipe = t.pipeline().start()
    for i in t.each_round():
        n = 200000 if i and i == t.rounds - 1 else 20000
        for at in range(0, n + 100, 50000):
            keys = list(range(at, min(at + 50000, n + 100)))
            t.src.upsert(db, 'c', {'pk': keys, 'vec': [vec(1, 2)] * len(keys)})
        t.fault(f'a delete of {n} keys')
        t.src.delete(db, 'c', f'pk in [{",".join(map(str, range(n)))}]')
        t.src.insert(db, 'c', {'pk': [n // 2], 'vec': [vec(3, 4)]})
        t.check(pipe, f'{n} keys')
        t.judge(f'{n} keys: 101 rows are left', [] if t.dst.count(db, 'c') == 101 else [t.dst.count(db, 'c')])
    pipe.stop()


@scenario(short=0, long=15)
def wrong_clock(t):
    """The wall clock of this machine is a day off, either way, and jumps while all run."""
    load = t.load()
    offset = t.path('clock')
    t.env.update(LD_PRELOAD=CLOCK, CLOCK_OFF=offset)

    def off(seconds):
        with open(offset + '.new', 'w') as f:
            f.write(str(seconds))
        os.rename(offset + '.new', offset)
        t.fault(f'the clock is off by {seconds} s')

    off(86400)
    pipe = t.run_task()
    t.watch(pipe)
    for i in t.each_round():
        now = t.random.choice([86400, -86400, 3600, -3600, 1, -1, 0]) if i else -86400
        again = t.random.random() < 0.5
        if again:
            pipe.stop()
        off(now)
        if again:
            pipe.start()
        load.wait_rows(200)
        status = json.loads(t.run('cdc-task', 'status', pipe.name, '--json', status=None).splitlines()[0])
        t.judge(f'off by {now}: status', [] if status.get('state') in ('running', 'stalled', 'stopped') else [status])
        if i % 5 == 4 or i == t.rounds - 1:
            t.check(pipe, f'off by {now}')
    pipe.stop()


@scenario(short=0, long=1)
def until_before_a_drop(t):
    """A backup up to a time has what was there then, also what was dropped since."""
    db = t.make_db()
    for c in 'empty', 'full', 'stays':
        t.src.create(db, c, FIELDS)
    for c in 'full', 'stays':
        t.src.insert(db, c, rows(range(5), 1))
    then = t.src.now()
    t.src.insert(db, 'stays', rows(range(10, 15), 1))
    for c in 'empty', 'full':
        t.src.drop(db, c)
    strike(t, 'dropped after the time of the backup')
    t.backup(t.path('then'), until=f'ts:{then}')
    t.restore(t.path('then'))
    t.judge('all are there', sorted({'empty', 'full', 'stays'} ^ t.dst.colls(db)))
    for c in 'full', 'stays':
        t.dst.index(db, c, 'vec')
        t.dst.load(db, c)
        t.judge(f'{c} has its five rows', [] if t.dst.count(db, c) == 5 else [t.dst.count(db, c)])
    with open(t.path('then')) as f, open(t.path('tail'), 'w') as o:
        o.write(f.read().splitlines()[-1] + '\n')
    t.backup(t.path('whole'))
    t.restore(t.path('whole'))
    t.judge('a whole one over it takes away what was dropped', sorted({'stays'} ^ t.dst.colls(db)))
    t.backup(t.path('now'), '--from', f'@{t.path("tail")}')
    t.restore(t.path('now'))
    t.judge('and so does what comes behind it', sorted({'stays'} ^ t.dst.colls(db)))
    t.judge('and has the rows', [] if t.dst.count(db, 'stays') == 10 else [t.dst.count(db, 'stays')])
