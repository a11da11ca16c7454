#!/usr/bin/env python3
"""Lines of cdc-meta -w on stdin, put together: the catalogue as it is at their end, to compare with cdc-meta's.

Checks on the way: revisions do not go back, nothing of a revision follows its `at`, `at` times rise, and what is told
of a partition, an index or a load comes behind its collection."""
import json
import sys

KINDS = ['database', 'collection', 'partition', 'index', 'load', 'alias', 'checkpoint', 'user', 'role']


def key(o):
    k = KINDS.index(o['kind'])
    if o['kind'] == 'alias':
        return k, int(o['db_id']), o['name']
    return k, int(o.get('id') or o.get('coll_id') or 0), o.get('vchannel') or o.get('name', '') * (k > 6)


objects, colls, at, time, last, ready = {}, set(), 0, 0, 0, 0
for line in sys.stdin:
    o = json.loads(line)
    kind = o['kind']
    if kind == 'resync':
        objects, colls, last, at = {}, set(), 0, 0
    elif kind == 'ready':
        ready += 1
        at = o['rev']
    elif kind == 'at':
        assert o['rev'] >= at and o['time'] > time, line
        at, time = o['rev'], o['time']
    elif kind != 'catalogue':
        rev, event = o.pop('rev', 0), o.pop('event', None)
        assert event is None or (rev >= last and rev > at), 'late: ' + line
        last = max(last, rev)
        if kind == 'collection':
            colls.add(o['id'])
        assert 'coll_id' not in o or kind == 'alias' or o['coll_id'] in colls, 'before its collection: ' + line
        if event == 'delete' and kind in ('load', 'user', 'role'):
            objects.pop(key(o), None)
        else:
            objects[key(o)] = o
for k in sorted(objects):
    print(json.dumps(objects[k], separators=(',', ':'), ensure_ascii=False))
