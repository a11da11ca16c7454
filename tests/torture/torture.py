"""Hard use of the whole system on real servers, with a seed: faults under a load, and the target compared after each.

torture.py [--short|--long] [--seed N] [--rounds N] [--jobs N] [SCENARIO...]: TAP, and one line of figures at the end.  A scenario is
a function in a module of this folder, marked @scenario(short=N, long=M) with its numbers of rounds (short=0: only in the
long form); its argument is a Torture.  --rounds N scales the long form's numbers: N of 1000.  SCENARIO is the name of a
function or of a module.  --jobs N: so many at a time, each with servers of its own, which come and go with it (jobs.py);
without it, on those that are there.
"""
import argparse
import contextlib
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'real')]

from cdctest import *  # noqa: E402,F401,F403: a scenario imports this module alone
from cdctest import BUILD, PATIENCE, Case, Pipeline, Stuck, diag, eventually, tap  # noqa: E402
from load import Load, Order  # noqa: E402
import jobs  # noqa: E402
from proxy import Proxy  # noqa: E402

# Those of broker want topics that a new one can outgrow.
MODULES = ['broker', 'kills', 'process', 'network', 'etcdfault', 'target', 'late', 'state', 'stream', 'history', 'backlog', 'circle',
           'streaming']
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}
KILLAT = os.path.join(BUILD, 'tests', 'killat.so')

scenarios = []  # in the order of the modules


def until(ask, timeout):
    """eventually(), where it may well not come."""
    try:
        return eventually(ask, timeout, every=0.02)
    except Stuck:
        return None


def where_they_are(chain):
    """For who looks into a hang: what the programs that still run are doing."""
    for p in chain.programs:
        if p.running():
            out = subprocess.run(['gdb', '-p', str(p.pid), '-batch', '-ex', 'thread apply all bt 12'], timeout=60,
                                 capture_output=True, text=True).stdout if shutil.which('gdb') else 'no gdb'
            diag(f'-- {p.name} still runs:\n' + '\n'.join(line for line in out.splitlines() if line.startswith('#')))


def scenario(short, long):
    def mark(f):
        f.short, f.long = short, long
        scenarios.append(f)
        return f
    return mark


class Total:
    """What the last line says."""
    scenarios = rounds = faults = rows = verifications = differences = 0


class Runs:
    """What a pipeline by hand and a task under `cdc-task run` have in common."""

    def task_path(self, *names):
        return os.path.join(self.case.env['CDC_STATE_DIR'], 'tasks', self.name, *names)

    def writer(self):
        """The process number of the last cdc-apply that held the task."""
        try:
            with open(self.task_path('lock')) as f:
                return f.read().strip()
        except FileNotFoundError:
            return ''


class Hand(Pipeline, Runs):
    """The four programs, each to be ended by the test; go_on() starts them again."""

    def start(self, killat=''):
        """killat: rules of tests/fake/killat.c for this run."""
        with self.case.preloaded(killat):
            return super().start()

    def ended(self, timeout=3 * PATIENCE):
        """Waits until all four have ended, as they must when one has; the statuses.  A slow target takes its time."""
        if not until(lambda: not any(p.running() for p in self.chain.programs), timeout / 3):
            where_they_are(self.chain)
        ends = self.chain.wait(timeout)
        self.case.chains.remove(self.chain)
        self.case.no_crash(ends)
        return ends

    def go_on(self, timeout=3 * PATIENCE, killat=''):
        """ended(), and started again; the statuses."""
        ends = self.ended(timeout)
        self.start(killat)
        return ends


