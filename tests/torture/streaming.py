"""Random histories of a Milvus 2.6 (tests/wal) on a real Kafka and a real etcd, replicated while they happen into a real 2.3.5.

So they have only what that target can take: no nulls, no change of fields, no truncation, no database with properties;
tests/program/410-streaming-histories.t has these, with a target in memory.
"""
import pickle
import struct
import unittest.mock

from torture import *  # noqa: F401,F403

WAL = os.path.join(HERE, '..', 'wal', 'wal.py')
MOCK = os.path.join(BUILD, 'tests', 'mock-kafka')
WHO = ['cdc-meta', 'cdc-read', 'cdc-read', 'cdc-apply', 'cdc-task', 'the runner', 'Kafka']
LEVELS = ['Strong', 'Session', 'Bounded', 'Eventually']


class Plain(pickle.Unpickler):
    """tests/judge/state.py has the name of another module here; of it only what equals all is in a state."""

    def find_class(self, *_):
        return object


class History:
    """One that is being played, as a cluster of its own."""

    def __init__(self, t, n):
        self.t, self.cluster = t, f'wal{t.tag}r{n}'
        self.dbs = [f'{t.db}_{n}{x}' for x in 'abc']
        self.state, self.out = t.path(f'{self.cluster}.state'), t.path(f'{self.cluster}.kafka')
        fifo = t.path(f'{self.cluster}.fifo')
        os.mkfifo(fifo)
        with open(self.out, 'w') as out:
            self.kafka = subprocess.Popen([MOCK, t.brokers], stdin=os.open(fifo, os.O_RDWR), stdout=out)
        self.play = subprocess.Popen(
            [sys.executable, WAL, 'play', f'{t.seed}.{n}', '--seconds', '40', '--before', '8', '--speed', '2', '--old', '--etcd', t.etcd,
             '--cluster', self.cluster, '--dbs', *self.dbs, '--kafka', fifo, self.out, '--state', self.state,
             '--log', t.path(f'{self.cluster}.done')], stdout=subprocess.PIPE, text=True)
        assert self.play.stdout.readline() == 'live\n'

    def playing(self):
        return self.play.poll() is None

    def end(self):
        tap.ok(self.play.wait(120) == 0, f'{self.t.name}: {self.cluster} is played')
        self.kafka.kill()
        self.kafka.wait()

    def want(self):
        with open(self.state, 'rb') as f:
            return Plain(f).load()

    def missing(self):
        """What the target has otherwise, but for rows: sentences."""
        want, there = self.want(), self.t.dst.dbs() & set(self.dbs)
        have = {f'{db}.{c}' for db in there for c in self.t.dst.colls(db)}
        out = [f'database {d}' for d in sorted(set(want['databases']) ^ there)]
        out += [f'collection {c}' for c in sorted(set(want['collections']) ^ have)]
        return out or [d for name, c in want['collections'].items() for d in self.differ(*name.split('.'), c)]

    def differ(self, db, name, want):
        m, d = self.t.dst, self.t.dst.describe(db, name)
        got = {'shards': d.shards_num, 'level': LEVELS[d.consistency_level], 'aliases': {f'{db}.{a}' for a in d.aliases},
               'properties': dict_of(d.properties), 'fields': {f.name for f in d.schema.fields},
               'partitions': m.partitions(db, name), 'indexes': {i: f for i, (f, _) in m.indexes(db, name).items()},
               'loaded': m.load_state(db, name) == 'Loaded'}
        has = {'shards': want['shards'], 'level': want['consistency'], 'aliases': want['aliases'], 'properties': want['properties'],
               'fields': set(want['schema']['fields']), 'partitions': want['partitions'],
               'indexes': {i: x['field'] for i, x in want['indexes'].items()}, 'loaded': want['loaded']}
        for k in has:
            if has[k] != got[k]:
                yield f'{db}.{name}: {k} {got[k]}, want {has[k]}'

    def load_all(self):
        """Without it, nobody can ask for rows. To be called when nothing else is missing."""
        colls = {tuple(name.split('.')): c for name, c in self.want()['collections'].items()}
        for n, c in colls.items():
            if not c['indexes']:
                self.t.dst.index(*n, 'vec')
            if not c['loaded']:
                self.t.dst.load(*n)
        until(lambda: all(self.t.dst.load_state(*n) == 'Loaded' for n in colls), 120)

    def missing_rows(self):
        return [d for name, c in self.want()['collections'].items() for d in self.differ_rows(*name.split('.'), c)]

    def differ_rows(self, db, name, want):
        schema = self.t.dst.describe(db, name).schema
        pk = next(f for f in schema.fields if f.is_primary_key)
        with self.t.dst.still():
            keys = self.t.dst.keys(db, name, pk)
            if sorted(keys) != sorted(want['rows']):
                odd = set(keys) ^ set(want['rows'])
                yield f'{db}.{name}: keys {sorted(odd)[:9]} on one side only, or twice of {len(keys)}'
                return
            rows = self.t.dst.rows(db, name, schema, keys) if keys else {}
            parts = {p: set(self.t.dst.keys(db, name, pk, [p])) for p in want['partitions'] if keys and not want['num_partitions']}
        for k in keys:
            for f in rows:
                got = self.comparable(rows[f][k], f)
                if got != self.comparable(want['rows'][k].get(f), f):
                    yield f'{db}.{name}: {k!r}: {f} is {got!r}, want {want["rows"][k].get(f)!r}'
            if parts and k not in parts[want['rows'][k]['partition']]:
                yield f'{db}.{name}: {k!r} is not in partition {want["rows"][k]["partition"]}'

    @staticmethod
    def comparable(v, field):
        if field == '$meta':
            return json.loads(v) if isinstance(v, (str, bytes)) else v or {}
        if field == 'num' and isinstance(v, float):
            return struct.pack('<d', v)
        return v


def strike(t, pipe, who):
    t.fault(f'kill -9 {who}')
    if who == 'Kafka':
        lab('stop', 'kafka')
        time.sleep(t.random.uniform(0, 3))
        lab('start', 'kafka', 'src')
    elif who == 'the runner':
        pipe.runner.kill(signal.SIGKILL)
    elif who in (children := pipe.children()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(children[who], signal.SIGKILL)


@scenario(short=0, long=10)
def streaming_histories(t):
    for i in t.each_round():
        h = History(t, i)
        t.include = [f'{d}.*' for d in h.dbs]
        with unittest.mock.patch.dict(os.environ, CDC_ROOT=h.cluster):
            pipe = t.run_task(f'task{i}', create=['--no-check'])
        while h.playing():
            time.sleep(t.random.uniform(0.3, 3))
            strike(t, pipe, t.random.choice(WHO[:-1] if t.random.random() < 0.8 else WHO))
        h.end()
        until(lambda: not h.missing(), 120)
        if t.judge(f'round {i}: the target has what the clients made', h.missing()):
            h.load_all()
            until(lambda: not h.missing_rows(), 60)
            t.judge(f'round {i}: and their rows', h.missing_rows())
        pipe.stop()
        drop_dbs(t.dst, t.dst.dbs() & set(h.dbs))
