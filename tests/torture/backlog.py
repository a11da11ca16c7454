"""A task that was paused for very many rows, and a target that is slower than the source: memory stays bounded."""
import collections

import numpy

from torture import *  # noqa: F401,F403
from torture import Milvus, Total, diag, eventually
from stream import strike

BATCH = 1 << 20  # bytes

# cdc-read may hold 64 MB (MERGE_AHEAD_BYTES) over all topics before it pauses those that are ahead, what librdkafka keeps
# for each topic (queued.max.messages.kbytes, and a fetch more), and what the allocator keeps besides; cdc-apply a window of
# requests of 1 MiB.  It is the greatest size of each program that is measured, not what it has in use.
LIMIT_MB = {'cdc-meta': 64, 'cdc-read': 320, 'cdc-apply': 256, 'cdc-task': 64}


class Peaks(threading.Thread):
    """The greatest size of each program below a task's runner."""

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe, self.kb, self.stopping = pipe, collections.Counter(), threading.Event()

    def run(self):
        while not self.stopping.wait(0.3):
            for name, pid in self.pipe.children().items():
                try:
                    with open(f'/proc/{pid}/status') as f:
                        peak = next(int(line.split()[1]) for line in f if line.startswith('VmHWM:'))
                    self.kb[name] = max(self.kb[name], peak)
                except (OSError, StopIteration):
                    pass

    def judge(self, t):
        self.stopping.set()
        self.join()
        for name, mb in LIMIT_MB.items():
            diag(f'{name}: {self.kb[name] // 1024} MB at most')
            t.judge(f'{name} stays below {mb} MB', [] if 0 < self.kb[name] < mb * 1024 else [f'{self.kb[name]} kB'])


def row(dim):
    """Bytes of one."""
    return 16 + 4 * dim


def prepare(t, dim):
    db = t.make_db()
    t.src.create(db, 'c', [F('pk', 'Int64', primary=True), F('ver', 'Int64'), F('vec', 'FloatVector', dim=dim)], shards=2)
    t.src.index(db, 'c', 'vec')
    t.src.load(db, 'c')
    return db


def fill(t, db, n, dim, first=0):
    """n rows; how many seconds it took the source."""
    began, random = time.monotonic(), numpy.random.default_rng(t.seed)
    batch = BATCH // row(dim)
    for at in range(first, first + n, batch):
        size = min(batch, first + n - at)
        v = random.random((size, dim), dtype='float32')
        t.src.insert(db, 'c', {'pk': list(range(at, at + size)), 'ver': [at] * size, 'vec': floats(v)})
        Total.rows += size
    return time.monotonic() - began


def tell(n, dim, seconds):
    size = n * row(dim) / 1e6
    diag(f'{n} rows of {size:.0f} MB in {seconds:.0f} s: {n / seconds:.0f} rows/s, {size / seconds:.1f} MB/s')


@scenario(short=0, long=2000)
def paused_for_long(t):
    """As many thousand rows as there are rounds: 2 million in the long form."""
    dim, n = 16, t.rounds * 1000
    db = prepare(t, dim)
    pipe = t.run_task()
    fill(t, db, 1000, dim)
    pipe.catch_up()
    strike(t, f'paused for {n} rows')
    t.run('cdc-task', 'pause', pipe.name)
    eventually(lambda: pipe.final == 0, what='it is paused')
    seconds = fill(t, db, n, dim, 1000)
    diag(f'the source took {n} rows in {seconds:.0f} s')
    t.src.delete(db, 'c', f'pk in {list(range(0, 5000, 5))}')
    t.run('cdc-task', 'resume', pipe.name)
    peaks, began = Peaks(pipe), time.monotonic()
    pipe.start()
    peaks.start()
    pipe.catch_up(3600)
    tell(n, dim, time.monotonic() - began)
    peaks.judge(t)
    t.check(pipe, 'all of them', timeout=600)
    pipe.stop()


@scenario(short=0, long=170)
def slow_target(t):
    """A target that is halted most of the time, and as many thousand rows of 1 kB: the reader waits and keeps no more."""
    dim, n = 256, t.rounds * 1000
    db = prepare(t, dim)
    diag(f'the source took {n} rows in {fill(t, db, n, dim):.0f} s')
    pid = int(open(os.path.join(os.environ['CDC_LAB'], 'dst', 'pid')).read())
    pipe = t.run_task()
    peaks = Peaks(pipe)
    peaks.start()
    done = threading.Event()

    def halt():
        while not done.is_set():
            os.kill(pid, signal.SIGSTOP)
            done.wait(0.8)  # the fault: most of the time it does nothing
            os.kill(pid, signal.SIGCONT)
            done.wait(0.2)

    strike(t, 'a target that is halted four fifths of the time')
    halting = threading.Thread(target=halt)
    halting.start()
    began = time.monotonic()
    try:
        now = t.src.now()
        eventually(lambda: int(pipe.checkpoint()['ts']) >= now, 1800, 'all at the target', every=1)
    finally:
        done.set()
        halting.join()
    tell(n, dim, time.monotonic() - began)
    peaks.judge(t)
    t.check(pipe, 'all of them', timeout=600)
    pipe.stop()
