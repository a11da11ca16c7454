"""The whole chain between two real Milvus: single rows, nothing at all, a start, a backlog; and a target that is far away.

The four programs of `cdc-task run` stand in a pipe of ours, so that each can be watched.  All that a row costs at the source was
paid before the clock starts; the source is idle then, but shares this machine.
"""
import contextlib
import json
import random
import signal
import subprocess

import numpy

from measure import *  # noqa: F401,F403
from measure import (Failed, Figure, Run, Value, apart, calm, clear, cores, eventually, helper, high_water, median, number, say,
                     server_cpu, time, together)
from cdctest import Case, floats
from kafkaadmin import ends
from limits import APART, CLIENTS, DIM, FIELDS, Client
from proxy import Proxy

FILL = 1000          # rows an insert at the source
PATIENCE_S = 3600
LAG = {'small': 50, 'full': 200}
TICK_S = 0.2         # of a Milvus: single rows come at any moment between two of them
IDLE_S = 30
ROUND_TRIP_MS = (0, 10, 200)
BEFORE_S = 0.005     # between two looks at a checkpoint, or at the target
EVENTUALLY = 1       # a query's guarantee_timestamp: what is there will do
INSERT, TICK = 400, 1200    # message types in the log


class Here(Case):
    """A place of its own for a measurement."""

    def __init__(self, name, **how):
        super().__init__(name)
        self.tasks = 0
        self.db = f'bench{self.tag}'
        self.include = [self.db + '.*']
        self.how = how
        self.make_db()

    def close(self):
        for m in self.src, self.dst:
            clear(m, self.db)
        super().close()

    def task(self, **how):
        self.tasks += 1
        return self.pipeline(f'task{self.tasks}', **how)

    def fill(self, coll, n):
        generator, began = numpy.random.default_rng(n), time.monotonic()
        for at in range(0, n, FILL):
            size = min(FILL, n - at)
            v = floats(generator.random((size, DIM), dtype='float32'))
            self.src.insert(self.db, coll, {'pk': list(range(at, at + size)), 'vec': v})
        say(f'  the source took {n} rows in {time.monotonic() - began:.0f} s')

    def loaded(self, milvus, coll):
        milvus.create(self.db, coll, FIELDS)
        milvus.index(self.db, coll, 'vec')
        milvus.load(self.db, coll)

    def put(self, milvus, coll, key):
        milvus.insert(self.db, coll, {'pk': [key], 'vec': [bytes(DIM * 4)]})

    def sees(self, coll, key):
        """Does a query at the target find it now?  Under Strong each question itself would take until the next tick."""
        fields = self.dst.call('Query', db_name=self.db, collection_name=coll, expr=f'pk == {key}', output_fields=['pk'],
                               guarantee_timestamp=EVENTUALLY).fields_data
        return bool(fields and fields[0].scalars.long_data.data)

    def ticked(self, coll):
        """Waits until each of its channels has a later tick: two records more are one at least."""
        topics = self.src.describe(self.db, coll).physical_channel_names
        had = {t: ends(t)[1] for t in topics}
        eventually(lambda: all(ends(t)[1] >= had[t] + 2 for t in topics), what='ticks of the source')


def applied(pipe):
    return pipe.checkpoint().get('applied', {}).get('rows', 0)


def drain(case, rows, steady):
    """A new task for what is there, to its last row; adds to steady the rows a second behind the first that were confirmed."""
    clear(case.dst, case.db)
    calm()
    pipe = case.task()
    servers, began = server_cpu(), time.monotonic()
    pipe.start()

    def over(n):
        if pipe.over():
            raise Failed(f'the chain has ended: {pipe.over()}')
        return max(0, applied(pipe) - n)

    try:
        some = eventually(lambda: over(0), PATIENCE_S, 'rows at the target', every=0.02)
        first = time.monotonic()
        eventually(lambda: over(rows - 1), PATIENCE_S, f'{rows} rows at the target', every=0.02)
        seconds, servers = time.monotonic() - began, server_cpu() - servers
        if some < rows:
            steady.append((rows - some) / (time.monotonic() - first))
        both = {name: pipe[name].cpu() for name in ('cdc-read', 'cdc-apply')}
        peak = {p.name: high_water(p.pid) for p in pipe.chain.programs}
        all_kb = together([p.pid for p in pipe.chain.programs])
        pipe.stop()
    finally:
        pipe.chain.kill()
    case.run('cdc-task', 'delete', pipe.name)  # the next one writes to the same place
    return Run(seconds, both, peak, all_kb, servers)


