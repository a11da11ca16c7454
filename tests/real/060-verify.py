"""cdc-verify finds each kind of difference, and none where there is none."""
import resource

from cdctest import *  # noqa: F403

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4), F('name', 'VarChar', max_length=200),
          F('doc', 'JSON'), F('real', 'Double'), F('small', 'Int8'), F('list', 'Array', element='Int32', max_capacity=8)]
KEYS = [*range(-3, 6), -2**63, -2**63 + 1, 2**63 - 2, 2**62]
STRANGE = ['', 'it\'s', 'say "hi"', 'back\\slash', 'tab\tline\n', 'ümläut', 'snow ☃ 😀', '\x01', '"', '\\"', "a' or 1 == 1 or '"]


def rows(keys, **change):
    data = {'pk': list(keys), 'vec': floats([[k % 1000, k % 7, 1, -k % 11] for k in keys]),
            'name': [f'name {k}' for k in keys], 'doc': [b'{"k": %d}' % k for k in keys],
            'real': [k / 7 for k in keys], 'small': [k % 100 for k in keys], 'list': [[1, -2, k % 50] for k in keys],
            '$meta': [b'{"m":%d}' % k for k in keys]}
    return {**data, **change}


def make(m, db, coll='items', fields=FIELDS, data=None, index=True, load=True, parts=(), **more):
    """A collection, the same at whichever Milvus."""
    m.create(db, coll, fields, dynamic='$meta' in (data or {}), **more)
    for p in parts:
        m.create_partition(db, coll, p)
    if data:
        m.insert(db, coll, data)
    if index:
        m.index(db, coll, 'vec', name='by_vec')
        if load:
            m.load(db, coll)
            eventually(lambda: m.load_state(db, coll) == 'Loaded', what=f'{coll} loaded')


def both(c, *args, **more):
    """The same collection at the source and at the target."""
    db = c.make_db()
    if db not in c.dst.dbs():
        c.dst.create_db(db)
    for m in c.src, c.dst:
        make(m, db, *args, **more)
    return db


def verify(c, *more, status=None, pattern=None):
    """The difference lines, the status and what it said."""
    argv = [os.path.join(BUILD, 'cdc-verify'), '-v', '-S', c.src.uri, '-T', c.dst.uri, '-i', pattern or c.db + '*.*', *more]
    p = subprocess.run(argv, env=c.env, capture_output=True, text=True, timeout=3 * PATIENCE)
    lines = [json.loads(line) for line in p.stdout.splitlines()]
    if status is not None and p.returncode != status:
        diag(p.stdout[-2000:] + p.stderr[-2000:])
        raise AssertionError(f'status {p.returncode}, want {status}')
    return lines, p.returncode, p.stderr


def found(c, name, want, *more, status=1, **how):
    """One line of TAP: these lines and no others; of each, only the keys that are wanted are looked at."""
    lines, got, err = verify(c, *more, **how)
    key = lambda line: json.dumps(line, sort_keys=True)  # noqa: E731
    cut = [{k: line.get(k) for k in w} for line, w in zip(sorted(lines, key=key), sorted(want, key=key))]
    by_key = lambda some: sorted(map(key, some))  # noqa: E731
    good = got == status and len(lines) == len(want)
    if good:
        left = list(lines)
        for w in want:
            hit = next((line for line in left if all(line.get(k) == v for k, v in w.items())), None)
            good = good and hit is not None
            if hit is not None:
                left.remove(hit)
    tap.ok(good, name, f'status {got}, want {status}', f'want {by_key(want)}', f'got  {by_key(lines)}', err, cut)


