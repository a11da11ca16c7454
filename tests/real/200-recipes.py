"""cdc-recipes(7), as it stands: each of its examples is taken from the page and run against real servers.

The page marks an example with a comment, .\\" run: NAME.  Only the variables of its first one are set here instead.
"""
import datetime
import re
import socket
import struct

from cdctest import *

PAGE = os.path.join(TOP, 'man', 'cdc-recipes.7')
LEAVE_OUT = os.environ.get('LEAVE_OUT')  # an example that is not run: the test must fail then
FIELDS = [F('pk', 'Int64', primary=True), F('s', 'VarChar', max_length=100), F('vec', 'FloatVector', dim=4)]
LOGIN = 'root:Milvus'
ran = set()


def examples():
    """{name: text}, with mdoc's escapes undone."""
    with open(PAGE) as f:
        found = re.findall(r'^\.\\" run: (\S+)\n\.Bd -literal[^\n]*\n(.*?)^\.Ed$', f.read(), re.M | re.S)
    return {name: text.replace('\\e', '\\').replace('\\&', '') for name, text in found}


EXAMPLES = examples()


def rows(keys, word='r'):
    return {'pk': list(keys), 's': [f'{word}{k}' for k in keys], 'vec': [vec(k, 1, 2, 3) for k in keys]}


def make(m, db, coll):
    m.create(db, coll, FIELDS)
    m.index(db, coll, 'vec')
    m.load(db, coll)


