"""Every operation, one after the other, from a source to a target while the pipeline runs.

Each step looks for its own effect at the target, so it fails if cdc-apply leaves that operation out.
"""
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('name', 'VarChar', max_length=64), F('vec', 'FloatVector', dim=4)]
KEYED = [F('id', 'VarChar', primary=True, max_length=64), F('vec', 'FloatVector', dim=4)]


def some(*keys, name='n'):
    return {'pk': list(keys), 'name': [f'{name}{k}' for k in keys], 'vec': [vec(k, 1, 2, 3) for k in keys],
            '$meta': [b'{"k": %d}' % k for k in keys]}


def segments(m, db, coll):
    """(state, rows) of what is in storage: a flush that was not asked for leaves nothing there."""
    infos = m.call('GetPersistentSegmentInfo', dbName=db, collectionName=coll).infos
    return [(i.state, i.num_rows) for i in infos]


def operations(case):
    a, b = case.src, case.dst
    pipe = case.pipeline().start()

    def step(name, do, seen):
        """Does it at the source; once the checkpoint is past it, the target must show it."""
        tap.ok(not seen(b), f'{name}: not there before')
        do()
        pipe.catch_up()
        # The apply program has its answer by now; what the target does after its answer (a load) may take a moment.
        try:
            eventually(lambda: seen(b), 10, name)
            good = True
        except Stuck:
            good = False
        if not tap.ok(good, name):
            case.show()

    def holds(db, coll, expr, n):
        def ask(m):
            try:
                return m.query(db, coll, expr, ['count(*)'])[0].scalars.long_data.data[0] == n
            except MilvusError:
                return False
        return ask

    def equal(name, db=None, **how):
        found = diff_db(a, b, db or case.db, **how)
        if not tap.ok(not found, f'equal {name}', *found):
            case.show()

    db = case.db
    step('create database', lambda: case.make_db(), lambda m: db in m.dbs())
    step('create collection', lambda: a.create(db, 'c', FIELDS, dynamic=True, shards=2, description='a thing'),
         lambda m: db in m.dbs() and 'c' in m.colls(db))
    equal('after create collection', rows=False)
    step('create index', lambda: a.index(db, 'c', 'vec', name='vx', index_type='HNSW', metric_type='L2',
                                         params='{"M": 8, "efConstruction": 64}'),
         lambda m: 'vx' in m.indexes(db, 'c'))
    step('create scalar index', lambda: a.index(db, 'c', 'name', name='nx', index_type='Trie'),
         lambda m: 'nx' in m.indexes(db, 'c'))
    step('load collection', lambda: a.load(db, 'c'), lambda m: m.load_state(db, 'c') in ('Loading', 'Loaded'))
    eventually(lambda: a.load_state(db, 'c') == b.load_state(db, 'c') == 'Loaded', what='loaded')
    step('insert', lambda: a.insert(db, 'c', some(*range(100))), holds(db, 'c', '', 100))
    step('delete by keys', lambda: a.delete(db, 'c', 'pk in [1, 2, 3]'), holds(db, 'c', '', 97))
    step('delete by expression', lambda: a.delete(db, 'c', 'pk >= 90 and name like "n9%"'), holds(db, 'c', '', 87))
    step('upsert of old and new', lambda: a.upsert(db, 'c', some(10, 11, 1000, name='up')),
         holds(db, 'c', 'name like "up%"', 3))
    equal('after rows')
    step('create partition', lambda: a.create_partition(db, 'c', 'p1'), lambda m: 'p1' in m.partitions(db, 'c'))
    step('insert into a partition', lambda: a.insert(db, 'c', some(*range(200, 250)), 'p1'),
         holds(db, 'c', 'pk >= 200 and pk < 250', 50))
    step('delete in a partition', lambda: a.delete(db, 'c', 'pk in [201, 11]', 'p1'),
         holds(db, 'c', 'pk >= 200 and pk < 250', 49))
    step('upsert in a partition', lambda: a.upsert(db, 'c', some(200, 300, name='up'), 'p1'),
         holds(db, 'c', 'pk >= 200 and pk <= 300', 50))
    equal('after partitions')
    step('flush', lambda: a.flush(db, 'c'), lambda m: sum(n for _, n in segments(m, db, 'c')) >= 130)
    step('release partitions', lambda: a.release_partitions(db, 'c', ['p1']),
         lambda m: m.loaded_parts(db, 'c') == {'_default'})
    step('release collection', lambda: a.release(db, 'c'), lambda m: not m.loaded_parts(db, 'c'))
    step('load partitions', lambda: a.load_partitions(db, 'c', ['p1']), lambda m: m.loaded_parts(db, 'c') == {'p1'})
    equal('with one partition loaded', rows=False)
    step('release again', lambda: a.release(db, 'c'), lambda m: not m.loaded_parts(db, 'c'))
    step('drop partition', lambda: a.drop_partition(db, 'c', 'p1'), lambda m: 'p1' not in m.partitions(db, 'c'))
    step('drop index', lambda: a.drop_index(db, 'c', 'vec', 'vx'), lambda m: 'vx' not in m.indexes(db, 'c'))
    step('another index', lambda: a.index(db, 'c', 'vec', index_type='IVF_FLAT', metric_type='IP',
                                          params='{"nlist": 16}'),
         lambda m: 'IVF_FLAT' in str(m.indexes(db, 'c')))
    step('load again', lambda: a.load(db, 'c'), lambda m: m.loaded_parts(db, 'c') == {'_default'})
    equal('after indexes')

    step('create alias', lambda: a.alias(db, 'c', 'al'), lambda m: 'al' in m.describe(db, 'c').aliases)
    a.create(db, 'd', KEYED)
    step('alter alias', lambda: a.alter_alias(db, 'd', 'al'),
         lambda m: 'd' in m.colls(db) and 'al' in m.describe(db, 'd').aliases)
    step('drop alias', lambda: a.drop_alias(db, 'al'),
         lambda m: 'd' in m.colls(db) and 'al' not in m.describe(db, 'd').aliases)
    step('rename collection', lambda: a.rename(db, 'd', 'e'), lambda m: 'e' in m.colls(db) and 'd' not in m.colls(db))

    def alter():
        # Milvus 2.3.5 puts into etcd what was true before the call (lib/format/FORMATS 7): the second call makes it known.
        a.alter(db, 'e', {'collection.ttl.seconds': 4242})
        a.alter(db, 'e', {'collection.ttl.seconds': 4242})

    step('alter collection', alter, lambda m: dict_of(m.describe(db, 'e').properties).get('collection.ttl.seconds') == '4242')

    def keyed():
        a.index(db, 'e', 'vec')
        a.load(db, 'e')
        a.insert(db, 'e', {'id': ['a', 'b', 'c"\\', ''], 'vec': [vec(i, 0, 0, 0) for i in range(4)]})
        a.delete(db, 'e', 'id in ["a", "c\\"\\\\"]')

    step('text keys', keyed, holds(db, 'e', 'id >= ""', 2))
    equal('after all')
    other = case.make_db('_two')
    pipe.catch_up()
    step('rename into another database', lambda: a.rename(db, 'e', 'e2', other), lambda m: 'e2' in m.colls(other))
    equal('after the move')
    equal('after the move, there', other)
    step('drop collection', lambda: a.drop(other, 'e2'), lambda m: not m.colls(other))
    step('drop database', lambda: a.drop_db(other), lambda m: other not in m.dbs())
    case.databases.discard(other)
    step('drop a loaded collection', lambda: a.drop(db, 'c'), lambda m: not m.colls(db))
    ends = pipe.stop()
    tap.ok(ends['cdc-apply'] == 0 and ends['cdc-task'] == 0, 'a pipeline whose reader is asked to stop ends in order', ends)


