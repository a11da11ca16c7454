"""What the tests against real servers share: TAP, a place of its own for each test, the pipeline, the comparison.

A scenario is a function of one argument, a Case; main(a, b, ...) runs them and prints TAP.  The servers are those of
`tests/tools/lab env`, the programs those of $BUILD [build].  KEEP=1 leaves a case's folder; arguments choose scenarios by name.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from milvusapi import *  # noqa: F401,F403: a scenario imports this module alone
from milvusapi import DT, GONE, Milvus, MilvusError, dict_of

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get('BUILD', 'build'))
LAB = os.path.join(TOP, 'tests', 'tools', 'lab')
PAGE = 2000       # rows compared at a time
PATIENCE = 60     # seconds until a condition that should come is given up


# TAP

class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def ok(self, good, name, *notes):
        self.n += 1
        self.bad += not good
        name = name.replace('#', ' ').replace('\n', ' ')
        print(f'{"ok" if good else "not ok"} {self.n} - {name}', flush=True)
        if not good:
            for note in notes:
                diag(note)
        return bool(good)


def diag(text):
    for line in str(text).splitlines():
        print('#', line[:1000], flush=True)


tap = Tap()


class Stuck(Exception):
    """A condition that did not come in time."""


def eventually(ask, timeout=PATIENCE, what='the condition', every=0.1):
    """Asks until the answer is true and returns it."""
    end = time.monotonic() + timeout
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Stuck(f'{what}: not within {timeout} s')
        time.sleep(every)


# Comparison

def schema_of(described):
    """What two collections must have in common, as text by name.  autoID is left out: the target keeps the keys."""
    s = described.schema
    out = {'description': s.description, 'dynamic': s.enable_dynamic_field, 'shards': described.shards_num,
           'consistency': described.consistency_level, 'partitions by key': described.num_partitions,
           'fields in order': [f.name for f in s.fields]}
    for f in s.fields:
        out[f'field {f.name}'] = (DT.Name(f.data_type), dict_of(f.type_params), f.is_primary_key, f.is_partition_key,
                                  DT.Name(f.element_type), f.description, f.is_dynamic)
    return out


def differ(name, a, b):
    return [] if a == b else [f'{name}: source {a!r}, target {b!r}']


@contextlib.contextmanager
def readable(m, db, coll, field):
    """Loaded whole while the rows are read, and afterwards as it was.  For a pipeline that stands still."""
    parts, loaded = m.partitions(db, coll), m.loaded_parts(db, coll)
    temporary = field not in [f for f, _ in m.indexes(db, coll).values()]
    if loaded != parts:
        if loaded:
            m.release(db, coll)
        if temporary:
            m.index(db, coll, field, name='cdctest', index_type='FLAT' if m_is_float(m, db, coll, field) else 'BIN_FLAT',
                    metric_type='L2' if m_is_float(m, db, coll, field) else 'HAMMING', params='{}')
        m.load(db, coll)
    eventually(lambda: m.load_state(db, coll) == 'Loaded', what=f'{db}.{coll} loaded')
    yield
    if loaded != parts:
        m.release(db, coll)
        if temporary:
            m.drop_index(db, coll, field, 'cdctest')
        if loaded:
            m.load_partitions(db, coll, sorted(loaded))


def m_is_float(m, db, coll, field):
    return next(f for f in m.describe(db, coll).schema.fields if f.name == field).data_type == DT.FloatVector


def diff_rows(a, b, db, coll, other):
    """Differences between the rows: keys in every partition, then each value bit for bit."""
    described = a.describe(db, coll)
    pk = next(f for f in described.schema.fields if f.is_primary_key)
    vectors = [f.name for f in described.schema.fields if f.data_type in (DT.FloatVector, DT.BinaryVector)]
    with readable(a, db, coll, vectors[0]), readable(b, *other, vectors[0]), a.still(), b.still():
        out = differ('count', a.count(db, coll), b.count(*other))
        keys = a.keys(db, coll, pk)
        ours, theirs = set(keys), set(b.keys(*other, pk))
        for what, some in ('only in the source', ours - theirs), ('only in the target', theirs - ours):
            if some:
                out.append(f'{len(some)} keys {what}: {sorted(some)[:5]!r}')
        parts = a.partitions(db, coll)
        # With a partition key the server itself says no to a partition's name in a query.
        if not any(f.is_partition_key for f in described.schema.fields) and len(parts) > 1:
            for p in sorted(parts & b.partitions(*other)):
                if set(a.keys(db, coll, pk, [p])) != set(b.keys(*other, pk, [p])):
                    out.append(f'other keys in partition {p}')
        keys = sorted(ours & theirs)
        for i in range(0, len(keys), PAGE):
            page = keys[i:i + PAGE]
            x, y = a.rows(db, coll, described.schema, page), b.rows(*other, described.schema, page)
            for name in x:
                bad = [k for k in page if x[name][k] != y[name][k]]
                if bad:
                    k = bad[0]
                    out.append(f'{name}: {len(bad)} values differ; key {k!r}: {x[name][k]!r} became {y[name][k]!r}'[:600])
        return out


def diff(a, b, db, coll, rows=True, to=None, ignore=()):
    """What differs between collection db.coll of Milvus a and the same, or to=(db, coll), of b: a list of sentences.

    Schema, partitions, aliases, indexes, loads, properties; the rows too unless told not to.
    """
    other = to or (db, coll)
    try:
        out = diff_parts(a, b, db, coll, other, rows, ignore)
    except MilvusError as e:  # it may go, or get another name, while we look
        out = [str(e)]
    return [f'{db}.{coll}: {d}' for d in out]


def diff_parts(a, b, db, coll, other, rows, ignore):
    x, y = a.describe(db, coll), b.describe(*other)
    out = []
    left, right = schema_of(x), schema_of(y)
    for name in sorted(left.keys() | right.keys()):
        out += differ(name, left.get(name), right.get(name))
    if any(f.autoID for f in y.schema.fields):
        out.append('the target makes keys of its own')
    out += differ('properties', dict_of(x.properties), dict_of(y.properties))
    out += differ('aliases', sorted(x.aliases), sorted(y.aliases))
    out += differ('partitions', sorted(a.partitions(db, coll)), sorted(b.partitions(*other)))
    out += differ('indexes', a.indexes(db, coll), b.indexes(*other))
    out += differ('loaded', sorted(a.loaded_parts(db, coll)), sorted(b.loaded_parts(*other)))
    out = [d for d in out if d.split(':')[0] not in ignore]
    if rows and not any(d.startswith('field') for d in out):
        out += diff_rows(a, b, db, coll, other)
    return out


def diff_db(a, b, db, rows=True, ignore=()):
    """What differs in a whole database."""
    if db not in a.dbs() or db not in b.dbs():
        return differ(f'database {db}', db in a.dbs(), db in b.dbs())
    try:
        left, right = a.colls(db), b.colls(db)
    except MilvusError as e:  # a replay drops and makes it while we look
        return [f'{db}: {e}']
    out = differ(f'{db}: collections', sorted(left), sorted(right))
    for coll in sorted(left & right):
        out += diff(a, b, db, coll, rows, ignore=ignore)
    return out


# Programs

class Program:
    """One running program, its stderr in a file, its greatest size watched."""

    def __init__(self, folder, name, argv, stdin, stdout, env):
        self.name = name
        self.err_path = os.path.join(folder, f'{name}.err')
        self.peak_kb = 0
        with open(self.err_path, 'ab') as err:
            err.write(f'$ {" ".join(argv)}\n'.encode())
            err.flush()
            self.process = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=err, env=env)
        self.pid = self.process.pid

    def sample(self):
        try:
            with open(f'/proc/{self.pid}/status') as f:
                for line in f:
                    if line.startswith('VmHWM:'):
                        self.peak_kb = max(self.peak_kb, int(line.split()[1]))
        except OSError:
            pass

    def cpu(self):
        """Seconds of processor time so far, by the kernel's clock of the process: clock_getcpuclockid(3)."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def running(self):
        return self.process.poll() is None

    def kill(self, sig=signal.SIGTERM):
        if self.running():
            self.process.send_signal(sig)

    def stderr(self):
        """What it said in its last run."""
        with open(self.err_path, errors='replace') as f:
            return f.read().rpartition('\n$ ')[2].partition('\n')[2]


