"""etcd that restarts, dies, has forgotten what comes next, or wants a login."""
import shutil

from broker import follow
from sourcelab import SourceLab
from torture import *  # noqa: F401,F403

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def etcdctl(*argv, endpoint=None):
    out = subprocess.run(['etcdctl', '--endpoints', endpoint or os.environ['CDC_ETCD'], *argv], capture_output=True,
                         text=True, env=dict(os.environ, ETCDCTL_API='3'), timeout=60)
    if out.returncode:
        raise AssertionError(f'etcdctl {argv}: {out.stderr}')
    return out.stdout


def revision():
    return json.loads(etcdctl('get', 'x', '-w', 'json'))['header']['revision']


@scenario(short=0, long=5)
def etcd_restarts(t):
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    for _ in t.each_round():
        load.wait_rows(t.random.randint(1, 60))
        how, seconds = t.random.choice(['stop', 'kill']), t.random.uniform(0, 3)
        t.fault(f'etcd: {how}, away for {seconds:.1f} s')
        lab(how, 'etcd')
        time.sleep(seconds)
        lab('start', 'etcd', 'src', 'dst')  # Milvus may have ended with its etcd
        follow(t, pipe, f'etcd: {how}')
    t.check(pipe, 'at the end', timeout=240)
    pipe.stop()


# Compaction past what the watch is to bring

def change_all(t, db, n):
    """What a watch would have told one by one, and a resync has to find out."""
    put = lambda coll, *keys: t.src.insert(db, coll, {'pk': list(keys), 'vec': [vec(k, 1, 2, 3) for k in keys]})  # noqa: E731
    for coll in f'made{n}', f'short{n}':
        t.src.create(db, coll, FIELDS, shards=2)
        t.src.index(db, coll, 'vec')
        t.src.load(db, coll)
        put(coll, 1, 2, 3)
    t.src.drop(db, f'short{n}')
    t.src.rename(db, f'renamed{n}', f'other{n}')
    put(f'other{n}', 7)
    t.src.alias(db, f'made{n}', f'{t.tag_alias()}_{n}')
    t.src.drop(db, f'dropped{n}')
    t.src.create(db, f'dropped{n}', FIELDS)  # the name again
    t.src.index(db, f'dropped{n}', 'vec')
    t.src.load(db, f'dropped{n}')
    put(f'dropped{n}', 9)
    t.src.create_partition(db, f'kept{n}', 'new')
    t.src.release_partitions(db, f'kept{n}', ['old'])
    t.src.drop_partition(db, f'kept{n}', 'old')
    put(f'kept{n}', 5)


def prepare(t, db, n):
    for coll in 'renamed', 'dropped', 'kept':
        t.src.create(db, f'{coll}{n}', FIELDS, shards=2)
        t.src.index(db, f'{coll}{n}', 'vec')
        t.src.load(db, f'{coll}{n}')
        t.src.insert(db, f'{coll}{n}', {'pk': [1, 2], 'vec': [vec(1, 2, 3, 4)] * 2})
    t.src.create_partition(db, f'kept{n}', 'old')
    t.src.insert(db, f'kept{n}', {'pk': [11], 'vec': [vec(1, 2, 3, 4)]}, 'old')


def forget(t):
    rev = revision()
    etcdctl('compact', str(rev))
    t.fault(f'etcd: compacted at {rev}')


@scenario(short=1, long=9)
def compacted_past_the_watch(t):
    """While cdc-meta is halted, does not run, or is cut off; and all that happened meanwhile arrives."""
    proxy = t.proxy(t.etcd.rpartition(':')[2])
    t.etcd = proxy.uri
    db = t.make_db()
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    for i in t.each_round():
        prepare(t, db, i)
        pipe.catch_up(120)
        how = ('halted', 'cut off', 'stopped')[i % 3]
        t.fault(f'cdc-meta is {how}')
        if how == 'halted':
            # What stood in the connection is lost with it, so that the watch has to begin again below the compaction.
            pipe['cdc-meta'].kill(signal.SIGSTOP)
            proxy.swallow()
        elif how == 'cut off':
            proxy.refuse()
            proxy.cut()
        else:
            pipe.stop()
        change_all(t, db, i)
        forget(t)
        proxy.heal()
        proxy.cut()
        if how == 'halted':
            pipe['cdc-meta'].kill(signal.SIGCONT)
        elif how == 'stopped':
            pipe.start()
        follow(t, pipe, f'a compaction while cdc-meta was {how}')
        if how != 'stopped':
            said = pipe['cdc-meta'].stderr()
            tap.ok('compacted' in said and 'reading all again' in said, f'{t.name}: {how}: it resynced, and said so', said)
        load.wait_rows(30)
    t.check(pipe, 'at the end')
    pipe.stop()


