#!/usr/bin/env python3
"""A random history of a Milvus 2.6, with the log and the catalogue that it leaves, and what it must come to.

  wal.py play SEED [OPTION...]
         the history of --seconds N [20] of its own time: into the etcd --etcd URL, and as lines for tests/fake/mock-kafka,
         whose stdin and stdout are the files --kafka IN OUT. What is of the first --before N seconds comes at once; then a
         word is printed, `live`, and the rest comes --speed N [4] times as fast as it would. What etcd has of a change may
         be --lag MS [30] later than the log, twice. --old: only what a target of 2.3.5 can take; --drops: fields and properties go, too;
         --cluster NAME; --dbs NAME...: in these only. --state FILE gets what it comes to, --log FILE what was done
  wal.py stream FILE STREAM          is this what a stream of operation lines comes to?   Differences, a line each; status 1
  wal.py target FILE FAKE            the same for the rows and all else that tests/fake/milvus.py holds
"""
import argparse
import base64
import json
import os
import pickle
import random
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'judge'), os.path.join(os.path.dirname(HERE), 'fake')]
import fold  # noqa: E402
import state as judge  # noqa: E402
from etcdtool import Etcd  # noqa: E402
from clients import Clients  # noqa: E402
from source import Source  # noqa: E402

SHOWN = 30


def history(seed, seconds, clients=(), **more):
    """(events in their order, state, what was done)."""
    r = random.Random(seed)
    source = Source(r, (time.time() - seconds) * 1000, **more)
    clients = Clients(source, **dict(clients))
    clients.run(seconds * 1000)
    return source.sim.out, source.state(), clients.log


class Kafka:
    """tests/fake/mock-kafka, over its pipes."""

    def __init__(self, into, out):
        self.pipe, self.out, self.words = open(into, 'w'), out, 0

    def record(self, topic, ms, payload, headers):
        words = [topic, base64.b64encode(payload).decode() or '-', '@%d' % ms] + ['%s=%s' % kv for kv in headers.items()]
        self.pipe.write('\t'.join(words) + '\n')

    def sync(self):
        """All of it is in the log."""
        self.words += 1
        word = 'wal%d' % self.words
        self.pipe.write('!say\t%s\n' % word)
        self.pipe.flush()
        end = time.monotonic() + 90
        while time.monotonic() < end:
            with open(self.out) as f:
                if word in f.read().split():
                    return
            time.sleep(0.002)
        sys.exit('wal: mock-kafka does not say that all is there')


def put(etcd, keys):
    etcd.txn({'put': {k: base64.b64encode(v).decode() for k, v in keys.items() if v is not None},
              'delete': [k for k, v in keys.items() if v is None]})


def play(a):
    how = {'old': a.old, 'drops': a.drops, **({'dbs': a.dbs} if a.dbs else {})}
    events, state, log = history(a.seed, a.seconds, how, lag=a.lag, cluster=a.cluster)
    for path, how, what in (a.state, 'wb', pickle.dumps(state)), (a.log, 'w', '\n'.join(log) + '\n'):
        if path:
            with open(path, how) as f:
                f.write(what)
    kafka, etcd = Kafka(*a.kafka), Etcd(a.etcd)
    first = events[0][1]
    live, dirty = None, False
    for kind, ms, *what in events:
        at = ms - first - a.before * 1000
        if at > 0 and live is None:
            kafka.sync()
            print('live', flush=True)
            live = time.monotonic()
        if live is not None:
            early = at / 1000 / a.speed - (time.monotonic() - live)
            if early > 0.01:
                kafka.pipe.flush()
                time.sleep(early)
        if kind == 'log':
            topic, payload, headers = what
            kafka.record(topic, ms, payload, headers)
            dirty = True
            continue
        if dirty:
            kafka.sync()
            dirty = False
        put(etcd, what[0])
    kafka.sync()


def in_common(want, got):
    """What both sides can know: writes are counted differently, since a failed one counts twice."""
    for s in want, got:
        for c in s['collections'].values():
            for k in 'written', 'deleted', 'loaded':
                c.pop(k, None)
            for r in c['rows'].values():
                r.setdefault('$meta', {}) if c['schema']['dynamic'] else None
    return want, got


def tell(found):
    for line in found[:SHOWN]:
        print(line)
    if found[SHOWN:]:
        print('and %d more' % len(found[SHOWN:]))
    return 1 if found else 0


def load(path):
    with open(path, 'rb') as f:
        return pickle.load(f)


