"""Histories that break naive orders: live, as a backlog, across a restart, across a crash.

Each is a generator with one yield: what comes after it happens while the pipeline is down (restart), right after
(live), before the pipeline exists at all (backlog), or is applied but not confirmed when it is killed (crash).  All run side by side, each in a database of its own.
"""
import signal

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=2)]
WIDER = FIELDS + [F('more', 'Int32')]


class At:
    """A database of the source, with short words for what the histories do to it."""

    def __init__(self, case, db):
        self.m, self.db, self.case = case.src, db, case

    def make(self, coll, *keys, fields=FIELDS, load=True, **how):
        self.m.create(self.db, coll, fields, **how)
        if load:
            self.m.index(self.db, coll, 'vec')
            self.m.load(self.db, coll)
        if keys:
            self.put(coll, *keys)

    def put(self, coll, *keys, part=''):
        fields = self.m.fields[self.db, coll]
        data = {'pk': list(keys), 'vec': [vec(k, len(coll) + ord(coll[0])) for k in keys]}
        if len(fields) > 2:
            data['more'] = [k * 2 for k in keys]
        self.m.insert(self.db, coll, data, part)

    def remove(self, coll, *keys):
        self.m.delete(self.db, coll, f'pk in {list(keys)}')

    def alias(self, alias, coll, moved=False):
        (self.m.alter_alias if moved else self.m.alias)(self.db, coll, alias)
        self.m.fields[self.db, alias] = self.m.fields[self.db, coll]

    def __getattr__(self, name):
        return lambda *more, **how: getattr(self.m, name)(self.db, *more, **how)


def create_drop_create(s):
    s.make('c', *range(50))
    yield
    s.drop('c')  # loaded: its message comes late
    s.make('c', *range(100, 120))


def create_drop_create_other_fields(s):
    s.make('c', *range(50))
    yield
    s.drop('c')
    s.make('c', *range(20, 70), fields=WIDER, dynamic=True, shards=2)
    s.drop('c')
    s.make('c', *range(40, 60), fields=WIDER)


def created_and_dropped_three_times(s):
    for i in range(3):
        s.make('c', i)
        s.drop('c')
    yield
    for i in range(3):
        s.make('c', i + 10)
        s.drop('c')


def partition_again(s):
    s.make('c', 1, 2, 3)
    s.create_partition('c', 'p')
    s.put('c', *range(10, 60), part='p')
    yield
    s.release('c')
    s.drop_partition('c', 'p')
    s.create_partition('c', 'p')
    s.put('c', *range(50, 70), part='p')
    s.load('c')


def renamed_and_made_anew(s):
    s.make('c', *range(20))
    yield
    s.rename('c', 'old')
    s.make('c', *range(100, 130), fields=WIDER)
    s.put('old', 55)


def swap(s):
    s.make('a', *range(20))
    s.make('b', *range(100, 130), fields=WIDER)
    yield
    s.rename('a', 'tmp')
    s.rename('b', 'a')
    s.rename('tmp', 'b')
    s.put('a', 1000)
    s.put('b', 2000)


def circle_of_three(s):
    for i, c in enumerate('abc'):
        s.make(c, *range(i * 100, i * 100 + 10))
    yield
    s.rename('a', 'x')
    s.rename('b', 'a')
    s.rename('c', 'b')
    s.rename('x', 'c')
    s.remove('a', 100)


def dropped_and_replaced_by_another(s):
    s.make('c', *range(20))
    s.make('d', *range(100, 130))
    yield
    s.drop('c')
    s.rename('d', 'c')
    s.put('c', 500)


def alias_moved(s):
    s.make('a', 1, 2)
    s.make('b', 1, 2)
    s.alias('x', 'a')
    s.put('x', 10, 11)
    yield
    s.alias('x', 'b', moved=True)
    s.put('x', 20, 21)
    s.remove('x', 1)


def through_an_alias(s):
    s.make('c', load=False)
    s.alias('x', 'c')
    s.index('x', 'vec')
    s.load('x')
    s.put('x', *range(30))
    yield
    s.release('x')
    s.drop_index('x', 'vec', 'vec')
    s.index('x', 'vec', name='other', index_type='HNSW', metric_type='IP', params='{"M": 4, "efConstruction": 8}')
    s.load('x')
    s.remove('x', 3, 4)


