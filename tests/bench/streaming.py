"""cdc-read on the three ways to the same rows: the log of Milvus 2.3, the streaming log in Kafka, and that through DumpMessages.

Ratios are of runs in turns, since a machine has better and worse minutes.  Through DumpMessages, tests/fake/dumper.py sends what
it has in memory; its own time is not counted, nor that which cdc-read waits for it.
"""
import contextlib
import subprocess

from alone import Case
from measure import TESTS, Figure, eventually, os, run, sys, tempfile

DIMS_BATCHES = ((128, 1000), (128, 1), (1536, 1000))
GROUP = 'streaming'


class Streaming(Case):
    """A collection that was there before all of its log."""
    log = 'streaming'

    def lines(self):
        out = super().lines()
        for line in out:
            if 'create_ts' in line:
                line['create_ts'] = line['ts'] = '0'
        out[-1]['ddl'] = 'log'
        return [*out[:-1], {'kind': 'pchannel', 'name': self.topic, 'control': True}, out[-1]]

    def read(self, *more):
        return super().read('--from', 'beginning', *more)


class Dump(Streaming):
    log = 'dump'

    def record(self, out):
        self.folder = tempfile.mkdtemp(dir=self.bench.folder)
        with open(os.path.join(self.folder, self.topic + '.jsonl'), 'wb') as log:
            super().record(log)
        self.server = subprocess.Popen([sys.executable, os.path.join(TESTS, 'fake', 'dumper.py'), self.folder])
        port = os.path.join(self.folder, 'port')
        eventually(lambda: os.path.exists(port) and os.path.getsize(port) > 0, what='a stand-in of Milvus')
        with open(port) as f:
            self.uri = f'http://127.0.0.1:{f.read().strip()}'

    def read(self, *more):
        argv = super().read(*more)
        return [argv[0], '--source', self.uri, *argv[3:]]

    def close(self):
        self.server.kill()
        self.server.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.stream)


def streaming(bench):
    bench.milvus(False)
    for dim, batch in DIMS_BATCHES:
        with contextlib.ExitStack() as stack:
            cases = [stack.enter_context(contextlib.closing(c(bench, dim, batch))) for c in (Case, Streaming, Dump)]
            figures = []
            for case in cases:
                case.write(case.stream)
                f = Figure(GROUP, f'{case.name}, {case.log}', case.rows, case.raw)
                f.dim, f.batch, f.codec = dim, batch, True
                figures.append(f)
            for _ in range(bench.runs):
                for case, f in zip(cases, figures):
                    f.add(run(case.read()))
            for f in figures:
                bench.figure(f)
