"""cdc-read and cdc-apply -n, each alone and both in a pipe, on topics that bench's own producer has recorded.

The log lies in a real Kafka, where it is served from the page cache by sendfile(2): the mock cluster keeps 5 MiB of a partition,
and works within the process that it is in.  The catalogue is a file.  The target of cdc-apply -n is tests/fake/milvus.py, which is
asked a few questions at the start and costs nothing afterwards.
"""
import contextlib
import json
import subprocess

from measure import *  # noqa: F401,F403
from measure import Failed, Figure, helper, os, program, run, say
from kafkaadmin import delete_topic

# Twenty of them: what a table of somebody's has beside the vector.
SCALARS = (['Bool', 'Int8', 'Int16'] + ['Int32'] * 3 + ['Int64'] * 4 + ['Float'] * 3 + ['Double'] * 3 + ['VarChar'] * 3 + ['JSON'])
DIMS, BATCHES = (4, 128, 768, 1536), (1, 100, 1000)
RAW = {'small': 64 << 20, 'full': 256 << 20}           # bytes of vectors a case, if it is not too many
MOST_ROWS = {'small': 200_000, 'full': 2_000_000}
MOST_RECORDS = {'small': 20_000, 'full': 200_000}
CODEC = 'zstd'                                          # Milvus's producer


class Case:
    """A topic, its catalogue, and the stream of it in a file."""
    count, log = 0, 'msgstream'

    def __init__(self, bench, dim, batch, scalars=(), codec=CODEC):
        Case.count += 1
        self.bench, self.dim, self.batch, self.scalars, self.codec = bench, dim, batch, list(scalars), codec
        self.rows = min(RAW[bench.size] // (4 * dim), MOST_ROWS[bench.size], MOST_RECORDS[bench.size] * batch)
        if scalars:
            self.rows = min(self.rows, MOST_ROWS[bench.size] // 10)
        self.raw = self.rows * dim * 4
        self.name = f'{dim} x {batch}' + (f' + {len(scalars)} columns' if scalars else '') + ('' if codec == CODEC else f', {codec}')
        self.cluster = f'bench{os.getpid()}-{Case.count}'
        self.topic = f'{self.cluster}-rootcoord-dml_0'
        self.catalogue, self.stream = bench.path('catalogue'), bench.path('stream')
        say(f'recording {self.name}: {self.rows} rows')
        self.record(subprocess.DEVNULL)
        with open(self.catalogue, 'w') as f:
            f.writelines(json.dumps(line) + '\n' for line in self.lines())

    def record(self, out):
        subprocess.run([helper('record'), self.log, self.bench.brokers, self.topic, self.codec, str(self.dim), str(self.batch),
                        str(self.rows), *self.scalars], check=True, stdout=out)

    def lines(self):
        """What cdc-meta would say of it: cdc-meta(1)."""
        fields = [{'id': 100, 'name': 'pk', 'type': 'Int64', 'primary_key': True, 'auto_id': False},
                  {'id': 101, 'name': 'vec', 'type': 'FloatVector', 'params': {'dim': str(self.dim)}}]
        for i, t in enumerate(self.scalars):
            more = {'params': {'max_length': '64'}} if t == 'VarChar' else {}
            fields.append({'id': 102 + i, 'name': f'c{i}', 'type': t, **more})
        state = {'state': 'created', 'ts': '1', 'create_ts': '1'}
        return [{'kind': 'catalogue', 'v': 1, 'rev': 5, 'root': 'by-dev/meta'},
                {'kind': 'database', 'id': '1', 'name': 'default', 'state': 'created', 'ts': '0', 'properties': {}},
                {'kind': 'collection', 'id': '1', 'db': 'default', 'db_id': '1', 'name': 'c', **state,
                 'schema': {'description': '', 'dynamic': False, 'fields': fields}, 'shards': 1,
                 'vchannels': [f'{self.topic}_1v0'], 'start': {self.topic: 0}, 'consistency': 'Bounded', 'properties': {}},
                {'kind': 'partition', 'id': '11', 'coll_id': '1', 'name': '_default', **state},
                {'kind': 'ready', 'rev': 5, 'ts': '2'}]

    def read(self, *more):
        return [program('cdc-read'), '-b', self.bench.brokers, '--cluster', self.cluster, '--meta', self.catalogue,
                '--until', 'now', *more]

    def apply(self, *more):
        return [program('cdc-apply'), '--dry-run', '--target', self.bench.fake(), *more]

    def write(self, path, *more):
        """The stream into a file; warms the page cache for both sides, and sees that all is there."""
        with open(path, 'wb') as out:
            run(self.read(*more), stdout=out)
        with open(path, 'rb') as f:
            f.seek(max(0, os.path.getsize(path) - 65536))
            end = json.loads(f.read().splitlines()[-1])
        if end['op'] != 'end' or end['n'].get('rows') != self.rows:
            raise Failed(f'{self.name}: {end} instead of {self.rows} rows')

    def figure(self, group, *commands):
        f = Figure(group, self.name, self.rows, self.raw)
        f.dim, f.batch, f.scalars, f.codec = self.dim, self.batch, bool(self.scalars), self.codec == CODEC
        for _ in range(self.bench.runs):
            f.add(run(*commands))
        return self.bench.figure(f)

    def close(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.stream)
        delete_topic(self.topic)


def cases(bench):
    for dim in DIMS:
        for batch in BATCHES:
            yield dict(dim=dim, batch=batch)
    for batch in BATCHES:
        yield dict(dim=128, batch=batch, scalars=SCALARS)
    yield dict(dim=128, batch=1000, codec='none')


def alone(bench):
    """Figures of cdc-read and cdc-apply, a recorded topic after the other."""
    for how in cases(bench):
        odd = how == dict(dim=128, batch=1000) or how == dict(dim=768, batch=1000)
        wanted = [name for name in ONLY if bench.wants(name) and (odd or name not in ('decimal', 'general'))]
        if not wanted:
            continue
        with contextlib.closing(Case(bench, **how)) as case:
            case.write(case.stream)
            for name in wanted:
                ONLY[name](case)


def read(case):
    case.figure('cdc-read', case.read())


def apply(case):
    case.figure('cdc-apply -n', case.apply(case.stream))


def both(case):
    case.figure('read | apply -n', case.read(), case.apply())


def decimal(case):
    """Vectors as numbers for people and for jq."""
    case.write(case.stream, '--vectors', 'decimal')
    case.figure('cdc-read, decimal', case.read('--vectors', 'decimal'))
    case.figure('apply -n, decimal', case.apply(case.stream))


def general(case):
    """The same lines as jq writes them, and with sorted keys: an order that is not ours."""
    plain = case.bench.path('plain')
    case.write(plain)
    for argv in ['jq', '-c', '.'], ['jq', '-c', '-S', '.']:
        with open(case.stream, 'wb') as out, open(plain, 'rb') as lines:
            subprocess.run(argv, stdin=lines, stdout=out, check=True)
        case.figure(f'apply -n, after {" ".join(argv[:-1])}', case.apply(case.stream))
    os.unlink(plain)


ONLY = {'read': read, 'apply': apply, 'pipe': both, 'decimal': decimal, 'general': general}  # the last two write another stream
