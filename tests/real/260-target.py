"""Who the target is: never the source itself, whatever it is called and whenever the stream begins."""
import socket
import urllib.error
import urllib.request

import numpy

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('v', 'Int64'), F('vec', 'FloatVector', dim=4)]
ITSELF = 'is the source itself'


def rows(keys, v):
    return {'pk': list(keys), 'v': [v] * len(keys), 'vec': floats(numpy.full((len(keys), 4), v, dtype='float32'))}


def collection(case, db, coll='c', keys=range(5)):
    case.src.create(db, coll, FIELDS)
    case.src.index(db, coll, 'vec')
    case.src.load(db, coll)
    if keys:
        case.src.insert(db, coll, rows(keys, 1))


def values(m, db, coll='c'):
    """{key: v}"""
    got = {d.field_name: list(d.scalars.long_data.data) for d in m.query(db, coll, 'pk >= 0', ['pk', 'v'])}
    return dict(zip(got['pk'], got['v']))


def said(program):
    return program.stderr().strip()


def stopped(name, statuses, text, *words):
    tap.ok(statuses == 1 and all(w in text for w in words), name, f'status {statuses}: {text}')


def run_status(case, *argv):
    p = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=case.env, capture_output=True, text=True, timeout=PATIENCE)
    return p.returncode, p.stdout + p.stderr


def pipe(case, target, *more):
    return case.chain(case.meta('-w'), case.read(), case.apply(*more, target=target))