def rows_that_differ(c):
    db = both(c, data=rows(KEYS), shards=2)
    lines, status, err = verify(c)
    tap.ok((lines, status) == ([], 0) and f'{len(KEYS)} rows' in err, 'equal: no line, status 0, all rows', lines, err)

    def at(key):
        return KEYS.index(key)

    def change(key, field, value, shown):
        data = rows([key])
        full = rows(KEYS)
        for name in data:
            data[name] = [full[name][at(key)]]
        data[field] = [value]
        c.dst.upsert(db, 'items', data)
        want = {'kind': 'row', 'db': db, 'coll': 'items', 'key': str(key), 'diff': 'differs', 'fields': [field]}
        if shown:
            want['target'] = {field: shown}
        found(c, f'a change of {field}', [want])
        data[field] = [full[field][at(key)]]
        c.dst.upsert(db, 'items', data)

    full = rows(KEYS)
    flipped = bytearray(full['vec'][at(2)])
    flipped[5] ^= 1
    change(2, 'vec', bytes(flipped), None)
    change(3, 'doc', b'{"k":  3}', '{"k":  3}')
    change(-2**63, 'real', numpy.nextafter(full['real'][at(-2**63)], 0).item(), None)
    change(0, 'real', -0.0, None)
    change(2**63 - 2, '$meta', b'{"m": 5}', '{"m": 5}')
    change(-1, 'list', [1, -2], [1, -2])
    change(1, 'small', -1, -1)
    change(4, 'name', 'name 4 ', 'name 4 ')
    found(c, 'all is equal again', [], status=0)
    row = {'kind': 'row', 'db': db, 'coll': 'items'}
    c.dst.delete(db, 'items', 'pk in [2, 3]')
    c.dst.insert(db, 'items', rows([1000, -9000]))
    found(c, 'missing and extra rows', [dict(row, key='2', diff='missing'), dict(row, key='3', diff='missing'),
                                        dict(row, key='1000', diff='extra'), dict(row, key='-9000', diff='extra')])
    found(c, 'the same, a row at a time', [dict(row, key='2', diff='missing'), dict(row, key='3', diff='missing'),
                                           dict(row, key='1000', diff='extra'), dict(row, key='-9000', diff='extra')],
          '--page', '1')


def the_catalogue(c):
    db = both(c, data=rows(KEYS), parts=['p1', 'p2'])
    found(c, 'equal', [], status=0)
    coll = {'db': db, 'coll': 'items'}
    s, d = c.src, c.dst

    def case(name, do, undo, *want):
        do()
        found(c, name, [dict(coll, **w) for w in want])
        undo()

    case('an alias', lambda: s.alias(db, 'items', c.tag_alias()), lambda: s.drop_alias(db, c.tag_alias()),
         {'kind': 'alias', 'alias': c.tag_alias(), 'diff': 'missing'})
    case('an alias too many', lambda: d.alias(db, 'items', c.tag_alias()), lambda: d.drop_alias(db, c.tag_alias()),
         {'kind': 'alias', 'alias': c.tag_alias(), 'diff': 'extra'})
    case('a property', lambda: s.alter(db, 'items', {'collection.ttl.seconds': '86400000'}),
         lambda: d.alter(db, 'items', {'collection.ttl.seconds': '86400000'}),
         {'kind': 'property', 'property': 'collection.ttl.seconds', 'diff': 'missing', 'source': '86400000'})
    case('a property of another value', lambda: s.alter(db, 'items', {'collection.ttl.seconds': '86400001'}),
         lambda: s.alter(db, 'items', {'collection.ttl.seconds': '86400000'}),
         {'kind': 'property', 'property': 'collection.ttl.seconds', 'diff': 'differs', 'target': '86400000'})
    case('a scalar index', lambda: s.index(db, 'items', 'name', name='by_name', index_type='Trie'),
         lambda: d.index(db, 'items', 'name', name='by_name', index_type='Trie'),
         {'kind': 'index', 'index': 'by_name', 'diff': 'missing'})

    def release():
        d.release(db, 'items')

    def load():
        d.load(db, 'items')
        eventually(lambda: d.load_state(db, 'items') == 'Loaded', what='loaded')

    case('another load state', release, load, {'kind': 'load', 'source': 'all', 'target': 'none', 'diff': 'differs'})

    def half():
        d.release_partitions(db, 'items', ['p1'])

    case('a partition that is not loaded', half, lambda: (d.release(db, 'items'), load()),
         {'kind': 'load', 'source': 'all', 'target': ['_default', 'p2'], 'diff': 'differs'})

    def other_index():
        d.release(db, 'items')
        d.drop_index(db, 'items', 'vec', 'by_vec')
        d.index(db, 'items', 'vec', name='by_vec', index_type='FLAT', metric_type='IP', params='{}')
        load()

    case('an index with other parameters', other_index, lambda: None, {'kind': 'index', 'index': 'by_vec', 'diff': 'differs'})
    d.release(db, 'items')
    d.drop_index(db, 'items', 'vec', 'by_vec')
    d.index(db, 'items', 'vec', name='by_vec')
    load()
    s.delete(db, 'items', 'pk in [1]')
    s.insert(db, 'items', rows([1]), part='p1')
    d.delete(db, 'items', 'pk in [1]')
    d.insert(db, 'items', rows([1]), part='p2')
    found(c, 'a row in another partition', [dict(coll, kind='row', key='1', part='p1', diff='missing'),
                                            dict(coll, kind='row', key='1', part='p2', diff='extra')])
    s.create_partition(db, 'items', 'p3')
    d.release(db, 'items')
    d.drop_partition(db, 'items', 'p2')
    load()
    found(c, 'partitions', [dict(coll, kind='partition', part='p2', diff='missing'),
                            dict(coll, kind='partition', part='p3', diff='missing'),
                            dict(coll, kind='row', key='1', part='p1', diff='missing')])


