"""TLS and logins towards etcd, Kafka and the target, each of them right, wrong and missing.

On a lab of its own, whose etcd has logins, all of which listen with TLS too (`tests/tools/lab secure`); with $CDC_TLS_LAB set,
in that folder, and then it stays.  CDC_LONG=1: every cell; else those that differ in code.
"""
import atexit
import base64
import glob
import re
import signal
import socket
import tempfile
import urllib.error
import urllib.request

from cdctest import *

LONG = bool(os.environ.get('CDC_LONG'))
FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
QUICK = 20  # seconds in which a mistake must have been said


def own_lab():
    where = os.environ.get('CDC_TLS_LAB')
    if not where:
        os.makedirs(BUILD, exist_ok=True)
        where = tempfile.mkdtemp(prefix='lab.', dir=BUILD)
        with open(os.path.join(where, 'owner'), 'w') as f:  # tests/tools/run.sh clears away what a killed test leaves
            f.write(str(os.getpid()))
        atexit.register(subprocess.run, [LAB, 'wipe'], env=dict(os.environ, CDC_LAB=where))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ['CDC_LAB'] = where
    if not os.path.isdir(os.path.join(where, 'certs')):
        lab('secure')
    lab('up', 'dst-tls')
    for line in subprocess.run([LAB, 'env'], check=True, capture_output=True, text=True).stdout.splitlines():
        name, equals, value = line.partition('=')
        if equals:
            os.environ[name] = value
    return where


WHERE = own_lab()


def port(name):
    with open(os.path.join(WHERE, name, 'port')) as f:
        return int(f.read())


def cert(name):
    return os.path.join(WHERE, 'certs', name)


def pem(name):
    with open(cert(name), 'rb') as f:
        return f.read()


PLAIN, TLS, BOTH, LOGIN, TLSLOGIN = (f'127.0.0.1:{port("kafka") + i}' for i in (0, 4, 5, 6, 7))
ETCD = f'https://127.0.0.1:{port("etcd") + 2}'
CA = {'ssl.ca.location': cert('ca.pem')}


def ours(name):
    return {'ssl.certificate.location': cert(f'{name}.pem'), 'ssl.key.location': cert(f'{name}.key')}


def sasl(protocol, mechanism, password='hush-kafka', **more):
    return {'security.protocol': protocol, 'sasl.mechanism': mechanism, 'sasl.username': 'cdc', 'sasl.password': password,
            **(CA if protocol == 'sasl_ssl' else {}), **more}


# What a task is made with; a cell changes some of it.  A dict becomes a file of properties, a text with a colon one of logins.
RIGHT = {
    'etcd': ETCD, 'etcd-cacert': cert('ca.pem'), 'etcd-cert': cert('client.pem'), 'etcd-key': cert('client.key'),
    'etcd-user-file': 'root:hush-etcd',
    'brokers': TLSLOGIN, 'property': sasl('sasl_ssl', 'SCRAM-SHA-512'),
    'target': os.environ['CDC_TARGET_TLS'], 'target-cacert': cert('ca.pem'), 'target-cert': cert('client.pem'),
    'target-key': cert('client.key'), 'token-file': 'root:Milvus',
}


def pair(link, name):
    return {f'{link}-cert': name and cert(f'{name}.pem'), f'{link}-key': name and cert(f'{name}.key')}


def kafka(brokers, *props):
    return {'brokers': brokers, 'property': {k: v for p in props for k, v in p.items()}}


SSL = {'security.protocol': 'ssl'}
OTHER = {'ssl.ca.location': cert('other.pem')}

# name, what is changed, is it in the short form?
right = [
    ('TLS and logins on all links', {}, True),
    ('Kafka: certificates on both sides', kafka(BOTH, SSL, CA, ours('client')), True),
    ('Kafka: TLS alone', kafka(TLS, SSL, CA), False),
    ('etcd: a login alone', {'etcd': f'http://127.0.0.1:{port("etcd")}', 'etcd-cacert': None, **pair('etcd', None)}, False),
    ('etcd: a user who may read and nothing else; Kafka: PLAIN over TLS',
     {'etcd-user-file': 'cdc:hush-etcd', **kafka(TLSLOGIN, sasl('sasl_ssl', 'PLAIN'))}, True),
    ('Kafka: SCRAM-SHA-256 over TLS', kafka(TLSLOGIN, sasl('sasl_ssl', 'SCRAM-SHA-256')), False),
    *((f'Kafka: {m} without TLS', kafka(LOGIN, sasl('sasl_plaintext', m)), False)
      for m in ('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')),
]

