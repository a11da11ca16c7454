"""The comparison that all other tests lean on: two equal collections are equal, and every single change is seen."""
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('v', 'FloatVector', dim=2),
          F('s', 'VarChar', max_length=20), F('f', 'Float'), F('d', 'Double'), F('j', 'JSON'), F('i', 'Int8'),
          F('a', 'Array', element='Float', max_capacity=4)]
FLAT = {'index_type': 'FLAT', 'metric_type': 'L2', 'params': '{}'}


def row(**change):
    r = {'pk': [1, 2], 'v': [vec(0.0, 1), vec(1, 2)], 's': ['a', 'b'], 'f': [0.0, 1.5],
         'd': [0.0, 1.5], 'j': [b'{"k": 1}', b'{}'], 'i': [1, 2], 'a': [[], [0.0]], '$meta': [b'{"m": 1}', b'{}']}
    r.update(change)
    return r


def make(m, db, coll='c', parts=('p',), index=FLAT, load=True, rows=None, fields=FIELDS, **how):
    m.create(db, coll, fields, dynamic=True, **how)
    for p in parts:
        m.create_partition(db, coll, p)
    m.insert(db, coll, rows or row())
    m.index(db, coll, 'v', name='vx', **index)
    if load is True:
        m.load(db, coll)
    elif load:
        m.load_partitions(db, coll, load)


def comparison(case):
    db = case.make_db()
    case.dst.create_db(db)
    make(case.src, db)
    d, todo = case.dst, []

    def sees(what, how=lambda c: None, **change):
        """The same collection but for one thing; all are made first, so that they load side by side."""
        coll = f'c{len(todo)}'
        make(d, db, coll, **change)
        how(coll)
        todo.append((coll, what))

    def other_partition(coll):
        d.delete(db, coll, 'pk in [2]')
        d.insert(db, coll, {k: v[1:] for k, v in row().items()}, 'p')

    sees(None)
    sees('aliases', lambda c: d.alias(db, c, 'x'))
    sees('partitions', parts=('q',))
    sees('indexes', index=dict(FLAT, metric_type='IP'))
    sees('loaded', load=['p'])
    sees('loaded', load=False)
    sees('shards', shards=2)
    sees('consistency', consistency='Strong')
    sees('properties', properties={'collection.ttl.seconds': 9999})
    sees('description', description='x')
    sees('field s', fields=[f._replace(params={'max_length': 21}) if f.name == 's' else f for f in FIELDS])
    sees('fields in order', fields=FIELDS[:3] + FIELDS[:2:-1])
    sees('only in the source', rows=row(pk=[1, 3]))
    sees('other keys in partition', other_partition)
    sees('v: 1 values', rows=row(v=[vec(-0.0, 1), vec(1, 2)]))
    sees('s: 1 values', rows=row(s=['a', 'b ']))
    sees('f: 1 values', rows=row(f=[-0.0, 1.5]))
    sees('d: 1 values', rows=row(d=[-0.0, 1.5]))
    sees('j: 1 values', rows=row(j=[b'{"k":1}', b'{}']))
    sees('i: 1 values', rows=row(i=[1, -2]))
    sees('a: 1 values', rows=row(a=[[], [-0.0]]))
    sees('$meta: 1 values', rows=row(**{'$meta': [b'{"m":1}', b'{}']}))
    for coll, what in todo:
        found = diff(case.src, d, db, 'c', to=(db, coll))
        if what is None:
            tap.ok(not found, 'equal collections are equal', *found)
        else:
            # These three show more than one difference; all others must show exactly their own.
            many = what in ('partitions', 'only in the source', 'other keys in partition')
            tap.ok(found and all(what in d for d in found[:1]) and (many or len(found) == 1), f'sees: {what}',
                   f'found: {found}')
    tap.ok(diff_db(case.src, d, db), 'sees: the collections of a database')


main(comparison)