def what_queries_of_2_3_hide(c):
    """A limited answer leaves keys out where others are there twice; the greatest key is counted and never answered."""
    db = both(c, data=rows(range(-50, 50)))
    c.dst.insert(db, 'items', rows([*range(5)] * 3))
    found(c, 'rows that are doubled at the target', [
        {'kind': 'copies', 'db': db, 'coll': 'items', 'source': '0', 'target': '15', 'diff': 'differs'}])
    c.src.insert(db, 'items', rows([*range(5)] * 3))
    for page in '7', '50':
        lines, status, err = verify(c, '--page', page)
        tap.ok((lines, status) == ([], 0) and err.count('15 rows too many') == 2, f'keys that are there 4 times, {page} at a time',
               lines, status, err)
    changed = [{'kind': 'row', 'db': db, 'coll': 'items', 'key': str(k), 'diff': 'differs'} for k in range(5)]
    c.dst.delete(db, 'items', 'pk in [0, 1, 2, 3, 4]')
    c.dst.insert(db, 'items', rows([*range(5)] * 4, name=['else'] * 20))
    for page in '3', '5', '7', '16384':
        found(c, f'each of them is compared, {page} at a time', changed, '--page', page)
    c.dst.upsert(db, 'items', rows(range(5)))
    c.src.insert(db, 'items', rows([2**63 - 1]))
    row = {'kind': 'row', 'db': db, 'coll': 'items', 'key': str(2**63 - 1)}
    found(c, 'the greatest key is missing', [dict(row, diff='missing')])
    c.dst.insert(db, 'items', rows([2**63 - 1]))
    lines, status, err = verify(c)
    tap.ok((lines, status) == ([], 3) and str(2**63 - 1) in err, 'it cannot be compared', lines, status, err)
    c.src.delete(db, 'items', f'pk in [{2**63 - 1}]')
    found(c, 'and is one too many', [dict(row, diff='extra')])


def large_rows(c):
    """More than a server answers at once, more than fits into a page."""
    fields = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4), F('text', 'VarChar', max_length=65535)]
    keys = list(range(3000))
    data = {'pk': keys, 'vec': floats([[k, 1, 2, 3] for k in keys]), 'text': [f'{k:05}' * 12000 for k in keys]}
    db = c.make_db()
    c.dst.create_db(db)
    for m in c.src, c.dst:
        m.create(db, 'items', fields)
        for i in range(0, 3000, 500):
            m.insert(db, 'items', {name: values[i:i + 500] for name, values in data.items()})
        m.index(db, 'items', 'vec', name='by_vec')
        m.load(db, 'items')
        eventually(lambda: m.load_state(db, 'items') == 'Loaded', what='loaded')
    p = c.chain(['cdc-verify', '-v', '-S', c.src.uri, '-T', c.dst.uri, '-i', db + '.*'])
    status = p.wait(120)
    peak = p['cdc-verify'].peak_kb
    tap.ok(status == {'cdc-verify': 0}, '180 MB in 3,000 rows are equal', p['cdc-verify'].stderr())
    tap.ok(0 < peak < 120 * 1024, f'in {peak // 1024} MB of memory')
    text = data['text'][1234]
    c.dst.upsert(db, 'items', {'pk': [1234], 'vec': [data['vec'][1234]], 'text': [text[:-1] + 'x']})
    found(c, 'one byte', [{'kind': 'row', 'db': db, 'coll': 'items', 'key': '1234', 'fields': ['text'], 'source': {}}])