def behind_the_first(steady):
    return {'behind the first ack': f'{number(median(steady))} rows/s'} if steady else {}


def each_in_turn(bench, turns):
    """What the target can take is not the same from one minute to the next, and less behind much: nobody is always first or last."""
    for i in range(bench.chain_runs):
        last = i % len(turns)
        for turn in turns[-last:] + turns[:-last]:
            turn()


def with_clients(bench, case, rows, where):
    clients = [Client(*shape, rows, where) for shape in CLIENTS]
    case.src.create(case.db, 'c', FIELDS)
    case.fill('c', rows)
    case.ticked('c')
    f, steady = Figure('chain', 'backlog' + where, rows, rows * DIM * 4), []
    with apart() if where else contextlib.nullcontext():
        each_in_turn(bench, [c.again for c in clients] + [lambda: f.add(drain(case, rows, steady))])
    best = max((c.figure for c in clients), key=lambda figure: figure.rows_s)
    others = ', '.join(f'{c.threads} x {c.rows}: {number(c.figure.rows_s)}' for c in clients if c.figure is not best)
    best.more.update({**best.servers(), 'others, rows/s': others})
    bench.figure(best)
    f.more.update({**behind_the_first(steady), **f.servers()})
    f.more.update({name: f'{max(r.peak[name] for r in f.runs) / 1024:.0f} MiB' for name in f.runs[0].peak})
    bench.figure(f)


def backlog(bench, case):
    with_clients(bench, case, bench.chain_rows, '')


