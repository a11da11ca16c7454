"""The stream's own mistakes: cut, damaged, shuffled, repeated.  What cannot be right ends with status 1 and its place."""
import re

from smallfile import FIELDS, Fake, Fakes, Outcome, model, rows, sample, small_file, strike, two_at_a_time
from torture import *  # noqa: F401,F403
from torture import diag, drop_dbs


def load_all(t):
    """The file has no indexes, which the Milvus in memory does not know: made by hand, so that all can be compared."""
    for m in t.src, t.dst:
        for db, coll in [(db, coll) for db in t.databases for coll in m.colls(db)]:
            if not m.indexes(db, coll):
                m.index(db, coll, 'vec')
                m.load(db, coll)


def empty(t):
    drop_dbs(t.dst, t.databases & t.dst.dbs())


def place(o, whole, lines):
    """What is wrong with how it ended: so many lines were whole, of so many."""
    out = []
    if o.status != (0 if whole == lines else 1):
        out.append(f'status {o.status}: {o.said}')
    if o.status == 1 and o.line not in (whole, whole + 1):
        out.append(f'line {o.line}, but {whole} are whole: {o.said}')
    return out


def cut_faults(file, n, o):
    """What is wrong with how n bytes were taken."""
    whole = file.whole_lines(n)
    out = o.faults() + place(o, whole, len(file.lines))
    if o.acked != file.ticks(whole):
        out.append(f'acknowledged {o.acked}, want {file.ticks(whole)}')
    return [f'cut at {n}: {x}' for x in out]


DRY = 6  # times as many places are tried with -n as are applied


@scenario(short=12, long=1200)
def cut_at_every_byte(t):
    """In the long form each byte with -n.  As many as there are rounds, chosen by the seed, and the end of each line into a
    Milvus in memory: what is acknowledged and what is there.  The whole file afterwards gives the whole.
    """
    file = small_file(t)
    cuts = range(len(file.data) + 1)
    all_rows = model(file.lines)
    # Behind each line most is at stake.
    dry, wet = ({*file.ends, *sample(t, cuts, n * t.rounds)} for n in (DRY, 1))

    def dry_run(n):
        strike(t, f'cut at {n}, -n')
        o, whole = Outcome(t, void.uri, file.data[:n], '-n'), file.whole_lines(n)
        return [f'cut at {n}, -n: {x}' for x in o.faults() + place(o, whole, len(file.lines))]

    def applied(n):
        strike(t, f'cut at {n}')
        with fakes.one() as fake:
            out = cut_faults(file, n, Outcome(t, fake.uri, file.data[:n]))
            want = model(file.lines[:file.whole_lines(n)])
            if fake.rows() != want:
                out.append(f'cut at {n}: {fake.rows()}, want {want}')
            if n % 10 == 0:
                o = Outcome(t, fake.uri, file.data)
                if o.status or fake.rows() != all_rows:
                    out.append(f'cut at {n}, then the whole: status {o.status} {o.said}')
        return out

    with Fake(t) as void:
        t.judge(f'{len(dry)} cuts of {len(file.data)} bytes, read', two_at_a_time(dry, dry_run))
    with Fakes(t) as fakes:
        t.judge(f'{len(wet)} cuts of {len(file.data)} bytes, applied', two_at_a_time(wet, applied))


@scenario(short=0, long=25)
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


@scenario(short=25, long=600)
def flipped_bits(t):
    """A bit of a byte: an error at its line or below, or a line that means something else; what stands above counts.

    A sample of the bytes, chosen by the seed: as many as there are rounds into a Milvus in memory, and DRY times that with -n.
    """
    file = small_file(t)
    places = [(i, t.random.randrange(8)) for i in range(len(file.data))]
    dry, wet = sample(t, places, DRY * t.rounds), sample(t, places, t.rounds)
    silent = []

    def flip(at, uri, *how):
        i, bit = at
        line, before = file.line_of(i), file.ticks(file.line_of(i) - 1)
        strike(t, f'bit {bit} of byte {i} {" ".join(how)}')
        o = Outcome(t, uri, flipped(file.data, i, bit), *how)
        found = o.faults()
        if not how and o.acked[:len(before)] != before:
            found.append(f'acknowledged {o.acked}, but {before} stand above')
        if o.status == 1 and o.line is not None and o.line < line - 1:
            found.append(f'line {o.line} is blamed: {o.said}')
        silent.extend([i] * (o.status == 0))
        return [f'bit {bit} of byte {i} (line {line}): {f}' for f in found]

    def applied(at):
        with fakes.one() as fake:
            return flip(at, fake.uri)

    with Fake(t) as void:
        t.judge(f'{len(dry)} flips, read', two_at_a_time(dry, lambda at: flip(at, void.uri, '-n')))
    with Fakes(t) as fakes:
        t.judge(f'{len(wet)} flips, applied', two_at_a_time(wet, applied))
    diag(f'{len(silent)} of {len(dry) + len(wet)} flips gave lines that are valid')


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
    n, want, refused = len(file.lines), model(file.lines), []
    pairs = sample(t, [(i, j) for i in range(n) for j in range(i + 1, n)], t.rounds)

    def exchanged(pair):
        i, j = pair
        strike(t, f'lines {i + 1} and {j + 1} change places')
        lines = list(file.lines)
        lines[i], lines[j] = lines[j], lines[i]
        with fakes.one() as fake:
            o = Outcome(t, fake.uri, b''.join(lines))
            found = o.faults()
            refused.extend([pair] * o.status)
            if o.status == 0 and fake.rows() != want:
                found.append('status 0 and other rows')
        return [f'{lines[j][:80]} and {lines[i][:80]}: {f}' for f in found]

    with Fakes(t) as fakes:
        t.judge(f'{len(pairs)} pairs', two_at_a_time(pairs, exchanged))
    diag(f'{len(refused)} of {len(pairs)} are refused')


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