# Put back to a snapshot

class Restored:
    """A source of its own, and what is there: {collection: rows}."""

    def __init__(self, t):
        self.t, self.lab, self.colls = t, SourceLab(), {}
        t.etcd, t.brokers = self.lab.addresses['CDC_ETCD'], self.lab.addresses['CDC_BROKERS']
        self.theirs, t.src = t.src, Milvus(self.lab.addresses['CDC_SOURCE'])
        self.db = t.make_db()
        self.key = 0

    def put(self, coll, n):
        self.t.src.insert(self.db, coll, {'pk': list(range(self.key, self.key + n)), 'vec': [vec(n, 1, 2, 3)] * n})
        self.key += n
        self.colls[coll] = self.colls.get(coll, 0) + n

    def make(self, coll, n):
        self.t.src.create(self.db, coll, FIELDS, shards=self.t.random.randint(1, 2))
        self.t.src.index(self.db, coll, 'vec')
        self.t.src.load(self.db, coll)
        self.put(coll, n)

    def at_target(self, coll):
        """How many rows; None: it is not there."""
        try:
            return self.t.dst.count(self.db, coll) if coll in self.t.dst.colls(self.db) else None
        except MilvusError:  # not loaded, or not yet
            return None

    def answers(self):
        try:
            return all(self.t.src.load_state(self.db, c) == 'Loaded' and self.t.src.count(self.db, c) >= 0 for c in self.colls)
        except Exception:  # noqa: BLE001
            return False

    def differ(self):
        argv = [os.path.join(BUILD, 'cdc-verify'), '-S', self.t.src.uri, '-T', self.t.dst.uri]
        for c in self.colls:
            argv += ['-i', f'{self.db}.{c}']
        out = subprocess.run(argv, env=self.t.env, capture_output=True, text=True, timeout=300)
        counts = [f'{c}: wrote {n}, target {self.at_target(c)}' for c, n in self.colls.items() if self.at_target(c) != n]
        return out.stdout.splitlines() + counts + ([] if out.returncode == 0 else [f'status {out.returncode}: {out.stderr[-300:]}'])

    def end(self):
        self.t.src = self.theirs  # whose databases are looked for at the end
        self.lab.wipe()


def put_back(t, r, pipe, i):
    """One restore at a random moment, running or stopped; what was said, and what the target had of what is younger."""
    rand, young = t.random, f'young{i}'
    snapshot, running = r.lab.snapshot(), rand.random() < 0.5
    r.put('base', rand.randint(1, 20))
    r.make(young, rand.randint(1, 300))
    if rand.random() < 0.6:
        until(lambda: r.at_target(young) == r.colls[young], 30)
    else:
        time.sleep(rand.uniform(0, 2))  # the fault: any moment
    if not running:
        pipe.stop()
    was, another = r.lab.revision(), rand.random() < 0.2
    r.lab.restore(snapshot, another=another)
    del r.colls[young]
    eventually(r.answers, 120, 'the source answers')
    grown = rand.random() < 0.5
    t.fault(f'etcd restored: {running=} {another=} {grown=}')
    r.make(f'later{i}', rand.randint(1, 500))
    r.put('base', rand.randint(1, 20))
    if grown:
        r.lab.grow(was + 20)
    if not running:
        pipe.start()
    eventually(lambda: pipe.final is not None, 90, 'the run ends')
    return young, pipe.runner.stderr()


@scenario(short=1, long=50)
def etcd_restored(t):
    """Status 4 and the choices, each time; what was chosen, and no difference behind it."""
    r = Restored(t)
    try:
        r.make('base', 10)
        pipe = t.run_task()
        pipe.catch_up(120)
        for i in t.each_round():
            young, said = put_back(t, r, pipe, i)
            tap.ok(pipe.final == 4 and all(w in said for w in ('--missing keep', '--missing drop', '--from WHERE')),
                   f'{t.name} {i}: status 4 and the choices', pipe.final, said[-1500:])
            left, choice = r.at_target(young), t.random.choice(['keep', 'drop'])
            t.run('cdc-task', 'set', pipe.name, '--missing', choice)
            pipe.start()
            pipe.catch_up(120)
            until(lambda: not r.differ(), 60)
            t.judge(f'{i}: source and target', r.differ())
            now = r.at_target(young)
            t.judge(f'{i}: {choice}', [] if now == (left if choice == 'keep' else None) else [f'{young}: had {left}, has {now}'])
        pipe.stop()
    finally:
        r.end()