def databases_and_collections(c):
    db = both(c, data=rows(KEYS))
    only_src, only_dst = c.make_db('a'), c.db + 'b'
    c.dst.create_db(only_dst)
    make(c.src, db, 'here', data=rows([1]))
    make(c.dst, db, 'there', data=rows([1]))
    make(c.src, only_src, 'lost', data=rows([1]))
    found(c, 'databases and collections', [
        {'kind': 'database', 'db': only_src, 'diff': 'missing'},
        {'kind': 'collection', 'db': only_src, 'coll': 'lost', 'diff': 'missing'},
        {'kind': 'database', 'db': only_dst, 'diff': 'extra'},
        {'kind': 'collection', 'db': db, 'coll': 'here', 'diff': 'missing'},
        {'kind': 'collection', 'db': db, 'coll': 'there', 'diff': 'extra'}])
    found(c, 'only what is included', [{'kind': 'collection', 'db': db, 'coll': 'here', 'diff': 'missing'}],
          pattern=db + '.*', *['-x', db + '.there'])
    found(c, 'a pattern of one collection', [], pattern=db + '.items', status=0)
    make(c.dst, only_dst, 'lost2', data=rows([1]))
    found(c, 'another name', [], '--rename', f'{only_src}.lost={only_dst}.lost2', pattern=only_src + '.lost', status=0)
    make(c.dst, only_dst, 'lost', data=rows([2]))
    found(c, 'another database', [{'kind': 'collection', 'db': only_src, 'coll': 'lost2', 'diff': 'extra'},
                                  {'kind': 'row', 'db': only_src, 'coll': 'lost', 'key': '1', 'diff': 'missing'},
                                  {'kind': 'row', 'db': only_src, 'coll': 'lost', 'key': '2', 'diff': 'extra'}],
          '--rename', f'{only_src}={only_dst}', pattern=only_src + '.*')


def fields_that_differ(c):
    db = c.make_db()
    c.dst.create_db(db)
    other = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4), F('name', 'VarChar', max_length=300),
             F('real', 'Float'), F('more', 'Int64')]
    some = FIELDS[:3] + FIELDS[4:5]
    data = {k: v for k, v in rows([1, 2]).items() if k in ('pk', 'vec', 'name', 'real')}
    make(c.src, db, fields=some, data=data, consistency='Strong')
    make(c.dst, db, fields=other, data={**data, 'more': [1, 2], 'name': ['name 1', 'else']})
    field = {'kind': 'field', 'db': db, 'coll': 'items'}
    found(c, 'fields', [
        {'kind': 'collection', 'db': db, 'coll': 'items', 'what': 'consistency', 'source': '0', 'target': '2'},
        dict(field, field='name', diff='differs'), dict(field, field='real', diff='differs'),
        dict(field, field='more', diff='extra'),
        {'kind': 'row', 'db': db, 'coll': 'items', 'key': '2', 'fields': ['name'], 'diff': 'differs'}])


def keys_of_text(c):
    fields = [F('pk', 'VarChar', primary=True, max_length=100), F('vec', 'FloatVector', dim=4)]
    data = {'pk': STRANGE, 'vec': floats(numpy.arange(4 * len(STRANGE)).reshape(-1, 4))}
    db = both(c, fields=fields, data=data, shards=2)
    for page in '16384', '3', '1':
        lines, status, err = verify(c, '--page', page)
        tap.ok((lines, status) == ([], 0) and f'{len(STRANGE)} rows' in err, f'equal, {page} at a time', lines, err)
    c.dst.delete(db, 'items', f'pk in [{quote(STRANGE[10])}]')
    found(c, 'a missing row', [{'kind': 'row', 'key': STRANGE[10], 'diff': 'missing'}], '--page', '2')


def keys_of_its_own(c):
    """autoID: the target keeps the keys, so it has none."""
    fields = [F('pk', 'Int64', primary=True, auto_id=True), F('vec', 'FloatVector', dim=4)]
    db = c.make_db()
    make(c.src, db, fields=fields, data={'vec': floats(numpy.arange(40).reshape(-1, 4))})
    p = c.pipeline().start()
    p.catch_up()
    c.dst.load(db, 'items')
    eventually(lambda: c.dst.load_state(db, 'items') == 'Loaded', what='loaded')
    found(c, 'equal after a replication', [], status=0)
    p.stop()


