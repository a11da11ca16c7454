"""cdc-httpd and cdc-task supervise: a script as people have for Milvus-CDC, with rows that flow, and kill -9 of everything."""
import shlex
import socket
import urllib.request

import numpy

from cdctest import *

DIM = 8
FIELDS = [F('pk', 'Int64', primary=True), F('name', 'VarChar', max_length=32), F('vec', 'FloatVector', dim=DIM)]
PROGRAMS = 'cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task'


def rows(keys, word='row'):
    v = numpy.random.default_rng(keys[0]).random((len(keys), DIM), dtype='float32')
    return {'pk': list(keys), 'name': [f'{word}{k}' for k in keys], 'vec': floats(v)}


def collection(case, db, coll, shards=2):
    case.src.create(db, coll, FIELDS, shards=shards)
    case.src.index(db, coll, 'vec')
    case.src.load(db, coll)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Service:
    """A unit of dist/systemd/: exactly its ExecStart, in its Environment; started again when it has died, as Restart= says."""

    def __init__(self, case, unit, environment):
        self.case, self.unit = case, unit
        with open(os.path.join(TOP, 'dist', 'systemd', unit)) as f:
            self.line = next(x for x in f if x.startswith('ExecStart=')).split('=', 1)[1]
        self.env = {k: v for k, v in case.env.items() if not k.startswith('CDC_')}
        self.env.update(environment, CDC_STATE_DIR=case.env['CDC_STATE_DIR'])
        self.program = None

    def start(self):
        words = []
        for w in self.line.split():
            words += shlex.split(self.env.get(w[1:], '')) if w.startswith('$') else [w.replace('/usr/bin', BUILD)]
        self.program = Program(self.case.folder, self.unit, words, subprocess.DEVNULL, subprocess.DEVNULL, self.env)
        return self

    def kill(self, sig=signal.SIGKILL):
        self.program.kill(sig)
        self.program.process.wait(PATIENCE)

    def restart(self):
        if not self.program.running():
            self.start()


class Site:
    """Both services beside a case's state directory."""

    def __init__(self, case):
        port = free_port()
        self.case, self.url = case, f'http://127.0.0.1:{port}'
        options = f'--allow-anyone --allow-target * --listen 127.0.0.1:{port} --etcd {case.etcd} --root {os.environ["CDC_ROOT"]} --brokers {case.brokers}'
        self.httpd = Service(case, 'cdc-httpd.service', {'CDC_HTTPD_OPTIONS': options})
        self.supervise = Service(case, 'cdc-supervise.service', {})
        self.services = self.httpd, self.supervise

    def __enter__(self):
        for s in self.services:
            s.start()
        self.wait_until_served()
        return self

    def __exit__(self, *error):
        if error[0]:
            for s in self.services:
                diag(f'-- {s.unit}: {s.program.stderr()[-2000:]}')
        for s in self.services:
            s.kill(signal.SIGTERM)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return answer.read()

    def wait_until_served(self):
        def served():
            with contextlib.suppress(OSError):
                return self.get('/healthz')
        eventually(served, what='cdc-httpd answers')

    def cdc(self, body, **how):
        """What curl -d BODY http://.../cdc prints."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + '/cdc', data, **how), timeout=PATIENCE) as answer:
            return json.load(answer)

    def request(self, request_type, **data):
        return self.cdc({'request_type': request_type, 'request_data': data})

    def good(self, request_type, **data):
        answer = self.request(request_type, **data)
        assert answer['code'] == 200, (request_type, answer)
        return answer['data']

    def state(self, task):
        return self.good('get', task_id=task)['task']['state']

    def position(self, task):
        """The least of a task's times, a hybrid timestamp, up to a millisecond ahead of it."""
        return min((p['tt'] for p in self.good('position', task_id=task)['positions'] or []), default=0)

    def catch_up(self, task, timeout=PATIENCE):
        now = self.case.src.now()
        eventually(lambda: self.position(task) > now + (1 << 18), timeout, f'{task}: all up to {now} at the target')


def address(uri):
    host, _, port = uri.split('://')[1].partition(':')
    return {'host': host, 'port': int(port)}


# The mistakes of Milvus-CDC's users, and what they are told: the beginnings, all behind "fail to handle the TYPE request, error: ".

