"""The stream's own mistakes: cut, damaged, shuffled, repeated.  What cannot be right ends with status 1 and its place."""
import base64
import pickle
import re
import struct

from torture import *  # noqa: F401,F403
from torture import BUILD, TOP, Milvus, Stuck, Total, diag, drop_dbs, eventually

FIELDS = [F('pk', 'Int64', primary=True), F('ver', 'Int64'), F('j', 'JSON'), F('vec', 'FloatVector', dim=2)]
TEXT = [F('pk', 'VarChar', primary=True, max_length=40), F('ver', 'Int64'), F('vec', 'FloatVector', dim=2)]
SANITIZER = re.compile(r'Sanitizer|runtime error:')


def strike(t, what):
    """One round with one fault."""
    Total.rounds += 1
    t.fault(what)


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
    """{(db, collection): {key: (partition, ver, vector)}} after these lines."""
    out = {}
    for line in lines:
        o = json.loads(line)
        if o.get('gone') or 'coll' not in o:
            continue
        c = out.setdefault((o['db'], o['coll']), {})
        if o['op'] in ('insert', 'upsert'):
            for row in o['rows']:
                key = int(row['pk']) if row['pk'].isdigit() and o['coll'] == 'a' else row['pk']
                c[key] = o['part'], int(row['ver']), struct.unpack('<2f', base64.b64decode(row['vec']))
        elif o['op'] == 'delete':
            for key in o['keys']:
                key = int(key) if o['coll'] == 'a' else key
                if key in c and c[key][0] == o.get('part', c[key][0]):
                    del c[key]
    return out


class Fake:
    """A Milvus in memory, tests/fake/milvus.py, emptied between the rounds."""

    def __init__(self, t):
        self.file = t.path('fake')
        self.process = subprocess.Popen([sys.executable, os.path.join(TOP, 'tests/fake/milvus.py'), 'serve', self.file],
                                        stderr=open(t.path('fake.err'), 'w'))
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
        return {(db, name): {k: (part, r['ver'], tuple(r['vec'])) for k, (part, r) in c['rows'].items()}
                for db, colls in dbs.items() for name, c in colls.items()}