def default_database(case):
    """A collection in database default, chosen by its bare name; one beside it that is not chosen."""
    name = f'c{case.tag}'
    case.include, case.default_include = [name], False
    a, b = case.src, case.dst
    try:
        a.create('default', name, FIELDS, dynamic=True)
        a.create('default', name + 'x', FIELDS, dynamic=True)
        pipe = case.pipeline().start()
        a.index('default', name, 'vec')
        a.load('default', name)
        a.insert('default', name, some(1, 2, 3))
        pipe.catch_up()
        found = diff(a, b, 'default', name)
        if not tap.ok(not found, 'a collection of the default database', *found):
            case.show()
        tap.ok(name + 'x' not in b.colls('default'), 'and only the one that was asked for')
        pipe.stop()
    finally:
        for m in a, b:
            m.drop('default', name)
            m.drop('default', name + 'x')


def one_partition(case):
    """Rows of all partitions into the default one."""
    a, b, db = case.src, case.dst, case.make_db()
    pipe = case.pipeline(apply=['--ignore-partitions']).start()
    a.create(db, 'c', FIELDS, dynamic=True)
    a.index(db, 'c', 'vec')
    a.create_partition(db, 'c', 'p')
    a.load_partitions(db, 'c', ['p'])
    a.insert(db, 'c', some(1, 2))
    a.insert(db, 'c', some(3, 4), 'p')
    a.delete(db, 'c', 'pk in [3]', 'p')
    pipe.catch_up()
    eventually(lambda: b.load_state(db, 'c') == 'Loaded', what='the collection is loaded')
    tap.ok(sorted(b.keys(db, 'c', a.describe(db, 'c').schema.fields[0], ['_default'])) == [1, 2, 4],
           'rows of a partition are in the default one')
    tap.ok(b.partitions(db, 'c') == {'_default'}, 'which is the only one')
    a.release_partitions(db, 'c', ['p'])
    a.drop_partition(db, 'c', 'p')
    a.load(db, 'c')
    pipe.catch_up()
    eventually(lambda: b.load_state(db, 'c') == 'Loaded', what='the collection is loaded')
    tap.ok(b.count(db, 'c') == 3, 'rows of a dropped partition stay')
    pipe.stop()


main(operations, one_partition, default_database)