TRUST = 'certificate'
NO_CERT = 'our certificate is refused, or one is wanted'

# name, what is changed, the program that says it in a run, status, what it says, is it in the short form?
wrong = [
    ('etcd: no login', {'etcd-user-file': None}, 'cdc-meta', 1, 'it wants a login, --etcd-user-file', True),
    ('etcd: a wrong password', {'etcd-user-file': 'root:hush'}, 'cdc-meta', 1, "login as 'root': .*authentication failed", True),
    ('etcd: no certificate of ours', pair('etcd', None), 'cdc-meta', 1, NO_CERT, True),
    ('etcd: one that its authority has not signed', pair('etcd', 'stranger'), 'cdc-meta', 1, NO_CERT, False),
    ('etcd: one whose time is over', pair('etcd', 'old'), 'cdc-meta', 1, NO_CERT, False),
    ('etcd: one with a name', pair('etcd', 'root'), 'cdc-meta', 1, 'no certificate that has a common name', True),
    ('etcd: nobody vouches for it', {'etcd-cacert': cert('other.pem')}, 'cdc-meta', 1, TRUST, True),
    ('etcd: another name', {'etcd': ETCD.replace('127.0.0.1', 'localhost')}, 'cdc-meta', 1, "host name 'localhost'", True),
    ('etcd: a file that is not there', {'etcd-cacert': cert('none.pem')}, 'cdc-meta', 2, 'none.pem', False),
    *((f'Kafka: a wrong password, {m} {p}', kafka(where, sasl(p, m, 'hush')), 'cdc-read', 1, 'refuse: .*[Aa]uthentication failed', short)
      for m, p, where, short in (
          ('PLAIN', 'sasl_plaintext', LOGIN, True), ('SCRAM-SHA-512', 'sasl_ssl', TLSLOGIN, True),
          ('SCRAM-SHA-256', 'sasl_ssl', TLSLOGIN, False), ('PLAIN', 'sasl_ssl', TLSLOGIN, False))),
    ('Kafka: nobody vouches for it', kafka(TLS, SSL, OTHER), 'cdc-read', 1, 'certificate verify failed', True),
    ('Kafka: another name', kafka(TLS.replace('127.0.0.1', 'localhost'), SSL, CA), 'cdc-read', 1, 'certificate verify failed', False),
    ('Kafka: no certificate of ours', kafka(BOTH, SSL, CA), 'cdc-read', 1, 'alert', True),
    ('Kafka: one that its authority has not signed', kafka(BOTH, SSL, CA, ours('stranger')), 'cdc-read', 1, 'alert', False),
    ('Kafka: one whose time is over', kafka(BOTH, SSL, CA, ours('old')), 'cdc-read', 1, 'alert', False),
    ('Kafka: no login', kafka(TLSLOGIN, SSL, CA), 'cdc-read', 3, 'might require SASL authentication', False),
    ('Kafka: no TLS', kafka(TLS), 'cdc-read', 3, 'SSL listener', False),
    ('target: a wrong password', {'token-file': 'root:hush'}, 'cdc-apply', 1, 'refuses the login', True),
    ('target: no login', {'token-file': None}, 'cdc-apply', 1, 'refuses the login', False),
    ('target: no certificate of ours', pair('target', None), 'cdc-apply', 1, NO_CERT, True),
    ('target: one that its authority has not signed', pair('target', 'stranger'), 'cdc-apply', 1, NO_CERT, False),
    ('target: one whose time is over', pair('target', 'old'), 'cdc-apply', 1, NO_CERT, False),
    ('target: nobody vouches for it', {'target-cacert': cert('other.pem')}, 'cdc-apply', 1, TRUST, True),
    ('target: another name', {'target': RIGHT['target'].replace('127.0.0.1', 'localhost')}, 'cdc-apply', 1,
     "host name 'localhost'", False),
    ('target: a file that is not there', {'target-cacert': cert('none.pem')}, 'cdc-apply', 2, 'none.pem', False),
    ('target: https where there is no TLS', {'target': os.environ['CDC_TARGET'].replace('http:', 'https:')}, 'cdc-apply', 1,
     'TLS: .*wrong version', False),
]


