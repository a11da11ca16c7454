"""Measures how fast the programs are on this machine: a table, the targets, and a picture.

bench.py [--size small|full] [GROUP...]; `make bench` builds what it needs first.  The groups are read, apply, pipe, decimal, general,
lag, limits, chain, delay, catalogue and streaming; all of them if none is named.  The picture is tests/bench/bench.svg if all were measured in full, otherwise
$BUILD/bench.svg.  With CDC_LAB set the servers of that lab are used, and stay; otherwise some of our own come and go.
"""
import argparse
import contextlib
import shutil
import signal

from measure import *  # noqa: F401,F403
from measure import BUILD, LAB, TESTS, TOP, eventually, os, say, subprocess, sys, table, tempfile
import alone
import catalogue
import chain
import limits
import picture
import streaming
import targets

GROUPS = {**dict.fromkeys(alone.ONLY, alone.alone), 'lag': chain.lag, 'limits': limits.limits, 'chain': chain.chain,
          'delay': chain.delay, 'catalogue': catalogue.catalogue, 'streaming': streaming.streaming}
RUNS = {'small': 3, 'full': 5}
CHAIN_RUNS = {'small': 1, 'full': 5}    # of what takes minutes
CHAIN_ROWS = {'small': 200_000, 'full': 2_000_000}


class Bench:
    """What a group is given: servers, a folder, where its figures go."""

    def __init__(self, size, wanted=()):
        self.size, self.runs, self.wanted = size, RUNS[size], wanted
        self.chain_runs, self.chain_rows = CHAIN_RUNS[size], CHAIN_ROWS[size]
        self.figures, self.fake_server, self.mine, self.halted = [], None, None, False
        self.folder = tempfile.mkdtemp(prefix='bench.', dir=BUILD)

    def path(self, name):
        return os.path.join(self.folder, name)

    def wants(self, group):
        return not self.wanted or group in self.wanted

    def figure(self, f):
        self.figures.append(f)
        say('  ' + '  '.join(f'{k} {v}' for k, v in f.cells().items() if v not in ('-', '')))
        return f

    # Servers

    def lab(self, *argv):
        subprocess.run([LAB, *argv], check=True, stdout=sys.stderr)

    def up(self):
        """As tests/tools/run.sh does it: an owner, so that the next run can clear away what this one could not."""
        if 'CDC_LAB' not in os.environ:
            self.mine = tempfile.mkdtemp(prefix='lab.', dir=BUILD)
            with open(os.path.join(self.mine, 'owner'), 'w') as f:
                print(os.getpid(), file=f)
            os.environ['CDC_LAB'] = self.mine
        say('starting servers')
        self.lab('up')
        text = subprocess.run([LAB, 'env'], check=True, capture_output=True, text=True).stdout
        os.environ.update(line.split('=', 1) for line in text.splitlines() if '=' in line)
        self.brokers = os.environ['CDC_BROKERS']

    def milvus(self, wanted):
        """Whether the two of them run: what is idle costs, too, and disturbs."""
        if wanted == self.halted:
            self.lab('start' if wanted else 'stop', 'src', 'dst')
            self.halted = not wanted

    def fake(self):
        """The URI of a target that answers questions and has nothing to do."""
        if self.fake_server is None:
            argv = [sys.executable, os.path.join(TESTS, 'fake', 'milvus.py'), 'serve', self.path('fake')]
            self.fake_server = subprocess.Popen(argv)
            eventually(lambda: os.path.exists(self.path('fake.port')), what='a stand-in of Milvus')
        with open(self.path('fake.port')) as f:
            return f'http://127.0.0.1:{f.read()}'

    def close(self):
        if self.fake_server:
            self.fake_server.kill()
            self.fake_server.wait()
        if self.mine:
            self.lab('wipe')
        elif self.halted:
            self.milvus(True)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--size', choices=['small', 'full'], default='full')
    parser.add_argument('group', nargs='*', choices=[[], *GROUPS])
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers shall go, too
    with contextlib.closing(Bench(args.size, args.group)) as bench:
        bench.up()
        bench.milvus(False)
        for group in dict.fromkeys(f for name, f in GROUPS.items() if bench.wants(name)):
            group(bench)
    wanted = targets.rows(bench.figures)
    print('\n'.join([*picture.machine(args.size), '', table([f.cells() for f in bench.figures]), '', table(wanted)]))
    whole = not args.group and args.size == 'full'
    picture.draw(os.path.join(TOP, 'tests/bench' if whole else BUILD, 'bench.svg'), bench.figures, wanted, args.size)


if __name__ == '__main__':
    main()
