#!/usr/bin/env python3
"""A stream over few keys: hotkeys.py SEED LINES TYPE WANT [PARTITIONS]

Rows and deletes of a handful of keys, so that most lines touch what earlier ones did. TYPE is Int64 or VarChar. With more
than one of the PARTITIONS [2] deletes name one, or none. WANT gets what the rows must be at the end, as milvus.py dumps them.
"""
import json
import random
import sys


def main(seed, lines, pk_type, want, partitions=2):
    r, keys, parts = random.Random(seed), range(-3, 12), ['_default', 'p'][:int(partitions)]
    rows, ts, version = {}, 1000, 0

    def key(k):
        return k if pk_type == 'Int64' else 'k' * (k + 3)

    def line(op, **more):
        print(json.dumps({'op': op, 'ts': str(ts), 'db': 'default', 'coll': 'a', 'coll_id': '1a', **more}, separators=(',', ':')))

    def position(op):
        print(json.dumps({'op': op, 'ts': str(ts), 'pos': {'t': {'o': ts, 'n': ts, 'ts': str(ts)}}}, separators=(',', ':')))

    print('{"op":"begin","v":1,"cluster":"c","ts":"1","from":{"t":{"o":0,"n":0,"ts":"0"}}}')
    pk = {'id': 100, 'name': 'pk', 'type': pk_type, 'primary_key': True, 'auto_id': False}
    if pk_type == 'VarChar':
        pk['params'] = {'max_length': '40'}
    line('create_collection', schema={'description': '', 'dynamic': False, 'fields': [
        pk, {'id': 101, 'name': 'n', 'type': 'Int64'}, {'id': 102, 'name': 'vec', 'type': 'FloatVector', 'params': {'dim': '2'}}]},
        shards=1, consistency='Bounded', properties={}, num_partitions=0)
    line('create_partition', part='p')
    for i in range(int(lines)):
        ts += 1
        some, part = r.sample(keys, r.randint(1, 5)), r.choice(parts)
        if r.random() < 0.6:
            new = []
            for k in some:
                version += 1
                rows[key(k), part] = version
                new.append({'pk': str(key(k)), 'n': str(version), 'vec': [version, 0.5]})
            line(r.choice(['insert', 'upsert']), part=part, n=len(new), rows=new, src={'t': 't', 'o': ts})
        else:
            part = r.choice([None, *parts]) if len(parts) > 1 else None
            for k in some:
                for p in [part] if part else parts:
                    rows.pop((key(k), p), None)
            line('delete', **({'part': part} if part else {}), n=len(some), keys=[str(key(k)) for k in some], src={'t': 't', 'o': ts})
        if r.random() < 0.1:
            position('tick')
    ts += 1
    position('end')
    with open(want, 'w') as f:
        for (k, part), n in sorted(rows.items()):
            f.write(f'default a {part} {json.dumps({"n": n, "pk": k, "vec": [float(n), 0.5]})}\n')


main(*sys.argv[1:])
