"""A backup that is small enough to be damaged everywhere, what it comes to, and a Milvus in memory that it is applied to."""
import base64
import concurrent.futures
import pickle
import queue
import re
import struct

from torture import *  # noqa: F401,F403
from torture import BUILD, TOP, Milvus, Stuck, Total, drop_dbs, eventually

FIELDS = [F('pk', 'Int64', primary=True), F('ver', 'Int64'), F('j', 'JSON'), F('vec', 'FloatVector', dim=2)]
TEXT = [F('pk', 'VarChar', primary=True, max_length=40), F('ver', 'Int64'), F('vec', 'FloatVector', dim=2)]
SANITIZER = re.compile(r'Sanitizer|runtime error:')


def strike(t, what):
    """One round with one fault."""
    Total.rounds += 1
    t.fault(what)


def two_at_a_time(tries, act):
    """What act() of each of them gives, joined; none after one that raises."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(act, x) for x in tries]
        try:
            return [found for f in futures for found in f.result()]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def rows(keys, ver, **more):
    n = len(keys)
    out = {'pk': list(keys), 'ver': [ver] * n, 'vec': [vec(ver, i) for i in range(n)]}
    if not isinstance(keys[0], str):
        out['j'] = [b'{"v":%d}' % ver] * n
    return {**out, **more}


def history(t, db):
    """Few lines with all that moves rows, several ticks among them."""
    a = t.src
    a.create(db, 'a', FIELDS, shards=2)
    a.insert(db, 'a', rows([1, 2, 3, 4, 5], 1))
    a.create_partition(db, 'a', 'p')
    a.insert(db, 'a', rows([10, 11], 2), 'p')
    a.create(db, 's', TEXT)
    a.insert(db, 's', rows(['x', 'é"\n', '12'], 3))
    a.delete(db, 'a', 'pk in [2, 3, 11]')
    a.upsert(db, 'a', rows([1, 4], 5))
    a.insert(db, 'a', rows([3], 6))
    a.delete(db, 's', 'pk in ["x"]')
    a.alias(db, 's', t.tag_alias())
    a.upsert(db, 's', rows(['12', 'new'], 7))
    a.delete(db, 'a', 'pk in [4]')
    a.insert(db, 'a', rows([4], 8))


class File:
    """A backup in memory, and what a prefix of its lines makes of a target."""

    def __init__(self, data):
        self.data = data
        self.lines = data.splitlines(keepends=True)
        self.ends = []  # where each line's last byte but the newline is, plus one
        at = 0
        for line in self.lines:
            at += len(line)
            self.ends.append(at - 1)

    def whole_lines(self, n):
        return sum(end <= n for end in self.ends)

    def line_of(self, offset):
        """The number, from 1, of the line that has this byte."""
        return sum(end < offset for end in self.ends) + 1

    def ticks(self, n):
        """The timestamps that n lines confirm."""
        ops = [json.loads(line) for line in self.lines[:n]]
        return [o['ts'] for o in ops if o['op'] in ('tick', 'end')]


def model(lines):
    """{(db, collection): {(key, partition): (ver, vector)}} after these lines."""
    out = {}
    for line in lines:
        o = json.loads(line)
        if o.get('gone') or 'coll' not in o:
            continue
        c = out.setdefault((o['db'], o['coll']), {})
        if o['op'] in ('insert', 'upsert'):
            for row in o['rows']:
                key = int(row['pk']) if row['pk'].isdigit() and o['coll'] == 'a' else row['pk']
                c[key, o['part']] = int(row['ver']), struct.unpack('<2f', base64.b64decode(row['vec']))
        elif o['op'] == 'delete':
            for key in o['keys']:
                key = int(key) if o['coll'] == 'a' else key
                for there in [k for k in c if k[0] == key and k[1] == o.get('part', k[1])]:
                    del c[there]
    return out


class Fake:
    """A Milvus in memory, tests/fake/milvus.py, emptied between the rounds."""

    def __init__(self, t, name='fake'):
        self.file = t.path(name)
        self.process = subprocess.Popen([sys.executable, os.path.join(TOP, 'tests/fake/milvus.py'), 'serve', self.file],
                                        stderr=open(t.path(name + '.err'), 'w'))
        eventually(lambda: os.path.exists(self.file + '.port'), what='the fake is up')
        with open(self.file + '.port') as f:
            self.uri = f'http://127.0.0.1:{f.read()}'
        self.m = Milvus(self.uri)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def clear(self):
        drop_dbs(self.m, self.m.dbs())
        with contextlib.suppress(MilvusError):
            self.m.create_db('default')

    def rows(self):
        """As model() has it."""
        with open(self.file, 'rb') as f:
            dbs = pickle.load(f)
        return {(db, name): {k: (r['ver'], tuple(r['vec'])) for k, r in c['rows'].items()}
                for db, colls in dbs.items() for name, c in colls.items()}


class Fakes:
    """Two of them, each for one at a time."""

    def __init__(self, t):
        self.all, self.free = [], queue.SimpleQueue()
        for name in 'fake1', 'fake2':
            self.all.append(Fake(t, name))
            self.free.put(self.all[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for f in self.all:
            f.__exit__()

    @contextlib.contextmanager
    def one(self):
        fake = self.free.get()
        try:
            fake.clear()
            yield fake
        finally:
            self.free.put(fake)


class Outcome:
    """How cdc-apply ended over some bytes."""

    def __init__(self, t, uri, data, *more, timeout=30):
        argv = [os.path.join(BUILD, 'cdc-apply'), '-q', '-T', uri, '--retry', '2', *more]
        try:
            p = subprocess.run(argv, input=data, env=t.env, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Stuck(f'cdc-apply hangs; its input began {data[:300]!r}')
        self.status, self.said = p.returncode, p.stderr.decode(errors='replace')
        self.acks = [json.loads(line) for line in p.stdout.splitlines() if '-n' not in more]
        self.acked = [a['ts'] for a in self.acks]
        found = re.search(r'line (\d+)', self.said)
        self.line = int(found.group(1)) if found else None

    def faults(self):
        """What no input may do."""
        out = []
        if self.status not in (0, 1):
            out.append(f'status {self.status}: {self.said[:300]}')
        if SANITIZER.search(self.said):
            out.append(self.said[:2000])
        if self.status == 1 and (self.line is None or len(self.said.splitlines()) != 1):
            out.append(f'no place, or not one line: {self.said[:300]}')
        return out


TOPICS = 2  # whose positions the small file has; one is like the next


def fewer_topics(line):
    """A line with the positions of the first ones alone."""
    o = json.loads(line)
    for key in 'from', 'pos':
        if key in o:
            o[key] = {topic: o[key][topic] for topic in sorted(o[key])[:TOPICS]}
    return json.dumps(o, separators=(',', ':'), ensure_ascii=False).encode() + b'\n'


def small_file(t):
    db = t.make_db()
    history(t, db)
    t.backup(t.path('whole.ndjson'))
    with open(t.path('whole.ndjson'), 'rb') as f:
        data = b''.join(fewer_topics(line) for line in f)
    with open(t.path('small.ndjson'), 'wb') as f:
        f.write(data)
    return File(data)


def sample(t, of, n):
    return sorted(t.random.sample(of, min(n, len(of))))
