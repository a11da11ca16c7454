"""What this machine can do at most, so that the other figures have something to be compared with."""
import concurrent.futures
import itertools
import json

import numpy

from measure import *  # noqa: F401,F403
from measure import Figure, Run, calm, clear, helper, os, run, server_cpu, subprocess, time
from milvusapi import F, Milvus, MilvusError, column, pb

PIPE_MB = {'small': 64, 'full': 1024}
DIM = 128
CLIENTS = [(2, 1000), (4, 1000), (8, 4000)]  # threads, rows a request
APART = ', the target apart'
UPSERT = '/milvus.proto.milvus.MilvusService/Upsert'
FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=DIM)]
VARIANTS = 8  # of the vectors of a request: so many times fewer of them are made


def memory(bench):
    out = subprocess.run([helper('limits'), str(bench.runs)], check=True, capture_output=True, text=True).stdout
    for name, lines in itertools.groupby(map(json.loads, out.splitlines()), key=lambda v: v['name']):
        f = Figure('limits', name)
        for v in lines:
            f.raw = v['bytes']
            f.add(Run(v['seconds'], {name: v['cpu']}, {}))
        bench.figure(f)


def pipe(bench):
    size, file = PIPE_MB[bench.size] << 20, bench.path('bytes')
    with open(file, 'wb') as f:
        for _ in range(size >> 20):
            f.write(os.urandom(1 << 20))
    f = Figure('limits', 'cat | cat', raw=size)
    for _ in range(bench.runs):
        f.add(run(['cat', file], ['cat']))
    os.unlink(file)
    bench.figure(f)


def requests(db, n, rows):
    """UpsertRequests of so many rows as bytes, n rows in all."""
    random = numpy.random.default_rng(1)
    vectors = [column(FIELDS[1], [random.random(rows * DIM, dtype='float32').tobytes()]) for _ in range(VARIANTS)]
    for at in range(0, n, rows):
        keys = column(FIELDS[0], range(at, at + rows))
        yield pb.UpsertRequest(db_name=db, collection_name='c', num_rows=rows,
                               fields_data=[keys, vectors[at // rows % VARIANTS]]).SerializeToString()


def upserts(m, db, n, threads, rows):
    """A run of a client that has made its requests before; the collection is a new one."""
    m.create_db(db)
    m.create(db, 'c', FIELDS)
    # All of them, a gigabyte for two million rows: a target that may rest in between takes more than it can bear.
    ready = list(requests(db, n, rows))
    call = m.channel.unary_unary(UPSERT, request_serializer=None, response_deserializer=pb.MutationResult.FromString)

    def one(request):
        status = call(request, timeout=120).status
        if status.code or status.error_code:
            raise MilvusError('Upsert', status)

    calm()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        servers, began = server_cpu(), time.monotonic()
        list(pool.map(one, ready))
        run = Run(time.monotonic() - began, {}, {}, servers=server_cpu() - servers)
    clear(m, db)
    return run


class Client:
    """What the target takes: a plain client."""

    def __init__(self, threads, rows, n, where):
        self.m, self.db = Milvus(os.environ['CDC_TARGET']), f'bench{os.getpid()}'
        self.threads, self.rows, n = threads, rows, n // rows * rows
        self.figure = Figure('chain', 'plain client' + where, n, n * DIM * 4, threads=threads, **{'rows a request': rows})

    def again(self):
        self.figure.add(upserts(self.m, self.db, self.figure.rows, self.threads, self.rows))


def limits(bench):
    memory(bench)
    pipe(bench)
