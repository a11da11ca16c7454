"""A broker that answers at its bootstrap address and advertises one that does not: nothing hangs, and everything names it."""
import http.client
import socket
import sys

from cdctest import *

sys.path.insert(0, os.path.join(TOP, 'tests', 'torture'))
from proxy import Proxy  # noqa: E402

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
# Each promise has a limit of its own; on a machine that does much else there is so much on top. What it replaces
# lasted for minutes.
LOAD = 4


def asked(port):
    """Is somebody connected to it, or at it?"""
    with open('/proc/net/tcp') as f:
        return any(at.endswith(f':{port:04X}') and state == '01' or to.endswith(f':{port:04X}') and state == '02'
                   for at, to, state in (line.split()[1:4] for line in f.readlines()[1:]))


class Silent:
    """At the port that Kafka's further listener advertises: connects and never answers, or never connects."""

    def __init__(self, connects):
        self.port = int(os.environ['KAFKA_PROXY_PORT'])
        self.address = f'127.0.0.1:{self.port}'
        self.bootstrap = f'127.0.0.1:{self.port - 1}'
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', self.port))
        self.listener.listen(64 if connects else 0)
        self.others = []
        while not connects:  # until the queue is full, and the kernel drops who comes
            s = socket.socket()
            self.others.append(s)
            s.settimeout(0.5)
            try:
                s.connect(('127.0.0.1', self.port))
            except TimeoutError:
                break

    def asked(self):
        return asked(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for s in [self.listener, *self.others]:
            s.close()


def timed(call):
    begun = time.monotonic()
    return call(), time.monotonic() - begun


def words(case, name, brokers):
    return ['cdc-task', 'create', name, '-E', case.etcd, '-r', os.environ['CDC_ROOT'], '-b', brokers, '-T', case.target]


def program(case, *argv):
    argv = [os.path.join(BUILD, argv[0]), *argv[1:]]
    return subprocess.Popen(argv, env=case.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def ended(p, limit):
    """(status, stderr), or None if it does not end."""
    try:
        p.out, err = p.communicate(timeout=limit + LOAD)
        return p.returncode, err
    except subprocess.TimeoutExpired:
        p.kill()
        p.communicate()
        return None


def creates(case, db, silent, how):
    """It ends, names who is silent, and another one is made meanwhile: no lock is held while a peer is asked."""
    argv = words(case, 'far', silent.bootstrap)
    argv[-1] = 'http://127.0.0.1:1'  # it does not come to that
    p = program(case, *argv, '-i', f'{db}.*')
    eventually(silent.asked, what='far asks')
    _, took = timed(lambda: case.run(*words(case, f'near{how}', case.brokers), '-i', f'near{how}.*', '--allow-none'))
    tap.ok(p.poll() is None, f'{how}: the one still asks when the other is made', f'{took:.1f} s')
    got = ended(p, 15)
    tap.ok(got is not None and got[0] == 3 and silent.address in got[1], f'{how}: create ends and names the address', got)


def shown(case, silent, how):
    """A task that has a position: what can be said of it in two seconds, and why not more."""
    for argv in ('status', 'dr', '--json'), ('status', '--json'):
        p = program(case, 'cdc-task', *argv)
        got, took = timed(lambda: ended(p, 2))
        lines = [json.loads(l) for l in p.out.splitlines()] if got else []
        dr = next((l for l in lines if l['task'] == 'dr'), {})
        tap.ok(dr.get('lag_ms', 0) is None and silent.address in str(dr.get('lag_unknown')),
               f'{how}: {" ".join(argv)} within 2 s, with the reason', got, dr, f'{took:.1f} s')
    if how == 'does not connect':
        return
    p = program(case, 'cdc-task', 'doctor', 'dr')
    got = ended(p, 60)
    tap.ok(got is not None and silent.address in p.out, f'{how}: doctor ends and names the address', got, got and p.out)
    p = program(case, 'cdc-task', 'run', 'dr')
    said = lambda: silent.address in case.run('cdc-task', 'log', 'dr', status=None)
    tap.ok(within(said, 30), f'{how}: run names it', case.run('cdc-task', 'log', 'dr', status=None)[-1000:])
    p.terminate()
    got = ended(p, 10)
    tap.ok(got is not None and got[0] == -signal.SIGTERM, f'{how}: and ends when told', got)


def within(ask, limit):
    try:
        return eventually(ask, limit)
    except Stuck:
        return False


def served(case, silent, how):
    """The same over HTTP."""
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
    s.close()
    p = program(case, 'cdc-httpd', '--listen', f'127.0.0.1:{port}', '-E', case.etcd, '-b', silent.bootstrap)

    def get(path):
        c = http.client.HTTPConnection('127.0.0.1', port, timeout=2 + LOAD)
        try:
            c.request('GET', path)
            return c.getresponse().read().decode()
        except OSError as e:
            return str(e)
        finally:
            c.close()
    try:
        eventually(lambda: 'ok' in get('/healthz'), what='cdc-httpd')
        for path in '/tasks', '/tasks/dr', '/metrics':
            text, took = timed(lambda: get(path))
            good = silent.address in text if path != '/metrics' else '{task_id="dr"' in text and 'lag_seconds{task_id="dr"' not in text
            tap.ok(good, f'{how}: {path} within 2 s', text[:2000], f'{took:.1f} s')
    finally:
        p.terminate()
        ended(p, 10)


def a_leader_that_falls_silent(case):
    """While a task runs; the address that it knows from the start goes on answering."""
    port = int(os.environ['KAFKA_PROXY_PORT'])
    db = case.make_db()
    case.src.create(db, 'a', FIELDS, shards=2)
    case.src.insert(db, 'a', {'pk': [1], 'vec': [vec(1, 2, 3, 4)]})
    status = lambda: json.loads(case.run('cdc-task', 'status', 'dr', '--json', status=None))
    leader = Proxy(port - 1, port)
    try:
        case.run(*words(case, 'dr', f'127.0.0.1:{port - 1}'), '-i', f'{db}.*')
        run = case.chain(['cdc-task', 'run', 'dr'])
        eventually(lambda: status()['applied'].get('rows') == 1, what='rows')
        leader.stall()
        case.src.insert(db, 'a', {'pk': [2], 'vec': [vec(1, 2, 3, 4)]})
        named = within(lambda: f"'127.0.0.1:{port}'" in str(status()['reason']), 40)
        tap.ok(named, 'it is named while the task runs', status())
        tap.ok(run.running(), 'which goes on trying')
        leader.heal()
        eventually(lambda: status()['applied'].get('rows') == 2, what='the other row')
        tap.ok(within(lambda: 'not answer' not in str(status()['reason']), 30), 'and it is over', status())
        run.kill(signal.SIGTERM)
        run.wait()
    finally:
        leader.close()


def a_leader_that_cannot_be_reached(case):
    db = case.make_db()
    case.src.create(db, 'a', FIELDS, shards=2)
    case.src.insert(db, 'a', {'pk': [1, 2, 3], 'vec': [vec(1, 2, 3, 4)] * 3})
    case.run(*words(case, 'dr', case.brokers), '-i', f'{db}.*')
    run = case.chain(['cdc-task', 'run', 'dr'])
    eventually(lambda: json.loads(case.run('cdc-task', 'status', 'dr', '--json', status=None))['applied'].get('rows') == 3,
               what='rows')
    run.kill(signal.SIGTERM)
    run.wait()
    path = os.path.join(case.env['CDC_STATE_DIR'], 'tasks', 'dr', 'task.json')
    for connects in True, False:
        how = 'connects' if connects else 'does not connect'
        with Silent(connects) as silent:
            with open(path) as f:
                task = json.load(f)
            task['options']['brokers'] = silent.bootstrap
            with open(path, 'w') as f:
                json.dump(task, f)
            creates(case, db, silent, how[:4])
            shown(case, silent, how)
            served(case, silent, how)


def creates_to_a_silent_target(case):
    """64 of them from clients that leave at once: the rest is answered as if they were not there, and none is made."""
    db = case.make_db()
    case.src.create(db, 'a', FIELDS, shards=2)
    silent = socket.socket()
    silent.bind(('127.0.0.1', 0))
    silent.listen(128)
    target = f'http://127.0.0.1:{silent.getsockname()[1]}'
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
    s.close()
    p = program(case, 'cdc-httpd', '--listen', f'127.0.0.1:{port}', '-E', case.etcd, '-b', case.brokers,
                '--allow-anyone', '--allow-target', '*')

    def get(path):
        c = http.client.HTTPConnection('127.0.0.1', port, timeout=2 + LOAD)
        try:
            c.request('GET', path)
            r = c.getresponse()
            return r.status, r.read()
        except OSError as e:
            return 0, str(e)
        finally:
            c.close()
    try:
        eventually(lambda: get('/healthz')[0] == 200, what='cdc-httpd')
        gone = []
        for i in range(64):
            body = json.dumps({'options': {'target': target, 'include': [f'{db}.a']}, 'name': f'late{i}', 'token': 'root:Milvus'}).encode()
            c = socket.create_connection(('127.0.0.1', port))
            c.sendall(b'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
                      b'Content-Length: %d\r\n\r\n' % len(body) + body)
            gone.append(c)
        eventually(lambda: asked(silent.getsockname()[1]), what='the target is asked')
        for c in gone:
            c.close()
        for path in '/healthz', '/tasks', '/metrics':
            got, took = timed(lambda: get(path))
            tap.ok(got[0] == 200, f'{path} is answered meanwhile', got, f'{took:.1f} s')
        q = program(case, *words(case, 'own', case.brokers), '-i', f'{db}.*')
        got = ended(q, 15)
        tap.ok(got == (0, ''), 'and create makes its task', got)
        case.run(*words(case, 'quick', case.brokers), '-i', f'{db}x.*', '--no-check', timeout=2 + LOAD)
        left = lambda: not [t for t in os.listdir(os.path.join(case.env['CDC_STATE_DIR'], 'tasks')) if t.startswith('late')]
        eventually(lambda: p.poll() is None and idle(p.pid), 40, 'the creates end')
        tap.ok(left(), 'nothing is made for who has left')
    finally:
        p.terminate()
        ended(p, 30)


def idle(pid):
    """Has it no child that asks for a catalogue, and no connection to a target? Its threads are what is left."""
    with open(f'/proc/{pid}/task/{pid}/children') as f:
        return not f.read().split()


main(creates_to_a_silent_target, a_leader_that_falls_silent, a_leader_that_cannot_be_reached)
