"""What tests/tools/demo.sh does to the source, and how it looks at both: an ordinary pymilvus client.

demo.py before URI; demo.py live URI; demo.py beside SOURCE TARGET
"""
import sys

from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, db, utility

HNSW = {'index_type': 'HNSW', 'metric_type': 'L2', 'params': {'M': 16, 'efConstruction': 64}}


def vector(i):
    return [i * 0.5, 1.0, -0.25, float(i % 7)]


def make(name, **more):
    return Collection(name, CollectionSchema([
        FieldSchema('id', DataType.INT64, is_primary=True),
        FieldSchema('name', DataType.VARCHAR, max_length=100),
        FieldSchema('emb', DataType.FLOAT_VECTOR, dim=4)], enable_dynamic_field=True), **more)


def rows(ids, word):
    return [{'id': i, 'name': f'{word} {i}', 'emb': vector(i), 'price': i * 1.5} for i in ids]


def before():
    """What is there before anybody thinks of replication."""
    db.create_database('shop')
    db.using_database('shop')
    items = make('items', shards_num=2)
    items.insert(rows(range(1000), 'item'))
    items.create_index('emb', HNSW)
    items.load()


def live():
    """What happens while the pipeline runs."""
    db.create_database('mistake')
    db.using_database('shop')
    make('draft')
    items = Collection('items')
    items.insert(rows(range(1000, 1500), 'new'))
    items.upsert(rows(range(10), 'better'))
    items.delete('id in [100, 101, 102]')
    items.delete('id >= 1400 and name like "new%"')
    items.create_partition('winter')
    items.insert(rows(range(2000, 2050), 'coat'), partition_name='winter')
    orders = make('orders')
    orders.insert(rows(range(20), 'order'))
    orders.create_index('emb', HNSW, index_name='by_emb')
    orders.load()
    utility.create_alias('orders', 'today')
    utility.drop_collection('draft')
    db.create_database('archive')
    db.using_database('archive')
    make('y2025').insert(rows(range(5), 'old'))
    db.drop_database('mistake')


def look():
    """[(what, text)], equal for equal servers."""
    out = []
    for name in sorted(db.list_database()):
        db.using_database(name)
        out.append((f'database {name}', f'{len(utility.list_collections())} collections'))
        for coll in sorted(utility.list_collections()):
            c = Collection(coll)
            what = f'  {name}.{coll}'
            out.append((f'{what}: partitions', ' '.join(sorted(p.name for p in c.partitions))))
            out.append((f'{what}: indexes', ' '.join(f'{i.index_name}({i.params["index_type"]})' for i in c.indexes)))
            out.append((f'{what}: aliases', ' '.join(sorted(c.aliases))))
            state = str(utility.load_state(coll))
            out.append((f'{what}: state', state))
            if state == 'Loaded':
                strong = {'consistency_level': 'Strong'}
                out.append((f'{what}: rows', str(c.query('', output_fields=['count(*)'], **strong)[0]['count(*)'])))
                row = c.query('id in [5]', output_fields=['*'], **strong)
                out.append((f'{what}: row 5', str(row[0]['name'] if row else None)))
    return out


def beside(source, target):
    found = []
    for uri in source, target:
        connections.connect(uri=uri)
        db.using_database('default')
        found.append(dict(look()))
        connections.disconnect('default')
    keys = list(found[0]) + [k for k in found[1] if k not in found[0]]
    print(f'{"":26} {"source":34} target')
    for k in keys:
        a, b = (f.get(k, 'not there') for f in found)
        print(f'{k:26} {a or "-":34} {b or "-"}' + ('' if a == b else '   <- DIFFERENT'))
    sys.exit(found[0] != found[1])


if __name__ == '__main__':
    if sys.argv[1] == 'beside':
        beside(*sys.argv[2:])
    connections.connect(uri=sys.argv[2])
    {'before': before, 'live': live}[sys.argv[1]]()