# Logins

class Guarded:
    """A copy of the lab's etcd that wants a login, with tokens that live for so long."""

    def __init__(self, t, ttl=2):
        self.folder = t.path('etcd')
        snapshot = t.path('snapshot.db')
        etcdctl('snapshot', 'save', snapshot)
        port, peer = (int(p) for p in subprocess.run(
            [sys.executable, os.path.join(TOP, 'tests', 'tools', 'labtool.py'), 'ports', '1', '1'],
            capture_output=True, text=True, check=True).stdout.split())
        self.url, peers = f'http://127.0.0.1:{port}', f'http://127.0.0.1:{peer}'
        etcdctl('snapshot', 'restore', snapshot, '--data-dir', self.folder, '--initial-cluster', f'default={peers}',
                '--initial-advertise-peer-urls', peers)
        self.log = open(t.path('etcd.log'), 'wb')
        self.process = subprocess.Popen(
            ['etcd', '--data-dir', self.folder, '--listen-client-urls', self.url, '--advertise-client-urls', self.url,
             '--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', f'default={peers}',
             '--auth-token-ttl', str(ttl)], stdout=self.log, stderr=self.log)
        eventually(self.answers, 60, 'the guarded etcd answers')
        self.ctl('user', 'add', 'root:secret')
        self.ctl('role', 'add', 'root')
        self.ctl('user', 'grant-role', 'root', 'root')
        self.ctl('auth', 'enable')

    def ctl(self, *argv):
        return etcdctl(*argv, endpoint=self.url)

    def answers(self):
        try:
            return self.ctl('get', 'x') is not None
        except AssertionError:
            return False

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@scenario(short=0, long=1)
def etcd_with_logins(t):
    """A wrong password is one line; a token that expires under a watch is no matter."""
    db = t.make_db()
    t.src.create(db, 'c', FIELDS)
    etcd = Guarded(t)
    try:
        for name, text, status in ('right', 'root:secret', 0), ('wrong', 'root:nothing', 1):
            with open(os.open(t.path(name), os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
                f.write(text + '\n')
            c = t.chain(['cdc-meta', '-E', etcd.url, '-r', os.environ['CDC_ROOT'], '--etcd-user-file', t.path(name)])
            ends, said = c.wait(), c['cdc-meta'].stderr()
            tap.ok(ends['cdc-meta'] == status and len(said.splitlines()) == (status != 0),
                   f'{t.name}: a {name} password: status {status}', ends, said)
        c = t.chain(['cdc-meta', '-E', etcd.url, '-r', os.environ['CDC_ROOT']])
        ends, said = c.wait(), c['cdc-meta'].stderr()
        tap.ok(ends['cdc-meta'] == 1 and '--etcd-user-file' in said, f'{t.name}: no password: status 1 and what to do', said)
        expired(t, etcd, db)
    finally:
        etcd.end()


def expired(t, etcd, db):
    with open(t.path('followed'), 'wb') as out:
        c = t.chain(['cdc-meta', '-w', '-E', etcd.url, '-r', os.environ['CDC_ROOT'], '--etcd-user-file', t.path('right')],
                    stdout=out)

    def lines(*words):
        with open(t.path('followed')) as f:
            return [line for line in f if all(w in line for w in words)]

    eventually(lambda: lines('"at"'), 30, 'the catalogue is followed')
    t.fault('etcd: tokens expire under the watch')
    role = f'{os.environ["CDC_ROOT"]}/meta/root-coord/credential/roles/'
    for i in range(4):
        time.sleep(3)  # the fault: a token lives for two
        subprocess.run(['etcdctl', '--endpoints', etcd.url, '--user', 'root:secret', 'put', f'{role}r{i}', ''], check=True,
                       capture_output=True, env=dict(os.environ, ETCDCTL_API='3'))
        eventually(lambda: lines('"role"', f'"r{i}"'), 30, f'change {i} is told')
    tap.ok(c.running(), f'{t.name}: it follows after tokens have expired', c['cdc-meta'].stderr())
    c.kill(signal.SIGTERM)
    c.wait()