def state(m, db, coll='items'):
    return sorted(m.loaded_parts(db, coll)), m.indexes(db, coll)


def what_is_not_loaded(c):
    db = both(c, data=rows(KEYS), parts=['p1', 'p2'])
    c.src.insert(db, 'items', rows([77, 78]), part='p1')
    c.dst.insert(db, 'items', rows([77]), part='p1')
    want = [{'kind': 'row', 'db': db, 'coll': 'items', 'key': '78', 'part': 'p1', 'diff': 'missing'}]
    for m in c.src, c.dst:
        m.release(db, 'items')
    lines, status, err = verify(c)
    tap.ok((lines, status) == ([], 3) and 'not loaded' in err, 'not loaded: status 3, and said', lines, status, err)
    c.src.load(db, 'items')
    eventually(lambda: c.src.load_state(db, 'items') == 'Loaded', what='loaded')
    found(c, 'loaded at the source alone', [{'kind': 'load', 'source': 'all', 'target': 'none', 'diff': 'differs'}])
    c.src.release(db, 'items')
    before = state(c.src, db), state(c.dst, db)
    found(c, '--load finds the row', want, '--load')
    tap.ok(before == (state(c.src, db), state(c.dst, db)), 'and all is as it was', before, state(c.src, db), state(c.dst, db))
    for m in c.src, c.dst:
        m.load_partitions(db, 'items', ['p2'])
        eventually(lambda: m.load_state(db, 'items', ['p2']) == 'Loaded', what='p2 loaded')
    before = state(c.src, db), state(c.dst, db)
    found(c, 'one partition is loaded: --load loads the others', want, '--load')
    tap.ok(before == (state(c.src, db), state(c.dst, db)), 'and p2 alone is loaded', before, state(c.src, db), state(c.dst, db))
    for m in c.src, c.dst:
        m.release(db, 'items')
        m.drop_index(db, 'items', 'vec', 'by_vec')
    before = state(c.src, db), state(c.dst, db)
    found(c, 'without an index', want, '--load')
    tap.ok(before == (state(c.src, db), state(c.dst, db)), 'and there is none', before, state(c.src, db), state(c.dst, db))
    # Stopped while it has both loaded: before the rows are through, for each is a page.
    data = rows(range(20000, 24000))
    for m in c.src, c.dst:
        m.insert(db, 'items', data)
    v = c.chain(['cdc-verify', '-v', '-S', c.src.uri, '-T', c.dst.uri, '-i', db + '.*', '--load', '--page', '1'])
    eventually(lambda: state(c.dst, db)[0] and state(c.src, db)[0], what='both are loaded')
    v.kill(signal.SIGTERM)
    status = v.wait()['cdc-verify']
    tap.ok(status == -signal.SIGTERM, 'SIGTERM in between', status)
    tap.ok(before == (state(c.src, db), state(c.dst, db)), 'and all is as it was', before, state(c.src, db), state(c.dst, db),
           v['cdc-verify'].stderr())


def a_sample(c):
    text = [F('pk', 'VarChar', primary=True, max_length=100), F('vec', 'FloatVector', dim=4)]
    many = sorted({f'ключ {k * 7919 % 100003}' if k % 2 else f'{k * 7919 % 100003:x}' for k in range(9000)})
    db = both(c, 'items', data=rows(range(-10**15, 10**15, 2 * 10**11)), shards=2)
    for m in c.src, c.dst:
        make(m, db, 'texts', fields=text, data={'pk': many, 'vec': floats([[len(k)] * 4 for k in many])})
    lines, status, err = verify(c, '--sample', '2', '--seed', '1')
    tap.ok((lines, status) == ([], 0) and '2 collections, 4000 rows' in err, '4 times 1000 rows', lines, status, err)
    c.dst.delete(db, 'items', f'pk in [{-10**15}]')
    count = {'kind': 'count', 'db': db, 'coll': 'items', 'source': '10000', 'target': '9999', 'diff': 'differs'}
    lines, status, err = verify(c, '--sample', '2', '--seed', '1')
    tap.ok(lines == [count] and status == 1, 'another number of rows', lines, status, err)
    c.dst.upsert(db, 'texts', {'pk': many, 'vec': floats([[len(k)] * 3 + [-1] for k in many])})
    lines, status, err = verify(c, '--sample', '3', '--seed', '9', pattern=db + '.texts')
    keys = sorted(line['key'] for line in lines)
    runs = sum(many.index(k) + 1 == len(many) or many[many.index(k) + 1] not in keys for k in set(keys))
    tap.ok(status == 1 and 1000 < len(set(keys)) <= 3000 and 1 <= runs <= 3, 'runs of 1000 keys',
           len(lines), len(set(keys)), runs, keys[:3], err)
    again = sorted(line['key'] for line in verify(c, '--sample', '3', '--seed', '9', pattern=db + '.texts')[0])
    other = sorted(line['key'] for line in verify(c, '--sample', '3', '--seed', '10', pattern=db + '.texts')[0])
    tap.ok(keys == again and keys != other, 'the seed chooses')