class Tasks:
    """Tasks of one case, each with a database, a folder for its files, and runs."""

    def __init__(self, case):
        self.case, self.n = case, 0
        case.target = RIGHT['target']
        self.tls = dict(root_certificates=pem('ca.pem'), private_key=pem('client.key'), certificate_chain=pem('client.pem'))
        case.dst = Milvus(case.target, 'root:Milvus', self.tls)

    def file(self, name, text):
        path = self.case.path(name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
        return path

    def options(self, name, changes):
        argv = []
        for option, value in {**RIGHT, **changes}.items():
            if isinstance(value, dict):
                value = '@' + self.file(f'{name}.{option}', ''.join(f'{k}={v}\n' for k, v in value.items()))
            elif value and option in ('etcd-user-file', 'token-file'):
                value = self.file(f'{name}.{option}', value + '\n')
            argv += [f'--{option}', value] if value else []
        return argv

    def new(self):
        """A name, and a database with rows of its own."""
        self.n += 1
        db = self.case.make_db(f'_{self.n}')
        self.case.src.create(db, 'c', FIELDS)
        self.case.src.index(db, 'c', 'vec')
        self.case.src.load(db, 'c')
        self.put(db, range(10 * self.n))
        return f'task{self.n}', db

    def put(self, db, keys):
        self.case.src.insert(db, 'c', {'pk': list(keys), 'vec': [vec(k, 1, 2, self.n) for k in keys]})

    def create(self, name, db, changes, *more):
        argv = [os.path.join(BUILD, 'cdc-task'), 'create', name, *self.options(name, changes), '-i', f'{db}.*', *more]
        return subprocess.run(argv, env=self.case.env, capture_output=True, text=True, timeout=QUICK)

    def run(self, name):
        return self.case.chain(['cdc-task', 'run', name])

    def there(self, name, chain):
        """Waits until all that the source had done before is at the target."""
        now, path = self.case.src.now(), os.path.join(self.case.env['CDC_STATE_DIR'], 'tasks', name, 'checkpoint.json')

        def ask():
            if not chain.running():
                raise Stuck(f'{name} ended: {chain["cdc-task"].stderr()}')
            try:
                with open(path) as f:
                    return int(json.load(f)['ts']) >= now
            except FileNotFoundError:
                return False

        eventually(ask, what=f'{name} up to {now}')

    def quiet(self, what, text):
        """No password in what somebody can read."""
        words = [w for w in ('hush-etcd', 'hush-kafka') if w in text]
        if words:
            tap.ok(False, f'{what}: no password', text)


def command_lines():
    out = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        with contextlib.suppress(OSError), open(path, 'rb') as f:
            text = f.read().replace(b'\0', b' ').decode(errors='replace')
            if os.path.basename(text.split(' ')[0]).startswith('cdc-'):
                out.append(text)
    return '\n'.join(out)


def stop(chain):
    chain.kill(signal.SIGTERM)
    chain.wait()


def what_is_right_carries_rows(case):
    tasks = Tasks(case)
    for title, changes, short in right:
        if not (short or LONG):
            continue
        name, db = tasks.new()
        made = tasks.create(name, db, changes)
        if not tap.ok(made.returncode == 0 and not made.stderr, f'{title}: made', made.stderr, made.stdout):
            continue
        chain = tasks.run(name)
        tasks.there(name, chain)
        lines = command_lines()
        assert f'cdc-apply --target {RIGHT["target"]}' in lines, lines
        tasks.quiet(f'{title}: command lines', lines + made.stdout)
        case.same(title, [db])
        status = json.loads(case.run('cdc-task', 'status', name, '--json'))
        tap.ok(status['state'] == 'running' and status['lag_ms'] is not None, f'{title}: and Kafka tells the lag', status)
        stop(chain)
    verify(case, tasks)


def verify(case, tasks):
    right = ['cdc-verify', '-S', case.src.uri, '-T', case.target, '-i', f'{case.db}*.*', '--cacert', cert('ca.pem'),
             '--cert', cert('client.pem'), '--key', cert('client.key'), '--token-file', tasks.file('token', 'root:Milvus\n')]
    bad = tasks.file('bad', 'root:hush\n')
    case.run(*right)
    tap.ok(True, 'cdc-verify finds both equal')
    for title, more, status, text in (
            ('a wrong password', ['--token-file', bad], 3, 'refuses the login'),
            ('nobody vouches for the target', ['--cacert', cert('other.pem')], 3, TRUST),
            ('a certificate that is refused', ['--cert', cert('stranger.pem'), '--key', cert('stranger.key')], 3, NO_CERT)):
        argv = [os.path.join(BUILD, right[0]), *right[1:], *more]
        p = subprocess.run(argv, env=case.env, capture_output=True, text=True, timeout=QUICK)
        said(f'cdc-verify: {title}', p.returncode, p.stderr, status, text)


def said(title, got, stderr, status, pattern):
    """One line that says it; before it there may be some of something that is tried again."""
    lines = [x for x in stderr.splitlines() if not re.search('trying again for| answers again, after', x)]
    good = got == status and len(lines) == 1 and re.search(pattern, lines[0])
    tap.ok(good, f'{title}: status {status} and a line', f'status {got}', stderr)


def what_is_wrong_is_said(case):
    tasks = Tasks(case)
    name, db = tasks.new()
    for title, changes, program, status, pattern, short in wrong:
        if not (short or LONG):
            continue
        made = tasks.create(name, db, changes)
        said(title, made.returncode, made.stderr, status, pattern)
        tasks.quiet(title, made.stdout + made.stderr)
        tasks.create(name, db, changes, '--no-check')
        chain = tasks.run(name)
        if status == 3:  # it may help to try again, so the runner does
            eventually(lambda: re.search(pattern, case.run('cdc-task', 'log', name)), QUICK, f'{title}: the log says it')
            stop(chain)
        else:
            got = chain.wait(QUICK)['cdc-task']
            log = case.run('cdc-task', 'log', name)
            last = json.loads(log.splitlines()[-1])
            tap.ok(got == status and last['event'] == 'failed' and last['program'] == program and
                   re.search(pattern, last['reason']), f'{title}: a run ends with it', got, log, chain['cdc-task'].stderr())
            tasks.quiet(f'{title}: run', log + chain['cdc-task'].stderr())
        case.run('cdc-task', 'delete', name)
    tap.ok(db not in case.dst.dbs(), 'nothing of all this is at the target')


def what_is_put_right_goes_on(case):
    """A file with a wrong password in it, for a task that has run before: it tries, and goes on once that is put right."""
    tasks = Tasks(case)
    links = [('token-file', 'cdc-apply', 'refuses the login', 'root:hush\n'),
             ('property', 'cdc-read', 'refuse',
              ''.join(f'{k}={v}\n' for k, v in sasl('sasl_ssl', 'SCRAM-SHA-512', 'hush').items()))]
    if LONG:
        links.append(('etcd-user-file', 'cdc-meta', 'authentication failed', 'root:hush\n'))
    name, db = tasks.new()
    tasks.create(name, db, {})
    chain = tasks.run(name)
    tasks.there(name, chain)
    stop(chain)
    for option, program, words, bad in links:
        with open(case.path(f'{name}.{option}')) as f:
            good = f.read()
        tasks.file(f'{name}.{option}', bad)
        chain = tasks.run(name)
        eventually(lambda: refused(case, name, program, words), 2 * QUICK, f'{program} is refused')
        tap.ok(chain.running(), f'{option}: wrong, it says so and tries again')
        tasks.put(db, range(1000 * tasks.n, 1000 * tasks.n + 10))
        tasks.n += 1
        tasks.file(f'{name}.{option}', good)
        tasks.there(name, chain)
        stop(chain)
    case.same('once put right, nothing is missing', [db])


def servers_with_logins_go_and_come(case):
    """One that starts must not be taken for one that refuses."""
    tasks = Tasks(case)
    name, db = tasks.new()
    tasks.create(name, db, {})
    chain = tasks.run(name)
    tasks.there(name, chain)
    for i, server in enumerate(('dst-tls', 'kafka', 'etcd')):
        lab('kill', server)
        time.sleep(2)  # so that it is missed
        lab('start', 'etcd', 'kafka', 'src', 'dst', 'dst-tls')
        eventually(lambda: tried(tasks, db, range(100 * i + 1000, 100 * i + 1100)), what='the source writes again')
        tasks.there(name, chain)
        case.same(f'{server} was killed', [db])
    stop(chain)


def a_password_that_changes_meanwhile(case):
    """A running task is refused, Kafka at the next connection, a Milvus at the next request: it tries, with what is in the
    file by then."""
    tasks = Tasks(case)
    name, db = tasks.new()
    tasks.create(name, db, kafka(TLSLOGIN, sasl('sasl_ssl', 'PLAIN')))
    path = os.path.join(WHERE, 'kafka', 'password')

    def kafka_wants(password):
        lab('kill', 'kafka')
        with open(path, 'w') as f:
            f.write(password)
        lab('start', 'kafka', 'src')

    chain = tasks.run(name)
    tasks.there(name, chain)
    try:
        kafka_wants('hush-again')
        eventually(lambda: refused(case, name, 'cdc-read', 'refuse'), 2 * QUICK, 'cdc-read is refused')
        tap.ok(chain.running(), 'Kafka: it says so and tries again')
        eventually(lambda: tried(tasks, db, range(1000, 1010)), what='the source writes again')
        tasks.file(f'{name}.property', ''.join(f'{k}={v}\n' for k, v in sasl('sasl_ssl', 'PLAIN', 'hush-again').items()))
        tasks.there(name, chain)
        case.same('with the new one nothing is missing', [db])
    finally:
        kafka_wants('hush-kafka')
    stop(chain)
    tasks.file(f'{name}.property', ''.join(f'{k}={v}\n' for k, v in sasl('sasl_ssl', 'PLAIN').items()))

    def milvus_wants(m, old, new):
        m.call('UpdateCredential', username='root', oldPassword=b64(old), newPassword=b64(new))
        return Milvus(case.target, f'root:{new}', tasks.tls)

    chain = tasks.run(name)
    tasks.there(name, chain)
    case.dst = milvus_wants(case.dst, 'Milvus', 'hush-milvus')
    try:
        eventually(lambda: tried(tasks, db, range(2000, 2010)), what='the source writes again')
        eventually(lambda: refused(case, name, 'cdc-apply', 'refuses the login'), 2 * QUICK, 'cdc-apply is refused')
        tap.ok(chain.running(), 'target: it says so and tries again')
        tasks.file(f'{name}.token-file', 'root:hush-milvus\n')
        tasks.there(name, chain)
        case.same('with the new one nothing is missing', [db])
    finally:
        case.dst = milvus_wants(case.dst, 'hush-milvus', 'Milvus')
    stop(chain)


def refused(case, name, program, words):
    return any(e['event'] == 'end' and e.get('program') == program and words in e['reason']
               for e in map(json.loads, case.run('cdc-task', 'log', name).splitlines()))


def b64(text):
    return base64.b64encode(text.encode()).decode()


def tried(tasks, db, keys):
    try:
        tasks.put(db, keys)
        return True
    except Exception:  # noqa: BLE001: whatever a source without its servers says
        return False


def a_certificate_ends(case):
    """etcd reads its certificate at each connection: its time is over, then it has a new one."""
    tasks = Tasks(case)
    name, db = tasks.new()
    saved = {x: pem(f'server.{x}') for x in ('pem', 'key')}

    def install(files):
        for x, content in files.items():
            with open(cert(f'server.{x}'), 'wb') as f:
                f.write(content)

    install({x: pem(f'late.{x}') for x in ('pem', 'key')})
    try:
        made = tasks.create(name, db, {})
    finally:
        install(saved)
    said('etcd: its certificate has expired', made.returncode, made.stderr, 1, 'certificate has expired')
    tap.ok(tasks.create(name, db, {}).returncode == 0, 'with a new one all is well')


def asked(url, path, body):
    """The body of what is answered, whatever its status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, json.dumps(body).encode()), timeout=60) as r:
            return json.load(r)
    except urllib.error.HTTPError as e:
        return json.load(e)


def over_http(case):
    """cdc-httpd has the logins of etcd and Kafka, the request that of the target; a source of the request's gets nothing."""
    tasks = Tasks(case)
    name, db = tasks.new()
    source = tasks.options(name, {k: None for k in RIGHT if k.startswith('t')})
    httpd = subprocess.Popen([os.path.join(BUILD, 'cdc-httpd'), '--print-address', '--listen', '127.0.0.1:0', '--allow-anyone',
                              '--tls-dir', os.path.join(WHERE, 'certs'), *source], env=case.env, stdout=subprocess.PIPE, text=True)
    theirs = socket.create_server(('127.0.0.1', 0))
    theirs.setblocking(False)
    there = '127.0.0.1:%d' % theirs.getsockname()[1]
    try:
        url = 'http://' + httpd.stdout.readline().strip()
        for option, value in ('etcd', f'https://{there}'), ('etcd', f'{ETCD},http://{there}'), ('brokers', there):
            said = asked(url, '/tasks', {'name': name, 'options': {'target': RIGHT['target'], option: value}, 'token': 'root:Milvus'})
            tap.ok(said['code'] == 422 and f"option '{option}' is refused" in said['message'], f'{option} {value}: refused', said)
        try:
            tap.ok(False, 'and nobody was asked there', theirs.accept())
        except BlockingIOError:
            tap.ok(True, 'and nobody was asked there')
        target = {'uri': RIGHT['target'], 'dial_config': {
            'ca_pem_path': 'ca.pem', 'client_pem_path': 'client.pem', 'client_key_path': 'client.key'}}
        rows = {'task_id': name, 'db_collections': {db: [{'name': '*', 'use_start_position': True}]}}

        def create(**login):
            return asked(url, '/cdc', {'request_type': 'create', 'request_data': {'milvus_connect_param': {**target, **login}, **rows}})

        said = create()
        tap.ok(said['code'] == 400 and 'token is missing' in said['message'], 'without a login at the target: refused', said)
        said = create(token='root:Milvus')
        tap.ok(said['code'] == 200, 'with one it is made, the source read with the logins of the server', said)
    finally:
        httpd.terminate()
        httpd.wait(QUICK)
        theirs.close()
    chain = tasks.run(name)
    tasks.there(name, chain)
    case.same('and the rows are there', [db])
    stop(chain)


def one_sided(case):
    """etcd and the target show a certificate, and want none of ours; etcd has no logins either.  The last scenario."""
    servers = ['src', 'dst', 'dst-tls', 'etcd']
    files = {'etcd/flags': f'--cert-file {cert("server.pem")} --key-file {cert("server.key")}\n', 'dst-tls/mode': '1\n'}
    atexit.register(lab, 'kill', *servers)  # a lab that stays starts again as it was
    subprocess.run(['etcdctl', '--endpoints', f'http://127.0.0.1:{port("etcd")}', '--user', 'root:hush-etcd',
                    'auth', 'disable'], env=dict(os.environ, ETCDCTL_API='3'), check=True, capture_output=True)
    lab('kill', *servers)
    for name, text in files.items():
        with open(os.path.join(WHERE, name), 'w') as f:
            f.write(text)
    lab('start', *reversed(servers))
    for name in files:
        os.remove(os.path.join(WHERE, name))
    tasks = Tasks(case)
    name, db = tasks.new()
    changes = {**pair('target', None), **pair('etcd', None)}
    for title, more in (('target', {'target-cacert': cert('other.pem')}), ('etcd', {'etcd-cacert': cert('other.pem')})):
        made = tasks.create(name, db, {**changes, **more})
        said(f'{title}, one-sided: nobody vouches for it', made.returncode, made.stderr, 1, TRUST)
    made = tasks.create(name, db, changes)
    tap.ok(made.returncode == 0, 'no certificate is wanted', made.stderr)
    chain = tasks.run(name)
    tasks.there(name, chain)
    case.same('and the rows are there', [db])
    stop(chain)


scenarios = [what_is_right_carries_rows, what_is_wrong_is_said, what_is_put_right_goes_on, a_certificate_ends, over_http]
if LONG:
    scenarios += [servers_with_logins_go_and_come, a_password_that_changes_meanwhile, one_sided]
main(*scenarios)