class Task(Pipeline, Runs):
    """`cdc-task run NAME`, started again when it ends, as a service manager would."""

    def __init__(self, case, name='task', **how):
        super().__init__(case, name, **how)
        self.ends = []        # how its runs ended
        self.final = None     # a status that trying again does not help
        self.crash = None
        self.stopping = threading.Event()
        self.guard = None
        self.runner = self.running = None
        self.killat = ''

    def start(self, killat=''):
        """killat: rules of tests/fake/killat.c for all runs until stop(); those with once= fire when they are armed."""
        self.stopping.clear()
        self.final = None
        self.killat = killat
        self._run()
        self.guard = threading.Thread(target=self._keep, daemon=True)
        self.guard.start()
        return self

    def _run(self):
        with self.case.preloaded(self.killat):
            self.running = self.case.chain(['cdc-task', 'run', self.name])
        self.runner = self.running['cdc-task']

    def _keep(self):
        while not self.stopping.wait(0.02):
            if self.runner.running():
                continue
            status = self.running.wait()['cdc-task']
            self.ends.append(status)
            if status in CRASHES:
                self.crash = status
            if status in (0, 1, 2, 4):
                self.final = status
                return
            self.case.chains.remove(self.running)
            self._run()

    def children(self):
        """{program: pid} of what runs below it now."""
        out = {}
        try:
            with open(f'/proc/{self.runner.pid}/task/{self.runner.pid}/children') as f:
                pids = f.read().split()
        except OSError:
            return out
        for pid in pids:
            try:
                with open(f'/proc/{pid}/comm') as f:
                    out[f.read().strip()] = int(pid)
            except OSError:
                pass
        return out

    def over(self):
        return self.final

    def catch_up(self, timeout=PATIENCE):
        """As a pipeline's, but an end of a run is no matter unless it is the last one."""
        try:
            super().catch_up(timeout)
        except Stuck as e:
            raise Stuck(f'{e}; runs ended with {self.ends[-5:]}: {self.runner.stderr()[-500:]}')
        if self.crash:
            raise AssertionError(f'cdc-task crashed: {self.crash}')

    def stop(self, sig=signal.SIGTERM, timeout=PATIENCE):
        """Ends it in order; its status."""
        self.stopping.set()
        self.guard.join(timeout)
        self.runner.kill(sig)
        return self.running.wait(timeout)['cdc-task']


