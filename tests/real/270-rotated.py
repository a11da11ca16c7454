"""The password of the target changes while a task runs, and only then the file that has it: nobody has to do more."""
import base64

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def b64(text):
    return base64.b64encode(text.encode()).decode()


def a_password_that_is_rotated(case):
    uri = os.environ['CDC_TARGET_AUTH']
    case.dst = Milvus(uri, 'root:Milvus')
    eventually(lambda: case.dst.dbs(), 30, 'logins work')
    token = case.path('token')

    def keep(password):
        with open(token + '.new', 'w') as f:
            f.write(f'root:{password}\n')
        os.chmod(token + '.new', 0o600)
        os.rename(token + '.new', token)

    def target_wants(old, new):
        case.dst.call('UpdateCredential', username='root', oldPassword=b64(old), newPassword=b64(new))
        case.dst = Milvus(uri, f'root:{new}')

    def status():
        return json.loads(case.run('cdc-task', 'status', 'dr', '--json', status=None))

    db = case.make_db()
    case.src.create(db, 'a', FIELDS, shards=2)
    case.src.insert(db, 'a', {'pk': [1, 2], 'vec': [vec(1, 2, 3, 4)] * 2})
    case.src.index(db, 'a', 'vec', name='i', index_type='FLAT', metric_type='L2', params='{}')
    case.src.load(db, 'a')
    keep('Milvus')
    case.run('cdc-task', 'create', 'dr', '-E', case.etcd, '-r', os.environ['CDC_ROOT'], '-b', case.brokers, '-T', uri,
             '-i', f'{db}.*', '--token-file', token)
    run = case.chain(['cdc-task', 'run', 'dr'])
    eventually(lambda: status()['applied'].get('rows') == 2, what='rows')
    target_wants('Milvus', 'hush-hush')
    try:
        case.src.insert(db, 'a', {'pk': [3], 'vec': [vec(1, 2, 3, 4)]})
        s = eventually(lambda: (lambda s: s if 'refuses the login' in str(s['reason']) else None)(status()), what='the reason')
        tap.ok(run.running() and s['state'] in ('running', 'stalled'), 'refused: it goes on trying, and says why', s)
        tap.ok(s['applied'].get('rows') == 2, 'no position has moved over it', s)
        tap.ok('will not help' not in s['reason'], 'and it does not say that trying is in vain', s['reason'])
        keep('hush-hush')
        eventually(lambda: status()['applied'].get('rows') == 3, what='rows again')
        case.same('the new one is in the file: nothing is missing', [db])
        tap.ok(status()['state'] == 'running' and run.running(), 'all is well', status())
    finally:
        target_wants('hush-hush', 'Milvus')
        run.kill(signal.SIGTERM)
        run.wait()
        drop_dbs(case.dst, [db])


main(a_password_that_is_rotated)