def mistakes(case, site):
    target = {'milvus_connect_param': {**address(case.target), 'connect_timeout': 10}}
    all_of = {'collection_infos': [{'name': '*'}]}
    wrong = [
        ('get', {}, 400, 'task_id is empty'),
        ('get', {'task_id': 'nope'}, 400, 'not found: [nope]'),
        ('pause', {'task_id': 'nope'}, 400, 'not found the task, task_id: nope'),
        ('resume', {'task_id': 'nope'}, 400, 'not found the task, task_id: nope'),
        ('delete', {'task_id': 'nope'}, 400, 'not found the task, task_id: nope'),
        ('position', {'task_id': 'nope'}, 400, 'not found: [nope]'),
        ('create', all_of, 400, 'the downstream address is empty'),
        ('create', {**target, **all_of, 'kafka_connect_param': {'address': 'a:1', 'topic': 't'}}, 400,
         "don't support milvus and kafka at the same time now"),
        ('create', {'milvus_connect_param': {'host': 'localhost'}, **all_of}, 400, 'the milvus port is less or equal zero'),
        ('create', {'milvus_connect_param': {'port': 19530}, **all_of}, 400, 'the milvus host is empty'),
        ('create', {'milvus_connect_param': {**address(case.target), 'username': 'root'}, **all_of}, 400,
         'cannot set only one of the milvus username and password'),
        ('create', {'milvus_connect_param': {**address(case.target), 'connect_timeout': -1}, **all_of}, 400,
         'the milvus connect timeout is less zero'),
        ('create', {**target, **all_of, 'buffer_config': {'period': -1}}, 400, 'the cache period is less zero'),
        ('create', {**target, **all_of, 'buffer_config': {'size': -1}}, 400, 'the cache size is less zero'),
        ('create', {**target, 'kafka_connect_param': {}}, 400, 'the collection info is empty'),
        ('create', {**target, 'db_collections': {case.db: []}}, 400, 'empty collection info'),
        ('create', {**target, **all_of, 'db_collections': {case.db: [{'name': '*'}]}}, 400,
         'the collection info and db collection info should be only one'),
        ('create', {**target, 'collection_infos': [{'name': ''}]}, 400, 'there is a collection name that is empty. '),
        ('create', {**target, 'collection_infos': [{'name': 'x' * 257}]}, 400,
         'there are some collection names whose length exceeds 256 characters, [xxx'),
        ('create', {**target, 'db_collections': {'y' * 257: [{'name': '*'}]}}, 400,
         'the db name length exceeds 256 characters, yyy'),
        ('create', {**target, 'collection_infos': [{'name': '*', 'positions': {'d_1v0': 'x'}}]}, 400,
         'the collection name is `*`, the positions should be empty'),
        ('create', {**target, 'collection_infos': [{'name': 'a', 'positions': {'a': 'x'}}]}, 400,
         'the position channel name is not virtual channel, a'),
        ('create', {**target, 'collection_infos': [{'name': 'a', 'positions': {'x_1_v': 'x'}}]}, 400,
         'the vchannel is invalid, x_1_v, err: '),
        ('create', {**target, 'collection_infos': [{'name': 'a', 'positions': {'by-dev-rootcoord-dml_0_1v0': '!'}}]}, 400,
         'fail to decode the position data: '),
        ('create', {**target, **all_of, 'rpc_channel_info': {'name': 'other'}}, 400,
         'the rpc channel is invalid, the channel name should be the same as the source config'),
        ('create', {**target, **all_of, 'name_mapping': [{'source_db': 'elsewhere', 'target_db': 'x'}]}, 400,
         'the collection name in the name mapping is not in the collection info, checkout it'),
        ('create', {'milvus_connect_param': {'host': '127.0.0.1', 'port': 1, 'connect_timeout': 1}, **all_of}, 500,
         'fail to connect the milvus: '),
        ('create', {'milvus_connect_param': {'uri': case.etcd}, **all_of}, 400, 'fail to connect the milvus: '),
        ('create', {**target, **all_of, 'task_id': '../x'}, 400, ''),
        ('create', {**target, 'collection_infos': [{'name': 'a.b'}]}, 400, ''),
        ('maintenance', {'operation': 'dance'}, 400, 'unsupported operation: dance'),
    ]
    if 'CDC_TARGET_AUTH' in os.environ:
        login = {'uri': os.environ['CDC_TARGET_AUTH'], 'username': 'root', 'password': 'wrong'}
        wrong.append(('create', {'milvus_connect_param': login, **all_of}, 400, 'fail to connect the milvus: '))
    bad = []
    for kind, data, code, text in wrong:
        got = site.request(kind, **data)
        if got.get('code') != code or 'data' in got or \
                not got['message'].startswith(f'fail to handle the {kind} request, error: {text}'):
            bad.append(f'{kind} {data}: {got}, want {code} {text}')
    tap.ok(not bad, f'{len(wrong)} mistakes are told as Milvus-CDC tells them', '\n'.join(bad))
    names = "invalid 'request_type' param, can be set [create delete get list maintenance pause position resume]"
    tap.ok([site.cdc(b) for b in (b'{}', {'request_type': 'LIST'})] == [{'code': 400, 'message': names}] * 2,
           'no type, no such type', site.cdc(b'{}'))
    tap.ok(site.cdc(b'', method='GET') == {'code': 405, 'message': 'only support the POST method'} and
           site.cdc(b'{')['code'] == 400, 'another method; what is no JSON')
    tap.ok(site.good('delete', task_id='nope', ignore_not_found=True) == {}, 'delete, if it is there')
    tap.ok(site.good('list') == {'tasks': []}, 'nothing is left of any of them', site.request('list'))


