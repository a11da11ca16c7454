"""A backup is a file of lines: applied, applied again, through jq, in two parts."""
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('s', 'VarChar', max_length=100), F('f', 'Float'), F('d', 'Double'),
          F('i', 'Int64'), F('j', 'JSON'), F('a', 'Array', element='Double', max_capacity=10),
          F('vec', 'FloatVector', dim=8)]
ODD = ['', '"\\\n\t', '\U0001f600', '\u2028', 'a' * 90, '\x01']


def rows(keys, word='r'):
    n = len(keys)
    return {'pk': list(keys), 's': [ODD[k % len(ODD)] for k in keys], 'f': [k * 0.1 for k in keys],
            'd': [1 / (k + 3) if k % 2 else 5e-324 for k in keys], 'i': [2**63 - 1 - k for k in keys],
            'j': [b'{"w" : "%s", "n": 12345678901234567890, "e": 1.0E+30}' % word.encode()] * n,
            'a': [[k / 7] * (k % 5) for k in keys], 'vec': [vec(*[k + x / 3 for x in range(8)]) for k in keys],
            '$meta': [b'{"k":%d, "x":1.10}' % k for k in keys]}


def first(case):
    a, db = case.src, case.make_db()
    a.create(db, 'c', FIELDS, dynamic=True, shards=2)
    a.create(db, 'gone', FIELDS, dynamic=True)
    a.create(db, 'auto', [F('pk', 'Int64', primary=True, auto_id=True), F('vec', 'BinaryVector', dim=16)])
    a.create(db, 'keyed', [F('pk', 'Int64', primary=True), F('k', 'VarChar', key=True, max_length=20),
                           F('vec', 'FloatVector', dim=2)], partitions=4)
    a.create_partition(db, 'c', 'p')
    a.insert(db, 'c', rows(range(1000)))
    a.insert(db, 'c', rows(range(2000, 2500)), 'p')
    a.insert(db, 'gone', rows(range(100)))
    a.insert(db, 'auto', {'vec': [bytes([i, 255 - i]) for i in range(200)]})
    a.insert(db, 'keyed', {'pk': list(range(300)), 'k': [f'k{i % 29}' for i in range(300)],
                           'vec': [vec(i, 1) for i in range(300)]})
    a.delete(db, 'c', f'pk in {list(range(100, 200))}')
    a.upsert(db, 'c', rows(range(950, 1050), 'up'))
    a.drop(db, 'gone')
    a.index(db, 'c', 'vec', name='vx', index_type='HNSW', metric_type='L2', params='{"M": 4, "efConstruction": 10}')
    a.index(db, 'keyed', 'vec')
    a.index(db, 'auto', 'vec', index_type='BIN_FLAT', metric_type='HAMMING', params='{}')
    a.alias(db, 'c', 'al')
    for c in 'c', 'keyed', 'auto':
        a.load(db, c)


def second(case):
    a, db = case.src, case.db
    a.insert(db, 'c', rows(range(5000, 5300)))
    a.delete(db, 'c', f'pk in {list(range(2000, 2100))}')
    a.upsert(db, 'c', rows([3, 4, 5], 'later'))
    a.insert(db, 'keyed', {'pk': [900], 'k': ['k1'], 'vec': [vec(9, 9)]})
    a.rename(db, 'auto', 'renamed')
    a.create(db, 'new', FIELDS, dynamic=True)
    a.insert(db, 'new', rows(range(50)))
    a.index(db, 'new', 'vec')
    a.load(db, 'new')


def empty(case):
    drop_dbs(case.dst, case.databases & case.dst.dbs())


def lines(path, op):
    with open(path) as f:
        return [line for line in f if line.startswith(f'{{"op":"{op}"')]