def how_it_ends(c):
    db = both(c, data=rows(range(100)))
    c.dst.delete(db, 'items', f'pk in {list(range(0, 100, 2))}')
    argv = [os.path.join(BUILD, 'cdc-verify'), '-S', c.src.uri, '-T', c.dst.uri, '-i', db + '.*']

    def run(*more, **how):
        return subprocess.run([*argv, *more], env=c.env, capture_output='stdout' not in how, text=True, timeout=PATIENCE, **how)

    p = run('--nosuch')
    tap.ok(p.returncode == 2 and p.stderr.count('\n') == 1, 'an unknown option', p.stderr)
    p = run('operand')
    tap.ok(p.returncode == 2 and p.stderr.count('\n') == 1, 'an operand', p.stderr)
    p = run('--load', '--as-of', '2020-01-01T00:00:00Z')
    tap.ok(p.returncode == 2, '--load with --as-of', p.stderr)
    p = run('--as-of', '2120-01-01T00:00:00Z')
    tap.ok(p.returncode == 2, 'a time that is yet to come', p.stderr)
    for side in '-S', '-T':
        p = run(side, 'http://127.0.0.1:1', '--retry', '1')
        name = 'source' if side == '-S' else 'target'
        tap.ok(p.returncode == 3 and p.stdout == '' and name in p.stderr, f'no {name}', p.returncode, p.stderr)
    with open('/dev/full', 'w') as full:
        p = run(stdout=full, stderr=subprocess.PIPE)
    tap.ok(p.returncode == 1 and 'standard output' in p.stderr, '/dev/full', p.returncode, p.stderr)
    p = subprocess.run(['bash', '-c', '"$@" --page 1 | head -n 1; echo "${PIPESTATUS[0]}"', '-', *argv], env=c.env,
                       capture_output=True, text=True)
    tap.ok(p.stdout.count('\n') == 2 and p.stderr == '' and p.stdout.splitlines()[1] in ('141', '1'), '| head -n 1', p.stdout, p.stderr)
    p = run()
    tap.ok(p.returncode == 1 and p.stdout.count('\n') == 50 and p.stderr == '', 'and whole', p.returncode, p.stderr)


