"""A peer that is away: every display says so, and why, while it is tried again, and that it is over when it is."""
import socket
import urllib.request

import numpy

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def rows(keys):
    return {'pk': list(keys), 'vec': floats(numpy.zeros((len(keys), 4), dtype='float32'))}


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Displays:
    def __init__(self, case, name):
        self.case, self.name, self.port = case, name, free_port()
        argv = [os.path.join(BUILD, 'cdc-httpd'), '--listen', f'127.0.0.1:{self.port}']
        self.httpd = Program(case.folder, 'cdc-httpd', argv, subprocess.DEVNULL, subprocess.DEVNULL, case.env)

    def get(self, path):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}', timeout=30) as r:
            return r.read().decode()

    def status(self):
        return json.loads(self.case.run('cdc-task', 'status', self.name, '--json', status=None))

    def listed(self):
        return next(t for t in json.loads(self.get('/tasks'))['tasks'] if t['task_id'] == self.name)

    def gauge(self):
        line = next(x for x in self.get('/metrics').splitlines() if x.startswith('cdc_task_trouble_seconds{task_id="%s"}' % self.name))
        return float(line.split()[-1])

    def log(self, event):
        return [x for x in map(json.loads, self.case.run('cdc-task', 'log', self.name).splitlines()) if x['event'] == event]


def holds(m, db, n):
    try:
        return m.count(db, 'c') == n
    except MilvusError:  # not made or loaded yet
        return False


def away(case):
    db = case.make_db()
    case.src.create(db, 'c', FIELDS)
    case.src.index(db, 'c', 'vec')
    case.src.load(db, 'c')
    case.src.insert(db, 'c', rows(range(10)))
    case.run('cdc-task', 'create', 'away', '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', case.brokers,
             '--target', case.dst.uri, '--include', f'{db}.*')
    show = Displays(case, 'away')
    runner = Program(case.folder, 'run', [os.path.join(BUILD, 'cdc-task'), 'run', 'away'], subprocess.DEVNULL, subprocess.DEVNULL, case.env)
    stopped = False
    try:
        eventually(lambda: holds(case.dst, db, 10), what='the rows at the target')
        tap.ok(show.status()['trouble'] is None and show.gauge() == 0 and not show.listed().get('reason'), 'nothing is in the way')
        lab('stop', 'dst')
        stopped = True
        case.src.insert(db, 'c', rows(range(10, 20)))
        since = time.time()
        s = eventually(lambda: (lambda s: s['trouble'] and s)(show.status()), 20, 'trouble in status')
        took = time.time() - since
        address = case.dst.uri.split('://')[1]
        t = s['trouble']
        tap.ok(t['program'] == 'cdc-apply' and address in t['reason'] and t['since'], 'status says who waits for whom', t)
        tap.ok(took < 10, f'at once, not at the end of the retries ({took:.1f} s)')
        tap.ok(address in s['reason'], '  and it is the reason', s['reason'])
        tap.ok(address in case.run('cdc-task', 'status', 'away', status=None), '  for people, too')
        tap.ok(address in show.listed()['reason'], 'the list over HTTP, which the page shows, says it', show.listed())
        tap.ok(show.gauge() > 0, 'the metrics count its seconds', show.gauge())
        told = show.log('trouble')
        tap.ok(len(told) == 1 and address in told[0]['reason'], "the task's log has one line", told)
        lab('start', 'dst')
        stopped = False
        eventually(lambda: show.status()['trouble'] is None, what='the end of the trouble')
        eventually(lambda: holds(case.dst, db, 20), what='all rows')
        over = eventually(lambda: show.log('over'), what='the line in the log')
        tap.ok(over[-1]['program'] == 'cdc-apply' and over[-1]['ms'] > 0, 'and one when it is over', over)
        tap.ok(show.gauge() == 0 and not show.listed().get('reason') and show.status()['reason'] is None, 'nobody says it any more', show.status())
    finally:
        if stopped:
            lab('start', 'dst')
        runner.kill()
        show.httpd.kill()
        runner.process.wait(PATIENCE)
    case.same('and nothing is missing')


main(away)