class Again(fold.Fold):
    """A stream that goes on where another ended: what is there already is ensured, with the fields that it has by now."""
    over, left = set(), {}  # inserts of a key that is there, and transactions that nobody ended

    def line(self, op):
        for topic, at in op.get('pos', {}).items():
            if int(at['ts']) >= self.left.get(topic, {}).get(at.get('o'), 1 << 64):
                raise ValueError('%s at %s: a transaction is held that nobody will end' % (topic, at))
        super().line(op)

    def insert(self, op):
        super().upsert(op) if int(op['ts']) in self.over else super().insert(op)

    def create_database(self, op):
        if op['db'] not in self.dbs or not op.get('ensure'):
            super().create_database(op)

    def create_collection(self, op):
        if not op.get('ensure'):
            return super().create_collection(op)
        c, s = self.coll(op), fold.schema(op['schema'])
        for name, f in s['fields'].items():
            if name not in c['schema']['fields']:
                self.add_field({**op, 'field': name, 'schema': next(x for x in op['schema']['fields'] if x['name'] == name)})
            elif c['schema']['fields'][name]['type'] != f['type']:
                raise ValueError('field %s is another' % name)
        c['properties'] = op['properties']

    def add_field(self, op):
        if op['field'] not in self.coll(op)['schema']['fields']:
            super().add_field(op)

    def drop_field(self, op):
        if op['field'] in self.coll(op)['schema']['fields']:
            super().drop_field(op)

    def create_partition(self, op):
        if not op.get('ensure') or op['part'] not in self.coll(op)['partitions']:
            super().create_partition(op)

    def create_index(self, op):
        if not op.get('ensure'):
            return super().create_index(op)
        self.coll(op)['indexes'][op['index']] = {'field': op['field'], 'params': op['params']}


def stream(a):
    want = load(a.state)
    fold.Fold, Again.over, Again.left = Again, want.pop('over'), want.pop('left')
    try:
        with open(a.stream) as f:
            got = fold.read(f)
    except ValueError as e:
        return tell([str(e)])
    want, got = in_common(want, got)
    for s in want, got:
        s['databases'].pop('default', None)
    return tell(list(judge.differences(want, got)))


def held(c):
    """A collection of tests/fake/milvus.py, as far as it can be compared."""
    from pymilvus.grpc_gen import schema_pb2
    s = schema_pb2.CollectionSchema.FromString(c['schema'])
    vectors = {f.name for f in s.fields if f.data_type == 101}
    doubles = {f.name for f in s.fields if f.data_type == 11}

    def value(f, v):
        if v is not None and f in vectors:
            return struct.pack('<%df' % len(v), *v)
        if v is not None and f in doubles:
            return struct.pack('<d', v)
        return json.loads(v) if v is not None and f == '$meta' else v
    rows = {}
    for (k, part), r in c['rows'].items():
        row = {f: value(f, v) for f, v in r.items()}
        rows[k] = dict(row, partition=judge.ANY if c['num_partitions'] else part) if k not in rows else 'twice'
    return {'fields': {f.name for f in s.fields}, 'shards': c['shards'], 'aliases': set(c['aliases']), 'rows': rows,
            'loaded': c['loaded'] and not set(c['parts']) & c.get('released', set()),
            'partitions': judge.ANY if c['num_partitions'] else set(c['parts']), 'indexes': {i: f for f, i in c['index'].items()},
            'properties': c['props'], 'level': c['level']}


def wanted(c):
    return {'fields': set(c['schema']['fields']), 'shards': c['shards'], 'aliases': {a.split('.')[1] for a in c['aliases']},
            'rows': c['rows'], 'loaded': c['loaded'], 'partitions': judge.ANY if c['num_partitions'] else c['partitions'],
            'indexes': {i: x['field'] for i, x in c['indexes'].items()}, 'properties': c['properties'],
            'level': ['Strong', 'Session', 'Bounded', 'Eventually'].index(c['consistency'])}


def target(a):
    want = load(a.state)
    try:
        got = load(a.fake)
    except FileNotFoundError:
        return tell(['the target is empty'])
    found = list(judge.differences({'databases': set(want['databases']) | {'default'}}, {'databases': set(got)}, '', 'source', 'target'))
    got = {'%s.%s' % (db, n): held(c) for db, colls in got.items() for n, c in colls.items()}
    want = {n: wanted(c) for n, c in want['collections'].items()}
    return tell(found + list(judge.differences(want, got, '', 'source', 'target')))


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    sub = p.add_subparsers(dest='do', required=True)
    q = sub.add_parser('play')
    q.add_argument('seed')
    for name, kind, default in ('seconds', float, 20), ('before', float, 0), ('speed', float, 4), ('lag', float, 30):
        q.add_argument('--' + name, type=kind, default=default)
    q.add_argument('--old', action='store_true')
    q.add_argument('--drops', action='store_true')
    q.add_argument('--dbs', nargs='*')
    q.add_argument('--cluster', default='by-dev')
    q.add_argument('--etcd', default=os.environ.get('CDC_ETCD'))
    q.add_argument('--kafka', nargs=2)
    q.add_argument('--state')
    q.add_argument('--log')
    q = sub.add_parser('stream')
    q.add_argument('state')
    q.add_argument('stream')
    q = sub.add_parser('target')
    q.add_argument('state')
    q.add_argument('fake')
    a = p.parse_args()
    return {'play': play, 'stream': stream, 'target': target}[a.do](a)


if __name__ == '__main__':
    sys.exit(main())