def a_backup(c):
    db = c.make_db()
    make(c.src, db, data=rows(KEYS[:-4] + [-2**63, 2**63 - 2]), parts=['p1', 'p2'], shards=2)
    text = [F('pk', 'VarChar', primary=True, max_length=100), F('vec', 'FloatVector', dim=4)]
    make(c.src, db, 'texts', fields=text, data={'pk': STRANGE, 'vec': floats([[1, 2, 3, 4]] * len(STRANGE))})
    c.src.insert(db, 'items', rows([100, 101, 102]), part='p1')
    c.src.insert(db, 'items', rows([200, 201]), part='p2')
    c.src.upsert(db, 'items', rows([100], name=['new']), part='p1')
    c.src.delete(db, 'items', 'pk in [101, 1, -9223372036854775807]')
    c.src.delete(db, 'texts', f'pk in [{quote(STRANGE[1])}]')
    c.src.release(db, 'items')
    c.src.drop_partition(db, 'items', 'p2')
    c.src.rename(db, 'texts', 'words')
    make(c.src, db, 'gone', data=rows([1]))
    c.src.drop(db, 'gone')
    c.backup(c.path('first'))
    first = ['--backup', c.path('first')]
    argv = [os.path.join(BUILD, 'cdc-verify'), '-v', '-T', c.dst.uri, '-i', db + '.*', '--load']

    def ask(name, want, *files, status=1, more=()):
        p = subprocess.run([*argv, *files, *more], env=c.env, capture_output=True, text=True, timeout=PATIENCE)
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        good = len(lines) == len(want) and all(any(all(line.get(k) == v for k, v in w.items()) for line in lines) for w in want)
        tap.ok(good and p.returncode == status, name, p.returncode, lines[:5], p.stderr)

    ask('nothing is restored yet', [{'kind': 'collection', 'coll': 'items', 'diff': 'missing'},
                                    {'kind': 'collection', 'coll': 'words', 'diff': 'missing'}], *first)
    c.restore(c.path('first'))
    ask('restored', [], *first, status=0)
    c.dst.fields[db, 'items'] = FIELDS
    c.dst.upsert(db, 'items', rows([3], real=[-0.5]))
    c.dst.delete(db, 'items', 'pk in [102]')
    c.dst.insert(db, 'items', rows([101]))
    c.dst.delete(db, 'words', f'pk in [{quote(STRANGE[8])}]')
    row = {'kind': 'row', 'db': db, 'coll': 'items'}
    ask('rows that differ', [dict(row, key='3', diff='differs'), dict(row, key='102', diff='missing'),
                             dict(row, key='101', diff='extra'), dict(row, coll='words', key=STRANGE[8], diff='missing')], *first)
    c.restore(c.path('first'))
    c.src.upsert(db, 'items', rows([4], name=['later']))
    c.backup(c.path('second'), '--from', '@' + c.path('first'))
    ask('of the first file alone', [], *first, status=0)
    c.restore(c.path('second'))
    ask('the second file is needed', [dict(row, key='4', diff='differs')], *first)
    ask('both', [], *first, '--backup', c.path('second'), status=0)
    with open(c.path('first')) as f, open(c.path('cut'), 'w') as g:
        g.writelines(line for line in f if '"op":"end"' not in line)
    p = subprocess.run([*argv, '--backup', c.path('cut')], env=c.env, capture_output=True, text=True)
    tap.ok(p.returncode == 1 and 'without an end' in p.stderr, 'a file that is cut is told', p.returncode, p.stderr)
    p = subprocess.run([*argv, *first], env=dict(c.env, TMPDIR='/nosuch'), capture_output=True, text=True)
    tap.ok(p.returncode == 1 and '/nosuch' in p.stderr, 'no place for temporary files', p.returncode, p.stderr)


class Writer(threading.Thread):
    """Upserts, inserts and deletes until it is told to end.  Keys from 0 on; negative ones are left alone."""

    def __init__(self, m, db):
        super().__init__(daemon=True)
        self.m, self.db, self.n, self.end, self.error = m, db, 0, threading.Event(), None

    def run(self):
        random = numpy.random.default_rng(7)
        try:
            while not self.end.is_set():
                self.n += 1
                keys = sorted(set(random.integers(0, 3000, 20).tolist()))
                self.m.upsert(self.db, 'items', rows(keys, name=[f'{self.n}'] * len(keys)))
                self.m.delete(self.db, 'items', f'pk in {sorted(set(random.integers(0, 3000, 5).tolist()))}')
                new = [10000 + 10 * self.n + i for i in range(10)]
                self.m.insert(self.db, 'items', rows(new))
        except Exception as e:  # noqa: BLE001: told in the thread that waits
            self.error = e

    def stop(self):
        self.end.set()
        self.join()
        if self.error:
            raise self.error


