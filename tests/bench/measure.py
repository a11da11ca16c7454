"""What all figures have in common: the time and the size of programs, medians, spreads, the tables on the terminal.

MB are 10^6 bytes, as disks and networks have them; sizes of programs are MiB.  A program's processor time is what wait4(2) says
of it: user and system, all its threads, from its start to its end.
"""
import collections
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path += [os.path.join(TESTS, 'real'), os.path.join(TESTS, 'torture')]

from cdctest import BUILD, LAB, TOP, drop_dbs, eventually  # noqa: E402,F401: for who imports this module alone

SAMPLE_S = 0.02

SERVERS = {'dst': 'target', 'src': 'source', 'kafka': 'Kafka', 'etcd': 'etcd'}
CALM = 0.15  # of a core, all servers: what they take when nothing is asked of them

# cpu: seconds by program; peak: kB by program; together: kB of all, if that is known to be less than their sum; servers: seconds
# by name
Run = collections.namedtuple('Run', 'seconds cpu peak together servers', defaults=[0, {}])


class Failed(Exception):
    """A program that did not end well: there is nothing to measure."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def clear(m, db):
    """As drop_dbs, of many rows: a Milvus 2.3.5 that is told to drop what it just writes into storage may die of it."""
    if db in m.dbs():
        for answer in [m.flush(db, coll) for coll in m.colls(db)]:
            eventually(lambda: m.is_stored(answer), 300, 'rows in storage')
        drop_dbs(m, [db])


def high_water(pid):
    """VmHWM in kB; 0 if it is gone."""
    try:
        with open(f'/proc/{pid}/status') as f:
            return next((int(line.split()[1]) for line in f if line.startswith('VmHWM:')), 0)
    except OSError:
        return 0


def file_pages(pid):
    """{path: kB} of what a process has of files, libraries mostly, unchanged."""
    out, path = collections.Counter(), ''
    with open(f'/proc/{pid}/smaps') as f:
        for line in f:
            words = line.split(None, 5)
            if not words[0].endswith(':'):
                path = words[5].strip() if len(words) > 5 else ''
            elif path.startswith('/') and words[0] in ('Rss:', 'Anonymous:'):
                out[path] += int(words[1]) * (1 if words[0] == 'Rss:' else -1)
    return out


def together(pids):
    """kB that programs take on this machine: each one's own at its peak, and the pages of files once."""
    own, files = 0, collections.Counter()
    for pid in pids:
        pages = file_pages(pid)
        own += high_water(pid) - sum(pages.values())
        files |= pages
    return own + sum(files.values())


def server_pid(name):
    with open(os.path.join(os.environ['CDC_LAB'], name, 'pid')) as f:
        return int(f.read())


def cores():
    """Those that we may use: what apart() gives away."""
    return sorted(os.sched_getaffinity(0))


def place(pid, where):
    """All threads of a process, also those that are born meanwhile."""
    done = set()
    while new := set(os.listdir(f'/proc/{pid}/task')) - done:
        for task in new:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task), where)
        done |= new


@contextlib.contextmanager
def apart():
    """Half of the cores are the target's, alone; all others, what we start then too, have the other half."""
    half, target = len(cores()) // 2, server_pid('dst')
    had = {pid: os.sched_getaffinity(pid) for pid in (os.getpid(), *map(server_pid, SERVERS))}
    ours, theirs = cores()[half:], cores()[:half]
    try:
        for pid in had:
            place(pid, theirs if pid == target else ours)
        yield
    finally:
        for pid, where in had.items():
            place(pid, where)


