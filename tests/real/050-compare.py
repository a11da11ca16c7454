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
    make(case.dst, db)
    found = diff_db(case.src, case.dst, db)
    tap.ok(not found, 'equal collections are equal', *found)

    def sees(what, change):
        case.dst.drop(db, 'c')
        change()
        found = diff_db(case.src, case.dst, db)
        tap.ok(any(what in d for d in found), f'sees: {what}', f'found only: {found}')

    d = case.dst
    sees('collections', lambda: None)
    sees('aliases', lambda: (make(d, db), d.alias(db, 'c', case.tag_alias())))
    sees('partitions', lambda: make(d, db, parts=('q',)))
    sees('indexes', lambda: make(d, db, index=dict(FLAT, metric_type='IP')))
    sees('loaded', lambda: make(d, db, load=['p']))
    sees('loaded', lambda: make(d, db, load=False))
    sees('shards', lambda: make(d, db, shards=2))
    sees('consistency', lambda: make(d, db, consistency='Strong'))
    sees('properties', lambda: make(d, db, properties={'collection.ttl.seconds': 9}))
    sees('description', lambda: make(d, db, description='x'))
    sees('field s', lambda: make(d, db, fields=[f._replace(params={'max_length': 21}) if f.name == 's' else f
                                                for f in FIELDS]))
    sees('fields in order', lambda: make(d, db, fields=FIELDS[:3] + FIELDS[:2:-1]))
    sees('only in the source', lambda: make(d, db, rows=row(pk=[1, 3])))
    sees('other keys in partition', lambda: (make(d, db), d.delete(db, 'c', 'pk in [2]'),
                                             d.insert(db, 'c', {k: v[1:] for k, v in row().items()}, 'p')))
    sees('v: 1 values', lambda: make(d, db, rows=row(v=[vec(-0.0, 1), vec(1, 2)])))
    sees('s: 1 values', lambda: make(d, db, rows=row(s=['a', 'b '])))
    sees('f: 1 values', lambda: make(d, db, rows=row(f=[-0.0, 1.5])))
    sees('d: 1 values', lambda: make(d, db, rows=row(d=[-0.0, 1.5])))
    sees('j: 1 values', lambda: make(d, db, rows=row(j=[b'{"k":1}', b'{}'])))
    sees('i: 1 values', lambda: make(d, db, rows=row(i=[1, -2])))
    sees('a: 1 values', lambda: make(d, db, rows=row(a=[[], [-0.0]])))
    sees('$meta: 1 values', lambda: make(d, db, rows=row(**{'$meta': [b'{"m":1}', b'{}']})))
    d.drop(db, 'c')
    d.drop_db(db)
    found = diff_db(case.src, d, db)
    tap.ok(bool(found), 'sees: the database', found)


main(comparison)