class Torture(Case):
    def __init__(self, name, seed, rounds, short):
        super().__init__(name)
        self.seed, self.rounds, self.short = seed, rounds, short
        self.random = random.Random(f'{seed} {name}')
        self.loads, self.orders, self.pipes, self.proxies = [], {}, [], []
        self.wrap = {}
        self.failed_before = tap.bad
        self.faults_log = open(self.path('faults'), 'w')

    def chain(self, *commands, **more):
        """As a Case's; self.wrap may name a command that starts a program."""
        wrapped = [[*self.wrap[c[0]], os.path.join(BUILD, c[0]), *c[1:]] if c[0] in self.wrap else c for c in commands]
        chain = super().chain(*wrapped, **more)
        for p, c in zip(chain.programs, commands):
            p.name = os.path.basename(c[0])
        return chain

    def run_and_wait(self, *argv, timeout=PATIENCE):
        """(status, stderr) of a program."""
        p = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=self.env, timeout=timeout,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return p.returncode, p.stderr

    @contextlib.contextmanager
    def preloaded(self, killat):
        """Programs that are started within have these rules."""
        before = self.env
        if killat:
            self.env = dict(before, LD_PRELOAD=KILLAT, KILLAT=killat,
                            ASAN_OPTIONS=before.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0')
        try:
            yield
        finally:
            self.env = before

    def fault(self, text):
        """Counts a fault, and writes it down with its time."""
        Total.faults += 1
        self.faults_log.write(f'{time.time():.3f} {text}\n')
        self.faults_log.flush()

    def each_round(self):
        """The numbers of the rounds, counted."""
        for i in range(self.rounds):
            Total.rounds += 1
            yield i

    def load(self, name='load', **how):
        """A writer that is already writing; see load.Load."""
        load = Load(self, name, **how)
        self.loads.append(load)
        load.start()
        return load

    def proxy(self, to, port=0):
        """In front of port `to`, until the scenario ends."""
        p = Proxy(to, port)
        self.proxies.append(p)
        return p

    def pipeline(self, name='task', **more):
        p = Hand(self, name, **more)
        self.pipes.append(p)
        return p

    def run_task(self, name='task', killat='', **more):
        """A task under `cdc-task run`, already running."""
        p = Task(self, name, **more)
        self.pipes.append(p)
        return p.start(killat)

    def watch(self, pipe):
        """Begins to look after the order at the target; check() does so if nobody did."""
        for load in self.loads:
            if 'ups' in load.colls and (load, pipe) not in self.orders:
                self.orders[load, pipe] = Order(load, pipe)
                self.orders[load, pipe].start()

    def no_crash(self, ends):
        bad = {p: s for p, s in ends.items() if s in CRASHES}
        if bad:
            raise AssertionError(f'crashed: {bad}')

    def check(self, pipe, name='equal', timeout=180):
        """Stops the writers, waits until all is at the target, compares it in three ways, lets them go on."""
        self.watch(pipe)
        for load in self.loads:
            load.pause()
        pipe.catch_up(timeout)
        self.verify(name)
        self.judge(f'{name}: the ledger', [d for load in self.loads for d in load.compare(self.dst)])
        orders = [o for (_, p), o in self.orders.items() if p is pipe]
        until(lambda: all(o.is_steady() for o in orders), PATIENCE)
        self.judge(f'{name}: the order', [d for o in orders for d in o.found])
        for load in self.loads:
            load.resume()

    def judge(self, name, found):
        Total.verifications += 1
        Total.differences += len(found)
        if not tap.ok(not found, f'{self.name}: {name}', *found[:20]):
            self.show()
        return not found

    def verify(self, name):
        """Source and target as cdc-verify sees them."""
        program = os.path.join(BUILD, 'cdc-verify')
        if not os.path.exists(program):
            bad = [d for db in sorted(self.databases) for d in diff_db(self.src, self.dst, db)]  # noqa: F405
            return self.judge(f'{name}: source and target', bad)
        argv = [program, '-S', self.src.uri, '-T', self.dst.uri, '--allow-none']
        for p in self.include:
            argv += ['-i', p]
        out = subprocess.run(argv, env=self.env, capture_output=True, text=True, timeout=600)
        found = out.stdout.splitlines()
        if out.returncode:
            found.append(f'cdc-verify: status {out.returncode}: {out.stderr[-500:]}')
        return self.judge(f'{name}: cdc-verify', found)

    def close(self):
        for o in self.orders.values():
            o.stop()
        for load in self.loads:
            load.stopping.set()
            load.wanted.set()
        for p in self.pipes:
            if isinstance(p, Task) and p.guard:
                p.stopping.set()
                p.guard.join(10)
        for load in self.loads:
            load.join(30)
            Total.rows += load.written
        self.faults_log.close()
        if tap.bad > self.failed_before:
            os.environ['KEEP'] = '1'
            diag(f'alone, with the same seed: make torture SEED={self.seed} ONLY={self.name}')
        try:
            super().close()
        finally:
            for p in self.proxies:
                p.close()
            if not KEEP:
                os.environ.pop('KEEP', None)


KEEP = os.environ.get('KEEP')


def parse():
    p = argparse.ArgumentParser(allow_abbrev=False)
    p.add_argument('--short', action='store_true')
    p.add_argument('--long', action='store_true')
    p.add_argument('--seed', default='')
    p.add_argument('--rounds', type=int, default=1000)
    p.add_argument('--jobs', type=int)
    p.add_argument('only', nargs='*')
    a = p.parse_args()
    a.seed = int(a.seed) if a.seed else random.SystemRandom().randrange(1, 10**6)
    return a


def wanted(args):
    """(function, rounds) of what is to be run."""
    for f in scenarios:
        names = f.__name__, f.__module__, f.__name__.replace('_', ' ')
        if args.only and not any(o in names for o in args.only):
            continue
        rounds = f.short if args.short else -(-f.long * args.rounds // 1000)
        if rounds or args.only:
            yield f, rounds or 1


def run(f, seed, rounds, short):
    began, before, faults = time.monotonic(), tap.n, Total.faults
    t = Torture(f.__name__, seed, rounds, short)
    Total.scenarios += 1
    try:
        f(t)
        if tap.n == before:
            tap.ok(False, f'{t.name}: tests nothing')
    except (Exception, KeyboardInterrupt) as e:
        tap.ok(False, f'{t.name}: {type(e).__name__}', e)
        diag(''.join(traceback.format_tb(e.__traceback__)[-3:]))
        t.show()
        if isinstance(e, KeyboardInterrupt):
            raise
    finally:
        try:
            t.close()
        except Exception as e:  # noqa: BLE001: the next scenario shall run
            tap.ok(False, f'{t.name}: cannot be cleared away', e)
        diag(f'{t.name}: {Total.faults - faults} faults, {time.monotonic() - began:.1f} s')


def main():
    args = parse()
    # Who starts us may ignore them (nohup, a shell's &), and what we start would ignore them, too.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not args.jobs and ('CDC_SOURCE' not in os.environ or 'CDC_TARGET' not in os.environ):
        print('1..0 # SKIP no servers; eval "$(tests/tools/lab env)"')
        return
    diag(f'seed {args.seed}')
    for module in MODULES:
        importlib.import_module(module)
    if args.jobs:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        sys.exit(jobs.run(args.jobs, args.seed, ['--short' if args.short else '--long', '--rounds', str(args.rounds)],
                          [f.__name__ for f, _ in wanted(args)]))
    try:
        for f, rounds in wanted(args):
            run(f, args.seed, rounds, args.short)
    except KeyboardInterrupt:
        pass
    print(f'1..{tap.n}')
    diag(f'seed {args.seed}: {Total.scenarios} scenarios, {Total.rounds} rounds, {Total.faults} faults, '
         f'{Total.rows} rows written, {Total.verifications} verifications, {Total.differences} differences')
    sys.exit(1 if tap.bad or not tap.n else 0)


if __name__ == '__main__':
    import torture  # the one that the scenarios import, not __main__
    torture.main()