def backlog_apart(bench, case):
    """As if we were on another machine than the target."""
    if len(cores()) > 1:
        with_clients(bench, case, bench.chain_rows // 2, APART)


def singles(bench, case, milvus, coll):
    """Rows one at a time into one of the two: the unix ms of each answer, and how many more until a query at the target saw it."""
    answered, late = [], []
    for key in range(LAG[bench.size]):
        time.sleep(random.random() * TICK_S)
        case.put(milvus, coll, key)
        answered.append(time.time() * 1000)
        began = time.monotonic()
        eventually(lambda: case.sees(coll, key), what='a row', every=BEFORE_S)
        late.append((time.monotonic() - began) * 1000)
    return answered, late


def percentiles(bench, name, late, **more):
    late = sorted(late)
    for percent in 50, 90, 99:
        ms = late[min(len(late) - 1, len(late) * percent // 100)]
        bench.figure(Value('chain', f'{name}, p{percent}', ms, 'ms', len(late), **more))
        more = {}  # said once


def ticks(bench, topic, first, answered):
    """ms from the source's answers to its ticks behind the rows: nobody knows before that nothing older can come."""
    argv = [helper('logdump'), bench.brokers, topic, str(first), str(ends(topic)[1])]
    out = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    log = [json.loads(line) for line in out.splitlines()]
    rows = [i for i, r in enumerate(log) if r['type'] == INSERT]
    if len(rows) != len(answered):
        raise Failed(f'{len(rows)} inserts in {topic} instead of {len(answered)}')
    behind = [next(r['ms'] for r in log[i:] if r['type'] == TICK and r['ts'] >= log[i]['ts']) for i in rows]
    return [tick - ms for tick, ms in zip(behind, answered)]


def single(bench, case):
    """Rows one at a time, and then none: how late they come, what of it the two Milvus take alone, what waiting costs."""
    case.loaded(case.src, 'one')
    case.include = [case.db + '.one']
    pipe = case.task().start()
    pipe.catch_up()
    eventually(lambda: case.dst.load_state(case.db, 'one') == 'Loaded', what='a loaded target')
    topic, = case.src.describe(case.db, 'one').physical_channel_names
    first = ends(topic)[1]
    answered, late = singles(bench, case, case.src, 'one')
    percentiles(bench, 'lag of a row', late)
    percentiles(bench, 'source alone', ticks(bench, topic, first, answered), **{'from its answer to': 'its tick in the log'})
    pipe.catch_up()
    before = [p.cpu() for p in pipe.chain.programs]
    began = time.monotonic()
    time.sleep(IDLE_S)
    used = {p.name: p.cpu() - b for p, b in zip(pipe.chain.programs, before)}
    share = sum(used.values()) / (time.monotonic() - began) * 100
    bench.figure(Value('chain', 'idle', share, '% of a core', 1, **{n: f'{s / IDLE_S:.2%}' for n, s in used.items()}))
    pipe.stop()
    case.loaded(case.dst, 'alone')
    eventually(lambda: case.dst.load_state(case.db, 'alone') == 'Loaded', what='a loaded target')
    late = singles(bench, case, case.dst, 'alone')[1]
    percentiles(bench, 'target alone', late, **{'from its answer to': 'a query that sees the row'})


def starts(bench, case):
    """From `cdc-task run` to a row that waited: when the checkpoint has it."""
    case.src.create(case.db, 'one', FIELDS)
    case.include = [case.db + '.one']
    pipe = case.task()
    took = []
    for i in range(bench.runs + 1):
        case.put(case.src, 'one', 1_000_000 + i)
        case.ticked('one')
        had, began = applied(pipe), time.monotonic()
        chain = case.chain(['cdc-task', 'run', pipe.name])
        eventually(lambda: applied(pipe) > had or not chain.running(), what='the first row', every=BEFORE_S)
        took.append(time.monotonic() - began)
        if not chain.running():
            raise Failed(f'cdc-task run has ended: {chain["cdc-task"].stderr()}')
        chain.kill(signal.SIGTERM)
        chain.wait()
    # The first run makes the collection, which is not what is asked here.
    bench.figure(Value('chain', 'start to first row', took[1:], 's', len(took) - 1))


def each(bench, *functions):
    bench.milvus(True)
    for f in functions:
        with contextlib.closing(Here(f.__name__)) as case:
            try:
                f(bench, case)
            except Exception:
                case.show()
                raise


def lag(bench):
    """Before all that gives the two millions of rows: they compact and flush for a while then, on the cores that all share."""
    each(bench, single, starts)


def chain(bench):
    each(bench, backlog, backlog_apart)


class Way:
    """To a target that is far away."""

    def __init__(self, case, proxy, ms, rows):
        self.case, self.proxy, self.ms, self.steady = case, proxy, ms, []
        self.figure = Figure('delay', f'round trip {ms} ms', rows, rows * DIM * 4)

    def again(self):
        self.proxy.delay(self.ms / 2000)
        self.figure.add(drain(self.case, self.figure.rows, self.steady))


def delay(bench):
    """Half of each round trip lies on the way there, half on the way back."""
    bench.milvus(True)
    rows = bench.chain_rows // 2
    with contextlib.closing(Here('delay')) as case, contextlib.closing(Proxy(case.dst.uri.rpartition(':')[2])) as proxy:
        case.target = proxy.uri
        case.src.create(case.db, 'c', FIELDS)
        case.fill('c', rows)
        case.ticked('c')
        base, *_ = way = [Way(case, proxy, ms, rows) for ms in ROUND_TRIP_MS]
        each_in_turn(bench, [w.again for w in way])
        for w in way:
            w.figure.more.update({'of 0 ms': f'{w.figure.rows_s / base.figure.rows_s:.2f}', **behind_the_first(w.steady)})
            bench.figure(w.figure)