def a_script_for_milvus_cdc(case):
    db, coll = case.make_db(), f'c_{case.tag}'
    old = range(20)
    collection(case, 'default', coll)
    collection(case, db, 'items')
    try:
        case.src.insert('default', coll, rows(old))
        case.src.insert(db, 'items', rows(old))
        with Site(case) as site:
            mistakes(case, site)
            script(case, site, db, coll)
    finally:
        for m in case.src, case.dst:
            with contextlib.suppress(MilvusError):
                m.drop('default', coll)


def script(case, site, db, coll):
    target = {'milvus_connect_param': {'uri': case.target, 'token': 'root:Milvus', 'connect_timeout': 10, 'channel_num': 16}}
    dst = case.dst

    # As Milvus-CDC's manual has it: all of the default database, from now on.
    one = site.good('create', **target, collection_infos=[{'name': '*'}])['task_id']
    case.src.insert('default', coll, rows(range(20, 25)))
    # As its CI has it: databases, and from their first rows.
    two = site.good('create', **target, db_collections={db: [{'name': '*', 'use_start_position': True}]},
                    extra_info={'enable_user_role': False})['task_id']
    tap.ok(sorted((t['task_id'], t['state']) for t in site.good('list')['tasks']) ==
           sorted([(one, 'Running'), (two, 'Running')]), 'two tasks are made, and running')
    task = site.good('get', task_id=one)['task']
    tap.ok((task['task_id'], task['collection_infos'][0]['name'], task['db_collections'],
            task['milvus_connect_param']['uri']) == (one, '*', None, case.target) and 'Milvus"' not in json.dumps(task),
           'get says what was asked, without the secret', task)
    site.catch_up(one)
    site.catch_up(two)
    case.same('rows flow: from the first one on')
    described = dst.describe('default', coll)
    pk = described.schema.fields[0]
    tap.ok(sorted(dst.keys('default', coll, pk)) == list(range(20, 25)), 'and from the create on',
           dst.keys('default', coll, pk))
    case.src.insert('default', coll, rows(range(25, 30)))
    case.src.delete('default', coll, 'pk in [20, 21]')
    site.catch_up(one)
    keys = list(range(22, 30))
    # A Milvus may show a row for a moment after it took its delete.
    with contextlib.suppress(Stuck):
        eventually(lambda: sorted(dst.keys('default', coll, pk)) == keys, 10)
    with case.src.still(), dst.still():
        tap.ok(sorted(dst.keys('default', coll, pk)) == keys and
               case.src.rows('default', coll, described.schema, keys) == dst.rows('default', coll, described.schema, keys),
               'what comes, and what is deleted', dst.keys('default', coll, pk))

    # Paused: it stays where it is while the other one goes on.
    tap.ok(site.good('pause', task_id=two) == {} and site.state(two) == 'Paused', 'pause')
    at = site.position(two)
    case.src.insert(db, 'items', rows(range(20, 40)))
    site.catch_up(one)
    tap.ok(dst.count(db, 'items') == 20 and site.position(two) == at, 'nothing of it moves any more')
    tap.ok(site.request('pause', task_id=two)['message'].endswith(f'the task has paused, task_id: {two}'), 'pause, twice')
    tap.ok(site.good('resume', task_id=two) == {} and site.state(two) == 'Running', 'resume')
    tap.ok(site.request('resume', task_id=two)['message'].endswith(f'the task has running, task_id: {two}'), 'resume, twice')
    site.catch_up(two)
    tap.ok(site.position(two) > at, 'its position moves')
    case.same('and what came meanwhile is there')
    clash = site.request('create', **target, db_collections={db: [{'name': 'items'}]})
    tap.ok(clash['code'] == 400 and clash['message'].endswith(
        f'the collection name is duplicate with existing task, [{db}.items]'), 'a second one for the same is refused', clash)

    # Deleted, and another one that goes on where it was.
    stood = site.good('position', task_id=two)['positions']
    tap.ok(site.good('delete', task_id=two) == {} and site.request('get', task_id=two)['code'] == 400, 'delete')
    case.src.insert(db, 'items', rows(range(40, 50)))
    site.catch_up(one)
    tap.ok(dst.count(db, 'items') == 40, 'nothing of it comes any more')
    positions = {v: p['msg_id'] for v in case.src.describe(db, 'items').virtual_channel_names
                 for p in stood if p['channel_name'] == v.rpartition('_')[0]}
    third = {'task_id': 'three', **target, 'db_collections': {db: [{'name': 'items', 'positions': positions}]}}
    tap.ok([site.good('create', **third)['task_id'] for _ in range(2)] == ['three'] * 2, 'a create is made once')
    again = site.request('create', **{**third, 'db_collections': {db: [{'name': 'others'}]}})
    tap.ok(again['code'] == 400 and 'is there with another definition' in again['message'], 'and not as another one', again)
    site.catch_up('three')
    case.same('a new task with its positions goes on there')
    tap.ok([t['task_id'] for t in site.good('list')['tasks']] == sorted([one, 'three']), 'the list')
    for t in one, 'three':
        site.good('delete', task_id=t)
    tap.ok(site.good('list') == {'tasks': []}, 'and none is left')