def while_rows_are_written(c):
    db = c.make_db()
    make(c.src, db, data=rows(range(-1000, 3000)), shards=2)
    p = c.pipeline().start()
    p.catch_up()
    eventually(lambda: c.dst.load_state(db, 'items') == 'Loaded', what='loaded')
    c.dst.fields[db, 'items'] = FIELDS
    w = Writer(c.src, db)
    w.start()
    eventually(lambda: w.n > 5, what='a few writes')
    again = 0
    for i in range(3):
        before = w.n
        lines, status, err = verify(c, '--as-of', 'task:task', '--page', '700')
        again += 'asked for again' in err
        tap.ok((lines, status) == ([], 0) and w.n > before, f'no difference while rows are written, {i}', lines[:5], err)
    tap.ok(again > 0, 'rows were indeed on their way', err)
    lines, status, err = verify(c, '--page', '700')
    tap.ok(status != 0, 'which counts without --as-of', status, err)
    c.dst.delete(db, 'items', 'pk in [-5]')
    row = {'kind': 'row', 'db': db, 'coll': 'items'}
    found(c, 'a missing row among them', [dict(row, key='-5', diff='missing')], '--as-of', 'task:task')
    c.dst.upsert(db, 'items', rows([-5]))
    c.dst.upsert(db, 'items', rows([-7, -2000], name=['x', 'y']))
    found(c, 'another value, and one too many', [dict(row, key='-7', diff='differs', fields=['name']),
                                                 dict(row, key='-2000', diff='extra')], '--as-of', 'task:task')
    c.dst.upsert(db, 'items', rows([-7]))
    c.dst.delete(db, 'items', 'pk in [-2000]')
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    found(c, 'without a task: rows arrive in time', [], '--as-of', now, '--settle', '3', status=0)
    c.src.alias(db, 'items', c.tag_alias())
    found(c, 'an alias on its way', [], '--as-of', 'task:task', status=0)
    p.stop()
    eventually(lambda: w.n % 20 == 0, what='more writes')
    lines, status, err = verify(c, '--as-of', 'task:task', '--retry', '2')
    tap.ok((lines, status) == ([], 3) and "task 'task' has stood" in err, 'a task that does not run', lines[:5], status, err)
    w.stop()
    argv = ['cdc-verify', '-S', c.src.uri, '-T', c.dst.uri, '--as-of', 'task:none']
    q = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=c.env, capture_output=True, text=True)
    tap.ok(q.returncode == 2 and 'none' in q.stderr, 'a task that there is not', q.returncode, q.stderr)


def a_million(c):
    """1,000,000 rows of 128 dimensions: the memory, the rate, and one bit among 4 billion."""
    db = c.make_db()
    c.dst.create_db(db)
    fields = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=128), F('name', 'VarChar', max_length=50)]
    random = numpy.random.default_rng(1)
    for m in c.src, c.dst:
        m.create(db, 'items', fields, shards=2)
    for first in range(0, 1000000, 10000):
        keys = list(range(first, first + 10000))
        data = {'pk': keys, 'vec': floats(random.random((10000, 128), dtype='<f4')), 'name': [f'n{k}' for k in keys]}
        for m in c.src, c.dst:
            while True:
                with contextlib.suppress(MilvusError):
                    m.insert(db, 'items', data)
                    break
                time.sleep(1)  # a server under pressure says so
    flipped = bytearray(data['vec'][7])
    flipped[100] ^= 1
    for m in c.src, c.dst:
        m.flush(db, 'items')
        m.index(db, 'items', 'vec', name='by_vec')
        m.load(db, 'items')
        eventually(lambda: m.load_state(db, 'items') == 'Loaded', timeout=600, what='loaded')
    p = c.chain(['cdc-verify', '-v', '-S', c.src.uri, '-T', c.dst.uri, '-i', db + '.*'])
    tap.ok(p.wait(900) == {'cdc-verify': 0}, 'a million rows are equal', p['cdc-verify'].stderr())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    diag(p['cdc-verify'].stderr() + f'{used.ru_utime + used.ru_stime:.1f} s of processor time')
    peak = p['cdc-verify'].peak_kb
    tap.ok(0 < peak < 200 * 1024, f'in {peak // 1024} MB of memory')
    c.dst.upsert(db, 'items', {'pk': [keys[7]], 'vec': [bytes(flipped)], 'name': [f'n{keys[7]}']})
    p = c.chain(['cdc-verify', '-S', c.src.uri, '-T', c.dst.uri, '-i', db + '.*'], stdout=open(c.path('found'), 'wb'))
    p.wait(900)
    with open(c.path('found')) as f:
        lines = [json.loads(line) for line in f]
    tap.ok(len(lines) == 1 and lines[0]['key'] == str(keys[7]) and lines[0]['fields'] == ['vec'], 'one bit', lines)


if __name__ == '__main__':
    if os.environ.get('LONG'):
        main(a_million)
        sys.exit()
    main(rows_that_differ, what_queries_of_2_3_hide, large_rows, the_catalogue, databases_and_collections, fields_that_differ, keys_of_text, keys_of_its_own,
         what_is_not_loaded, a_sample, a_backup, how_it_ends, while_rows_are_written)
