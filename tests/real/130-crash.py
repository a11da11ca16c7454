"""Ended in the middle of a load of 100,000 rows, in every way, and run again: nothing lost, nothing twice."""
import random
import signal
import threading

import numpy

from cdctest import *

DIM = 16
BATCH = 1000
BATCHES = 100
FIELDS = [F('pk', 'Int64', primary=True), F('name', 'VarChar', max_length=32), F('vec', 'FloatVector', dim=DIM)]


class Load(threading.Thread):
    """100 batches of 1000 rows, with upserts, deletes and partitions among them; stops at gates until they are opened."""

    def __init__(self, case, coll, gates):
        super().__init__(daemon=True)
        self.case, self.coll, self.done, self.error = case, coll, 0, None
        self.gates = {g: threading.Event() for g in gates}
        self.m = Milvus(case.src.uri)
        self.m.fields = case.src.fields
        self.random = random.Random(7)

    def rows(self, keys, word):
        v = numpy.random.default_rng(keys[0] + len(word)).random((len(keys), DIM), dtype='float32')
        return {'pk': list(keys), 'name': [f'{word}{k}' for k in keys], 'vec': floats(v)}

    def run(self):
        try:
            for i in range(BATCHES):
                if i in self.gates:
                    assert self.gates[i].wait(300), 'a gate stayed shut'
                self.batch(i)
                self.done = i + 1
        except Exception as e:  # noqa: BLE001: told by the main thread
            self.error = e

    def batch(self, i):
        m, db, coll = self.m, self.case.db, self.coll
        keys = range(i * BATCH, (i + 1) * BATCH)
        part = 'p' if i % 4 == 3 else '_default'
        m.insert(db, coll, self.rows(keys, 'in'), part)
        if i % 3 == 2:  # rows of earlier batches, back and forth
            old = sorted(self.random.sample(range(i * BATCH), 60))
            m.delete(db, coll, f'pk in {old[:40]}')
            m.insert(db, coll, self.rows(old[:10], 'again'))
            m.upsert(db, coll, self.rows(range(i * BATCH, i * BATCH + 50), 'up'), part)

    def wait_for(self, batches):
        eventually(lambda: self.error or self.done >= batches, 120, f'{batches} batches, are {self.done}')
        if self.error:
            raise self.error


def prepare(case):
    case.make_db()
    case.src.create(case.db, 'c', FIELDS, shards=2)
    case.src.create_partition(case.db, 'c', 'p')
    case.src.index(case.db, 'c', 'vec')
    case.src.load(case.db, 'c')


WAYS = [('SIGTERM to the reader', signal.SIGTERM, ['cdc-read']),
        ('SIGTERM to all', signal.SIGTERM, ['cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task']),
        ('kill -9 cdc-meta', signal.SIGKILL, ['cdc-meta']),
        ('kill -9 cdc-read', signal.SIGKILL, ['cdc-read']),
        ('kill -9 cdc-apply', signal.SIGKILL, ['cdc-apply']),
        ('kill -9 cdc-task', signal.SIGKILL, ['cdc-task'])]


def one_pipeline(case):
    prepare(case)
    gates = [12 + 14 * k for k in range(len(WAYS))]
    load = Load(case, 'c', gates + [BATCHES - 3])  # the last one keeps the load from its end
    pipe = case.pipeline().start()
    load.start()
    for gate, (name, sig, who) in zip(gates, WAYS):
        load.wait_for(gate)
        before = int(pipe.checkpoint()['ts'])
        load.gates[gate].set()
        load.wait_for(gate + 2)
        # It must be at work: something was confirmed since the last start, and more is on its way.
        eventually(lambda: int(pipe.checkpoint()['ts']) > before, what='the checkpoint moves')
        busy = load.done < BATCHES and pipe.chain.running()
        assert busy, f'{load.done} batches, {[(p.name, p.process.poll()) for p in pipe.chain.programs]}'
        for w in who:
            pipe[w].kill(sig)
        ends = pipe.chain.wait(60)
        tap.ok(all(ends[w] != 0 for w in who), f'{name}: in the middle, and the others end by themselves', ends)
        pipe.start()
    load.gates[BATCHES - 3].set()
    load.wait_for(BATCHES)
    pipe.catch_up(180)
    case.same('equal after all of them')
    tap.ok(case.dst.count(case.db, 'c') > BATCH * BATCHES * 0.95, 'and it is the whole load')
    pipe.stop()


def supervised(case):
    """cdc-task run: a killed program is no more than a pause."""
    prepare(case)
    pipe = case.pipeline()
    load = Load(case, 'c', [60])
    runner = case.chain(['cdc-task', 'run', pipe.name])['cdc-task']
    load.start()

    def children():
        out = subprocess.run(['ps', '-o', 'pid=,comm=', '--ppid', str(runner.pid)], capture_output=True, text=True)
        return {name: int(pid) for pid, name in (line.split() for line in out.stdout.splitlines()) if name.startswith('cdc-')}

    def all_four():
        c = children()
        return c if {'cdc-meta', 'cdc-read', 'cdc-apply'} <= c.keys() else None

    load.wait_for(20)
    for name in 'cdc-read', 'cdc-apply', 'cdc-meta':
        before = eventually(all_four, what='a pipeline under cdc-task run')
        eventually(lambda: int(pipe.checkpoint()['ts']) > 0, what='a checkpoint')
        os.kill(before[name], signal.SIGKILL)
        after = eventually(lambda: (c := all_four()) and c[name] != before[name] and c, what='a new pipeline')
        tap.ok(not set(before.values()) & set(after.values()), f'{name} killed: all four are new', before, after)
    load.gates[60].set()
    load.wait_for(BATCHES)
    pipe.catch_up(180)
    case.same('equal, supervised')
    last = children()
    runner.kill(signal.SIGTERM)
    case.chains[-1].wait(30)
    left = [n for n, p in last.items() if os.path.exists(f'/proc/{p}')]
    tap.ok(not left and runner.process.returncode in (0, -signal.SIGTERM), 'SIGTERM to cdc-task run ends all',
           f'left: {left}, status {runner.process.returncode}')
    status = json.loads(case.run('cdc-task', 'status', pipe.name, '--json', status=1).splitlines()[0])
    tap.ok('running' not in str(status.get('state', status.get('status'))), 'and status knows', status)


main(one_pipeline, supervised)