class Chain:
    """Programs joined by pipes.  Each end of a pipe is held by the two neighbours alone."""

    def __init__(self, folder, commands, env, stdin=subprocess.DEVNULL, stdout=None):
        self.programs = []
        previous = stdin
        sink = stdout if stdout is not None else open(os.path.join(folder, 'out'), 'ab')
        for i, argv in enumerate(commands):
            last = i == len(commands) - 1
            p = Program(folder, os.path.basename(argv[0]), argv, previous, sink if last else subprocess.PIPE, env)
            if hasattr(previous, 'close'):
                previous.close()
            previous = p.process.stdout
            self.programs.append(p)
        if hasattr(sink, 'close'):
            sink.close()
        self.ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while not self.ended.wait(0.1):
            for p in self.programs:
                p.sample()

    def __getitem__(self, name):
        return next(p for p in self.programs if p.name == name)

    def running(self):
        return all(p.running() for p in self.programs)

    def wait(self, timeout=PATIENCE):
        """The statuses by name, once all have ended; who has not by then is named and killed."""
        end = time.monotonic() + timeout
        try:
            for p in self.programs:
                try:
                    p.process.wait(max(0.01, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    raise Stuck(f'{[q.name for q in self.programs if q.running()]} still run after {timeout} s')
        finally:
            self.ended.set()
            for p in self.programs:
                p.kill(signal.SIGKILL)
                p.process.wait()
        return {p.name: p.process.returncode for p in self.programs}

    def kill(self, sig=signal.SIGKILL):
        for p in self.programs:
            p.kill(sig)


class Case:
    """One scenario: a folder, databases of its own in the source, a task."""
    count = 0

    def __init__(self, name):
        self.name = name
        self.src, self.dst = Milvus(os.environ['CDC_SOURCE']), Milvus(os.environ['CDC_TARGET'])
        # Where the programs find the source and the target: a proxy may stand in front.
        self.etcd, self.brokers, self.target = os.environ['CDC_ETCD'], os.environ['CDC_BROKERS'], self.dst.uri
        self.folder = tempfile.mkdtemp(prefix='cdc-real.')
        Case.count += 1
        self.tag = f'{os.getpid()}_{Case.count}'
        self.db = f't{self.tag}'
        self.databases = set()
        self.chains = []
        self.include = [self.db + '*.*']
        self.default_include = True
        self.env = dict(os.environ, CDC_STATE_DIR=os.path.join(self.folder, 'state'))
        self.env['PATH'] = BUILD + ':' + os.environ['PATH']

    # Names

    def tag_alias(self):
        return f"alias_{self.tag}"

    def make_db(self, suffix=''):
        db = self.db + suffix
        self.src.create_db(db)
        self.databases.add(db)
        return db

    # Running

    def path(self, name):
        return os.path.join(self.folder, name)

    def chain(self, *commands, **more):
        commands = [[os.path.join(BUILD, c[0]) if c[0].startswith('cdc-') else c[0], *c[1:]] for c in commands]
        c = Chain(self.folder, commands, self.env, **more)
        self.chains.append(c)
        return c

    def run(self, *argv, timeout=PATIENCE, status=0, stdin=None):
        """A program to its end, its stdout as text."""
        argv = [os.path.join(BUILD, argv[0]), *argv[1:]]
        p = subprocess.run(argv, env=self.env, timeout=timeout, capture_output=True, text=True, input=stdin)
        if status is not None and p.returncode != status:
            raise AssertionError(f'status {p.returncode}, want {status}: {" ".join(argv)}\n{p.stderr[-3000:]}')
        return p.stdout

    def meta(self, *more):
        return ['cdc-meta', '-E', self.etcd, '-r', os.environ['CDC_ROOT'], *more]

    def read(self, *more):
        argv = ['cdc-read', '-b', self.brokers, '--allow-none']
        for p in self.include:
            argv += ['-i', p]
        return argv + list(more)

    def apply(self, *more, target=None):
        skip = os.environ.get('CDC_TEST_SKIP')  # mutate.sh
        return ['cdc-apply', '-T', target or self.target, *(['--skip', skip] if skip else []), *more]

    def backup(self, file, *more, until='now', timeout=PATIENCE):
        """cdc-meta | cdc-read --until now > file"""
        with open(file, 'wb') as out:
            c = self.chain(self.meta(), self.read('--until', until, *more), stdout=out)
        statuses = c.wait(timeout)
        if any(statuses.values()):
            raise AssertionError(f'backup: {statuses}')

    def restore(self, *files, target=None, timeout=PATIENCE, more=()):
        return self.run(*self.apply(*more, *files, target=target), timeout=timeout)

    def pipeline(self, name='task', **more):
        return Pipeline(self, name, **more)

    # The end

    def show(self):
        for c in self.chains[-2:]:
            for p in c.programs:
                text = p.stderr()
                diag(f'-- {p.name}: status {p.process.poll()}, stderr:')
                diag('\n'.join(text.splitlines()[-12:]))

    def close(self):
        for c in self.chains:
            c.kill()
            c.wait()
        for m in self.src, self.dst:
            drop_dbs(m, [d for d in m.dbs() if d.startswith(self.db)])
        if os.environ.get('KEEP'):
            diag(f'kept: {self.folder}')
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def same(self, name, dbs=None, **how):
        """One line of TAP: are these databases equal?"""
        out = []
        for db in sorted(dbs or self.databases):
            out += diff_db(self.src, self.dst, db, **how)
        if not tap.ok(not out, name, '\n'.join(out[:20])):
            self.show()


def drop_dbs(m, dbs):
    for db in dbs:
        for coll in m.colls(db):
            for alias in m.describe(db, coll).aliases:
                m.drop_alias(db, alias)
            m.drop(db, coll)
        with contextlib.suppress(MilvusError):
            m.drop_db(db)


class Pipeline:
    """cdc-meta -w | cdc-read --from task:NAME | cdc-apply | cdc-task commit NAME, of programs that the test can end."""

    def __init__(self, case, name='task', start='start', middle=None, apply=(), read=(), target=None, create=()):
        self.case, self.name, self.middle = case, name, middle
        self.more_apply, self.more_read = list(apply), list(read)
        self.target = target or case.target
        argv = ['cdc-task', 'create', name, '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'],
                '--brokers', case.brokers, '--target', self.target, '--from', start, '--allow-none']
        for p in case.include:
            argv += ['--include', p]
        case.run(*argv, *create)  # for `cdc-task run`, which takes its options from there
        self.chain = None

    def start(self):
        c = self.case
        commands = [c.meta('-w'), c.read('--from', f'task:{self.name}', *self.more_read)]
        if self.middle:
            commands.append(self.middle)
        commands += [c.apply(*self.more_apply, target=self.target), ['cdc-task', 'commit', self.name]]
        self.chain = c.chain(*commands)
        return self

    def __getitem__(self, name):
        return self.chain[name]

    def checkpoint(self):
        try:
            with open(os.path.join(self.case.env['CDC_STATE_DIR'], 'tasks', self.name, 'checkpoint.json')) as f:
                return json.load(f)
        except FileNotFoundError:
            return {'ts': '0'}

    def over(self):
        """What it ended with, if it has."""
        if self.chain and not self.chain.running():
            return [(p.name, p.process.poll()) for p in self.chain.programs]
        return None

    def catch_up(self, timeout=PATIENCE):
        """Waits until all that the source had done before this call is at the target."""
        c = self.case
        now, marker = c.src.now(), None
        if c.default_include and not any(c.src.colls(d) for d in c.src.dbs() if d.startswith(c.db)):
            # No channel of ours ticks, so no position moves by itself: one more change, and see it arrive.
            marker = f'{c.db}_m{now}'
            c.src.create_db(marker)

        def there():
            if self.over() is not None:
                raise Stuck(f'the pipeline ended: {self.over()}')
            if marker:
                return marker in c.dst.dbs()
            return int(self.checkpoint()['ts']) >= now

        eventually(there, timeout, f'all up to {now} at the target')

    def stop(self, sig=signal.SIGTERM, who='cdc-read', timeout=PATIENCE):
        """Ends it in order, as its end line goes through; the statuses."""
        self.chain[who].kill(sig)
        return self.chain.wait(timeout)


def lab(*argv):
    subprocess.run([LAB, *argv], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def lab_more(*names):
    """Further servers of the lab, and their variables; ended again if they were not there."""
    def env():
        text = subprocess.run([LAB, 'env'], check=True, capture_output=True, text=True).stdout
        return dict(line.split('=', 1) for line in text.splitlines() if '=' in line)
    before = env()
    lab('up', *names)
    here = {k: v for k, v in env().items() if k not in before}
    os.environ.update(env())
    try:
        yield
    finally:
        if here:
            lab('away', *names)
            for k in here:
                os.environ.pop(k, None)


# Running the scenarios

def main(*scenarios):
    for variable in 'CDC_ETCD', 'CDC_BROKERS', 'CDC_ROOT', 'CDC_SOURCE', 'CDC_TARGET':
        if variable not in os.environ:
            print(f'1..0 # SKIP {variable} is not set; eval "$(tests/tools/lab env)"')
            return
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script that starts it with & has it ignored
    for s in scenarios:
        title = s.__name__.replace('_', ' ')
        if sys.argv[1:] and not any(a in (s.__name__, title) for a in sys.argv[1:]):
            continue
        case, began, before = Case(title), time.monotonic(), tap.n
        try:
            s(case)
            if tap.n == before:
                tap.ok(False, f'{title}: tests nothing')
        except (Exception, KeyboardInterrupt) as e:
            tap.ok(False, f'{title}: {type(e).__name__}', e)
            diag(''.join(traceback.format_tb(e.__traceback__)[-3:]))
            case.show()
            if isinstance(e, KeyboardInterrupt):
                break
        finally:
            try:
                case.close()
            except Exception as e:  # noqa: BLE001: the next scenario shall run
                tap.ok(False, f'{title}: cannot be cleared away', e)
        diag(f'{title}: {time.monotonic() - began:.1f} s')
    print(f'1..{tap.n}', flush=True)
    sys.exit(1 if tap.bad or not tap.n else 0)
