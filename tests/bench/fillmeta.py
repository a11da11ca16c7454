#!/usr/bin/env python3
"""fillmeta.py URL [COLLECTIONS [FIELDS [LAYOUT]]]: the keys of a large Milvus, put into an etcd.

20000 collections of 34 fields, if no number says otherwise, in 10 databases beneath by-dev/meta, each with a partition,
an index, a load, an alias for every tenth, and checkpoints. LAYOUT is 2.3 (every key of root-coord has a snapshot beside
it) or 2.6. A third of the fields have names of their own, so that no two collections are alike. Prints how many keys
there are. etcd needs --max-txn-ops 1024 and a quota for some 500 MB.
"""
import base64
import http.client
import itertools
import json
import sys
import threading
import urllib.parse

THREADS, OPS = 4, 1000
ROOT = 'by-dev/meta/'
FIRST, MS = 470616509404000000, 1795261500000


def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def num(field, n):
    return varint(field << 3) + varint(n)


def text(field, b):
    b = b.encode() if isinstance(b, str) else b
    return varint(field << 3 | 2) + varint(len(b)) + b


def pair(field, k, v):
    return text(field, text(1, k) + text(2, v))


def fields(c, n):
    yield 0, num(1, 0) + text(2, 'RowID') + text(4, 'row id') + num(5, 5)
    yield 1, num(1, 1) + text(2, 'Timestamp') + text(4, 'time stamp') + num(5, 5)
    yield 100, num(1, 100) + text(2, 'id') + num(3, 1) + num(5, 5)
    yield 101, num(1, 101) + text(2, 'vector') + num(5, 101) + pair(6, 'dim', '768')
    for f in range(102, 100 + n):
        name = 'attribute_%d' % f if f % 3 else 'attribute_%d_of_%d' % (f, c)
        if f % 2:
            yield f, num(1, f) + text(2, name) + num(5, 21) + pair(6, 'max_length', '512')
        else:
            yield f, num(1, f) + text(2, name) + num(5, 5)


def keys(n, n_fields, layout):
    """(key, value, ts) of all; ts 0: it has no snapshot."""
    for d in range(1, 11):
        name = 'default' if d == 1 else 'db%d' % d
        yield ('root-coord/database/db-info/%d' % d,
               text(2, name) + num(3, d) + num(4, 1) + num(5, MS * 1000000 + d), (MS << 18) + d)
    if layout == '2.6':
        yield 'streamingcoord-meta/version', num(1, 2), 0
        yield 'streamingcoord-meta/cchannel', text(1, 'by-dev-rootcoord-dml_0'), 0
        for p in range(16):
            name = 'by-dev-rootcoord-dml_%d' % p
            yield 'streamingcoord-meta/pchannel/' + name, text(1, text(1, name)), 0
    for c in range(n):
        id, ts, db = FIRST + 10 * c, (MS + c * 50 << 18) + 1, 1 + c % 10
        pchannel = 'by-dev-rootcoord-dml_%d' % (c % 16)
        vchannel = '%s_%dv0' % (pchannel, id)
        offset = c.to_bytes(8, 'little')
        name = 'collection_%05d' % c
        yield ('root-coord/database/collection-info/%d/%d' % (db, id),
               num(1, id) + text(2, text(1, name) + text(2, 'the collection of tenant %d' % c)) + num(3, ts) + text(7, vchannel)
               + text(8, pchannel) + num(10, 1) + text(11, text(1, pchannel) + text(2, offset)) + num(12, 2) + num(15, db)
               + num(16, ts), ts)
        for f, value in fields(c, n_fields):
            yield 'root-coord/fields/%d/%d' % (id, f), value, ts
        yield ('root-coord/partitions/%d/%d' % (id, id + 1),
               num(1, id + 1) + text(2, '_default') + num(3, ts) + num(4, id), ts)
        if c % 10 == 0:
            yield ('root-coord/database/aliases/%d/alias_%05d' % (db, c),
                   text(1, 'alias_%05d' % c) + num(2, id) + num(3, ts) + num(5, db), ts)
        info = num(1, id) + num(2, 101) + text(3, 'vector') + num(4, id + 2) + pair(12, 'index_type', 'HNSW') + pair(
            12, 'metric_type', 'L2')
        yield 'field-index/%d/%d' % (id, id + 2), text(1, info) + num(3, ts + 1), 0
        yield 'querycoord-collection-loadinfo/%d' % id, num(1, id) + num(3, 1) + num(6, 2), 0
        yield 'querycoord-partition-loadinfo/%d/%d' % (id, id + 1), num(1, id) + num(2, id + 1), 0
        yield 'datacoord-meta/channel-cp/' + vchannel, text(1, vchannel) + text(2, offset) + num(4, ts), 0


def puts(n, n_fields, layout):
    for key, value, ts in keys(n, n_fields, layout):
        value = base64.b64encode(value).decode()
        yield ROOT + key, value
        if ts and layout == '2.3':
            yield ROOT + 'snapshots/%s_ts%d' % (key, ts), value


def main(url, n=20000, n_fields=34, layout='2.3'):
    todo, total = puts(int(n), int(n_fields), layout), 0
    lock = threading.Lock()

    def work():
        nonlocal total
        http_ = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
        while True:
            with lock:
                ops = ['{"requestPut":{"key":"%s","value":"%s"}}' % (base64.b64encode(k.encode()).decode(), v)
                       for k, v in itertools.islice(todo, OPS)]
                total += len(ops)
            if not ops:
                return
            http_.request('POST', '/v3/kv/txn', '{"success":[' + ','.join(ops) + ']}')
            r = http_.getresponse()
            body = r.read()
            if r.status != 200:
                sys.exit('fillmeta: %s %s' % (r.status, json.loads(body)))

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(total)


main(*sys.argv[1:])