def task_options(case, target, *more):
    argv = ['--etcd', case.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', case.brokers, '--target', target]
    for p in case.include:
        argv += ['--include', p]
    return [*argv, *more]


def a_plain_pipe(case):
    db = case.make_db()
    collection(case, db)
    case.src.delete(db, 'c', 'pk in [4]')
    c = pipe(case, case.src.uri)
    stopped('a pipe into its own source ends before the first write', c.wait(60)['cdc-apply'], said(c['cdc-apply']), ITSELF, f'{db}.c')
    tap.ok(sorted(values(case.src, db)) == [0, 1, 2, 3], 'and the deleted row did not come back', values(case.src, db))


def what_comes_later(case):
    """Nothing is there when the stream begins; and what it makes has another name."""
    db = case.make_db()
    c = pipe(case, case.src.uri, '--rename', f'{db}={db}_b')
    case.src.create(db, 'c', FIELDS)
    stopped('a collection made later, under another name', c.wait(60)['cdc-apply'], said(c['cdc-apply']), ITSELF)
    tap.ok(case.src.colls(db) == {'c'} and not case.src.colls(f'{db}_b'), 'and no collection was made', case.src.colls(f'{db}_b'))


def a_task(case):
    db = case.make_db()
    collection(case, db)
    status, text = run_status(case, 'cdc-task', 'create', 'own', *task_options(case, case.src.uri))
    stopped('create refuses it', status, text, ITSELF)
    tap.ok('own' not in case.run('cdc-task', 'list'), 'and makes no task')
    case.run('cdc-task', 'create', 'own', '--no-check', *task_options(case, case.src.uri, '--rename', f'{db}={db}_b'))
    status, text = run_status(case, 'cdc-task', 'run', 'own')
    stopped('run refuses it', status, text, ITSELF)
    tap.ok(f'{db}_b' not in case.src.dbs(), 'before it makes even a database', case.src.dbs())
    status, text = run_status(case, 'cdc-task', 'doctor', 'own', '-k', 'itself')
    stopped('doctor says it', status, text, 'itself', 'wrong', ITSELF)
    case.run('cdc-task', 'create', 'other', *task_options(case, case.dst.uri))
    status, text = run_status(case, 'cdc-task', 'doctor', 'other', '-k', 'itself')
    tap.ok(status == 0 and 'ok' in text, 'and of another Milvus that it is one', text)


def other_names(case):
    """One server is one, whatever it is called: by its addresses, and by who it is where a proxy stands before it."""
    db = case.make_db()
    collection(case, db)
    port = case.dst.uri.rpartition(':')[2]
    case.run('cdc-task', 'create', 'first', *task_options(case, case.dst.uri))
    host = subprocess.run(['hostname', '-I'], capture_output=True, text=True).stdout.split()
    for name in ['[::ffff:127.0.0.1]', 'localhost', '0.0.0.0', *host[:1]]:
        status, text = run_status(case, 'cdc-task', 'create', 'second', *task_options(case, f'http://{name}:{port}'))
        stopped(f'{name.replace(host[0] if host else "", "an address of this machine")} is refused', status, text, "of task 'first'")
    with forwarded(int(port)) as other:
        status, text = run_status(case, 'cdc-task', 'create', 'second', *task_options(case, f'http://127.0.0.1:{other}'))
        stopped('another port that leads there, too', status, text, "of task 'first'")
        case.run('cdc-task', 'delete', 'first')
        case.run('cdc-task', 'create', 'old', '--no-check', *task_options(case, case.dst.uri))
        status, text = run_status(case, 'cdc-task', 'create', 'second', *task_options(case, f'http://127.0.0.1:{other}'))
        stopped('beside a task that does not know who its target is: that is asked', status, text, "of task 'old'")
        case.run('cdc-task', 'delete', 'old')
        case.run('cdc-task', 'create', 'away', '--no-check', *task_options(case, 'http://127.0.0.1:1'))
        status, text = run_status(case, 'cdc-task', 'create', 'second', *task_options(case, f'http://127.0.0.1:{other}'))
        tap.ok(status == 0 and "whether task 'away' writes to the same Milvus is known by its address only" in text,
               'one that does not answer is said', text)


@contextlib.contextmanager
def forwarded(port):
    """Another port that leads to this one."""
    s = socket.create_server(('127.0.0.1', 0))

    def pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for x in a, b:
            with contextlib.suppress(OSError):
                x.shutdown(socket.SHUT_RDWR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                a, _ = s.accept()
                b = socket.create_connection(('127.0.0.1', port))
                for pair in (a, b), (b, a):
                    threading.Thread(target=pump, args=pair, daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield s.getsockname()[1]
    finally:
        s.close()


def over_http(case):
    collection(case, case.make_db())
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    c = case.chain(['cdc-httpd', '--allow-anyone', '--allow-target', '*', '--listen', f'127.0.0.1:{port}', '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'],
                    '--brokers', case.brokers])
    host, _, its = case.src.uri.split('://')[1].partition(':')
    body = json.dumps({'request_type': 'create', 'request_data': {
        'milvus_connect_param': {'host': host, 'port': int(its)},
        'collection_infos': [{'name': '*'}]}}).encode()

    def ask():
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{port}/cdc', body, timeout=PATIENCE) as a:
                return json.load(a)
        except urllib.error.HTTPError as e:
            return json.load(e)
        except OSError:
            return None
    answer = eventually(ask, what='cdc-httpd answers')
    tap.ok(answer['code'] == 400 and ITSELF in answer['message'], 'create over HTTP is refused', answer)
    c.kill(signal.SIGTERM)


def has(m, db, n, coll='c'):
    """Is it there, and loaded, with so many rows?"""
    with contextlib.suppress(MilvusError):
        return m.count(db, coll) == n


class Second:
    """Another source into the same target, from a state directory of its own."""

    def __init__(self, case):
        self.case, self.src = case, Milvus(os.environ['CDC_SOURCE2'])
        self.state = case.path('state2')

    def pipe(self, *more):
        c = self.case
        was = c.env
        c.env = dict(was, CDC_STATE_DIR=self.state)
        try:
            return c.chain(['cdc-meta', '-E', c.etcd, '-r', 'by-src2', '-w'], c.read(), c.apply(*more))
        finally:
            c.env = was


def two_state_directories(case):
    with lab_more('src2'):
        two_directories(case, Second(case))


def two_directories(case, second):
    db = case.make_db()
    collection(case, db)
    first = pipe(case, case.target)
    eventually(lambda: has(case.dst, db, 5), what='the first one is there')
    second.src.create_db(db)
    try:
        second.src.create(db, 'c', FIELDS)
        second.src.create(db, 'own', FIELDS)
        second.src.index(db, 'c', 'vec')
        second.src.load(db, 'c')
        second.src.insert(db, 'c', rows(range(10, 13), 2))
        c = second.pipe()
        eventually(lambda: has(case.dst, db, 8) and case.dst.exists(db, 'own'), what='the second one is there, too')
        tap.ok(f"'{db}.c' is at the target already, with rows" in said(c['cdc-apply']) and 'own' not in said(c['cdc-apply']),
               'that it was there already, with rows, is said', said(c['cdc-apply']))
        second.src.drop(db, 'own')
        eventually(lambda: not case.dst.exists(db, 'own'), what='what it has made itself is dropped')
        second.src.drop(db, 'c')
        stopped('a drop of what it has not made stops it', c.wait(60)['cdc-apply'], said(c['cdc-apply']),
                f"drop_collection '{db}.c'", '--adopt', '--skip=drop_collection')
        tap.ok(case.dst.count(db, 'c') == 8, "and the first one's rows are there", case.dst.count(db, 'c'))
        first.kill(signal.SIGTERM)
        first.wait()
        c = second.pipe('--adopt')
        second.src.create(db, 'c', FIELDS)
        second.src.drop(db, 'c')
        eventually(lambda: not case.dst.exists(db, 'c'), what='dropped')
        tap.ok(not said(c['cdc-apply']), 'with --adopt it is dropped', said(c['cdc-apply']))
    finally:
        drop_dbs(second.src, [db])


if __name__ == '__main__':
    main(a_plain_pipe, what_comes_later, a_task, other_names, over_http, two_state_directories)