def server_cpu():
    """Seconds of processor time of each server so far."""
    out = collections.Counter()
    for name in SERVERS:
        pid = server_pid(name)
        with open(f'/proc/{pid}/stat') as f:
            words = f.read().rpartition(')')[2].split()
        out[name] = (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')
    return out


def calm():
    """Waits until the servers are done with what follows from the work before: compaction, what a drop leaves."""
    def is_calm():
        before = server_cpu()
        time.sleep(1)
        return sum((server_cpu() - before).values()) < CALM

    eventually(is_calm, 300, 'servers with nothing to do')


class Watch(threading.Thread):
    """The greatest sizes of processes, which are read while they run: ru_maxrss would count us before exec, too."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.peak, self.over = pids, [0] * len(pids), threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_S):
            self.peak = [max(kb, high_water(pid)) for kb, pid in zip(self.peak, self.pids)]

    def stop(self):
        self.over.set()
        self.join()
        return self.peak


def start(commands, stdin, stdout, errors):
    """Programs joined by pipes, whose ends nobody else holds."""
    processes, previous = [], stdin
    for argv in commands:
        last = argv is commands[-1]
        p = subprocess.Popen(argv, stdin=previous, stdout=stdout if last else subprocess.PIPE, stderr=errors)
        if processes:
            previous.close()
        previous = p.stdout
        processes.append(p)
    return processes


def run(*commands, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
    """Programs joined by pipes, to their ends, which have to be good ones."""
    names = [os.path.basename(argv[0]) for argv in commands]
    with tempfile.TemporaryFile('w+') as errors:
        began = time.monotonic()
        processes = start(commands, stdin, stdout, errors)
        watch = Watch([p.pid for p in processes])
        watch.start()
        ends = [os.wait4(p.pid, 0) for p in processes]
        seconds = time.monotonic() - began
        for p, (_, status, _) in zip(processes, ends):
            p.returncode = os.waitstatus_to_exitcode(status)
        peak = watch.stop()
        errors.seek(0)
        if any(p.returncode for p in processes):
            raise Failed(f'{names}: status {[p.returncode for p in processes]}: {errors.read()[-2000:]}')
    return Run(seconds, dict(zip(names, (u.ru_utime + u.ru_stime for _, _, u in ends))), dict(zip(names, peak)))


def program(name):
    return os.path.join(BUILD, name)


def helper(name):
    return os.path.join(BUILD, 'tests', name)


def median(values):
    return statistics.median(values)


def spread(values):
    """Half of what lies between the least and the greatest, in per cent of the median; one alone has none."""
    return f'{(max(values) - min(values)) / 2 / median(values):.0%}' if len(values) > 1 and median(values) else '-'


class Figure:
    """One thing that was measured, n times: rows in all, and bytes of their vectors as they are in memory."""

    def __init__(self, group, name, rows=0, raw=0, **more):
        self.group, self.name, self.rows, self.raw, self.runs = group, name, rows, raw, []
        self.more = more  # for the last column: text by name
        self.dim = self.batch = 0  # of a recorded topic; has it further columns, is it compressed as Milvus does it
        self.scalars = self.codec = False

    def add(self, run):
        self.runs.append(run)
        return self

    def _median(self, f):
        return median([f(r) for r in self.runs])

    @property
    def mb_s(self):
        return self._median(lambda r: self.raw / 1e6 / r.seconds)

    @property
    def core_mb_s(self):
        """MB/s of one core that does nothing else."""
        return self._median(lambda r: self.raw / 1e6 / sum(r.cpu.values()))

    @property
    def rows_s(self):
        return self._median(lambda r: self.rows / r.seconds)

    @property
    def us_row(self):
        return self._median(lambda r: sum(r.cpu.values()) * 1e6 / self.rows)

    def servers(self):
        """us a row of each server, as text."""
        return {f'{label} us/row': f'{self._median(lambda r: r.servers[name] * 1e6 / self.rows):.1f}' for name, label in SERVERS.items()}

    @property
    def peak_mb(self):
        return max(r.together or sum(r.peak.values()) for r in self.runs) / 1024

    @property
    def spread(self):
        return spread([r.seconds for r in self.runs])

    @property
    def cpu_spread(self):
        return spread([sum(r.cpu.values()) for r in self.runs])

    def cells(self):
        """What the table shows."""
        cpu = any(r.cpu for r in self.runs)
        peak = any(any(r.peak.values()) for r in self.runs)
        out = {'group': self.group, 'figure': self.name, 'n': str(len(self.runs)),
               'MB/s': number(self.mb_s) if self.raw else '-', '+-': self.spread,
               'MB/s of a core': number(self.core_mb_s) if self.raw and cpu else '-',
               '+- ': self.cpu_spread if cpu else '-',
               'rows/s': number(self.rows_s) if self.rows else '-',
               'CPU us/row': f'{self.us_row:.2f}' if self.rows and cpu else '-',
               'peak MiB': f'{self.peak_mb:.0f}' if peak else '-'}
        out['note'] = ', '.join(f'{k} {v}' for k, v in self.more.items())
        return out


class Value(Figure):
    """A number that is neither rows nor bytes a second: the median of many, or itself."""

    def __init__(self, group, name, value, unit, n, **more):
        super().__init__(group, name, **more)
        self.values = value if isinstance(value, list) else [value]
        self.unit, self.n = unit, n

    @property
    def value(self):
        return median(self.values)

    def cells(self):
        out = dict.fromkeys(COLUMNS, '-')
        note = ', '.join([f'{number(self.value)} {self.unit}', *(f'{k} {v}' for k, v in self.more.items())])
        out.update({'group': self.group, 'figure': self.name, 'n': str(self.n), 'note': note})
        out['+-'] = spread(self.values)
        return out


def number(x):
    """Three digits that count, thousands apart."""
    return f'{x:,.0f}' if x >= 100 else f'{x:.1f}' if x >= 10 else f'{x:.2f}'


def table(rows):
    """Dictionaries with the same keys as lines of text; what looks like a number stands to the right."""
    keys = list(rows[0])
    width = {k: max(len(k), *(len(r[k]) for r in rows)) for k in keys}

    def line(r, head=False):
        return '  '.join(r[k].ljust(width[k]) if head and k in LEFT or k in LEFT else r[k].rjust(width[k]) for k in keys).rstrip()

    return '\n'.join([line({k: k for k in keys}), *(line(r) for r in rows)])


COLUMNS = ('group', 'figure', 'n', 'MB/s', '+-', 'MB/s of a core', '+- ', 'rows/s', 'CPU us/row', 'peak MiB', 'note')
LEFT = {'group', 'figure', 'note', 'target', 'verdict'}
