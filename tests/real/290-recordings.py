"""What genuine servers wrote, put back into a real Kafka and etcd, goes through the chain into a real Milvus 2.3.5, which then
has by value what the clients did; a second run of the task changes nothing."""
import gzip
import json
import socket
import struct

from cdctest import *

for folder in 'judge', 'fake':
    sys.path.append(os.path.join(TOP, 'tests', folder))

import columns  # noqa: E402
import held  # noqa: E402
import judge  # noqa: E402
import left  # noqa: E402
import truth  # noqa: E402
from state import ANY, differences, new_state  # noqa: E402

DATA = os.path.join(TOP, 'tests', 'data', 'recordings')
TOOL = os.path.join(TOP, 'tests', 'fake', 'etcdtool.py')


def lines_of(path):
    with gzip.open(path, 'rt') as f:
        return [json.loads(line) for line in f]


def drop_topics(brokers, names):
    """DeleteTopics, version 1."""
    text = b''.join(struct.pack('>h', len(n)) + n.encode() for n in names)
    ask = struct.pack('>hhih', 20, 1, 1, -1) + struct.pack('>i', len(names)) + text + struct.pack('>i', 20000)
    host, port = brokers.split(':')
    with socket.create_connection((host, int(port)), 30) as s, s.makefile('rb') as f:
        s.sendall(struct.pack('>i', len(ask)) + ask)
        f.read(struct.unpack('>i', f.read(4))[0])


@contextlib.contextmanager
def put_back(case, version):
    """Its root; all of it is gone afterwards."""
    folder = os.path.join(DATA, version)
    topics = sorted({r['topic'] for r in lines_of(f'{folder}/kafka.jsonl.gz')})
    try:
        p = subprocess.run(['sh', os.path.join(TOP, 'tests', 'tools', 'replay'), folder], capture_output=True, text=True,
                           env=dict(case.env, BUILD=BUILD))
        assert p.returncode == 0, p.stderr
        yield p.stdout.strip()
    finally:
        root = topics[0].split('-rootcoord')[0].split('-replicate')[0]
        subprocess.run([sys.executable, TOOL, case.etcd, 'forget', root], check=True)
        drop_topics(case.brokers, topics)


def rows_of(m, db, coll, described):
    """(partition, values by field) of each row."""
    s = described.schema
    key = next(f for f in s.fields if f.is_primary_key)
    names = [f.name for f in s.fields] + (['$meta'] if s.enable_dynamic_field else [])
    vector = next(f.name for f in s.fields if f.data_type in (DT.FloatVector, DT.BinaryVector))
    parts = [None] if any(f.is_partition_key for f in s.fields) else sorted(m.partitions(db, coll))
    expr = f'{key.name} >= ""' if key.data_type == DT.VarChar else f'{key.name} <= 0 or {key.name} > 0'
    with readable(m, db, coll, vector), m.still():
        for p in parts:
            found = m.query(db, coll, expr, names, [p] if p else ())
            n = max(len(columns.scalars(d)) for d in found if d.field_name == key.name)
            got = {d.field_name or '$meta': columns.column(d, n) for d in found}
            for i in range(n):
                yield p, {k: v[i] for k, v in got.items()}


def read_back(m, names):
    """The state of a target whose databases have these names at the source."""
    state = new_state()
    for theirs, db in names.items():
        state['databases'][theirs] = ANY
        for coll in m.colls(db):
            d = m.describe(db, coll)
            indexes = [(n, f, params) for n, (f, params) in m.indexes(db, coll).items()]
            state['collections'][f'{theirs}.{coll}'] = c = held.collection(
                d.schema.SerializeToString(), d.shards_num, d.consistency_level, dict_of(d.properties), d.num_partitions,
                m.partitions(db, coll), [f'{theirs}.{a}' for a in d.aliases], indexes, list(rows_of(m, db, coll, d)))
            for f in c['schema']['fields'].values():
                f['clustering_key'] = ANY  # 2.3.5 does not know of them
    return state


def goes_through(case, version):
    path = f'{DATA}/{version}/truth.jsonl.gz'
    without = left.out(version, '2.3.5')
    want = judge.judged(truth.read(judge.calls(path, version, None)), None, without)
    names = {'default': case.db, **{n: f'{case.db}_{n}' for n in want['databases']}}
    case.dst.create_db(case.db)
    renames = [x for a, b in names.items() for x in ('--rename', f'{a}={b}')]
    exclude = [x for p in without for x in ('--exclude', p)]
    case.run('cdc-task', 'create', case.db, '--no-check')

    def run(root):
        c = case.chain(['cdc-meta', '-E', case.etcd, '-r', root],
                       ['cdc-read', '-b', case.brokers, '--from', f'task:{case.db}', '--until', 'end', *exclude],
                       ['cdc-apply', '-T', case.target, '--allow-none', '--skip', left.OLD_OPS, *renames],
                       ['cdc-task', 'commit', case.db])
        statuses = c.wait()
        if any(statuses.values()):
            raise AssertionError(statuses)
        status = case.run('cdc-task', 'status', case.db, '--json', '--offline', status=None)
        return read_back(case.dst, names), json.loads(status)['applied']

    with put_back(case, version) as root:
        got, applied = run(root)
        judge.forget_added(want, got)
        found = list(differences({k: want[k] for k in ('databases', 'collections')},
                                 judge.judged({k: got[k] for k in ('databases', 'collections')}, None, without),
                                 second='target'))
        rows = sum(len(c['rows']) for c in want['collections'].values())
        tap.ok(not found and rows > 0, f"{version}: {len(want['collections'])} collections, {rows} rows, equal", *found[:20])
        again, more = run(root)
        judge.forget_added(want, again)
        tap.ok(not list(differences(got, again)), f'{version}: once more: the target is as it was',
               *list(differences(got, again, first='before', second='after'))[:20])
        tap.ok(more['rows'] == applied['rows'], f'{version}: and has not been sent a row', applied, more)


def a_2_4_24(case):
    goes_through(case, '2.4.24')


def a_2_5_27(case):
    goes_through(case, '2.5.27')


def a_2_6_20(case):
    goes_through(case, '2.6.20')


main(a_2_4_24, a_2_5_27, a_2_6_20)