class Outcome:
    """How cdc-apply ended over some bytes."""

    def __init__(self, t, uri, data, *more, timeout=30):
        argv = [os.path.join(BUILD, 'cdc-apply'), '-q', '-T', uri, '--retry', '2', *more]
        try:
            p = subprocess.run(argv, input=data, env=t.env, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Stuck(f'cdc-apply hangs; its input began {data[:300]!r}')
        self.status, self.said = p.returncode, p.stderr.decode(errors='replace')
        self.acks = [json.loads(line) for line in p.stdout.splitlines()]
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


def small_file(t):
    db = t.make_db()
    history(t, db)
    t.backup(t.path('small.ndjson'))
    with open(t.path('small.ndjson'), 'rb') as f:
        return File(f.read())


def load_all(t):
    """The file has no indexes, which the Milvus in memory does not know: made by hand, so that all can be compared."""
    for m in t.src, t.dst:
        for db, coll in [(db, coll) for db in t.databases for coll in m.colls(db)]:
            if not m.indexes(db, coll):
                m.index(db, coll, 'vec')
                m.load(db, coll)


def empty(t):
    drop_dbs(t.dst, t.databases & t.dst.dbs())


def cut_faults(file, n, o):
    """What is wrong with how n bytes were taken."""
    whole = file.whole_lines(n)
    out = o.faults()
    if o.acked != file.ticks(whole):
        out.append(f'acknowledged {o.acked}, want {file.ticks(whole)}')
    if o.status != (0 if whole == len(file.lines) else 1):
        out.append(f'status {o.status}: {o.said}')
    if o.status == 1 and o.line not in (whole, whole + 1):
        out.append(f'line {o.line}, but {whole} are whole: {o.said}')
    return [f'cut at {n}: {x}' for x in out]


@scenario(short=40, long=10000)
def cut_at_every_byte(t):
    """Into a Milvus in memory, for there are thousands of places; the whole file afterwards gives the whole."""
    file = small_file(t)
    cuts = range(len(file.data) + 1)
    if t.rounds < len(cuts):
        cuts = sorted(t.random.sample(cuts, t.rounds))
    out, all_rows = [], model(file.lines)
    with Fake(t) as fake:
        for n in cuts:
            strike(t, f'cut at {n}')
            fake.clear()
            out += cut_faults(file, n, Outcome(t, fake.uri, file.data[:n]))
            want = model(file.lines[:file.whole_lines(n)])
            if fake.rows() != want:
                out.append(f'cut at {n}: {fake.rows()}, want {want}')
            if n % 10 == 0:
                o = Outcome(t, fake.uri, file.data)
                if o.status or fake.rows() != all_rows:
                    out.append(f'cut at {n}, then the whole: status {o.status} {o.said}')
    t.judge(f'{len(cuts)} cuts of {len(file.data)} bytes', out)


@scenario(short=0, long=100)
def cut_and_restored(t):
    """The same into the real target, and the rest after it."""
    file = small_file(t)
    for i, n in enumerate(sorted(t.random.sample(range(len(file.data)), t.rounds))):
        strike(t, f'cut at {n}')
        empty(t)
        found = cut_faults(file, n, Outcome(t, t.dst.uri, file.data[:n]))
        o = Outcome(t, t.dst.uri, file.data)
        found += o.faults() + ([o.said] if o.status else [])
        t.judge(f'cut at byte {n}, then the whole', found)
        if i % 5 == 0 or i == t.rounds - 1:
            load_all(t)
            t.verify(f'cut at byte {n}, then the whole')


def flipped(data, i, bit):
    out = bytearray(data)
    out[i] ^= 1 << bit
    return bytes(out)


@scenario(short=50, long=10000)
def flipped_bits(t):
    """A bit of each byte: an error at its line or below, or a line that means something else; what stands above counts."""
    file = small_file(t)
    places = range(len(file.data))
    if t.rounds < len(places):
        places = sorted(t.random.sample(places, t.rounds))
    out, silent = [], 0
    with Fake(t) as fake:
        for i in places:
            bit, line = t.random.randrange(8), file.line_of(i)
            strike(t, f'bit {bit} of byte {i}')
            fake.clear()
            o = Outcome(t, fake.uri, flipped(file.data, i, bit))
            found = o.faults()
            before = file.ticks(line - 1)
            if o.acked[:len(before)] != before:
                found.append(f'acknowledged {o.acked}, but {before} stand above')
            if o.status == 1 and o.line is not None and o.line < line - 1:
                found.append(f'line {o.line} is blamed: {o.said}')
            silent += o.status == 0
            out += [f'bit {bit} of byte {i} (line {line}): {f}' for f in found]
    diag(f'{silent} of {len(places)} flips gave lines that are valid')
    t.judge(f'{len(places)} flips', out)


def as_numbers(o):
    """Strings of digits as numbers, and numbers as strings, where the contract says that a reader takes both."""
    def swap(v):
        return int(v) if isinstance(v, str) else str(v)

    def position(p):
        return {topic: {k: swap(v) for k, v in at.items()} for topic, at in p.items()}

    o = dict(o)
    for key in 'ts', 'coll_id', 'part_id', 'db_id', 'v', 'shards', 'num_partitions', 'n':
        if key in o and not isinstance(o[key], dict):
            o[key] = swap(o[key])
    for key in 'pos', 'from':
        if key in o:
            o[key] = position(o[key])
    if 'src' in o:
        o['src'] = {**o['src'], 'o': str(o['src']['o'])}
    if o.get('coll') == 'a' and 'rows' in o:
        o['rows'] = [{**r, 'pk': int(r['pk']), 'ver': int(r['ver'])} for r in o['rows']]
    if o.get('coll') == 'a' and 'keys' in o:
        o['keys'] = [int(k) for k in o['keys']]
    return o


def each_line(f):
    return lambda lines: [json.dumps(f(json.loads(x)), ensure_ascii=False).encode() + b'\n' for x in lines]


def shuffled_keys(random):
    def shuffle(o):
        keys = list(o)
        random.shuffle(keys)
        return {k: o[k] for k in keys}
    return shuffle


def index_of(lines, op, nth=0):
    return [i for i, x in enumerate(lines) if json.loads(x)['op'] == op][nth]


def edit(op, old, new):
    """The first line of this operation in which a regular expression matches, changed."""
    def act(lines):
        for i, line in enumerate(lines):
            changed, n = re.subn(old, new, line, count=1)
            if n and json.loads(line)['op'] == op:
                return lines[:i] + [changed] + lines[i + 1:]
        raise AssertionError((op, old))
    return act


def put(op, line, nth=0):
    """A line more, above that operation."""
    def act(lines):
        i = index_of(lines, op, nth)
        return lines[:i] + [line] + lines[i:]
    return act


def jq(*options):
    return lambda lines: subprocess.run(['jq', *options, '.'], input=b''.join(lines), stdout=subprocess.PIPE,
                                        check=True).stdout.splitlines(keepends=True)


def odd_forms(t):
    """(name, what is done to the lines): each means the same."""
    yield 'as it is', lambda x: x
    yield 'CR LF', lambda x: [line[:-1] + b'\r\n' for line in x]
    yield 'no newline at the end', lambda x: x[:-1] + [x[-1][:-1]]
    yield 'blank lines', lambda x: [part for line in x for part in (b'\n', line, b'\r\n')]
    yield 'other white space', lambda x: [b' \t' + line.replace(b',"', b' ,\t"').replace(b':{', b' : {') for line in x]
    yield 'jq -c', jq('-c')
    yield 'jq -cS', jq('-cS')
    yield 'ASCII only', jq('-ca')
    yield 'keys in any order', each_line(shuffled_keys(t.random))
    yield 'numbers as strings and strings as numbers', each_line(as_numbers)
    yield 'unknown keys', each_line(lambda o: {**o, 'x-new': [1, {'a': None}], 'time': 'now'})
    yield 'each line of rows or keys twice', lambda x: [
        y for line in x for y in [line] * (2 if json.loads(line)['op'] in ('insert', 'upsert', 'delete') else 1)]
    yield 'each tick twice', lambda x: [y for line in x for y in [line] * (1 + line.startswith(b'{"op":"tick"'))]
    yield 'begin twice', lambda x: x[:1] + x
    yield 'the whole twice', lambda x: x + x
    yield 'cut anywhere and begun again', lambda x: x[:t.random.randrange(1, len(x))] + x
    yield 'from the middle to its end once more', lambda x: x + [x[0]] + x[len(x) // 2:]
    yield 'nested 400 deep', put('tick', b'{"op":"tick","x":' + b'[' * 400 + b']' * 400 + b',"ts":"1","pos":{}}\n')
    yield 'ticks left out', lambda x: [line for line in x if not line.startswith(b'{"op":"tick"')]


def mistakes():
    """(name, what is done to the lines, a word of the message): status 1 at a place."""
    yield 'nothing at all', lambda x: [], 'end'
    yield 'blank lines alone', lambda x: [b'\n', b'\n'], 'end'
    yield 'no end', lambda x: x[:-1], "without an 'end'"
    yield 'no begin', lambda x: x[1:], "begin"
    yield 'from the middle', lambda x: x[len(x) // 2:], "begin"
    yield 'the end twice', lambda x: x + [x[-1]], 'after the end'
    yield 'rows behind the end', lambda x: x + [x[index_of(x, 'insert')]], 'after the end'
    yield 'version 2', edit('begin', rb'"v":1', rb'"v":2'), 'version 2'
    yield 'a NUL', edit('insert', rb'"rows"', b'"ro\0ws"'), 'NUL'
    yield 'not UTF-8 in a value', edit('insert', rb'"pk":"x"', b'"pk":"\xff"'), 'UTF-8'
    yield 'a lone surrogate', edit('insert', rb'"pk":"x"', rb'"pk":"\\ud800"'), ''
    yield 'not UTF-8 in a name', edit('create_collection', rb'"coll":"a"', b'"coll":"\xc3"'), ''
    yield 'garbage', put('tick', b'garbage\n'), 'object'
    yield 'two objects in a line', lambda x: x[:2] + [x[2][:-1] + x[3]] + x[4:], ''
    yield 'an array', put('tick', b'[1]\n'), 'object'
    yield 'no op', put('tick', b'{"ts":"1"}\n'), 'op'
    yield 'op twice', edit('tick', rb'"op":"tick"', rb'"op":"tick","op":"end"'), ''
    yield 'op is a number', put('tick', b'{"op":1}\n'), 'string'
    yield 'a huge timestamp', edit('tick', rb'"ts":"\d+"', b'"ts":"99999999999999999999"'), '99999999999999999999'
    yield 'a negative timestamp', edit('tick', rb'"ts":"\d+"', b'"ts":"-1"'), '-1'
    yield 'a huge offset', edit('tick', rb'"o":\d+', b'"o":1e999'), ''
    yield 'a fraction of an offset', edit('tick', rb'"o":\d+', b'"o":1.5'), ''
    yield 'no position', edit('tick', rb'"pos"', rb'"pso"'), 'pos'
    yield 'a huge key', edit('insert', rb'"pk":"1"', b'"pk":"99999999999999999999"'), '99999999999999999999'
    yield 'a huge number', edit('insert', rb'"ver":"1"', b'"ver":1' + b'0' * 100000), ''
    yield 'nested without end', put('tick', b'{"op":"tick","x":' + b'[' * 200000 + b'\n'), ''
    yield 'nested too deep', put('tick', b'{"op":"tick","ts":"1","pos":{},"x":' + b'[' * 200000 + b']' * 200000 + b'}\n'), ''
    yield 'rows nested too deep', edit('insert', rb'"rows":\[', b'"rows":[' + b'[' * 200000), ''
    yield 'rows that are none', edit('insert', rb'"rows":\[\{', b'"rows":[1,{'), ''
    yield 'a field less', edit('insert', rb'"ver":"1",', b''), 'ver'
    yield 'a field more', edit('insert', rb'"ver":', b'"more":1,"ver":'), 'more'
    yield 'a longer vector', edit('insert', rb'"vec":"', b'"vec":"AAAA'), 'vec'
    yield 'no collection', lambda x: [line for line in x if json.loads(line)['op'] != 'create_collection'], 'not at the target'
    yield 'an operation of tomorrow', put('end', b'{"op":"teleport","ts":"5","db":"default"}\n'), 'teleport'


@scenario(short=1, long=1)
def odd_lines(t):
    file = small_file(t)
    want = model(file.lines)
    with Fake(t) as fake:
        for name, act in odd_forms(t):
            strike(t, name)
            fake.clear()
            o = Outcome(t, fake.uri, b''.join(act(file.lines)))
            t.judge(name, o.faults() + ([] if o.status == 0 else [o.said]) +
                    ([] if fake.rows() == want else [f'{fake.rows()}, want {want}']))
        for name, act, word in mistakes():
            strike(t, name)
            fake.clear()
            o = Outcome(t, fake.uri, b''.join(act(file.lines)))
            t.judge(name, o.faults() + ([] if o.status == 1 and word in o.said else [f'status {o.status}: {o.said}']))
        fake.clear()
        o = Outcome(t, fake.uri, b''.join(file.lines[:3]) + b'{"op":"tick","x":"' + b'x' * (65 << 20), timeout=60)
        t.judge('a line without end', o.faults() + ([] if o.status == 1 and o.line == 4 else [o.said]))


@scenario(short=30, long=10000)
def out_of_order(t):
    """Two lines change places, each with each: an error, or the same rows."""
    file = small_file(t)
    n, want, out, refused = len(file.lines), model(file.lines), [], 0
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    pairs = t.random.sample(pairs, min(len(pairs), t.rounds))
    with Fake(t) as fake:
        for i, j in pairs:
            strike(t, f'lines {i + 1} and {j + 1} change places')
            fake.clear()
            lines = list(file.lines)
            lines[i], lines[j] = lines[j], lines[i]
            o = Outcome(t, fake.uri, b''.join(lines))
            found = o.faults()
            refused += o.status
            if o.status == 0 and fake.rows() != want:
                found.append('status 0 and other rows')
            out += [f'{lines[j][:80]} and {lines[i][:80]}: {f}' for f in found]
    diag(f'{refused} of {len(pairs)} are refused')
    t.judge(f'{len(pairs)} pairs', out)


def week(t):
    """Three backups, each from where the one before ended."""
    db, names = t.make_db(), []
    t.src.create(db, 'a', FIELDS)
    t.src.index(db, 'a', 'vec')
    t.src.load(db, 'a')
    for i in range(3):
        t.src.upsert(db, 'a', rows(range(1, 6), i + 1))
        t.src.insert(db, 'a', rows([100 + i], i))
        t.src.delete(db, 'a', f'pk in [{99 + i}]')
        names.append(t.path(f'{i}.ndjson'))
        more = ['--from', f'@{t.path("tail")}'] if i else []
        t.backup(names[-1], *more)
        with open(names[-1]) as f, open(t.path('tail'), 'w') as o:
            o.write(f.read().splitlines()[-1] + '\n')
    return names


def outcome_of(t, *files):
    data = b''
    for name in files:
        with open(name, 'rb') as f:
            data += f.read()
    return Outcome(t, t.dst.uri, data)


@scenario(short=0, long=1)
def files_in_every_order(t):
    one, two, three = week(t)
    whole = t.path('whole.ndjson')
    t.backup(whole)

    def good(name, *files):
        strike(t, name)
        o = outcome_of(t, *files)
        t.judge(name, o.faults() + ([o.said] if o.status else []))
        t.verify(name)

    def bad(name, *files):
        strike(t, name)
        o = outcome_of(t, *files)
        t.judge(f'{name} is refused', o.faults() + ([] if o.status == 1 else [f'status {o.status}']))

    good('one after the other', one, two, three)
    good('the last one twice', three, three)
    good('all of them again', one, two, three)
    good('from the second on again', two, three)
    good('two that overlap', one, whole)
    bad('the middle one is missing', one, three)
    bad('the last one first', three, one)
    bad('the first one behind all', one, two, three, one)
    good('until all are there', one, two, three)
    empty(t)
    bad('the first one is missing', two, three)
    empty(t)
    good('on an empty target', one, two, three)