class Cook:
    """Runs examples in the case's folder."""

    def __init__(self, case, **variables):
        self.case, self.running = case, []
        os.makedirs(case.env['CDC_STATE_DIR'], exist_ok=True)
        kafka, etcd = os.environ['CDC_BROKERS'], os.environ['CDC_ETCD']
        auth = os.environ['CDC_SOURCE_AUTH']
        case.env.update(MAIN=case.src.uri, MAIN_ETCD=etcd, MAIN_ROOT=os.environ['CDC_ROOT'], MAIN_KAFKA=kafka,
                        STANDBY=auth, STANDBY_ETCD=etcd, STANDBY_ROOT='by-src-auth', STANDBY_KAFKA=kafka,
                        EMPTY=case.dst.uri, FEED=kafka, TOPIC=f'{case.db}.changes', WHAT=f'{case.db}*.*',
                        CDC_TOKEN=LOGIN, CDC_SOURCE_TOKEN=LOGIN, **variables)

    def __call__(self, name, status=0, wait=True, **variables):
        """The example's standard output; one that does not end is left running, and is ended with the case."""
        ran.add(name)
        self.case.env.update(variables)
        if name == LEAVE_OUT:
            return ''
        out = self.case.path('out')
        with open(out, 'w') as o, open(self.case.path('err'), 'a') as e:
            p = subprocess.Popen(['sh', '-c', EXAMPLES[name]], cwd=self.case.folder, env=self.case.env,
                                 stdin=subprocess.DEVNULL, stdout=o, stderr=e, start_new_session=True)
        self.running.append(p)
        if not wait:
            return p
        began = time.monotonic()
        try:
            p.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Stuck(f'example {name} has not ended')
        diag(f'{name}: {time.monotonic() - began:.1f} s')
        with open(out) as o, open(self.case.path('err')) as e:
            text, err = o.read(), e.read()
        if p.returncode != status:
            raise AssertionError(f'example {name}: status {p.returncode}\n{text[-500:]}\n{err[-2000:]}')
        return text

    def end(self, p, sig=signal.SIGTERM):
        """All of the example's programs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, sig)
        p.wait(PATIENCE)

    def close(self):
        for p in self.running:
            self.end(p, signal.SIGKILL)


@contextlib.contextmanager
def cooking(case, **variables):
    cook = Cook(case, **variables)
    try:
        yield cook
    finally:
        cook.close()


@contextlib.contextmanager
def standby(case):
    """A Milvus with a log of its own, up for as long as it is needed."""
    had = 'CDC_SOURCE_AUTH' in os.environ
    if not had:
        lab('up', 'src-auth')
        for line in subprocess.run([LAB, 'env'], check=True, capture_output=True, text=True).stdout.splitlines():
            if line.startswith('CDC_SOURCE_AUTH='):
                os.environ['CDC_SOURCE_AUTH'] = line.partition('=')[2]
    m = Milvus(os.environ['CDC_SOURCE_AUTH'], LOGIN)
    try:
        yield m
    finally:
        if not had:
            lab('away', 'src-auth')
            del os.environ['CDC_SOURCE_AUTH']
        else:
            lab('start', 'src-auth')
            drop_dbs(m, [d for d in m.dbs() if d.startswith(case.db)])


def same(case, a, b, name, dbs=None):
    out = [d for db in sorted(dbs or case.databases) for d in diff_db(a, b, db)]
    tap.ok(not out, name, '\n'.join(out[:20]))


def keys(m, db, coll):
    return sorted(m.keys(db, coll, m.describe(db, coll).schema.fields[0]))


def status(case, name):
    return json.loads(case.run('cdc-task', 'status', name, '--json', status=None))


def followed(case, cook, name, m):
    """Waits until the task has applied what m had by now."""
    now = m.now()
    eventually(lambda: int(status(case, name)['ts'] or 0) >= now, what=f'{name} at {now}')


def standby_site(case):
    """Set up, failed over as planned, and back."""
    with standby(case) as b, cooking(case) as cook:
        a, db = case.src, case.make_db()
        make(a, db, 'c')
        a.insert(db, 'c', rows(range(100)))
        cook('dr')
        followed(case, cook, 'dr', a)
        tap.ok(' running ' in cook('follow'), 'it follows')

        # What comes last is there only because the pipe was emptied.
        cook_stopped(case, 'dr')
        a.insert(db, 'c', rows(range(100, 200)))
        a.delete(db, 'c', 'pk in [5]')
        tap.ok(cook('drain') == 'all is across\n', 'the pipe is empty')
        same(case, a, b, 'planned: the standby is the main site')
        tap.ok(cook('compare') == 'equal\n', '  and cdc-verify says so, too')

        cook('back')
        b.fields[db, 'c'] = FIELDS
        b.upsert(db, 'c', rows(range(50), 'standby'))
        b.delete(db, 'c', 'pk in [60]')
        cook('follow-back')
        followed(case, cook, 'back', b)
        make(b, db, 'new')
        b.insert(db, 'new', rows(range(10)))
        cook_stopped(case, 'back')
        b.insert(db, 'c', rows([900], 'last'))
        tap.ok(cook('drain-back') == 'all is across\n', 'the pipe of the way back is empty')
        same(case, b, a, 'back: the main site is the standby')

        a.fields[db, 'new'] = FIELDS
        cook('again')
        a.upsert(db, 'c', rows([1, 2, 3], 'main'))
        a.insert(db, 'c', rows([901], 'main'))
        a.insert(db, 'new', rows([901], 'main'))
        followed(case, cook, 'dr', a)
        same(case, a, b, 'the standby follows again')
        pairs = {(n, c): keys(m, db, c) for n, m in (('main', a), ('standby', b)) for c in ('c', 'new')}
        tap.ok(pairs['main', 'c'] == sorted(set(range(200)) - {60} | {900, 901}) == pairs['standby', 'c'], 'these rows', pairs)
        after = status(case, 'dr')['applied']
        tap.ok(after['rows'] == 5, '  and none went round', after)
        cook_stopped(case, 'dr')


def cook_stopped(case, name):
    """The runner of a task stands still, so that the example has something to do."""
    case.run('cdc-task', 'pause', name)


def dead_site(case):
    """The main Milvus is killed while a client writes; what it had confirmed is at the standby."""
    with standby(case) as a, cooking(case) as cook:
        e = case.env
        for x in '', '_ETCD', '_ROOT', '_KAFKA':
            e[f'MAIN{x}'], e[f'STANDBY{x}'] = e[f'STANDBY{x}'], e[f'MAIN{x}']
        db, b = case.db, case.src
        a.create_db(db)
        make(a, db, 'c')
        a.insert(db, 'c', rows(range(10)))
        cook('dr')
        followed(case, cook, 'dr', a)
        cook_stopped(case, 'dr')
        confirmed = set(range(10))
        for k in range(100, 400, 10):
            a.insert(db, 'c', rows(range(k, k + 10)))
            confirmed |= set(range(k, k + 10))
        lab('away', 'src-auth')
        tap.ok(cook('dead') == 'all of the log is across\n', 'the whole log of a dead site')
        have = set(keys(b, db, 'c'))
        tap.ok(confirmed <= have, 'all that was confirmed is there', sorted(confirmed - have)[:10])
        got = b.rows(db, 'c', b.describe(db, 'c').schema, sorted(confirmed))
        tap.ok(all(got['s'][k] == f'r{k}' for k in confirmed), '  with its values')
        said = cook('lost').splitlines()
        tap.ok(re.fullmatch(r'\d{4}-\d\d-\d\dT[\d:.]+Z', said[0]), 'up to this time', said)
        tap.ok(any('lost' in line for line in said[1:]), '  and who said what', said)


def backups(case):
    """Full, two nights, a chain with a hole, restored to the end and to a time."""
    with cooking_alone(case) as cook:
        a, db = case.src, case.make_db()
        make(a, db, 'c')
        make(a, db, 'gone')
        a.insert(db, 'c', rows(range(100)))
        a.insert(db, 'gone', rows(range(30)))
        cook('full')
        a.insert(db, 'c', rows(range(100, 150)))
        cook('nightly')
        first = nights(case)
        a.delete(db, 'c', 'pk in [1, 2]')
        a.insert(db, 'c', rows(range(150, 160)))
        when = a.now()
        case.env['WHEN'] = tso_time(when)
        eventually(lambda: a.now() >> 18 > (when >> 18) + 1, what='the next millisecond')
        a.upsert(db, 'c', rows([3], 'later'))
        a.delete(db, 'c', 'pk in [4]')
        a.drop(db, 'gone')

        # To the time, from the log of today: what was dropped since is there.
        restore_to_log(case, cook)
        got = case.dst.rows(db, 'c', case.dst.describe(db, 'c').schema, keys(case.dst, db, 'c'))
        want = [k for k in range(160) if k not in (1, 2)]
        tap.ok(sorted(got['s']) == want and got['s'][3] == 'r3', 'from the log: rows of that time', sorted(got['s']))
        tap.ok(keys(case.dst, db, 'gone') == list(range(30)), '  and what was dropped since')
        empty(case)

        eventually(lambda: nights(case) != first or datetime.datetime.utcnow().strftime('%Y%m%dT%H%M%S') not in first[0])
        cook('nightly')
        tap.ok(len(nights(case)) == 2, 'two nights', nights(case))
        cook('chain')
        cook('restore')
        case.same('restored: all of it')
        empty(case)
        cook('restore-until')
        ensure_loaded(case.dst, db, 'c')
        got = case.dst.rows(db, 'c', case.dst.describe(db, 'c').schema, keys(case.dst, db, 'c'))
        tap.ok(sorted(got['s']) == want and got['s'][3] == 'r3', 'to a time: rows of that time', sorted(got['s']))
        empty(case)
        cook('yesterday')
        tap.ok(db not in case.dst.dbs() or not case.dst.colls(db), 'yesterday at 14:00 there was nothing')
        os.rename(case.path(first[0]), case.path('hidden'))
        cook('chain', status=1)
        with open(case.path('err')) as f:
            tap.ok('a part is missing before this stream' in f.read(), 'a hole in the chain is told')


def nights(case):
    return sorted(f for f in os.listdir(case.folder) if re.fullmatch(r'2.*\.ndjson\.zst', f))


def restore_to_log(case, cook):
    subprocess.run('zstd -dcq 0-full.ndjson.zst 2*.zst | cdc-apply -T "$EMPTY" >acks', shell=True, check=True,
                   cwd=case.folder, env=case.env)
    cook('from-log')


def empty(case):
    drop_dbs(case.dst, [d for d in case.dst.dbs() if d.startswith(case.db)])


def archive(case):
    """Backups that are written as things happen: what is dropped later is there; one that was killed is gone on with."""
    with cooking_alone(case) as cook:
        a, db = case.src, case.make_db()
        make(a, db, 'c')
        make(a, db, 'gone')
        a.insert(db, 'c', rows(range(100)))
        a.insert(db, 'gone', rows(range(30)))
        cook('full')
        running = cook('archive', wait=False, NEXT='2100-01-01T00:00:00Z')
        a.insert(db, 'c', rows(range(100, 150)))
        make(a, db, 'short')
        a.insert(db, 'short', rows(range(7)))
        a.rename(db, 'c', 'd')
        when = a.now()
        case.env['WHEN'] = tso_time(when)
        file = eventually(lambda: [f for f in os.listdir(case.folder) if re.fullmatch(r'2.*\.ndjson', f)])[0]
        eventually(lambda: written(case.path(file)) > when + (1 << 18), what=f'the rows in {file}')
        for coll in 'gone', 'short':
            a.drop(db, coll)
        a.delete(db, 'd', 'pk in [7]')
        now = a.now()
        eventually(lambda: written(case.path(file)) > now, what=f'all of it in {file}')
        cook.end(running, signal.SIGKILL)
        with open(case.path(file), 'a') as f:
            f.write('{"op":"tick","ts":"9')
        cook('torn')
        with open(case.path('last')) as f:
            torn = json.load(f)
        tap.ok((torn['source'] or {}).get('etcd'), 'it still tells of which source it is', torn)
        a.insert(db, 'd', rows([300]))
        eventually(lambda: datetime.datetime.utcnow().strftime('%Y%m%dT%H%M%S') not in file, what='the next second')
        cook('archive', NEXT=tso_time(a.now() + (1500 << 18)))
        tap.ok(len(nights(case)) == 2, 'a torn file and a whole one', nights(case))
        cook('chain')
        cook('restore')
        case.same('all of it is the source')
        empty(case)
        cook('restore-until')
        for coll, want in ('d', range(150)), ('gone', range(30)), ('short', range(7)):
            ensure_loaded(case.dst, db, coll)
            tap.ok(keys(case.dst, db, coll) == list(want), f'to a time: {coll}', keys(case.dst, db, coll))


def written(path):
    """The timestamp of the last tick in a file that grows."""
    with open(path) as f:
        ticks = re.findall(r'^{"op":"tick","ts":"(\d+)".*}$', f.read(), re.M)
    return int(ticks[-1]) if ticks else 0


def topic(name, partitions):
    """CreateTopics, version 2: kafka-topics.sh takes seconds, and is not in Kafka's own jar."""
    def text(s):
        return struct.pack('>h', len(s)) + s.encode()
    ask = struct.pack('>hhi', 19, 2, 1) + text('cdctest') + struct.pack('>i', 1) + text(name) + struct.pack('>ihii', partitions, 1, 0, 1) \
        + text('max.message.bytes') + text('10485760') + struct.pack('>i?', 20000, False)
    host, port = os.environ['CDC_BROKERS'].split(':')
    with socket.create_connection((host, int(port)), 30) as s, s.makefile('rb') as f:
        s.sendall(struct.pack('>i', len(ask)) + ask)
        answer = f.read(struct.unpack('>i', f.read(4))[0])
    code, = struct.unpack_from('>h', answer, 4 + 4 + 4 + 2 + len(name))
    assert code == 0, f'{name}: error {code}'


