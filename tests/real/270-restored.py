"""The source's etcd is put back to a snapshot, under a running and under a stopped task: status 4, and nothing is lost."""
import sourcelab
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
CHOICES = "'cdc-task set dr --missing keep'", "'--missing drop'"


def rows(n, first=0):
    return {'pk': list(range(first, first + n)), 'vec': [vec(k, 1, 2, 3) for k in range(first, first + n)]}


def collection(m, db, coll, n):
    m.create(db, coll, FIELDS)
    m.index(db, coll, 'vec', name='i', index_type='FLAT', metric_type='L2', params='{}')
    m.load(db, coll)
    if n:
        m.insert(db, coll, rows(n))


class Task:
    def __init__(self, case):
        self.case = case
        case.run('cdc-task', 'create', 'dr', '-E', case.etcd, '-r', os.environ['CDC_ROOT'], '-b', case.brokers, '-T',
                 case.target, '-i', f'{case.db}*.*')
        self.chain = None

    def start(self):
        self.chain = self.case.chain(['cdc-task', 'run', 'dr'])

    def has(self, db, coll, n):
        eventually(lambda: db in self.case.dst.dbs() and coll in self.case.dst.colls(db) and self.case.dst.load_state(db, coll) == 'Loaded' and
                   self.case.dst.count(db, coll) == n or not self.chain.running(), what=f'{db}.{coll}: {n} rows')
        if not self.chain.running():
            raise Stuck('the run ended: ' + self.chain['cdc-task'].stderr()[-1500:])

    def stop(self):
        self.chain['cdc-task'].kill()
        self.chain.wait()

    def stops(self, name, *words):
        """The run ends by itself, with the sentence; status has it too, and nobody starts it again."""
        ends, said = self.chain.wait(), self.chain['cdc-task'].stderr()
        last = said.strip().splitlines()[-1]
        tap.ok(ends['cdc-task'] == 4 and all(w in said for w in [*words, '--missing keep', '--missing drop', '--from WHERE']),
               f'{name}: status 4, with both and the choices', ends, said)
        tap.ok('--missing keep' in last, '  the last word is what can be done', last)
        s = json.loads(self.case.run('cdc-task', 'status', 'dr', '--json', '--offline', status=None))
        tap.ok(any(w in json.dumps(s) for w in words), '  status says why', s)

    def set(self, what):
        self.case.run('cdc-task', 'set', 'dr', '--missing', what)


def back(case):
    eventually(lambda: answers(case), 90, 'the source answers')


def answers(case):
    try:
        return case.src.dbs()
    except Exception:  # noqa: BLE001
        return None


def loaded(m, db, coll):
    try:
        return m.load_state(db, coll) == 'Loaded' and m.count(db, coll) >= 0
    except MilvusError:  # it has only just begun
        return None


def equal(case, name, db, *colls):
    for c in colls:
        eventually(lambda: loaded(case.src, db, c) and loaded(case.dst, db, c), what=f'{db}.{c} loaded')
    found = [f'{c}: {case.src.count(db, c)} and {case.dst.count(db, c)}' for c in colls
             if case.src.count(db, c) != case.dst.count(db, c)]
    p = subprocess.run([os.path.join(BUILD, 'cdc-verify'), '-S', case.src.uri, '-T', case.target,
                        *[x for c in colls for x in ('-i', f'{db}.{c}')]], env=case.env, capture_output=True, text=True)
    tap.ok(not found and p.returncode == 0, name, found, p.stdout[-1500:], p.stderr[-500:])


def restored(case):
    db = case.make_db()
    task = Task(case)
    collection(case.src, db, 'a', 5)
    task.start()
    task.has(db, 'a', 5)

    # Under a running task: what is made behind the snapshot is at the target, and what is made behind the restore comes.
    snapshot = lab.snapshot()
    collection(case.src, db, 'young', 7)
    task.has(db, 'young', 7)
    lab.restore(snapshot)
    back(case)
    collection(case.src, db, 'later', 500)
    task.stops('running', "cdc-meta: etcd '", 'went back: cluster')
    tap.ok(case.dst.count(db, 'young') == 7, '  the target still has its last copy')
    task.start()
    task.stops('  again, as nobody has chosen', "cdc-read: the source's etcd", 'went back: ')
    task.set('keep')
    task.start()
    task.has(db, 'later', 500)
    case.src.insert(db, 'later', rows(11, 500))
    task.has(db, 'later', 511)
    equal(case, '  after the choice no row is lost', db, 'a', 'later')
    tap.ok(case.dst.count(db, 'young') == 7, '  and what was to be kept is there')

    # Under a stopped one
    snapshot = lab.snapshot()
    collection(case.src, db, 'second', 9)
    task.has(db, 'second', 9)
    task.stop()
    was = lab.revision()
    lab.restore(snapshot)
    back(case)
    lab.grow(was + 50)
    task.start()
    task.stops('stopped, and etcd has grown past where it was', "cdc-read: the source's etcd", 'went back: it has forgotten')
    tap.ok(case.dst.count(db, 'second') == 9, '  the younger collection is still at the target')
    task.set('drop')
    task.start()
    eventually(lambda: 'second' not in case.dst.colls(db), what='dropped')
    case.src.insert(db, 'a', rows(3, 100))
    task.has(db, 'a', 8)
    equal(case, '  dropped as it was said, and it goes on', db, 'a', 'later')

    # Another cluster
    snapshot = lab.snapshot()
    task.stop()
    lab.restore(snapshot, another=True)
    back(case)
    case.src.insert(db, 'a', rows(4, 200))
    task.start()
    task.stops('another cluster', 'is another cluster')
    task.set('keep')
    task.start()
    task.has(db, 'a', 12)
    equal(case, '  goes on', db, 'a', 'later')


if 'CDC_TARGET' not in os.environ:
    print('1..0 # SKIP CDC_TARGET is not set; eval "$(tests/tools/lab env)"')
    sys.exit(0)
lab = sourcelab.SourceLab()
os.environ.update(lab.addresses)
try:
    main(restored)
finally:
    lab.wipe()