def backup(case):
    first(case)
    sunday, monday = case.path('sunday.ndjson'), case.path('monday.ndjson')
    began = time.monotonic()
    case.backup(sunday)
    diag(f'backup: {time.monotonic() - began:.1f} s, {os.path.getsize(sunday)} bytes')
    with open(sunday) as f:
        text = f.read().splitlines()
    tap.ok(json.loads(text[0])['op'] == 'begin' and json.loads(text[-1])['op'] == 'end', 'from begin to end')
    case.restore(sunday)
    case.same('a backup applied is the source')
    case.restore(sunday)
    case.same('applied again, still')
    tap.ok('gone' not in case.dst.colls(case.db), 'what was dropped is not there')

    # jq 1.6 writes 64-bit numbers as doubles and keys in their order: the stream must not mind.
    through = case.path('jq.ndjson')
    with open(sunday) as i, open(through, 'w') as o:
        subprocess.run(['jq', '-c', '.'], stdin=i, stdout=o, check=True)
    empty(case)
    case.restore(through)
    case.same('through jq -c .')
    sorted_keys = case.path('jqs.ndjson')
    with open(sunday) as i, open(sorted_keys, 'w') as o:
        subprocess.run(['jq', '-cS', '.'], stdin=i, stdout=o, check=True)
    empty(case)
    case.restore(sorted_keys)
    case.same('with the keys in another order')

    # Vectors as numbers, JSON embedded in the line: the floats must come back to the same bits.
    decimal = case.path('decimal.ndjson')
    case.backup(decimal, '--vectors', 'decimal')
    empty(case)
    case.restore(decimal)
    case.same('with decimal vectors')

    # The rest of the week
    second(case)
    last = case.path('last')
    with open(last, 'w') as f:
        f.write(text[-1] + '\n')
    case.backup(monday, '--from', f'@{last}')
    tap.ok(os.path.getsize(monday) < os.path.getsize(sunday), 'what happened since is less than all')
    empty(case)
    with open(sunday) as x, open(monday) as y:
        case.run(*case.apply(), stdin=x.read() + y.read())
    case.same('two files, one after the other')

    tuesday = case.path('tuesday.ndjson')
    with open(monday) as f:
        end = [line for line in f][-1]
    with open(last, 'w') as f:
        f.write(end)
    case.src.insert(case.db, 'c', rows([9999]))
    case.backup(tuesday, '--from', f'@{last}')
    empty(case)
    p = subprocess.run([os.path.join(BUILD, 'cdc-apply'), '-T', case.dst.uri, sunday, tuesday], env=case.env,
                       capture_output=True, text=True, timeout=PATIENCE)
    tap.ok(p.returncode == 1 and 'tuesday' in p.stderr, 'a gap between two files is refused', p.returncode, p.stderr)
    eventually(lambda: case.dst.load_state(case.db, 'c') == 'Loaded', what='loaded')
    pk = case.dst.describe(case.db, 'c').schema.fields[0]
    keys = case.dst.keys(case.db, 'c', pk)
    tap.ok(len(keys) == 1000 - 100 + 500 + 50 and 9999 not in keys, 'and nothing of the second is written', len(keys))

    cut = case.path('cut.ndjson')
    with open(sunday) as f:
        whole = f.read()
    with open(cut, 'w') as f:
        f.write(whole[:-len(text[-1]) // 2])
    p = subprocess.run([os.path.join(BUILD, 'cdc-apply'), '-T', case.dst.uri, cut], env=case.env,
                       capture_output=True, text=True, timeout=PATIENCE)
    tap.ok(p.returncode == 1 and 'cut' in p.stderr, 'a torn last line is status 1 and a sentence', p.returncode, p.stderr)
    tap.ok('"end":true' not in p.stdout and p.stdout.count('"op":"ack"') >= 1, 'what is above it is confirmed, and no more',
           p.stdout[-500:])


def both_again(case):
    """Law 2: from any point through to the end last applied.  The rename of the second file is done once more, too."""
    first(case)
    sunday, monday = case.path('sunday.ndjson'), case.path('monday.ndjson')
    case.backup(sunday)
    second(case)
    case.backup(monday, '--from', f'@{sunday_end(case, sunday)}')
    case.restore(sunday, monday)
    case.same('two files as operands')
    case.restore(sunday, monday)
    case.same('both once more')


def sunday_end(case, sunday):
    """tail -n 1"""
    with open(sunday) as f, open(case.path('tail'), 'w') as o:
        o.write(f.read().splitlines()[-1] + '\n')
    return case.path('tail')


def live_through_jq(case):
    """A filter in the middle of the running pipeline."""
    pipe = case.pipeline(middle=['jq', '-c', '--unbuffered', '.']).start()
    first(case)
    second(case)
    pipe.catch_up()
    case.same('live, through jq')
    pipe.stop()


main(backup, both_again, live_through_jq)