def alias_taken_over_by_a_collection(s):
    s.make('a', 1)
    s.alias('x', 'a')
    yield
    s.drop_alias('x')
    s.make('x', 7, 8)


def dropped(s):
    s.make('c', *range(20))
    s.make('stays', 1)
    yield
    s.drop('c')


def many_small_things(s):
    s.make('c', 1, 2, 3)
    for p in 'pqr':
        s.create_partition('c', p)
        s.put('c', ord(p), part=p)
    s.alias('x', 'c')
    yield
    s.drop_alias('x')
    s.release('c')
    s.drop_partition('c', 'q')
    s.drop_index('c', 'vec', 'vec')
    s.index('c', 'vec', name='anew')
    s.load_partitions('c', ['r'])


def released(s):
    s.make('c', 1, 2, 3)
    yield
    s.release('c')


def database_dropped(s):
    other = s.case.make_db(s.db[len(s.case.db):] + 'x')
    t = At(s.case, other)
    t.make('c', *range(20))
    s.make('stays', 1)
    yield
    t.drop('c')
    s.m.drop_db(other)
    s.case.databases.discard(other)
    s.case.dropped.add(other)


def database_again(s):
    other = s.case.make_db(s.db[len(s.case.db):] + 'x')
    t = At(s.case, other)
    t.make('c', *range(20))
    yield
    t.drop('c')
    s.m.drop_db(other)
    s.m.create_db(other)
    t.make('c', *range(15, 25), fields=WIDER)


def moved_to_another_database(s):
    other = s.case.make_db(s.db[len(s.case.db):] + 'x')
    s.make('c', *range(20))
    yield
    s.rename('c', 'c', other)
    s.make('c', 77)
    At(s.case, other).put('c', 99)


HISTORIES = [create_drop_create, create_drop_create_other_fields, created_and_dropped_three_times, partition_again,
             renamed_and_made_anew, swap, circle_of_three, dropped_and_replaced_by_another, alias_moved,
             through_an_alias, alias_taken_over_by_a_collection, dropped, many_small_things, released,
             database_dropped, database_again, moved_to_another_database]


class Runs:
    def __init__(self, case):
        self.case, self.all = case, []
        case.dropped = set()
        for i, h in enumerate(HISTORIES):
            db = case.make_db(f'_{i}')
            self.all.append((h.__name__.replace('_', ' '), db, h(At(case, db))))

    def first(self):
        for _, _, h in self.all:
            next(h)

    def second(self):
        for name, _, h in self.all:
            assert next(h, 'end') == 'end', f'{name}: one yield'

    def compare(self, how):
        for name, db, _ in self.all:
            found = diff_db(self.case.src, self.case.dst, db)
            for other in self.case.databases:
                if other.startswith(db) and other != db and other[len(db):] == 'x':
                    found += diff_db(self.case.src, self.case.dst, other)
            found += [f'database {d} is still there' for d in self.case.dropped & self.case.dst.dbs() if d == db + 'x']
            tap.ok(not found, f'{how}: {name}', *found)
        if tap.bad:
            self.case.show()


def live(case):
    pipe = case.pipeline().start()
    r = Runs(case)
    r.first()
    r.second()
    pipe.catch_up()
    r.compare('live')
    pipe.stop()


def crash(case):
    """Applied but not confirmed when all four are killed: run again, it is applied once more, to the same end."""
    pipe = case.pipeline().start()
    r = Runs(case)
    r.first()
    pipe.catch_up()
    pipe['cdc-task'].kill(signal.SIGSTOP)
    r.second()

    def all_there():
        dbs = [d for d in case.src.dbs() if d.startswith(case.db)]
        return not any(diff_db(case.src, case.dst, d, rows=False) for d in dbs)

    eventually(all_there, what='all at the target, unconfirmed', every=1)
    pipe.chain.kill(signal.SIGKILL)
    pipe.chain.wait()
    pipe.start()
    pipe.catch_up()
    r.compare('crash')
    pipe.stop()


def backlog(case):
    r = Runs(case)
    r.first()
    r.second()
    pipe = case.pipeline().start()
    pipe.catch_up()
    r.compare('backlog')
    pipe.stop()


def restart(case):
    pipe = case.pipeline().start()
    r = Runs(case)
    r.first()
    pipe.catch_up()
    pipe.stop()
    r.second()
    pipe.start()
    pipe.catch_up()
    r.compare('restart')
    pipe.stop()


main(live, backlog, restart, crash)