# kill -9

class Load(threading.Thread):
    """Rows, a batch every now and then, until it is told to stop; every third batch changes and deletes older ones."""

    def __init__(self, case, db):
        super().__init__(daemon=True)
        self.db, self.batches, self.error, self.stop = db, 0, None, threading.Event()
        self.m = Milvus(case.src.uri)
        self.m.fields = case.src.fields

    def run(self):
        try:
            while not self.stop.wait(0.05):
                first = self.batches * 100
                self.m.insert(self.db, 'items', rows(range(first, first + 100)))
                if self.batches % 3 == 2:
                    self.m.upsert(self.db, 'items', rows(range(first - 100, first - 60), 'up'))
                    self.m.delete(self.db, 'items', f'pk in {list(range(first - 200, first - 180))}')
                self.batches += 1
        except Exception as e:  # noqa: BLE001: told by the main thread
            self.error = e

    def wait_for_more(self, n=3):
        want = self.batches + n
        eventually(lambda: self.error or self.batches >= want, what=f'{want} batches')
        if self.error:
            raise self.error


def children(pid):
    out = subprocess.run(['ps', '-eo', 'pid=,ppid=,args='], capture_output=True, text=True).stdout
    return [(int(p), args) for p, parent, args in (line.split(None, 2) for line in out.splitlines()) if int(parent) == pid]


def family(site):
    """{program: pid} of the one task: its runner, which supervise started, and the four, or None while they are not all there."""
    for runner, _ in children(site.supervise.program.pid):
        four = {os.path.basename(args.split()[0]): pid for pid, args in children(runner)}
        if four.keys() == set(PROGRAMS):
            return {'runner': runner, **four}
    return None


def gone(pids):
    return not any(os.path.exists(f'/proc/{p}') for p in pids)


def kill_9(case):
    db = case.make_db()
    collection(case, db, 'items')
    load = Load(case, db)
    with Site(case) as site:
        task = site.good('create', milvus_connect_param={'uri': case.target},
                         db_collections={db: [{'name': '*', 'use_start_position': True}]})['task_id']
        load.start()

        def killed(name, kill):
            """In the middle of the work; then all of it goes on with new processes, and nobody has done anything."""
            before = eventually(lambda: family(site), what='a runner and four programs')
            eventually(lambda: site.position(task) > 0, what='a first position')
            load.wait_for_more()
            at = site.position(task)
            dead = kill(before)
            for s in site.services:  # what Restart= in the units does
                s.restart()
            site.wait_until_served()
            load.wait_for_more()
            site.catch_up(task)
            after = eventually(lambda: family(site), what='a runner and four programs again')
            eventually(lambda: gone(dead), what=f'the end of {dead}')
            tap.ok(not set(dead) & set(after.values()) and site.position(task) > at,
                   f'{name}: it goes on', before, dead, after)

        def one(name):
            def kill(before):
                os.kill(before[name], signal.SIGKILL)
                eventually(lambda: gone([before[name]]), what=f'the end of {name}')
                return [before[name]]
            return kill

        def httpd(before):
            site.httpd.kill()
            return [site.httpd.program.pid]

        def supervise(before):
            site.supervise.kill()
            # All of its task is gone by itself, so that who comes next is alone.
            return [site.supervise.program.pid, *before.values()]

        def reboot(before):
            everyone = [site.httpd.program.pid, site.supervise.program.pid, *before.values()]
            for p in everyone:
                os.kill(p, signal.SIGKILL)
            for s in site.services:
                s.program.process.wait(PATIENCE)
            eventually(lambda: gone(everyone), what='the end of all')
            return everyone

        killed('cdc-httpd', httpd)
        for name in PROGRAMS:
            killed(name, one(name))
        killed('the runner', one('runner'))
        killed('supervise', supervise)
        killed('all at once', reboot)
        load.stop.set()
        load.join(PATIENCE)
        if load.error:
            raise load.error
        site.catch_up(task)
        case.same(f'equal after all of them, {load.batches} batches')
        tap.ok(site.state(task) == 'Running', 'and it is running')


main(a_script_for_milvus_cdc, kill_9)