def consume(name, form):
    text = subprocess.run(['kcat', '-C', '-q', '-e', '-b', os.environ['CDC_BROKERS'], '-t', name, '-o', 'beginning', '-Z', '-f', form],
                          check=True, capture_output=True, text=True).stdout
    return text.splitlines()


def kafka_topics(case, cook):
    """What the page tells Kafka's own script, which the lab does not have."""
    os.makedirs(case.path('bin'))
    script = case.path('bin/kafka-topics.sh')
    with open(script, 'w') as f:
        f.write('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    os.chmod(script, 0o755)
    return cook('topic', PATH=case.path('bin') + os.pathsep + case.env['PATH']).splitlines()


def feed(case):
    """Changes in a topic: killed and gone on with, applied from there, and a record a row."""
    with cooking_alone(case) as cook:
        a, db = case.src, case.make_db()
        name = case.env['TOPIC']
        made_by = kafka_topics(case, cook)
        tap.ok(made_by == ['--create', '--bootstrap-server', case.env['FEED'], '--topic', name, '--partitions', '1', '--config',
                           'max.message.bytes=10485760'], 'a topic is asked for', made_by)
        topic(name, 1)
        topic(name + '.rows', 4)
        make(a, db, 'c')
        a.insert(db, 'c', rows(range(100)))
        cook('feed-task')
        commits, feeding = cook('feed-commit', wait=False), cook('feed', wait=False)
        followed(case, cook, 'feed', a)
        a.insert(db, 'c', rows(range(100, 120)))
        eventually(lambda: any('"119"' in line for line in consume(name, '%s\n')), what='rows in the topic')
        cook.end(commits, signal.SIGKILL)
        cook.end(feeding, signal.SIGKILL)
        a.upsert(db, 'c', rows(range(5), 'later'))
        a.delete(db, 'c', 'pk in [50]')
        commits, feeding = cook('feed-commit', wait=False), cook('feed', wait=False)
        followed(case, cook, 'feed', a)
        make(a, db, 'late')
        a.insert(db, 'late', rows([1, 2]))
        followed(case, cook, 'feed', a)
        cook.end(feeding, signal.SIGKILL)
        cook.end(commits, signal.SIGKILL)
        lines = [json.loads(line) for line in consume(name, '%s\n')]
        tap.ok([line['op'] for line in lines].count('begin') == 2, 'two runs in the topic')
        cook('consume')
        case.same('applied from the topic')

        cook('rows')
        state, places = {}, {}
        for line in consume(name + '.rows', '%p %k\t%s\n'):
            place, _, rest = line.partition(' ')
            key, _, value = rest.partition('\t')
            state[key] = None if value == 'NULL' else json.loads(value)
            places.setdefault(key, set()).add(place)
        tap.ok(all(len(p) == 1 for p in places.values()) and len({min(p) for p in places.values()}) == 4,
               'a row keeps its partition, and all are used')
        want = {}
        for coll in 'c', 'late':
            got = a.rows(db, coll, a.describe(db, coll).schema, keys(a, db, coll))
            want.update({f'{db}.{coll}/{k}': s for k, s in got['s'].items()})
        have = {k: v['s'] for k, v in state.items() if v is not None}
        tap.ok(have == want, 'the newest state of each key is the source', sorted(set(have.items()) ^ set(want.items()))[:10])
        tap.ok(state[f'{db}.c/50'] is None, 'what was deleted is null')


def short_answers(case):
    """Moved to another machine; one database; another name; upgraded."""
    with cooking_alone(case, OTHER='env', DB=case.db + 'x', THERE=case.path('there')) as cook:
        a, db, other = case.src, case.make_db(), case.make_db('x')
        case.env['STANDBY'] = case.dst.uri
        os.mkdir(case.env['THERE'])
        for d in db, other:
            make(a, d, 'c')
            a.insert(d, 'c', rows(range(10)))
        cook('dr')
        followed(case, cook, 'dr', a)
        cook('move')
        a.delete(db, 'c', 'pk in [3]')
        a.insert(db, 'c', rows([77]))
        tap.ok(case.run('cdc-task', 'list') == '', 'moved: no more here')
        case.env['CDC_STATE_DIR'] = case.env['THERE']
        run(case, cook, 'dr', a)
        case.same('  and goes on there')
        case.run('cdc-task', 'delete', 'dr')
        empty(case)

        cook('only')
        run(case, cook, 'only', a)
        same(case, a, case.dst, 'one database', [other])
        tap.ok(db not in case.dst.dbs(), '  and no other')
        cook('rename')
        run(case, cook, 'copy', a)
        out = diff(a, case.dst, other, 'c', to=(other + '_copy', 'c'))
        tap.ok(not out, 'under another name', out)

        tap.ok(cook('upgrade').split()[-2:] == ['copy', 'only'], 'this version reads this state')
        with open(os.path.join(case.env['CDC_STATE_DIR'], 'FORMAT'), 'w') as f:
            f.write('milvus-cdc state 2\n')
        cook('upgrade', status=1)


def run(case, cook, name, m):
    """A task in the foreground, until it has caught up."""
    p = subprocess.Popen(['cdc-task', 'run', name], cwd=case.folder, env=case.env)
    try:
        followed(case, cook, name, m)
        cook_stopped(case, name)
    finally:
        if p.poll() is None:
            p.terminate()
        p.wait(PATIENCE)


def ensure_loaded(m, db, coll):
    """A cut leaves out what came later, and so the load that a night's file has at its end."""
    if not m.loaded_parts(db, coll):
        if not m.indexes(db, coll):
            m.index(db, coll, 'vec')
        m.load(db, coll)
    eventually(lambda: m.load_state(db, coll) == 'Loaded', what='loaded')


def tso_time(ts):
    """The end of its millisecond."""
    s, ms = divmod((ts >> 18) + 1, 1000)
    return datetime.datetime.utcfromtimestamp(s).strftime('%Y-%m-%dT%H:%M:%S.') + f'{ms:03d}Z'


@contextlib.contextmanager
def cooking_alone(case, **variables):
    """Without the standby."""
    os.environ.setdefault('CDC_SOURCE_AUTH', '')
    try:
        with cooking(case, **variables) as cook:
            yield cook
    finally:
        if not os.environ['CDC_SOURCE_AUTH']:
            del os.environ['CDC_SOURCE_AUTH']


def every_example(case):
    """None is on the page that nothing runs, and that does not say so."""
    with open(PAGE) as f:
        text = f.read()
    elsewhere = len(re.findall(r'\n\.\\" (?:run by \d+|not run): [^\n]*\n\.Bd ', text))
    tap.ok(text.count('\n.Bd ') == len(EXAMPLES) + elsewhere, 'each example has a name', text.count('\n.Bd '), len(EXAMPLES), elsewhere)
    if len(sys.argv) == 1:
        tap.ok(ran | {'variables'} == set(EXAMPLES), 'and is run', sorted(set(EXAMPLES) - ran - {'variables'}))
    names = set(re.findall(r'\b([A-Z][A-Z_]+)=', EXAMPLES['variables']))
    used = {v for t in EXAMPLES.values() for v in re.findall(r'\$\{?([A-Z][A-Z_]+)', t)}
    told = names | {'CDC_STATE_DIR', 'WHEN', 'NEXT', 'OTHER', 'THERE', 'DB'}
    tap.ok(used <= told, 'each variable is told', sorted(used - told))


if __name__ == '__main__':
    main(standby_site, dead_site, backups, archive, feed, short_answers, every_example)
